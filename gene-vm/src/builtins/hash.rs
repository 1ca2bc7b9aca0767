//! Hashes of values as keys of hash maps and members of hash sets (6.6).

use crate::heap::{Kind, header_at};
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::sym;
use crate::value::{PAYLOAD_MASK, Value};
use crate::vm::{Result, Vm};
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// What is still to be hashed.
enum Part {
    /// A value, and the hash of its place in the key.
    Value(Value, u64),
    /// The container at this address is complete.
    Leave(u64),
}

/// The hash of a key is the sum of what its leaves contribute, each mixed with its place: so the order of map
/// entries does not matter.
struct Walk {
    container: &'static str,
    pending: Vec<Part>,
    sum: u64,
    /// Containers around the current value; one inside of itself contributes no more.
    open: FxHashSet<u64>,
    /// Instances, whose `hash` methods are called at the end, with their places.
    instances: Vec<(Value, u64)>,
}

impl Vm {
    /// Makes a key of a value. `container`, `HashMap` or `HashSet`, is for the message.
    pub fn hash_key(&mut self, value: Value, container: &'static str) -> Result<HashKey> {
        let hash = match scalar_hash(value) {
            Some(hash) => hash,
            None => self.hash_object(value, container)?,
        };
        Ok(HashKey { hash, value })
    }

    fn hash_object(&mut self, value: Value, container: &'static str) -> Result<u64> {
        let mut walk = Walk {
            container,
            pending: vec![Part::Value(value, 0)],
            sum: 0,
            open: FxHashSet::default(),
            instances: Vec::new(),
        };
        while let Some(part) = walk.pending.pop() {
            match part {
                Part::Leave(address) => {
                    walk.open.remove(&address);
                }
                Part::Value(value, place) => match scalar_hash(value) {
                    Some(hash) => walk.add(hash, place),
                    None => self.hash_parts(&mut walk, value, place)?,
                },
            }
        }
        if walk.instances.is_empty() {
            return Ok(walk.sum);
        }
        // A method may change the key: its parts must stay alive.
        let instances = walk.instances.iter().map(|&(instance, _)| instance);
        let keep = self.heap.array(instances.collect::<Vec<_>>());
        self.root(keep);
        for (instance, place) in std::mem::take(&mut walk.instances) {
            let hash = self.call_method(instance, sym::HASH, &[])?;
            let Some(hash) = hash.as_int() else {
                let kind = kind_name(hash);
                return Err(self.fail(format!("HashMap key .hash must return Int, got {kind}")));
            };
            walk.add(mix(Kind::Instance as u64, hash), place);
        }
        Ok(walk.sum)
    }

    fn hash_parts(&mut self, walk: &mut Walk, value: Value, place: u64) -> Result<()> {
        let hashable = match value.heap_kind() {
            Some(Kind::Array | Kind::Map | Kind::HashMap | Kind::EnumValue) => {
                walk.enter(value, place);
                true
            }
            Some(Kind::Instance) => {
                walk.instances.push((value, place));
                self.class_of(value).find_method(sym::HASH).is_some()
            }
            _ => false,
        };
        if hashable {
            return Ok(());
        }
        let message = format!(
            "Key is not hashable for {}: {}",
            walk.container,
            kind_name(value)
        );
        Err(self.fail(message))
    }
}

impl Walk {
    fn add(&mut self, hash: u64, place: u64) {
        self.sum = self.sum.wrapping_add(scramble(mix(place, hash)));
    }

    /// Leaves the parts of a container to be hashed.
    fn enter(&mut self, value: Value, place: u64) {
        let address = value.bits() & PAYLOAD_MASK;
        if !self.open.insert(address) {
            return;
        }
        self.pending.push(Part::Leave(address));
        let kind = header_at(address).kind;
        let mut size = 0;
        let mut part = |value, key: u64| {
            size += 1;
            self.pending.push(Part::Value(value, mix(place, key)));
        };
        if let Some(array) = value.get::<Array>() {
            (0..).zip(array.items.iter()).for_each(|(i, &v)| part(v, i));
        } else if let Some(map) = value.get::<Map>() {
            for (key, &value) in &map.entries {
                part(value, key.index().into());
            }
        } else if let Some(map) = value.get::<HashMap>() {
            for (key, &value) in &map.entries {
                part(value, key.hash);
            }
        } else if let Some(of) = value.get::<EnumValue>() {
            (0..).zip(of.payload.iter()).for_each(|(i, &v)| part(v, i));
            part(Value::object(of.variant), u64::MAX);
        }
        self.add(mix(kind as u64, size), place);
    }
}

/// The hash of values without parts; `None` for others and for what cannot be a key.
fn scalar_hash(value: Value) -> Option<u64> {
    if let Some(int) = value.as_int() {
        return Some(mix(Kind::Int as u64, int));
    }
    match value.heap_kind() {
        None => Some(mix(Kind::Free as u64, value.bits())),
        Some(Kind::Str) => Some(mix(Kind::Str as u64, value.as_str())),
        Some(Kind::ComplexSymbol) => {
            let symbol = value.get::<ComplexSymbol>()?;
            Some(mix(Kind::ComplexSymbol as u64, &symbol.parts))
        }
        Some(Kind::Variant) => Some(mix(Kind::Variant as u64, value.bits())),
        _ => None,
    }
}

/// The finaliser of SplitMix64. [`mix`] is linear: without this, exchanging two leaves would not change the sum.
fn scramble(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

fn mix(seed: u64, part: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    seed.hash(&mut hasher);
    part.hash(&mut hasher);
    hasher.finish()
}
