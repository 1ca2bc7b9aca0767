//! How strings, characters and symbols are spelled in source.

use crate::object::ComplexSymbol;
use crate::reader::is_token_end;
use crate::symbol::Symbol;

/// Appends a string literal.
pub fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Appends a character literal.
pub fn character(out: &mut String, c: char) {
    out.push('\'');
    match c {
        '\'' => out.push_str("\\'"),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c => out.push(c),
    }
    out.push('\'');
}

/// Appends a symbol. `may_be_key` where a leading `^` would make it the name of a property.
pub fn symbol(out: &mut String, symbol: Symbol, may_be_key: bool) {
    match symbol.name() {
        // Operators are symbols although a slash is in them.
        name @ ("/" | "/=" | "./") => out.push_str(name),
        name @ ("%" | "%=") => out.push_str(name),
        // A backslash in front makes a symbol of what is a value.
        name @ ("nil" | "void" | "true" | "false" | "not_found") => {
            out.push('\\');
            out.push_str(name);
        }
        name => {
            escape_start(out, name, may_be_key);
            escape(out, name, &[]);
        }
    }
}

/// Appends a path.
pub fn path(out: &mut String, path: &ComplexSymbol, may_be_key: bool) {
    for (i, part) in path.parts.iter().enumerate() {
        if i == 0 {
            escape_start(out, part.name(), may_be_key);
        } else {
            out.push('/');
        }
        escape(out, part.name(), &[]);
    }
}

/// Appends the name of a property, behind its `^`.
pub fn key(out: &mut String, name: Symbol) {
    let name = name.name();
    if name.starts_with('!') {
        out.push('\\');
    }
    escape(out, name, &['^']);
}

/// A backslash, when the first character would start another token.
fn escape_start(out: &mut String, name: &str, may_be_key: bool) {
    let mut chars = name.chars();
    let starts_token = match chars.next() {
        Some('\'' | '0'..='9') => true,
        Some('+' | '-') => chars.next().is_some_and(|c| c.is_ascii_digit()),
        Some('#') => chars.next().is_none_or(|c| " \t\n\r#!<\"([{/@".contains(c)),
        Some('^') => may_be_key,
        Some('\u{feff}') => true,
        _ => false,
    };
    if starts_token {
        out.push('\\');
    }
}

fn escape(out: &mut String, name: &str, more: &[char]) {
    for c in name.chars() {
        if is_token_end(c) || matches!(c, '/' | '\\') || more.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
}
