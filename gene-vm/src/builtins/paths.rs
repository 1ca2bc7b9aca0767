//! Paths as text: the `io/path_…` functions (14.7).

use crate::heap::Gc;
use crate::object::{Args, Namespace};
use crate::vm::{Result, Vm};
use std::path::Path;

const FUNCTIONS: super::Natives = &[
    ("path_join", join),
    ("path_abs", absolute),
    ("path_basename", basename),
    ("path_dirname", dirname),
    ("path_ext", extension),
];

pub(super) fn install(vm: &mut Vm, io: Gc<Namespace>) {
    vm.define_functions(io, FUNCTIONS);
}

fn join(vm: &mut Vm, args: Args) -> Result {
    vm.required(args, 1, "path_join requires at least 2 arguments")?;
    let mut joined = String::new();
    for part in args.as_slice() {
        let Some(part) = part.as_str() else {
            return Err(vm.bad_argument("path_join requires string arguments"));
        };
        if !joined.is_empty() && !part.is_empty() {
            joined.push('/');
        }
        joined.push_str(part);
    }
    joined = joined.chars().fold(String::new(), |mut path, c| {
        if c != '/' || !path.ends_with('/') {
            path.push(c);
        }
        path
    });
    Ok(vm.heap.string(joined))
}

fn path_argument<'a>(vm: &mut Vm, args: Args, function: &str) -> Result<&'a str> {
    super::files::path_argument(vm, args, 0, function, "1 argument (path)")
}

fn absolute(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, "path_abs")?;
    match std::env::current_dir() {
        Ok(directory) => {
            let path = directory.join(path);
            Ok(vm.heap.string(path.to_string_lossy()))
        }
        Err(error) => Err(vm.fail(format!("Failed to read the working directory: {error}"))),
    }
}

fn basename(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, "path_basename")?;
    let name = Path::new(path).file_name().unwrap_or_default();
    Ok(vm.heap.string(name.to_string_lossy()))
}

fn dirname(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, "path_dirname")?;
    let parent = match Path::new(path).parent() {
        Some(parent) if parent.as_os_str().is_empty() => ".".into(),
        Some(parent) => parent.to_string_lossy(),
        // Only a root, or nothing at all, has no parent.
        None if path.is_empty() => ".".into(),
        None => path.into(),
    };
    Ok(vm.heap.string(parent))
}

fn extension(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, "path_ext")?;
    let extension = match Path::new(path).extension() {
        Some(extension) => format!(".{}", extension.to_string_lossy()),
        None => String::new(),
    };
    Ok(vm.heap.string(extension))
}
