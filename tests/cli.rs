//! The command line: what it prints, where, and the status it ends with.

mod support;

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

mod help {
    use super::*;

    #[test]
    fn every_way_of_asking_gives_the_same_text() {
        let help = gene(&["--help"], "");
        assert_eq!(help.status, Some(0));
        assert!(help.stdout.contains("Usage: gene"), "{help:?}");
        for words in [&[][..], &["help"], &["h"], &["-h"]] {
            assert_eq!(gene(words, ""), help, "{words:?}");
        }
    }

    #[test]
    fn a_command_has_help_of_its_own() {
        let help = gene(&["help", "completions"], "");
        assert_eq!(help.status, Some(0));
        assert!(help.stdout.contains("Usage: gene completions"), "{help:?}");
        assert_eq!(gene(&["completions", "--help"], ""), help);
    }

    #[test]
    fn the_version_is_that_of_the_package() {
        let version = concat!("gene ", env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!(gene(&["--version"], ""), ok(version));
    }
}

mod wrong_use {
    use super::*;

    #[test]
    fn an_unknown_command_is_answered_with_the_help_text() {
        let help = gene(&["help"], "").stdout;
        assert_eq!(
            gene(&["nope"], ""),
            failed(&format!("Error: Unknown command: nope\n\n{help}"))
        );
    }

    #[test]
    fn an_unknown_option_is_an_error() {
        let ended = gene(&["completions", "--nope", "bash"], "");
        assert_eq!(ended.status, Some(1));
        assert!(
            ended
                .stderr
                .starts_with("Error: unexpected argument '--nope' found"),
            "{ended:?}"
        );
    }
}

mod parse {
    use super::*;

    #[test]
    fn the_pretty_form_has_one_child_per_line() {
        assert_eq!(
            gene(&["parse", "-e", "(a ^x 1 [2] {^k \"v\"} \"s\")"], ""),
            ok("(a ^x 1\n  [\n    2\n  ]\n  {\n    ^k \"v\"\n  }\n  \"s\"\n)\n")
        );
    }

    #[test]
    fn other_forms_take_one_line() {
        let code = "(a ^x 1 [2 \"s\"])\nb";
        for (format, line) in [
            ("compact", "(a ^x 1 [2 \"s\"])"),
            ("sexp", "(a :x 1 [2 \"s\"])"),
        ] {
            assert_eq!(
                gene(&["parse", "--format", format], code),
                ok(&format!("{line}\n\nb\n"))
            );
        }
    }

    #[test]
    fn several_files_are_told_apart() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("the file is written");
            path.display().to_string()
        };
        let (a, b) = (file("a.gene", "x"), file("b.gene", "# nothing"));
        assert_eq!(
            gene(&["parse", "--format", "compact", &a, &b], ""),
            ok(&format!(
                "=== Parsing: {a} ===\nx\n=== Parsing: {b} ===\n(empty)\n"
            ))
        );
    }

    #[test]
    fn mistakes_are_reported() {
        for (words, stdin, message) in [
            (
                &["parse"][..],
                "",
                "Error: No input provided. Use -e for code or provide a file.\n",
            ),
            (
                &["parse", "--format", "xml", "-e", "1"],
                "",
                "Error: Invalid format 'xml'. Must be: pretty, compact, or sexp\n",
            ),
            (
                &["parse", "no-such-file"],
                "",
                "Error: File not found: no-such-file\n",
            ),
            (
                &["parse", "/"],
                "",
                "Error: / is a directory, not a source file\n",
            ),
        ] {
            assert_eq!(gene(words, stdin), failed(message), "{words:?}");
        }
        let ended = gene(&["parse", "-e", "(a"], "");
        assert_eq!(ended.status, Some(1));
        assert!(
            ended
                .stderr
                .starts_with("Parse error: EOF while reading list )"),
            "{ended:?}"
        );
    }

    #[test]
    fn deep_nesting_is_no_problem() {
        let deep = "(a ".repeat(100_000) + &")".repeat(100_000);
        assert_eq!(
            gene(&["parse", "--format", "compact"], &deep).status,
            Some(0)
        );
        assert_eq!(gene(&["parse"], &"[".repeat(100_000)).status, Some(1));
    }
}

mod fmt {
    use super::*;

    const LOOSE: &str = "(fn f [x]\nx  \n)\n";
    const TIDY: &str = "(fn f [x]\n  x\n)\n";

    #[test]
    fn standard_input_is_filtered() {
        assert_eq!(gene(&["fmt"], LOOSE), ok(TIDY));
        assert_eq!(gene(&["format"], TIDY), ok(TIDY));
    }

    #[test]
    fn files_are_rewritten_in_place() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("a.gene");
        std::fs::write(&path, LOOSE).expect("the file is written");
        let name = path.display().to_string();
        assert_eq!(
            gene(&["fmt", "--check", &name], ""),
            failed(&format!(
                "Error: File is not canonically formatted: {name}\n"
            ))
        );
        assert_eq!(gene(&["fmt", &name], ""), ok(""));
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), TIDY);
        assert_eq!(
            gene(&["fmt", "--check", &name], ""),
            ok("All files are canonically formatted\n")
        );
    }

    #[test]
    fn checking_standard_input_tells_only() {
        assert_eq!(
            gene(&["fmt", "--check"], TIDY),
            ok("Stdin is canonically formatted\n")
        );
        assert_eq!(
            gene(&["fmt", "--check"], LOOSE),
            failed("Error: Stdin is not canonically formatted\n")
        );
        assert_eq!(gene(&["fmt"], ""), failed("Error: No input provided\n"));
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
