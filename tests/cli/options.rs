//! How options are spelt, and those that change nothing a program can see.

use super::*;

#[test]
fn values_follow_options_in_many_ways() {
    for words in [
        &["--format", "compact"][..],
        &["--format=compact"],
        &["--format:compact"],
        &["-f", "compact"],
        &["-fcompact"],
        &["-f=compact"],
        &["-f:compact"],
    ] {
        let words: Vec<&str> = [&["parse"], words, &["-e", "(a -b:c)"]].concat();
        assert_eq!(gene(&words, ""), ok("(a -b:c)\n"), "{words:?}");
    }
    assert_eq!(gene(&["parse", "-e", "-a:b"], ""), ok("-a:b\n"));
}

#[test]
fn the_words_of_a_program_stay_as_they_are() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    write!(file, "(println $args)").expect("it can be written");
    let path = file.path().to_str().expect("its name is text");
    let words = [
        "run",
        "--contracts:off",
        "--error-format",
        "json",
        path,
        "--jit:off",
        "-d",
        "--",
        "--k=v",
        "",
    ];
    assert_eq!(gene(&words, ""), ok("[--jit:off -d -- --k=v ]\n"));
}

#[test]
fn options_that_do_not_change_results() {
    let code = "(fn f [n] (if (n < 2) n else ((f (n - 1)) + (f (n - 2))))) (f 15)";
    for options in [
        &["--csv", "--gene", "--line"][..],
        &["--pkg", "name"],
        &["--native-code"],
        &["--native-tier", "never"],
        &["--native-tier=guarded"],
        &["--native-tier:fully-typed"],
    ] {
        let words: Vec<&str> = [&["eval", "-p"], options, &[code]].concat();
        assert_eq!(gene(&words, ""), ok("610\n"), "{options:?}");
    }
}

#[test]
fn checks_of_types_can_be_left_out() {
    let code = "(fn f [x: Int] x) (f \"s\")";
    assert_eq!(gene(&["eval", code], "").status, Some(1));
    for option in ["--no-type-check", "--no-typecheck"] {
        assert_eq!(gene(&["eval", "-p", option, code], ""), ok("\"s\"\n"));
    }
    let code = "(fn f [x: Int] x) (f nil)";
    assert_eq!(gene(&["eval", "-p", code], ""), ok("nil\n"));
    assert_eq!(gene(&["eval", "--strict-nil", code], "").status, Some(1));
}
