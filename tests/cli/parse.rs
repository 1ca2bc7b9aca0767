//! `gene parse`.

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
