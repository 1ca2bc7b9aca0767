//! A text cut into pieces for tools that look at source as written: the formatter, the highlighter. Comments
//! are kept, and what cannot be read is a piece as well.

use super::scan::Scanner;
use super::token::{Literal, Result, StringPart, Token};
use std::ops::Range;

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A comment.
    Comment,
    /// Opening brackets: `(`, `#[`, `{{` …; the number of brackets.
    Open(usize),
    /// A closing bracket.
    Close,
    /// A string or a part of one, with its quotes.
    Text,
    /// A character.
    Character,
    /// A number, date, time, or bytes.
    Number,
    /// A regular expression.
    Regex,
    /// A symbol, path, or name of a property.
    Symbol,
    /// A value that is a word: `nil`, `true` …
    Constant,
    /// `` ` ``, `%`, `#@`, `;`
    Mark,
    /// Not Gene.
    Error,
}

/// A piece of source. Between pieces there are only blanks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lexeme {
    /// What it is.
    pub kind: Kind,
    /// Where it is, in bytes.
    pub range: Range<usize>,
    /// It stands inside of an interpolated string.
    pub in_string: bool,
    /// The text ends before the piece does.
    pub unfinished: bool,
}

/// Cuts a text into pieces.
pub fn lexemes(text: &str) -> Vec<Lexeme> {
    let mut lexer = Lexer {
        text,
        scanner: Scanner::new(text),
        strings: Vec::new(),
        lexemes: Vec::new(),
    };
    while lexer.next() {}
    lexer.lexemes
}

/// Must more text follow before this can be read: is a bracket, string or comment open?
pub fn is_incomplete(text: &str) -> bool {
    let mut depth = 0usize;
    for lexeme in lexemes(text) {
        match lexeme.kind {
            _ if lexeme.unfinished => return true,
            Kind::Open(brackets) => depth += brackets,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth > 0
}

struct Lexer<'a> {
    text: &'a str,
    scanner: Scanner<'a>,
    /// The open interpolated strings.
    strings: Vec<OpenString>,
    lexemes: Vec<Lexeme>,
}

struct OpenString {
    triple: bool,
    /// Brackets open in the current hole; 0 in the text.
    depth: usize,
}

impl Lexer<'_> {
    /// Adds the next piece; false at the end.
    fn next(&mut self) -> bool {
        let in_string = !self.strings.is_empty();
        if let Some(&OpenString { triple, depth: 0 }) = self.strings.last() {
            let start = self.scanner.offset();
            let part = self.scanner.string_part(triple, false);
            let finished = self.string_part(part);
            return self.push(Kind::Text, start, in_string, finished);
        }
        self.scanner.skip_blanks();
        let start = self.scanner.offset();
        match self.scanner.skip_comment() {
            Ok(false) => {}
            comment => return self.push(Kind::Comment, start, in_string, comment.is_ok()),
        }
        let kind = match self.scanner.next() {
            Ok((_, Token::End)) => return false,
            Ok((_, token)) => self.token(start, &token),
            Err(_) if self.text[start..].starts_with('"') => {
                return self.push(Kind::Text, start, in_string, false);
            }
            Err(_) => {
                self.scanner.skip_char();
                Kind::Error
            }
        };
        self.push(kind, start, in_string, true)
    }

    /// Adds the piece from `start` on; an unfinished one takes the rest of the text. Answers whether it is finished.
    fn push(&mut self, kind: Kind, start: usize, in_string: bool, finished: bool) -> bool {
        let end = if finished {
            self.scanner.offset()
        } else {
            self.text.len()
        };
        self.lexemes.push(Lexeme {
            kind,
            range: start..end,
            in_string,
            unfinished: !finished,
        });
        finished
    }

    fn token(&mut self, start: usize, token: &Token) -> Kind {
        match token {
            Token::Open(..) => {
                let spelling = &self.text[start..self.scanner.offset()];
                let brackets = spelling.trim_start_matches('#').len();
                if let Some(string) = self.strings.last_mut() {
                    string.depth += brackets;
                }
                Kind::Open(brackets)
            }
            Token::Close(_) => {
                if let Some(string) = self.strings.last_mut() {
                    string.depth -= 1;
                }
                Kind::Close
            }
            Token::Interpolation { triple } => {
                self.strings.push(OpenString {
                    triple: *triple,
                    depth: 0,
                });
                Kind::Text
            }
            Token::Str(_) => Kind::Text,
            Token::Char(_) => Kind::Character,
            Token::Int(_) | Token::Float(_) => Kind::Number,
            Token::Literal(literal) => match **literal {
                Literal::Regex(_) => Kind::Regex,
                _ => Kind::Number,
            },
            Token::Symbol("nil" | "void" | "true" | "false" | "not_found") => Kind::Constant,
            Token::Symbol(_) => Kind::Symbol,
            Token::Semicolon | Token::Quote | Token::Unquote { .. } | Token::Decorator => {
                Kind::Mark
            }
            Token::End => unreachable!("the caller handles the end"),
        }
    }

    /// Notes what a part of a string opens or ends; false if the string has no end.
    fn string_part(&mut self, part: Result<StringPart>) -> bool {
        let string = self.strings.last_mut().expect("the caller saw it");
        match part {
            Ok(StringPart::Text(_)) => {}
            Ok(StringPart::Hole | StringPart::Open(_)) => string.depth = 1,
            Ok(StringPart::Close) => {
                self.strings.pop();
            }
            Err(_) => return false,
        }
        true
    }
}
