//! The command line: what it prints, where, and the status it ends with.

#[path = "../support/mod.rs"]
mod support;

mod cache;
mod eval;
mod fmt;
mod help;
mod isle;
mod jit;
mod observation;
mod options;
mod parse;
mod pipe;
mod repl;
mod run;
mod terminal;
mod wrong_use;

use std::io::Write;
use std::process::Stdio;

/// What came of a command.
#[derive(Debug, PartialEq)]
struct Ended {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs `gene` with some words and standard input.
fn gene(words: &[&str], stdin: &str) -> Ended {
    let mut child = support::gene()
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gene starts");
    let mut pipe = child.stdin.take().expect("standard input is a pipe");
    // A command that does not read it may be gone already.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("gene ends");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Ended {
        status: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

fn ok(stdout: &str) -> Ended {
    Ended {
        status: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

fn failed(stderr: &str) -> Ended {
    Ended {
        status: Some(1),
        stdout: String::new(),
        stderr: stderr.to_owned(),
    }
}

#[test]
fn completion_scripts_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = gene(&["completions", shell], "");
        assert_eq!(ended.status, Some(0), "{shell}");
        assert!(ended.stdout.contains("completions"), "{shell}");
    }
}

#[test]
fn compile_lists_instructions() {
    let listing = gene(&["compile", "-e", "(fn f [n] (n + 1))"], "");
    assert_eq!(listing.status, Some(0));
    assert!(listing.stdout.contains("Instructions ("), "{listing:?}");
    let wrong = gene(&["compile", "-e", "(if)"], "");
    assert_eq!(wrong.status, Some(1));
    assert!(wrong.stderr.contains("if: missing condition"), "{wrong:?}");
}
