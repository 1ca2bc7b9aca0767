//! Methods of Array (6.2). Those that call back are in [`super::array_callbacks`].

use super::arguments::{name_symbol, push_text};
use crate::equality::equal;
use crate::heap::Gc;
use crate::object::{Args, Array, PropMap};
use crate::print::display;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("size", size),
    ("length", length),
    ("add", add),
    ("append", append),
    ("push", push),
    ("pop", pop),
    ("first", first),
    ("last", last),
    ("get", get),
    ("set", set),
    ("del", del),
    ("clear", clear),
    ("empty", is_empty),
    ("empty?", is_empty),
    ("not_empty?", is_not_empty),
    ("contains", contains),
    ("index_of", index_of),
    ("slice", slice),
    ("take", take),
    ("skip", skip),
    ("zip", zip),
    ("pairs", pairs),
    ("reverse", reverse),
    ("join", join),
    ("to_map", to_map),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.array, METHODS);
}

fn size(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    vm.exactly(args, "Array.size", 0)?;
    Ok(Value::len(array.items.len()))
}

fn length(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    vm.exactly(args, "Array.length", 0)?;
    Ok(Value::len(array.items.len()))
}

fn add(vm: &mut Vm, args: Args) -> Result {
    append_one(vm, args, "Array.add")
}

fn append(vm: &mut Vm, args: Args) -> Result {
    append_one(vm, args, "Array.append")
}

fn append_one(vm: &mut Vm, args: Args, method: &str) -> Result {
    vm.at_most(args, method, 1)?;
    grow(vm, args, args.get(1).unwrap_or(Value::NIL), "append to")?;
    Ok(args[0])
}

fn push(vm: &mut Vm, args: Args) -> Result {
    let value = vm.required(args, 1, "Array.push requires a value")?;
    grow(vm, args, value, "push to").map(Value::len)
}

/// Appends a value and answers the new length.
fn grow(vm: &mut Vm, args: Args, value: Value, operation: &str) -> Result<usize> {
    let mut array: Gc<Array> = vm.receiver(args)?;
    vm.check_mutable(args[0], operation, "array")?;
    let before = array.items.bytes();
    array.items.push(value);
    // Most appends find room; compiled code makes those on its own.
    vm.heap.note_external(array.items.bytes() - before);
    Ok(array.items.len())
}

fn pop(vm: &mut Vm, args: Args) -> Result {
    let mut array: Gc<Array> = vm.receiver(args)?;
    if array.items.is_empty() {
        return Ok(Value::NIL);
    }
    vm.check_mutable(args[0], "pop from", "array")?;
    Ok(array.items.pop().unwrap_or(Value::NIL))
}

fn first(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    vm.exactly(args, "Array.first", 0)?;
    Ok(array.items.first().copied().unwrap_or(Value::NIL))
}

fn last(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    vm.exactly(args, "Array.last", 0)?;
    Ok(array.items.last().copied().unwrap_or(Value::NIL))
}

fn get(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let index = args.get(1).unwrap_or(Value::int32(0)).as_int();
    let item = index
        .and_then(|i| usize::try_from(i).ok())
        .and_then(|i| array.items.get(i).copied());
    Ok(item.unwrap_or(Value::NIL))
}

/// The position that an index means; negative ones count from the end.
fn position(vm: &mut Vm, index: Value, len: usize, operation: &str) -> Result<usize> {
    let Some(index) = index.as_int() else {
        return Err(vm.fail(format!("{operation} index must be an integer")));
    };
    let position = if index < 0 {
        index.saturating_add(len as i64)
    } else {
        index
    };
    match usize::try_from(position) {
        Ok(position) if position < len => Ok(position),
        _ => Err(vm.fail(format!("{operation} index out of bounds"))),
    }
}

fn set(vm: &mut Vm, args: Args) -> Result {
    let mut array: Gc<Array> = vm.receiver(args)?;
    let value = vm.required(args, 2, "Array.set requires index and value")?;
    let position = position(vm, args[1], array.items.len(), "set")?;
    vm.check_mutable(args[0], "set item on", "array")?;
    array.items[position] = value;
    Ok(args[0])
}

fn del(vm: &mut Vm, args: Args) -> Result {
    let mut array: Gc<Array> = vm.receiver(args)?;
    let index = vm.required(args, 1, "Array.del requires index")?;
    let position = position(vm, index, array.items.len(), "del")?;
    vm.check_mutable(args[0], "delete from", "array")?;
    Ok(array.items.remove(position))
}

fn clear(vm: &mut Vm, args: Args) -> Result {
    let mut array: Gc<Array> = vm.receiver(args)?;
    vm.check_mutable(args[0], "clear", "array")?;
    array.items.take();
    Ok(args[0])
}

fn is_empty(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    Ok(Value::bool(array.items.is_empty()))
}

fn is_not_empty(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    Ok(Value::bool(!array.items.is_empty()))
}

fn contains(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let value = vm.required(args, 1, "Array.contains requires value")?;
    Ok(Value::bool(array.items.iter().any(|&e| equal(e, value))))
}

fn index_of(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let value = vm.required(args, 1, "Array.index_of requires a value")?;
    let found = array.items.iter().position(|&e| equal(e, value));
    Ok(found.map_or(Value::int32(-1), Value::len))
}

/// The Int of an argument.
pub(super) fn int(vm: &mut Vm, value: Value) -> Result<i64> {
    value
        .as_int()
        .ok_or_else(|| vm.fail("Value is not an integer"))
}

fn slice(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let start = vm.required(args, 1, "Array.slice requires start index")?;
    let len = array.items.len() as i64;
    let clamp = |i: i64| if i < 0 { i.saturating_add(len) } else { i }.clamp(0, len) as usize;
    let start = clamp(int(vm, start)?);
    let end = match args.get(2) {
        Some(end) => clamp(int(vm, end)?),
        None => len as usize,
    };
    let part = array.items.get(start..end).unwrap_or(&[]);
    Ok(vm.heap.array(part))
}

/// How many elements `take` and `skip` mean.
fn count(vm: &mut Vm, args: Args, len: usize, method: &str) -> Result<usize> {
    let Some(count) = args.get(1) else {
        return Err(vm.bad_argument(format!("Array.{method} requires count")));
    };
    match count.as_int() {
        Some(count) => Ok(count.clamp(0, len as i64) as usize),
        None => Err(vm.fail(format!("{method} count must be an integer"))),
    }
}

fn take(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let count = count(vm, args, array.items.len(), "take")?;
    Ok(vm.heap.array(&array.items[..count]))
}

fn skip(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let count = count(vm, args, array.items.len(), "skip")?;
    Ok(vm.heap.array(&array.items[count..]))
}

fn zip(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let other = vm.required(args, 1, "Array.zip requires another array")?;
    let Some(other) = other.get::<Array>() else {
        return Err(vm.fail("zip argument must be an array"));
    };
    let pairs = array.items.iter().zip(other.items.iter());
    let pairs: Vec<Value> = pairs
        .map(|(&a, &b)| vm.heap.array([a, b].as_slice()))
        .collect();
    Ok(vm.heap.array(pairs))
}

fn pairs(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let pairs = array.items.iter().enumerate();
    let pairs: Vec<Value> = pairs
        .map(|(i, &item)| vm.heap.array([Value::len(i), item].as_slice()))
        .collect();
    Ok(vm.heap.array(pairs))
}

fn reverse(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let items: Vec<Value> = array.items.iter().rev().copied().collect();
    Ok(vm.heap.array(items))
}

/// Orders by the elements' display text.
pub(super) fn sort_by_text(vm: &mut Vm, array: Gc<Array>) -> Value {
    let mut items = array.items.to_vec();
    items.sort_by_cached_key(|&item| display(item));
    vm.heap.array(items)
}

fn join(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let separator = args.get(1);
    let Some(separator) = separator.as_ref().map_or(Some(""), Value::as_str) else {
        return Err(vm.fail("Array.join separator must be a string"));
    };
    Ok(vm.build_string(|text| {
        for (i, &item) in array.items.iter().enumerate() {
            if i > 0 {
                text.push_str(separator);
            }
            push_text(text, item);
        }
    }))
}

fn to_map(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let mut entries = PropMap::default();
    for item in array.items.iter() {
        let pair = item.get::<Array>();
        let Some(&[key, value]) = pair.as_ref().map(|pair| &*pair.items) else {
            return Err(vm.fail("to_map expects [key value] pairs"));
        };
        let Some(key) = member_key(key) else {
            return Err(vm.fail("to_map key must be string, symbol, or int"));
        };
        entries.insert(key, value);
    }
    Ok(vm.heap.map(entries))
}

/// The name that a String, Symbol or Int stands for as a key.
pub(super) fn member_key(key: Value) -> Option<Symbol> {
    name_symbol(key).or_else(|| Some(Symbol::intern(&key.as_int()?.to_string())))
}
