//! `gene pipe`.

use std::fs;
use std::io::{self, BufRead};
use std::process::ExitCode;

use clap::Args;
use gene_vm::program::{Failure, Program};
use gene_vm::{Value, Vm, print};

use super::Outcome;
use crate::execution::Execution;
use crate::observation::Observation;
use crate::report;
use crate::session::Session;

const NAME: &str = "<pipe>";

/// Options of `gene pipe`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    #[command(flatten)]
    observation: Observation,
    /// Print the lines for which the value is true
    #[arg(long)]
    filter: bool,
    /// Print strings in quotes
    #[arg(long)]
    quote_str: bool,
    /// The code, or a file that holds it; `$line` is the line
    #[arg(value_name = "CODE")]
    code: Vec<String>,
}

/// Executes code for each line of standard input.
pub fn run(mut options: Options) -> Outcome {
    let code = options.code.join(" ");
    if code.trim().is_empty() {
        return Err("No code provided. Usage: gene pipe '<code>'".to_owned());
    }
    let code = fs::read_to_string(&code).unwrap_or(code);
    options.observation.prepare(&mut options.execution);
    let mut session = Session::new(&options.execution, NAME, Vec::new())?;
    options.observation.begin(&mut session, NAME, &code);
    let program = match Program::new(session.vm, NAME, &code) {
        Ok(program) => program,
        Err(failure) => {
            let message = session.vm.report(&failure).message;
            return Err(format!("Compilation error: {message}"));
        }
    };
    let ended = each_line(session.vm, &program, &options);
    session.report_statistics();
    ended
}

fn each_line(vm: &mut Vm, program: &Program, options: &Options) -> Outcome {
    let mut input = io::stdin().lock();
    for number in 1.. {
        let Some(line) = read_line(&mut input)? else {
            break;
        };
        let text = vm.heap.string(&*line);
        vm.define("line", text);
        match program.run(vm) {
            Ok(value) => {
                if let Some(text) = shown(value, &line, options) {
                    vm.io.print(&text);
                    vm.io.print("\n");
                }
                vm.io.flush();
            }
            Err(raise) => {
                vm.io.flush();
                let diagnostic = report::diagnostic(vm, &Failure::from(raise));
                errln!("Error at line {number}: {diagnostic}");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The next line without its end.
fn read_line(input: &mut impl BufRead) -> Result<Option<String>, String> {
    let mut line = String::new();
    let read = input.read_line(&mut line);
    if read.map_err(|error| format!("Cannot read standard input: {error}"))? == 0 {
        return Ok(None);
    }
    if line.ends_with('\n') {
        line.pop();
        if line.ends_with('\r') {
            line.pop();
        }
    }
    Ok(Some(line))
}

/// What is printed for a line.
fn shown(value: Value, line: &str, options: &Options) -> Option<String> {
    if options.filter {
        return value.is_truthy().then(|| line.to_owned());
    }
    match value.as_str() {
        _ if value.is_nil() => None,
        Some(text) if !options.quote_str => Some(text.to_owned()),
        _ => Some(print::written(value)),
    }
}
