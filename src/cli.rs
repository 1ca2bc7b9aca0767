//! The shape of the command line, and what is said when it is used wrongly.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{
    compile, completions, eval, explain, fmt, help, isle, parse as parse_source, pipe, repl, run,
};
use crate::report;

/// Run, inspect and compile Gene programs.
#[derive(Parser)]
#[command(name = "gene", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Execute a file, or standard input
    Run(run::Options),
    /// Execute code given as words
    #[command(visible_alias = "e")]
    Eval(eval::Options),
    /// Type code and see its value
    #[command(visible_alias = "r")]
    Repl(repl::Options),
    /// Execute code for each line of standard input
    Pipe(pipe::Options),
    /// Show code as the reader sees it
    Parse(parse_source::Options),
    /// Indent source files in place
    #[command(visible_alias = "format")]
    Fmt(fmt::Options),
    /// Show bytecode
    Compile(compile::Options),
    /// Work on the rules of the code generator
    Isle(isle::Options),
    /// Show how source lines become bytecode, rules and machine code
    Explain(explain::Options),
    /// Write a completion script for a shell
    Completions(completions::Options),
    /// Show this help, or that of a command
    #[command(visible_alias = "h")]
    Help(help::Options),
}

/// The definition, for help texts and completion scripts.
pub fn definition() -> clap::Command {
    Cli::command()
}

/// Reads the command line. Where it asks only for a text (help, the version)
/// or is wrong, that is answered here, and the status to end with returned.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, ExitCode> {
    match Cli::try_parse_from(words) {
        Ok(Cli { command }) => Ok(command.unwrap_or(Command::Help(help::Options::default()))),
        Err(error) => Err(answer(&error)),
    }
}

fn answer(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // With standard output gone there is nobody left to tell.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::InvalidSubcommand => {
            let name = match error.get(ContextKind::InvalidSubcommand) {
                Some(ContextValue::String(name)) => name,
                _ => "",
            };
            report::failure(&format!(
                "Unknown command: {name}\n\n{}",
                definition().render_help().to_string().trim_end()
            ))
        }
        _ => {
            let text = error.render().to_string();
            report::failure(text.strip_prefix("error: ").unwrap_or(&text).trim_end())
        }
    }
}
