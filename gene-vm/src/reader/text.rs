//! Text inside of quotes: escapes, and the blank edges of triple-quoted strings.

use super::error::Error;
use super::token::Result;
use std::borrow::Cow;

/// Resolves the escapes of a string literal. `offset` is where `raw` starts.
pub fn unescape(raw: &str, offset: usize) -> Result<Cow<'_, str>> {
    if !raw.contains('\\') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        match chars.next() {
            Some('u') => {
                let bad = || Error::new(offset, "read_string failure: ErrInvalidToken");
                let (c, length) = unicode_escape(&rest[at..]).ok_or_else(bad)?;
                out.push(c);
                rest = &rest[at + length..];
                continue;
            }
            Some(c) => out.push(control_escape(c)),
            None => break,
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// What `\c` stands for, in strings and characters.
pub fn control_escape(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        other => other,
    }
}

/// The character of `\uXXXX`, or of two of them that form a surrogate pair, and the length of the escape.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let high = hex_digits(text)?;
    if !(0xD800..0xDC00).contains(&high) {
        return Some((char::from_u32(high)?, 6));
    }
    let low = hex_digits(&text[6..])?;
    if !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    Some((char::from_u32(code)?, 12))
}

fn hex_digits(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

/// Blanks up to and including a first newline shrink to that newline.
pub fn trim_triple_start(raw: &str) -> &str {
    let trimmed = raw.trim_start_matches(is_blank);
    if trimmed.starts_with('\n') {
        trimmed
    } else {
        raw
    }
}

/// A last newline with blanks behind it shrinks to that newline.
pub fn trim_triple_end(raw: &str) -> &str {
    let trimmed = raw.trim_end_matches(is_blank);
    if trimmed.ends_with('\n') {
        trimmed
    } else {
        raw
    }
}
