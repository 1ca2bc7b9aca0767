//! Cells: memory of the objects, in blocks of equal cells with free lists.
//! Objects larger than the largest cell have an allocation of their own.

use super::gc::{Gc, Header, HeapData, Kind, Object};
use super::mark::operations;
use crate::object::Scope;
use crate::value::Value;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Bytes of a block.
const BLOCK: usize = 16 << 10;
/// Cell sizes are multiples of this.
const GRAIN: usize = 16;
/// Larger objects are allocated one by one.
const LARGEST: usize = 256;

/// A cell without an object.
#[repr(C)]
struct FreeCell {
    header: Header,
    next: Option<NonNull<FreeCell>>,
}

/// The blocks of one cell size.
#[derive(Default)]
struct Class {
    free: Option<NonNull<FreeCell>>,
    blocks: Vec<NonNull<u8>>,
}

pub(super) struct Cells {
    classes: [Class; LARGEST / GRAIN],
    large: Vec<(NonNull<Header>, Layout)>,
}

fn block_layout() -> Layout {
    Layout::from_size_align(BLOCK, GRAIN).expect("a power of two")
}

impl Cells {
    pub fn new() -> Cells {
        Cells {
            classes: Default::default(),
            large: Vec::new(),
        }
    }

    #[inline]
    pub fn alloc<T: HeapData>(&mut self, data: T) -> Gc<T> {
        let cell = self.cell(size_of::<Object<T>>()).cast::<Object<T>>();
        let header = Header {
            kind: T::KIND,
            marked: false,
            sealed: false,
            frozen: false,
            aux: 0,
        };
        // SAFETY: the cell is free memory of at least this size and alignment.
        unsafe { cell.write(Object { header, data }) };
        Gc::from_object(cell)
    }

    pub fn alloc_scope(&mut self, parent: Value, slots: usize) -> Gc<Scope> {
        let cell = self
            .cell(size_of::<Object<Scope>>() + slots * size_of::<Value>())
            .cast::<Object<Scope>>();
        let header = Header {
            kind: Kind::Scope,
            marked: false,
            sealed: false,
            frozen: false,
            aux: slots as u32,
        };
        // SAFETY: as in `alloc`; the slots lie behind the fixed part of the cell, which was sized for them.
        unsafe {
            cell.write(Object {
                header,
                data: Scope::with_parent(parent),
            });
            let first = cell.as_ptr().add(1).cast::<Value>();
            for slot in 0..slots {
                first.add(slot).write(Value::UNDEFINED);
            }
        }
        Gc::from_object(cell)
    }

    /// Free memory of at least `size` bytes.
    #[inline]
    fn cell(&mut self, size: usize) -> NonNull<u8> {
        if size > LARGEST {
            return self.large_cell(size);
        }
        let index = (size - 1) / GRAIN;
        let free = match self.classes[index].free {
            Some(free) => free,
            None => self.add_block(index),
        };
        // SAFETY: cells on the free list hold a `FreeCell`.
        self.classes[index].free = unsafe { free.as_ref().next };
        free.cast()
    }

    #[cold]
    fn large_cell(&mut self, size: usize) -> NonNull<u8> {
        let layout = Layout::from_size_align(size, GRAIN)
            .expect("sizes of objects are far below the address space");
        // SAFETY: the size is not zero.
        let Some(memory) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        self.large.push((memory.cast(), layout));
        memory
    }

    /// Adds a block of free cells and answers the first of them, which is still on the list.
    #[cold]
    fn add_block(&mut self, index: usize) -> NonNull<FreeCell> {
        // SAFETY: the size is not zero.
        let Some(block) = NonNull::new(unsafe { alloc(block_layout()) }) else {
            handle_alloc_error(block_layout())
        };
        self.classes[index].blocks.push(block);
        let size = (index + 1) * GRAIN;
        let mut next = None;
        for cell in (0..BLOCK / size).rev() {
            // SAFETY: the cell lies inside the block.
            next = Some(unsafe { free_cell(block.add(cell * size), next) });
        }
        let first = next.expect("a block holds many cells");
        self.classes[index].free = Some(first);
        first
    }

    /// Frees the objects that are not marked, unmarks the others, and answers the bytes that these hold.
    pub fn sweep(&mut self) -> usize {
        let mut live = 0;
        for (index, class) in self.classes.iter_mut().enumerate() {
            let size = (index + 1) * GRAIN;
            class.free = None;
            class.blocks.retain(|&block| {
                let before = class.free;
                let mut used = false;
                for cell in (0..BLOCK / size).rev() {
                    // SAFETY: each cell of a block starts with a header.
                    let cell = unsafe { block.add(cell * size) };
                    if survives(cell.cast(), &mut live) {
                        used = true;
                        live += size;
                    } else {
                        // SAFETY: the object is dropped, the cell is free.
                        class.free = Some(unsafe { free_cell(cell, class.free) });
                    }
                }
                if !used {
                    class.free = before;
                    // SAFETY: the block came from `alloc` with this layout and holds no object.
                    unsafe { dealloc(block.as_ptr(), block_layout()) };
                }
                used
            });
        }
        self.large.retain(|&(header, layout)| {
            let survives = survives(header, &mut live);
            if survives {
                live += layout.size();
            } else {
                // SAFETY: the memory came from `alloc` with this layout; the object is dropped.
                unsafe { dealloc(header.as_ptr().cast(), layout) };
            }
            survives
        });
        live
    }
}

/// Turns memory into a free cell.
///
/// # Safety
/// `memory` is a cell without a live object.
unsafe fn free_cell(memory: NonNull<u8>, next: Option<NonNull<FreeCell>>) -> NonNull<FreeCell> {
    let cell = memory.cast::<FreeCell>();
    let header = Header {
        kind: Kind::Free,
        marked: false,
        sealed: false,
        frozen: false,
        aux: 0,
    };
    // SAFETY: the smallest cell is as large as a `FreeCell`.
    unsafe { cell.write(FreeCell { header, next }) };
    cell
}

/// Unmarks a marked object; drops one that is not marked.
fn survives(mut header: NonNull<Header>, live: &mut usize) -> bool {
    // SAFETY: the sweeper passes addresses of cells, each with a header.
    let object = unsafe { header.as_mut() };
    if object.kind == Kind::Free {
        return false;
    }
    let operations = operations(object.kind);
    let address = header.as_ptr() as u64;
    if std::mem::take(&mut object.marked) {
        *live += (operations.external_size)(address);
        true
    } else {
        (operations.drop)(address);
        false
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        // Nothing is marked, so everything goes.
        self.sweep();
    }
}
