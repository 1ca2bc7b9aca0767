//! Methods of Gene values (6.4).

use super::arguments::{known_symbol, name_symbol, name_text};
use super::maps::remove_names;
use crate::equality::equal;
use crate::heap::Gc;
use crate::object::{Args, Gene};
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("type", head),
    ("genetype", head),
    ("props", props),
    ("children", children),
    ("set_genetype", set_head),
    ("has", has),
    ("get", get),
    ("set", set),
    ("del", del),
    ("has_child", has_child),
    ("get_child", get_child),
    ("set_child", set_child),
    ("add_child", add_child),
    ("ins_child", ins_child),
    ("del_child", del_child),
    ("contains", contains),
    ("immutable?", is_immutable),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.gene, METHODS);
}

fn head(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    Ok(gene.head)
}

fn props(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    Ok(vm.heap.map(gene.props.clone()))
}

fn children(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    Ok(vm.heap.array(gene.children.clone()))
}

fn set_head(vm: &mut Vm, args: Args) -> Result {
    let mut gene: Gc<Gene> = vm.receiver(args)?;
    let head = vm.required(args, 1, "Gene.set_genetype requires a type value")?;
    vm.check_mutable(args[0], "set type on", "gene")?;
    gene.head = head;
    Ok(args[0])
}

/// Refuses keys that are neither String nor Symbol.
fn check_key(vm: &mut Vm, key: Value, method: &str) -> Result {
    if name_text(&key).is_some() {
        return Ok(key);
    }
    Err(vm.fail(format!("{method} key must be a string or symbol")))
}

fn has(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    let key = vm.required(args, 1, "Gene.has requires a key")?;
    let key = known_symbol(check_key(vm, key, "Gene.has")?);
    Ok(Value::bool(
        key.is_some_and(|key| gene.props.contains_key(&key)),
    ))
}

fn get(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    let key = vm.required(args, 1, "Gene.get requires a key")?;
    let key = known_symbol(check_key(vm, key, "Gene.get")?);
    let found = key.and_then(|key| gene.props.get(&key).copied());
    Ok(found.or(args.get(2)).unwrap_or(Value::NIL))
}

fn set(vm: &mut Vm, args: Args) -> Result {
    let mut gene: Gc<Gene> = vm.receiver(args)?;
    let value = vm.required(args, 2, "Gene.set requires key and value")?;
    let key = check_key(vm, args[1], "Gene.set")?;
    vm.check_mutable(args[0], "set property on", "gene")?;
    let key = name_symbol(key).expect("the kind was tested");
    gene.props.insert(key, value);
    Ok(args[0])
}

fn del(vm: &mut Vm, args: Args) -> Result {
    let mut gene: Gc<Gene> = vm.receiver(args)?;
    vm.required(args, 1, "Gene.del requires a key")?;
    let keys = &args.as_slice()[1..];
    for &key in keys {
        check_key(vm, key, "Gene.del")?;
    }
    vm.check_mutable(args[0], "delete property from", "gene")?;
    Ok(remove_names(&mut gene.props, keys))
}

/// The index in argument 1; `None` when it is below 0.
fn index(vm: &mut Vm, args: Args, method: &str) -> Result<Option<usize>> {
    match args[1].as_int() {
        Some(index) => Ok(usize::try_from(index).ok()),
        None => Err(vm.fail(format!("{method} index must be an integer"))),
    }
}

/// The index in argument 1, which must lie below `end`.
fn index_below(vm: &mut Vm, args: Args, method: &str, end: usize) -> Result<usize> {
    match index(vm, args, method)? {
        Some(index) if index < end => Ok(index),
        _ => Err(vm.fail(format!("{method} index out of bounds"))),
    }
}

fn has_child(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    vm.required(args, 1, "Gene.has_child requires an index")?;
    let index = index(vm, args, "Gene.has_child")?;
    Ok(Value::bool(index.is_some_and(|i| i < gene.children.len())))
}

fn get_child(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    vm.required(args, 1, "Gene.get_child requires an index")?;
    let index = index(vm, args, "Gene.get_child")?;
    let found = index.and_then(|i| gene.children.get(i).copied());
    Ok(found.or(args.get(2)).unwrap_or(Value::NIL))
}

fn set_child(vm: &mut Vm, args: Args) -> Result {
    let mut gene: Gc<Gene> = vm.receiver(args)?;
    let value = vm.required(args, 2, "Gene.set_child requires index and value")?;
    let index = index_below(vm, args, "Gene.set_child", gene.children.len())?;
    vm.check_mutable(args[0], "set child on", "gene")?;
    gene.children[index] = value;
    Ok(args[0])
}

fn add_child(vm: &mut Vm, args: Args) -> Result {
    let mut gene: Gc<Gene> = vm.receiver(args)?;
    let value = vm.required(args, 1, "Gene.add_child requires a value")?;
    vm.check_mutable(args[0], "append child to", "gene")?;
    gene.children.push(value);
    vm.heap.note_external(size_of::<Value>());
    Ok(args[0])
}

fn ins_child(vm: &mut Vm, args: Args) -> Result {
    let mut gene: Gc<Gene> = vm.receiver(args)?;
    let value = vm.required(args, 2, "Gene.ins_child requires index and value")?;
    let index = index_below(vm, args, "Gene.ins_child", gene.children.len() + 1)?;
    vm.check_mutable(args[0], "insert child into", "gene")?;
    gene.children.insert(index, value);
    vm.heap.note_external(size_of::<Value>());
    Ok(args[0])
}

fn del_child(vm: &mut Vm, args: Args) -> Result {
    let mut gene: Gc<Gene> = vm.receiver(args)?;
    vm.required(args, 1, "Gene.del_child requires an index")?;
    let index = index_below(vm, args, "Gene.del_child", gene.children.len())?;
    vm.check_mutable(args[0], "delete child from", "gene")?;
    Ok(gene.children.remove(index))
}

fn contains(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    let value = vm.required(args, 1, "Gene.contains requires a value")?;
    Ok(Value::bool(gene.children.iter().any(|&c| equal(c, value))))
}

fn is_immutable(vm: &mut Vm, args: Args) -> Result {
    let gene: Gc<Gene> = vm.receiver(args)?;
    let header = gene.header();
    Ok(Value::bool(header.sealed || header.frozen))
}
