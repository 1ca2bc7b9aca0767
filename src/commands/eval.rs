//! `gene eval`.

use std::process::ExitCode;

use clap::{ArgAction, Args};

use super::Outcome;
use crate::execution::Execution;
use crate::observation::Observation;
use crate::session::Session;
use crate::source;

const NAME: &str = "<eval>";
const NO_CODE: &str = "No code provided to evaluate";

/// Options of `gene eval`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    #[command(flatten)]
    observation: Observation,
    /// After an uncaught exception, open a session where it was raised
    #[arg(long)]
    repl_on_error: bool,
    /// Print the value of the last form
    #[arg(short, long)]
    print_last: bool,
    /// Forms of results that are asked for; there is one
    #[arg(long = "csv", aliases = ["gene", "line"], action = ArgAction::Count, hide = true)]
    _form: u8,
    /// The code; without it, standard input
    code: Vec<String>,
}

/// Executes the words as one module.
pub fn run(options: Options) -> Outcome {
    let Options {
        mut execution,
        observation,
        repl_on_error,
        print_last,
        code,
        ..
    } = options;
    let code = if code.is_empty() {
        source::read_stdin(NO_CODE, NO_CODE)?
    } else {
        code.join(" ")
    };
    execution.inspectable = repl_on_error;
    observation.prepare(&mut execution);
    let mut session = Session::new(&execution, NAME, Vec::new())?;
    observation.begin(&mut session, NAME, &code);
    match session.run(NAME, &code) {
        Ok(value) => {
            if print_last {
                outln!("{}", gene_vm::print::written(value));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(ended) => Ok(ended),
    }
}
