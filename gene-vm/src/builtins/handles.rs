//! The handles `stdin`, `stdout` and `stderr` (14.1).

use crate::heap::Gc;
use crate::object::{Args, Native};
use crate::print::display;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use std::io::{BufRead, IsTerminal, Read};

const METHODS: super::Natives = &[
    ("write", write),
    ("write_line", write_line),
    ("read", read),
    ("read_line", read_line),
    ("flush", flush_handle),
    ("isatty?", is_terminal),
];

const FUNCTIONS: super::Natives = &[("flush", flush), ("readline", readline), ("debug", debug)];

/// One of the three standard streams.
#[derive(Clone, Copy, PartialEq)]
enum Handle {
    Stdin,
    Stdout,
    Stderr,
}

impl Handle {
    fn name(self) -> &'static str {
        match self {
            Handle::Stdin => "stdin",
            Handle::Stdout => "stdout",
            Handle::Stderr => "stderr",
        }
    }
}

pub(super) fn install(vm: &mut Vm) {
    let class = vm.builtins.classes.io_handle;
    vm.define_methods(class, METHODS);
    vm.define_functions(vm.builtins.global, FUNCTIONS);
    for handle in [Handle::Stdin, Handle::Stdout, Handle::Stderr] {
        let value = vm.heap.value(Native {
            class,
            data: Box::new(handle),
        });
        let name = Symbol::intern(handle.name());
        vm.builtins.global.members.insert(name, value);
    }
}

fn handle(vm: &mut Vm, args: Args) -> Result<Handle> {
    let native: Gc<Native> = vm.receiver(args)?;
    match native.data.downcast_ref::<Handle>() {
        Some(&handle) => Ok(handle),
        None => Err(vm.fail("an IOHandle is expected")),
    }
}

fn write_text(vm: &mut Vm, args: Args, end: &str) -> Result {
    let handle = handle(vm, args)?;
    let text = args.get(1).map(display).unwrap_or_default() + end;
    match handle {
        Handle::Stdin => return Err(vm.fail("stdin is not writable")),
        Handle::Stdout => vm.io.print(&text),
        Handle::Stderr => vm.io.print_error(&text),
    }
    Ok(Value::NIL)
}

fn write(vm: &mut Vm, args: Args) -> Result {
    write_text(vm, args, "")
}

fn write_line(vm: &mut Vm, args: Args) -> Result {
    write_text(vm, args, "\n")
}

/// Refuses handles other than `stdin`, and shows what was written before input is waited for.
fn check_readable(vm: &mut Vm, args: Args) -> Result<()> {
    let handle = handle(vm, args)?;
    if handle != Handle::Stdin {
        return Err(vm.fail(format!("{} is not readable", handle.name())));
    }
    vm.io.flush();
    Ok(())
}

fn read(vm: &mut Vm, args: Args) -> Result {
    check_readable(vm, args)?;
    let mut bytes = Vec::new();
    match std::io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(vm.heap.string(String::from_utf8_lossy(&bytes))),
        Err(error) => Err(vm.raise(ErrorClass::Io, format!("Failed to read stdin: {error}"))),
    }
}

fn read_line(vm: &mut Vm, args: Args) -> Result {
    check_readable(vm, args)?;
    next_line(vm)
}

/// The next line of standard input without its end, or `nil`.
fn next_line(vm: &mut Vm) -> Result {
    let mut line = Vec::new();
    match std::io::stdin().lock().read_until(b'\n', &mut line) {
        Ok(0) => Ok(Value::NIL),
        Ok(_) => {
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            Ok(vm.heap.string(String::from_utf8_lossy(line)))
        }
        Err(error) => Err(vm.raise(ErrorClass::Io, format!("Failed to read stdin: {error}"))),
    }
}

fn flush_handle(vm: &mut Vm, args: Args) -> Result {
    handle(vm, args)?;
    vm.io.flush();
    Ok(Value::NIL)
}

fn is_terminal(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::bool(match handle(vm, args)? {
        Handle::Stdin => std::io::stdin().is_terminal(),
        Handle::Stdout => std::io::stdout().is_terminal(),
        Handle::Stderr => std::io::stderr().is_terminal(),
    }))
}

fn flush(vm: &mut Vm, args: Args) -> Result {
    let is_handle = |value: Value| {
        value
            .get::<Native>()
            .is_some_and(|native| native.data.is::<Handle>())
    };
    if !args.get(0).is_none_or(is_handle) {
        return Err(vm.fail("flush must be called on an IOHandle instance"));
    }
    vm.io.flush();
    Ok(Value::NIL)
}

fn readline(vm: &mut Vm, args: Args) -> Result {
    if !args.is_empty() {
        return Err(vm.fail("readline does not accept arguments"));
    }
    vm.io.flush();
    next_line(vm)
}

/// The debug log is not shown.
fn debug(_: &mut Vm, _: Args) -> Result {
    Ok(Value::NIL)
}
