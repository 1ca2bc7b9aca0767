//! What the inline caches of an instruction have no room for: one table for all instructions that meet many kinds of
//! receivers.

use crate::code::Way;
use std::cell::Cell;
use std::mem::offset_of;

/// A look-up: what was looked up ([`crate::code::Cache::is_crowded`]), and what is known of it for one kind of receiver.
#[derive(Default)]
#[repr(C)]
pub struct Lookup {
    way: Way,
    tag: Cell<u64>,
}

impl Lookup {
    /// Offset of the tag, for compiled code, which takes the start for a way of a cache.
    pub const TAG_OFFSET: usize = offset_of!(Lookup, tag);
}

/// The table has this many bits of place numbers.
pub const PLACE_BITS: u32 = 8;

/// The table. It forgets all when inline caches do.
#[repr(C)]
pub struct Lookups {
    table: Box<[Lookup; 1 << PLACE_BITS]>,
    is_used: Cell<bool>,
}

impl Lookups {
    /// Offset of the table's address, for compiled code.
    pub const TABLE_OFFSET: usize = offset_of!(Lookups, table);

    /// An empty table.
    pub(crate) fn new() -> Lookups {
        Lookups {
            table: Box::new(std::array::from_fn(|_| Lookup::default())),
            is_used: Cell::new(false),
        }
    }

    /// The place of a look-up. The number of an instance's shape is in the upper half of the key; those that follow each
    /// other have places of their own.
    fn place(&self, tag: u64, key: u64) -> &Lookup {
        let place = tag.wrapping_add(key >> 32) as usize;
        &self.table[place & (self.table.len() - 1)]
    }

    /// What is known of a kind of receiver.
    pub(crate) fn find(&self, tag: u64, key: u64) -> Option<&Way> {
        let Lookup { way, tag: of } = self.place(tag, key);
        (of.get() == tag && way.key() == key).then_some(way)
    }

    /// Notes what is known of a kind of receiver.
    pub(crate) fn remember(&self, tag: u64, key: u64, found: u64, more: usize) {
        let lookup = self.place(tag, key);
        lookup.way.set(key, found, more);
        lookup.tag.set(tag);
        self.is_used.set(true);
    }

    /// Forgets all.
    pub(crate) fn forget(&self) {
        if self.is_used.replace(false) {
            for lookup in self.table.iter() {
                lookup.way.set(0, 0, 0);
            }
        }
    }
}
