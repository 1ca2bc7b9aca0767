//! `gene run`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::execution::Execution;
use crate::session::Session;
use crate::source;

/// Options of `gene run`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    /// The program's file and its arguments; without them the program is read from standard input
    #[arg(value_names = ["FILE", "ARG"], trailing_var_arg = true)]
    words: Vec<String>,
}

/// Executes a file, or standard input.
pub fn run(options: Options) -> Outcome {
    let Options { execution, words } = options;
    let (name, text, args) = match words.split_first() {
        Some((file, args)) => (
            file.clone(),
            source::read_file(Path::new(file))?,
            args.to_vec(),
        ),
        None => (
            "<stdin>".to_owned(),
            source::read_stdin()?.ok_or("No input provided. Provide a file to run.")?,
            Vec::new(),
        ),
    };
    let mut session = Session::new(&execution, &name, args)?;
    Ok(session.run(&name, &text).err().unwrap_or(ExitCode::SUCCESS))
}
