//! `gene isle fmt`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gene_isle_core::load;
use gene_isle_tools::format::format;

use super::Outcome;

/// Options of `gene isle fmt`.
#[derive(Args)]
pub struct Options {
    /// Change nothing; name the files that are not formatted, and fail if there are any
    #[arg(long)]
    check: bool,
    /// Files, or folders with rule files; without them, all rules
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Formats rule files in place.
pub fn run(rules: &Path, options: &Options) -> Outcome {
    let paths = match options.paths.as_slice() {
        [] => &[rules.to_path_buf()],
        paths => paths,
    };
    let mut files = Vec::new();
    for path in paths {
        if path.is_file() {
            files.push(path.clone());
            continue;
        }
        let found = load::rule_files(path);
        let cannot_read = |error| format!("Cannot read the rules in {}: {error}", path.display());
        files.extend(found.map_err(cannot_read)?);
    }
    let names = files.iter().map(|file| file.display().to_string());
    let loaded = load::load(Path::new(""), names);
    let sources = &loaded.sources;
    let mut errors = loaded.errors;
    let mut changed = Vec::new();
    for (index, path) in loaded.paths.iter().enumerate() {
        if errors.iter().any(|error| error.span().file == index as u32) {
            continue;
        }
        match format(sources, index as u32) {
            Ok(text) if text == sources.files()[index].text => {}
            Ok(text) => changed.push((path, text)),
            Err(unbalanced) => errors.extend(unbalanced),
        }
    }
    for (path, text) in &changed {
        let shown = path.display();
        if options.check {
            outln!("not formatted: {shown}");
        } else {
            fs::write(path, text).map_err(|error| format!("Cannot write {shown}: {error}"))?;
        }
    }
    let errors: Vec<_> = errors.iter().map(|error| (sources, error)).collect();
    if let Some(failure) = super::show(&errors) {
        return Ok(failure);
    }
    Ok(match options.check && !changed.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}
