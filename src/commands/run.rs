//! `gene run`.

use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use clap::Args;
use gene_vm::image::Image;
use gene_vm::program::Program;

use super::Outcome;
use crate::cache::{self, Cache};
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
    /// Neither use nor keep compiled code
    #[arg(long)]
    no_gir_cache: bool,
    /// Compile the program even if its code was kept
    #[arg(long)]
    force_compile: bool,
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
        no_gir_cache,
        force_compile,
        words,
    } = options;
    let (name, args) = match words.split_first() {
        Some((file, args)) => (file.clone(), args.to_vec()),
        None => ("<stdin>".to_owned(), Vec::new()),
    };
    let bytes;
    let text;
    let image = if words.is_empty() {
        text = source::read_stdin(
            "No file provided to run.",
            "No input provided. Provide a file to run.",
        )?;
        None
    } else if cache::is_image(Path::new(&name)) {
        bytes = source::read_bytes(Path::new(&name))?;
        let image = Image::open(&bytes).map_err(|why| format!("Cannot run {name}: {why}"))?;
        text = image.text.to_owned();
        Some(image)
    } else {
        text = source::read_file(Path::new(&name))?;
        None
    };
    let is_kept = !words.is_empty() && !no_gir_cache;
    let cache = is_kept.then(|| Cache::of(Path::new(&name), &text, !force_compile));
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
    let ended = session.execute(|vm| match (&image, cache.flatten()) {
        (Some(image), _) => image.program(vm),
        (None, Some(cache)) => cache.program(vm, &name, &text),
        (None, None) => Program::new(vm, &name, &text),
    });
    let ended = ended.err();
    if profile {
        err!("{}", counts.functions(session.vm));
    }
    if profile_instructions {
        err!("{}", counts.opcodes());
    }
    Ok(ended.unwrap_or(ExitCode::SUCCESS))
}
