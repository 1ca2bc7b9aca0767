//! `gene pipe`.

use super::*;

#[test]
fn the_code_runs_for_each_line() {
    let ended = gene(
        &["pipe", "(if ($line .empty?) nil else ($line .length))"],
        "a b\n\nçé\r\n",
    );
    assert_eq!(ended, ok("3\n2\n"));
    assert_eq!(gene(&["pipe", "$line"], "a b"), ok("a b\n"));
    assert_eq!(
        gene(&["pipe", "--quote-str", "[$line", "void]"], "a"),
        ok("[\"a\" void]\n")
    );
}

#[test]
fn what_is_kept_in_a_namespace_stays() {
    let code = "($ns/total = (($ns/total || 0) + ($line .to_i)))";
    assert_eq!(gene(&["pipe", code], "1\n2\n3\n"), ok("1\n3\n6\n"));
}

#[test]
fn a_filter_prints_lines() {
    let ended = gene(
        &["pipe", "--filter", "($line .starts_with \"a\")"],
        "ab\nba\nac\n",
    );
    assert_eq!(ended, ok("ab\nac\n"));
}

#[test]
fn the_code_may_be_in_a_file() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    write!(
        file,
        "#!/usr/bin/env gene\n# twice\n(#\"#{{$line}}#{{$line}}\")\n"
    )
    .expect("it can be written");
    let path = file.path().to_str().expect("its name is text");
    assert_eq!(gene(&["pipe", path], "x\n"), ok("xx\n"));
}

#[test]
fn the_first_failing_line_ends_it() {
    let ended = gene(
        &["pipe", "(if ($line == \"b\") (throw \"bad\")) $line"],
        "a\nb\nc\n",
    );
    assert_eq!((ended.status, &*ended.stdout), (Some(1), "a\n"));
    assert!(ended.stderr.starts_with("Error at line 2: {"), "{ended:?}");
    assert!(ended.stderr.contains("\"message\":\"bad\""), "{ended:?}");
}

#[test]
fn code_is_needed_and_must_be_correct() {
    assert_eq!(
        gene(&["pipe"], ""),
        failed("Error: No code provided. Usage: gene pipe '<code>'\n")
    );
    let message = "Error: Compilation error: EOF while reading list ) (1, 1)\n";
    assert_eq!(gene(&["pipe", "(a"], ""), failed(message));
}
