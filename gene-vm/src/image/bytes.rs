//! Numbers, texts and names as bytes.

use crate::heap::Heap;
use crate::source::Pos;
use crate::symbol::Symbol;
use rustc_hash::FxHashMap;

/// Values nest at most so deep in an image: both directions recurse.
const MAX_DEPTH: usize = 200;

/// Appends bytes.
#[derive(Default)]
pub struct Writer {
    pub out: Vec<u8>,
    names: Vec<Symbol>,
    numbers: FxHashMap<Symbol, u64>,
    first: Pos,
    depth: usize,
    failed: bool,
}

impl Writer {
    /// A writer of positions in the source that starts at `first`.
    pub fn of_source(first: Pos) -> Writer {
        Writer {
            first,
            ..Writer::default()
        }
    }

    /// What was written is not all that is needed.
    pub fn fail(&mut self) {
        self.failed = true;
    }

    /// Writes something that may hold others of its kind.
    pub fn nested(&mut self, write: impl FnOnce(&mut Writer)) {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => self.fail(),
            false => write(self),
        }
        self.depth -= 1;
    }

    /// A number in base 128, the lowest digit first.
    pub fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }

    /// Bytes behind their number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend(bytes);
    }

    /// A text behind its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A name, by its number in the table.
    pub fn name(&mut self, name: Symbol) {
        let next = self.names.len() as u64;
        let number = *self.numbers.entry(name).or_insert_with(|| {
            self.names.push(name);
            next
        });
        self.number(number);
    }

    /// A position, from the start of the source.
    pub fn pos(&mut self, pos: Pos) {
        match pos {
            Pos::NONE => self.number(0),
            Pos(at) => match at.checked_sub(self.first.0) {
                Some(offset) => self.number(offset as u64 + 1),
                None => self.fail(),
            },
        }
    }

    /// The table of names and what was written; nothing if that is incomplete.
    pub fn finish(self) -> Option<Vec<u8>> {
        if self.failed {
            return None;
        }
        let mut table = Writer::default();
        table.number(self.names.len() as u64);
        for name in &self.names {
            table.text(name.name());
        }
        table.out.extend(self.out);
        Some(table.out)
    }
}

/// Takes bytes. Everything is `None` where they do not hold what is expected.
pub struct Reader<'a> {
    rest: &'a [u8],
    names: Vec<Symbol>,
    first: Pos,
    /// Where values go; there is none while only the parts of an image are looked at.
    pub heap: Option<&'a mut Heap>,
    /// The budget of the code that is read.
    pub budget: i32,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader {
            rest: bytes,
            names: Vec::new(),
            first: Pos::NONE,
            heap: None,
            budget: i32::MAX,
            depth: 0,
        }
    }

    /// A reader of what [`Writer::finish`] gave, for a source that starts at `first` now.
    pub fn with_heap(bytes: &'a [u8], heap: &'a mut Heap, first: Pos) -> Option<Reader<'a>> {
        let mut reader = Reader::new(bytes);
        let count = reader.count()?;
        reader.names.reserve(count);
        for _ in 0..count {
            let name = Symbol::intern(reader.text()?);
            reader.names.push(name);
        }
        reader.heap = Some(heap);
        reader.first = first;
        Some(reader)
    }

    /// Reads something that may hold others of its kind.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    pub fn number(&mut self) -> Option<u64> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= ((byte & 0x7f) as u64) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    /// The number of things that follow, each of which takes a byte at least.
    pub fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        let (bytes, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some(bytes)
    }

    pub fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub fn name(&mut self) -> Option<Symbol> {
        let number = self.number()?;
        self.names.get(number as usize).copied()
    }

    pub fn pos(&mut self) -> Option<Pos> {
        Some(match self.number()? {
            0 => Pos::NONE,
            n => self.first.offset(n as usize - 1),
        })
    }
}
