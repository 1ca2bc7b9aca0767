//! The perf map: a text file in which perf looks up addresses that belong to no file.

use super::Piece;
use std::fs::File;
use std::io::{self, Write};

/// The perf map of this process.
pub struct PerfMap {
    file: File,
}

impl PerfMap {
    /// Makes the file where perf looks for it.
    pub fn create() -> io::Result<PerfMap> {
        let file = File::create(format!("/tmp/perf-{}.map", std::process::id()))?;
        Ok(PerfMap { file })
    }

    /// Adds a piece of code. It is written at once: whoever profiles may also kill.
    pub fn add(&mut self, piece: Piece) {
        let _ = self.file.write_all(line(piece).as_bytes());
    }
}

/// Address and size in hexadecimal, and the name up to the end of the line.
fn line(piece: Piece) -> String {
    let Piece {
        name,
        address,
        code,
        ..
    } = piece;
    format!("{address:x} {:x} {name}\n", code.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_a_line() {
        let piece = Piece {
            name: "a b (x.gene:1)",
            address: 0xab00,
            code: &[0; 24],
            lines: &[],
        };
        assert_eq!(line(piece), "ab00 18 a b (x.gene:1)\n");
    }
}
