//! Mistakes in source text.

/// A mistake at a byte offset of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub offset: usize,
}

impl Error {
    /// A mistake.
    pub fn new(offset: usize, message: impl Into<String>) -> Error {
        Error {
            message: message.into(),
            offset,
        }
    }

    /// The text ends inside of what opens at `offset`.
    pub fn unclosed(text: &str, offset: usize, what: &str) -> Error {
        let (line, column) = line_column(text, offset);
        Error::new(
            offset,
            format!("EOF while reading {what} ({line}, {column})"),
        )
    }

    /// A closing bracket without its opening one.
    pub fn unmatched(text: &str, offset: usize) -> Error {
        let (line, column) = line_column(text, offset);
        let found = char_at(text, offset);
        Error::new(
            offset,
            format!("Unmatched delimiter: {found} ({line}, {column})"),
        )
    }

    /// Something else where the name of a property must stand.
    pub fn expect_key(text: &str, offset: usize) -> Error {
        let (line, column) = line_column(text, offset);
        let found = char_at(text, offset);
        Error::new(
            offset,
            format!("Expect key at {line}:{column} but found {found}"),
        )
    }

    /// A property that is there already.
    pub fn second_value(text: &str, offset: usize, key: &str) -> Error {
        let (line, column) = line_column(text, offset);
        let reason = "conflict with property shortcut found earlier.";
        let message = format!("Bad input at {line}:{column} ({reason}): ^{key} is given twice");
        Error::new(offset, message)
    }
}

fn char_at(text: &str, offset: usize) -> String {
    text[offset..]
        .chars()
        .next()
        .map(String::from)
        .unwrap_or_default()
}

fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
