//! Methods of String that look for a string or a regex (13.7, 14.3).

use super::arrays::int;
use super::regex::{Engine, match_object, next_start, replace_matches, split_limit, split_text};
use super::strings::{byte_offset, char_position, text};
use crate::heap::Gc;
use crate::object::{Args, Regex, Str};
use crate::value::Value;
use crate::vm::{Result, Vm};
use std::ops::Range;

const METHODS: super::Natives = &[
    ("match", match_),
    ("match?", is_match),
    ("contain", contain),
    ("include?", contain),
    ("find", find),
    ("find_all", find_all),
    ("scan", find_all),
    ("split", split),
    ("index", index),
    ("rindex", last_index),
    ("replace", replace),
    ("sub", replace),
    ("replace_all", replace_all),
    ("gsub", replace_all),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.string, METHODS);
}

/// What is looked for.
#[derive(Clone, Copy)]
enum Pattern<'a> {
    Text(&'a str),
    Regex(Engine<'a>),
}

/// The pattern in argument 1.
fn pattern<'a>(vm: &mut Vm, args: Args, method: &str) -> Result<Pattern<'a>> {
    let Some(pattern) = args.get(1) else {
        return Err(vm.bad_argument(format!("String.{method} requires a pattern")));
    };
    if let Some(string) = pattern.get::<Str>() {
        return Ok(Pattern::Text(string.as_str()));
    }
    match pattern.get::<Regex>() {
        Some(regex) => Ok(Pattern::Regex(vm.engine(regex)?)),
        None => Err(vm.bad_argument(format!(
            "String.{method} expects a Regexp or string pattern"
        ))),
    }
}

impl Pattern<'_> {
    /// The first occurrence that starts at byte `from` or later.
    fn find_from(self, vm: &mut Vm, text: &str, from: usize) -> Result<Option<Range<usize>>> {
        match self {
            Pattern::Text(part) => Ok(text[from..]
                .find(part)
                .map(|at| from + at..from + at + part.len())),
            Pattern::Regex(engine) => engine.find_from(vm, text, from),
        }
    }
}

/// The engine of the regex in argument 1.
fn regex<'a>(vm: &mut Vm, args: Args, method: &str) -> Result<Engine<'a>> {
    match args.get(1).and_then(|pattern| pattern.get::<Regex>()) {
        Some(regex) => vm.engine(regex),
        None => Err(vm.bad_argument(format!("String.{method} requires a Regexp"))),
    }
}

fn match_(vm: &mut Vm, args: Args) -> Result {
    let subject: Gc<Str> = vm.receiver(args)?;
    let engine = regex(vm, args, "match")?;
    match_object(vm, engine, subject)
}

fn is_match(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    let engine = regex(vm, args, "match?")?;
    Ok(Value::bool(engine.find_from(vm, text, 0)?.is_some()))
}

fn contain(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    let pattern = pattern(vm, args, "contain")?;
    Ok(Value::bool(pattern.find_from(vm, text, 0)?.is_some()))
}

fn find(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    let pattern = pattern(vm, args, "find")?;
    if let Pattern::Text("") = pattern {
        return Err(vm.fail("String.find pattern cannot be empty"));
    }
    match pattern.find_from(vm, text, 0)? {
        Some(found) => Ok(vm.heap.string(&text[found])),
        None => Ok(Value::NIL),
    }
}

fn find_all(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    let pattern = pattern(vm, args, "find_all")?;
    if let Pattern::Text("") = pattern {
        return Err(vm.fail("String.find_all pattern cannot be empty"));
    }
    let mut matches = Vec::new();
    let mut next = Some(0);
    while let Some(from) = next {
        let Some(found) = pattern.find_from(vm, text, from)? else {
            break;
        };
        next = next_start(text, &found);
        matches.push(vm.heap.string(&text[found]));
    }
    Ok(vm.heap.array(matches))
}

fn split(vm: &mut Vm, args: Args) -> Result {
    let text = text(vm, args)?;
    let separator = vm.required(args, 1, "String.split requires separator")?;
    if let Some(regex) = separator.get::<Regex>() {
        let engine = vm.engine(regex)?;
        return split_text(vm, engine, text, args);
    }
    let Some(separator) = separator.as_str() else {
        return Err(vm.fail("split separator must be a string or Regexp"));
    };
    let limit = split_limit(vm, args)?;
    let mut separator_chars = separator.chars();
    let mut string = |piece| vm.heap.string(piece);
    let pieces: Vec<Value> = match (separator_chars.next(), separator_chars.next()) {
        (None, _) => vec![args[0]],
        // A search for one character needs no preparation.
        (Some(char), None) => text.splitn(limit, char).map(&mut string).collect(),
        _ => text.splitn(limit, separator).map(&mut string).collect(),
    };
    Ok(vm.heap.array(pieces))
}

/// The character position that argument 2 gives, `default` without one; negative ones count from the end.
fn position(vm: &mut Vm, args: Args, len: usize, default: usize) -> Result<usize> {
    let Some(position) = args.get(2) else {
        return Ok(default);
    };
    let position = int(vm, position)?;
    let position = if position < 0 {
        position.saturating_add(len as i64).max(0)
    } else {
        position
    };
    Ok(position as usize)
}

/// A character position as a result, or −1.
fn found_position(string: Gc<Str>, offset: Option<usize>) -> Value {
    offset.map_or(Value::int32(-1), |offset| {
        Value::len(char_position(string, offset))
    })
}

fn index(vm: &mut Vm, args: Args) -> Result {
    let string: Gc<Str> = vm.receiver(args)?;
    let pattern = pattern(vm, args, "index")?;
    let len = string.char_count();
    let from = position(vm, args, len, 0)?;
    if from > len {
        return Ok(Value::int32(-1));
    }
    let from = byte_offset(string, from);
    let found = pattern.find_from(vm, string.as_str(), from)?;
    Ok(found_position(string, found.map(|found| found.start)))
}

fn last_index(vm: &mut Vm, args: Args) -> Result {
    let string: Gc<Str> = vm.receiver(args)?;
    let pattern = pattern(vm, args, "rindex")?;
    let len = string.char_count();
    let last = position(vm, args, len, len)?;
    let text = string.as_str();
    let last_offset = byte_offset(string, last);
    let found = match pattern {
        Pattern::Text("") => return Ok(Value::len((last + 1).min(len))),
        Pattern::Text(part) => {
            let end = text.floor_char_boundary(last_offset + part.len());
            text[..end].rfind(part)
        }
        Pattern::Regex(engine) => last_match(vm, engine, text, last_offset)?,
    };
    Ok(found_position(string, found))
}

/// Where the last match starts that starts at byte `last` or before.
fn last_match(vm: &mut Vm, engine: Engine, text: &str, last: usize) -> Result<Option<usize>> {
    let mut found = None;
    let mut next = Some(0);
    while let Some(from) = next {
        let Some(candidate) = engine.find_from(vm, text, from)? else {
            break;
        };
        if candidate.start > last {
            break;
        }
        found = Some(candidate.start);
        next = next_start(text, &(candidate.start..candidate.start));
    }
    Ok(found)
}

fn replace(vm: &mut Vm, args: Args) -> Result {
    replace_occurrences(vm, args, "replace", false)
}

fn replace_all(vm: &mut Vm, args: Args) -> Result {
    replace_occurrences(vm, args, "replace_all", true)
}

fn replace_occurrences(vm: &mut Vm, args: Args, method: &str, all: bool) -> Result {
    let subject: Gc<Str> = vm.receiver(args)?;
    let part = match pattern(vm, args, method)? {
        Pattern::Text(part) => part,
        Pattern::Regex(engine) => {
            return replace_matches(vm, args, args[1], engine, subject, all);
        }
    };
    let replacement = vm.required(
        args,
        2,
        &format!("String.{method} requires target and replacement"),
    )?;
    let Some(replacement) = replacement.as_str() else {
        return Err(vm.bad_argument("replace expects string replacement"));
    };
    let text = subject.as_str();
    let replaced = match (all, part) {
        (true, "") => return Ok(args[0]),
        (true, _) => text.replace(part, replacement),
        (false, _) => text.replacen(part, replacement, 1),
    };
    Ok(vm.heap.string(replaced))
}
