//! `gene run`.

use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use clap::Args;

use super::Outcome;
use crate::execution::{Execution, Jit};
use crate::observation::{Observation, Profile};
use crate::session::Session;
use crate::source;

/// Options of `gene run`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    #[command(flatten)]
    observation: Observation,
    /// After an uncaught exception, open a session where it was raised
    #[arg(long)]
    repl_on_error: bool,
    /// Tell on standard error how many instructions each function has executed
    #[arg(long, conflicts_with = "trace")]
    profile: bool,
    /// Tell on standard error how often each instruction was executed
    #[arg(long, conflicts_with = "trace")]
    profile_instructions: bool,
    /// The program's file and its arguments; without them the program is read from standard input
    #[arg(value_names = ["FILE", "ARG"], trailing_var_arg = true)]
    words: Vec<String>,
}

/// Executes a file, or standard input.
pub fn run(options: Options) -> Outcome {
    let Options {
        mut execution,
        observation,
        repl_on_error,
        profile,
        profile_instructions,
        words,
    } = options;
    let (name, text, args) = match words.split_first() {
        Some((file, args)) => (
            file.clone(),
            source::read_file(Path::new(file))?,
            args.to_vec(),
        ),
        None => (
            "<stdin>".to_owned(),
            source::read_stdin(
                "No file provided to run.",
                "No input provided. Provide a file to run.",
            )?,
            Vec::new(),
        ),
    };
    execution.inspectable = repl_on_error;
    observation.prepare(&mut execution);
    let is_profiled = profile || profile_instructions;
    if is_profiled {
        execution.jit = Jit::Off;
    }
    let mut session = Session::new(&execution, &name, args)?;
    observation.begin(&mut session, &name, &text);
    let counts = Rc::new(Profile::default());
    if is_profiled {
        session.vm.set_observer(counts.clone());
    }
    let ended = session.run(&name, &text).err();
    if profile {
        eprint!("{}", counts.functions(session.vm));
    }
    if profile_instructions {
        eprint!("{}", counts.opcodes());
    }
    Ok(ended.unwrap_or(ExitCode::SUCCESS))
}
