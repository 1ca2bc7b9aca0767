//! `gene compile`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgAction, Args, ValueEnum};
use gene_vm::bytecode::Instr;
use gene_vm::code::{Code, Prototype};
use gene_vm::heap::Gc;
use gene_vm::image::{Image, image};

use super::Outcome;
use crate::execution::Execution;
use crate::observation::listings;
use crate::session::Session;
use crate::{cache, metadata, source};

const NO_INPUT: &str = "No input provided. Use -e for code or provide a file.";

/// Options of `gene compile`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    /// What is made of the code [default: gir for files, else pretty]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Where .gir files are written
    #[arg(short, long, value_name = "DIR", default_value = cache::FOLDER)]
    out_dir: PathBuf,
    /// Put the address before each instruction; the pretty listing always does
    #[arg(short, long)]
    addresses: bool,
    /// What .gir files are to hold besides; they always hold source positions and all functions
    #[arg(long = "emit-debug", alias = "eager", action = ArgAction::Count, hide = true)]
    _more: u8,
    /// Compile also what is up to date
    #[arg(long)]
    force: bool,
    /// Compile this code
    #[arg(
        short,
        long,
        value_name = "CODE",
        conflicts_with = "files",
        allow_hyphen_values = true
    )]
    eval: Option<String>,
    /// Compile these files; without them, standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What is made of a program.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    /// A file that `gene run` takes
    Gir,
    /// A listing with what operands refer to
    Pretty,
    /// A line per function
    Compact,
    /// The instructions alone
    Bytecode,
    /// JSON that describes exports, types and functions
    AiMetadata,
}

/// Stores or prints the bytecode of programs.
pub fn run(options: Options) -> Outcome {
    if options.files.is_empty() {
        let code = match &options.eval {
            Some(code) => code.clone(),
            None => source::read_stdin(NO_INPUT, NO_INPUT)?,
        };
        let format = options.format.unwrap_or(Format::Pretty);
        if format == Format::Gir {
            return Err("Only files can be compiled to .gir".to_owned());
        }
        return list(&options, "<eval>", &code, format);
    }
    for file in &options.files {
        let text = source::read_file(file)?;
        let ended = match options.format.unwrap_or(Format::Gir) {
            Format::Gir => store(&options, file, &text)?,
            format => list(&options, &file.display().to_string(), &text, format)?,
        };
        if ended != ExitCode::SUCCESS {
            return Ok(ended);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn store(options: &Options, file: &Path, text: &str) -> Outcome {
    let name = file.display().to_string();
    let target = cache::file_for(&options.out_dir, file);
    let mut session = Session::new(&options.execution, &name, Vec::new())?;
    let is_up_to_date = fs::read(&target).is_ok_and(|bytes| {
        Image::open(&bytes).is_ok_and(|image| cache::is_of(&image, session.vm, &name, text))
    });
    if is_up_to_date && !options.force {
        outln!("Up-to-date: {}", target.display());
        return Ok(ExitCode::SUCCESS);
    }
    outln!("Compiling: {name} -> {}", target.display());
    let program = match session.program(&name, text) {
        Ok(program) => program,
        Err(ended) => return Ok(ended),
    };
    cache::write(&target, &image(session.vm, &program, &name, text))
        .map_err(|error| format!("Cannot write {}: {error}", target.display()))?;
    outln!("Written: {}", target.display());
    Ok(ExitCode::SUCCESS)
}

fn list(options: &Options, name: &str, text: &str, format: Format) -> Outcome {
    let mut session = Session::new(&options.execution, name, Vec::new())?;
    let bodies = match session.compile(name, text) {
        Ok(bodies) => bodies,
        Err(ended) => return Ok(ended),
    };
    match format {
        Format::Compact => out!("{}", compact(&bodies, options.addresses)),
        Format::Bytecode => out!("{}", instructions(&bodies, options.addresses)),
        Format::AiMetadata => outln!("{:#}", metadata::of(session.vm, &bodies)),
        Format::Gir | Format::Pretty => out!("{}", listings(&bodies)),
    }
    Ok(ExitCode::SUCCESS)
}

/// A line per body: its name and instructions.
fn compact(bodies: &[Gc<Prototype>], addresses: bool) -> String {
    let codes = bodies.iter().filter_map(|body| body.code.get());
    let line = |code: &Code| format!("{}: {}\n", code.name, lines(code, addresses).join("; "));
    codes.map(line).collect()
}

/// A line per instruction.
fn instructions(bodies: &[Gc<Prototype>], addresses: bool) -> String {
    let codes = bodies.iter().filter_map(|body| body.code.get());
    let lines = codes.flat_map(|code| lines(code, addresses));
    lines.map(|line| line + "\n").collect()
}

/// The instructions of a body.
fn lines(code: &Code, addresses: bool) -> Vec<String> {
    let line = |(pc, instr): (usize, &Instr)| match addresses {
        true => format!("{pc:04} {instr}"),
        false => instr.to_string(),
    };
    code.instrs.iter().enumerate().map(line).collect()
}
