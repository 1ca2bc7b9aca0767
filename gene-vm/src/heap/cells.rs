//! Cells: memory of the objects, in blocks of equal cells with free lists.
//! Objects larger than the largest cell have an allocation of their own.
//!
//! A free list holds the free cells of one block at a time; taking the next block's is what counts as allocation, so
//! that compiled code can take a cell in a few instructions.

use super::gc::{Header, Kind};
use super::mark::operations;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// Bytes of a block.
const BLOCK: usize = 4 << 10;
/// Cell sizes are multiples of this.
const GRAIN: usize = 16;
/// Larger objects are allocated one by one.
pub(super) const LARGEST: usize = 256;
/// Blocks without objects stay for what comes next, up to so many bytes.
const SPARE: usize = 2 << 20;

/// A cell without an object.
#[repr(C)]
struct FreeCell {
    header: Header,
    next: FreeList,
}

type FreeList = Option<NonNull<FreeCell>>;

struct Block {
    memory: NonNull<u8>,
    /// The free cells, if they are not handed out.
    free: FreeList,
    free_cells: usize,
}

/// The blocks of one cell size.
#[derive(Default)]
struct Class {
    blocks: Vec<Block>,
    /// The first block whose free cells are not handed out.
    next: usize,
}

#[repr(C)]
pub(super) struct Cells {
    /// By cell size: what is handed out next.
    free: [FreeList; LARGEST / GRAIN],
    classes: [Class; LARGEST / GRAIN],
    large: Vec<(NonNull<Header>, Layout)>,
}

fn block_layout() -> Layout {
    Layout::from_size_align(BLOCK, GRAIN).expect("a power of two")
}

/// Memory that nobody has used yet.
fn fresh(layout: Layout) -> NonNull<u8> {
    // SAFETY: no layout here has size zero.
    match NonNull::new(unsafe { alloc(layout) }) {
        Some(memory) => memory,
        None => handle_alloc_error(layout),
    }
}

/// The index of the smallest cells of at least `size` bytes.
#[inline]
const fn class_of(size: usize) -> usize {
    (size - 1) / GRAIN
}

/// The size of the cell of an object of `size` bytes, which is not above [`LARGEST`].
#[inline]
pub(super) const fn whole_cell(size: usize) -> usize {
    cell_size(class_of(size))
}

const fn cell_size(class: usize) -> usize {
    (class + 1) * GRAIN
}

/// Offset of the next cell of the list in a free cell, for compiled code.
pub const NEXT_FREE_OFFSET: usize = std::mem::offset_of!(FreeCell, next);

impl Cells {
    /// Offset of the list that cells for objects of so many bytes are taken from.
    pub const fn list_offset(size: usize) -> usize {
        assert!(size <= LARGEST);
        std::mem::offset_of!(Cells, free) + class_of(size) * size_of::<FreeList>()
    }

    pub fn new() -> Cells {
        Cells {
            free: Default::default(),
            classes: Default::default(),
            large: Vec::new(),
        }
    }

    /// A free cell of at least `size` bytes, if one is at hand.
    #[inline]
    pub fn pop(&mut self, size: usize) -> Option<NonNull<u8>> {
        let list = self.free.get_mut(class_of(size))?;
        let cell = (*list)?;
        // SAFETY: cells on a free list hold a `FreeCell`.
        *list = unsafe { cell.as_ref().next };
        Some(cell.cast())
    }

    /// A free cell of at least `size` bytes after [`Cells::pop`] had none, and the number of bytes that are handed
    /// out with this: those of all cells that the next block has, or of few, one of which is left for compiled code.
    #[cold]
    pub fn refill(&mut self, size: usize, few: bool) -> (NonNull<u8>, usize) {
        if size > LARGEST {
            let layout = Layout::from_size_align(size, GRAIN)
                .expect("sizes of objects are far below the address space");
            let memory = fresh(layout);
            self.large.push((memory.cast(), layout));
            return (memory, size);
        }
        let index = class_of(size);
        let class = &mut self.classes[index];
        let (block, cell) = loop {
            let Some(block) = class.blocks.get_mut(class.next) else {
                class.blocks.push(Block::new(cell_size(index)));
                continue;
            };
            match block.free {
                Some(cell) => break (block, cell),
                None => class.next += 1,
            }
        };
        // SAFETY: cells on a free list hold a `FreeCell`.
        let rest = unsafe { cell.as_ref().next };
        self.free[index] = rest;
        let taken = match rest {
            Some(mut second) if few => {
                // SAFETY: as above.
                block.free = unsafe { second.as_mut().next.take() };
                block.free_cells -= 2;
                2
            }
            _ => {
                block.free = None;
                std::mem::take(&mut block.free_cells)
            }
        };
        (cell.cast(), taken * cell_size(index))
    }

    /// Frees the objects that are not marked, unmarks the others, and answers the bytes that these hold.
    pub fn sweep(&mut self) -> usize {
        let mut live = 0;
        let mut spare = SPARE;
        self.free = Default::default();
        for (index, class) in self.classes.iter_mut().enumerate() {
            class.next = 0;
            class.blocks.retain_mut(|block| {
                let used = block.sweep(cell_size(index), &mut live);
                let stays = used || spare >= BLOCK;
                if !stays {
                    // SAFETY: the block came from `alloc` with this layout and holds no object.
                    unsafe { dealloc(block.memory.as_ptr(), block_layout()) };
                } else if !used {
                    spare -= BLOCK;
                }
                stays
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

impl Block {
    /// A block of free cells.
    fn new(size: usize) -> Block {
        let memory = fresh(block_layout());
        let free_cells = BLOCK / size;
        // SAFETY: the cells lie inside the block.
        let free = (0..free_cells).rev().fold(None, |next, cell| unsafe {
            free_cell(memory.add(cell * size), next)
        });
        Block {
            memory,
            free,
            free_cells,
        }
    }

    /// Frees the objects that are not marked and unmarks the others; answers whether there are any.
    fn sweep(&mut self, size: usize, live: &mut usize) -> bool {
        let cells = BLOCK / size;
        self.free = None;
        self.free_cells = 0;
        for cell in (0..cells).rev() {
            // SAFETY: each cell of a block starts with a header.
            let cell = unsafe { self.memory.add(cell * size) };
            if survives(cell.cast(), live) {
                *live += size;
            } else {
                // SAFETY: the object is dropped, the cell is free.
                self.free = unsafe { free_cell(cell, self.free) };
                self.free_cells += 1;
            }
        }
        self.free_cells < cells
    }
}

/// Turns memory into the first free cell of a list.
///
/// # Safety
/// `memory` is a cell without a live object.
unsafe fn free_cell(memory: NonNull<u8>, next: FreeList) -> FreeList {
    let cell = memory.cast::<FreeCell>();
    let header = Header::new(Kind::Free, 0);
    // SAFETY: the smallest cell is as large as a `FreeCell`.
    unsafe { cell.write(FreeCell { header, next }) };
    Some(cell)
}

/// Unmarks a marked object; drops one that is not marked.
#[inline]
fn survives(mut header: NonNull<Header>, live: &mut usize) -> bool {
    // SAFETY: the sweeper passes addresses of cells, each with a header.
    let object = unsafe { header.as_mut() };
    let operations = operations(object.kind);
    let address = header.as_ptr() as u64;
    if object.marked {
        object.marked = false;
        *live += (operations.external_size)(address);
        return true;
    }
    if let Some(drop) = operations.drop {
        drop(address);
    }
    false
}

impl Drop for Cells {
    fn drop(&mut self) {
        // Nothing is marked, so everything goes but the spare blocks.
        self.sweep();
        for block in self.classes.iter().flat_map(|class| &class.blocks) {
            // SAFETY: the block came from `alloc` with this layout and holds no object.
            unsafe { dealloc(block.memory.as_ptr(), block_layout()) };
        }
    }
}
