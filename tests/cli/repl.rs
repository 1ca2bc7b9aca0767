//! `gene repl`, with lines from a pipe.

use super::*;

/// What a session shows behind the banner and each prompt.
fn answers(lines: &str) -> (Vec<String>, String) {
    let ended = gene(&["repl"], lines);
    assert_eq!(ended.status, Some(0));
    let (_, session) = ended.stdout.split_once("\n\n").expect("a banner");
    let answers = session.split("gene> ").skip(1);
    (answers.map(str::to_owned).collect(), ended.stderr)
}

#[test]
fn lines_share_their_variables_and_show_their_values() {
    let (answers, errors) = answers(
        "(var x 2)\n\n(fn double [n] (n * x))\n\"s\"\nnil\n(print (double 4))\n(x = 3)\n(double 4)\n",
    );
    assert_eq!(
        answers,
        [
            "2\n",
            "",
            "VkFunction\n",
            "\"s\"\n",
            "",
            "8",
            "3\n",
            "12\n",
            "\n"
        ]
    );
    assert_eq!(errors, "");
}

#[test]
fn an_error_does_not_end_the_session() {
    let (answers, errors) = answers("(+ 1\n(throw \"boom\")\nnope\n(+ 1 2)\nexit\n(print 9)\n");
    assert_eq!(answers, ["", "", "", "3\n", "\n"]);
    assert_eq!(
        errors,
        "Error: EOF while reading list ) (1, 1)\nError: boom\nError: nope is not defined\n"
    );
}

#[test]
fn a_failing_line_keeps_what_it_defined() {
    let (answers, errors) = answers(
        "(var x 1) (fn f [] (x + 1)) (throw \"boom\") (var y 2)\n(f)\n$ex/message\n(x = 5)\n(f)\n",
    );
    assert_eq!(answers, ["", "2\n", "\"boom\"\n", "5\n", "6\n", "\n"]);
    assert_eq!(errors, "Error: boom\n");
}

#[test]
fn a_program_opens_a_session_where_it_stands() {
    let code = "(fn f [a] (var b 2) ($repl) (println a b)) (f 1)";
    let ended = gene(&["eval", code], "(b = (a + 10))\n(var a 7)\n");
    assert_eq!(ended, ok("gene> 11\ngene> 7\ngene> \n1 11\n"));
}
