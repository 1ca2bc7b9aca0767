//! `gene fmt`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gene_vm::format::format_source;

use super::Outcome;
use crate::source;

/// Options of `gene fmt`.
#[derive(Args)]
pub struct Options {
    /// Change nothing; fail at the first file that is not formatted
    #[arg(long)]
    check: bool,
    /// The files; without them, standard input is written to standard output
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Indents files in place, or standard input.
pub fn run(options: Options) -> Outcome {
    if options.files.is_empty() {
        return filter(options.check);
    }
    for file in &options.files {
        let text = source::read_file(file)?;
        let formatted = format_source(&text);
        if formatted == text {
            continue;
        }
        let shown = file.display();
        if options.check {
            return Err(format!("File is not canonically formatted: {shown}"));
        }
        fs::write(file, formatted).map_err(|error| format!("Cannot write {shown}: {error}"))?;
    }
    if options.check {
        outln!("All files are canonically formatted");
    }
    Ok(ExitCode::SUCCESS)
}

fn filter(check: bool) -> Outcome {
    let text = source::read_stdin("No input files provided", "No input provided")?;
    let formatted = format_source(&text);
    if !check {
        out!("{formatted}");
    } else if formatted == text {
        outln!("Stdin is canonically formatted");
    } else {
        return Err("Stdin is not canonically formatted".to_owned());
    }
    Ok(ExitCode::SUCCESS)
}
