//! `gene repl`, and `($repl)` in programs.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use clap::Args;
use gene_vm::program::Failure;
use gene_vm::session::Session as Units;
use gene_vm::{Value, Vm};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::Outcome;
use crate::editor::Assistant;
use crate::execution::Execution;
use crate::session::Session;

const NAME: &str = "<repl>";
const PROMPT: &str = "gene> ";
const HELP: &str = "\
Type an expression and press Enter: its value is shown. All lines share their
variables and definitions.
  help          this text
  exit, quit    leave; so does the end of input (Ctrl-D)
On a terminal an open bracket or string goes on in the next line, Tab completes
names, and Ctrl-C leaves the line or interrupts what runs.";

/// Options of `gene repl`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
}

/// Holds an interactive session.
pub fn run(options: Options) -> Outcome {
    let session = Session::new(&options.execution, NAME, Vec::new())?;
    outln!(
        "Gene {}\nType an expression, help, or exit.\n",
        env!("CARGO_PKG_VERSION")
    );
    let units = Units::new(session.vm, NAME);
    converse(session.vm, units);
    session.report_statistics();
    Ok(ExitCode::SUCCESS)
}

/// Reads units from standard input, runs them and shows their values, to the end of input or `exit`.
pub fn converse(vm: &mut Vm, mut units: Units) {
    vm.io.flush();
    let mut input = Input::new(vm);
    while let Some(line) = input.read(&units, vm) {
        match line.trim() {
            "" => {}
            "exit" | "quit" => break,
            "help" => outln!("{HELP}"),
            code => {
                let result = units.run(vm, NAME, code);
                vm.run_event_loop_turn(Duration::ZERO);
                vm.io.flush();
                show(vm, code, result);
            }
        }
    }
    input.finish();
}

fn show(vm: &mut Vm, code: &str, result: Result<Value, Failure>) {
    match result {
        Ok(value) if value.is_nil() || value.is_void() || code.starts_with("(print") => {}
        Ok(value) => outln!("{}", gene_vm::print::written(value)),
        Err(failure) => {
            errln!("Error: {}", vm.report(&failure).message);
            vm.take_exception();
        }
    }
}

/// Where lines come from.
enum Input {
    /// A person.
    Terminal(Box<Editor<Assistant, FileHistory>>),
    /// A file or pipe.
    Plain,
}

impl Input {
    fn new(vm: &Vm) -> Input {
        if !io::stdin().is_terminal() {
            return Input::Plain;
        }
        let config = Config::builder()
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .build();
        let Ok(mut editor) = Editor::with_config(config) else {
            return Input::Plain;
        };
        if let Some(path) = history_path() {
            // There is none before the first session.
            let _ = editor.load_history(&path);
        }
        let interrupter = vm.interrupter();
        // A handler that is there already, of an outer session, does the same.
        let _ = ctrlc::set_handler(move || interrupter.interrupt());
        Input::Terminal(Box::new(editor))
    }

    /// The next unit; nothing at the end.
    fn read(&mut self, units: &Units, vm: &Vm) -> Option<String> {
        let editor = match self {
            Input::Terminal(editor) => editor,
            Input::Plain => return read_line(),
        };
        let names = units.names(vm);
        editor.set_helper(Some(Assistant { names }));
        loop {
            match editor.readline(PROMPT) {
                Ok(line) => return Some(line),
                Err(ReadlineError::Interrupted) => {}
                Err(_) => return None,
            }
        }
    }

    fn finish(self) {
        match self {
            Input::Terminal(mut editor) => {
                if let Some(path) = history_path() {
                    let folder = path.parent().map(fs::create_dir_all);
                    // Without a place to keep it, the history ends with the session.
                    let _ = folder.map(|_| editor.save_history(&path));
                }
            }
            Input::Plain => outln!(""),
        }
    }
}

fn read_line() -> Option<String> {
    out!("{PROMPT}");
    // Whoever closed standard output does not need the prompt.
    let _ = io::stdout().flush();
    let mut bytes = Vec::new();
    match io::stdin().lock().read_until(b'\n', &mut bytes) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The file that keeps the lines of earlier sessions.
fn history_path() -> Option<PathBuf> {
    let state = match env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()) {
        Some(path) => path.into(),
        None => env::home_dir()?.join(".local/state"),
    };
    Some(state.join("gene").join("history"))
}
