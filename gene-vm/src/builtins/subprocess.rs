//! `system/Process`: conversations with running programs (14.5).

use super::process::exit_code;
use crate::heap::Gc;
use crate::object::{Args, Instance, Map, Namespace, Native};
use crate::print::display;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{Result, Vm};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use wait_timeout::ChildExt;

const METHODS: super::Natives = &[
    ("write", write),
    ("write_line", write_line),
    ("close_stdin", close_stdin),
    ("read_line", read_line),
    ("read_until", read_until),
    ("read_available", read_available),
    ("read_stderr", read_stderr),
    ("wait", wait),
    ("alive?", is_alive),
    ("signal", signal),
    ("shutdown", shutdown),
];

pub(super) fn install(vm: &mut Vm, mut system: Gc<Namespace>) {
    let class = vm.builtins.classes.process;
    vm.define_methods(class, METHODS);
    vm.define_constructor(class, construct);
    super::files::define_members(vm, class, &[("start", start)]);
    system.members.insert(class.name, Value::object(class));
}

/// A program that was started.
struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Output,
    stderr: Output,
}

/// What a program has written and nobody has read yet. A thread of its own takes it from the pipe, so that a full
/// pipe never stops the program.
#[derive(Default)]
struct Output {
    chunks: Option<Receiver<Vec<u8>>>,
    unread: Vec<u8>,
}

impl Output {
    fn new(mut pipe: impl Read + Send + 'static) -> Output {
        let (sender, chunks) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 8 << 10];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Output {
            chunks: Some(chunks),
            unread: Vec::new(),
        }
    }

    /// Waits for more until `deadline`; false at the end and when the time is over.
    fn fill(&mut self, deadline: Instant) -> bool {
        let Some(chunks) = &self.chunks else {
            return false;
        };
        let remaining = deadline.saturating_duration_since(Instant::now());
        match chunks.recv_timeout(remaining) {
            Ok(chunk) => {
                self.unread.extend(chunk);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                self.chunks = None;
                false
            }
        }
    }

    /// The text up to and including `delimiter`; at the end whatever is left. `None` at the end and when the time is
    /// over.
    fn read_until(&mut self, delimiter: &[u8], deadline: Instant) -> Option<Vec<u8>> {
        let mut searched = 0_usize;
        loop {
            let from = searched.saturating_sub(delimiter.len());
            let unread = self.unread[from..].windows(delimiter.len().max(1));
            if let Some(at) = unread.into_iter().position(|part| part == delimiter) {
                return Some(self.unread.drain(..from + at + delimiter.len()).collect());
            }
            searched = self.unread.len();
            if !self.fill(deadline) {
                let ended = self.chunks.is_none() && !self.unread.is_empty();
                return ended.then(|| std::mem::take(&mut self.unread));
            }
        }
    }

    /// What is there now.
    fn take(&mut self) -> Vec<u8> {
        while self.fill(Instant::now()) {}
        std::mem::take(&mut self.unread)
    }
}

fn construct(vm: &mut Vm, _: Args) -> Result {
    Err(vm.fail("system/Process has no constructor; use system/Process/start"))
}

fn start(vm: &mut Vm, args: Args) -> Result {
    let words: Option<Vec<&str>> = args.as_slice().iter().map(Value::as_str).collect();
    let Some((program, arguments)) = words.as_ref().and_then(|words| words.split_first()) else {
        return Err(vm.bad_argument("Process.start requires a program and string arguments"));
    };
    let mut command = match vm.command(program) {
        Ok(command) => command,
        Err(error) => return Err(vm.fail(format!("Failed to start process: {error}"))),
    };
    command.args(arguments);
    // A keyword that is nil counts as left out.
    let given = |name| {
        args.keyword(Symbol::intern(name))
            .filter(|value| !value.is_nil())
    };
    if let Some(directory) = given("cwd") {
        let Some(directory) = directory.as_str() else {
            return Err(vm.bad_argument("Process.start expects a string as ^cwd"));
        };
        command.current_dir(directory);
    }
    if let Some(env) = given("env") {
        let Some(env) = env.get::<Map>() else {
            return Err(vm.bad_argument("Process.start expects a map as ^env"));
        };
        command.envs(
            env.entries
                .iter()
                .map(|(name, &value)| (name.name(), display(value))),
        );
    }
    let merged = args
        .keyword(Symbol::intern("stderr_to_stdout"))
        .is_some_and(Value::is_truthy);
    vm.io.flush();
    let spawn = || -> std::io::Result<Process> {
        super::signals::survive_closed_pipes()?;
        command.stdin(Stdio::piped());
        let (stdout, writer) = std::io::pipe()?;
        command.stdout(writer.try_clone()?);
        if merged {
            command.stderr(writer);
        } else {
            command.stderr(Stdio::piped());
            drop(writer);
        }
        let mut child = command.spawn()?;
        // The command holds writing ends of the pipe.
        drop(command);
        Ok(Process {
            stdin: child.stdin.take(),
            stdout: Output::new(stdout),
            stderr: child.stderr.take().map(Output::new).unwrap_or_default(),
            child,
        })
    };
    let process = match spawn() {
        Ok(process) => process,
        Err(error) => return Err(vm.fail(format!("Failed to start process: {error}"))),
    };
    let class = vm.builtins.classes.process;
    let pid = Value::len(process.child.id() as usize);
    let state = vm.heap.value(Native {
        class,
        data: Box::new(process),
    });
    let instance = vm.new_instance(class);
    for (name, value) in [("pid", pid), ("exit_code", Value::NIL), ("handle", state)] {
        vm.set_field(instance, Symbol::intern(name), value);
    }
    Ok(Value::object(instance))
}

/// Runs `action` on the receiver's process.
fn with_process<T>(
    vm: &mut Vm,
    args: Args,
    action: impl FnOnce(&mut Vm, &mut Process) -> Result<T>,
) -> Result<T> {
    let instance: Gc<Instance> = vm.receiver(args)?;
    let state = instance.field(Symbol::intern("handle"));
    let state = state.and_then(|state| state.get::<Native>());
    if let Some(mut state) = state
        && let Some(process) = state.data.downcast_mut()
    {
        return action(vm, process);
    }
    Err(vm.fail("a started process is expected"))
}

/// The keyword `^timeout`, in seconds.
fn timeout(vm: &mut Vm, args: Args, method: &str) -> Result<Duration> {
    let Some(timeout) = args.keyword(sym::TIMEOUT) else {
        return Err(vm.bad_argument(format!("Process.{method} requires ^timeout")));
    };
    match timeout.as_number() {
        Some(seconds) => Ok(super::time::seconds(seconds)),
        None => Err(vm.bad_argument(format!("Process.{method} expects a number as ^timeout"))),
    }
}

fn deadline(vm: &mut Vm, args: Args, method: &str) -> Result<Instant> {
    let timeout = timeout(vm, args, method)?;
    Ok(Instant::now() + timeout)
}

fn write_text(vm: &mut Vm, args: Args, end: &str) -> Result {
    let text = args.get(1).map(display).unwrap_or_default() + end;
    with_process(vm, args, |vm, process| {
        let Some(stdin) = &mut process.stdin else {
            return Err(vm.fail("the input of the process is closed"));
        };
        match stdin.write_all(text.as_bytes()) {
            Ok(()) => Ok(Value::NIL),
            Err(error) => Err(vm.fail(format!("Failed to write to process: {error}"))),
        }
    })
}

fn write(vm: &mut Vm, args: Args) -> Result {
    write_text(vm, args, "")
}

fn write_line(vm: &mut Vm, args: Args) -> Result {
    write_text(vm, args, "\n")
}

fn close_stdin(vm: &mut Vm, args: Args) -> Result {
    with_process(vm, args, |_, process| {
        process.stdin = None;
        Ok(Value::NIL)
    })
}

/// Bytes as a String; nothing as `nil`.
fn text(vm: &mut Vm, bytes: Option<Vec<u8>>) -> Value {
    bytes.map_or(Value::NIL, |bytes| {
        vm.heap.string(String::from_utf8_lossy(&bytes))
    })
}

fn read_line(vm: &mut Vm, args: Args) -> Result {
    let deadline = deadline(vm, args, "read_line")?;
    with_process(vm, args, |vm, process| {
        let line = process.stdout.read_until(b"\n", deadline).map(|mut line| {
            if line.ends_with(b"\n") {
                line.pop();
            }
            if line.ends_with(b"\r") {
                line.pop();
            }
            line
        });
        Ok(text(vm, line))
    })
}

fn read_until(vm: &mut Vm, args: Args) -> Result {
    let Some(delimiter) = args.as_slice().get(1).and_then(Value::as_str) else {
        return Err(vm.bad_argument("Process.read_until requires a string delimiter"));
    };
    if delimiter.is_empty() {
        return Err(vm.bad_argument("Process.read_until requires a delimiter that is not empty"));
    }
    let deadline = deadline(vm, args, "read_until")?;
    with_process(vm, args, |vm, process| {
        let found = process.stdout.read_until(delimiter.as_bytes(), deadline);
        Ok(text(vm, found))
    })
}

fn read_available(vm: &mut Vm, args: Args) -> Result {
    with_process(vm, args, |vm, process| {
        let available = process.stdout.take();
        Ok(text(vm, Some(available)))
    })
}

fn read_stderr(vm: &mut Vm, args: Args) -> Result {
    let deadline = deadline(vm, args, "read_stderr")?;
    with_process(vm, args, |vm, process| {
        if process.stderr.unread.is_empty() {
            process.stderr.fill(deadline);
        }
        let available = process.stderr.take();
        Ok(text(vm, Some(available).filter(|text| !text.is_empty())))
    })
}

/// Waits for the end of the program, and notes its status in the field `exit_code`.
fn wait_for(vm: &mut Vm, args: Args, timeout: Duration) -> Result {
    let code = with_process(vm, args, |vm, process| {
        match process.child.wait_timeout(timeout) {
            Ok(status) => Ok(status.map_or(Value::NIL, |status| Value::int32(exit_code(status)))),
            Err(error) => Err(vm.fail(format!("Failed to wait for process: {error}"))),
        }
    })?;
    let instance: Gc<Instance> = vm.receiver(args)?;
    vm.set_field(instance, Symbol::intern("exit_code"), code);
    Ok(code)
}

fn wait(vm: &mut Vm, args: Args) -> Result {
    let timeout = timeout(vm, args, "wait")?;
    wait_for(vm, args, timeout)
}

fn is_alive(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::bool(wait_for(vm, args, Duration::ZERO)?.is_nil()))
}

/// Sends a signal to a program that has not been seen to end.
fn send_signal(vm: &mut Vm, args: Args, signal: rustix::process::Signal) -> Result<()> {
    if !wait_for(vm, args, Duration::ZERO)?.is_nil() {
        return Ok(());
    }
    with_process(vm, args, |vm, process| {
        let pid = rustix::process::Pid::from_child(&process.child);
        rustix::process::kill_process(pid, signal)
            .map_err(|error| vm.fail(format!("Failed to signal process: {error}")))
    })
}

fn signal(vm: &mut Vm, args: Args) -> Result {
    let signal = match args.as_slice().get(1).and_then(Value::as_str) {
        Some("INT") => rustix::process::Signal::INT,
        Some("TERM") => rustix::process::Signal::TERM,
        Some("KILL") => rustix::process::Signal::KILL,
        _ => return Err(vm.bad_argument("Process.signal expects \"INT\", \"TERM\" or \"KILL\"")),
    };
    send_signal(vm, args, signal)?;
    Ok(Value::NIL)
}

fn shutdown(vm: &mut Vm, args: Args) -> Result {
    let timeout = timeout(vm, args, "shutdown")?;
    close_stdin(vm, args)?;
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::KILL] {
        let code = wait_for(vm, args, timeout)?;
        if !code.is_nil() {
            return Ok(code);
        }
        send_signal(vm, args, signal)?;
    }
    // Nothing survives KILL; the end only has to be seen.
    wait_for(vm, args, Duration::from_secs(10))
}
