//! The jitdump: a binary file from which `perf inject --jit` makes an ELF image of each piece of code.
//!
//! The format is described in Linux's `tools/perf/Documentation/jitdump-specification.txt`: a
//! header, then records, each with its kind, its size and a time. The times are those of
//! `perf record -k mono`. That perf finds the file is due to a mapping of it as executable memory,
//! which perf records like that of a library.

use super::Piece;
use memmap2::{Mmap, MmapOptions};
use rustix::thread::gettid;
use rustix::time::{ClockId, clock_gettime};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// "JiTD", most significant byte first in a word of the machine's order.
const MAGIC: u32 = 0x4A69_5444;
const VERSION: u32 = 1;
/// The ELF number of the machine that the code is for.
const MACHINE: u32 = object::elf::EM_AARCH64 as u32;
const HEADER_BYTES: u32 = 40;
/// Kind, size and time.
const PREFIX_BYTES: usize = 16;

/// Kinds of records.
const CODE_LOAD: u32 = 0;
const CODE_DEBUG_INFO: u32 = 2;

/// The jitdump of this process.
pub struct Jitdump {
    file: std::fs::File,
    _mapped: Mmap,
    /// How many pieces have been told of.
    count: u64,
}

impl Jitdump {
    /// Makes the file in the folder that the variable `JITDUMPDIR` names, else in the current one.
    pub fn create() -> io::Result<Jitdump> {
        let folder = std::env::var_os("JITDUMPDIR").map(PathBuf::from);
        Jitdump::create_in(&folder.unwrap_or_else(|| PathBuf::from(".")))
    }

    fn create_in(folder: &Path) -> io::Result<Jitdump> {
        let path = folder.join(format!("jit-{}.dump", std::process::id()));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        file.write_all(&header())?;
        // SAFETY: nobody reads or executes the mapping: that it exists is what counts.
        let mapped = unsafe {
            MmapOptions::new()
                .len(HEADER_BYTES as usize)
                .map_exec(&file)?
        };
        Ok(Jitdump {
            file,
            _mapped: mapped,
            count: 0,
        })
    }

    /// Adds a piece of code, its lines first.
    pub fn add(&mut self, piece: Piece) {
        let mut bytes = Vec::new();
        if !piece.lines.is_empty() {
            bytes.extend(record(CODE_DEBUG_INFO, &debug_info(piece)));
        }
        bytes.extend(record(CODE_LOAD, &code_load(piece, self.count)));
        self.count += 1;
        let _ = self.file.write_all(&bytes);
    }
}

fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn header() -> Vec<u8> {
    let mut bytes = Vec::new();
    let pid = std::process::id();
    for word in [MAGIC, VERSION, HEADER_BYTES, MACHINE, 0, pid] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(now().to_ne_bytes());
    let flags = 0u64;
    bytes.extend(flags.to_ne_bytes());
    bytes
}

fn record(kind: u32, body: &[u8]) -> Vec<u8> {
    let size = (PREFIX_BYTES + body.len()) as u32;
    let prefix = [kind.to_ne_bytes(), size.to_ne_bytes()].concat();
    [&prefix, &now().to_ne_bytes()[..], body].concat()
}

fn code_load(piece: Piece, index: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(std::process::id().to_ne_bytes());
    bytes.extend((gettid().as_raw_nonzero().get() as u32).to_ne_bytes());
    let (address, size) = (piece.address as u64, piece.code.len() as u64);
    // The address as the program sees it, and again as it was when the code was made.
    for word in [address, address, size, index] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(zero_ended(piece.name));
    bytes.extend(piece.code);
    bytes
}

fn debug_info(piece: Piece) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [piece.address as u64, piece.lines.len() as u64] {
        bytes.extend(word.to_ne_bytes());
    }
    for line in piece.lines {
        bytes.extend(((piece.address + line.offset) as u64).to_ne_bytes());
        let column = 0u32;
        bytes.extend((line.line as u32).to_ne_bytes());
        bytes.extend(column.to_ne_bytes());
        bytes.extend(zero_ended(&line.file));
    }
    bytes
}

fn zero_ended(text: &str) -> Vec<u8> {
    let text = text.bytes().filter(|&byte| byte != 0);
    text.chain([0]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Line;
    use super::*;
    use linux_perf_data::jitdump::{JitDumpReader, JitDumpRecord};

    #[test]
    fn an_independent_reader_finds_code_and_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut dump = Jitdump::create_in(folder.path()).expect("a file");
        let lines = [0, 8].map(|offset| Line {
            offset,
            file: "x.gene".into(),
            line: 3 + offset,
        });
        let piece = |name, address, code, lines| Piece {
            name,
            address,
            code,
            lines,
        };
        dump.add(piece(
            "first (x.gene:3)",
            0x4000,
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            &lines,
        ));
        dump.add(piece("second", 0x5000, &[0xd6; 4], &[]));

        let name = format!("jit-{}.dump", std::process::id());
        let file = std::fs::File::open(folder.path().join(name)).expect("the file is there");
        let mut reader = JitDumpReader::new(file).expect("a header");
        assert_eq!(reader.header().pid, std::process::id());
        assert_eq!(reader.header().elf_machine_arch, MACHINE);
        let mut seen = Vec::new();
        let mut last_time = 0;
        while let Some(raw) = reader.next_record().expect("a record") {
            assert!(raw.timestamp >= last_time);
            last_time = raw.timestamp;
            seen.push(match raw.parse().expect("a known record") {
                JitDumpRecord::CodeLoad(load) => {
                    assert_eq!((load.pid, load.vma), (std::process::id(), load.code_addr));
                    let name = String::from_utf8(load.function_name.as_slice().to_vec());
                    let bytes = load.code_bytes.as_slice().len();
                    let name = name.expect("text");
                    format!("{} {name}: {:#x}, {bytes} bytes", load.code_index, load.vma)
                }
                JitDumpRecord::CodeDebugInfo(info) => {
                    let entry = |entry: &linux_perf_data::jitdump::JitCodeDebugInfoEntry| {
                        let file = String::from_utf8(entry.file_path.as_slice().to_vec());
                        format!(
                            "{:#x} {}:{}",
                            entry.code_addr,
                            file.expect("text"),
                            entry.line
                        )
                    };
                    let entries: Vec<_> = info.entries.iter().map(entry).collect();
                    format!("lines of {:#x}: {}", info.code_addr, entries.join(", "))
                }
                _ => panic!("nothing else was written"),
            });
        }
        assert_eq!(
            seen,
            [
                "lines of 0x4000: 0x4000 x.gene:3, 0x4008 x.gene:11",
                "0 first (x.gene:3): 0x4000, 12 bytes",
                "1 second: 0x5000, 4 bytes",
            ]
        );
    }
}
