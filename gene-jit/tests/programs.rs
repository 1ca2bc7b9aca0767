//! Programs give the same in the interpreter and as compiled code.

mod support;

use support::{at_edges, interpreted, limited, run, same};

#[test]
fn fib() {
    let source = "(fn fib [n] (if (n < 2) n else ((fib (n - 1)) + (fib (n - 2)))))";
    assert_eq!(same(&format!("{source} (fib 15)")), "610");
}

#[test]
fn a_counting_loop() {
    let source = "(fn sum [n] (var i 0) (var total 0) (while (i < n) (total = (total + i)) (i = (i + 1))) total)";
    assert_eq!(same(&format!("{source} (sum 100) (sum 1000)")), "499500");
}

#[test]
fn sums_and_differences_at_the_edges() {
    at_edges("[(x + y) (x - y)]");
}

#[test]
fn products_quotients_and_remainders_at_the_edges() {
    at_edges("(x * y)");
    at_edges("(x / y)");
    at_edges("(x % y)");
}

#[test]
fn sums_with_literals_at_the_edges() {
    at_edges("[(x + 1) (x - 1) (y + 255) (y - 256) (x + 1.5) (- x)]");
}

#[test]
fn comparisons_at_the_edges() {
    for operator in ["<", "<=", ">", ">="] {
        at_edges(&format!(
            "[(x {operator} y) (if (x {operator} y) 1 else 2) (if (x {operator} 1) 1 else 2)]"
        ));
    }
    at_edges(
        "[(x == y) (x != y) (if (x == y) 1 else 2) (if (x != y) 1 else 2) (if (x == 1) 1 else 2)]",
    );
}

#[test]
fn truth_and_bits_at_the_edges() {
    at_edges("[(! x) (if x 1 else 2) (if (! y) 1 else 2) (x and y) (x or y) (x ?? y)]");
    at_edges("[(x && y) (x || y) (x &|& y)]");
}

#[test]
fn checked_types_at_the_edges() {
    for of in [
        "Int",
        "Float",
        "Bool",
        "String",
        "Array",
        "Map",
        "Numeric",
        "(Int | String)",
    ] {
        at_edges(&format!(
            "(fn typed [a: {of} b] -> {of} (if (a == b) (var c: {of} b) (c = b) c else a)) (typed x y)"
        ));
    }
    same(
        "(class A) (class B < A)
         (class C (ctor [n] (/n = n))) (fn g [c: C n: Int] (var d: C c) ((d/n + n) + c/n))
         (var i 0) (while (i < 20) (println (g (new C i) i)) (i += 1))
         (class D < C) (for c in [(new D 1) (new C 2) nil 3 (new A)] (println (try (g c 1) catch * $ex/message)))
         (fn f [x: A y: Float] [x y]) (fn run [x y] (try (f x y) catch * $ex/message))
         (for x in [(new A) (new B) 1 nil] (for y in [1 2.5 [] nil] (println ((run x y) .size))))",
    );
}

#[test]
fn what_a_type_says_is_not_checked_again() {
    let source = "(fn sum [n: Int step: Float] -> Float
           (var total: Float 0.0) (var i 0)
           (while (i < n) (total = (total + step)) (i += 1)) total)
         [(sum 100 0.5) (sum 100 2)]";
    assert_eq!(same(source), "[50.0 200.0]");
}

#[test]
fn calls_that_leave_defaults_to_the_callee() {
    let functions = "(fn f [x y = 10 z = (x + y)] [x y z])
         (fn down [n sum = 0] (if (n == 0) sum else (down (n - 1) (sum + n))))
         (fn late [n a = (if (n > 0) (late (n - 1)) else 0)] (a + 1))
         (class P (ctor [x] (/x = x)) (method add [y = /x z = 2] (/x = (/x + y + z)) /x))";
    same(&format!(
        "{functions} (var p (new P 1)) (var i 0)
         (while (i < 12) (println (f i) (f i 1) (f i 1 2) (p .add) (p .add i) (p .add i 5) (down 5) (late i))
           (if (i == 6) (f = (fn [x y = 3] (x * y)))) (i += 1)
           (for g in [(fn [] (f)) (fn [] (f 1 2 3 4)) (fn [] (p .add 1 2 3))] (println (try (g) catch * $ex/message))))"
    ));
}

#[test]
fn calls_whose_arguments_change_places() {
    same(
        "(fn f [x y = 10 ^w = 2 ^v] [x y w v])
         (fn g [a rest...] ((rest .size) + a)) (fn h [a rest... z] [a rest z]) (fn mix [x ^k = x rest...] [x k rest])
         (fn others [x named...] [x named])
         (class P (ctor [x] (/x = x))
           (method add [y = /x ^z = 2] (/x + y + z)) (method all [xs... ^by = 1] [xs by]))
         (var p (new P 1)) (var i 0)
         (while (i < 12)
           (println (f i ^v 1) (f i 2 ^w 3 ^v i) (f ^v 1 ^w 2 i) (g i) (g i 1 2) (h 1 2) (h 1 2 3 4) (mix i)
             (mix i 1 ^k 3 2) (others 1 ^a 2) (p .add ^z i) (p .add 1 ^z 2) (p .add) (p .all 1 2 3) (p .all ^by i 1 2))
           (if (i == 6) (f = (fn [x ^v = 3 ^w = 4 y = 5] (x * y))))
           (for wrong in [(fn [] (f)) (fn [] (f 1 ^q 2 ^v 1)) (fn [] (h 1)) (fn [] (p .add ^x 1)) (fn [] (g ^a 1))]
             (println (try (wrong) catch * $ex/message)))
           (i += 1))",
    );
}

#[test]
fn instances_are_made_and_constructed() {
    same(
        "(class P (ctor [x y] (/x = x) (if (x == 7) (throw \"seven\")) (/y = y)) (method sum [] (/x + /y)))
         (class Q < P (ctor [x] (super .ctor x (x + 1)) (/z = [x])))
         (class Plain) (class Optional (ctor [x = 3 ^k = 4] (/x = x) (/k = k)))
         (class Tree (ctor [n] (/n = n) (if (n > 0) (do (/l = (new Tree (n - 1))) (/r = (new Tree (n - 1)))) else 0))
           (method count [] (if (/n == 0) 1 else ((/l .count) + (/r .count)))))
         (fn make [i] (new Q i))
         (fn run [i] (var p (new P i 2)) (var s 0) (for j in (0 .. 3) (s += ((new P j i) .sum)))
           [(p .sum) s (make i)/z ((new Tree 4) .count) (typeof (new Plain)) (new Optional)/x (new Optional i ^k 2)/k])
         (var i 0)
         (while (i < 12) (println (try (run i) catch * $ex/message)) (i += 1))
         (println (try (new 7) catch * $ex/message))
         (println (try (new P 1) catch * $ex/message) (try (new P 1 2 3) catch * $ex/message))",
    );
}

#[test]
fn recursion_without_end_is_an_exception_whatever_is_called() {
    let source = "(class Endless (ctor [] (/next = (new Endless))))
         (fn f [^k = 1 xs...] (1 + (f ^k 2 1 2)))
         (class S (method m [x] (1 + (.m x))) (method d [x = 1] (1 + (.d))))
         (class T < S (method m [x] (1 + (super .m x))))
         (for g in [(fn [] (new Endless)) f (fn [] ((new T) .m 1)) (fn [] ((new T) .d))]
           (for i in (0 .. 2) (println (try (g) catch * $ex/message))))";
    let expected = interpreted(source);
    assert_eq!(expected.matches("Stack overflow").count(), 12, "{expected}");
    // Without a collection at every call: each would go through the whole stack.
    for threshold in [0, 1, 7] {
        let (found, _) = run(source, Some(threshold), false);
        assert_eq!(found, expected, "threshold {threshold}");
    }
}

#[test]
fn methods_of_parents() {
    same(
        "(class A (ctor [n ^k = 1] (/n = n) (/k = k)) (method twice [x y = 2 ^z = 3] [/n x y z]) (method plain [] /n))
         (class B < A (ctor [n] (super .ctor n)) (method twice [x] (super .twice x)) (method plain [] (super .plain)))
         (class C < B (ctor [n] (super .ctor (n + 1)) (/c = n))
           (method twice [x] [(super .twice x) (super .plain)]) (method missing [] (super .missing)))
         (class D < A (ctor [n] (super .ctor n ^k 5)) (method twice [x] (super .twice x ^z 7)))
         (fn define [parent n] (class E < parent (ctor [n] (super .ctor n)) (method plain [] [(super .plain) n])) (new E n))
         (var i 0)
         (while (i < 12)
           (for class in [A B C D] (var o (new class i)) (println (o .twice i) (o .plain) o/k))
           (println ((define A i) .plain) ((define B i) .plain) (try ((new C 1) .missing) catch * $ex/message))
           (i += 1))",
    );
}

#[test]
fn an_array_that_is_frozen_between_two_stores() {
    for closing in [
        "(freeze xs)",
        "(close xs)",
        "(xs .each (fn [x] (close xs)))",
    ] {
        same(&format!(
            "(fn close [xs] (freeze xs) nil)
             (fn f [xs i] (xs .set 0 i) (xs/1 = i) (if (i == 3) {closing}) (xs .set 0 (i + 1)) (xs/1 = 0) xs)
             (for i in (1 .. 4) (println (try (f [0 0] i) catch * $ex/message)))"
        ));
    }
}

#[test]
fn a_loop_whose_variable_becomes_something_else() {
    same(
        "(fn f [n] (var total 0) (var i 0) (while (i < n) (total = (total + 0.5)) (i = (i + 1))) total) (f 3) (f 20)",
    );
    same(
        "(fn f [start n] (var total start) (var i 0) (while (i < n) (total = (total + total)) (i = (i + 1))) total)
         [(f 1 20) (f 1 55) (f 1.5 20) (f 1 10)]",
    );
    same(
        "(fn f [x] (var i 0) (while (i < 5) (if (i == 3) (x = \"s\")) (i = (i + 1))) x) [(f 1) (f 2.5) (f nil)]",
    );
}

#[test]
fn overflow_of_64_bits_raises() {
    let outcome = same("(fn f [x] (var i 0) (while (i < 70) (x = (x + x)) (i = (i + 1))) x) (f 1)");
    assert!(outcome.contains("overflow"), "{outcome}");
}

#[test]
fn exceptions_come_through_frames_and_are_caught() {
    same(
        "(fn inner [x] (if (x > 3) (throw \"big\") else x))
         (fn outer [x] (try ((inner x) + 1) catch * [$ex/message x] finally (println \"done\" x)))
         (var i 0) (while (i < 6) (println (outer i)) (i = (i + 1)))",
    );
    same(
        "(fn f [x] (var y 1) (try (y = 2) (x/a/b + 1) (y = 3) catch * (y = (y + 10))) y) [(f nil) (f 1) (f {^a {^b 1}})]",
    );
    let outcome = same("(fn f [n] (if (n == 0) (throw \"deep\") else ((f (n - 1)) + 1))) (f 50)");
    assert!(outcome.contains("deep"), "{outcome}");
}

#[test]
fn traces_are_the_same() {
    let source = "(fn a [x] (b (x + 1)))\n(fn b [x] (+ 1 (c x)))\n(fn c [x]\n  (x + nil))\n(a 1)";
    assert!(same(source).contains("<test>:4:"), "{}", same(source));
}

#[test]
fn deep_and_endless_recursion() {
    assert_eq!(
        same("(fn down [n] (if (n == 0) 0 else ((down (n - 1)) + 1))) (down 10000)"),
        "10000"
    );
    let outcome =
        same("(fn f [n] ((f (n + 1)) + 1)) (try (f 0) catch RuntimeException \"caught\")");
    assert_eq!(outcome, "\"caught\"");
    let outcome = same(
        "(fn f [n] (var i 0) (while (i < 1) (i = ((g n) + 1))) i) (fn g [n] ((f n) + 1)) (try (f 0) catch * \"caught\")",
    );
    assert_eq!(outcome, "\"caught\"");
}

#[test]
fn tail_calls_need_no_stack() {
    assert_eq!(
        same("(fn f [n total] (if (n == 0) total else (f (n - 1) (total + n)))) (f 300000 0)"),
        "45000150000"
    );
    assert_eq!(
        same(
            "(fn even [n] (if (n == 0) true else (odd (n - 1)))) (fn odd [n] (if (n == 0) false else (even (n - 1))))
             (even 200001)"
        ),
        "false"
    );
}

#[test]
fn many_locals_arguments_and_instructions() {
    let locals: String = (0..200).map(|i| format!("(var v{i} (x + {i}))")).collect();
    let sum: String = (0..200).map(|i| format!(" v{i}")).collect();
    same(&format!("(fn f [x] {locals} (+{sum})) [(f 1) (f 2.5)]"));
    let parameters: String = (0..60).map(|i| format!(" p{i}")).collect();
    let arguments: String = (0..60).map(|i| format!(" (x + {i})")).collect();
    same(&format!(
        "(fn f [{parameters}] (+{parameters})) (fn g [x] (f{arguments})) [(g 1) (g 3)]"
    ));
    let steps: String = (0..2500)
        .map(|i| format!("(x = (x + {}))(if (x > 5000) (x = 0))", i % 7))
        .collect();
    same(&format!("(fn f [x] {steps} x) [(f 1) (f 2.5)]"));
    let looped =
        format!("(fn f [x] (var i 0) (while (i < 3) {steps} (i = (i + 1))) x) [(f 1) (f 2.5)]");
    same(&looped);
}

#[test]
fn calling_what_is_no_function() {
    let outcome = same("(fn f [g] (g 1 2)) (f 5)");
    assert!(outcome.contains("callable"), "{outcome}");
    same(
        "(fn f [g] (try (g) catch * $ex/message)) [(f nil) (f \"s\") (f (fn [] 1)) (f (fn [a] 1))]",
    );
}

#[test]
fn a_result_that_nothing_uses_takes_no_slot() {
    // The result of `seen` lives in a register until that is needed, when its slot is the one of `q`.
    let source = "(class Q) (fn seen [] nil) (fn first [rest...] rest/0) (var q (new Q))
        (fn f [x y] (seen) (q/n -= (first x x)) (fn [] x))
        (repeat 9 (q/n = 2.5) (f 1 nil) (println q/n))";
    assert_eq!(same(source), "1.5\n".repeat(9) + "nil");
}

#[test]
fn closures_share_variables() {
    same(
        "(fn counter [] (var n 0) [(fn [] (n = (n + 1)) n) (fn [] n)])
         (var c (counter)) (var d (counter)) ((c .get 0)) ((c .get 0)) ((d .get 0))
         [((c .get 1)) ((d .get 1))]",
    );
    same(
        "(fn f [n] (var fs []) (for i in (0 .. n) (fs .push (fn [] (i * i)))) fs) (for g in (f 4) (println (g)))",
    );
}

#[test]
fn objects_and_collections() {
    same(
        "(class P (ctor [x y] (/x = x) (/y = y)) (method sum [] (/x + /y)) (method move [dx] (/x = (/x + dx)) self))
         (class Q < P (ctor [x] (super .ctor x 1)) (method sum [] ((super .sum) * 10)))
         (fn total [ps] (var t 0) (for p in ps (t = (t + (p .sum)))) t)
         (var ps [(new P 1 2) (new Q 3) (new P 0.5 0.25)])
         (var i 0) (while (i < 5) (println (total ps)) (ps/0 .move i) (i = (i + 1)))",
    );
    same(
        "(fn fill [n] (var a []) (var i 0) (while (i < n) (a .push i) (i = (i + 1))) a)
         (fn swap [a i j] (var t a/<i>) (a/<i> = a/<j>) (a/<j> = t) a)
         (var a (fill 10)) (swap a 0 9) (swap a 3 4) (println a a/<-1> a/<20>) (fn get [x k] x/<k>)
         [(get a 1) (get {^b 2} \"b\") (get a -1) (get [] 0) (get #[1 2] 1)]",
    );
    same(
        "(fn set [a k v] (try (a/<k> = v) catch * $ex/message)) [(set [1] 0 2) (set [1] 5 2) (set #[1] 0 2) (set {} \"k\" 1)]",
    );
}

#[test]
fn bits_and_shifts_at_the_edges() {
    at_edges(
        "[(x && y) (x || y) (x &|& y) (x << 3) (x >> 3) (x >> 47) (x << 47) (x >> 0) (x << 0)]",
    );
    at_edges("[(x << y)]");
    at_edges("[(x >> y)]");
    at_edges("[((x == 1) && y) ((x == 1) || y) ((x == 1) &|& y)]");
}

#[test]
fn quotients_and_remainders_of_literals_at_the_edges() {
    at_edges("[(x % 7) (x % -3) (x / 4) (x / -2.5) (1 / x)]");
    at_edges("(x % 0)");
    at_edges("(7 % x)");
}

#[test]
fn methods_of_arrays() {
    same(
        "(fn work [a n] (var i 0)
           (while (i < n) (a .push (i * i)) (a .set (i % (a .size)) (+ i (a .get i))) (if ((i % 5) == 0) (a .pop)) (i = (i + 1))) a)
         [(work [1] 30) (work [1.5] 40) (work [] 3)]",
    );
    same(
        "(fn get [a i] (try (a .get i) catch * $ex/message)) (fn set [a i v] (try (a .set i v) catch * $ex/message))
         (fn push [a v] (try (a .push v) catch * $ex/message)) (fn pop [a] (try (a .pop) catch * $ex/message)) (fn size [a] (try (a .size) catch * $ex/message))
         (class A (ctor [] (/n = 0)) (method get [i] (/n = (/n + i))) (method set [i v] (/n = v)) (method push [v] v) (method pop [] /n) (method size [] /n))
         (var all [[1 2 3] [] #[4 5] (new A) \"text\" {^a 1} nil 7 (freeze [1])]) (var i 0)
         (while (i < 9) (for a in all (println (get a i) (get a -1) (get a \"a\") (set a i i) (set a -1 9) (push a i) (size a) (pop a) (pop a))) (i = (i + 1)))",
    );
    // A tail call of a method that is not that of arrays needs no stack.
    assert_eq!(
        same(
            "(class A (ctor [n] (/n = n)) (method get [i] (if (i == 0) /n else (.get (i - 1))))) ((new A 5) .get 300000)"
        ),
        "5"
    );
}

#[test]
fn bytes_of_strings() {
    // ASCII and others, all indices and some beyond, in loops that keep the string's address and in single calls.
    let outcome = same(
        "(fn sum [s] (var sum 0) (var i 0) (while (i < (s .bytesize)) (sum = (sum + (s .byte_at i))) (i = (i + 1))) sum)
         (fn at [s i] (try (s .byte_at i) catch * $ex/message))
         (var out []) (var n 0)
         (while (n < 12)
           (for s in [\"text\" \"\" \"über\" \"…\"]
             (out .push (s .size)) (out .push (sum s))
             (for i in [0 3 4 -1 -4 -9 1.5 nil] (out .push (at s i))))
           (n = (n + 1)))
         out",
    );
    assert!(outcome.contains("byte_at index out of bounds"), "{outcome}");
    // A string has been met: no call of the runtime is left for it.
    let source = "(fn sum [s] (var sum 0) (var i 0) (while (i < (s .size)) (sum = (sum + (s .byte_at i))) (i = (i + 1))) sum)
        (var total 0) (repeat 1000 (total = (total + (sum \"abc\")))) total";
    let (outcome, calls) = helper_calls(source, "CallMethod");
    assert_eq!(outcome, "294000");
    assert!(calls < 20, "{calls}");
}

#[test]
fn one_call_of_a_method_meets_arrays_strings_and_maps() {
    same(
        "(fn size [x] (x .size)) (fn get [x k] (try (x .get k) catch * $ex/message))
         (var out []) (var n 0)
         (while (n < 30)
           (for x in [\"text\" \"text\" [1 2] {^a 1} {^a 1} [3] \"ü\"]
             (out .push (size x)) (out .push (get x 0)) (out .push (get x \"a\")))
           (n = (n + 1)))
         out",
    );
}

#[test]
fn equality_of_strings() {
    // All lengths up to three words, with a difference at each place, and other values in between.
    let outcome = same(
        "(fn same [x y] (if (x == y) 1 else 0)) (fn is_text [x] (x != \"text\"))
         (var texts []) (var text \"\")
         (repeat 26 (texts .push text) (texts .push (\"b\" ++ text)) (texts .push (text ++ \"b\")) (text = (text ++ \"a\")))
         (texts .push \"text\")
         (var sum 0) (var out [])
         (repeat 3
           (for x in texts (for y in texts (sum = (sum + (same x y)))) (out .push (is_text x)))
           (for x in [nil 1 1.5 [1] `text 'c'] (out .push (same x \"a\") (same \"a\" x) (is_text x))))
         [sum out]",
    );
    assert!(outcome.starts_with('['), "{outcome}");
    let source = "
        (fn kind [op] (if (op == \"add\") 1 elif (op == \"multiplication\") 2 else 3))
        (var sum 0) (var ops [\"add\" \"multiplication\" \"multiplicators\" \"\"])
        (repeat 250 (for op in ops (sum = (sum + (kind op)))))
        sum";
    let (outcome, statistics) = run(source, Some(0), false);
    assert_eq!(outcome, "2250");
    // The first guess was right.
    let versions = statistics
        .functions
        .iter()
        .filter(|function| function.name.starts_with("kind"));
    assert_eq!(versions.count(), 1);
}

#[test]
fn equality_of_instances() {
    same(
        "(class P (ctor [x] (/x = x))) (class Q (ctor [x] (/x = x)) (method == [o] (/x == o/x)))
         (fn eq [a b] (if (a == b) 1 else 2)) (fn ne [a b] (a != b))
         (var p (new P 1)) (var all [p (new P 1) (new Q 1) (new Q 1) \"s\" \"s\" 1 1.0 nil [1] [1]]) (var i 0)
         (while (i < 40) (eq p p) (eq p all/1) (ne p all/1) (i = (i + 1)))
         (for a in all (for b in all (println (eq a b) (ne a b))))",
    );
}

#[test]
fn instances_of_one_shape_and_of_many() {
    // Fields in different orders: the same method meets up to six shapes.
    let classes: String = (0..6)
        .map(|i| {
            let fields: String = (0..6)
                .map(|j| format!("(/f{} = {j})", (i + j) % 6))
                .collect();
            format!("(class C{i} < Base (ctor [] {fields}))\n")
        })
        .collect();
    same(&format!(
        "(class Base (ctor []) (method get [] (/f0 * 100)) (method inc [] (/f1 = (/f1 + 1)) (/f0 + /f1)))
         {classes}
         (var all [(new C0) (new C1) (new C2) (new C3) (new C4) (new C5)])
         (fn total [xs n] (var t 0) (var i 0)
           (while (i < n) (for x in xs (t = (t + (x .get))) (t = (t + (x .inc))) (t = (t + x/f2))) (i = (i + 1))) t)
         (fn one [x n] (var t 0) (var i 0) (while (i < n) (t = (t + (x .inc))) (i = (i + 1))) t)
         [(one all/0 30) (one all/0 30) (total all 20) (one all/3 30) (total [all/1 all/2] 9)]"
    ));
}

#[test]
fn instances_get_fields_while_methods_run() {
    same(
        "(class P (ctor [x] (/x = x)) (method grow [v] (/y = v) (/x = (/x + v)) (+ /x /y))
                  (method late [q] (q .grow 2) (/x + /y)))
         (fn f [n] (var t 0) (var i 0) (while (i < n) (var p (new P i)) (t = (t + (p .grow i))) (t = (t + (p .late p))) (i = (i + 1))) t)
         [(f 3) (f 40)]",
    );
    same(
        "(class P (ctor [x] (/x = x)) (method add [o] (/z = 1) (o/z = (o/z + 5)) /z))
         (fn f [p] (p .add p)) (var i 0) (var out []) (while (i < 30) (out .push (f (new P i))) (i = (i + 1))) out",
    );
}

#[test]
fn methods_change_under_compiled_calls() {
    same(
        "(class A (ctor [] (/n = 1)) (method v [] /n))
         (fn f [a n] (var t 0) (var i 0) (while (i < n) (t = (t + (a .v))) (i = (i + 1))) t)
         (var a (new A)) (var first (f a 20))
         (class B < A (ctor [] (/m = 5) (/n = 3)) (method w [] (f self 10)) (method v [] (/m + (super .v))))
         [first (f a 20) (f (new B) 20) ((new B) .w) (f a 3)]",
    );
}

#[test]
fn receivers_of_other_kinds() {
    let outcome = same(
        "(class A (ctor [n] (/n = n)) (method size [] /n) (method get [i] (/n + i)))
         (fn size [x] (try (x .size) catch * $ex/message)) (fn get [x] (try (x .get 1) catch * $ex/message)) (fn n [x] (try x/n catch * $ex/message))
         (fn set [x] (try (x/n = 3) catch * $ex/message))
         (var out []) (var i 0)
         (while (i < 12) (for x in [(new A i) [1 2 3] \"text\" 5 nil 2.5 {^n 7} (new A 9)] (out .push (size x)) (out .push (get x)) (out .push (n x)) (out .push (set x))) (i = (i + 1)))
         out",
    );
    assert!(
        outcome.contains("VkNil") || outcome.contains("nil"),
        "{outcome}"
    );
}

#[test]
fn many_pending_operands() {
    let parts: String = (0..40).map(|i| format!(" (x + {i}) {i}")).collect();
    same(&format!(
        "(fn f [x] [{parts}]) [(f 1) (f 1.5) (try (f nil) catch * $ex/message)]"
    ));
    let left = (0..200).fold("x".to_string(), |tree, i| format!("({tree} + {i})"));
    let right = (0..200).fold("x".to_string(), |tree, i| format!("({i} + {tree})"));
    same(&format!("(fn f [x] [{left} {right}]) [(f 1) (f 0.5)]"));
}

#[test]
fn tail_calls_need_no_stack_in_any_mixture_of_tiers() {
    // `odd` becomes compiled later than `even`, which has a loop; `tell` is native.
    let source = "
        (fn tell [x] (println x))
        (fn even [n] (var i 0) (while (i < 2) (i = (i + 1))) (if (n == 0) (tell \"even\") else (odd (n - 1))))
        (fn odd [n] (if (n == 0) (tell \"odd\") else (even (n - 1))))
        (fn other [n ^step] (if (n <= 0) n else (other (n - step) ^step step)))
        (even 40001) (even 40000) (other 40000 ^step 1)";
    let expected = interpreted(source);
    assert_eq!(expected, "odd\neven\n0");
    for threshold in [0, 1, 500, 50_000] {
        assert_eq!(run(source, Some(threshold), false).0, expected);
    }
}

/// Calls of the runtime for one opcode.
fn helper_calls(source: &str, opcode: &str) -> (String, u64) {
    let (outcome, statistics) = run(source, Some(0), false);
    let calls = statistics.helper_calls.get(opcode).copied();
    (outcome, calls.unwrap_or(0))
}

#[test]
fn code_learns_that_operands_are_floats() {
    let source = "
        (fn scale [x y] ((x * y) - y))
        (var total 0.0)
        (repeat 1000 (total = (total + (scale 1.5 2.0))))
        total";
    assert_eq!(same(source), "1000.0");
    assert_eq!(helper_calls(source, "Mul"), ("1000.0".into(), 0));
}

#[test]
fn code_that_has_learned_of_floats_takes_ints_too() {
    let source = "
        (fn f [x] (x * 3))
        (var total 0)
        (for i in (0 .. 200) (total = (total + (f (if ((i % 2) == 0) i else 0.5)))))
        [total (f 140737488355327) (try (f \"a\") catch * \"no\")]";
    same(source);
}

#[test]
fn a_loop_learns_what_its_variables_are() {
    let source = "
        (fn f [x n] (var i 0) (while (i < n) (x = (x + x)) (i = (i + 1))) x)
        [(f 1 4) (f 0.5 40) (f \"a\" 3) (f 1 60) (f 0.5 100)]";
    same(source);
}

#[test]
fn a_variable_is_read_before_it_is_written_behind_a_call() {
    let source = "
        (fn three [] 3)
        (fn late [] (var c 1) (try (return c) finally (c = (three))))
        (fn sum [] (var c 1) (c + (do (three) (c = (three)) c)))
        (fn deep [] (var c 1) [c 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 (do (three) (c = (three)) c) c])
        (var all []) (repeat 9 (all = [(late) (sum) (deep)])) all";
    let deep = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 3 3";
    assert_eq!(same(source), format!("[1 4 [{deep}]]"));
}

#[test]
fn ints_of_all_sizes() {
    let source = "
        (fn bits [x] (repeat 60 (x = (x &|& (x << 13))) (x = (x &|& (x >> 7))) (x = ((x << 17) && -2))) x)
        (fn product [x n] (var i 0) (while (i < n) (x = ((x * 31) % 1000000007000)) (i += 1)) x)
        (fn below [x end] (var n 0) (while (x < end) (x += 5) (n += 1)) n)
        (var all [])
        (repeat 3 (all .push (bits 88172645463325252) (product 123456789012 50) (below 140737488355300 140737488355400)))
        (for x in [1 140737488355327 4611686018427387904 0.5 \"s\"]
          (all .push (try (below x (x + 20)) catch * $ex/message) (try (product x 3) catch * $ex/message)))
        all";
    same(source);
}

#[test]
fn what_a_loop_may_leave_as_an_int_is_checked_by_the_next() {
    let source = "
        (var turns [1 0.5 -2 -0.0])
        (var k 1)
        (fn f [a]
          (var c nil)
          (var i 0)
          (while (i < 11) (i += 1) (c = ((turns .get (k && 3)) + a)))
          (repeat 2 (c = (c + 0.5)))
          c)
        (for a in [1 2.5 3] (f a))
        (k = 2)
        (f 1)";
    assert_eq!(same(source), "0.0");
}

#[test]
fn exceptions_in_loops_that_go_on() {
    let source = "
        (fn f [n] (var i 0) (var caught 0)
          (while (i < n)
            (try (if ((i % 3) == 0) (throw i) else (caught = (caught + 0.5))) catch * (caught = (caught + $ex)))
            (i = (i + 1)))
          caught)
        (try (f 100) catch * \"not numbers\")";
    same(source);
}

#[test]
fn what_the_fast_path_loads_is_there_after_the_slow_path() {
    let source = "(fn id [x] x)
    (fn f [n] (var c) (var d 0.5) (var i 0)
      (while (i < n)
        (i += 1)
        (for x in (0 .. 4) (id x) (case -256 when 140737488355327 when c))
        (9223372036854775807 * d))
      (id d))
    (f 10)";
    assert_eq!(same(source), "0.5");
    for threshold in 2..30 {
        assert_eq!(run(source, Some(threshold), false).0, "0.5");
    }
    let source = "(class O) (var o (new O)) (var m {})
    (fn f [n b]
      (for x in (0 .. n)
        (b - 3)
        (for y in [] (println y))
        (if (m/b != 140737488355328) (o/n = b))))
    (for k in [2.5 nil \"s\" 3 4] (try (f 12 k) catch * 0))
    (o/p = 1)
    (f 12 3)
    o/n";
    assert_eq!(same(source), "3");
}

#[test]
fn loops_that_keep_variables_in_registers_alone() {
    // Each way out of such a loop: its end, jumps, a return, wrong guesses, slow paths, exceptions.
    let at_the_end = "(fn f [n] (var i 0) (var t 0.5) (var k 140737488355320)
      (while (i < n) (t = (t * 1.5)) (i += 1)) [i t k])
    [(f 0) (f 9) (f 40) (f 2.5)]";
    same(at_the_end);
    let jumps = "(fn f [n a] (var i 0) (var t 0)
      (while (i < 100)
        (if (i == n) (break))
        (if (t > 50) (return [i t]))
        (t = (t + a))
        (i += 1))
      [(i + 0) t])
    [(f 3 2) (f 50 2) (f 90 0) (f 5 0.5) (f 20 140737488355327)]";
    same(jumps);
    let overflow = "(fn f [n] (var t 1) (var i 0) (while (i < n) (t = (t + t)) (i += 1)) [t i])
    [(f 3) (f 46) (f 47) (f 48) (f 60)]";
    same(overflow);
    let slow = "(fn f [xs n] (var i 0) (var t 0)
      (while (i < n) (t = (t + xs/i)) (xs .push t) (i += 1)) [i t (xs .size)])
    [(f [1 2 3] 20) (f [1 0.5 2] 3) (try (f [1 nil] 5) catch * ($ex .message))]";
    same(slow);
    let caught = "(fn f [xs] (var i 0) (var t 0)
      (try (while (i < 50) (t = (t + xs/i)) (i += 1)) catch * [i t]))
    [(f [1 2 3]) (f [1 2 \"a\"]) (f 5)]";
    same(caught);
    let thrown = "(fn f [n] (var i 0) (var r nil)
      (try (while (i < 30) (if (i == n) (throw i)) (i += 1)) catch * (r = [i])) r)
    [(f 3) (f 20) (f 40)]";
    same(thrown);
    let nested = "(fn f [n] (var i 0) (var t 0) (var u 0.5)
      (while (i < n)
        (var j 0)
        (while (j < i) (t = (t + j)) (if (t > 5000) (return [i j t u])) (j += 1))
        (u = (u + i))
        (i += 1))
      [i t u])
    [(f 0) (f 5) (f 20) (f 40)]";
    same(nested);
    let copies = "(fn f [n] (var a 0) (var b 1) (var i 0)
      (while (i < n) (var c (a + b)) (a = b) (b = c) (i += 1)) [a b])
    [(f 10) (f 60) (f 90)]";
    same(copies);
    let kinds = "(fn f [n] (var t 0) (var i 0)
      (while (i < n) (if (i == 7) (t = 0.5)) (if (i == 9) (t = \"s\") (i += 1)) (i += 1)) [t i])
    [(f 5) (f 8) (f 30)]";
    same(kinds);
    let ranges = "(fn f [a b] (var t 0) (for x in (a .. b) (if (x == 12) (continue)) (t = (t + x))) t)
    [(f 0 5) (f 3 30) (f 140737488355320 140737488355326) (f 140737488355320 140737488355330) (f 0.5 3)]";
    same(ranges);
}

#[test]
fn loops_over_collections_of_any_kind() {
    let source = r#"
        (class Count
          (ctor [n] (/n = n) (/i = 0))
          (method iter [] self)
          (method next [] (if (/i < /n) (/i += 1) /i else not_found)))
        (fn sum [xs] (var n 0) (for x in xs (n += (x .to_i))) n)
        (fn count [a b] (var n 0) (for x in (a .. b) (if (n == 3) (break)) (n += 1)) n)
        (fn pairs [xs] (var n 0) (for k v in xs (n += v)) n)
        (var found [])
        (for i in (0 .. 12)
          (found .push [(sum [i 1 2]) (count i 5) (pairs [i])]))
        (for xs in [{^a 1} [1 2.5] (1 .. 4) (1 .. 9 2) (new Count 4)]
          (for i in (0 .. 12) (found .push (try (sum xs) catch * $ex/message))))
        (for a in [140737488355326 -140737488355328 1.5 nil "a" 9223372036854775806]
          (for b in [140737488355327 -140737488355327 1.5 nil 9223372036854775807]
            (found .push (try (count a b) catch * $ex/message))))
        (found .push [(try (sum nil) catch * $ex/message) (try (sum 5) catch * $ex/message)])
        found"#;
    same(source);
}

#[test]
fn callbacks_of_natives() {
    let source = r#"
        (fn change [xs] (xs .map (fn [x] (if (x == 3) (xs .push 100)) (x * 2))))
        (fn fails [xs] (try (xs .each (fn [x] (if (x == 2) (throw "two")))) catch * $ex/message))
        (fn defaults [xs] (xs .map (fn [x y = 5] (x + y))))
        (fn too_many [xs] (try (xs .map (fn [x y] x)) catch * $ex/message))
        (var found [])
        (for i in (0 .. 9)
          (found .push [(change [1 2 3]) (fails [1 2 3]) (defaults [1 2]) (too_many [1])
            ([3 1 2] .sort (fn [a b] (a - b))) ([1 2 3] .reduce 0 (fn [a b] (a + b)))
            ([1 2 3] .find (fn [x] (x > 1))) ({^a 1} .map (fn [k v] v))]))
        found"#;
    same(source);
}

/// Whatever takes arguments can be called back, for the first element and in the middle of a compiled loop.
#[test]
fn callbacks_of_all_kinds() {
    let source = r#"
        (fn twice! [x] [x x])
        (class C (ctor [] (/k = 10)) (method all [xs] (xs .map (fn [x] (x + /k)))))
        (fn stream* [x] (yield x) (yield (x + 1)))
        (fn optional [x y = 5 rest... ^w = 2] [x y rest w])
        (fn required [x ^w] x)
        (var xs [1 2 3])
        (fn apply [f] (try (xs .map f) catch * $ex/message))
        (var found [])
        (repeat 9
          (found .push [(apply optional) (apply required) (apply abs) (apply (x -> (x * 2)))
            ((apply stream*) .map (fn [g] [(g .next) (g .next)])) (apply 5) (apply nil)
            ((new C) .all xs) (apply (fn [x] (return x) 7)) (apply (fn [] 1))
            (xs .filter (fn [x] (if (x == 2) nil else 0))) (xs .find (fn [x] (x == 2)))
            (xs .any (fn [x] (x > 5))) (xs .all (fn [x] (x > 0))) ([] .all (fn [x] nil))
            (xs .each (fn [x] nil)) (apply twice!)]))
        found"#;
    same(source);
}

/// A loop that calls back is entered as compiled code while it runs, and by callbacks of its own.
#[test]
fn callbacks_while_their_loop_gets_hot() {
    let count = "(var xs []) (repeat 50 (xs .push (xs .size)))
        (var held 0) (fn f [x] (if (x % 7 == 0) (held = x)) (x + held))";
    same(&format!(
        "{count} [(xs .map f) (xs .reduce 1 (fn [a x] (a + (f x))))]"
    ));
    same(&format!(
        "{count} (xs .map (fn [x] ((xs .filter (fn [y] (y < x))) .reduce 0 (fn [a y] (a + y)))))"
    ));
    same("(fn deep [n] ([n] .map (fn [x] (if (x == 0) 0 else (deep (x - 1)))))) (deep 100)");
    let endless =
        "(fn down [n] ([n] .each (fn [x] (down x)))) (try (down 1) catch RuntimeException 5)";
    assert_eq!(interpreted(endless), "5");
    assert_eq!(run(endless, Some(1), false).0, "5");
}

/// Programs that change classes do not change what natives do.
#[test]
fn loops_of_natives_rely_on_nothing_that_changes() {
    let source = "(class Array (method push [x] 0)) ([1 2] .map (fn [x] x))";
    assert_eq!(same(source), "[1 2]");
}

#[test]
fn calls_are_safepoints_without_loops_too() {
    let source = "(fn f [n] (if (n > 0) (f (n - 1)) (f (n - 1)) else n)) (f 14)";
    assert_eq!(limited(source, 1_000), "Step limit exceeded");
    assert_eq!(limited(source, 1_000_000), "0");
}
