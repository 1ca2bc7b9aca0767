//! Data: collections, Gene values, and the small opaque kinds.

use super::{PropMap, heap_data};
use crate::heap::Items;
use crate::symbol::Symbol;
use crate::value::Value;
use std::cell::OnceCell;

/// A path symbol: `a/b/c`.
pub struct ComplexSymbol {
    /// The parts between the slashes; an empty first part stands for self.
    pub parts: Box<[Symbol]>,
}

/// An Array.
#[repr(C)]
pub struct Array {
    /// The elements.
    pub items: Items,
}

impl Array {
    /// How many elements an empty array has room for.
    pub const ROOM_OF_EMPTY: usize = 4;
    /// Bytes of the object without its elements.
    pub const SIZE: usize = crate::heap::data_offset::<Array>() + size_of::<Array>();
    /// Offset of the elements in the object, for compiled code.
    pub const ITEMS_OFFSET: usize =
        crate::heap::data_offset::<Array>() + std::mem::offset_of!(Array, items);
}

/// A Map with names as keys.
#[repr(C)]
pub struct Map {
    /// The entries in insertion order.
    pub entries: PropMap,
}

impl Map {
    /// Offset of the entries in the object, for compiled code.
    pub const ENTRIES_OFFSET: usize =
        crate::heap::data_offset::<Map>() + std::mem::offset_of!(Map, entries);
}

/// A key of a hash map or member of a hash set, with its hash.
#[derive(Clone, Copy)]
pub struct HashKey {
    /// The hash, computed when the key was made.
    pub hash: u64,
    /// The key.
    pub value: Value,
}

impl std::hash::Hash for HashKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for HashKey {
    fn eq(&self, other: &HashKey) -> bool {
        self.hash == other.hash && crate::equality::same_key(self.value, other.value)
    }
}

impl Eq for HashKey {}

/// A hash map with keys of any hashable kind.
pub struct HashMap {
    /// The entries in insertion order.
    pub entries: indexmap::IndexMap<HashKey, Value, rustc_hash::FxBuildHasher>,
}

/// A hash set.
pub struct HashSet {
    /// The members in insertion order.
    pub members: indexmap::IndexSet<HashKey, rustc_hash::FxBuildHasher>,
}

/// A Gene value: head, properties, children. Its source position is in the header's `aux`.
pub struct Gene {
    /// The head (type).
    pub head: Value,
    /// The properties in insertion order.
    pub props: PropMap,
    /// The children.
    pub children: Items,
}

/// A range; both ends belong to it.
pub struct Range {
    /// First number.
    pub start: Value,
    /// Last number, if the steps meet it.
    pub end: Value,
    /// Distance of two numbers; `nil` if none was given.
    pub step: Value,
}

/// A regular expression with its optional replacement.
pub struct Regex {
    /// The pattern.
    pub pattern: Box<str>,
    /// The replacement text.
    pub replacement: Option<Box<str>>,
    /// Flag `i`.
    pub ignore_case: bool,
    /// Flag `m`: the dot matches line ends.
    pub dot_all: bool,
    /// The engine's form, made at first use.
    pub compiled: OnceCell<Box<dyn std::any::Any>>,
}

/// The result of a match; the fields are read by name.
pub struct RegexMatch {
    /// `value`, `captures`, `named_captures`, `start`, `end`, `pre_match`, `post_match`.
    pub fields: PropMap,
}

/// A built-in iterator.
pub enum Iterator {
    /// Over a live array.
    Array {
        /// The array.
        array: Value,
        /// Index of the next element.
        next: usize,
        /// Answers `[index element]` pairs' keys from this array, if the source was a map.
        keys: Option<Items>,
    },
    /// Over a range.
    Range {
        /// The next number, `None` at the end.
        next: Option<i64>,
        /// The last number.
        end: i64,
        /// Distance of two numbers.
        step: i64,
        /// Position of the next number.
        position: usize,
    },
}

/// A suspended or running generator.
pub struct Generator {
    /// The function whose body runs.
    pub function: Value,
    /// Variables and operands of the suspended body.
    pub frame: Vec<Value>,
    /// Index of the instruction to go on with.
    pub pc: usize,
    /// A value that `has_next` fetched ahead.
    pub ahead: Option<Value>,
    /// The body runs now.
    pub running: bool,
    /// The body has ended.
    pub done: bool,
    /// The body was resumed before.
    pub started: bool,
}

/// State of a future.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum FutureState {
    Pending,
    Success,
    Failure,
    Cancelled,
}

/// A container that is settled once.
pub struct Future {
    /// Where it stands.
    pub state: FutureState,
    /// The value, exception or reason; `nil` while pending.
    pub value: Value,
    /// Callbacks for success.
    pub on_success: Vec<Value>,
    /// Callbacks for failure and cancellation.
    pub on_failure: Vec<Value>,
}

/// A selector value.
pub struct Selector {
    /// Strings, Symbols, Ints or functions.
    pub segments: Items,
}

/// A quote inside of data.
pub struct Quote {
    /// What is quoted.
    pub form: Value,
}

/// A hole in a template.
pub struct Unquote {
    /// What fills the hole.
    pub form: Value,
    /// `%_form`: the result is dropped.
    pub discard: bool,
}

/// Bytes.
pub struct Bytes {
    /// The bytes.
    pub bytes: Box<[u8]>,
}

fn trace_props(props: &PropMap, tracer: &mut crate::heap::Tracer) {
    for &value in props.values() {
        tracer.value(value);
    }
}

heap_data!(ComplexSymbol, |s, t| (), external: s.parts.len() * 4);
heap_data!(Array, |a, t| t.values(&a.items), external: a.items.bytes());
heap_data!(Map, |m, t| trace_props(&m.entries, t), external: m.entries.capacity() * 32);
heap_data!(HashMap, |m, t| for (k, &v) in &m.entries { t.value(k.value); t.value(v) }, external: m.entries.capacity() * 40);
heap_data!(HashSet, |s, t| for k in &s.members { t.value(k.value) }, external: s.members.capacity() * 32);
heap_data!(Gene, |g, t| { t.value(g.head); trace_props(&g.props, t); t.values(&g.children) },
    external: g.children.bytes() + g.props.capacity() * 32);
heap_data!(Range, |r, t| {
    t.value(r.start);
    t.value(r.end);
    t.value(r.step)
});
heap_data!(Regex, |r, t| (), external: r.pattern.len());
heap_data!(RegexMatch, |m, t| trace_props(&m.fields, t), external: m.fields.capacity() * 32);
heap_data!(
    Iterator,
    |i, t| if let Iterator::Array { array, keys, .. } = i {
        t.value(*array);
        if let Some(keys) = keys {
            t.values(keys)
        }
    }
);
heap_data!(Generator, |g, t| { t.value(g.function); t.values(&g.frame); if let Some(v) = g.ahead { t.value(v) } },
    external: g.frame.capacity() * 8);
heap_data!(Future, |f, t| {
    t.value(f.value);
    t.values(&f.on_success);
    t.values(&f.on_failure)
});
heap_data!(Selector, |s, t| t.values(&s.segments), external: s.segments.bytes());
heap_data!(Quote, |q, t| t.value(q.form));
heap_data!(Unquote, |u, t| t.value(u.form));
heap_data!(Bytes, |b, t| (), external: b.bytes.len());
