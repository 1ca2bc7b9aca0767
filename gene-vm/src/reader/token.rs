//! Tokens: what the scanner hands to the builder.

use super::error::Error;
use crate::object::{Date, DateTime, Regex, Time};
use std::borrow::Cow;

/// The kinds of brackets. `{{` opens a hash map; its closer is two closing braces, which only
/// the builder can tell from the ends of two maps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bracket {
    /// `( )`
    Round,
    /// `[ ]`
    Square,
    /// `{ }`
    Curly,
    /// `{{ }}`
    DoubleCurly,
}

/// One token.
pub enum Token<'a> {
    /// The end of the text.
    End,
    /// An opening bracket, with `#` in front if sealed.
    Open(Bracket, bool),
    /// A closing bracket, never [`Bracket::DoubleCurly`].
    Close(Bracket),
    /// `;`
    Semicolon,
    /// `` ` ``
    Quote,
    /// `%`, or `%_` when the result is to be dropped.
    Unquote {
        /// `%_`
        discard: bool,
    },
    /// `#@`
    Decorator,
    /// The opening of an interpolated string; [`super::scan::Scanner::string_part`] reads what is inside.
    Interpolation {
        /// `#"""`
        triple: bool,
    },
    /// A symbol, path or name of a property, as spelled.
    Symbol(&'a str),
    /// An Int.
    Int(i64),
    /// A Float.
    Float(f64),
    /// A character.
    Char(char),
    /// A string, escapes resolved.
    Str(Cow<'a, str>),
    /// A rare literal.
    Literal(Box<Literal>),
}

/// Literals that are rare, read by the grammar.
pub enum Literal {
    /// `2024-01-23`
    Date(Date),
    /// `10:30`
    Time(Time),
    /// `2024-01-23T10:30`
    DateTime(DateTime),
    /// `0#ff`
    Bytes(Box<[u8]>),
    /// `#/a+/i`
    Regex(Regex),
}

/// What stands inside an interpolated string.
pub enum StringPart<'a> {
    /// Characters, escapes resolved.
    Text(Cow<'a, str>),
    /// `#{`
    Hole,
    /// `#(` or `#[`
    Open(Bracket),
    /// The closing quotes.
    Close,
}

pub(super) type Result<T> = std::result::Result<T, Error>;
