//! JSON text, plain and tagged (14.9).
//!
//! The tagged form keeps what JSON has no words for: strings that start with `#GENE#` hold Gene source text, and an
//! object with the key `genetype` is a Gene value.

use crate::object::*;
use crate::print::{display, kind_name, written};
use crate::reader::read_all;
use crate::symbol::{Symbol, sym};
use crate::value::{PAYLOAD_MASK, Value};
use crate::vm::{Result, Vm};
use json_event_parser::{JsonEvent, LowLevelJsonParser, LowLevelJsonSerializer};

const TAG: &str = "#GENE#";
/// The largest Int that JSON readers keep exactly; larger ones are tagged.
const MAX_EXACT_INT: i64 = (1 << 53) - 1;

const FUNCTIONS: super::Natives = &[
    ("parse", parse),
    ("stringify", stringify),
    ("serialize", serialize),
    ("deserialize", deserialize),
];

pub(super) fn install(vm: &mut Vm) {
    let json = vm.define_namespace(vm.builtins.gene, "json");
    vm.define_functions(json, FUNCTIONS);
    vm.define_methods(vm.builtins.classes.array, &[("to_json", to_json)]);
    vm.define_methods(vm.builtins.classes.map, &[("to_json", to_json)]);
}

// ── Writing ────────────────────────────────────────────────────────────────

fn stringify(vm: &mut Vm, args: Args) -> Result {
    let value = vm.required(args, 0, "json.stringify requires a value")?;
    write(vm, value, false)
}

fn to_json(vm: &mut Vm, args: Args) -> Result {
    write(vm, args[0], false)
}

fn serialize(vm: &mut Vm, args: Args) -> Result {
    let value = vm.required(args, 0, "json.serialize requires a value")?;
    write(vm, value, true)
}

/// What is still to be written.
enum Piece {
    Value(Value),
    Event(JsonEvent<'static>),
    /// The container at this address is complete.
    Leave(u64),
}

fn write(vm: &mut Vm, value: Value, tagged: bool) -> Result {
    let mut out = Vec::new();
    let mut writer = LowLevelJsonSerializer::new();
    let mut emit = |event: JsonEvent| {
        writer
            .serialize_event(event, &mut out)
            .expect("the events are in order, and memory takes any text")
    };
    let mut pending = vec![Piece::Value(value)];
    let mut open = rustc_hash::FxHashSet::default();
    while let Some(piece) = pending.pop() {
        let value = match piece {
            Piece::Value(value) => value,
            Piece::Event(event) => {
                emit(event);
                continue;
            }
            Piece::Leave(address) => {
                open.remove(&address);
                continue;
            }
        };
        let scalar = if tagged {
            tagged_scalar(value)
        } else {
            plain_scalar(value)
        };
        if let Some(scalar) = scalar {
            emit(scalar);
            continue;
        }
        let address = value.bits() & PAYLOAD_MASK;
        if !open.insert(address) {
            return Err(vm.fail("JSON cannot hold a value that contains itself"));
        }
        pending.push(Piece::Leave(address));
        match container_parts(value, tagged) {
            Ok(parts) => pending.extend(parts.into_iter().rev()),
            Err(message) => return Err(vm.fail(message)),
        }
    }
    let text = String::from_utf8(out).expect("the writer gets text only");
    Ok(vm.heap.string(text))
}

/// The event for what is the same in both forms.
fn common_scalar(value: Value) -> Option<JsonEvent<'static>> {
    if value.is_nil() {
        Some(JsonEvent::Null)
    } else if let Some(bool) = value.as_bool() {
        Some(JsonEvent::Boolean(bool))
    } else if value.is_float() {
        Some(JsonEvent::Number(written(value).into()))
    } else {
        None
    }
}

/// The event for a value that is no container in plain JSON.
fn plain_scalar(value: Value) -> Option<JsonEvent<'static>> {
    if let Some(scalar) = common_scalar(value) {
        Some(scalar)
    } else if value.is_int() {
        Some(JsonEvent::Number(written(value).into()))
    } else if value.get::<Array>().is_some() || value.get::<Map>().is_some() {
        None
    } else {
        Some(JsonEvent::String(display(value).into()))
    }
}

/// The event for a value that is no container in tagged JSON.
fn tagged_scalar(value: Value) -> Option<JsonEvent<'static>> {
    if let Some(scalar) = common_scalar(value) {
        return Some(scalar);
    }
    if let Some(int) = value.as_int() {
        let text = int.to_string();
        return Some(if (-MAX_EXACT_INT..=MAX_EXACT_INT).contains(&int) {
            JsonEvent::Number(text.into())
        } else {
            JsonEvent::String((TAG.to_owned() + &text).into())
        });
    }
    if value.as_symbol().is_some() || value.get::<ComplexSymbol>().is_some() {
        return Some(JsonEvent::String((TAG.to_owned() + &written(value)).into()));
    }
    let text = value.as_str()?;
    Some(JsonEvent::String(if text.starts_with(TAG) {
        let mut literal = TAG.to_owned();
        super::serdes::write_string(&mut literal, text);
        literal.into()
    } else {
        text.to_owned().into()
    }))
}

/// The pieces of a container, or why it cannot be written.
fn container_parts(value: Value, tagged: bool) -> std::result::Result<Vec<Piece>, String> {
    let mut parts = Vec::new();
    if let Some(array) = value.get::<Array>() {
        push_array(&mut parts, &array.items);
    } else if let Some(map) = value.get::<Map>() {
        if tagged && map.entries.contains_key(&Symbol::intern("genetype")) {
            return Err("Tagged Gene JSON cannot serialize a map with key 'genetype'".into());
        }
        parts.push(Piece::Event(JsonEvent::StartObject));
        push_entries(&mut parts, &map.entries, tagged);
        parts.push(Piece::Event(JsonEvent::EndObject));
    } else if let Some(gene) = value.get::<Gene>() {
        for reserved in ["genetype", "children"] {
            if gene.props.contains_key(&Symbol::intern(reserved)) {
                return Err(format!(
                    "Tagged Gene JSON cannot serialize a Gene with reserved prop '{reserved}'"
                ));
            }
        }
        parts.push(Piece::Event(JsonEvent::StartObject));
        parts.push(Piece::Event(JsonEvent::ObjectKey("genetype".into())));
        parts.push(Piece::Value(gene.head));
        push_entries(&mut parts, &gene.props, true);
        if !gene.children.is_empty() {
            parts.push(Piece::Event(JsonEvent::ObjectKey("children".into())));
            push_array(&mut parts, &gene.children);
        }
        parts.push(Piece::Event(JsonEvent::EndObject));
    } else {
        let kind = kind_name(value);
        return Err(format!("Tagged Gene JSON does not support {kind}"));
    }
    Ok(parts)
}

fn push_array(parts: &mut Vec<Piece>, items: &[Value]) {
    parts.push(Piece::Event(JsonEvent::StartArray));
    parts.extend(items.iter().copied().map(Piece::Value));
    parts.push(Piece::Event(JsonEvent::EndArray));
}

fn push_entries(parts: &mut Vec<Piece>, entries: &PropMap, sorted: bool) {
    let mut entries: Vec<(&'static str, Value)> = entries
        .iter()
        .map(|(key, &value)| (key.name(), value))
        .collect();
    if sorted {
        entries.sort_unstable_by_key(|&(key, _)| key);
    }
    for (key, value) in entries {
        parts.push(Piece::Event(JsonEvent::ObjectKey(key.into())));
        parts.push(Piece::Value(value));
    }
}

// ── Reading ────────────────────────────────────────────────────────────────

fn parse(vm: &mut Vm, args: Args) -> Result {
    let text = text_argument(vm, args, "json.parse")?;
    read(vm, text, false)
}

fn deserialize(vm: &mut Vm, args: Args) -> Result {
    let text = text_argument(vm, args, "json.deserialize")?;
    read(vm, text, true)
}

fn text_argument<'a>(vm: &mut Vm, args: Args, function: &str) -> Result<&'a str> {
    let message = format!("{function} requires a string argument");
    vm.required(args, 0, &message)?;
    match args.as_slice()[0].as_str() {
        Some(text) => Ok(text),
        None => Err(vm.bad_argument(format!("{function} expects a string"))),
    }
}

/// A container that is being read.
enum Open {
    Array(Vec<Value>),
    Object { entries: PropMap, key: Symbol },
}

fn read(vm: &mut Vm, text: &str, tagged: bool) -> Result {
    // The parser keeps one byte for each open container: memory bounds the depth well enough.
    let mut parser = LowLevelJsonParser::new().with_max_stack_size(usize::MAX);
    let mut rest = text.as_bytes();
    let mut open = Vec::new();
    let mut result = Value::NIL;
    loop {
        let step = parser.parse_next(rest, true);
        rest = &rest[step.consumed_bytes..];
        let Some(event) = step.event else { continue };
        let event = event.map_err(|error| vm.fail(format!("Invalid JSON: {error}")))?;
        let value = match event {
            JsonEvent::Eof => return Ok(result),
            JsonEvent::StartArray => {
                open.push(Open::Array(Vec::new()));
                continue;
            }
            JsonEvent::StartObject => {
                open.push(Open::Object {
                    entries: PropMap::default(),
                    key: sym::EMPTY,
                });
                continue;
            }
            JsonEvent::ObjectKey(name) => {
                if let Some(Open::Object { key, .. }) = open.last_mut() {
                    *key = Symbol::intern(&name);
                }
                continue;
            }
            JsonEvent::EndArray | JsonEvent::EndObject => match open.pop() {
                Some(Open::Array(items)) => vm.heap.array(items),
                Some(Open::Object { entries, .. }) if tagged => object(vm, entries)?,
                Some(Open::Object { entries, .. }) => vm.heap.map(entries),
                None => return Ok(result),
            },
            JsonEvent::Null => Value::NIL,
            JsonEvent::Boolean(bool) => Value::bool(bool),
            JsonEvent::Number(number) => read_number(vm, &number),
            JsonEvent::String(text) => match text.strip_prefix(TAG).filter(|_| tagged) {
                Some(payload) => read_payload(vm, payload)?,
                None => vm.heap.string(&*text),
            },
        };
        match open.last_mut() {
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Object { entries, key }) => {
                entries.insert(*key, value);
            }
            None => result = value,
        }
    }
}

/// A number without point and exponent is an Int; one beyond 64 bits stays text.
fn read_number(vm: &mut Vm, number: &str) -> Value {
    if number.contains(['.', 'e', 'E']) {
        return Value::float(number.parse().unwrap_or(f64::NAN));
    }
    match number.parse() {
        Ok(int) => vm.heap.int(int),
        Err(_) => vm.heap.string(number),
    }
}

/// The value of the Gene text behind a tag.
fn read_payload(vm: &mut Vm, payload: &str) -> Result {
    match read_all(vm, "<json>", payload).as_deref() {
        Ok(&[value]) => Ok(value),
        Ok(_) => Err(vm.fail("Tagged Gene JSON payload must contain exactly one Gene value")),
        Err(error) => Err(vm.fail(format!("Invalid tagged Gene JSON payload: {error}"))),
    }
}

/// A map, or the Gene value that a tagged object stands for.
fn object(vm: &mut Vm, mut entries: PropMap) -> Result {
    let Some(head) = entries.shift_remove(&Symbol::intern("genetype")) else {
        return Ok(vm.heap.map(entries));
    };
    let children = match entries.shift_remove(&sym::CHILDREN) {
        None => crate::heap::Items::new(),
        Some(children) => match children.get::<Array>() {
            Some(children) => children.items.clone(),
            None => return Err(vm.fail("Tagged Gene JSON 'children' must be an array")),
        },
    };
    Ok(vm.heap.gene(Gene {
        head,
        props: entries,
        children,
    }))
}
