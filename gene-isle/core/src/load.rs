//! Reads rule files from disk.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, Span};

/// Rule files read from disk.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The files, under the names they were asked for by.
    pub sources: Sources,
    /// Where each file is.
    pub paths: Vec<PathBuf>,
    /// What could not be read.
    pub errors: Vec<Diagnostic>,
}

/// Reads files, each from `root` or from the nearest folder above that has it.
pub fn load(root: &Path, names: impl IntoIterator<Item = String>) -> Loaded {
    let mut loaded = Loaded::default();
    for name in names {
        let path = locate(root, &name);
        let (text, error) = match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => (text, None),
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (
                    text,
                    Some((
                        Code::NotUtf8,
                        at,
                        "the file is not UTF-8 text from here on".to_string(),
                    )),
                )
            }
            Err(error) => (
                String::new(),
                Some((
                    Code::Unreadable,
                    0,
                    format!("cannot read the file: {error}"),
                )),
            ),
        };
        let file = loaded.sources.add(name, text);
        if let Some((code, at, message)) = error {
            let at = at as u32;
            loaded.errors.push(Diagnostic::new(
                code,
                Span {
                    file,
                    start: at,
                    end: at,
                },
                message,
            ));
        }
        loaded.paths.push(path);
    }
    loaded
}

/// All rule files in a folder and the folders in it, in the order of their names.
///
/// # Errors
/// The folder cannot be read.
pub fn rule_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                todo.push(entry.path());
            } else if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "isle")
            {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn locate(root: &Path, name: &str) -> PathBuf {
    let found = root
        .ancestors()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| root.join(name))
}
