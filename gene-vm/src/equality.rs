//! `==` and the identity of hash keys.

use crate::heap::Kind;
use crate::object::*;
use crate::value::Value;

/// Are two values equal by `==`, without consulting `==` methods of instances?
///
/// Containers are compared with an explicit stack: deep ones do not overflow the native stack.
pub fn equal(a: Value, b: Value) -> bool {
    compare(a, b, false)
}

/// Are two values the same hash key? As [`equal`], but Floats by their bits.
pub fn same_key(a: Value, b: Value) -> bool {
    compare(a, b, true)
}

fn compare(a: Value, b: Value, keys: bool) -> bool {
    if let Some(text) = a.as_str() {
        return b.as_str() == Some(text);
    }
    let mut pending = vec![(a, b)];
    // Containers that refer to themselves would never end; equal pairs need no second look.
    let mut seen = rustc_hash::FxHashSet::default();
    // A NaN equals itself as a part of a container, but not by itself.
    let mut is_part = keys;
    while let Some((a, b)) = pending.pop() {
        if is_part && a == b {
            continue;
        }
        is_part = true;
        if a.is_float() && b.is_float() {
            let same = a == b;
            if if keys {
                same
            } else {
                a.as_float() == b.as_float()
            } {
                continue;
            }
            return false;
        }
        if a == b {
            continue;
        }
        let (Some(kind), Some(other)) = (a.heap_kind(), b.heap_kind()) else {
            return false;
        };
        if kind != other || (is_container(kind) && !seen.insert((a, b))) {
            if kind != other {
                return false;
            }
            continue;
        }
        if !compare_objects(a, b, kind, &mut pending) {
            return false;
        }
    }
    true
}

fn is_container(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Array | Kind::Map | Kind::HashMap | Kind::EnumValue
    )
}

/// Compares two objects of one kind, leaving pairs of parts to be compared.
fn compare_objects(a: Value, b: Value, kind: Kind, pending: &mut Vec<(Value, Value)>) -> bool {
    fn both<T: crate::heap::HeapData>(
        a: Value,
        b: Value,
    ) -> (crate::heap::Gc<T>, crate::heap::Gc<T>) {
        (
            a.get().expect("the kind was tested"),
            b.get().expect("the kind was tested"),
        )
    }
    match kind {
        Kind::Int => a.as_int() == b.as_int(),
        Kind::Str => a.as_str() == b.as_str(),
        Kind::ComplexSymbol => {
            let (a, b) = both::<ComplexSymbol>(a, b);
            a.parts == b.parts
        }
        Kind::Array => {
            let (a, b) = both::<Array>(a, b);
            pending.extend(a.items.iter().copied().zip(b.items.iter().copied()));
            a.items.len() == b.items.len()
        }
        Kind::Map => {
            let (a, b) = both::<Map>(a, b);
            a.entries.len() == b.entries.len()
                && a.entries.iter().all(|(key, &value)| {
                    let other = b.entries.get(key);
                    pending.extend(other.map(|&other| (value, other)));
                    other.is_some()
                })
        }
        Kind::HashMap => {
            let (a, b) = both::<HashMap>(a, b);
            a.entries.len() == b.entries.len()
                && a.entries.iter().all(|(key, &value)| {
                    let other = b.entries.get(key);
                    pending.extend(other.map(|&other| (value, other)));
                    other.is_some()
                })
        }
        Kind::HashSet => {
            let (a, b) = both::<HashSet>(a, b);
            a.members.len() == b.members.len()
                && a.members.iter().all(|member| b.members.contains(member))
        }
        Kind::EnumValue => {
            let (a, b) = both::<EnumValue>(a, b);
            pending.extend(a.payload.iter().copied().zip(b.payload.iter().copied()));
            a.variant == b.variant
        }
        Kind::Date => *both::<Date>(a, b).0 == *both::<Date>(a, b).1,
        Kind::Time => *both::<Time>(a, b).0 == *both::<Time>(a, b).1,
        Kind::DateTime => *both::<DateTime>(a, b).0 == *both::<DateTime>(a, b).1,
        Kind::Bytes => both::<Bytes>(a, b).0.bytes == both::<Bytes>(a, b).1.bytes,
        _ => false,
    }
}
