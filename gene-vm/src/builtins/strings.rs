//! Methods of String and the functions that make Strings (14.1, 14.3). Those that take a pattern are in
//! [`super::patterns`].

use super::arguments::push_texts;
use super::arrays::int;
use crate::heap::Gc;
use crate::object::{Args, Bytes, Str};
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("length", length),
    ("size", length),
    ("bytesize", byte_size),
    ("empty?", is_empty),
    ("empty", is_empty),
    ("not_empty?", is_not_empty),
    ("to_upper", to_upper),
    ("to_uppercase", to_upper),
    ("upper", to_upper),
    ("upcase", to_upper),
    ("to_lower", to_lower),
    ("to_lowercase", to_lower),
    ("lower", to_lower),
    ("downcase", to_lower),
    ("capitalize", capitalize),
    ("reverse", reverse),
    ("append", append),
    ("substr", substr),
    ("trim", trim),
    ("strip", trim),
    ("lstrip", trim_start),
    ("rstrip", trim_end),
    ("starts_with", starts_with),
    ("start_with?", starts_with),
    ("ends_with", ends_with),
    ("end_with?", ends_with),
    ("contains", contains),
    ("chars", chars),
    ("each_char", chars),
    ("char_at", char_at),
    ("byte_at", byte_at),
    ("each_byte", each_byte),
    ("bytes", bytes),
    ("to_bytes", bytes),
    ("byteslice", byte_slice),
    ("byte_slice", byte_slice),
    ("to_i", to_i),
    ("to_f", to_f),
];

pub(super) fn install(vm: &mut Vm) {
    let class = vm.builtins.classes.string;
    vm.define_methods(class, METHODS);
    vm.define_constructor(class, construct);
    vm.define_functions(
        vm.builtins.global,
        &[("$", concatenate), ("++", join_strings)],
    );
}

/// The receiver's text.
#[inline]
pub(super) fn text<'a>(vm: &mut Vm, args: Args) -> Result<&'a str> {
    let string: Gc<Str> = vm.receiver(args)?;
    Ok(string.as_str())
}

fn construct(vm: &mut Vm, args: Args) -> Result {
    Ok(vm.build_string(|built| push_texts(built, &args.as_slice()[1..])))
}

fn concatenate(vm: &mut Vm, args: Args) -> Result {
    Ok(vm.build_string(|built| push_texts(built, args.as_slice())))
}

fn join_strings(vm: &mut Vm, args: Args) -> Result {
    let mut len = 0;
    for part in args.as_slice() {
        match part.as_str() {
            Some(text) => len += text.len(),
            None => return Err(vm.bad_argument("++ expects String arguments")),
        }
    }
    Ok(vm.heap.string_with(len, |joined| {
        for part in args.as_slice() {
            joined.push_str(part.as_str().unwrap_or_default());
        }
    }))
}

fn length(vm: &mut Vm, args: Args) -> Result {
    let string: Gc<Str> = vm.receiver(args)?;
    Ok(Value::len(string.char_count()))
}

fn byte_size(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::len(text(vm, args)?.len()))
}

fn is_empty(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::bool(text(vm, args)?.is_empty()))
}

fn is_not_empty(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::bool(!text(vm, args)?.is_empty()))
}

/// The one upper-case character for a character; those that need several (`ß`) stay.
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    if mapped.len() == 1 {
        mapped.next().unwrap_or(c)
    } else {
        c
    }
}

/// The one lower-case character for a character.
fn lower(c: char) -> char {
    let mut mapped = c.to_lowercase();
    if mapped.len() == 1 {
        mapped.next().unwrap_or(c)
    } else {
        c
    }
}

fn to_upper(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    Ok(vm.build_string(|built| built.extend(text.chars().map(upper))))
}

fn to_lower(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    Ok(vm.build_string(|built| built.extend(text.chars().map(lower))))
}

fn capitalize(vm: &mut Vm, args: Args) -> Result {
    let mut chars = text(vm, args)?.chars();
    let first = chars.next().map(upper);
    Ok(vm.build_string(|built| built.extend(first.into_iter().chain(chars.map(lower)))))
}

fn reverse(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    Ok(vm.build_string(|built| built.extend(text.chars().rev())))
}

fn append(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    vm.required(args, 1, "String.append requires a value to append")?;
    Ok(vm.build_string(|built| {
        built.push_str(text);
        push_texts(built, &args.as_slice()[1..]);
    }))
}

/// The positions `start <= i < end` that `first` and the inclusive `last` mean in a text of `len` units. Negative
/// ones count from the end.
fn span(len: usize, first: i64, last: Option<i64>) -> std::ops::Range<usize> {
    let len = len as i64;
    let position = |i: i64| {
        if i < 0 {
            i.saturating_add(len).max(0)
        } else {
            i
        }
    };
    let start = position(first).min(len);
    let end = match last {
        Some(last) => position(last).saturating_add(1).min(len),
        None => len,
    };
    start as usize..end.max(start) as usize
}

/// The span that arguments 1 and 2 mean.
fn span_arguments(vm: &mut Vm, args: Args, len: usize) -> Result<std::ops::Range<usize>> {
    let first = vm.required(args, 1, "String.substr requires start index")?;
    let first = int(vm, first)?;
    let last = args.get(2).map(|last| int(vm, last)).transpose()?;
    Ok(span(len, first, last))
}

fn substr(vm: &mut Vm, args: Args) -> Result {
    let string: Gc<Str> = vm.receiver(args)?;
    let span = span_arguments(vm, args, string.char_count())?;
    let part = &string.as_str()[byte_offset(string, span.start)..byte_offset(string, span.end)];
    Ok(vm.heap.string(part))
}

/// The byte offset of a character position; positions behind the end mean the end.
pub(super) fn byte_offset(string: Gc<Str>, position: usize) -> usize {
    let text = string.as_str();
    if string.is_ascii() {
        return position.min(text.len());
    }
    text.char_indices()
        .nth(position)
        .map_or(text.len(), |(offset, _)| offset)
}

/// The character position of a byte offset.
pub(super) fn char_position(string: Gc<Str>, offset: usize) -> usize {
    if string.is_ascii() {
        offset
    } else {
        string.as_str()[..offset].chars().count()
    }
}

fn trim(vm: &mut Vm, args: Args) -> Result {
    let trimmed = text(vm, args)?.trim();
    Ok(vm.heap.string(trimmed))
}

fn trim_start(vm: &mut Vm, args: Args) -> Result {
    let trimmed = text(vm, args)?.trim_start();
    Ok(vm.heap.string(trimmed))
}

fn trim_end(vm: &mut Vm, args: Args) -> Result {
    let trimmed = text(vm, args)?.trim_end();
    Ok(vm.heap.string(trimmed))
}

fn starts_with(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    let prefix = vm.required(args, 1, "String.starts_with requires prefix")?;
    match prefix.as_str() {
        Some(prefix) => Ok(Value::bool(text.starts_with(prefix))),
        None => Err(vm.bad_argument("starts_with expects string arguments")),
    }
}

fn ends_with(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    let suffix = vm.required(args, 1, "String.ends_with requires suffix")?;
    match suffix.as_str() {
        Some(suffix) => Ok(Value::bool(text.ends_with(suffix))),
        None => Err(vm.bad_argument("ends_with expects string arguments")),
    }
}

fn contains(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    match args.get(1).as_ref().and_then(Value::as_str) {
        Some(part) => Ok(Value::bool(text.contains(part))),
        None => Err(vm.bad_argument("String.contains requires a string argument")),
    }
}

fn chars(vm: &mut Vm, args: Args) -> Result {
    let chars: Vec<Value> = text(vm, args)?.chars().map(Value::char).collect();
    Ok(vm.heap.array(chars))
}

fn char_at(vm: &mut Vm, args: Args) -> Result {
    let string: Gc<Str> = vm.receiver(args)?;
    let index = vm.required(args, 1, "String.char_at requires index")?;
    let Some(index) = index.as_int() else {
        return Err(vm.bad_argument("char_at expects string and integer"));
    };
    let position = usize::try_from(index).unwrap_or(usize::MAX);
    match string.as_str()[byte_offset(string, position)..]
        .chars()
        .next()
    {
        Some(c) => Ok(Value::char(c)),
        None => Err(vm.fail("char_at index out of bounds")),
    }
}

fn byte_at(vm: &mut Vm, args: Args) -> Result {
    let bytes = text(vm, args)?.as_bytes();
    let index = vm.required(args, 1, "String.char_at requires index")?;
    let Some(index) = index.as_int() else {
        return Err(vm.bad_argument("byte_at expects string and integer"));
    };
    let position = if index < 0 {
        index.saturating_add(bytes.len() as i64)
    } else {
        index
    };
    let byte = usize::try_from(position).ok().and_then(|at| bytes.get(at));
    match byte {
        Some(&byte) => Ok(Value::int32(byte.into())),
        None => Err(vm.fail("byte_at index out of bounds")),
    }
}

fn each_byte(vm: &mut Vm, args: Args) -> Result {
    let bytes = text(vm, args)?.bytes();
    let bytes: Vec<Value> = bytes.map(|byte| Value::int32(byte.into())).collect();
    Ok(vm.heap.array(bytes))
}

fn bytes(vm: &mut Vm, args: Args) -> Result {
    let bytes = text(vm, args)?.as_bytes().into();
    Ok(vm.heap.value(Bytes { bytes }))
}

fn byte_slice(vm: &mut Vm, args: Args) -> Result {
    let bytes = text(vm, args)?.as_bytes();
    let span = span_arguments(vm, args, bytes.len())?;
    let bytes = bytes[span].into();
    Ok(vm.heap.value(Bytes { bytes }))
}

fn to_i(vm: &mut Vm, args: Args) -> Result {
    match parse_int(text(vm, args)?) {
        Some(int) => Ok(vm.heap.int(int)),
        None => Err(vm.bad_argument("to_i requires a numeric string")),
    }
}

fn to_f(vm: &mut Vm, args: Args) -> Result {
    match parse_float(text(vm, args)?) {
        Some(float) => Ok(Value::float(float)),
        None => Err(vm.bad_argument("to_f requires a numeric string")),
    }
}

/// Decimal digits with sign, surrounding whitespace, and `_` after the first digit.
fn parse_int(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    without_separators(text).parse().ok()
}

/// A decimal number with optional fraction and exponent, or `inf`, `nan` in any case.
fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let first = unsigned.chars().next()?;
    let is_named = ["inf", "nan"]
        .iter()
        .any(|name| unsigned.eq_ignore_ascii_case(name));
    if !(first.is_ascii_digit() || first == '.' || is_named) {
        return None;
    }
    without_separators(text).parse().ok()
}

fn without_separators(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('_') {
        text.replace('_', "").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_clamp_and_count_from_the_end() {
        let s = "lighthouse";
        let part = |first, last| &s[span(s.len(), first, last)];
        assert_eq!(part(5, None), "house");
        assert_eq!(part(0, Some(4)), "light");
        assert_eq!(part(-5, Some(-3)), "hou");
        assert_eq!(part(4, Some(2)), "");
        assert_eq!(part(99, None), "");
        assert_eq!(part(-99, Some(1)), "li");
        assert_eq!(part(i64::MIN, Some(i64::MAX)), s);
        assert_eq!(part(5, Some(i64::MIN)), "");
    }

    #[test]
    fn numbers_are_read_strictly() {
        assert_eq!(parse_int(" -1_0 "), Some(-10));
        assert_eq!(parse_int("5_"), Some(5));
        for refused in ["", "_5", "-_5", "1.0", "--1", "+", "9223372036854775808"] {
            assert_eq!(parse_int(refused), None, "{refused:?}");
        }
        assert_eq!(parse_float("5."), Some(5.0));
        assert_eq!(parse_float("-INF"), Some(f64::NEG_INFINITY));
        for refused in ["", ".", "e5", "1e", "infinity", "0x1f", "1,5"] {
            assert_eq!(parse_float(refused), None, "{refused:?}");
        }
    }
}
