//! Gene source text: `gene/serdes`, and reading at run time (1.14, 14.2, 14.10).

use super::arguments::{is_function, known_symbol};
use crate::heap::{Gc, header_at};
use crate::object::*;
use crate::print::{kind_name, write_value};
use crate::reader::{ReadError, read_all, read_first};
use crate::symbol::Symbol;
use crate::value::{PAYLOAD_MASK, Value};
use crate::vm::{ErrorClass, Raise, Result, Vm};

pub(super) fn install(vm: &mut Vm) {
    let serdes = vm.define_namespace(vm.builtins.gene, "serdes");
    vm.define_functions(
        serdes,
        &[("serialize", serialize), ("deserialize", deserialize)],
    );
    // As `$parse`.
    vm.define_functions(vm.builtins.global, &[("parse", parse)]);
    vm.define_functions(
        vm.builtins.gene,
        &[
            ("parse", parse),
            ("parse_file", parse_file),
            ("parser", parser),
        ],
    );
    vm.define_methods(
        vm.builtins.classes.parser,
        &[("read", parser_read), ("close", parser_close)],
    );
}

// ── Reading text ───────────────────────────────────────────────────────────

impl Vm {
    /// The first form of a text: `$parse` and `gene/parse`.
    pub fn parse(&mut self, text: Value) -> Result {
        let Some(text) = text.as_str() else {
            return Err(self.bad_argument("$parse expects a string"));
        };
        read_first(self, text).map_err(|error| self.read_error(error))
    }

    fn read_error(&mut self, error: ReadError) -> Raise {
        self.raise(ErrorClass::Parse, error.message)
    }
}

fn parse(vm: &mut Vm, args: Args) -> Result {
    vm.parse(args.get(0).unwrap_or(Value::NIL))
}

/// All values in the file that argument 0 names.
fn read_file(vm: &mut Vm, args: Args, function: &str) -> Result<Vec<Value>> {
    let path = super::files::path_argument(vm, args, 0, function, "1 argument (path)")?;
    let text = super::files::read_text(vm, path)?;
    read_all(vm, path, &text).map_err(|error| vm.read_error(error))
}

fn parse_file(vm: &mut Vm, args: Args) -> Result {
    let values = read_file(vm, args, "gene/parse_file")?;
    let values = vm.rooted_array(values);
    let Some(function) = args.get(1) else {
        return Ok(Value::object(values));
    };
    if !is_function(function) {
        return Err(vm.bad_argument("gene/parse_file expects a function"));
    }
    for &value in values.into_ref().items.iter() {
        vm.call(function, &[value])?;
    }
    Ok(Value::NIL)
}

/// The parser object keeps an iterator over what is still to be delivered.
fn forms() -> Symbol {
    Symbol::intern("forms")
}

fn parser(vm: &mut Vm, args: Args) -> Result {
    let values = read_file(vm, args, "gene/parser")?;
    let values = vm.heap.array(values);
    let values = vm.iterator(values)?.unwrap_or(Value::NIL);
    let parser = vm.new_instance(vm.builtins.classes.parser);
    vm.set_field(parser, forms(), values);
    Ok(Value::object(parser))
}

fn parser_read(vm: &mut Vm, args: Args) -> Result {
    let parser: Gc<Instance> = vm.receiver(args)?;
    let forms = parser.field(forms()).and_then(|forms| forms.get());
    let next = forms.and_then(|forms| vm.advance(forms));
    Ok(next.map_or(Value::NIL, |(_, value)| value))
}

fn parser_close(vm: &mut Vm, args: Args) -> Result {
    let parser: Gc<Instance> = vm.receiver(args)?;
    vm.set_field(parser, forms(), Value::NIL);
    Ok(Value::NIL)
}

// ── Serialising ────────────────────────────────────────────────────────────

/// What is still to be written.
enum Piece {
    Value(Value),
    Text(&'static str),
    Entry(Symbol, Value),
    /// The container at this address is complete.
    Leave(u64),
}

fn serialize(vm: &mut Vm, args: Args) -> Result {
    let value = vm.required(args, 0, "serialize requires a value")?;
    let mut out = String::from("(gene/serialization ");
    let mut pending = vec![Piece::Text(")"), Piece::Value(value)];
    let mut open = rustc_hash::FxHashSet::default();
    while let Some(piece) = pending.pop() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Entry(key, value) => {
                out.push('^');
                out.push_str(key.name());
                out.push(' ');
                pending.push(Piece::Value(value));
            }
            Piece::Leave(address) => {
                open.remove(&address);
            }
            Piece::Value(value) => {
                if write_atom(vm, &mut out, value) {
                    continue;
                }
                let address = value.bits() & PAYLOAD_MASK;
                let parts = match parts(value) {
                    Some(_) if !open.insert(address) => Err("it contains itself"),
                    Some(parts) => Ok(parts),
                    None => Err("only data and built-in classes are"),
                };
                let parts = parts.map_err(|reason| {
                    let kind = kind_name(value);
                    vm.fail(format!(
                        "Value of kind {kind} is not serializable: {reason}"
                    ))
                })?;
                pending.push(Piece::Leave(address));
                pending.extend(parts.into_iter().rev());
            }
        }
    }
    Ok(vm.heap.string(out))
}

/// Writes a value without parts; false for others.
fn write_atom(vm: &Vm, out: &mut String, value: Value) -> bool {
    if let Some(text) = value.as_str() {
        write_string(out, text);
    } else if let Some(c) = value.as_char() {
        out.push('\'');
        push_escaped(out, c, '\'');
        out.push('\'');
    } else if let Some(class) = value.get::<Class>() {
        // Only built-in classes are found again by their names.
        let built_in = vm.builtins.global.members.get(&class.name) == Some(&value);
        if built_in {
            out.push_str(&format!("(ClassRef ^path \"{}\")", class.name));
        }
        return built_in;
    } else if !value.is_object() || value.is_int() || value.get::<ComplexSymbol>().is_some() {
        write_value(out, value, crate::print::Form::Written);
    } else {
        return false;
    }
    true
}

/// Appends a string literal that reads back as this text.
pub(super) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        push_escaped(out, c, '"');
    }
    out.push('"');
}

fn push_escaped(out: &mut String, c: char, quote: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            if c == quote || c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
    }
}

/// The pieces of a container; `None` for what cannot be serialised.
fn parts(value: Value) -> Option<Vec<Piece>> {
    let (open, items, close) = if let Some(array) = value.get::<Array>() {
        ("[", values(&array.items).collect(), "]")
    } else if let Some(map) = value.get::<Map>() {
        ("{", entries(&map.entries).collect(), "}")
    } else {
        let gene = value.get::<Gene>()?;
        let head = std::iter::once(Piece::Value(gene.head));
        let rest = entries(&gene.props).chain(values(&gene.children));
        ("(", head.chain(rest).collect::<Vec<_>>(), ")")
    };
    let sealed = header_at(value.bits() & PAYLOAD_MASK).sealed;
    let mut parts = vec![
        Piece::Text(if sealed { "#" } else { "" }),
        Piece::Text(open),
    ];
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            parts.push(Piece::Text(" "));
        }
        parts.push(item);
    }
    parts.push(Piece::Text(close));
    Some(parts)
}

fn values(values: &[Value]) -> impl std::iter::Iterator<Item = Piece> {
    values.iter().copied().map(Piece::Value)
}

fn entries(entries: &PropMap) -> impl std::iter::Iterator<Item = Piece> {
    entries
        .iter()
        .map(|(&key, &value)| Piece::Entry(key, value))
}

// ── Deserialising ──────────────────────────────────────────────────────────

fn deserialize(vm: &mut Vm, args: Args) -> Result {
    let text = vm.required(args, 0, "deserialize requires a string")?;
    let Some(text) = text.as_str() else {
        return Err(vm.bad_argument("deserialize expects a string"));
    };
    let form = read_first(vm, text).map_err(|error| vm.read_error(error))?;
    let value = match form.get::<Gene>() {
        Some(gene) if crate::print::written(gene.head) == "gene/serialization" => {
            gene.children.first().copied().unwrap_or(Value::NIL)
        }
        _ => form,
    };
    resolve_references(vm, value)
}

/// Replaces `(ClassRef ^path "C")` by the class, in a value that was just read.
fn resolve_references(vm: &mut Vm, value: Value) -> Result {
    let mut root = [value];
    let mut pending: Vec<Value> = Vec::new();
    resolve_slots(vm, &mut root, &mut pending)?;
    while let Some(value) = pending.pop() {
        if let Some(mut array) = value.get::<Array>() {
            resolve_slots(vm, array.items.iter_mut(), &mut pending)?;
        } else if let Some(mut map) = value.get::<Map>() {
            resolve_slots(vm, map.entries.values_mut(), &mut pending)?;
        } else if let Some(mut gene) = value.get::<Gene>() {
            resolve_slots(vm, gene.props.values_mut(), &mut pending)?;
            resolve_slots(vm, gene.children.iter_mut(), &mut pending)?;
        }
    }
    Ok(root[0])
}

fn resolve_slots<'a>(
    vm: &mut Vm,
    slots: impl IntoIterator<Item = &'a mut Value>,
    pending: &mut Vec<Value>,
) -> Result<()> {
    for slot in slots {
        let gene = slot.get::<Gene>();
        match gene.filter(|gene| gene.head.is_symbol(Symbol::intern("ClassRef"))) {
            Some(reference) => *slot = class_named(vm, reference)?,
            None if slot.is_object() => pending.push(*slot),
            None => {}
        }
    }
    Ok(())
}

fn class_named(vm: &mut Vm, reference: Gc<Gene>) -> Result {
    let path = reference.props.get(&Symbol::intern("path")).copied();
    let path = path.unwrap_or(Value::NIL);
    let class = known_symbol(path)
        .and_then(|name| vm.builtins.global.members.get(&name).copied())
        .filter(|class| class.get::<Class>().is_some());
    class.ok_or_else(|| {
        let path = crate::print::display(path);
        vm.fail(format!("ClassRef names an unknown class: {path}"))
    })
}
