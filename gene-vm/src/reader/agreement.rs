//! The reader and the written grammar agree.

use super::grammar::{Grammar, Rule};
use super::scan::Scanner;
use super::token::Token;
use crate::vm::{Options, Vm};
use pest::Parser;

/// Pieces of source of which random texts are made.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "}}",
    "#(",
    "#[",
    "#{",
    "#{{",
    "`",
    "%",
    "%=",
    "%_",
    "#@",
    ";",
    " ",
    " ",
    " ",
    "\n",
    ",",
    "\"",
    "\"a b\"",
    "\"\\n\\u0041\\\"\"",
    "\"\"\"x\"y\"\"\"",
    "#\"",
    "#\"a#{b}c\"",
    "#\"#{^k 1}#[2]#(f)#<c>#\"",
    "'",
    "'a'",
    "'\\''",
    "a",
    "b/c",
    "/",
    "x'",
    "é",
    "\\ ",
    "\\",
    "^k",
    "^^k",
    "^!k",
    "^a^b",
    "^a^!b",
    "^",
    "!",
    "...",
    ".m",
    "0",
    "12",
    "-5",
    "+",
    "-",
    "1.5",
    "2.",
    "1e3",
    "e",
    "0x1f",
    "0x",
    "_",
    "0#ff",
    "0!1",
    "0*QQ",
    "2024-01-23",
    "10:30",
    "T10:30",
    "Z",
    "+05:30",
    "[A/B]",
    "#/a/i",
    "#/",
    "#",
    "# c\n",
    "#<c>#",
    "#<",
    ">#",
    ">",
    "<",
    "nil",
    "#todo",
    ":",
    ".",
    "~",
    "=",
];

fn reads(vm: &mut Vm, text: &str) -> Result<(), String> {
    super::read_all(vm, "<test>", text)
        .map(drop)
        .map_err(|error| error.message)
}

/// Mistakes that are no matter of syntax.
fn is_meaning(message: &str) -> bool {
    ["Bad input", "Invalid", "Parsed integer", "Incomplete bytes"]
        .iter()
        .any(|m| message.starts_with(m))
        && !message.starts_with("Invalid character")
        && !message.starts_with("Invalid regex")
}

#[test]
fn same_texts_are_accepted() {
    let mut vm = Vm::new(Options::default());
    let mut random = fastrand::Rng::with_seed(1);
    let mut accepted = 0;
    for _ in 0..60_000 {
        let text: String = (0..random.usize(1..8))
            .map(|_| random.choice(PIECES).expect("not empty"))
            .copied()
            .collect();
        let read = reads(&mut vm, &text);
        if read.as_ref().is_err_and(|message| is_meaning(message)) {
            continue;
        }
        let parsed = Grammar::parse(Rule::program, &text);
        assert_eq!(
            read.is_ok(),
            parsed.is_ok(),
            "{text:?}: {read:?}, {parsed:?}"
        );
        accepted += parsed.is_ok() as usize;
    }
    assert!(accepted > 5_000, "only {accepted} texts were correct");
}

/// Tokens without inner structure: where they start and end.
fn scanned(text: &str) -> Vec<(usize, usize)> {
    let mut scanner = Scanner::new(text);
    let mut tokens = Vec::new();
    while let Ok((start, token)) = scanner.next() {
        match token {
            Token::End => break,
            Token::Interpolation { .. } => return Vec::new(),
            Token::Symbol(_)
            | Token::Int(_)
            | Token::Float(_)
            | Token::Char(_)
            | Token::Str(_)
            | Token::Literal(_) => {
                tokens.push((start, scanner.offset()));
            }
            _ => {}
        }
    }
    tokens
}

#[test]
fn same_tokens_are_cut() {
    let mut vm = Vm::new(Options::default());
    let mut random = fastrand::Rng::with_seed(2);
    let mut compared = 0;
    for _ in 0..60_000 {
        let text: String = (0..random.usize(1..8))
            .map(|_| random.choice(PIECES).expect("not empty"))
            .copied()
            .collect();
        let (Ok(program), Ok(())) = (Grammar::parse(Rule::program, &text), reads(&mut vm, &text))
        else {
            continue;
        };
        let mut tokens = Vec::new();
        for pair in program.flatten() {
            let kinds = [
                Rule::symbol,
                Rule::number,
                Rule::character,
                Rule::string,
                Rule::bytes,
                Rule::moment,
                Rule::regex,
                Rule::key,
                Rule::flag,
            ];
            if kinds.contains(&pair.as_rule()) {
                tokens.push((pair.as_span().start(), pair.as_span().end()));
            }
        }
        if !text.contains("#\"") {
            assert_eq!(scanned(&text), tokens, "{text:?}");
            compared += 1;
        }
    }
    assert!(compared > 5_000, "only {compared} texts were compared");
}

#[test]
fn the_corpus_is_accepted() {
    let mut vm = Vm::new(Options::default());
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance");
    for area in std::fs::read_dir(root).expect("the corpus is there") {
        let area = area.expect("a directory can be listed").path();
        for entry in std::fs::read_dir(area).into_iter().flatten() {
            let path = entry.expect("a directory can be listed").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "gene")
            {
                let text = std::fs::read_to_string(&path).expect("programs are text");
                assert_eq!(reads(&mut vm, &text), Ok(()), "{}", path.display());
                let parsed = Grammar::parse(Rule::program, &text);
                assert!(
                    parsed.is_ok(),
                    "{}: {}",
                    path.display(),
                    parsed.unwrap_err()
                );
            }
        }
    }
}
