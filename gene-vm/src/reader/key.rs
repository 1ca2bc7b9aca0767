//! Names of properties: `^k`, `^^k`, `^!k`, `^a^b`.

use super::scan::unescape_name;
use crate::heap::Heap;
use crate::object::{Map, PropMap};
use crate::symbol::Symbol;
use crate::value::Value;

/// A property's name as written after the first `^`.
#[derive(Debug)]
pub struct Key {
    /// The keys of nested maps, outermost first; one for a plain name.
    pub path: Vec<Symbol>,
    /// The value that the spelling itself gives: `^^k`, `^!k`.
    pub value: Option<Value>,
    /// Where it stands.
    pub offset: usize,
    /// As messages show it.
    pub text: String,
}

impl Key {
    /// Reads the spelling, which starts with `^`; `None` when there is no name.
    pub fn parse(spelling: &str, offset: usize) -> Option<Key> {
        let mut path = Vec::new();
        let mut value = None;
        let mut rest = spelling;
        while let Some(after) = rest.strip_prefix('^') {
            let name = if let Some(name) = after.strip_prefix('^') {
                value = Some(Value::TRUE);
                name
            } else if let Some(name) = after.strip_prefix('!') {
                value = Some(Value::FALSE);
                name
            } else {
                after
            };
            let end = name_end(name);
            let is_last = end == name.len();
            if end == 0 || name.starts_with('!') || value.is_some() && !is_last {
                return None;
            }
            path.push(Symbol::intern(&unescape_name(&name[..end])));
            rest = &name[end..];
        }
        let text = unescape_name(spelling.trim_start_matches(['^', '!'])).into_owned();
        Some(Key {
            path,
            value,
            offset,
            text,
        })
    }

    /// Puts a value into `props` under this key; false when something else is there already.
    pub fn insert(&self, heap: &mut Heap, props: &mut PropMap, value: Value) -> bool {
        let (&last, outer) = self.path.split_last().expect("a key has a name");
        let Some((&first, nested)) = outer.split_first() else {
            return props.insert(last, value).is_none();
        };
        let outermost = *props
            .entry(first)
            .or_insert_with(|| heap.map(PropMap::default()));
        let Some(mut map) = outermost.get::<Map>() else {
            return false;
        };
        for &name in nested {
            let inner = *map
                .entries
                .entry(name)
                .or_insert_with(|| heap.map(PropMap::default()));
            match inner.get::<Map>() {
                Some(inner) => map = inner,
                None => return false,
            }
        }
        map.entries.insert(last, value).is_none()
    }
}

/// Length of the name at the start, up to the next unescaped `^`.
fn name_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'^' => return at,
            _ => {}
        }
    }
    text.len()
}
