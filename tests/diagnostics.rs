//! What is told of mistakes in programs: where, what, and how to mend it, before anything runs where that is possible.

mod support;

use std::fs;

/// Runs a program from a file and answers standard output and standard error.
fn run(text: &str, options: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    fs::write(folder.path().join("main.gene"), text).expect("the folder is writable");
    let output = support::gene()
        .arg("run")
        .args(options)
        .arg("main.gene")
        .current_dir(folder.path())
        .output()
        .expect("gene runs");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn all_mistakes_at_the_top_level_are_told_and_nothing_runs() {
    let (out, err) = run(
        "(println 1)\n(if)\n(for x [1] 2)\n(println (1 + 2 3 4))\n(let z 1)\n(z = 2)\n",
        &["--error-format=human"],
    );
    assert_eq!(out, "");
    insta::assert_snapshot!(err, @r#"
    error: if: missing condition
     --> main.gene:2:1
      |
    2 | (if)
      | ^
      |
      = help: write (if condition form… elif condition form… else form…)
    error: for loop requires 'in' keyword followed by a collection
     --> main.gene:3:1
      |
    3 | (for x [1] 2)
      | ^
      |
      = help: write (for value in collection form…) or (for key value in collection form…)
    error: Invalid infix expression
     --> main.gene:4:10
      |
    4 | (println (1 + 2 3 4))
      |          ^
      |
      = help: write operands and operators in turn, as in (a + b * c), and (not a) apart
    error: Cannot reassign 'let' binding 'z'
     --> main.gene:6:1
      |
    6 | (z = 2)
      | ^
      |
      = help: declare it with var if it is to change
    "#);
}

#[test]
fn class_bodies_at_the_top_level_are_checked_before_anything_runs() {
    let (out, err) = run(
        "(println 1)\n(ns n (class /A (method m x 1)))\n(class B (ctor y))\n",
        &["--error-format=gene"],
    );
    assert_eq!(out, "");
    assert_eq!(
        err,
        "Error: Method requires an array argument list; use [] for no arguments main.gene 2\n\
         Error: Constructor requires an array argument list; use [] for no arguments main.gene 3\n"
    );
}

#[test]
fn mistakes_in_functions_are_warnings_until_the_call() {
    let (out, err) = run(
        "(println \"runs\")\n\
         (fn f [a a]\n  (break)\n  (fn inner [] (while))\n  (yield 1))\n\
         (class A (method go [] (1 + 2 3 4)))\n\
         (println (try ((new A) .go) catch * $ex/message))\n",
        &["--error-format=human"],
    );
    assert_eq!(out, "runs\nInvalid infix expression\n");
    insta::assert_snapshot!(err, @r#"
    warning: duplicate parameter 'a': only the last one counts
     --> main.gene:2:1
      |
    2 | (fn f [a a]
      | ^
      |
      = help: give each parameter a name of its own, or ignore an argument with _
    warning: break used outside of a loop
     --> main.gene:3:3
      |
    3 |   (break)
      |   ^
      |
      = help: it acts on a loop in the same function or block; use (return) to leave a function
    warning: while expects at least 1 argument (condition)
     --> main.gene:4:16
      |
    4 |   (fn inner [] (while))
      |                ^
      |
      = help: write (while condition form…)
    warning: yield used outside of generator function
     --> main.gene:5:3
      |
    5 |   (yield 1))
      |   ^
      |
      = help: end the function's name in *, as in (fn name* [] …), or give it ^^generator
    warning: Invalid infix expression
     --> main.gene:6:24
      |
    6 | (class A (method go [] (1 + 2 3 4)))
      |                        ^
      |
      = help: write operands and operators in turn, as in (a + b * c), and (not a) apart
    "#);
}

#[test]
fn what_a_macro_will_rewrite_is_not_judged() {
    let (out, err) = run(
        "(fn m! [e] e)\n(println (m! (fn [] (if))))\n(fn f [] (m! (break)))\n(println (f))\n(println `(while))\n",
        &[],
    );
    assert_eq!(out, "(fn [] (if))\n(break)\n(while)\n");
    assert_eq!(err, "");
}

#[test]
fn an_exception_keeps_its_trace_through_a_finally_that_catches_another() {
    let program = "(fn fails [] (throw \"outer\") 1)\n\
                   (fn cleans [] (try (fails) finally\n  (try (throw \"inner\") catch * 1)\n  (try (fails) catch * 2)))\n\
                   (fn main [] (+ 1 (cleans)))\n\
                   (main)\n";
    for jit in ["--jit=off", "--jit=sim"] {
        let (_, err) = run(program, &["--error-format=human", jit]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(err, @r#"
            error: Exception: outer
             --> main.gene:1:14
              |
            1 | (fn fails [] (throw "outer") 1)
              |              ^
              at fails (main.gene:1)
              at cleans (main.gene:2)
              at main (main.gene:5)
              at main.gene (main.gene:6)
            "#);
        }
    }
}
