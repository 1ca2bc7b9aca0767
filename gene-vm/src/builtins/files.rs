//! Files and directories (14.7). Paths are in [`super::paths`].

use super::arguments::is_function;
use crate::heap::Gc;
use crate::object::{Args, Class, Instance, Native};
use crate::print::display;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use std::fs;
use std::io::{BufRead, BufReader, Write};

const FILE_MEMBERS: super::Natives = &[
    ("read", read),
    ("write", write),
    ("append", append),
    ("read_lines", read_lines),
    ("each_line", each_line),
    ("reader", reader),
    ("exists", exists),
    ("delete", delete),
];

const FILE_METHODS: super::Natives = &[("read", file_read), ("write", file_write)];

const READER_METHODS: super::Natives = &[("read_line", reader_read_line), ("close", reader_close)];

const DIR_MEMBERS: super::Natives = &[
    ("exists", dir_exists),
    ("create", dir_create),
    ("delete", dir_delete),
    ("list", dir_list),
];

pub(super) fn install(vm: &mut Vm) {
    let file = vm.builtins.classes.file;
    vm.define_methods(file, FILE_METHODS);
    vm.define_constructor(file, construct);
    define_members(vm, file, FILE_MEMBERS);
    vm.define_methods(vm.builtins.classes.file_reader, READER_METHODS);
    let dir = vm.define_namespace(vm.builtins.global, "Dir");
    vm.define_functions(dir, DIR_MEMBERS);

    let mut io = vm.define_namespace(vm.builtins.global, "io");
    io.members
        .insert(Symbol::intern("File"), Value::object(file));
    io.members.insert(Symbol::intern("Dir"), Value::object(dir));
    super::paths::install(vm, io);

    let gene_io = vm.define_namespace(vm.builtins.gene, "io");
    vm.define_functions(gene_io, &[("read", gene_read), ("write", gene_write)]);
    super::futures::install_file_functions(vm, gene_io);
}

/// Puts natives on a class as members, `C/name`.
pub(super) fn define_members(vm: &mut Vm, mut class: Gc<Class>, natives: super::Natives) {
    for &(name, run) in natives {
        let name = Symbol::intern(name);
        let native = vm.heap.value(crate::object::NativeFn { name, run });
        class.members.insert(name, native);
    }
}

/// The path in argument `i`; `needs` says how many arguments the function requires.
pub(super) fn path_argument<'a>(
    vm: &mut Vm,
    args: Args,
    i: usize,
    function: &str,
    needs: &str,
) -> Result<&'a str> {
    vm.required(args, i, &format!("{function} requires {needs}"))?;
    match args.as_slice()[i].as_str() {
        Some(path) => Ok(path),
        None => Err(vm.bad_argument(format!("{function} requires a string path"))),
    }
}

/// The text of a file.
pub(super) fn read_text(vm: &mut Vm, path: &str) -> Result<String> {
    fs::read_to_string(path).map_err(|error| {
        vm.raise(
            ErrorClass::Io,
            format!("Failed to read file '{path}': {error}"),
        )
    })
}

fn read_value(vm: &mut Vm, path: &str) -> Result {
    let text = read_text(vm, path)?;
    Ok(vm.heap.string(text))
}

fn write_text(vm: &mut Vm, path: &str, text: &str) -> Result {
    match fs::write(path, text) {
        Ok(()) => Ok(Value::NIL),
        Err(error) => Err(vm.raise(
            ErrorClass::Io,
            format!("Failed to write file '{path}': {error}"),
        )),
    }
}

fn read(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, 0, "File/read", "1 argument (path)")?;
    read_value(vm, path)
}

fn gene_read(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, 0, "File/read", "1 argument")?;
    read_value(vm, path)
}

fn write(vm: &mut Vm, args: Args) -> Result {
    let (path, text) = path_and_text(vm, args, "File/write")?;
    write_text(vm, path, &text)
}

/// The path, and the display form of argument 1.
fn path_and_text<'a>(vm: &mut Vm, args: Args, function: &str) -> Result<(&'a str, String)> {
    let needs = "2 arguments (path, content)";
    let content = vm.required(args, 1, &format!("{function} requires {needs}"))?;
    let path = path_argument(vm, args, 0, function, needs)?;
    Ok((path, display(content)))
}

fn gene_write(vm: &mut Vm, args: Args) -> Result {
    let content = vm.required(args, 1, "File/write requires 2 arguments")?;
    let path = path_argument(vm, args, 0, "File/write", "2 arguments")?;
    match content.as_str() {
        Some(text) => write_text(vm, path, text),
        None => Err(vm.bad_argument("File/write requires string content")),
    }
}

fn append(vm: &mut Vm, args: Args) -> Result {
    let (path, text) = path_and_text(vm, args, "File/append")?;
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(Value::NIL),
        Err(error) => Err(vm.fail(format!("Failed to append to file '{path}': {error}"))),
    }
}

/// Lines of an open file.
type Lines = BufReader<fs::File>;

fn open_lines(vm: &mut Vm, path: &str) -> Result<Lines> {
    match fs::File::open(path) {
        Ok(file) => Ok(BufReader::new(file)),
        Err(_) => Err(vm.fail(format!("cannot open: {path}"))),
    }
}

/// The next line without its end; `nil` at the end of the file.
fn next_line(vm: &mut Vm, lines: &mut Lines) -> Result {
    let mut line = Vec::new();
    match lines.read_until(b'\n', &mut line) {
        Ok(0) => Ok(Value::NIL),
        Ok(_) => {
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            Ok(vm.heap.string(String::from_utf8_lossy(line)))
        }
        Err(error) => Err(vm.raise(ErrorClass::Io, format!("Failed to read line: {error}"))),
    }
}

fn read_lines(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, 0, "File/read_lines", "1 argument (path)")?;
    let mut lines = open_lines(vm, path)?;
    let mut result = Vec::new();
    loop {
        let line = next_line(vm, &mut lines)?;
        if line.is_nil() {
            return Ok(vm.heap.array(result));
        }
        result.push(line);
    }
}

fn each_line(vm: &mut Vm, args: Args) -> Result {
    let needs = "2 arguments (path, function)";
    let function = vm.required(args, 1, &format!("File/each_line requires {needs}"))?;
    let path = path_argument(vm, args, 0, "File/each_line", needs)?;
    if !is_function(function) {
        return Err(vm.bad_argument("File/each_line requires a function"));
    }
    let mut lines = open_lines(vm, path)?;
    loop {
        let line = next_line(vm, &mut lines)?;
        if line.is_nil() {
            return Ok(Value::NIL);
        }
        vm.call(function, &[line])?;
    }
}

fn reader(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, 0, "File/reader", "1 argument (path)")?;
    let lines = open_lines(vm, path)?;
    Ok(vm.heap.value(Native {
        class: vm.builtins.classes.file_reader,
        data: Box::new(Some(lines)),
    }))
}

fn reader_read_line(vm: &mut Vm, args: Args) -> Result {
    let mut reader: Gc<Native> = vm.receiver(args)?;
    match reader.data.downcast_mut::<Option<Lines>>() {
        Some(Some(lines)) => next_line(vm, lines),
        _ => Ok(Value::NIL),
    }
}

fn reader_close(vm: &mut Vm, args: Args) -> Result {
    let mut reader: Gc<Native> = vm.receiver(args)?;
    if let Some(lines) = reader.data.downcast_mut::<Option<Lines>>() {
        *lines = None;
    }
    Ok(Value::NIL)
}

fn exists(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, 0, "File/exists", "1 argument (path)")?;
    Ok(Value::bool(std::path::Path::new(path).is_file()))
}

fn delete(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, 0, "File/delete", "1 argument (path)")?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(vm.raise(
            ErrorClass::Io,
            format!("Failed to delete file '{path}': {error}"),
        )),
        _ => Ok(Value::NIL),
    }
}

fn construct(vm: &mut Vm, args: Args) -> Result {
    let class = args[0].get().unwrap_or(vm.builtins.classes.file);
    path_argument(vm, args, 1, "File constructor", "1 argument (path)")?;
    let file = vm.new_instance(class);
    vm.set_field(file, Symbol::intern("path"), args[1]);
    Ok(Value::object(file))
}

/// The path of a File instance.
fn file_path<'a>(vm: &mut Vm, args: Args, method: &str) -> Result<&'a str> {
    let file: Gc<Instance> = vm.receiver(args)?;
    let path = file.field(Symbol::intern("path"));
    match path.and_then(|path| path.get::<crate::object::Str>()) {
        Some(path) => Ok(path.as_str()),
        None => Err(vm.bad_argument(format!("File.{method} requires a string path"))),
    }
}

fn file_read(vm: &mut Vm, args: Args) -> Result {
    let path = file_path(vm, args, "read")?;
    read_value(vm, path)
}

fn file_write(vm: &mut Vm, args: Args) -> Result {
    let path = file_path(vm, args, "write")?;
    let content = vm.required(args, 1, "File.write requires content")?;
    write_text(vm, path, &display(content))
}

fn dir_argument<'a>(vm: &mut Vm, args: Args, function: &str) -> Result<&'a str> {
    path_argument(vm, args, 0, function, "1 argument (path)")
}

fn dir_exists(vm: &mut Vm, args: Args) -> Result {
    let path = dir_argument(vm, args, "Dir/exists")?;
    Ok(Value::bool(std::path::Path::new(path).is_dir()))
}

fn dir_create(vm: &mut Vm, args: Args) -> Result {
    let path = dir_argument(vm, args, "Dir/create")?;
    match fs::create_dir_all(path) {
        Ok(()) => Ok(Value::NIL),
        Err(error) => Err(vm.fail(format!("Failed to create directory '{path}': {error}"))),
    }
}

fn dir_delete(vm: &mut Vm, args: Args) -> Result {
    let path = dir_argument(vm, args, "Dir/delete")?;
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(Value::NIL),
        Err(error) => Err(vm.fail(format!("Failed to delete directory '{path}': {error}"))),
    }
}

fn dir_list(vm: &mut Vm, args: Args) -> Result {
    let path = dir_argument(vm, args, "Dir/list")?;
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let paths: Vec<Value> = entries
        .map(|entry| vm.heap.string(entry.path().to_string_lossy()))
        .collect();
    Ok(vm.heap.array(paths))
}
