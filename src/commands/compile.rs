//! `gene compile`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::execution::Execution;
use crate::observation::listings;
use crate::session::Session;
use crate::source;

const NO_INPUT: &str = "No input provided. Use -e for code or provide a file.";

/// Options of `gene compile`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    /// Compile this code
    #[arg(
        short,
        long,
        value_name = "CODE",
        conflicts_with = "files",
        allow_hyphen_values = true
    )]
    eval: Option<String>,
    /// Compile these files; without them, standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Prints the bytecode of programs.
pub fn run(options: Options) -> Outcome {
    let Options {
        execution,
        eval,
        files,
    } = options;
    if files.is_empty() {
        let code = match eval {
            Some(code) => code,
            None => source::read_stdin(NO_INPUT, NO_INPUT)?,
        };
        return list(&execution, "<eval>", &code);
    }
    for file in &files {
        let text = source::read_file(file)?;
        let ended = list(&execution, &file.display().to_string(), &text)?;
        if ended != ExitCode::SUCCESS {
            return Ok(ended);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(execution: &Execution, name: &str, text: &str) -> Outcome {
    let mut session = Session::new(execution, name, Vec::new())?;
    match session.compile(name, text) {
        Ok(bodies) => {
            out!("{}", listings(&bodies));
            Ok(ExitCode::SUCCESS)
        }
        Err(ended) => Ok(ended),
    }
}
