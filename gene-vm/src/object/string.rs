//! Strings.

use super::heap_data;
use crate::heap::{Gc, data_offset};
use crate::symbol::Symbol;
use std::cell::Cell;
use std::mem::MaybeUninit;

/// A String: immutable UTF-8 text, whose bytes follow in memory, with zeros up to eight bytes. The number of characters
/// is in the header's `aux`, once they have been counted.
#[repr(C)]
pub struct Str {
    len: usize,
    /// The symbol of this name, once it was asked for.
    symbol: Cell<Option<Symbol>>,
}

impl Str {
    /// Offset of the number of bytes in the object, for compiled code.
    pub const LEN_OFFSET: usize = data_offset::<Str>() + std::mem::offset_of!(Str, len);
    /// Offset of the first byte in the object, for compiled code.
    pub const TEXT_OFFSET: usize = data_offset::<Str>() + size_of::<Str>();
    /// What `aux` is while the characters are not counted.
    pub const NOT_COUNTED: u32 = u32::MAX;

    /// An empty String, for now.
    #[inline]
    pub(crate) fn new() -> Str {
        Str {
            len: 0,
            symbol: Cell::new(None),
        }
    }
}

impl Gc<Str> {
    /// The text.
    #[inline]
    pub fn as_str<'a>(self) -> &'a str {
        let first = (self.address() as usize + Str::TEXT_OFFSET) as *const u8;
        // SAFETY: `len` bytes behind the fixed part of the cell were initialised from text.
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(first, self.len)) }
    }

    /// Says that so many bytes have been written.
    #[inline]
    pub(crate) fn set_len(&mut self, len: usize) {
        self.len = len;
    }

    /// Number of characters (Unicode scalars).
    #[inline]
    pub fn char_count(mut self) -> usize {
        if self.header().aux != Str::NOT_COUNTED {
            return self.header().aux as usize;
        }
        let count = self.as_str().chars().count();
        // What 32 bits do not hold is counted each time.
        self.header_mut().aux = u32::try_from(count).unwrap_or(Str::NOT_COUNTED);
        count
    }

    /// The symbol of this name.
    #[inline]
    pub fn symbol(self) -> Symbol {
        match self.symbol.get() {
            Some(symbol) => symbol,
            None => self.remember(Symbol::intern(self.as_str())),
        }
    }

    /// The symbol of this name, if there is one already: look-ups of made-up names need not grow the table of symbols.
    #[inline]
    pub fn known_symbol(self) -> Option<Symbol> {
        match self.symbol.get() {
            None => Symbol::find(self.as_str()).map(|symbol| self.remember(symbol)),
            known => known,
        }
    }

    fn remember(self, symbol: Symbol) -> Symbol {
        self.symbol.set(Some(symbol));
        symbol
    }

    /// Is each character one byte?
    #[inline]
    pub fn is_ascii(self) -> bool {
        self.char_count() == self.len
    }
}

/// The text of a String that is being made, see [`crate::heap::Heap::string_with`].
pub struct Text<'a> {
    room: &'a mut [MaybeUninit<u8>],
    len: usize,
}

impl Text<'_> {
    /// The text of a new String whose cell has room for it.
    #[inline]
    pub(crate) fn new(string: Gc<Str>, room: usize) -> Self {
        let first = (string.address() as usize + Str::TEXT_OFFSET) as *mut MaybeUninit<u8>;
        const { assert!(Str::TEXT_OFFSET % 16 == 8) };
        // SAFETY: sizes of cells are multiples of 16, so that there is room for a word behind the fixed part.
        unsafe { first.cast::<u64>().write(0) };
        // SAFETY: the heap made the cell with so much room behind the fixed part; nobody else knows of it yet.
        let room = unsafe { std::slice::from_raw_parts_mut(first, room) };
        Text { room, len: 0 }
    }

    /// Appends text, for which there is room.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.room[self.len..][..text.len()].write_copy_of_slice(text.as_bytes());
        self.len += text.len();
    }

    /// Number of bytes so far.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

heap_data!(Str, |s, t| ());
