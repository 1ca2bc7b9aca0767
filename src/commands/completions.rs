//! `gene completions`.

use std::io;
use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::Outcome;
use crate::cli;

/// Options of `gene completions`.
#[derive(Args)]
pub struct Options {
    /// The shell to write for
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes a completion script to standard output.
pub fn run(options: Options) -> Outcome {
    clap_complete::generate(
        options.shell,
        &mut cli::definition(),
        "gene",
        &mut io::stdout(),
    );
    Ok(ExitCode::SUCCESS)
}
