//! Methods of Map (6.3).

use super::arguments::{is_block, is_function, known_symbol, name_symbol};
use super::array_callbacks::require_function;
use crate::heap::Gc;
use crate::interpret::ENTRY_BYTES;
use crate::object::{Args, Map, PropMap, Str};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{Raise, Result, Vm};

const METHODS: super::Natives = &[
    ("size", size),
    ("empty", is_empty),
    ("empty?", is_empty),
    ("not_empty?", is_not_empty),
    ("get", get),
    ("has", has),
    ("contains", contains),
    ("set", set),
    ("del", del),
    ("merge", merge),
    ("clear", clear),
    ("keys", keys),
    ("values", values),
    ("pairs", pairs),
    ("map", map),
    ("filter", filter),
    ("reduce", reduce),
    ("each", each),
    ("immutable?", is_immutable),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.map, METHODS);
}

fn size(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    vm.exactly(args, "Map.size", 0)?;
    Ok(Value::len(map.entries.len()))
}

fn is_empty(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    Ok(Value::bool(map.entries.is_empty()))
}

fn is_not_empty(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    Ok(Value::bool(!map.entries.is_empty()))
}

/// Refuses keys that are neither String nor Symbol.
fn check_key(vm: &mut Vm, key: Value, method: &str) -> Result<()> {
    if key.as_symbol().is_some() || key.get::<Str>().is_some() {
        return Ok(());
    }
    Err(wrong_key(vm, method))
}

#[cold]
fn wrong_key(vm: &mut Vm, method: &str) -> Raise {
    vm.fail(format!("{method} key must be a string or symbol"))
}

fn get(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    let key = vm.required(args, 1, "Map.get expects at least a key argument")?;
    let found = match known_symbol(key) {
        Some(key) => map.entries.get(&key).copied(),
        None => {
            check_key(vm, key, "Map.get")?;
            None
        }
    };
    Ok(found.or(args.get(2)).unwrap_or(Value::NIL))
}

fn has(vm: &mut Vm, args: Args) -> Result {
    vm.exactly(args, "Map.has", 1)?;
    contains(vm, args)
}

fn contains(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    let key = vm.required(args, 1, "Map.contains requires a key")?;
    let found = known_symbol(key).is_some_and(|key| map.entries.contains_key(&key));
    Ok(Value::bool(found))
}

fn set(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    let value = vm.required(args, 2, "Map.set expects key and value arguments")?;
    let Some(key) = name_symbol(args[1]) else {
        return Err(wrong_key(vm, "Map.set"));
    };
    vm.check_mutable(args[0], "set item on", "map")?;
    vm.set_entry(map, key, value);
    Ok(args[0])
}

fn del(vm: &mut Vm, args: Args) -> Result {
    let mut map: Gc<Map> = vm.receiver(args)?;
    vm.required(args, 1, "Map.del expects at least a key argument")?;
    for &key in &args.as_slice()[1..] {
        check_key(vm, key, "Map.del")?;
    }
    vm.check_mutable(args[0], "delete from", "map")?;
    Ok(remove_names(&mut map.entries, &args.as_slice()[1..]))
}

/// Removes entries; answers the last value removed, or `nil`.
pub(super) fn remove_names(entries: &mut PropMap, keys: &[Value]) -> Value {
    let removed = keys
        .iter()
        .filter_map(|&key| entries.shift_remove(&known_symbol(key)?));
    removed.last().unwrap_or(Value::NIL)
}

fn merge(vm: &mut Vm, args: Args) -> Result {
    let mut map: Gc<Map> = vm.receiver(args)?;
    let other = vm.required(args, 1, "Map.merge expects a map argument")?;
    let Some(other) = other.get::<Map>() else {
        return Err(vm.fail("Map.merge argument must be a map"));
    };
    vm.check_mutable(args[0], "merge into", "map")?;
    if map != other {
        map.entries
            .extend(other.entries.iter().map(|(&k, &v)| (k, v)));
        vm.heap.note_external(other.entries.len() * ENTRY_BYTES);
    }
    Ok(args[0])
}

fn clear(vm: &mut Vm, args: Args) -> Result {
    let mut map: Gc<Map> = vm.receiver(args)?;
    vm.check_mutable(args[0], "clear", "map")?;
    map.entries.clear();
    Ok(args[0])
}

fn keys(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    vm.exactly(args, "Map.keys", 0)?;
    Ok(key_array(vm, &map.entries))
}

/// The keys as an array of Strings.
pub(super) fn key_array(vm: &mut Vm, entries: &PropMap) -> Value {
    let keys: Vec<Value> = entries
        .keys()
        .map(|key| vm.heap.string(key.name()))
        .collect();
    vm.heap.array(keys)
}

fn values(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    vm.exactly(args, "Map.values", 0)?;
    Ok(value_array(vm, &map.entries))
}

/// The values as an array.
pub(super) fn value_array(vm: &mut Vm, entries: &PropMap) -> Value {
    let values: Vec<Value> = entries.values().copied().collect();
    vm.heap.array(values)
}

fn pairs(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    Ok(pair_array(vm, &map.entries))
}

/// The entries as an array of `[String value]`.
pub(super) fn pair_array(vm: &mut Vm, entries: &PropMap) -> Value {
    let pairs: Vec<Value> = entries
        .iter()
        .map(|(key, &value)| {
            let key = vm.heap.string(key.name());
            vm.heap.array([key, value].as_slice())
        })
        .collect();
    vm.heap.array(pairs)
}

/// A copy of the entries that stays alive and unchanged while a callback runs.
pub(super) fn snapshot(vm: &mut Vm, entries: &PropMap) -> Gc<Map> {
    let copy = vm.heap.alloc(Map {
        entries: entries.clone(),
    });
    vm.root(Value::object(copy));
    copy
}

/// Calls `function` with each key, as a String, and value; `handle` gets the key, the value and the answer.
pub(super) fn call_with_entries(
    vm: &mut Vm,
    entries: &PropMap,
    function: Value,
    mut handle: impl FnMut(Symbol, Value, Value),
) -> Result<()> {
    let entries = snapshot(vm, entries);
    for (&key, &value) in &entries.into_ref().entries {
        let name = vm.heap.string(key.name());
        let answer = vm.call(function, &[name, value])?;
        handle(key, value, answer);
    }
    Ok(())
}

/// Folds the entries with a function of accumulator, key and value.
pub(super) fn fold_entries(
    vm: &mut Vm,
    entries: &PropMap,
    initial: Value,
    reducer: Value,
) -> Result {
    let entries = snapshot(vm, entries);
    let mut result = initial;
    for (&key, &value) in &entries.into_ref().entries {
        let name = vm.heap.string(key.name());
        result = vm.call(reducer, &[result, name, value])?;
    }
    Ok(result)
}

/// A new map that stays alive until the running native returns.
pub(super) fn rooted_map(vm: &mut Vm) -> Gc<Map> {
    let map = vm.heap.alloc(Map {
        entries: PropMap::default(),
    });
    vm.root(Value::object(map));
    map
}

fn map(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    vm.at_most(args, "Map.map", 1)?;
    let function = vm.required(args, 1, "Map.map requires a function")?;
    let function = require_function(vm, function, "map callback must be callable")?;
    let mut results = rooted_map(vm);
    call_with_entries(vm, &map.entries, function, |key, _, answer| {
        results.entries.insert(key, answer);
    })?;
    Ok(Value::object(results))
}

fn filter(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    vm.at_most(args, "Map.filter", 1)?;
    let predicate = vm.required(args, 1, "Map.filter requires a predicate")?;
    let predicate = require_function(vm, predicate, "filter predicate must be callable")?;
    let mut results = rooted_map(vm);
    call_with_entries(vm, &map.entries, predicate, |key, value, answer| {
        if answer.is_truthy() {
            results.entries.insert(key, value);
        }
    })?;
    Ok(Value::object(results))
}

fn reduce(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    vm.at_most(args, "Map.reduce", 2)?;
    let message = "Map.reduce requires an initial value and a reducer function";
    let reducer = vm.required(args, 2, message)?;
    let reducer = require_function(vm, reducer, "reduce reducer must be callable")?;
    fold_entries(vm, &map.entries, args[1], reducer)
}

fn each(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    let function = vm.required(args, 1, "Map.each requires a function")?;
    if !is_function(function) || is_block(function) {
        return Err(vm.fail("each callback must be a function"));
    }
    call_with_entries(vm, &map.entries, function, |_, _, _| {})?;
    Ok(args[0])
}

fn is_immutable(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<Map> = vm.receiver(args)?;
    vm.exactly(args, "Map.immutable?", 0)?;
    let header = map.header();
    Ok(Value::bool(header.sealed || header.frozen))
}
