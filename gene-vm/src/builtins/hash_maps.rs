//! Hash maps (6.6).

use crate::heap::Gc;
use crate::object::{Args, HashMap};
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("get", get),
    ("set", set),
    ("has", has),
    ("contains", contains),
    ("delete", delete),
    ("del", del),
    ("size", size),
    ("clear", clear),
    ("keys", keys),
    ("values", values),
    ("pairs", pairs),
    ("immutable?", is_immutable),
];

pub(super) fn install(vm: &mut Vm) {
    let class = vm.builtins.classes.hash_map;
    vm.define_methods(class, METHODS);
    vm.define_constructor(class, construct);
}

impl Vm {
    /// A hash map of alternating keys and values, as the literal `{{…}}` and `(new HashMap …)` give them.
    /// The values must be reachable during the call: keys may be asked for their hashes.
    pub fn new_hash_map(&mut self, keys_and_values: &[Value]) -> Result {
        let (pairs, rest) = keys_and_values.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.fail("HashMap literals expect alternating key/value entries"));
        }
        let mut map = self.heap.alloc(HashMap {
            entries: Default::default(),
        });
        self.root(Value::object(map));
        for &[key, value] in pairs {
            let key = self.hash_key(key, "HashMap")?;
            map.entries.insert(key, value);
        }
        self.heap.note_external(pairs.len() * ENTRY_BYTES);
        Ok(Value::object(map))
    }
}

/// What an entry takes, roughly.
const ENTRY_BYTES: usize = 40;

fn construct(vm: &mut Vm, args: Args) -> Result {
    if args.keywords().is_some() {
        return Err(vm.fail("HashMap constructor does not accept keyword arguments"));
    }
    vm.new_hash_map(&args.as_slice()[1..])
}

fn find(vm: &mut Vm, map: Gc<HashMap>, key: Value) -> Result<Option<Value>> {
    let key = vm.hash_key(key, "HashMap")?;
    Ok(map.entries.get(&key).copied())
}

fn get(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<HashMap> = vm.receiver(args)?;
    let key = vm.required(args, 1, "HashMap.get expects at least a key argument")?;
    let found = find(vm, map, key)?;
    Ok(found.or(args.get(2)).unwrap_or(Value::NIL))
}

fn set(vm: &mut Vm, args: Args) -> Result {
    let mut map: Gc<HashMap> = vm.receiver(args)?;
    let value = vm.required(args, 2, "HashMap.set expects key and value arguments")?;
    vm.check_mutable(args[0], "set item on", "hash map")?;
    let key = vm.hash_key(args[1], "HashMap")?;
    if map.entries.insert(key, value).is_none() {
        vm.heap.note_external(ENTRY_BYTES);
    }
    Ok(args[0])
}

fn has(vm: &mut Vm, args: Args) -> Result {
    vm.exactly(args, "HashMap.has", 1)?;
    let map: Gc<HashMap> = vm.receiver(args)?;
    Ok(Value::bool(find(vm, map, args[1])?.is_some()))
}

fn contains(vm: &mut Vm, args: Args) -> Result {
    vm.exactly(args, "HashMap.contains", 1)?;
    let map: Gc<HashMap> = vm.receiver(args)?;
    Ok(Value::bool(find(vm, map, args[1])?.is_some()))
}

fn delete(vm: &mut Vm, args: Args) -> Result {
    remove(vm, args, "HashMap.delete expects at least a key argument")
}

fn del(vm: &mut Vm, args: Args) -> Result {
    remove(vm, args, "HashMap.del expects at least a key argument")
}

fn remove(vm: &mut Vm, args: Args, missing: &str) -> Result {
    let mut map: Gc<HashMap> = vm.receiver(args)?;
    vm.required(args, 1, missing)?;
    vm.check_mutable(args[0], "delete from", "hash map")?;
    let mut removed = vm.rooted_array(vec![Value::NIL]);
    for &key in &args.as_slice()[1..] {
        let key = vm.hash_key(key, "HashMap")?;
        if let Some(value) = map.entries.shift_remove(&key) {
            removed.items[0] = value;
        }
    }
    Ok(removed.items[0])
}

fn size(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<HashMap> = vm.receiver(args)?;
    vm.exactly(args, "HashMap.size", 0)?;
    Ok(Value::len(map.entries.len()))
}

fn clear(vm: &mut Vm, args: Args) -> Result {
    let mut map: Gc<HashMap> = vm.receiver(args)?;
    vm.check_mutable(args[0], "clear", "hash map")?;
    map.entries.clear();
    Ok(args[0])
}

fn keys(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<HashMap> = vm.receiver(args)?;
    vm.exactly(args, "HashMap.keys", 0)?;
    let keys: Vec<Value> = map.entries.keys().map(|key| key.value).collect();
    Ok(vm.heap.array(keys))
}

fn values(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<HashMap> = vm.receiver(args)?;
    vm.exactly(args, "HashMap.values", 0)?;
    let values: Vec<Value> = map.entries.values().copied().collect();
    Ok(vm.heap.array(values))
}

fn pairs(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<HashMap> = vm.receiver(args)?;
    vm.exactly(args, "HashMap.pairs", 0)?;
    let entries = map.entries.iter();
    let pairs: Vec<Value> = entries
        .map(|(key, &value)| vm.heap.array([key.value, value].as_slice()))
        .collect();
    Ok(vm.heap.array(pairs))
}

fn is_immutable(vm: &mut Vm, args: Args) -> Result {
    let map: Gc<HashMap> = vm.receiver(args)?;
    vm.exactly(args, "HashMap.immutable?", 0)?;
    let header = map.header();
    Ok(Value::bool(header.sealed || header.frozen))
}
