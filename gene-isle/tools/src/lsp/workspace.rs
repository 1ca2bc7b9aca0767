//! The rules that an editor works on: files on disk, and those open with changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gene_isle_core::load::{self, Loaded};
use lsp_types::Uri;

use crate::analysis::{self, Analysis};
use crate::names::Names;

/// A file that the editor has open.
#[derive(Debug)]
pub struct Document {
    /// As the editor calls it.
    pub uri: Uri,
    /// What it holds in the editor.
    pub text: String,
}

/// One program and the names in it.
#[derive(Debug)]
pub struct Checked {
    pub analysis: Analysis,
    pub names: Names,
}

impl Checked {
    /// The index of a file.
    pub fn file(&self, path: &Path) -> Option<u32> {
        let index = self.analysis.paths.iter().position(|known| known == path);
        index.map(|index| index as u32)
    }
}

/// All that is known.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Open files.
    pub open: BTreeMap<PathBuf, Document>,
    /// The programs that they belong to.
    pub programs: Vec<Checked>,
}

impl Workspace {
    /// Compiles all programs that open files belong to.
    pub fn check(&mut self) {
        let folders: BTreeSet<PathBuf> = self.open.keys().map(|path| rules_folder(path)).collect();
        let programs = folders.iter().flat_map(|folder| {
            let mut files = load::rule_files(folder).unwrap_or_default();
            files.extend(
                self.open
                    .keys()
                    .filter(|path| path.starts_with(folder))
                    .cloned(),
            );
            files.sort();
            files.dedup();
            analysis::by_target(folder, files)
        });
        self.programs = programs.map(|files| self.compile(&files)).collect();
    }

    fn compile(&self, files: &[PathBuf]) -> Checked {
        let mut loaded = Loaded::default();
        for path in files {
            let name = path.display().to_string();
            match self.open.get(path) {
                Some(document) => {
                    loaded.sources.add(name, document.text.clone());
                }
                None => {
                    // What cannot be read is of no use here, and told when it is compiled.
                    let bytes = std::fs::read(path).unwrap_or_default();
                    loaded.sources.add(name, String::from_utf8_lossy(&bytes));
                }
            }
            loaded.paths.push(path.clone());
        }
        let analysis = Analysis::of(loaded);
        let names = Names::of(&analysis.program.items);
        Checked { analysis, names }
    }

    /// The URI of a file: the one that the editor uses if it has the file open.
    pub fn uri(&self, path: &Path) -> Option<Uri> {
        match self.open.get(path) {
            Some(document) => Some(document.uri.clone()),
            None => super::positions::uri_of(path),
        }
    }
}

/// The folder of all rules that a file is compiled with: the outermost one around it that, as all
/// between them, has rule files.
fn rules_folder(file: &Path) -> PathBuf {
    let has_rules = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).any(|path| {
            path.extension()
                .is_some_and(|extension| extension == "isle")
        })
    };
    let own = file.parent().unwrap_or(file);
    let outer = own
        .ancestors()
        .skip(1)
        .take_while(|folder| has_rules(folder));
    outer.last().unwrap_or(own).to_path_buf()
}
