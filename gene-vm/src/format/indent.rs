//! The formatter: indents source text anew, line by line. It changes nothing but indentation and trailing blanks,
//! never what a string says, and takes text that cannot be read.

use crate::reader::lex::{Kind, Lexeme, lexemes};
use std::ops::Range;

/// Columns that a level is indented more than the line that opens it.
const STEP: usize = 2;
const BLANKS: [char; 2] = [' ', '\t'];
/// Lines that start with these stand one column less deep.
const CLAUSES: [&str; 5] = ["elif", "else", "when", "catch", "finally"];

/// The text with canonical indentation, line ends and without trailing blanks.
pub fn format_source(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let pieces = lexemes(&text);
    let mut formatter = Formatter {
        text: &text,
        pieces: &pieces,
        levels: Vec::new(),
        depth: 0,
        out: String::with_capacity(text.len()),
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let length = line.strip_suffix('\n').unwrap_or(line).len();
        formatter.line(start..start + length);
        if length < line.len() {
            formatter.out.push('\n');
        }
        start += line.len();
    }
    formatter.out
}

/// What a line left open.
struct Level {
    /// Indentation of the lines inside.
    indent: usize,
    /// Number of open brackets around it: at this depth it is left.
    outer: usize,
    /// The last unclosed `[` with text behind it.
    aligned: Option<Square>,
}

/// An open `[`.
#[derive(Clone, Copy)]
struct Square {
    /// Number of open brackets, this one included.
    depth: usize,
    /// Column behind it.
    column: usize,
}

struct Formatter<'a> {
    text: &'a str,
    /// The pieces that do not end before the current line.
    pieces: &'a [Lexeme],
    levels: Vec<Level>,
    /// Number of open brackets.
    depth: usize,
    out: String,
}

impl<'a> Formatter<'a> {
    fn line(&mut self, line: Range<usize>) {
        let is_inside = self.is_inside(line.start);
        let end = self.visible_end(line.clone());
        let mut pieces = self.starting_in(&line);
        let text = &self.text[line.start..end];
        let stripped = text.trim_start_matches(BLANKS);
        let mut indent = text.len() - stripped.len();
        if is_inside || pieces.iter().all(|piece| piece.kind == Kind::Comment) {
            self.out.push_str(&text[..indent]);
        } else {
            let first = &self.text[pieces[0].range.clone()];
            while let [piece, rest @ ..] = pieces
                && piece.kind == Kind::Close
            {
                self.close();
                self.leave_levels(self.depth);
                pieces = rest;
            }
            indent = self.indent(first);
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
        self.out.push_str(stripped);
        self.open_levels(pieces, indent, end - stripped.len());
    }

    /// The pieces that start in a line. Those before it are dropped.
    fn starting_in(&mut self, line: &Range<usize>) -> &'a [Lexeme] {
        let before = self
            .pieces
            .partition_point(|piece| piece.range.end <= line.start);
        self.pieces = &self.pieces[before..];
        let from = self
            .pieces
            .partition_point(|piece| piece.range.start < line.start);
        let to = self
            .pieces
            .partition_point(|piece| piece.range.start < line.end);
        &self.pieces[from..to]
    }

    /// Does a piece or an interpolated string go on at this line start?
    fn is_inside(&self, at: usize) -> bool {
        let next = self.pieces.partition_point(|piece| piece.range.end <= at);
        let Some(piece) = self.pieces.get(next) else {
            return false;
        };
        piece.range.start < at || piece.in_string
    }

    /// Where a line ends without trailing blanks, unless these belong to a piece.
    fn visible_end(&self, line: Range<usize>) -> usize {
        let trimmed = line.start + self.text[line.clone()].trim_end_matches(BLANKS).len();
        let next = self
            .pieces
            .partition_point(|piece| piece.range.end <= trimmed);
        match self.pieces.get(next) {
            Some(piece) if piece.kind == Kind::Comment && !piece.in_string => trimmed,
            Some(piece) if piece.range.start < line.end || piece.in_string => line.end,
            _ => trimmed,
        }
    }

    /// The indentation of a line that starts with this piece.
    fn indent(&self, first: &str) -> usize {
        let Some(level) = self.levels.last() else {
            return 0;
        };
        let column = match level.aligned {
            Some(square) if !matches!(first, "]" | ")") => square.column,
            _ => level.indent,
        };
        column.saturating_sub(CLAUSES.contains(&first) as usize)
    }

    /// Follows the brackets of a line behind its leading closers. `start` is where its visible text starts.
    fn open_levels(&mut self, pieces: &[Lexeme], indent: usize, start: usize) {
        let before = self.depth;
        let mut lowest = before;
        let mut squares: Vec<Square> = Vec::new();
        for (i, piece) in pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| !piece.in_string)
        {
            match piece.kind {
                Kind::Open(brackets) => {
                    self.depth += brackets;
                    let has_text = pieces
                        .get(i + 1)
                        .is_some_and(|next| next.kind != Kind::Comment);
                    if has_text && self.text[piece.range.clone()].ends_with('[') {
                        squares.push(Square {
                            depth: self.depth,
                            column: indent + self.text[start..piece.range.end].chars().count(),
                        });
                    }
                }
                Kind::Close => {
                    self.close();
                    lowest = lowest.min(self.depth);
                    squares.retain(|square| square.depth <= self.depth);
                }
                _ => {}
            }
        }
        self.leave_levels(lowest);
        if self.depth > before {
            self.levels.push(Level {
                indent: indent + STEP,
                outer: before,
                aligned: squares.pop(),
            });
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Leaves the levels that are closed now; `lowest` is the smallest depth since the last call.
    fn leave_levels(&mut self, lowest: usize) {
        while self
            .levels
            .pop_if(|level| level.outer >= self.depth)
            .is_some()
        {}
        for level in &mut self.levels {
            level.aligned.take_if(|square| square.depth > lowest);
        }
    }
}
