//! Methods of Namespace (11.6).

use super::arguments::{is_function, known_symbol, name_symbol, name_text};
use super::array_callbacks::require_function;
use super::maps::{
    call_with_entries, fold_entries, key_array, pair_array, rooted_map, value_array,
};
use crate::heap::Gc;
use crate::object::{Args, Namespace};
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("name", name),
    ("to_s", name),
    ("size", size),
    ("has", has),
    ("get", get),
    ("set", set),
    ("del", del),
    ("clear", clear),
    ("empty?", is_empty),
    ("not_empty?", is_not_empty),
    ("keys", keys),
    ("values", values),
    ("pairs", pairs),
    ("each", each),
    ("map", map),
    ("reduce", reduce),
    ("on_member_missing", on_member_missing),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.namespace, METHODS);
}

fn name(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    Ok(vm.heap.string(namespace.name.name()))
}

fn size(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    Ok(Value::len(namespace.members.len()))
}

/// The key in argument 1, a String or Symbol.
fn key(vm: &mut Vm, args: Args, method: &str) -> Result {
    let key = vm.required(args, 1, &format!("Namespace.{method} requires a key"))?;
    if name_text(&key).is_some() {
        return Ok(key);
    }
    Err(vm.fail(format!("Namespace.{method} key must be a string or symbol")))
}

fn has(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    let key = known_symbol(key(vm, args, "has")?);
    Ok(Value::bool(
        key.is_some_and(|key| namespace.members.contains_key(&key)),
    ))
}

fn get(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    let key = known_symbol(key(vm, args, "get")?);
    let found = key.and_then(|key| namespace.members.get(&key).copied());
    Ok(found.or(args.get(2)).unwrap_or(Value::NIL))
}

fn set(vm: &mut Vm, args: Args) -> Result {
    vm.receiver::<Namespace>(args)?;
    let key = key(vm, args, "set")?;
    let value = vm.required(args, 2, "Namespace.set requires key and value")?;
    let key = name_symbol(key).expect("the kind was tested");
    vm.define_name(args[0], key, value);
    Ok(args[0])
}

fn del(vm: &mut Vm, args: Args) -> Result {
    let mut namespace: Gc<Namespace> = vm.receiver(args)?;
    let key = key(vm, args, "del")?;
    vm.names_changed();
    let removed = known_symbol(key).and_then(|key| namespace.members.remove(key));
    Ok(removed.unwrap_or(Value::NIL))
}

fn clear(vm: &mut Vm, args: Args) -> Result {
    let mut namespace: Gc<Namespace> = vm.receiver(args)?;
    vm.names_changed();
    namespace.members.clear();
    Ok(args[0])
}

fn is_empty(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    Ok(Value::bool(namespace.members.is_empty()))
}

fn is_not_empty(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    Ok(Value::bool(!namespace.members.is_empty()))
}

fn keys(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    Ok(key_array(vm, &namespace.members))
}

fn values(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    Ok(value_array(vm, &namespace.members))
}

fn pairs(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    Ok(pair_array(vm, &namespace.members))
}

fn each(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    let function = vm.required(args, 1, "Namespace.each requires a function")?;
    let function = require_function(vm, function, "each callback must be callable")?;
    call_with_entries(vm, &namespace.members, function, |_, _, _| {})?;
    Ok(args[0])
}

fn map(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    let function = vm.required(args, 1, "Namespace.map requires a function")?;
    let function = require_function(vm, function, "map callback must be callable")?;
    let mut results = rooted_map(vm);
    call_with_entries(vm, &namespace.members, function, |key, _, answer| {
        results.entries.insert(key, answer);
    })?;
    Ok(Value::object(results))
}

fn reduce(vm: &mut Vm, args: Args) -> Result {
    let namespace: Gc<Namespace> = vm.receiver(args)?;
    let message = "Namespace.reduce requires an initial value and a reducer function";
    let reducer = vm.required(args, 2, message)?;
    let reducer = require_function(vm, reducer, "reduce reducer must be callable")?;
    fold_entries(vm, &namespace.members, args[1], reducer)
}

fn on_member_missing(vm: &mut Vm, args: Args) -> Result {
    let mut namespace: Gc<Namespace> = vm.receiver(args)?;
    let handler = vm.required(args, 1, "Namespace.on_member_missing requires a function")?;
    if !is_function(handler) {
        return Err(vm.fail("on_member_missing handler must be a function"));
    }
    namespace.missing_handlers.push(handler);
    Ok(args[0])
}
