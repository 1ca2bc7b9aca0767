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

// ── Data ───────────────────────────────────────────────────────────────────

#[test]
fn names_that_hold_data() {
    let source = r#"
        (var $ns/total 0)
        (fn add [k] (total = (total + k)))
        (fn count [n] (var i 0) (while (i < n) (total += i) (i += 1)) total)
        (fn f [n] (for i in (0 .. n) (add i) (add 0.5)) total)
        [(count 100) (f 20) (count 10) (total = 140737488355327) (count 3) (try (total = nil) (add 1) catch * $ex/message)]"#;
    assert_eq!(
        same(source),
        r#"[4950 5170.5 5215.5 140737488355327 140737488355330 "Cannot add values of type: VkNil"]"#
    );
}

#[test]
fn names_are_read_and_assigned_inline() {
    let source = "(var $ns/total 0) (ns depot (var /n 0)) (class C (var /made 0))
        (fn f [n] (var i 0) (while (i < n) (total += 1) (depot/n += total) (C/made = depot/n) (i += 1))) (f 10) (f 2000)";
    let (_, statistics) = run(source, Some(5), false);
    for op in [
        "GetName",
        "SetName",
        "GetMember",
        "GetMemberStrict",
        "GetNamespace",
    ] {
        assert_eq!(statistics.helper_calls.get(op), None, "{op}");
    }
}

/// What was a number when code was made becomes a function and the other way round.
#[test]
fn data_and_definitions_take_turns() {
    let source = r#"
        (var $ns/x 0)
        (fn one [] 1) (fn two [] 2)
        (fn set [v] (x = v))
        (fn call [] (x))
        (fn add [] (x + 1))
        (var all [])
        (for i in (0 .. 30)
          (set i) (all .push (add))
          (set one) (all .push (call))
          (set two) (all .push (call) (try (add) catch * 0))
          (/x = one) (all .push (call)))
        (all .reduce 0 (fn [a b] (a + b)))"#;
    assert_eq!(same(source), "620");
}

/// A table of names grows and shrinks while code uses cells in it.
#[test]
fn cells_move() {
    let source = r#"
        (ns depot (var /n 0) (fn /add [k] (n += k) n))
        (fn f [i]
          (depot .set (#"key#{i}") i)
          (depot/add 1)
          (if (i % 3 == 0) (depot .del (#"key#{(i - 1)}")))
          (depot/n += 1)
          (depot/add depot/n))
        (fn g [n] (var last nil) (for i in (0 .. n) (last = (f i)) (if (last > 1000) (depot/n = 0))) last)
        [(g 300) (depot .size)]"#;
    same(source);
}

#[test]
fn members_of_namespaces_that_come_and_go() {
    let source = r#"
        (fn box [v] (ns box (var /n v) (fn /next [] (n += 1) n)) box)
        (fn next [b] (b/n += 0.5) (b/next))
        (var sum 0)
        (for i in (0 .. 200) (var b (box i)) (sum += (next b)) (sum += (next b)))
        (var kept [(box 1) (box 10)])
        (for i in (0 .. 50) (sum += (next (kept .get (i % 2)))))
        [sum kept/0/n kept/1/n]"#;
    assert_eq!(same(source), "[42394.5 40.0 47.5]");
}

#[test]
fn members_of_classes_are_inherited_until_they_are_set() {
    let source = r#"
        (class A (var /count 0) (ctor [] (count += 1)) (method seen [] count))
        (class B < A)
        (fn f [c] c/count)
        (fn g [n] (for i in (0 .. n) (new A)) [(f A) (f B) ((new B) .seen)])
        (var before (g 40))
        (B/count = 7)
        [before (g 3) (A/count = 1) (f A) (f B)]"#;
    same(source);
}

#[test]
fn missing_members_and_unknown_names() {
    let source = r#"
        (ns depot)
        (fn read [] (if (depot/n == void) 0 else depot/n))
        (fn write [] (try (unknown += 1) catch * (unknown = 5)))
        (var all [])
        (for i in (0 .. 30) (if (i == 20) (depot .on_member_missing (fn [name] 3))) (all .push (read) (write)))
        all"#;
    same(source);
}

#[test]
fn a_name_is_assigned_while_its_value_is_used() {
    let source = r#"
        (/x = 1)
        (fn double [] (x = (x * 2)) x)
        (fn f [] (x + (do (x = (x + 10)) (double)) + x))
        (fn g [n] (var last 0) (for i in (0 .. n) (x = i) (last = (f))) last)
        (g 40)"#;
    assert_eq!(same(source), "240");
}

#[test]
fn callees_that_may_be_macro_functions() {
    let source = r#"
        (ns depot (fn /twice [x] (x * 2)) (fn /shown! [x] ($render x)) (fn /first! [x] 7))
        (fn call [f x] (f x))
        (fn named [x] (depot/twice x))
        (fn quoted [x] (depot/first! (no_such_name x)))
        (var sum 0)
        (for i in (0 .. 30) (sum += (call depot/twice i)) (sum += (named i)) (sum += (quoted i)))
        (var others [])
        (for f in [depot/first! abs depot/twice 5 depot/first! (fn [x] (x + 1))]
          (others .push (try (call f 3) catch * $ex/message)))
        (depot/twice = depot/first!)
        [sum others (named 3)]"#;
    assert_eq!(
        same(source),
        r#"[2077 [7 3 6 "Call requires a callable, got VkInt" 7 4] 7]"#
    );
}

/// What is being handled is set and given back by nested clauses, in functions that go on to be called.
#[test]
fn exceptions_being_handled() {
    let source = r#"
        (fn message [] (if $ex $ex/message else "none"))
        (fn inner [x] (try (if (x % 2 == 0) (throw "even")) (message) catch * (message)))
        (fn outer [x] (try (throw "outer") catch * [(inner x) (message)]))
        (var all [])
        (for i in (0 .. 9) (outer i))
        (all .push (outer 1) (outer 2) (message))
        all"#;
    same(source);
}
