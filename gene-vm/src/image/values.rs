//! Values in bytecode, as bytes: what literals consist of.

use super::bytes::{Reader, Writer};
use super::store::Store;
use crate::heap::{HeapData, Kind};
use crate::object::{Array, ComplexSymbol, Gene, Map, PropMap, Quote, Regex, Unquote};
use crate::source::Pos;
use crate::value::Value;
use std::cell::OnceCell;

pub fn store_entries(entries: &PropMap, to: &mut Writer) {
    to.number(entries.len() as u64);
    for (key, value) in entries {
        key.store(to);
        value.store(to);
    }
}

pub fn load_entries(from: &mut Reader) -> Option<PropMap> {
    let count = from.count()?;
    (0..count)
        .map(|_| Some((Store::load(from)?, Store::load(from)?)))
        .collect()
}

impl Store for Value {
    fn store(&self, to: &mut Writer) {
        to.nested(|to| store_value(*self, to));
    }
    fn load(from: &mut Reader) -> Option<Self> {
        from.nested(load_value)
    }
}

const WORD: u8 = 0;
const SYMBOL: u8 = 1;
const INT: u8 = 2;
const STRING: u8 = 3;
const PATH: u8 = 4;
const ARRAY: u8 = 5;
const MAP: u8 = 6;
const GENE: u8 = 7;
const QUOTE: u8 = 8;
const UNQUOTE: u8 = 9;
const REGEX: u8 = 10;

fn store_value(value: Value, to: &mut Writer) {
    if let Some(name) = value.as_symbol() {
        to.out.push(SYMBOL);
        return name.store(to);
    }
    let Some(kind) = value.heap_kind() else {
        to.out.push(WORD);
        return to.out.extend(value.bits().to_le_bytes());
    };
    match kind {
        Kind::Int => {
            to.out.push(INT);
            let int = value.as_int().expect("the kind was tested");
            to.out.extend(int.to_le_bytes());
        }
        Kind::Str => {
            to.out.push(STRING);
            to.text(value.as_str().expect("the kind was tested"));
        }
        Kind::ComplexSymbol => {
            to.out.push(PATH);
            object::<ComplexSymbol>(value).parts.store(to);
            store_header(value, to);
        }
        Kind::Array => {
            to.out.push(ARRAY);
            object::<Array>(value).items.to_vec().store(to);
            store_header(value, to);
        }
        Kind::Map => {
            to.out.push(MAP);
            store_entries(&object::<Map>(value).entries, to);
            store_header(value, to);
        }
        Kind::Gene => {
            to.out.push(GENE);
            let gene = object::<Gene>(value);
            gene.head.store(to);
            store_entries(&gene.props, to);
            gene.children.to_vec().store(to);
            store_header(value, to);
        }
        Kind::Quote => {
            to.out.push(QUOTE);
            object::<Quote>(value).form.store(to);
            store_header(value, to);
        }
        Kind::Unquote => {
            to.out.push(UNQUOTE);
            let unquote = object::<Unquote>(value);
            unquote.form.store(to);
            unquote.discard.store(to);
            store_header(value, to);
        }
        Kind::Regex => {
            to.out.push(REGEX);
            let regex = object::<Regex>(value);
            regex.pattern.store(to);
            regex.replacement.store(to);
            regex.ignore_case.store(to);
            regex.dot_all.store(to);
            store_header(value, to);
        }
        _ => to.fail(),
    }
}

fn object<T: HeapData>(value: Value) -> &'static T {
    value.get::<T>().expect("the kind was tested").into_ref()
}

/// The place in the source, and whether the object can be changed.
fn store_header(value: Value, to: &mut Writer) {
    let header = value.header().expect("it is an object");
    Pos(header.aux).store(to);
    header.sealed.store(to);
    header.frozen.store(to);
}

fn load_value(from: &mut Reader) -> Option<Value> {
    Some(match from.byte()? {
        WORD => {
            let value = Value::from_bits(word(from)?);
            // Addresses and numbers of symbols mean nothing here.
            (!value.is_object() && value.as_symbol().is_none()).then_some(value)?
        }
        SYMBOL => Value::symbol(Store::load(from)?),
        INT => {
            let int = word(from)? as i64;
            from.heap.as_mut()?.int(int)
        }
        STRING => {
            let text: Box<str> = Store::load(from)?;
            from.heap.as_mut()?.string(text)
        }
        PATH => {
            let parts = Store::load(from)?;
            place(from, ComplexSymbol { parts })?
        }
        ARRAY => {
            let items = Vec::load(from)?.into();
            place(from, Array { items })?
        }
        MAP => {
            let entries = load_entries(from)?;
            place(from, Map { entries })?
        }
        GENE => {
            let gene = Gene {
                head: Store::load(from)?,
                props: load_entries(from)?,
                children: Vec::load(from)?.into(),
            };
            place(from, gene)?
        }
        QUOTE => {
            let form = Store::load(from)?;
            place(from, Quote { form })?
        }
        UNQUOTE => {
            let unquote = Unquote {
                form: Store::load(from)?,
                discard: Store::load(from)?,
            };
            place(from, unquote)?
        }
        REGEX => {
            let regex = Regex {
                pattern: Store::load(from)?,
                replacement: Store::load(from)?,
                ignore_case: Store::load(from)?,
                dot_all: Store::load(from)?,
                compiled: OnceCell::new(),
            };
            place(from, regex)?
        }
        _ => return None,
    })
}

fn word(from: &mut Reader) -> Option<u64> {
    let mut bytes = [0; 8];
    for byte in &mut bytes {
        *byte = from.byte()?;
    }
    Some(u64::from_le_bytes(bytes))
}

/// Puts an object on the heap, with the header that [`store_header`] wrote.
fn place<T: HeapData>(from: &mut Reader, data: T) -> Option<Value> {
    let (pos, sealed, frozen) = (Pos::load(from)?, bool::load(from)?, bool::load(from)?);
    let mut object = from.heap.as_mut()?.alloc(data);
    let header = object.header_mut();
    header.aux = pos.0;
    header.sealed = sealed;
    header.frozen = frozen;
    Some(Value::object(object))
}
