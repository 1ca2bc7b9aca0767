//! The scanner: from text to tokens.
//!
//! Tokens that make up almost all of a program are read by hand, byte by byte; `literal` reads the others by the
//! grammar.

use super::error::Error;
use super::literal;
use super::text::{control_escape, trim_triple_end, trim_triple_start, unescape};
use super::token::{Bracket, Literal, Result, StringPart, Token};
use std::borrow::Cow;

/// Cuts a text into tokens.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

const BLANK: u8 = 1;
/// Ends a symbol.
const END: u8 = 2;

/// What each byte means between and at the end of tokens.
const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut i = 0;
    let blanks = b" \t\n\r,";
    while i < blanks.len() {
        class[blanks[i] as usize] = BLANK | END;
        i += 1;
    }
    let ends = b";\"`%()[]{}";
    i = 0;
    while i < ends.len() {
        class[ends[i] as usize] = END;
        i += 1;
    }
    class
};

fn is_blank(byte: u8) -> bool {
    CLASS[byte as usize] & BLANK != 0
}

fn ends_symbol(byte: u8) -> bool {
    CLASS[byte as usize] & END != 0
}

/// Does a symbol or literal end in front of this character?
pub fn is_token_end(c: char) -> bool {
    c.is_ascii() && ends_symbol(c as u8)
}

impl<'a> Scanner<'a> {
    /// A scanner at the start of `text`.
    pub fn new(text: &'a str) -> Scanner<'a> {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Scanner { text, at }
    }

    /// Where the scanner is.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// Moves over the byte, if it comes next.
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.byte(0) == Some(byte);
        self.at += found as usize;
        found
    }

    /// Where the next token starts, behind blanks and comments.
    pub fn skip(&mut self) -> Result<usize> {
        loop {
            self.skip_blanks();
            if !self.skip_comment()? {
                return Ok(self.at);
            }
        }
    }

    /// Moves over blanks.
    pub fn skip_blanks(&mut self) {
        while self.byte(0).is_some_and(is_blank) {
            self.at += 1;
        }
    }

    /// Moves over a comment, if one comes next.
    pub fn skip_comment(&mut self) -> Result<bool> {
        if self.byte(0) != Some(b'#') {
            return Ok(false);
        }
        match self.byte(1) {
            Some(b' ' | b'\t' | b'\n' | b'\r' | b'#' | b'!') | None => {
                let rest = &self.text.as_bytes()[self.at..];
                self.at += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            }
            Some(b'<') => self.block_comment()?,
            Some(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Moves over a character that starts no token.
    pub fn skip_char(&mut self) {
        let next = self.text[self.at..].chars().next();
        self.at += next.map_or(0, char::len_utf8);
    }

    /// Moves over `#< … >#`. Its end is the first `>#` without another `>` in front.
    fn block_comment(&mut self) -> Result<()> {
        let start = self.at;
        let mut from = start + 2;
        while let Some(found) = self.text[from..].find(">#") {
            let end = from + found;
            from = end + 2;
            if self.text.as_bytes()[end - 1] != b'>' {
                self.at = from;
                return Ok(());
            }
        }
        Err(Error::new(start, "EOF while reading comment >#"))
    }

    /// The next token and where it starts.
    #[inline]
    pub fn next(&mut self) -> Result<(usize, Token<'a>)> {
        let start = self.skip()?;
        let Some(first) = self.byte(0) else {
            return Ok((start, Token::End));
        };
        let token = match first {
            b'(' => self.take(1, Token::Open(Bracket::Round, false)),
            b')' => self.take(1, Token::Close(Bracket::Round)),
            b'[' => self.take(1, Token::Open(Bracket::Square, false)),
            b']' => self.take(1, Token::Close(Bracket::Square)),
            b'{' => self.curly(false),
            b'}' => self.take(1, Token::Close(Bracket::Curly)),
            b';' => self.take(1, Token::Semicolon),
            b'`' => self.take(1, Token::Quote),
            b'"' => self.string()?,
            b'\'' => self.character()?,
            b'0'..=b'9' => self.number()?,
            b'+' | b'-' if self.byte(1).is_some_and(|b| b.is_ascii_digit()) => self.number()?,
            b'%' => self.percent()?,
            b'#' => self.hash()?,
            _ => self.symbol()?,
        };
        Ok((start, token))
    }

    fn take(&mut self, bytes: usize, token: Token<'a>) -> Token<'a> {
        self.at += bytes;
        token
    }

    fn curly(&mut self, sealed: bool) -> Token<'a> {
        if self.byte(1) == Some(b'{') {
            self.take(2, Token::Open(Bracket::DoubleCurly, sealed))
        } else {
            self.take(1, Token::Open(Bracket::Curly, sealed))
        }
    }

    fn percent(&mut self) -> Result<Token<'a>> {
        let ends = |byte: Option<u8>| byte.is_none_or(|b| is_blank(b) || b";)]}".contains(&b));
        if ends(self.byte(1)) || self.byte(1) == Some(b'=') && ends(self.byte(2)) {
            let length = 1 + (self.byte(1) == Some(b'=')) as usize;
            self.at += length;
            return Ok(Token::Symbol(&self.text[self.at - length..self.at]));
        }
        let discard = self.byte(1) == Some(b'_') && !ends(self.byte(2));
        Ok(self.take(1 + discard as usize, Token::Unquote { discard }))
    }

    /// A token that starts with `#` and is not a comment.
    fn hash(&mut self) -> Result<Token<'a>> {
        Ok(match self.byte(1) {
            Some(b'(') => self.take(2, Token::Open(Bracket::Round, true)),
            Some(b'[') => self.take(2, Token::Open(Bracket::Square, true)),
            Some(b'{') => {
                self.at += 1;
                self.curly(true)
            }
            Some(b'"') => {
                let triple = self.text[self.at + 1..].starts_with("\"\"\"");
                self.take(if triple { 4 } else { 2 }, Token::Interpolation { triple })
            }
            Some(b'@') => self.take(2, Token::Decorator),
            Some(b'/') => self.literal(literal::regex)?,
            _ => self.symbol()?,
        })
    }

    fn literal(&mut self, read: fn(&str, usize) -> Result<(Literal, usize)>) -> Result<Token<'a>> {
        let (literal, length) = read(&self.text[self.at..], self.at)?;
        self.at += length;
        Ok(Token::Literal(Box::new(literal)))
    }

    fn symbol(&mut self) -> Result<Token<'a>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            if ends_symbol(byte) {
                break;
            }
            at += 1;
            if byte == b'\\' {
                let Some(escaped) = self.text[at..].chars().next() else {
                    return Err(Error::new(
                        start,
                        "EOF while reading symbol: nothing follows \\",
                    ));
                };
                at += escaped.len_utf8();
            }
        }
        self.at = at;
        Ok(Token::Symbol(&self.text[start..at]))
    }

    // ── Numbers ────────────────────────────────────────────────────────────

    fn number(&mut self) -> Result<Token<'a>> {
        let start = self.at;
        let rest = &self.text[start..];
        let sign = rest.starts_with(['+', '-']) as usize;
        let mut length = sign + digits(&rest[sign..]);
        let is_zero = &rest[..length] == "0";
        let mut is_float = false;
        match rest.as_bytes().get(length) {
            Some(b'-' | b':') => return self.literal(literal::moment),
            Some(b'!' | b'#' | b'*') if is_zero => return self.literal(literal::bytes),
            Some(b'x' | b'X') if is_zero => return self.hexadecimal(),
            Some(b'/') => return Err(Error::new(start, "TODO: ratio")),
            Some(b'.') => {
                is_float = true;
                length += 1;
                length += digits(&rest[length..]);
            }
            _ => {}
        }
        if let Some(b'e' | b'E') = rest.as_bytes().get(length) {
            is_float = true;
            length += 1;
            length += rest[length..].starts_with(['+', '-']) as usize;
            let exponent = digits(&rest[length..]);
            if exponent == 0 {
                let message = format!("invalid float: {}", &rest[..length]);
                return Err(Error::new(start, message));
            }
            length += exponent;
        }
        self.end_number(length)?;
        let text = &rest[..length];
        if is_float {
            let value = text.parse().expect("the scanner took a float");
            return Ok(Token::Float(value));
        }
        match text.parse() {
            Ok(value) => Ok(Token::Int(value)),
            Err(_) => Err(Error::new(start, OUT_OF_RANGE)),
        }
    }

    fn hexadecimal(&mut self) -> Result<Token<'a>> {
        let start = self.at;
        let rest = &self.text[start + 2..];
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_hexdigit() || *b == b'_')
            .count();
        let digits: String = rest[..length].chars().filter(|&c| c != '_').collect();
        if digits.is_empty() {
            return Err(Error::new(start, "Expected hex digits after 0x"));
        }
        self.end_number(2 + length)?;
        match u64::from_str_radix(&digits, 16) {
            Ok(value) => Ok(Token::Int(value as i64)),
            Err(_) => Err(Error::new(start, OUT_OF_RANGE)),
        }
    }

    /// Moves over a number; a letter must not follow.
    fn end_number(&mut self, length: usize) -> Result<()> {
        let start = self.at;
        self.at += length;
        match self.text[self.at..].chars().next() {
            Some(c) if c.is_alphabetic() => Err(Error::new(start, "TODO: number with unit")),
            _ => Ok(()),
        }
    }

    // ── Text ───────────────────────────────────────────────────────────────

    fn character(&mut self) -> Result<Token<'a>> {
        let start = self.at;
        let mut chars = self.text[start + 1..].chars();
        let wrong = |found: Option<char>| {
            let found = found.map_or("EOF".into(), String::from);
            let message = format!("Expected closing ' in character literal, got: {found}");
            Error::new(start, message)
        };
        let c = match chars.next() {
            Some('\\') => chars.next().map(control_escape),
            Some('\'') => return Err(wrong(chars.next())),
            other => other,
        };
        let Some(c) = c else { return Err(wrong(None)) };
        match chars.next() {
            Some('\'') => {}
            other => return Err(wrong(other)),
        }
        self.at = self.text.len() - chars.as_str().len();
        Ok(Token::Char(c))
    }

    fn string(&mut self) -> Result<Token<'a>> {
        let start = self.at;
        let unclosed = || Error::new(start, UNCLOSED_STRING);
        let triple = self.text[start..].starts_with("\"\"\"");
        let quotes = if triple { 3 } else { 1 };
        let first = start + quotes;
        let mut at = first;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(at) {
                None => return Err(unclosed()),
                Some(b'\\') => at += 2,
                Some(b'"') if !triple || bytes[at..].starts_with(b"\"\"\"") => break,
                Some(_) => at += 1,
            }
        }
        self.at = at + quotes;
        let mut raw = &self.text[first..at];
        if triple {
            raw = trim_triple_end(trim_triple_start(raw));
        }
        Ok(Token::Str(unescape(raw, start)?))
    }

    /// The next part of an interpolated string; `is_first` at its start.
    pub fn string_part(&mut self, triple: bool, is_first: bool) -> Result<StringPart<'a>> {
        let start = self.at;
        let quotes = if triple { "\"\"\"" } else { "\"" };
        self.skip_text(quotes)?;
        let rest = &self.text[self.at..];
        if self.at == start {
            let (length, part) = match rest.as_bytes() {
                [b'#', b'{', ..] => (2, StringPart::Hole),
                [b'#', b'(', ..] => (2, StringPart::Open(Bracket::Round)),
                [b'#', b'[', ..] => (2, StringPart::Open(Bracket::Square)),
                [b'#', ..] => {
                    self.block_comment()?;
                    (0, StringPart::Text(Cow::Borrowed("")))
                }
                _ => (quotes.len(), StringPart::Close),
            };
            self.at += length;
            return Ok(part);
        }
        let mut raw = &self.text[start..self.at];
        if triple && is_first {
            raw = trim_triple_start(raw);
        }
        if triple && rest.starts_with('"') {
            raw = trim_triple_end(raw);
        }
        Ok(StringPart::Text(unescape(raw, start)?))
    }

    /// Moves to the next hole, comment or end of an interpolated string.
    fn skip_text(&mut self, quotes: &str) -> Result<()> {
        let start = self.at;
        loop {
            match self.text.as_bytes().get(self.at..) {
                Some([b'\\', ..]) => self.at += 2,
                Some([b'#', b'{' | b'(' | b'[' | b'<', ..]) => return Ok(()),
                Some([b'"', ..]) if self.text[self.at..].starts_with(quotes) => return Ok(()),
                Some([_, ..]) => self.at += 1,
                _ => return Err(Error::new(start, UNCLOSED_STRING)),
            }
        }
    }
}

const OUT_OF_RANGE: &str = "Parsed integer outside of valid range";
const UNCLOSED_STRING: &str = "read_string failure: ErrQuoteExpected";

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
