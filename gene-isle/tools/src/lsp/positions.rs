//! Places as the protocol tells them: files as URIs, columns in UTF-16 units.

use std::path::{Path, PathBuf};

use gene_isle_core::source::{self, SourceFile, Span};
use lsp_types::{Position, Range, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What need not be escaped in the path of a URI, besides letters and digits.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path of a file URI.
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri.scheme().is_some_and(|scheme| scheme.as_str() == "file");
    let path = uri.path().as_estr().decode().into_string().ok()?;
    is_file.then(|| PathBuf::from(path.as_ref()))
}

/// The URI of a file.
pub fn uri_of(path: &Path) -> Option<Uri> {
    let path = utf8_percent_encode(path.to_str()?, ESCAPED);
    format!("file://{path}").parse().ok()
}

/// The place of a byte.
pub fn position(file: &SourceFile, offset: u32) -> Position {
    let source::Position { line, column } = file.position(offset as usize);
    let before = file.line(line).chars().take(column - 1);
    let units: usize = before.map(char::len_utf16).sum();
    Position::new(line as u32 - 1, units as u32)
}

/// The byte at a place; the end of the line or file if the place is beyond.
pub fn offset(file: &SourceFile, position: Position) -> u32 {
    let line = position.line as usize + 1;
    let mut units = 0;
    let before = file.line(line).chars().take_while(|c| {
        units += c.len_utf16();
        units <= position.character as usize
    });
    let column = before.count() + 1;
    file.offset(source::Position { line, column }) as u32
}

/// The stretch of a span.
pub fn range(file: &SourceFile, span: Span) -> Range {
    Range::new(position(file, span.start), position(file, span.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gene_isle_core::source::Sources;

    #[test]
    fn columns_count_utf_16_units() {
        let mut sources = Sources::new();
        sources.add("a.isle", ";ä1\r\n;𝄞x");
        let file = sources.file(0);
        for (byte, line, character) in [(0, 0, 0), (3, 0, 2), (6, 1, 0), (7, 1, 1), (11, 1, 3)] {
            let place = Position::new(line, character);
            assert_eq!(position(file, byte), place);
            assert_eq!(offset(file, place), byte);
        }
        assert_eq!(offset(file, Position::new(1, 99)), 12);
        assert_eq!(offset(file, Position::new(99, 0)), 12);
    }

    #[test]
    fn paths_with_odd_names_become_uris_and_come_back() {
        let path = Path::new("/a b/ä#?%/x.isle");
        let uri = uri_of(path).unwrap();
        assert_eq!(uri.as_str(), "file:///a%20b/%C3%A4%23%3F%25/x.isle");
        assert_eq!(path_of(&uri).unwrap(), path);
        assert_eq!(path_of(&"untitled:one".parse().unwrap()), None);
    }
}
