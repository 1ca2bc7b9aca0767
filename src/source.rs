//! Getting at program text.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::path::Path;

/// Reads a source file.
pub fn read_file(path: &Path) -> Result<String, String> {
    decode(read_bytes(path)?, &path.display().to_string())
}

/// Reads a file of any kind.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("File not found: {shown}"),
        ErrorKind::IsADirectory => format!("{shown} is a directory, not a source file"),
        _ => format!("Cannot read {shown}: {error}"),
    })
}

/// Reads standard input to its end. It is an error when that is a terminal, or empty.
pub fn read_stdin(if_terminal: &str, if_empty: &str) -> Result<String, String> {
    let mut stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(if_terminal.to_owned());
    }
    let mut bytes = Vec::new();
    stdin
        .read_to_end(&mut bytes)
        .map_err(|error| format!("Cannot read standard input: {error}"))?;
    let text = decode(bytes, "standard input")?;
    if text.is_empty() {
        return Err(if_empty.to_owned());
    }
    Ok(text)
}

fn decode(bytes: Vec<u8>, origin: &str) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1;
        format!("{origin} is not UTF-8 text: line {line} holds an invalid byte")
    })
}
