//! Running other programs (14.5). Conversations with running ones are in [`super::subprocess`].

use crate::heap::Gc;
use crate::object::{Args, Namespace, PropMap};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{Result, Vm};
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

pub(super) fn install(vm: &mut Vm, system: Gc<Namespace>) {
    vm.define_functions(system, &[("exec", exec), ("shell", shell)]);
    super::subprocess::install(vm, system);
    let os = vm.define_namespace(vm.builtins.gene, "os");
    vm.define_functions(os, &[("exec", os_exec)]);
}

impl Vm {
    /// A command with the environment as the program has changed it. A missing file is found here: where another
    /// processor is emulated, starting it does not fail.
    pub(super) fn command(&self, program: &str) -> std::io::Result<Command> {
        if Path::new(program).is_absolute() {
            std::fs::metadata(program)?;
        }
        let mut command = Command::new(program);
        command.envs(&self.builtins.environment);
        Ok(command)
    }
}

/// The status that a shell would report: 128 and the signal's number when one ended the program.
pub(super) fn exit_code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return 128 + signal;
    }
    status.code().unwrap_or(-1)
}

/// The output of a program as text; its last line gets an end if it has none.
fn whole_lines(output: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(output).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn exec(vm: &mut Vm, args: Args) -> Result {
    vm.required(args, 0, "exec requires at least 1 argument (command)")?;
    let words: Option<Vec<&str>> = args.as_slice().iter().map(Value::as_str).collect();
    let Some((program, arguments)) = words.as_ref().and_then(|words| words.split_first()) else {
        return Err(vm.bad_argument("exec requires a string command"));
    };
    vm.io.flush();
    let output = vm
        .command(program)
        .and_then(|mut command| command.args(arguments).stderr(Stdio::inherit()).output());
    match output {
        Ok(output) => Ok(vm.heap.string(whole_lines(&output.stdout))),
        Err(error) => Err(vm.fail(format!("Failed to execute command: {error}"))),
    }
}

fn shell(vm: &mut Vm, args: Args) -> Result {
    let (output, status) = run_shell(vm, args, "shell")?;
    let entries: PropMap = [("output", output), ("exit_code", Value::int32(status))]
        .map(|(name, value)| (Symbol::intern(name), value))
        .into_iter()
        .collect();
    Ok(vm.heap.map(entries))
}

fn os_exec(vm: &mut Vm, args: Args) -> Result {
    Ok(run_shell(vm, args, "exec")?.0)
}

/// Runs the shell command in argument 0. Answers what it wrote to both outputs, and its exit status.
fn run_shell(vm: &mut Vm, args: Args, function: &str) -> Result<(Value, i32)> {
    let Some(text) = args.as_slice().first().and_then(Value::as_str) else {
        return Err(vm.bad_argument(format!("{function} requires a string command")));
    };
    vm.io.flush();
    let run = || {
        let (mut reader, writer) = std::io::pipe()?;
        let mut command = vm.command("sh")?;
        command.args(["-c", text]);
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn()?;
        // The command holds the writing end of the pipe; the output ends when the last holder is gone.
        drop(command);
        let mut output = Vec::new();
        reader.read_to_end(&mut output)?;
        Ok((output, child.wait()?))
    };
    match run() {
        Ok((output, status)) => {
            let output = vm.heap.string(whole_lines(&output));
            Ok((output, exit_code(status)))
        }
        Err::<_, std::io::Error>(error) => {
            Err(vm.fail(format!("Failed to execute command: {error}")))
        }
    }
}
