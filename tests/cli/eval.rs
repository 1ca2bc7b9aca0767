//! `gene eval`.

use super::*;

#[test]
fn the_words_are_one_module() {
    assert_eq!(gene(&["eval", "(println", "1)"], ""), ok("1\n"));
    assert_eq!(gene(&["e"], "(println 2)"), ok("2\n"));
    assert_eq!(
        gene(&["eval"], ""),
        failed("Error: No code provided to evaluate\n")
    );
}

#[test]
fn the_last_value_is_printed_on_request() {
    for (code, written) in [
        ("(+ 1 2)", "3"),
        ("\"str\"", "\"str\""),
        ("nil", "nil"),
        ("[1 \"a\" nil]", "[1 \"a\" nil]"),
        ("{^a \"x\"}", "{^a \"x\"}"),
        ("'c'", "'c'"),
        ("(var x 3)", "3"),
        ("(fn f [] 1)", "VkFunction"),
        ("(class A)", "VkClass"),
        ("(println 1) 5", "1\n5"),
        ("(var x 3) (fn g [] 1)", "3"),
    ] {
        assert_eq!(gene(&["eval", "-p", code], ""), ok(&format!("{written}\n")));
    }
}
