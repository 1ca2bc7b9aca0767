//! Interactive sessions, on a pseudo-terminal.

use rexpect::session::PtySession;
use std::path::Path;
use support::gene as gene_command;

use super::*;

/// How long an answer may take, in milliseconds: emulators on busy machines are slow.
const PATIENCE: u64 = 60_000;

/// Runs `gene` with some words on a terminal; what sessions remember is kept under `home`.
fn on_terminal(words: &[&str], home: &Path) -> PtySession {
    let mut command = gene_command();
    command
        .args(words)
        .env("XDG_STATE_HOME", home)
        .env("TERM", "xterm");
    rexpect::session::spawn_command(command, Some(PATIENCE)).expect("gene starts")
}

/// A session that has shown its first prompt.
fn session(home: &Path) -> PtySession {
    let mut session = on_terminal(&["repl"], home);
    session.exp_string("gene> ").expect("a prompt");
    session
}

/// Types a line; answers what is shown from there to `expected`, which is shown, too.
fn enter(session: &mut PtySession, line: &str, expected: &str) -> String {
    session.send_line(line).expect("the line is typed");
    session
        .exp_string(expected)
        .unwrap_or_else(|error| panic!("{line} is not answered by {expected}: {error}"))
}

/// Types without ending the line.
fn type_in(session: &mut PtySession, text: &str) {
    session.send(text).expect("the text is typed");
    session.flush().expect("the text arrives");
}

fn leave(mut session: PtySession) {
    session.exp_string("gene> ").expect("a prompt");
    session.send_control('d').expect("it is typed");
    session.exp_eof().expect("the session ends");
    let status = session.process().wait().expect("gene has ended");
    assert!(format!("{status:?}").ends_with(", 0)"), "{status:?}");
}

#[test]
fn an_open_bracket_goes_on_in_the_next_line() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = session(home.path());
    type_in(&mut session, concat!("(111 *", "\r"));
    enter(&mut session, "111)", "12321");
    leave(session);
}

#[test]
fn code_is_coloured_as_it_is_typed() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = session(home.path());
    type_in(&mut session, "(var x \"s");
    session
        .exp_string("\x1b[35mvar\x1b[0m")
        .expect("a keyword in its colour");
    enter(&mut session, "\")", "\r\n\"s\"");
    leave(session);
}

#[test]
fn names_are_completed() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = session(home.path());
    enter(&mut session, "(var remarkable 12345)", "12345\r\n");
    session.exp_string("gene> ").expect("a prompt");
    enter(&mut session, "(remark\t + 1)", "12346");
    leave(session);
}

#[test]
fn earlier_lines_come_back_also_in_later_sessions() {
    let home = tempfile::tempdir().expect("a folder");
    let mut first = session(home.path());
    enter(&mut first, "(222 * 222)", "49284");
    first.exp_string("gene> ").expect("a prompt");
    enter(&mut first, "\x1b[A", "49284");
    leave(first);
    let mut second = session(home.path());
    enter(&mut second, "\x1b[A", "49284");
    leave(second);
}

#[test]
fn control_c_leaves_a_line_or_interrupts_what_runs() {
    let home = tempfile::tempdir().expect("a folder");
    let mut session = session(home.path());
    type_in(&mut session, "(never finished");
    session.exp_string("finished").expect("it is shown");
    session.send_control('c').expect("it is typed");
    session.exp_string("gene> ").expect("a prompt");
    enter(
        &mut session,
        "(do (println (\"go\" .to_upper)) (while true 1))",
        "GO",
    );
    session.send_control('c').expect("it is typed");
    session.exp_string("Error: Interrupted").expect("an error");
    session.exp_string("gene> ").expect("a prompt");
    enter(&mut session, "(333 * 333)", "110889");
    leave(session);
}

#[test]
fn errors_are_for_reading() {
    let home = tempfile::tempdir().expect("a folder");
    let mut ended = on_terminal(&["eval", "(1 % 0)"], home.path());
    let shown = ended.exp_eof().expect("it ends");
    assert!(
        shown.contains("RuntimeException: Modulo by zero"),
        "{shown}"
    );
}

#[test]
fn a_terminal_is_not_taken_for_a_program() {
    let home = tempfile::tempdir().expect("a folder");
    for (command, message) in [
        ("run", "Error: No file provided to run."),
        ("eval", "Error: No code provided to evaluate"),
        (
            "parse",
            "Error: No input provided. Use -e for code or provide a file.",
        ),
        ("fmt", "Error: No input files provided"),
        (
            "compile",
            "Error: No input provided. Use -e for code or provide a file.",
        ),
    ] {
        let mut ended = on_terminal(&[command], home.path());
        let shown = ended.exp_eof().expect("it ends");
        assert_eq!(shown.trim_end(), message, "{command}");
    }
}
