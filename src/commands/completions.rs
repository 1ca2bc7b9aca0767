//! `gene completions`.

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
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut cli::definition(), "gene", &mut script);
    out!("{}", String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
