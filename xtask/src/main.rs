//! Chores of the Gene workspace: `cargo xtask COMMAND`.

mod arm64;
mod test;

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
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let shell = Shell::new()?;
    shell.change_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    match cli.command {
        Command::Test { steps } => test::run(&shell, &steps),
        Command::SetupArm64 => arm64::setup(&shell).map(|_| ()),
    }
}
