//! `gene parse`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gene_vm::format::{self, Style};
use gene_vm::{Vm, reader};

use super::Outcome;
use crate::source;

const NO_INPUT: &str = "No input provided. Use -e for code or provide a file.";

/// Options of `gene parse`.
#[derive(Args)]
pub struct Options {
    /// How values are laid out: pretty, compact or sexp
    #[arg(short, long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// Show this code
    #[arg(
        short,
        long,
        value_name = "CODE",
        conflicts_with = "files",
        allow_hyphen_values = true
    )]
    eval: Option<String>,
    /// Show these files; without them, standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Prints what the reader makes of some code.
pub fn run(options: Options) -> Outcome {
    let style = match options.format.as_str() {
        "pretty" => Style::Pretty,
        "compact" => Style::Compact,
        "sexp" => Style::Sexp,
        other => {
            return Err(format!(
                "Invalid format '{other}'. Must be: pretty, compact, or sexp"
            ));
        }
    };
    let mut vm = Vm::new(gene_vm::vm::Options::default());
    if options.files.is_empty() {
        let code = match options.eval {
            Some(code) => code,
            None => source::read_stdin(NO_INPUT, NO_INPUT)?,
        };
        return Ok(show(&mut vm, None, &code, style));
    }
    for file in &options.files {
        let name = file.display().to_string();
        let text = source::read_file(file)?;
        if style == Style::Pretty || options.files.len() > 1 {
            outln!("=== Parsing: {name} ===");
        }
        let ended = show(&mut vm, Some(&name), &text, style);
        if ended != ExitCode::SUCCESS {
            return Ok(ended);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(vm: &mut Vm, file: Option<&str>, text: &str, style: Style) -> ExitCode {
    match reader::read_all(vm, file.unwrap_or("<input>"), text) {
        Ok(forms) => {
            out!("{}", format::forms(&forms, style));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let origin = file.map(|file| format!(" in {file}")).unwrap_or_default();
            let place = vm
                .sources
                .location(error.pos)
                .map(|place| format!(" ({}:{})", place.line, place.column))
                .unwrap_or_default();
            errln!("Parse error{origin}: {error}{place}");
            ExitCode::FAILURE
        }
    }
}
