//! The process and its environment: variables, arguments, directory, exit (14.5, 11.8).

use crate::object::{Args, PropMap};
use crate::print::display;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{Result, Vm};

const FUNCTIONS: super::Natives = &[
    ("get_env", get_env),
    ("set_env", set_env),
    ("has_env", has_env),
    ("cwd", cwd),
    ("exit", exit),
];

const SYSTEM_FUNCTIONS: super::Natives = &[
    ("cwd", cwd),
    ("cd", change_directory),
    ("exit", exit),
    ("os", os),
    ("arch", arch),
    ("args", process_args),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_functions(vm.builtins.global, FUNCTIONS);
    let system = vm.define_namespace(vm.builtins.global, "system");
    vm.define_functions(system, SYSTEM_FUNCTIONS);
    super::process::install(vm, system);

    let variables = vm.options.environment.then(std::env::vars_os);
    let env: PropMap = variables
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value = vm.heap.string(value.to_string_lossy());
            (Symbol::intern(&name.to_string_lossy()), value)
        })
        .collect();
    let env = vm.heap.map(env);
    let program_args = vm.options.args.clone();
    let args: Vec<Value> = program_args
        .into_iter()
        .map(|arg| vm.heap.string(arg))
        .collect();
    let args = vm.heap.array(args);
    let program = vm.heap.string(vm.options.program.as_str());
    for (name, value) in [("env", env), ("args", args), ("program", program)] {
        let name = Symbol::intern(name);
        vm.builtins.global.members.insert(name, value);
    }
    if vm.options.environment {
        note_directory(vm);
    }
}

/// Sets `$cwd` to the working directory.
fn note_directory(vm: &mut Vm) {
    let directory = std::env::current_dir().unwrap_or_default();
    let directory = vm.heap.string(directory.to_string_lossy());
    let global = Value::object(vm.builtins.global);
    vm.define_name(global, Symbol::intern("$cwd"), directory);
}

impl Vm {
    /// An environment variable as the program sees it: with the changes that it made.
    fn variable(&self, name: &str) -> Option<String> {
        if let Some(value) = self.builtins.environment.get(name) {
            return Some(value.clone());
        }
        // Names that the system cannot hold would make it panic.
        if !self.options.environment || name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        let value = std::env::var_os(name)?;
        Some(value.to_string_lossy().into_owned())
    }
}

/// The variable's name in argument 0.
fn name_argument<'a>(vm: &mut Vm, args: Args, function: &str, missing: &str) -> Result<&'a str> {
    vm.required(args, 0, missing)?;
    match args.as_slice()[0].as_str() {
        Some(name) => Ok(name),
        None => Err(vm.bad_argument(format!("{function} requires a string variable name"))),
    }
}

fn get_env(vm: &mut Vm, args: Args) -> Result {
    let missing = "get_env requires at least 1 argument (variable name)";
    let name = name_argument(vm, args, "get_env", missing)?;
    match vm.variable(name).filter(|value| !value.is_empty()) {
        Some(value) => Ok(vm.heap.string(value)),
        None => Ok(args.get(1).unwrap_or(Value::NIL)),
    }
}

fn set_env(vm: &mut Vm, args: Args) -> Result {
    let missing = "set_env requires 2 arguments (name, value)";
    let value = vm.required(args, 1, missing)?;
    let name = name_argument(vm, args, "set_env", missing)?;
    let value = display(value);
    if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
        return Err(vm.bad_argument("set_env requires a name without '=', and no zero characters"));
    }
    vm.builtins.environment.insert(name.into(), value);
    Ok(Value::NIL)
}

fn has_env(vm: &mut Vm, args: Args) -> Result {
    let missing = "has_env requires 1 argument (variable name)";
    let name = name_argument(vm, args, "has_env", missing)?;
    Ok(Value::bool(vm.variable(name).is_some()))
}

fn cwd(vm: &mut Vm, _: Args) -> Result {
    match std::env::current_dir() {
        Ok(path) => Ok(vm.heap.string(path.to_string_lossy())),
        Err(error) => Err(vm.fail(format!("Failed to read the working directory: {error}"))),
    }
}

fn change_directory(vm: &mut Vm, args: Args) -> Result {
    let Some(path) = args.as_slice().first().and_then(Value::as_str) else {
        return Err(vm.bad_argument("cd requires a string path"));
    };
    match std::env::set_current_dir(path) {
        Ok(()) => {
            note_directory(vm);
            Ok(Value::NIL)
        }
        Err(error) => Err(vm.fail(format!("Failed to change directory: {error}"))),
    }
}

fn exit(vm: &mut Vm, args: Args) -> Result {
    let status = args.get(0).and_then(Value::as_int).unwrap_or(0);
    vm.io.flush();
    std::process::exit(status.clamp(-128, 127) as i32);
}

fn os(vm: &mut Vm, _: Args) -> Result {
    Ok(vm.heap.string(std::env::consts::OS))
}

fn arch(vm: &mut Vm, _: Args) -> Result {
    Ok(vm.heap.string(match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }))
}

fn process_args(vm: &mut Vm, _: Args) -> Result {
    let args: Vec<Value> = std::env::args_os()
        .map(|arg| vm.heap.string(arg.to_string_lossy()))
        .collect();
    Ok(vm.heap.array(args))
}
