//! One module per command: its options and what it does with them.

pub mod compile;
pub mod completions;
pub mod eval;
pub mod explain;
pub mod fmt;
pub mod help;
pub mod isle;
pub mod parse;
pub mod pipe;
pub mod repl;
pub mod run;

use std::process::ExitCode;

use crate::cli::Command;
use crate::report;

/// How a command ends: with a status, or with a text that tells why it failed.
pub type Outcome = Result<ExitCode, String>;

/// Runs a command and reports its failure.
pub fn run(command: Command) -> ExitCode {
    let outcome = match command {
        Command::Run(options) => run::run(options),
        Command::Eval(options) => eval::run(options),
        Command::Repl(options) => repl::run(options),
        Command::Pipe(options) => pipe::run(options),
        Command::Parse(options) => parse::run(options),
        Command::Fmt(options) => fmt::run(options),
        Command::Compile(options) => compile::run(options),
        Command::Explain(options) => explain::run(options),
        Command::Completions(options) => completions::run(options),
        Command::Isle(options) => isle::run(options),
        Command::Help(options) => help::run(options),
    };
    outcome.unwrap_or_else(|text| report::failure(&text))
}
