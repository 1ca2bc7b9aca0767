//! Code relies on what names stand for, and calls native functions on its own.

mod support;

use support::{run, same};

#[test]
fn a_function_gets_another_definition_in_a_loop() {
    let source = r#"
        (fn sum [n]
          (var total 0)
          (for i in (0 .. n)
            (if (i == 40) ($ns .set "abs" (fn [x] 1000)))
            (total += (abs -1)))
          total)
        [(sum 60) (sum 60)]"#;
    assert_eq!(same(source), "[21040 61000]");
}

#[test]
fn another_function_changes_a_name_while_its_arguments_are_evaluated() {
    let source = r#"
        (fn change [x] (if (x == 30) ($ns .set "sqrt" (fn [x] -1))) x)
        (fn run []
          (var found [])
          (for i in (0 .. 33) (if (i > 28) (found .push (sqrt (change i))) (change i)))
          (found .map (fn [x] (x .to_i))))
        (run)"#;
    assert_eq!(same(source), "[5 5 -1 -1 -1]");
}

#[test]
fn operators_are_names_too() {
    let source = r#"
        (fn join [n]
          (var text "")
          (for i in (0 .. n)
            (if (i == 20) ($ns .set "++" (fn [a b] b)))
            (text = (text ++ (i .to_s))))
          text)
        [(join 12) (join 25) (join 3)]"#;
    assert_eq!(same(source), r#"["0123456789101112" "25" "3"]"#);
}

#[test]
fn a_shadowing_name_goes_away_again() {
    let source = r#"
        (fn f [x] (abs x))
        (fn g [n] (var last 0) (for i in (0 .. n) (last = (f -2))) last)
        (var found [(g 20)])
        ($ns .set "abs" (fn [x] 7))
        (found .push (g 20))
        ($ns .del "abs")
        (found .push (g 20))
        found"#;
    assert_eq!(same(source), "[2 7 2]");
}

#[test]
fn a_name_goes_on_changing() {
    let source = r#"
        (fn f [x] (abs x))
        (var sum 0)
        (for i in (0 .. 200)
          ($ns .set "abs" (fn [x] (x + i)))
          (sum += (f 1)))
        sum"#;
    assert_eq!(same(source), "20301");
}

/// One body, several namespaces around it.
#[test]
fn the_same_code_in_several_namespaces() {
    let source = r#"
        (fn make [k]
          (var box (ns box
            ($ns .set "abs" (fn [x] (x + k)))
            (class Inner (method get [x] (abs x)))
            ($ns .set "made" (new Inner))))
          box/made)
        (var all [(make 1) (make 10) (make 100)])
        (var sum 0)
        (for i in (0 .. 89) (sum += ((all .get (i % 3)) .get i)))
        sum"#;
    assert_eq!(same(source), "7335");
}

#[test]
fn unknown_names_raise_where_they_are_used() {
    let source = r#"
        (fn f [x] (if (x > 5) (no_such_name x) else (abs x)))
        (fn g [] (var sum 0) (for i in (0 .. 9) (sum += (try (f i) catch * 100))) sum)
        (g)"#;
    assert_eq!(same(source), "415");
}

#[test]
fn functions_of_numbers_at_the_edges() {
    for body in [
        "(sqrt x)",
        "(abs x)",
        "(floor x)",
        "(ceil x)",
        "(round x)",
        "(min x y)",
        "(max x y)",
        "(max x y 1)",
        "(min x)",
        "(abs)",
        "(pow x y)",
    ] {
        support::at_edges(body);
    }
}

#[test]
fn native_functions_raise_with_the_same_traces() {
    let source = r#"
        (fn low [x] (pow x nil) 1)
        (fn tail [x] (pow x nil))
        (fn method [x] (x .get nil) 1)
        (fn high [f x] (try (f x) catch * $ex/message))
        (fn run [] (var all []) (for i in (0 .. 9) (all .push (high low i) (high tail i) (high method "a"))) (all .size))
        (run)
        (tail 1)"#;
    same(source);
    same(&source.replace("(tail 1)", "(low 1)"));
    same(&source.replace("(tail 1)", "(method \"text\")"));
}

#[test]
fn methods_of_built_in_classes_change() {
    let source = r#"
        (fn size [x] (+ 0 (x .length)))
        (fn size_of [x] (var n (x .length)) n)
        (var found [])
        (for x in ["abc" {^a 1} "de" [1 2 3] "f"] (found .push (size_of x)))
        (for i in (0 .. 20) (size_of "abc"))
        (class String (method length [] 77))
        (found .push (size_of "abc"))
        found"#;
    same(&source.replace("(fn size [x] (+ 0 (x .length)))\n", ""));
}

#[test]
fn a_native_method_in_tail_position_becomes_one_of_the_program() {
    let source = r#"
        (class Text
          (ctor [n] (/n = n))
          (method to_upper [] (if (/n == 0) "end" else (upper (new Text (/n - 1))))))
        (fn upper [x] (x .to_upper))
        (var found [])
        (for i in (0 .. 20) (found .push (upper "a")))
        (found .push (upper (new Text 30000)))
        (found .push (try (upper 5) catch * $ex/message))
        (upper [])"#;
    same(source);
}

#[test]
fn frozen_receivers_of_native_methods() {
    let source = r##"
        (fn f [m] (m .set "a" 1) (m .get "a"))
        (for i in (0 .. 20) (f {^a 2}))
        (try (f #{^a 3}) catch * $ex/message)"##;
    same(source);
}

/// The runtime makes none of the calls, and each is counted once.
#[test]
fn calls_of_native_functions_are_counted() {
    let source = "(fn f [n] (var x 0) (for i in (0 .. n) (x = (pow 2 i))) x) (f 10) (f 100)";
    let (_, statistics) = run(source, Some(1), false);
    assert_eq!(statistics.helper_calls.get("native functions"), Some(&111));
    assert_eq!(statistics.helper_calls.get("Call"), None);
}

/// Methods, too, once the cache of the call knows where they are entered.
#[test]
fn calls_of_native_methods_are_counted() {
    let source = "(fn f [n] (var x \"\") (for i in (0 .. n) (x = (i .to_s))) x) (f 10) (f 100)";
    let (_, statistics) = run(source, Some(1), false);
    assert_eq!(statistics.helper_calls.get("native functions"), Some(&110));
    assert_eq!(statistics.helper_calls.get("CallMethod"), Some(&1));
}

#[test]
fn operands_move_below_others() {
    let source = r#"
        (fn f [a b c] ((a ++ (b + 1)) ++ ((c .size) ++ (if (b > 2) "x" else "y"))))
        (var all [])
        (for i in (0 .. 6) (all .push (f "t" i [i])))
        (try (f 1 nil []) catch * (all .push $ex/message))
        all"#;
    same(source);
}
