//! `gene help`.

use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::cli;

/// Options of `gene help`.
#[derive(Args, Default)]
pub struct Options {
    /// The command to tell about
    command: Option<String>,
}

/// Prints the help text of the program or of a command.
pub fn run(options: Options) -> Outcome {
    let mut definition = cli::definition();
    definition.build();
    let text = match &options.command {
        None => definition.render_help(),
        Some(name) => definition
            .find_subcommand_mut(name)
            .ok_or_else(|| format!("Unknown command: {name}"))?
            .render_help(),
    };
    out!("{text}");
    Ok(ExitCode::SUCCESS)
}
