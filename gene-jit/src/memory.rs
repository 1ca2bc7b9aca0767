//! Memory for machine code, never writable and executable at once.
//!
//! An [`Arena`] is a stretch of addresses that is reserved once, so that all code of a VM reaches all other with one
//! branch. Pages get memory when code comes to lie in them. They are writable while code is copied in and
//! executable afterwards; no code runs meanwhile, because a VM has one thread. On Apple silicon the system only executes memory
//! that was mapped with `MAP_JIT`, which is writable for one thread while `pthread_jit_write_protect_np` says so and
//! executable otherwise; a signed program needs the entitlement `com.apple.security.cs.allow-jit`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::rc::Rc;

/// Code begins at multiples of this: the fetch width of common cores.
const ALIGNMENT: usize = 16;

/// Memory for the machine code of one VM.
pub struct Arena {
    pages: pages::Pages,
    free: RefCell<FreeList>,
    capacity: usize,
    /// Bytes of all code that has been placed, also of what is gone.
    placed: Cell<usize>,
    /// Is the code for this machine, or only for the simulator to read?
    execute: bool,
}

/// A piece of machine code in an [`Arena`], which is free again when this goes.
pub struct Block {
    arena: Rc<Arena>,
    range: Range<usize>,
}

impl Arena {
    /// Reserves addresses for `capacity` bytes of code, in steps of their alignment. With `execute` this machine can run the
    /// code; otherwise it is only to be read, by the simulator.
    ///
    /// # Errors
    /// The system does not give them.
    pub fn new(capacity: usize, execute: bool) -> io::Result<Rc<Arena>> {
        let capacity = capacity.next_multiple_of(ALIGNMENT);
        let reserved = capacity.max(1).next_multiple_of(pages::size());
        Ok(Rc::new(Arena {
            pages: pages::Pages::reserve(reserved)?,
            free: RefCell::new(FreeList::new(capacity)),
            capacity,
            placed: Cell::new(0),
            execute,
        }))
    }

    /// How many bytes of code fit in.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Bytes of all code that has been placed, also of what is gone.
    pub fn placed(&self) -> usize {
        self.placed.get()
    }

    /// Copies code into the arena. `link` gets the copy and its address, to fill in what depends on that.
    /// `None` if there is no room or no memory.
    pub fn place(
        self: &Rc<Arena>,
        code: &[u8],
        link: impl FnOnce(&mut [u8], usize),
    ) -> Option<Block> {
        let range = self.free.borrow_mut().take(code.len())?;
        let block = Block {
            arena: self.clone(),
            range,
        };
        self.placed.set(self.placed.get() + code.len());
        let address = block.address();
        self.pages
            .write(block.range.clone(), self.execute, |memory| {
                memory.copy_from_slice(code);
                link(memory, address);
            })
            .ok()?;
        if self.execute {
            let bytes = block.bytes().as_ptr_range();
            // SAFETY: the range is the block's.
            unsafe { clear_cache::clear_cache(bytes.start, bytes.end) };
        }
        Some(block)
    }
}

impl Block {
    /// The address of the first byte.
    pub fn address(&self) -> usize {
        self.arena.pages.start() + self.range.start
    }

    /// The code.
    pub fn bytes(&self) -> &[u8] {
        self.arena.pages.bytes(self.range.clone())
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.arena.free.borrow_mut().give(self.range.clone());
    }
}

/// The stretches of an arena that hold no code, by their start; neighbours are merged.
struct FreeList(BTreeMap<usize, usize>);

impl FreeList {
    fn new(capacity: usize) -> FreeList {
        FreeList(BTreeMap::from([(0, capacity)]))
    }

    /// The first stretch that is long enough.
    fn take(&mut self, len: usize) -> Option<Range<usize>> {
        let size = len.max(1).next_multiple_of(ALIGNMENT);
        let (&start, &end) = self.0.iter().find(|&(start, end)| end - start >= size)?;
        self.0.remove(&start);
        if start + size < end {
            self.0.insert(start + size, end);
        }
        Some(start..start + len)
    }

    fn give(&mut self, range: Range<usize>) {
        let mut start = range.start;
        let mut end = start + range.len().max(1).next_multiple_of(ALIGNMENT);
        if let Some(after) = self.0.remove(&end) {
            end = after;
        }
        if let Some((&before, &before_end)) = self.0.range(..start).next_back()
            && before_end == start
        {
            start = before;
        }
        self.0.insert(start, end);
    }
}

#[cfg(not(all(target_os = "macos", target_arch = "aarch64")))]
mod pages {
    use region::{Allocation, Protection};
    use std::io;
    use std::ops::Range;

    pub struct Pages(Allocation);

    pub fn size() -> usize {
        region::page::size()
    }

    fn error(error: region::Error) -> io::Error {
        io::Error::other(error)
    }

    impl Pages {
        pub fn reserve(capacity: usize) -> io::Result<Pages> {
            region::alloc(capacity, Protection::NONE)
                .map(Pages)
                .map_err(error)
        }

        pub fn start(&self) -> usize {
            self.0.as_ptr::<u8>().addr()
        }

        pub fn bytes(&self, range: Range<usize>) -> &[u8] {
            // SAFETY: the range was written before, so its pages are readable.
            unsafe {
                std::slice::from_raw_parts(self.0.as_ptr::<u8>().add(range.start), range.len())
            }
        }

        /// Lets `fill` write a range that nobody else uses.
        pub fn write(
            &self,
            range: Range<usize>,
            execute: bool,
            fill: impl FnOnce(&mut [u8]),
        ) -> io::Result<()> {
            let after = if execute {
                Protection::READ_EXECUTE
            } else {
                Protection::READ
            };
            // SAFETY: the pages are this arena's, and none of the code in them runs now.
            unsafe {
                let start = self.0.as_ptr::<u8>().cast_mut().add(range.start);
                region::protect(start, range.len(), Protection::READ_WRITE).map_err(error)?;
                fill(std::slice::from_raw_parts_mut(start, range.len()));
                region::protect(start, range.len(), after).map_err(error)
            }
        }
    }
}

#[cfg(all(target_os = "macos", target_arch = "aarch64"))]
mod pages {
    use std::io;
    use std::ops::Range;

    pub struct Pages {
        start: *mut u8,
        capacity: usize,
    }

    pub fn size() -> usize {
        16 << 10
    }

    impl Pages {
        pub fn reserve(capacity: usize) -> io::Result<Pages> {
            let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_JIT;
            // SAFETY: an anonymous mapping at an address of the system's choice touches nothing else.
            let start =
                unsafe { libc::mmap(std::ptr::null_mut(), capacity, protection, flags, -1, 0) };
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let start = start.cast::<u8>();
            Ok(Pages { start, capacity })
        }

        pub fn start(&self) -> usize {
            self.start.addr()
        }

        pub fn bytes(&self, range: Range<usize>) -> &[u8] {
            // SAFETY: the mapping lives as long as `self`.
            unsafe { std::slice::from_raw_parts(self.start.add(range.start), range.len()) }
        }

        /// Lets `fill` write a range that nobody else uses.
        pub fn write(
            &self,
            range: Range<usize>,
            _execute: bool,
            fill: impl FnOnce(&mut [u8]),
        ) -> io::Result<()> {
            // SAFETY: the range is this mapping's, and writable for this thread in between.
            unsafe {
                libc::pthread_jit_write_protect_np(0);
                fill(std::slice::from_raw_parts_mut(
                    self.start.add(range.start),
                    range.len(),
                ));
                libc::pthread_jit_write_protect_np(1);
            }
            Ok(())
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // SAFETY: the mapping was made by `reserve` and nothing uses it any more.
            unsafe { libc::munmap(self.start.cast(), self.capacity) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again() {
        let arena = Arena::new(1 << 16, false).expect("addresses are there");
        let room = |bytes: usize| arena.place(&vec![7; bytes], |_, _| {});
        let first = room(1 << 15).expect("there is room");
        let second = room((1 << 15) - 16).expect("there is room");
        assert!(room(1 << 12).is_none());
        let address = first.address();
        drop(first);
        assert_eq!(room(1 << 12).map(|block| block.address()), Some(address));
        drop(second);
        assert_eq!(arena.free.borrow().0, BTreeMap::from([(0, 1 << 16)]));
    }

    #[test]
    fn code_is_linked_where_it_lies() {
        let arena = Arena::new(1 << 16, false).expect("addresses are there");
        let block = arena
            .place(&[0; 8], |memory, address| {
                memory.copy_from_slice(&address.to_le_bytes())
            })
            .expect("there is room");
        assert_eq!(block.bytes(), block.address().to_le_bytes());
    }
}
