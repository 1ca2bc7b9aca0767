//! Display form and written form of values, and the names of kinds.

use crate::heap::{Kind, header_at};
use crate::object::*;
use crate::value::{PAYLOAD_MASK, Value};
use std::fmt::Write;

/// How strings and characters show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Bare, as `print` does; inside of genes and enum values still written.
    Display,
    /// With quotes.
    Written,
}

/// The display form: what `print` shows.
pub fn display(value: Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Form::Display);
    out
}

/// The written form: what the inside of a container shows when it becomes a String.
pub fn written(value: Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, Form::Written);
    out
}

/// What is still to be written, last first.
enum Piece {
    Value(Value, Form),
    Text(&'static str),
    Name(crate::Symbol),
    /// The container at this address is complete.
    Leave(u64),
}

/// Appends a value's form.
pub fn write_value(out: &mut String, value: Value, form: Form) {
    if !write_single(out, value, form) {
        write_container(out, value, form);
    }
}

/// Writes a value that holds no others; false for containers.
fn write_single(out: &mut String, value: Value, form: Form) -> bool {
    match value.heap_kind() {
        Some(kind) => write_atom(out, value, kind, form),
        None => {
            write_immediate(out, value, form);
            true
        }
    }
}

/// Appends a container's form. Nested ones are on an explicit stack, so depth is bounded by memory only; a
/// container inside of itself shows as `...`.
fn write_container(out: &mut String, value: Value, form: Form) {
    let mut pending = vec![Piece::Value(value, form)];
    let mut open = rustc_hash::FxHashSet::default();
    while let Some(piece) = pending.pop() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => out.push_str(name.name()),
            Piece::Leave(address) => {
                open.remove(&address);
            }
            Piece::Value(value, form) => {
                if write_single(out, value, form) {
                    continue;
                }
                let address = value.bits() & PAYLOAD_MASK;
                if open.insert(address) {
                    pending.push(Piece::Leave(address));
                    push_parts(out, &mut pending, value, header_at(address).kind, form);
                } else {
                    out.push_str("...");
                }
            }
        }
    }
}

fn write_immediate(out: &mut String, value: Value, form: Form) {
    if let Some(i) = value.as_small_int() {
        out.push_str(itoa::Buffer::new().format(i));
    } else if let Some(f) = value.as_float() {
        write_float(out, f);
    } else if let Some(s) = value.as_symbol() {
        out.push_str(s.name());
    } else if let Some(c) = value.as_char() {
        match form {
            Form::Display => out.push(c),
            Form::Written => out.extend(['\'', c, '\'']),
        }
    } else {
        out.push_str(match value {
            Value::NIL => "nil",
            Value::TRUE => "true",
            Value::FALSE => "false",
            Value::VOID => "void",
            Value::PLACEHOLDER => "_",
            Value::NOT_FOUND => "not_found",
            _ => "undefined",
        });
    }
}

/// Appends a float: shortest digits that read back, positional for exponents from -7 to 16.
pub fn write_float(out: &mut String, f: f64) {
    if f.is_nan() {
        return out.push_str("nan");
    }
    if f.is_infinite() {
        return out.push_str(if f < 0.0 { "-inf" } else { "inf" });
    }
    let scientific = format!("{f:e}");
    let (mantissa, exponent) = scientific
        .split_once('e')
        .expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a number");
    if (-7..=16).contains(&exponent) {
        let _ = write!(out, "{f}");
        if f.fract() == 0.0 {
            out.push_str(".0");
        }
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{mantissa}e{sign}{}", exponent.abs());
    }
}

/// Writes values that hold no others; false for containers.
fn write_atom(out: &mut String, value: Value, kind: Kind, form: Form) -> bool {
    match kind {
        Kind::Int => {
            let i = value.as_int().expect("the kind was tested");
            out.push_str(itoa::Buffer::new().format(i));
        }
        Kind::Str => {
            let text = value.as_str().expect("the kind was tested");
            match form {
                Form::Display => out.push_str(text),
                Form::Written => {
                    out.push('"');
                    out.push_str(text);
                    out.push('"');
                }
            }
        }
        Kind::ComplexSymbol => {
            let symbol = value.get::<ComplexSymbol>().expect("the kind was tested");
            write_path(out, &symbol.parts);
        }
        Kind::Regex => {
            let regex = value.get::<Regex>().expect("the kind was tested");
            write_regex(out, &regex);
        }
        Kind::Enum => out.push_str(
            value
                .get::<Enum>()
                .expect("the kind was tested")
                .name
                .name(),
        ),
        Kind::Variant => {
            let variant = value.get::<Variant>().expect("the kind was tested");
            write_variant(out, &variant);
        }
        Kind::Future => {
            let state = value.get::<Future>().expect("the kind was tested").state;
            let _ = write!(out, "<Future Fs{state:?}>");
        }
        Kind::TypeValue => out.push_str(
            &value
                .get::<TypeValue>()
                .expect("the kind was tested")
                .of
                .text,
        ),
        Kind::Date | Kind::Time | Kind::DateTime | Kind::Bytes => write_timelike(out, value),
        Kind::Array
        | Kind::Map
        | Kind::HashMap
        | Kind::HashSet
        | Kind::Gene
        | Kind::Range
        | Kind::EnumValue
        | Kind::Selector => return false,
        _ => out.push_str(kind_name(value)),
    }
    true
}

fn write_path(out: &mut String, parts: &[crate::Symbol]) {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push('/');
        }
        out.push_str(part.name());
    }
}

fn write_variant(out: &mut String, variant: &Variant) {
    let of = variant
        .of
        .get::<Enum>()
        .expect("a variant belongs to an enum");
    let _ = write!(out, "{}/{}", of.name, variant.name);
}

fn write_regex(out: &mut String, regex: &Regex) {
    out.push('#');
    for part in [Some(&regex.pattern), regex.replacement.as_ref()]
        .into_iter()
        .flatten()
    {
        out.push('/');
        for c in part.chars() {
            if matches!(c, '/' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out.push('/');
    if regex.ignore_case {
        out.push('i');
    }
    if regex.dot_all {
        out.push('m');
    }
}

fn write_timelike(out: &mut String, value: Value) {
    if let Some(date) = value.get::<Date>() {
        write_date(out, &date);
    } else if let Some(time) = value.get::<Time>() {
        write_time(out, &time);
    } else if let Some(both) = value.get::<DateTime>() {
        write_date(out, &both.date);
        out.push('T');
        write_time(out, &both.time);
    } else if let Some(bytes) = value.get::<Bytes>() {
        out.push_str("0#");
        for byte in &bytes.bytes {
            let _ = write!(out, "{byte:02x}");
        }
    }
}

fn write_date(out: &mut String, date: &Date) {
    let _ = write!(out, "{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

fn write_time(out: &mut String, time: &Time) {
    let _ = write!(out, "{:02}:{:02}", time.hour, time.minute);
    if time.second != 0 || time.microsecond != 0 || time.offset.is_some() {
        let _ = write!(out, ":{:02}", time.second);
    }
    if time.microsecond != 0 {
        let fraction = format!("{:06}", time.microsecond);
        let _ = write!(out, ".{}", fraction.trim_end_matches('0'));
    }
    let Some(offset) = &time.offset else { return };
    if offset.is_utc {
        out.push('Z');
    } else if let Some(minutes) = offset.minutes {
        let sign = if minutes < 0 { '-' } else { '+' };
        let _ = write!(
            out,
            "{sign}{:02}:{:02}",
            minutes.abs() / 60,
            minutes.abs() % 60
        );
    }
    if let Some(zone) = &offset.zone {
        let _ = write!(out, "[{zone}]");
    }
}

/// Writes a container's opening and leaves the rest on the stack.
fn push_parts(out: &mut String, pending: &mut Vec<Piece>, value: Value, kind: Kind, form: Form) {
    let sealed = header_at(value.bits() & PAYLOAD_MASK).sealed;
    if sealed && matches!(kind, Kind::Array | Kind::Map | Kind::HashMap | Kind::Gene) {
        out.push('#');
    }
    let mut parts = Vec::new();
    let close = match kind {
        Kind::Array => {
            out.push('[');
            push_spaced(
                &mut parts,
                &value.get::<Array>().expect("the kind was tested").items,
                form,
            );
            "]"
        }
        Kind::Map => {
            out.push('{');
            push_props(
                &mut parts,
                &value.get::<Map>().expect("the kind was tested").entries,
                form,
                false,
            );
            "}"
        }
        Kind::HashMap => {
            out.push_str("{{");
            let map = value.get::<HashMap>().expect("the kind was tested");
            let flat: Vec<Value> = map
                .entries
                .iter()
                .flat_map(|(k, &v)| [k.value, v])
                .collect();
            push_spaced(&mut parts, &flat, form);
            "}}"
        }
        Kind::HashSet => {
            out.push_str("(HashSet");
            let set = value.get::<HashSet>().expect("the kind was tested");
            for member in &set.members {
                parts.extend([Piece::Text(" "), Piece::Value(member.value, form)]);
            }
            ")"
        }
        Kind::Gene => {
            out.push('(');
            let gene = value.get::<Gene>().expect("the kind was tested");
            parts.push(Piece::Value(gene.head, Form::Written));
            push_props(&mut parts, &gene.props, Form::Written, true);
            for &child in gene.children.iter() {
                parts.extend([Piece::Text(" "), Piece::Value(child, Form::Written)]);
            }
            ")"
        }
        Kind::Range => {
            let range = value.get::<Range>().expect("the kind was tested");
            parts.extend([
                Piece::Value(range.start, form),
                Piece::Text(".."),
                Piece::Value(range.end, form),
            ]);
            if !range.step.is_nil() {
                parts.extend([Piece::Text(" step "), Piece::Value(range.step, form)]);
            }
            ""
        }
        Kind::EnumValue => {
            let of = value.get::<EnumValue>().expect("the kind was tested");
            out.push('(');
            write_variant(out, &of.variant);
            for &item in of.payload.iter() {
                parts.extend([Piece::Text(" "), Piece::Value(item, Form::Written)]);
            }
            ")"
        }
        Kind::Selector => {
            out.push_str("@(");
            let selector = value.get::<Selector>().expect("the kind was tested");
            for (i, &segment) in selector.segments.iter().enumerate() {
                if i > 0 {
                    parts.push(Piece::Text("/"));
                }
                parts.push(Piece::Value(segment, Form::Display));
            }
            ")"
        }
        _ => unreachable!("other kinds are atoms"),
    };
    pending.push(Piece::Text(close));
    pending.extend(parts.into_iter().rev());
}

fn push_spaced(parts: &mut Vec<Piece>, values: &[Value], form: Form) {
    for (i, &value) in values.iter().enumerate() {
        if i > 0 {
            parts.push(Piece::Text(" "));
        }
        parts.push(Piece::Value(value, form));
    }
}

fn push_props(parts: &mut Vec<Piece>, props: &PropMap, form: Form, space_first: bool) {
    for (i, (&key, &value)) in props.iter().enumerate() {
        parts.push(Piece::Text(if i > 0 || space_first { " ^" } else { "^" }));
        parts.extend([
            Piece::Name(key),
            Piece::Text(" "),
            Piece::Value(value, form),
        ]);
    }
}

/// The internal name of a value's kind, as messages show it: `VkInt` …
pub fn kind_name(value: Value) -> &'static str {
    let Some(kind) = value.heap_kind() else {
        return match value {
            Value::NIL => "VkNil",
            Value::VOID => "VkVoid",
            Value::TRUE | Value::FALSE => "VkBool",
            Value::PLACEHOLDER => "VkPlaceholder",
            _ if value.is_small_int() => "VkInt",
            _ if value.is_float() => "VkFloat",
            _ if value.as_symbol().is_some() => "VkSymbol",
            _ => "VkChar",
        };
    };
    match kind {
        Kind::Int => "VkInt",
        Kind::Str => "VkString",
        Kind::ComplexSymbol => "VkComplexSymbol",
        Kind::Array => "VkArray",
        Kind::Map => "VkMap",
        Kind::HashMap => "VkHashMap",
        Kind::HashSet => "VkSet",
        Kind::Gene => "VkGene",
        Kind::Range => "VkRange",
        Kind::Function => {
            let function = value.get::<Function>().expect("the kind was tested");
            if function.prototype.kind == crate::code::FunctionKind::Block {
                "VkBlock"
            } else {
                "VkFunction"
            }
        }
        Kind::NativeFn => "VkNativeFn",
        Kind::Class => "VkClass",
        Kind::Instance | Kind::Iterator | Kind::Native => "VkInstance",
        Kind::Namespace => "VkNamespace",
        Kind::Enum => "VkEnum",
        Kind::Variant => "VkEnumMember",
        Kind::EnumValue => "VkEnumValue",
        Kind::Regex => "VkRegex",
        Kind::RegexMatch => "VkRegexMatch",
        Kind::Generator => "VkGenerator",
        Kind::Future => "VkFuture",
        Kind::Selector => "VkSelector",
        Kind::Quote => "VkQuote",
        Kind::Unquote => "VkUnquote",
        Kind::TypeValue => "VkCustom",
        Kind::Date => "VkDate",
        Kind::Time => "VkTime",
        Kind::DateTime => "VkDateTime",
        Kind::Bytes => "VkBytes",
        Kind::Free | Kind::Prototype | Kind::Scope | Kind::Shape | Kind::CallerContext => {
            "VkInternal"
        }
    }
}
