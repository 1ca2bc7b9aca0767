//! `freeze`: deep immutability (6.5).

use crate::code::Capture;
use crate::heap::{Gc, Kind, header_at};
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::Symbol;
use crate::value::{PAYLOAD_MASK, Value};
use crate::vm::{Result, Vm};
use rustc_hash::FxHashSet;
use std::fmt::Write;

pub(super) fn install(vm: &mut Vm) {
    vm.define_functions(vm.builtins.global, &[("freeze", freeze)]);
}

/// How a value was reached.
enum Step {
    Index(usize),
    Name(Symbol),
    Key,
    Head,
    Captured(Symbol),
}

/// A value on the way, the value that holds it, and how.
struct Reached {
    value: Value,
    from: Option<(usize, Step)>,
}

fn freeze(vm: &mut Vm, args: Args) -> Result {
    if args.len() != 1 {
        return Err(vm.bad_argument("freeze requires 1 argument"));
    }
    let mut reached = vec![Reached {
        value: args[0],
        from: None,
    }];
    let mut seen = FxHashSet::default();
    let mut next = 0;
    while let Some(&Reached { value, .. }) = reached.get(next) {
        if value.is_object() && !header_at(value.bits() & PAYLOAD_MASK).frozen && seen.insert(value)
        {
            if !is_freezable(value) {
                let kind = kind_name(value);
                let path = path(&reached, next);
                return Err(vm.fail(format!(
                    "freeze cannot make {kind} frozen at {path}; only data and functions can be frozen"
                )));
            }
            push_parts(&mut reached, value, next);
        }
        next += 1;
    }
    // Nothing is frozen unless everything can be.
    for value in seen {
        let mut object: Gc<()> = Gc::from_address(value.bits() & PAYLOAD_MASK);
        object.header_mut().frozen = true;
    }
    Ok(args[0])
}

fn is_freezable(value: Value) -> bool {
    value.heap_kind().is_none_or(|kind| {
        matches!(
            kind,
            Kind::Int
                | Kind::Str
                | Kind::ComplexSymbol
                | Kind::Date
                | Kind::Time
                | Kind::DateTime
                | Kind::Bytes
                | Kind::Array
                | Kind::Map
                | Kind::HashMap
                | Kind::Gene
                | Kind::Function
                | Kind::NativeFn
        )
    })
}

/// Adds what a value holds.
fn push_parts(reached: &mut Vec<Reached>, value: Value, holder: usize) {
    let mut push = |value: Value, step| {
        if value.is_object() {
            reached.push(Reached {
                value,
                from: Some((holder, step)),
            });
        }
    };
    if let Some(array) = value.get::<Array>() {
        for (i, &item) in array.items.iter().enumerate() {
            push(item, Step::Index(i));
        }
    } else if let Some(map) = value.get::<Map>() {
        for (&key, &value) in &map.entries {
            push(value, Step::Name(key));
        }
    } else if let Some(map) = value.get::<HashMap>() {
        for (i, (key, &value)) in map.entries.iter().enumerate() {
            push(key.value, Step::Key);
            push(value, Step::Index(i));
        }
    } else if let Some(gene) = value.get::<Gene>() {
        push(gene.head, Step::Head);
        for (&key, &value) in &gene.props {
            push(value, Step::Name(key));
        }
        for (i, &child) in gene.children.iter().enumerate() {
            push(child, Step::Index(i));
        }
    } else if let Some(function) = value.get::<Function>() {
        for (name, captured) in captures(function) {
            push(captured, Step::Captured(name));
        }
    }
}

/// The variables around a function that its text names, with their values. Its scope may hold more, which other
/// functions captured.
fn captures(function: Gc<Function>) -> Vec<(Symbol, Value)> {
    let value = |capture: &Capture| {
        let mut scope = function.scope.get::<Scope>()?;
        for _ in 0..capture.depth {
            scope = scope.parent().get()?;
        }
        let value = scope.slots().get(capture.slot as usize)?;
        Some((capture.name, *value))
    };
    function
        .prototype
        .captures()
        .iter()
        .filter_map(value)
        .collect()
}

/// The way to a value, from the argument on: `value/items/0`.
fn path(reached: &[Reached], mut at: usize) -> String {
    let mut steps = Vec::new();
    while let Some((holder, step)) = &reached[at].from {
        steps.push(step);
        at = *holder;
    }
    let mut path = String::from("value");
    for step in steps.into_iter().rev() {
        let _ = match step {
            Step::Index(i) => write!(path, "/{i}"),
            Step::Name(name) => write!(path, "/{name}"),
            Step::Key => write!(path, "/(key)"),
            Step::Head => write!(path, "/(type)"),
            Step::Captured(name) => write!(path, "/(variable {name})"),
        };
    }
    path
}
