//! Map entries, Gene properties, keywords: values by name, in insertion order.
//!
//! The layout is fixed, so that compiled code can look at the entry where it guesses a name.

use crate::heap::Items;
use crate::symbol::Symbol;
use crate::value::Value;
use std::ops::{Index, IndexMut};

/// A value and its name.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Entry {
    value: Value,
    key: Symbol,
}

impl Entry {
    /// Offset of the value, for compiled code.
    pub const VALUE_OFFSET: usize = std::mem::offset_of!(Entry, value);
    /// Offset of the name, for compiled code.
    pub const KEY_OFFSET: usize = std::mem::offset_of!(Entry, key);
}

/// Values by name, in insertion order.
#[repr(C)]
#[derive(Clone)]
pub struct PropMap {
    entries: Items<Entry>,
    /// Where the entries of names are, one more each, at or behind the names' hashes; 0: nowhere. Empty for
    /// few entries.
    index: Items<u32>,
}

const HASH_FACTOR: u64 = 0x9e37_79b1;
const HASH_SHIFT: u32 = 16;

/// So many entries are looked through without an index.
const FEW: usize = 8;

impl PropMap {
    /// Offset of the entries, for compiled code.
    pub const ENTRIES_OFFSET: usize = std::mem::offset_of!(PropMap, entries);
    /// Offset of the index, for compiled code.
    pub const INDEX_OFFSET: usize = std::mem::offset_of!(PropMap, index);

    /// No entries, but room for some.
    pub fn with_capacity(capacity: usize) -> PropMap {
        PropMap {
            entries: Vec::with_capacity(capacity).into(),
            index: Items::new(),
        }
    }

    /// Number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is there no entry?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// So many entries fit in the storage.
    pub fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// The position of a name.
    #[inline]
    pub fn get_index_of(&self, name: &Symbol) -> Option<usize> {
        if self.index.is_empty() {
            return self.entries.iter().position(|entry| entry.key == *name);
        }
        let mut at = self.first_slot(*name);
        loop {
            let position = (self.index[at] as usize).checked_sub(1)?;
            if self.entries[position].key == *name {
                return Some(position);
            }
            at = self.next_slot(at);
        }
    }

    /// Where the index is first asked for a name.
    fn first_slot(&self, name: Symbol) -> usize {
        // These bits of the product depend on all lower ones of the number.
        let hash = (u64::from(name.index()) * HASH_FACTOR) >> HASH_SHIFT;
        hash as usize & (self.index.len() - 1)
    }

    fn next_slot(&self, at: usize) -> usize {
        (at + 1) & (self.index.len() - 1)
    }

    /// Is there an entry of this name?
    #[inline]
    pub fn contains_key(&self, name: &Symbol) -> bool {
        self.get_index_of(name).is_some()
    }

    /// The value of a name.
    #[inline]
    pub fn get(&self, name: &Symbol) -> Option<&Value> {
        Some(&self.entries[self.get_index_of(name)?].value)
    }

    /// The value of a name, to be changed.
    #[inline]
    pub fn get_mut(&mut self, name: &Symbol) -> Option<&mut Value> {
        let position = self.get_index_of(name)?;
        Some(&mut self.entries[position].value)
    }

    /// The name and value at a position.
    #[inline]
    pub fn get_index(&self, position: usize) -> Option<(&Symbol, &Value)> {
        self.entries.get(position).map(pair)
    }

    /// Gives a name a value; answers the former one.
    #[inline]
    pub fn insert(&mut self, name: Symbol, value: Value) -> Option<Value> {
        if let Some(former) = self.get_mut(&name) {
            return Some(std::mem::replace(former, value));
        }
        self.append(name, value);
        None
    }

    fn append(&mut self, key: Symbol, value: Value) {
        self.entries.push(Entry { value, key });
        let count = self.entries.len();
        if count > FEW && 2 * count > self.index.len() {
            self.build_index();
        } else if !self.index.is_empty() {
            self.note(key, count);
        }
    }

    /// Makes an index that has room for as many entries again.
    #[cold]
    fn build_index(&mut self) {
        self.index = vec![0; 4 * self.entries.len().next_power_of_two()].into();
        for position in 0..self.entries.len() {
            self.note(self.entries[position].key, position + 1);
        }
    }

    /// Notes a name in the index.
    fn note(&mut self, name: Symbol, number: usize) {
        let mut at = self.first_slot(name);
        while self.index[at] != 0 {
            at = self.next_slot(at);
        }
        self.index[at] = u32::try_from(number).expect("there are no more symbols than that");
    }

    /// The value of a name, which is made if there is none.
    pub fn get_or_insert_with(&mut self, name: Symbol, make: impl FnOnce() -> Value) -> &mut Value {
        let position = self.get_index_of(&name).unwrap_or_else(|| {
            self.append(name, make());
            self.entries.len() - 1
        });
        &mut self.entries[position].value
    }

    /// Removes an entry; those behind it move.
    pub fn shift_remove(&mut self, name: &Symbol) -> Option<Value> {
        let position = self.get_index_of(name)?;
        let removed = self.entries.remove(position);
        if !self.index.is_empty() {
            self.build_index();
        }
        Some(removed.value)
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        *self = PropMap::default();
    }

    /// The entries.
    pub fn iter(&self) -> Iter<'_> {
        self.entries.iter().map(pair)
    }

    /// The names.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Symbol> + ExactSizeIterator + Clone {
        self.entries.iter().map(|entry| &entry.key)
    }

    /// The values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.entries.iter().map(|entry| &entry.value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.entries.iter_mut().map(|entry| &mut entry.value)
    }
}

fn pair(entry: &Entry) -> (&Symbol, &Value) {
    (&entry.key, &entry.value)
}

/// Iterates over entries.
pub type Iter<'a> =
    std::iter::Map<std::slice::Iter<'a, Entry>, fn(&'a Entry) -> (&'a Symbol, &'a Value)>;

impl Default for PropMap {
    fn default() -> PropMap {
        PropMap::with_capacity(0)
    }
}

impl Index<usize> for PropMap {
    type Output = Value;

    #[inline]
    fn index(&self, position: usize) -> &Value {
        &self.entries[position].value
    }
}

impl Index<&Symbol> for PropMap {
    type Output = Value;

    fn index(&self, name: &Symbol) -> &Value {
        self.get(name).expect("there is an entry of this name")
    }
}

impl IndexMut<usize> for PropMap {
    #[inline]
    fn index_mut(&mut self, position: usize) -> &mut Value {
        &mut self.entries[position].value
    }
}

impl<'a> IntoIterator for &'a PropMap {
    type Item = (&'a Symbol, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for PropMap {
    type Item = (Symbol, Value);
    type IntoIter = std::iter::Map<std::vec::IntoIter<Entry>, fn(Entry) -> (Symbol, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        let entries: Vec<Entry> = self.entries.into();
        entries.into_iter().map(|entry| (entry.key, entry.value))
    }
}

impl Extend<(Symbol, Value)> for PropMap {
    fn extend<I: IntoIterator<Item = (Symbol, Value)>>(&mut self, entries: I) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl<'a> Extend<(&'a Symbol, &'a Value)> for PropMap {
    fn extend<I: IntoIterator<Item = (&'a Symbol, &'a Value)>>(&mut self, entries: I) {
        self.extend(entries.into_iter().map(|(&name, &value)| (name, value)));
    }
}

impl FromIterator<(Symbol, Value)> for PropMap {
    fn from_iter<I: IntoIterator<Item = (Symbol, Value)>>(entries: I) -> PropMap {
        let mut map = PropMap::default();
        map.extend(entries);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names are found, and stay in order, however many there are and whichever of them are removed.
    #[test]
    fn behaves_as_a_list_without_duplicates() {
        let name = |i: usize| Symbol::intern(&format!("prop_map_{}", i * i % 61));
        let mut map = PropMap::default();
        let mut list: Vec<(Symbol, Value)> = Vec::new();
        for step in 0..500 {
            let (name, value) = (name(step * 7), Value::int32(step as i32));
            let position = list.iter().position(|&(other, _)| other == name);
            assert_eq!(map.get_index_of(&name), position);
            match position {
                Some(at) if step % 3 == 0 => {
                    let (_, former) = list.remove(at);
                    assert_eq!(map.shift_remove(&name), Some(former));
                }
                Some(at) => {
                    let former = std::mem::replace(&mut list[at].1, value);
                    assert_eq!(map.insert(name, value), Some(former));
                }
                None => {
                    list.push((name, value));
                    assert_eq!(map.insert(name, value), None);
                }
            }
            assert!(map.clone().into_iter().eq(list.iter().copied()));
        }
        map.clear();
        assert_eq!(map.get_index_of(&name(0)), None);
    }
}
