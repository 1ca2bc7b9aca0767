//! `print`, `println` and where their output goes.

use crate::object::Args;
use crate::print::{Form, write_value};
use crate::symbol::sym;
use crate::value::Value;
use crate::vm::{Result, Vm};
use std::io::{IsTerminal, Write};

/// The output of a VM, buffered.
pub struct Io {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
}

impl Default for Io {
    fn default() -> Io {
        let stdout = std::io::stdout();
        Io {
            // Who watches wants to see each line at once.
            out: if stdout.is_terminal() {
                Box::new(stdout)
            } else {
                Box::new(std::io::BufWriter::new(stdout))
            },
            err: Box::new(std::io::stderr()),
        }
    }
}

impl Io {
    /// Output to other places than the process's.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>) -> Io {
        Io { out, err }
    }

    /// Writes to standard output. When nobody reads it any more, the process ends quietly; when it cannot be
    /// written, with an error.
    pub fn print(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes());
        self.end_unless(written);
    }

    /// Writes to standard error, after what standard output still holds.
    pub fn print_error(&mut self, text: &str) {
        self.flush();
        let written = self.err.write_all(text.as_bytes());
        self.end_unless(written);
    }

    /// Flushes standard output.
    pub fn flush(&mut self) {
        let flushed = self.out.flush();
        self.end_unless(flushed);
    }

    fn end_unless(&mut self, written: std::io::Result<()>) {
        let Err(error) = written else { return };
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        // If standard error cannot be written either, nobody can be told.
        let _ = writeln!(self.err, "Error: Cannot write the output: {error}");
        std::process::exit(1);
    }
}

pub(super) fn install(vm: &mut Vm) {
    vm.define_functions(
        vm.builtins.global,
        &[("print", print), ("println", println)],
    );
    vm.define_functions(
        vm.builtins.gene,
        &[("print", print_out), ("println", println_out)],
    );
}

fn print(vm: &mut Vm, args: Args) -> Result {
    write_line(vm, args, "");
    Ok(Value::NIL)
}

fn println(vm: &mut Vm, args: Args) -> Result {
    write_line(vm, args, "\n");
    Ok(Value::NIL)
}

fn print_out(vm: &mut Vm, args: Args) -> Result {
    let text = line(args, "");
    vm.io.print(&text);
    Ok(Value::NIL)
}

fn println_out(vm: &mut Vm, args: Args) -> Result {
    let text = line(args, "\n");
    vm.io.print(&text);
    Ok(Value::NIL)
}

fn write_line(vm: &mut Vm, args: Args, end: &str) {
    let text = line(args, end);
    if args.keyword(sym::STDERR).is_some_and(Value::is_truthy) {
        vm.io.print_error(&text);
    } else {
        vm.io.print(&text);
    }
}

/// The display forms of the arguments, separated by spaces.
fn line(args: Args, end: &str) -> String {
    let mut line = String::new();
    for (i, &value) in args.as_slice().iter().enumerate() {
        if i > 0 {
            line.push(' ');
        }
        write_value(&mut line, value, Form::Display);
    }
    line.push_str(end);
    line
}
