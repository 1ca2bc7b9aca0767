//! The heap: a precise, non-moving mark-sweep collector.
//!
//! Allocation never collects; it sets [`Heap::poll`], and the VM
//! collects at its next safepoint (a call, a loop's back edge), where every
//! live value is reachable from the roots: the value stack, the VM's tables,
//! handles. Native code may therefore hold [`Gc`] references in Rust variables as long as
//! it does not call back into Gene code; across such a call it keeps them on
//! the value stack ([`crate::vm::Vm::root`]).

mod cells;
mod gc;
mod items;
mod mark;
mod poll;

pub use cells::NEXT_FREE_OFFSET;
pub(crate) use gc::copy_flags;
pub use gc::{Gc, Header, HeapData, Kind, data_offset, header_at, header_word};
pub use items::Items;
pub use mark::Tracer;
pub(crate) use poll::Poll;

use crate::object::{Array, Enum, Gene, Map, PayloadField, PropMap, Scope, Str, Text, Variant};
use crate::symbol::Symbol;
use crate::value::Value;
use cells::Cells;
use gc::Object;
use std::ptr::NonNull;

/// All objects of one VM.
#[repr(C)]
pub struct Heap {
    /// It stands here because allocation is what sets it most often.
    pub(crate) poll: Poll,
    cells: Cells,
    /// Bytes handed out since the last collection, storage outside of cells included.
    allocated: usize,
    /// A collection is due when `allocated` exceeds this.
    threshold: usize,
    /// Collect as often as possible: at each safepoint after an allocation.
    stress: bool,
    /// Upper bound of live bytes, if the embedder set one.
    limit: Option<usize>,
    live: usize,
    collections: usize,
}

/// Fit an object with so many values in a cell?
const fn cell_has_room<T>(values: usize) -> bool {
    values <= (cells::LARGEST - gc::cell_size::<T>()) / size_of::<Value>()
}

/// Collections start at this many allocated bytes.
const FIRST_THRESHOLD: usize = 2 << 20;

/// Near the memory limit, collections are at least this many allocated bytes apart.
const LIMITED_THRESHOLD: usize = 64 << 10;

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

impl Heap {
    /// Offset of what safepoints look at, for compiled code.
    pub(crate) const POLL_OFFSET: usize = std::mem::offset_of!(Heap, poll);

    /// Offset of the list of free cells for objects of so many bytes, which fit in a cell, for compiled code.
    pub(crate) const fn free_cells_offset(size: usize) -> usize {
        std::mem::offset_of!(Heap, cells) + Cells::list_offset(size)
    }

    /// An empty heap.
    pub fn new() -> Heap {
        Heap {
            poll: Poll::default(),
            cells: Cells::new(),
            allocated: 0,
            threshold: FIRST_THRESHOLD,
            stress: false,
            limit: None,
            live: 0,
            collections: 0,
        }
    }

    /// Puts `data` on the heap.
    #[inline]
    pub fn alloc<T: HeapData>(&mut self, data: T) -> Gc<T> {
        self.alloc_with(data, 0, 0)
    }

    /// Puts `data` on the heap with `room` bytes behind it in the same cell.
    #[inline]
    fn alloc_with<T: HeapData>(&mut self, data: T, room: usize, aux: u32) -> Gc<T> {
        let header = Header::new(T::KIND, aux);
        let cell = self.cell(gc::cell_size::<T>() + room).cast();
        // SAFETY: the cell is free memory of at least this size and alignment.
        unsafe { cell.write(Object { header, data }) };
        Gc::from_object(cell)
    }

    /// Free memory of at least `size` bytes.
    #[inline]
    fn cell(&mut self, size: usize) -> NonNull<u8> {
        match self.cells.pop(size) {
            Some(cell) => cell,
            None => self.refill(size),
        }
    }

    #[cold]
    fn refill(&mut self, size: usize) -> NonNull<u8> {
        let (cell, bytes) = self.cells.refill(size, self.stress);
        self.note_external(bytes);
        cell
    }

    /// Puts `data` on the heap and answers the reference as a value.
    #[inline]
    pub fn value<T: HeapData>(&mut self, data: T) -> Value {
        Value::object(self.alloc(data))
    }

    /// An Int of any size.
    #[inline]
    pub fn int(&mut self, i: i64) -> Value {
        Value::small_int(i).unwrap_or_else(|| self.value(i))
    }

    /// A String.
    pub fn string(&mut self, text: impl AsRef<str>) -> Value {
        let text = text.as_ref();
        self.string_with(text.len(), |string| string.push_str(text))
    }

    /// A String of what `write` appends, which is at most `room` bytes: for text that is put together.
    #[inline]
    pub fn string_with(&mut self, room: usize, write: impl FnOnce(&mut Text)) -> Value {
        let mut string = self.alloc_with(Str::new(), room, Str::NOT_COUNTED);
        let mut text = Text::new(string, room);
        write(&mut text);
        string.set_len(text.len());
        Value::object(string)
    }

    /// A new, unsealed Array.
    #[inline]
    pub fn array(&mut self, items: impl AsRef<[Value]> + Into<Items>) -> Value {
        let values = items.as_ref();
        let room = match values.len() {
            0 => Array::ROOM_OF_EMPTY,
            len => len,
        };
        if cell_has_room::<Array>(room) {
            let mut array = self.alloc_with_items(room, 0, |items| Array { items });
            array.items.extend_from_slice(values);
            return Value::object(array);
        }
        let items = items.into();
        self.note_external(items.bytes());
        self.value(Array { items })
    }

    /// The number of values that an object has room for in its cell, if it is made for so many; `None` if they do not
    /// lie there.
    pub(crate) fn room_in_cell<T>(values: usize) -> Option<usize> {
        let size = gc::cell_size::<T>();
        let whole = cells::whole_cell(size + values * size_of::<Value>());
        cell_has_room::<T>(values).then(|| (whole - size) / size_of::<Value>())
    }

    /// Puts an object on the heap that has room for values: in its cell, if it is a small one. The `Items` are its last
    /// field.
    #[inline]
    pub(crate) fn alloc_with_items<T: HeapData>(
        &mut self,
        room: usize,
        aux: u32,
        data: impl FnOnce(Items) -> T,
    ) -> Gc<T> {
        let size = gc::cell_size::<T>();
        let Some(room) = Heap::room_in_cell::<T>(room) else {
            self.note_external(room * size_of::<Value>());
            return self.alloc_with(data(Vec::with_capacity(room).into()), 0, aux);
        };
        let header = Header::new(T::KIND, aux);
        let cell = self.cell(size + room * size_of::<Value>());
        // SAFETY: the cell is free memory of this size and alignment, and the `Items` lie at its object's end.
        unsafe {
            let items = Items::in_cell(cell.add(size).cast(), room);
            let data = data(items);
            cell.cast().write(Object { header, data });
        }
        Gc::from_object(cell.cast())
    }

    /// A new, unsealed Map.
    pub fn map(&mut self, entries: PropMap) -> Value {
        self.note_external(entries.len() * 32);
        self.value(Map { entries })
    }

    /// A new, unsealed Gene value.
    pub fn gene(&mut self, gene: Gene) -> Value {
        self.note_external(gene.children.len() * 8 + gene.props.len() * 32);
        self.value(gene)
    }

    /// An enum of variants with their payload fields, `None` for unit variants.
    pub(crate) fn new_enum(
        &mut self,
        name: Symbol,
        variants: impl IntoIterator<Item = (Symbol, Option<Vec<PayloadField>>)>,
    ) -> Gc<Enum> {
        let mut of = self.alloc(Enum {
            name,
            variants: PropMap::default(),
        });
        for (name, fields) in variants {
            let variant = self.value(Variant {
                of: Value::object(of),
                name,
                fields,
            });
            of.variants.insert(name, variant);
        }
        of
    }

    /// A scope with `slots` variables, all [`Value::UNDEFINED`].
    pub fn scope(&mut self, parent: Value, slots: usize) -> Gc<Scope> {
        let room = slots * size_of::<Value>();
        let scope = self.alloc_with(Scope::with_parent(parent), room, slots as u32);
        for slot in 0..slots {
            scope.set_slot(slot, Value::UNDEFINED);
        }
        scope
    }

    /// Tells the collector of `bytes` allocated outside of the heap's cells, such
    /// as the entries of a map.
    #[inline]
    pub fn note_external(&mut self, bytes: usize) {
        self.allocated += bytes;
        if self.allocated >= self.threshold {
            self.request_safepoint();
        }
    }

    /// Makes the next safepoint look for what there is to do.
    #[inline]
    pub(crate) fn request_safepoint(&self) {
        self.poll.request();
    }

    /// Makes a collection due at the next safepoint: for a tier whose memory may be freed with objects.
    pub fn request_collection(&mut self) {
        self.threshold = 0;
        self.request_safepoint();
    }

    /// Is a collection due?
    #[inline]
    pub fn wants_collection(&self) -> bool {
        self.allocated >= self.threshold
    }

    /// In stress mode each safepoint after an allocation collects.
    pub fn set_stress(&mut self, on: bool) {
        self.stress = on;
        self.set_threshold();
    }

    /// Bounds the live bytes: [`Heap::over_limit`] tells when they are exceeded after a collection.
    pub fn set_limit(&mut self, bytes: Option<usize>) {
        self.limit = bytes;
        self.set_threshold();
    }

    /// Do the objects that survived the last collection exceed the limit?
    pub fn over_limit(&self) -> bool {
        self.limit
            .is_some_and(|limit| self.live + self.allocated > limit)
    }

    /// Bytes that survived the last collection.
    pub fn live_bytes(&self) -> usize {
        self.live
    }

    /// Number of collections so far.
    pub fn collections(&self) -> usize {
        self.collections
    }

    /// Frees every object that `mark_roots` does not reach.
    pub fn collect(&mut self, mark_roots: impl FnOnce(&mut Tracer)) {
        let mut tracer = Tracer::new();
        mark_roots(&mut tracer);
        tracer.drain();
        self.live = self.cells.sweep();
        self.collections += 1;
        self.allocated = 0;
        self.set_threshold();
    }

    fn set_threshold(&mut self) {
        self.threshold = if self.stress {
            1
        } else {
            FIRST_THRESHOLD.max(self.live)
        };
        if let Some(limit) = self.limit {
            self.threshold = self
                .threshold
                .min(limit.saturating_sub(self.live).max(LIMITED_THRESHOLD));
        }
    }
}
