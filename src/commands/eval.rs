//! `gene eval`.

use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::execution::Execution;
use crate::session::Session;
use crate::source;

const NAME: &str = "<eval>";

/// Options of `gene eval`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    /// Print the value of the last form
    #[arg(short, long)]
    print_last: bool,
    /// The code; without it, standard input
    code: Vec<String>,
}

/// Executes the words as one module.
pub fn run(options: Options) -> Outcome {
    let code = if options.code.is_empty() {
        source::read_stdin()?.ok_or("No code provided to evaluate")?
    } else {
        options.code.join(" ")
    };
    let mut session = Session::new(&options.execution, NAME, Vec::new())?;
    match session.run(NAME, &code) {
        Ok(value) => {
            if options.print_last {
                println!("{}", gene_vm::print::written(value));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(ended) => Ok(ended),
    }
}
