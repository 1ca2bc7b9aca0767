//! Rule files that belong together, read and compiled.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use gene_isle_core::check;
use gene_isle_core::compile::{self, Program};
use gene_isle_core::diagnostic::{Diagnostic, did_you_mean};
use gene_isle_core::load::{self, Loaded};
use gene_isle_core::source::Sources;

/// Rule files that are compiled together, what was understood of them and what is wrong.
#[derive(Debug)]
pub struct Analysis {
    /// The files.
    pub sources: Sources,
    /// Where each file is.
    pub paths: Vec<PathBuf>,
    /// What was understood. The rules as a whole are only there if nothing is wrong.
    pub program: Program,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// Compiles files that were read.
    pub fn of(loaded: Loaded) -> Analysis {
        let Loaded {
            sources,
            paths,
            errors,
        } = loaded;
        let (program, mut diagnostics) = compile::analyze(&sources);
        if !errors.is_empty() {
            // What else is wrong follows from it.
            diagnostics = errors;
        }
        Analysis {
            sources,
            paths,
            program,
            diagnostics,
        }
    }

    /// Reads and compiles files.
    pub fn read(files: &[PathBuf]) -> Analysis {
        let names = files.iter().map(|file| file.display().to_string());
        Analysis::of(load::load(Path::new(""), names))
    }

    /// The rule with this name.
    pub fn rule(&self, name: &str) -> Option<&check::Rule> {
        self.program
            .checked
            .rules
            .iter()
            .find(|rule| rule.name == name)
    }

    /// What to say of a name that neither a rule nor a term has.
    pub(crate) fn unknown(&self, what: &str, name: &str) -> String {
        let rules = self
            .program
            .checked
            .rules
            .iter()
            .map(|rule| rule.name.as_str());
        let terms = self
            .program
            .terms
            .terms
            .iter()
            .map(|term| term.name.as_str());
        let known: Vec<&str> = match what {
            "rule" => rules.collect(),
            "term" => terms.collect(),
            _ => rules.chain(terms).collect(),
        };
        let hint = did_you_mean(name, known.into_iter());
        let hint = hint.map_or(String::new(), |hint| format!("; {hint}"));
        format!("there is no {what} `{name}`{hint}")
    }
}

/// The files of each program in a folder. Files right in the folder are common to all targets,
/// and each folder in it holds those of one target.
///
/// # Errors
/// The folder cannot be read or has no rule files.
pub fn programs(path: &Path) -> io::Result<Vec<Vec<PathBuf>>> {
    if path.is_file() {
        return Ok(vec![vec![path.to_path_buf()]]);
    }
    let programs = by_target(path, load::rule_files(path)?);
    if programs.is_empty() {
        return Err(io::Error::other("it has no rule files (*.isle)"));
    }
    Ok(programs)
}

/// Sorts files in a folder into programs.
pub(crate) fn by_target(folder: &Path, files: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    let mut common = Vec::new();
    let mut targets: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        let below = file.strip_prefix(folder).unwrap_or(&file);
        match below.parent().and_then(|folder| folder.iter().next()) {
            None => common.push(file),
            Some(target) => targets.entry(target.into()).or_default().push(file),
        }
    }
    if targets.is_empty() {
        return if common.is_empty() {
            Vec::new()
        } else {
            vec![common]
        };
    }
    let with_common = |files: Vec<PathBuf>| common.iter().cloned().chain(files).collect();
    targets.into_values().map(with_common).collect()
}
