//! Tells profilers and debuggers which compiled code lies where.
//!
//! | tool | how it is told |
//! |---|---|
//! | `perf report`, `perf top` | a *perf map*, `/tmp/perf-PID.map`: address, size and name of each piece of code |
//! | `perf inject --jit`, `perf annotate` | a *jitdump*, `jit-PID.dump`: the same with the code itself and its source lines |
//! | GDB | its *JIT interface*: an ELF object with a symbol for each piece, which goes when the code goes |
//!
//! All of them are off unless [`Tools`] asks for them. A file that can no longer be written to is
//! left as it is: a program does not fail because it is watched.

#[cfg(target_os = "linux")]
mod gdb;
#[cfg(target_os = "linux")]
mod jitdump;
#[cfg(target_os = "linux")]
mod perf_map;

use std::cell::RefCell;
use std::io;

/// Which tools are told of compiled code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tools {
    /// The perf map.
    pub perf_map: bool,
    /// The jitdump.
    pub jitdump: bool,
    /// GDB's JIT interface.
    pub gdb: bool,
}

/// A piece of code, as tools are told of it.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Where it lies.
    pub address: usize,
    /// The code.
    pub code: &'a [u8],
    /// The source lines that it comes from, by ascending offsets.
    pub lines: &'a [Line],
}

/// The source line that the code from an offset on comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Offset in the piece.
    pub offset: usize,
    /// The source.
    pub file: Box<str>,
    /// Its line, from 1.
    pub line: usize,
}

/// The tools that are told.
#[derive(Default)]
pub struct Exposure {
    #[cfg(target_os = "linux")]
    perf_map: Option<RefCell<perf_map::PerfMap>>,
    #[cfg(target_os = "linux")]
    jitdump: Option<RefCell<jitdump::Jitdump>>,
    gdb: bool,
}

/// What a debugger knows of a piece of code, until this goes.
#[derive(Default)]
pub struct Exposed {
    #[cfg(target_os = "linux")]
    _symbols: Option<gdb::Registered>,
}

impl Exposure {
    /// Opens what the tools read.
    ///
    /// # Errors
    /// A file cannot be made, or this system has no such tools.
    #[cfg(target_os = "linux")]
    pub fn new(tools: Tools) -> io::Result<Exposure> {
        let perf_map = tools.perf_map.then(perf_map::PerfMap::create).transpose()?;
        let jitdump = tools.jitdump.then(jitdump::Jitdump::create).transpose()?;
        Ok(Exposure {
            perf_map: perf_map.map(RefCell::new),
            jitdump: jitdump.map(RefCell::new),
            gdb: tools.gdb,
        })
    }

    /// Opens what the tools read.
    ///
    /// # Errors
    /// This system has no such tools.
    #[cfg(not(target_os = "linux"))]
    pub fn new(tools: Tools) -> io::Result<Exposure> {
        match tools == Tools::default() {
            true => Ok(Exposure::default()),
            false => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Whether somebody wants to know of source lines.
    pub fn wants_lines(&self) -> bool {
        #[cfg(target_os = "linux")]
        return self.jitdump.is_some();
        #[cfg(not(target_os = "linux"))]
        return false;
    }

    /// Tells of a piece of code that has just been put in its place.
    #[cfg(target_os = "linux")]
    pub fn publish(&self, piece: Piece) -> Exposed {
        let name = printable(piece.name);
        let piece = Piece {
            name: &name,
            ..piece
        };
        if let Some(map) = &self.perf_map {
            map.borrow_mut().add(piece);
        }
        if let Some(dump) = &self.jitdump {
            dump.borrow_mut().add(piece);
        }
        Exposed {
            _symbols: self.gdb.then(|| gdb::Registered::new(piece)),
        }
    }

    /// Tells nobody.
    #[cfg(not(target_os = "linux"))]
    pub fn publish(&self, _piece: Piece) -> Exposed {
        Exposed::default()
    }
}

/// A name in one line and without zeros, which would end it: names in Gene are made of any characters.
#[cfg(target_os = "linux")]
fn printable(name: &str) -> String {
    name.replace(char::is_control, " ")
}
