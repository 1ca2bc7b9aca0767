//! One module per command: its options and what it does with them.

pub mod completions;
pub mod fmt;
pub mod help;
pub mod parse;

use std::process::ExitCode;

use crate::cli::Command;
use crate::report;

/// How a command ends: with a status, or with a text that tells why it failed.
pub type Outcome = Result<ExitCode, String>;

/// Runs a command and reports its failure.
pub fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Parse(options) => parse::run(options),
        Command::Fmt(options) => fmt::run(options),
        Command::Completions(options) => completions::run(options),
        Command::Help(options) => help::run(options),
    };
    outcome.unwrap_or_else(|text| report::failure(&text))
}
