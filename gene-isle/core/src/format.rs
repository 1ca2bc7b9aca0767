//! Formats rule files: sees to indentation, spaces at parentheses and blank lines.
//!
//! Line breaks and columns that the author has lined up are kept: how a rule reads is for its
//! author to say. Comments stay where they are.

/// The indentation inside forms whose later lines do not line up under their first argument.
const BODY_FORMS: &[&str] = &[
    "let",
    "type",
    "decl",
    "extern",
    "convert",
    "inst",
    "code",
    "immediate",
    "view",
    "sized",
    "test",
    "helper",
    "define",
    "extractor",
    "spec",
    "when",
];

/// Lists of cases, which are indented like the form they end.
const CASES: &[&str] = &["enum", "struct"];

/// A token of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Open,
    Close,
    /// A word, a string or an `@`.
    Word(&'a str),
    /// A comment, to the end of its line or over several.
    Comment(&'a str),
    /// So many spaces.
    Space(usize),
    Break,
}

/// An open list.
struct List {
    /// The column of its parenthesis.
    column: usize,
    /// Where its later lines begin.
    indent: usize,
    /// How many elements have been seen on its first line.
    elements: usize,
    /// Whether its later lines begin under its second element.
    lines_up: bool,
}

/// The text, formatted. Text that does not parse is formatted as far as it goes.
pub fn format(text: &str) -> String {
    let mut out = Printer {
        out: String::new(),
        column: 0,
        line_indent: 0,
        lists: Vec::new(),
    };
    let tokens = tokens(text);
    let mut breaks = 0;
    let mut after_open = false;
    for (index, &token) in tokens.iter().enumerate() {
        match token {
            Token::Break => {
                breaks += 1;
                continue;
            }
            Token::Space(_) if breaks > 0 => continue,
            Token::Space(width) => {
                // A space is kept between words, and lined-up columns with it.
                let next = tokens.get(index + 1);
                let lone = after_open || matches!(next, None | Some(Token::Close | Token::Break));
                if !lone && out.column > 0 {
                    out.push(&" ".repeat(width));
                }
                continue;
            }
            _ => {}
        }
        if breaks > 0 {
            // A parenthesis does not stand at the beginning of a line.
            let joins = token == Token::Close && !out.ends_in_comment();
            if !joins {
                out.line_break(breaks);
            }
            breaks = 0;
        }
        after_open = token == Token::Open;
        out.token(token);
    }
    let trimmed = out.out.trim_end();
    if trimmed.is_empty() {
        String::new()
    } else {
        format!("{trimmed}\n")
    }
}

struct Printer {
    out: String,
    column: usize,
    /// Where the line begins.
    line_indent: usize,
    lists: Vec<List>,
}

impl Printer {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.column + text.chars().count(),
        };
    }

    fn ends_in_comment(&self) -> bool {
        let line = self.out.rsplit('\n').next().unwrap_or("");
        tokens(line)
            .iter()
            .any(|token| matches!(token, Token::Comment(text) if text.starts_with(';')))
    }

    fn line_break(&mut self, breaks: usize) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        if self.out.is_empty() {
            return;
        }
        self.push(if breaks > 1 { "\n\n" } else { "\n" });
        let indent = self.lists.last().map_or(0, |list| list.indent);
        self.push(&" ".repeat(indent));
        self.line_indent = indent;
    }

    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Open => {
                self.element("");
                self.lists.push(List {
                    column: self.column,
                    indent: self.column + 1,
                    elements: 0,
                    lines_up: false,
                });
                self.push("(");
            }
            Token::Close => {
                self.lists.pop();
                self.push(")");
            }
            Token::Word(word) => {
                self.element(word);
                self.push(word);
            }
            Token::Comment(text) => self.push(text),
            Token::Space(_) | Token::Break => {}
        }
    }

    /// Notes that an element of the innermost list begins here.
    fn element(&mut self, word: &str) {
        let column = self.column;
        if let Some(list) = self.lists.last_mut() {
            list.elements += 1;
            match list.elements {
                1 if BODY_FORMS.contains(&word) => list.indent = list.column + 2,
                1 if CASES.contains(&word) => list.indent = self.line_indent + 2,
                // Nothing is lined up under what follows it.
                1 if !word.is_empty() => {
                    list.indent = list.column + word.chars().count() + 2;
                    list.lines_up = true;
                }
                2 if list.lines_up => list.indent = column.min(list.indent),
                _ => {}
            }
        }
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\n' => (Token::Break, 1),
            ' ' | '\t' | '\r' | '\u{c}' => {
                let end = rest
                    .find(|c| !matches!(c, ' ' | '\t' | '\r' | '\u{c}'))
                    .unwrap_or(rest.len());
                (Token::Space(end), end)
            }
            ';' => {
                let end = rest.find('\n').unwrap_or(rest.len());
                let comment = rest[..end].trim_end();
                (Token::Comment(comment), end)
            }
            '(' if rest.starts_with("(;") => {
                let end = block_comment(rest);
                (Token::Comment(&rest[..end]), end)
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '"' => {
                let end = rest[1..].find(['"', '\n']).map_or(rest.len(), |at| at + 1);
                let end = if rest[end..].starts_with('"') {
                    end + 1
                } else {
                    end
                };
                (Token::Word(&rest[..end]), end)
            }
            '@' => (Token::Word("@"), 1),
            _ => {
                let is_end = |c: char| c.is_ascii_whitespace() || "();@\"".contains(c);
                let end = rest.find(is_end).unwrap_or(rest.len());
                (Token::Word(&rest[..end]), end)
            }
        };
        tokens.push(token);
        rest = &rest[length..];
    }
    tokens
}

/// The length of the block comment at the beginning of a text.
fn block_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"(;") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b";)") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}
