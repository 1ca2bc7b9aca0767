//! Memory for machine code, never writable and executable at once.
//!
//! Each function has a mapping of its own, which goes away with the function. On Linux
//! and most other systems the mapping is filled while it is writable and then switched to
//! executable. On Apple silicon the system only executes memory that was mapped with
//! `MAP_JIT`, which is writable for one thread while `pthread_jit_write_protect_np` says
//! so and executable otherwise; a signed program needs the entitlement
//! `com.apple.security.cs.allow-jit`.

use std::io;

/// A finished piece of machine code at a fixed address.
pub struct CodeMemory {
    map: mapping::Mapping,
}

impl CodeMemory {
    /// Copies code to memory of its own. With `execute` this machine can run it; otherwise it is only to be
    /// read, by the simulator.
    pub fn new(code: &[u8], execute: bool) -> io::Result<CodeMemory> {
        let map = mapping::Mapping::new(code, execute)?;
        if execute {
            let start = map.bytes().as_ptr_range();
            // SAFETY: the range is this mapping's.
            unsafe { clear_cache::clear_cache(start.start, start.end) };
        }
        Ok(CodeMemory { map })
    }

    /// The address of the first byte.
    pub fn address(&self) -> usize {
        self.map.bytes().as_ptr() as usize
    }

    /// The code.
    pub fn bytes(&self) -> &[u8] {
        self.map.bytes()
    }
}

#[cfg(not(all(target_os = "macos", target_arch = "aarch64")))]
mod mapping {
    use memmap2::{Mmap, MmapMut};
    use std::io;

    pub struct Mapping(Mmap);

    impl Mapping {
        pub fn new(code: &[u8], execute: bool) -> io::Result<Mapping> {
            let mut map = MmapMut::map_anon(code.len().max(1))?;
            map[..code.len()].copy_from_slice(code);
            Ok(Mapping(if execute {
                map.make_exec()?
            } else {
                map.make_read_only()?
            }))
        }

        pub fn bytes(&self) -> &[u8] {
            &self.0
        }
    }
}

#[cfg(all(target_os = "macos", target_arch = "aarch64"))]
mod mapping {
    use std::io;

    pub struct Mapping {
        start: *mut u8,
        len: usize,
    }

    impl Mapping {
        pub fn new(code: &[u8], _execute: bool) -> io::Result<Mapping> {
            let len = code.len().max(1);
            let protection = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_JIT;
            // SAFETY: an anonymous mapping at an address of the system's choice touches nothing else.
            let start = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let start = start.cast::<u8>();
            // SAFETY: the mapping is at least as long as the code, and writable for this thread in between.
            unsafe {
                libc::pthread_jit_write_protect_np(0);
                std::ptr::copy_nonoverlapping(code.as_ptr(), start, code.len());
                libc::pthread_jit_write_protect_np(1);
            }
            Ok(Mapping { start, len })
        }

        pub fn bytes(&self) -> &[u8] {
            // SAFETY: the mapping lives as long as `self`.
            unsafe { std::slice::from_raw_parts(self.start, self.len) }
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            // SAFETY: the mapping was made by `new` and nothing uses it any more.
            unsafe { libc::munmap(self.start.cast(), self.len) };
        }
    }
}
