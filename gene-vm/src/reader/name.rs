//! Names: symbols, paths, and the keys of properties.

use crate::heap::Heap;
use crate::object::{ComplexSymbol, Map, PropMap};
use crate::symbol::Symbol;
use crate::value::Value;
use std::borrow::Cow;

/// What a symbol token reads as: a value that is a word, a symbol, or a path.
pub fn symbol(heap: &mut Heap, spelling: &str) -> Value {
    match spelling {
        "nil" => Value::NIL,
        "void" => Value::VOID,
        "true" => Value::TRUE,
        "false" => Value::FALSE,
        "not_found" => Value::NOT_FOUND,
        "/" | "/=" | "./" => Value::symbol(Symbol::intern(spelling)),
        _ => path(heap, spelling),
    }
}

/// A symbol or, with an unescaped slash, a complex symbol.
fn path(heap: &mut Heap, spelling: &str) -> Value {
    let mut parts = Vec::new();
    let mut rest = spelling;
    while let Some(slash) = find_unescaped(rest, b'/') {
        parts.push(name(&rest[..slash]));
        rest = &rest[slash + 1..];
    }
    if parts.is_empty() {
        return Value::symbol(name(rest));
    }
    parts.push(name(rest));
    heap.value(ComplexSymbol {
        parts: parts.into(),
    })
}

/// The symbol of a spelling without its backslashes.
fn name(spelling: &str) -> Symbol {
    Symbol::intern(&unescape(spelling))
}

fn unescape(spelling: &str) -> Cow<'_, str> {
    if !spelling.contains('\\') {
        return Cow::Borrowed(spelling);
    }
    let mut out = String::with_capacity(spelling.len());
    let mut chars = spelling.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Cow::Owned(out)
}

fn find_unescaped(text: &str, byte: u8) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let found = b == byte && !escaped;
        escaped = b == b'\\' && !escaped;
        found
    })
}

/// The key of a property: `^k`, `^^k`, `^!k`, `^a^b`.
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
            let spelling = if let Some(spelling) = after.strip_prefix('^') {
                value = Some(Value::TRUE);
                spelling
            } else if let Some(spelling) = after.strip_prefix('!') {
                value = Some(Value::FALSE);
                spelling
            } else {
                after
            };
            let end = find_unescaped(spelling, b'^').unwrap_or(spelling.len());
            let is_last = end == spelling.len();
            if end == 0 || spelling.starts_with('!') || value.is_some() && !is_last {
                return None;
            }
            path.push(name(&spelling[..end]));
            rest = &spelling[end..];
        }
        let text = unescape(spelling.trim_start_matches(['^', '!'])).into_owned();
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
        let outermost = *props.get_or_insert_with(first, || heap.map(PropMap::default()));
        let Some(mut map) = outermost.get::<Map>() else {
            return false;
        };
        for &name in nested {
            let inner = *map
                .entries
                .get_or_insert_with(name, || heap.map(PropMap::default()));
            match inner.get::<Map>() {
                Some(inner) => map = inner,
                None => return false,
            }
        }
        map.entries.insert(last, value).is_none()
    }
}
