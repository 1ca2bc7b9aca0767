//! `gene run`.

use super::*;

fn script(text: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("script.gene");
    std::fs::write(&path, text).expect("the file is written");
    let name = path.display().to_string();
    (folder, name)
}

#[test]
fn a_file_or_standard_input_is_executed_and_its_value_not_shown() {
    let code = "#!/usr/bin/env -S gene run\n(println \"hello\")\n5";
    let (_folder, name) = script(code.as_bytes());
    assert_eq!(gene(&["run", &name], ""), ok("hello\n"));
    assert_eq!(gene(&["run"], code), ok("hello\n"));
}

#[test]
fn an_uncaught_exception_ends_with_a_diagnostic() {
    let (_folder, name) = script(b"(println 1)\n(fn f [] (1 % 0))\n(f)\n(println 2)\n");
    let ended = gene(&["run", &name], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), "1\n"));
    assert_eq!(
        ended.stderr,
        format!(
            "Error: {{^message \"Modulo by zero\" ^code \"GENE.RUNTIME.ERROR\" ^severity \"error\" \
             ^stage \"runtime\" ^span {{^file \"{name}\" ^line 2 ^column 10}} ^hints [] \
             ^repair_tags [\"runtime\"]}}\n"
        )
    );
    let human = gene(&["run", "--error-format=human", &name], "").stderr;
    assert!(
        human.contains("error: RuntimeException: Modulo by zero"),
        "{human}"
    );
    assert!(human.contains("2 | (fn f [] (1 % 0))"), "{human}");
}

#[test]
fn a_malformed_program_prints_nothing() {
    let (_folder, name) = script(b"(println 1)\n(println 2");
    let ended = gene(&["run", &name], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.starts_with("Error: EOF while reading list )"),
        "{ended:?}"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let (_folder, latin) = script(b"(println 1)\n(println \"\xe9\")");
    for (file, message) in [
        (
            "no-such-file.gene",
            "File not found: no-such-file.gene".to_owned(),
        ),
        ("/", "/ is a directory, not a source file".to_owned()),
        (
            &latin,
            format!("{latin} is not UTF-8 text: line 2 holds an invalid byte"),
        ),
    ] {
        assert_eq!(
            gene(&["run", file], ""),
            failed(&format!("Error: {message}\n"))
        );
    }
    assert_eq!(
        gene(&["run"], ""),
        failed("Error: No input provided. Provide a file to run.\n")
    );
}

#[test]
fn huge_and_deep_programs_are_answered() {
    let long = format!("(println \"{}\")", "x".repeat(10_000_000));
    assert_eq!(gene(&["run"], &long).stdout.len(), 10_000_001);
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let ended = gene(&["run"], &deep);
    assert!(matches!(ended.status, Some(0 | 1)), "{:?}", ended.status);
    let calls = "(println ".repeat(100_000) + &")".repeat(100_000);
    let ended = gene(&["run"], &calls);
    assert!(matches!(ended.status, Some(0 | 1)), "{:?}", ended.status);
}

#[test]
fn endless_recursion_is_an_exception() {
    let code = "(fn f [n] (1 + (f n)))\n(try (f 1) catch RuntimeException (println \"caught\"))";
    assert_eq!(gene(&["run"], code), ok("caught\n"));
}

#[test]
fn contracts_can_be_switched_off() {
    let code = "(fn f [n] ^pre [(n > 0)] n)\n(println (f 0))";
    assert_eq!(gene(&["run"], code).status, Some(1));
    for option in ["--contracts=off", "--contracts=false", "--contracts=0"] {
        let (_folder, name) = script(code.as_bytes());
        assert_eq!(gene(&["run", option, &name], ""), ok("0\n"), "{option}");
    }
}

#[test]
fn the_examples_run() {
    for (example, output) in [
        ("fib", "46368\n"),
        ("counting-loop", "499999500000\n"),
        ("array-sum", "333833500\n"),
        (
            "primes",
            "168 primes up to 1000, the last ones are [971 977 983 991 997]\n",
        ),
        (
            "accounts",
            "30 from Ada to Max\n  Ada 70, Max 30\nMax cannot pay 50: 20 short\n  Max 30, Ada 70\n",
        ),
        ("words", "the 6\nis 3\nin 2\n"),
        (
            "macros",
            "one more rule\n(x > 3) holds\n(x == 21) does not hold\n",
        ),
    ] {
        let file = format!("{}/examples/{example}.gene", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(gene(&["run", &file], ""), ok(output), "{example}");
        assert_eq!(
            gene(&["fmt", "--check", &file], "").status,
            Some(0),
            "{example}"
        );
    }
}

#[test]
fn output_that_nobody_reads_ends_quietly_and_a_full_disk_is_told() {
    let endless = "(var i 0) (while true (i += 1) (println i))";
    let ended = support::gene()
        .args(["eval", endless])
        .stdout(closed_pipe())
        .output()
        .expect("gene ends");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    for words in [
        &["eval", "(println 1)"][..],
        &["eval", "-p", "1"],
        &["parse", "-e", "1"],
        &["help"],
        &["completions", "bash"],
    ] {
        let ended = support::gene()
            .args(words)
            .stdout(always_full())
            .output()
            .expect("gene ends");
        assert_eq!(ended.status.code(), Some(1), "{words:?}");
        let error = String::from_utf8_lossy(&ended.stderr);
        assert!(
            error.starts_with("Error: Cannot write the output: "),
            "{error}"
        );
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_with_its_place() {
    let levels = 70_000;
    let program = format!("\n{}1{}", "(1 + ".repeat(levels), ")".repeat(levels));
    assert_eq!(
        gene(&["run"], &program),
        failed(
            "Error: function too large: more than 65534 variables or operands; \
             make several functions of it <stdin> 2\n"
        )
    );
}

#[test]
fn what_is_told_on_the_side_stops_no_program_when_nobody_can_be_told() {
    for option in ["--trace", "--compile", "--stats", "--stats=json"] {
        let ended = support::gene()
            .args(["eval", option, "(println 1)"])
            .stderr(always_full())
            .output()
            .expect("gene ends");
        assert_eq!(ended.status.code(), Some(0), "{option}");
        assert_eq!(String::from_utf8_lossy(&ended.stdout), "1\n", "{option}");
    }
}

/// A device on which there is never room.
fn always_full() -> std::fs::File {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    full.expect("a device that is always full")
}

/// The writing end of a pipe that nobody reads.
fn closed_pipe() -> std::io::PipeWriter {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer
}
