//! Chores of the Gene workspace: `cargo xtask COMMAND`.

mod arm64;
mod bench;
mod counting;
mod linear;
mod process;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xshell::Shell;

/// Chores of the Gene workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check and test, on this machine and as an aarch64 binary
    Test {
        /// Run only these steps [default: all of them]
        #[arg(value_enum)]
        steps: Vec<test::Step>,
    },
    /// Install what building and running aarch64 binaries needs, where it is missing
    SetupArm64,
    /// Compare Gene with other languages on the same algorithms
    Bench(bench::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    // Everything below names files relative to the workspace.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))?;
    let shell = Shell::new()?;
    match command {
        Command::Test { steps } => test::run(&shell, &steps),
        Command::Bench(options) => bench::run(&shell, &options),
        Command::SetupArm64 => arm64::setup(&shell).map(|_| ()),
    }
}
