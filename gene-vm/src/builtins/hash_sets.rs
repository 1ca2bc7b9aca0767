//! Hash sets (6.6).

use crate::heap::Gc;
use crate::object::{Args, HashKey, HashSet};
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("has", has),
    ("contains", contains),
    ("add", add),
    ("delete", delete),
    ("del", del),
    ("size", size),
    ("clear", clear),
    ("to_array", to_array),
    ("union", union),
    ("intersect", intersect),
    ("diff", diff),
    ("subset?", is_subset),
];

/// What a member takes, roughly.
const MEMBER_BYTES: usize = 32;

pub(super) fn install(vm: &mut Vm) {
    let class = vm.builtins.classes.hash_set;
    vm.define_methods(class, METHODS);
    vm.define_constructor(class, construct);
}

fn construct(vm: &mut Vm, args: Args) -> Result {
    if args.keywords().is_some() {
        return Err(vm.fail("HashSet constructor does not accept keyword arguments"));
    }
    let set = new_set(vm, Vec::new());
    vm.root(Value::object(set));
    insert_all(vm, set, &args.as_slice()[1..])?;
    Ok(Value::object(set))
}

fn new_set(vm: &mut Vm, members: Vec<HashKey>) -> Gc<HashSet> {
    vm.heap.note_external(members.len() * MEMBER_BYTES);
    vm.heap.alloc(HashSet {
        members: members.into_iter().collect(),
    })
}

fn insert_all(vm: &mut Vm, mut set: Gc<HashSet>, members: &[Value]) -> Result<()> {
    for &member in members {
        let key = vm.hash_key(member, "HashSet")?;
        set.members.insert(key);
    }
    vm.heap.note_external(members.len() * MEMBER_BYTES);
    Ok(())
}

fn has(vm: &mut Vm, args: Args) -> Result {
    vm.exactly(args, "HashSet.has", 1)?;
    is_member(vm, args)
}

fn contains(vm: &mut Vm, args: Args) -> Result {
    vm.exactly(args, "HashSet.contains", 1)?;
    is_member(vm, args)
}

fn is_member(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    let key = vm.hash_key(args[1], "HashSet")?;
    Ok(Value::bool(set.members.contains(&key)))
}

fn add(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    vm.required(args, 1, "HashSet.add expects at least one member argument")?;
    vm.check_mutable(args[0], "add to", "hash set")?;
    insert_all(vm, set, &args.as_slice()[1..])?;
    Ok(args[0])
}

fn delete(vm: &mut Vm, args: Args) -> Result {
    remove(
        vm,
        args,
        "HashSet.delete expects at least one member argument",
    )
}

fn del(vm: &mut Vm, args: Args) -> Result {
    remove(vm, args, "HashSet.del expects at least one member argument")
}

fn remove(vm: &mut Vm, args: Args, missing: &str) -> Result {
    let mut set: Gc<HashSet> = vm.receiver(args)?;
    vm.required(args, 1, missing)?;
    vm.check_mutable(args[0], "delete from", "hash set")?;
    let mut removed = vm.rooted_array(vec![Value::NIL]);
    for &member in &args.as_slice()[1..] {
        let key = vm.hash_key(member, "HashSet")?;
        if let Some(member) = set.members.shift_take(&key) {
            removed.items[0] = member.value;
        }
    }
    Ok(removed.items[0])
}

fn size(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    vm.exactly(args, "HashSet.size", 0)?;
    Ok(Value::len(set.members.len()))
}

fn clear(vm: &mut Vm, args: Args) -> Result {
    let mut set: Gc<HashSet> = vm.receiver(args)?;
    vm.check_mutable(args[0], "clear", "hash set")?;
    set.members.clear();
    Ok(args[0])
}

fn to_array(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    vm.exactly(args, "HashSet.to_array", 0)?;
    let members: Vec<Value> = set.members.iter().map(|member| member.value).collect();
    Ok(vm.heap.array(members))
}

/// The set in argument 1.
fn other(vm: &mut Vm, args: Args, method: &str) -> Result<Gc<HashSet>> {
    match args.get(1).and_then(|other| other.get::<HashSet>()) {
        Some(other) => Ok(other),
        None => Err(vm.bad_argument(format!("HashSet.{method} expects a HashSet argument"))),
    }
}

fn union(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    let other = other(vm, args, "union")?;
    let members = set.members.union(&other.members).copied().collect();
    Ok(Value::object(new_set(vm, members)))
}

fn intersect(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    let other = other(vm, args, "intersect")?;
    let members = set.members.intersection(&other.members).copied().collect();
    Ok(Value::object(new_set(vm, members)))
}

fn diff(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    let other = other(vm, args, "diff")?;
    let members = set.members.difference(&other.members).copied().collect();
    Ok(Value::object(new_set(vm, members)))
}

fn is_subset(vm: &mut Vm, args: Args) -> Result {
    let set: Gc<HashSet> = vm.receiver(args)?;
    vm.exactly(args, "HashSet.subset?", 1)?;
    let other = other(vm, args, "subset?")?;
    Ok(Value::bool(set.members.is_subset(&other.members)))
}
