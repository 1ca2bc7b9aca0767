//! The line editor of interactive sessions: colours, completion, and lines that go on.

use std::borrow::Cow;
use std::collections::BTreeSet;

use gene_vm::reader::lex::{Kind, Lexeme, is_incomplete, lexemes};
use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

/// Words with a meaning of their own at the head of a form or in it.
const KEYWORDS: [&str; 48] = [
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "continue",
    "ctor",
    "do",
    "elif",
    "else",
    "enum",
    "eval",
    "export",
    "field",
    "finally",
    "fn",
    "for",
    "from",
    "if",
    "if_not",
    "ifel",
    "import",
    "in",
    "interface",
    "is",
    "let",
    "loop",
    "match",
    "method",
    "new",
    "not",
    "ns",
    "object",
    "repeat",
    "return",
    "self",
    "super",
    "then",
    "throw",
    "try",
    "type",
    "typeof",
    "var",
    "when",
    "while",
    "yield",
    "block",
];

/// What the editor knows of the session.
#[derive(Default)]
pub struct Assistant {
    /// Names that are defined, besides keywords.
    pub names: BTreeSet<String>,
}

impl Helper for Assistant {}

impl Hinter for Assistant {
    type Hint = String;
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        Ok(if is_incomplete(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = &line[..position];
        let start = match lexemes(before).last() {
            Some(last) if last.kind == Kind::Symbol && last.range.end == position => {
                last.range.start
            }
            _ => return Ok((position, Vec::new())),
        };
        let prefix = &before[start..];
        let keywords = KEYWORDS.iter().map(|&word| word.to_owned());
        let names: BTreeSet<String> = self.names.iter().cloned().chain(keywords).collect();
        let found = names.into_iter().filter(|name| name.starts_with(prefix));
        Ok((start, found.collect()))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _position: usize) -> Cow<'l, str> {
        let mut painted = String::with_capacity(line.len() * 2);
        let mut end = 0;
        for Lexeme { kind, range, .. } in lexemes(line) {
            painted += &line[end..range.start];
            let text = &line[range.clone()];
            match colour(kind, text) {
                Some(colour) => painted += &format!("\x1b[{colour}m{text}\x1b[0m"),
                None => painted += text,
            }
            end = range.end;
        }
        painted += &line[end..];
        Cow::Owned(painted)
    }

    fn highlight_char(&self, _line: &str, _position: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

/// The parameter of the terminal's colour sequence for a piece of code.
fn colour(kind: Kind, text: &str) -> Option<u8> {
    match kind {
        Kind::Comment => Some(90),
        Kind::Text | Kind::Character | Kind::Regex => Some(32),
        Kind::Number | Kind::Constant => Some(36),
        Kind::Symbol if KEYWORDS.contains(&text) => Some(35),
        Kind::Symbol if text.starts_with('^') => Some(34),
        Kind::Error => Some(31),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustyline::history::DefaultHistory;

    #[test]
    fn code_is_coloured_and_keeps_every_character() {
        let assistant = Assistant::default();
        let painted = assistant.highlight("(var x \"a(\" 1) # é", 0);
        insta::assert_debug_snapshot!(painted, @r##""(\u{1b}[35mvar\u{1b}[0m x \u{1b}[32m\"a(\"\u{1b}[0m \u{1b}[36m1\u{1b}[0m) \u{1b}[90m# é\u{1b}[0m""##);
        for line in [
            "",
            "\"open",
            "#",
            "#tag \\",
            "(é \"ü\" 1x)",
            "%#\n# c",
            "#\"a#{(b",
            ")]}",
        ] {
            let painted = assistant.highlight(line, 0);
            let bare = painted.split('\x1b').enumerate().map(|(i, part)| match i {
                0 => part,
                _ => part.split_once('m').map_or(part, |(_, text)| text),
            });
            assert_eq!(bare.collect::<String>(), line);
        }
    }

    #[test]
    fn names_and_keywords_are_completed() {
        let assistant = Assistant {
            names: ["println", "print", ".size", "math/sqrt"]
                .map(String::from)
                .into(),
        };
        let history = DefaultHistory::new();
        let complete = |line: &str| {
            assistant
                .complete(line, line.len(), &Context::new(&history))
                .expect("completion does not fail")
        };
        assert_eq!(
            complete("(pri"),
            (1, vec!["print".into(), "println".into()])
        );
        assert_eq!(complete("(var x (whi"), (8, vec!["while".into()]));
        assert_eq!(complete("(x .s"), (3, vec![".size".into()]));
        assert_eq!(complete("[math/s"), (1, vec!["math/sqrt".into()]));
        assert_eq!(complete("(x \"pri").1, Vec::<String>::new());
        assert_eq!(complete("(x ").1, Vec::<String>::new());
    }
}
