//! Bytecode, traces, profiles, and sessions where a program failed.

use super::*;

#[test]
fn the_bytecode_is_shown_before_execution() {
    for option in ["-d", "--debug", "--compile"] {
        let ended = gene(&["eval", option, "(fn f [x] (x + 1)) (println (f 1))"], "");
        assert_eq!((ended.status, &*ended.stdout), (Some(0), "2\n"), "{option}");
        assert!(ended.stderr.contains("f: parameters 1"), "{ended:?}");
    }
}

#[test]
fn a_trace_shows_each_instruction_and_the_top_of_the_stack() {
    for option in ["--trace", "--trace-instruction"] {
        let ended = gene(&["eval", option, "(fn f [x] (x * 7)) (f 6)"], "");
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert!(lines.contains(&"f 0002 Mul  [7]"), "{ended:?}");
        assert!(lines.contains(&"f 0003 Return  [42]"), "{ended:?}");
    }
    let lines = gene(&["pipe", "--trace", "$line"], "a\nb\n").stderr;
    assert!(lines.contains("<pipe> 0001 Return  [\"b\"]"), "{lines}");
}

#[test]
fn a_profile_counts_instructions() {
    let code = "(fn f [x] (x + 1))\n(var i 0)\n(while (i < 10) (i = (f i)))";
    let ended = gene(&["run", "--profile", "--profile-instructions"], code);
    assert_eq!(ended.status, Some(0));
    assert!(ended.stderr.contains("          20  "), "{ended:?}");
    assert!(ended.stderr.contains("f (<stdin>:1)"), "{ended:?}");
    assert!(ended.stderr.contains("LocalAddInt"), "{ended:?}");
}

#[test]
fn a_session_opens_where_a_program_fails() {
    let code = "(fn f [a] (for i in [1 2] (if (i == 2) (var b (a + i)) (throw \"boom\"))) (var later 1))\n(f 40)";
    for command in ["eval", "run"] {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        write!(file, "{code}").expect("it can be written");
        let path = file.path().to_str().expect("its name is text");
        let what = if command == "eval" { code } else { path };
        let ended = gene(
            &[command, "--repl-on-error", what],
            "[a i b]\n$ex/message\nlater\n",
        );
        assert_eq!(ended.status, Some(1));
        assert_eq!(
            ended.stdout,
            "gene> [40 2 42]\ngene> \"boom\"\ngene> gene> \n"
        );
        let errors: Vec<&str> = ended.stderr.lines().collect();
        assert!(
            errors[0].starts_with("Error: {^message \"boom\""),
            "{ended:?}"
        );
        assert_eq!(errors[1], "Error: later is not defined");
    }
}

#[test]
fn no_session_opens_for_what_never_ran_or_was_caught() {
    let ended = gene(&["eval", "--repl-on-error", "(a"], "1\n");
    assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
    let code = "(try (throw 1) catch * 2)";
    assert_eq!(
        gene(&["eval", "-p", "--repl-on-error", code], "1\n"),
        ok("2\n")
    );
}
