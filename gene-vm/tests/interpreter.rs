//! Calls, stacks, exceptions, generators: what programs notice of the interpreter's machinery. Each program
//! runs with a collection at every safepoint as well.

use gene_vm::vm::Options;
use gene_vm::{Value, Vm};

/// Stack of the thread that runs a program, and how much of it the VM may use.
const STACK: usize = 64 << 20;
const USABLE: usize = 60 << 20;

/// The written form of the program's value, or the message of what it failed with.
fn run(text: &str) -> String {
    let plain = run_with(text, Options::default());
    let stressed = run_with(
        text,
        Options {
            gc_stress: true,
            ..Options::default()
        },
    );
    assert_eq!(plain, stressed, "collections change what the program does");
    plain
}

fn run_with(text: &str, options: Options) -> String {
    std::thread::scope(|scope| {
        let run = || {
            let mut vm = Vm::new(options);
            vm.set_native_stack(USABLE);
            outcome(&mut vm, text)
        };
        let thread = std::thread::Builder::new().stack_size(STACK);
        let handle = thread.spawn_scoped(scope, run).expect("a thread starts");
        handle.join().expect("no program panics")
    })
}

fn outcome(vm: &mut Vm, text: &str) -> String {
    match vm.run_main("<test>", text) {
        Ok(value) => gene_vm::print::written(value),
        Err(failure) => vm.report(&failure).message,
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(run(text), expected, "{text}");
}

/// As [`check`], for programs that are too long for a collection at every step.
#[track_caller]
fn check_once(text: &str, expected: &str) {
    assert_eq!(run_with(text, Options::default()), expected, "{text}");
}

const CAUGHT: &str = r#"(fn caught [f] (try (f) "no error" catch * $ex/message))"#;

/// What `(caught …)` answers for the body.
#[track_caller]
fn check_error(definitions: &str, body: &str, message: &str) {
    check(
        &format!("{CAUGHT} {definitions} (caught (fn [] {body}))"),
        &format!("\"{message}\""),
    );
}

// ── The stacks ─────────────────────────────────────────────────────────────

#[test]
fn ordinary_recursion_reaches_a_hundred_thousand_levels() {
    check_once(
        "(fn deep [n] (if (n == 0) 0 else (1 + (deep (n - 1))))) (deep 100000)",
        "100000",
    );
}

#[test]
fn every_kind_of_nesting_reaches_ten_thousand_levels() {
    let forms = [
        // A callback of a native method.
        "(fn f [n] (if (n == 0) 0 else (1 + (([n] .map (fn [x] (f (x - 1)))) .first)))) (f 10000)",
        // A constructor.
        "(class C (ctor [n] (/n = n) (if (n > 0) (/next = (new C (n - 1)))))) ((new C 10000) .n)",
        // An `==` method.
        r#"(class E (method "==" [n] (if (n == 0) true else (self == (n - 1))))) (if ((new E) == 10000) 10000)"#,
        // A generator that resumes a generator.
        "(fn g* [n] (if (n > 0) (for x in (g* (n - 1)) (yield x))) (yield n)) ((g* 10000) .next) 10000",
        // A macro function.
        "(fn m! [e] (var n ($caller_eval e)) (if (n == 0) 0 else (1 + (m! (n - 1))))) (m! 10000)",
        // Evaluated code.
        "(fn e [n] (if (n == 0) 0 else (eval `(1 + (e (n - 1)))))) (e 10000)",
        // A call with keywords.
        "(fn k [^n] (if (n == 0) 0 else (1 + (k ^n (n - 1))))) (k ^n 10000)",
    ];
    for form in forms {
        check_once(form, "10000");
    }
}

#[test]
fn endless_recursion_is_an_exception_and_leaves_the_vm_in_order() {
    let forms = [
        "(fn f [n] (1 + (f n))) (f 1)",
        "(fn f [n] ([n] .map (fn [x] (f x)))) (f 1)",
        "(class C (ctor [] (/next = (new C)))) (new C)",
        r#"(class E (method "==" [o] (self == o))) ((new E) == 1)"#,
        "(fn g* [n] (for x in (g* n) (yield x))) ((g* 1) .next)",
        "(fn m! [e] (1 + (m! e))) (m! 1)",
        "(fn e [] (eval `(1 + (e)))) (e)",
        "(fn spread [xs...] (1 + (spread xs... xs... 1))) (spread 1)",
    ];
    for form in forms {
        let program = format!(
            "(fn overflows [] {form})
             (var first (try (overflows) \"no error\" catch RuntimeException ($ex/message .substr 0 13)))
             (fn deep [n] (if (n == 0) 0 else (1 + (deep (n - 1)))))
             [first (deep 20000)]"
        );
        check_once(&program, "[\"Stack overflow\" 20000]");
    }
}

#[test]
fn tail_calls_do_not_grow_the_stack() {
    let forms = [
        "(fn f [n] (if (n == 0) `done else (f (n - 1)))) (f 3000000)",
        "(fn even [n] (if (n == 0) `done else (odd (n - 1))))
         (fn odd [n] (if (n == 0) `odd else (even (n - 1)))) (even 3000000)",
        // More arguments, defaults, rest and keyword parameters than the caller has.
        "(fn f [n] (if (n == 0) `done else (g n 1 2 3)))
         (fn g [n a b c d = 5 rest...] (f (n - 1))) (f 1000000)",
        "(fn f [n ^k = 1] (if (n == 0) `done else (f (n - k) ^k 1))) (f 1000000)",
        "(class L (method run [n] (if (n == 0) `done else (.run (n - 1))))) ((new L) .run 1000000)",
        "(fn f [n] (case n when 0 `done else (do (f (n - 1))))) (f 1000000)",
        "(var f nil) (f = (fn [n] (ifel (n == 0) `done (f (n - 1))))) (f 1000000)",
        // Through a native function and back.
        "(fn f [n] (if (n == 0) `done else (g (n - 1)))) (fn g [n] (f n)) (f 1000000)",
    ];
    for form in forms {
        check_once(form, "done");
    }
}

#[test]
fn loops_leave_nothing_on_the_stack() {
    check_once(
        "(fn f []
           (var n 0)
           (for x in (1 .. 300000)
             (if (x % 3 == 0) (continue))
             (loop (n += 1) (break x))
             (repeat 2 (if (x % 2 == 0) (continue) else (n += 1))))
           n)
         (f)",
        "400000",
    );
}

// ── Calls ──────────────────────────────────────────────────────────────────

#[test]
fn arguments_are_bound_from_left_to_right() {
    for (parameters, names, arguments, bound) in [
        ("a = 1 b", "a b", "9", "[1 9]"),
        ("a = 1 b", "a b", "8 9", "[8 9]"),
        ("a b = 5 rest...", "a b rest", "1", "[1 5 []]"),
        ("a b = 5 rest...", "a b rest", "1 2 3 4", "[1 2 [3 4]]"),
        ("a inner... z", "a inner z", "1 2 3 4", "[1 [2 3] 4]"),
        ("xs... z", "xs z", "1", "[[] 1]"),
        ("a b = (a + 1) c = (a + b)", "a b c", "1", "[1 2 3]"),
        ("a b = 7", "a b", "1 nil", "[1 nil]"),
        (
            "a ^k = 3 rest... ^others...",
            "a k rest others",
            "1 2 ^x 5",
            "[1 3 [2] {^x 5}]",
        ),
        ("^k a", "k a", "1 ^k 2", "[2 1]"),
    ] {
        check(
            &format!("(fn f [{parameters}] [{names}]) (f {arguments})"),
            bound,
        );
    }
}

#[test]
fn wrong_arguments_are_refused() {
    for (parameters, arguments, message) in [
        ("a b c", "1", "Expected 2 arguments, got 1"),
        ("a b", "1 2 3", "Expected 2 arguments, got 3"),
        ("", "1 2 3", "Expected 0 arguments, got 3"),
        ("a", "^k 1", "Expected 1 arguments, got 0"),
        ("a b = 1", "1 2 3", "Expected 2 arguments, got 3"),
        ("a ^k", "1", "Missing keyword argument: k"),
        ("a ^k", "1 ^k 2 ^l 3", "Unexpected keyword argument: l"),
        ("a", "1 2 ^l 3", "Unexpected keyword argument: l"),
    ] {
        check_error(
            &format!("(fn f [{parameters}] 1)"),
            &format!("(f {arguments})"),
            message,
        );
    }
}

#[test]
fn methods_count_self_and_constructors_do_not() {
    let class = "(class P (ctor [x y] (/x = x)) (method m [a] a))";
    check_error(class, "((new P 1 2) .m)", "Expected 2 arguments, got 1");
    check_error(class, "(new P 1)", "Expected 2 arguments, got 1");
    check_error(class, "(new P 1 2 3)", "Expected 2 arguments, got 3");
    check_error(class, "(new 5)", "new requires a class, got VkInt");
}

#[test]
fn constructor_parameters_that_set_fields_can_be_given_by_name() {
    let class = "(class P (ctor [/x /y = 5] nil) (method both [] [/x /y]))";
    for (call, both) in [
        ("(new P 1 2)", "[1 2]"),
        ("(new P ^x 1 ^y 2)", "[1 2]"),
        ("(new P ^x 1)", "[1 5]"),
        ("(new P 1 ^y 2)", "[1 2]"),
        ("(new P nil 2)", "[void 2]"),
    ] {
        check(&format!("{class} ({call} .both)"), both);
    }
}

#[test]
fn what_is_not_callable_says_so() {
    check_error(
        "(class C)",
        "((new C) 1)",
        "Instance of C is not callable (no 'call' method)",
    );
    check_error(
        "(class C)",
        "(C 1)",
        "Call requires a callable, got VkClass",
    );
    check_error("", "((do 5) 1)", "Call requires a callable, got VkInt");
    check(
        "(class C (method call [a ^k] [a k])) ((new C) 1 ^k 2)",
        "[1 2]",
    );
}

#[test]
fn variants_are_constructors() {
    let reply = "(enum Reply (Data code: Int body) Closed)";
    check(
        &format!("{reply} (Reply/Data ^body 2 ^code 1)"),
        "(Reply/Data 1 2)",
    );
    check(
        &format!("{reply} (var xs [1 2]) (Reply/Data xs...)"),
        "(Reply/Data 1 2)",
    );
    for (call, message) in [
        (
            "(Reply/Data 1)",
            "Variant Reply/Data expects 2 arguments (code, body), got 1",
        ),
        (
            "(Reply/Data ^code 1)",
            "Variant Reply/Data missing keyword argument(s): body; expected fields: code, body",
        ),
        (
            "(Reply/Data ^code 1 ^size 2)",
            "Variant Reply/Data got unknown keyword argument(s): size; expected fields: code, body",
        ),
        (
            "(Reply/Data 1 ^body 2)",
            "Variant Reply/Data cannot mix positional and keyword arguments",
        ),
        (
            "(Reply/Closed 1)",
            "Unit variant Reply/Closed expects 0 arguments, got 1",
        ),
        (
            "(Reply/Data \\\"x\\\" 1)",
            "Type error [GENE_TYPE_MISMATCH]: expected Int, got String in field Reply/Data.code",
        ),
    ] {
        check_error(reply, &call.replace("\\\"", "\""), message);
    }
}

// ── Methods and names ──────────────────────────────────────────────────────

#[test]
fn caches_notice_new_methods_fields_and_names() {
    // One call site, receivers of changing classes; a method that appears in between.
    check(
        "(class A (method m [] 1)) (class B < A) (class C < B (method m [] 3))
         (fn call [o] (o .m))
         (var b (new B))
         (var seen [(call b) (call (new A)) (call (new C)) (call b)])
         (class B2 < A (method m [] 4))
         (seen .push (call (new B2)))
         seen",
        "[1 1 3 1 4]",
    );
}

#[test]
fn a_field_read_at_one_place_from_instances_of_all_shapes() {
    check(
        "(class P) (fn x [p] p/x) (fn set [p v] (p/x = v))
         (var a (new P)) (var b (new P)) (b/y = 1)
         (var seen [(x a)])
         (set a 1) (set b 2) (set a 3) (set (new P) 4)
         (seen .push (x a)) (seen .push (x b)) (seen .push (x {^x 5})) (seen .push (x nil))
         seen",
        "[void 3 2 5 nil]",
    );
}

#[test]
fn a_name_is_found_in_the_namespace_that_gets_it_later() {
    check(
        "(ns outer
           (fn /get [] level)
           (fn /try_get [] (try (get) catch * $ex/message)))
         (var seen [(outer/try_get)])
         (level = \"module\")
         (seen .push (outer/get))
         (outer .set \"level\" \"member\")
         (seen .push (outer/get))
         (outer .del \"level\")
         (seen .push (outer/get))
         seen",
        "[\"level is not defined\" \"module\" \"member\" \"module\"]",
    );
}

#[test]
fn a_missing_method_is_told_by_the_receiver() {
    for (receiver, message) in [
        ("\"s\"", "Method nope not found on VkString"),
        ("[]", "Method nope not found on VkArray"),
        ("5", "Unified method call not supported for VkInt"),
        ("{{}}", "Unified method call not supported for VkHashMap"),
        ("(new C)", "Method nope not found on instance"),
        ("(Ok 1)", "Variant Ok has no field nope"),
    ] {
        check_error("(class C)", &format!("({receiver} .nope)"), message);
    }
    check("(nil .nope 1 2)", "nil");
}

// ── Exceptions ─────────────────────────────────────────────────────────────

#[test]
fn an_exception_drops_operands_down_to_its_try() {
    check(
        "(fn boom [] (throw \"x\"))
         (fn f [a b c] [a b c])
         (f 1 (try (f 2 (boom) 3) catch * (f 4 5 $ex/message)) 6)",
        "[1 [4 5 \"x\"] 6]",
    );
}

#[test]
fn finally_runs_however_the_body_is_left() {
    check(
        "(var log [])
         (fn f [how]
           (for x in [1 2]
             (try
               (case how when 1 (return `returned) when 2 (break) when 3 (continue) when 4 (throw \"t\"))
              finally (log .push [how x])))
           `end)
         [(f 1) (f 2) (f 3) (try (f 4) catch * $ex/message) (f 5) log]",
        "[returned end end \"t\" end [[1 1] [2 1] [3 1] [3 2] [4 1] [5 1] [5 2]]]",
    );
}

#[test]
fn an_uncaught_exception_knows_where_it_came_from_despite_a_finally() {
    let mut vm = Vm::new(Options::default());
    let text = "(fn inner []\n  (throw \"lost\"))\n(fn outer []\n  (try (inner) finally (var x 1)))\n(do (outer) 1)";
    let failure = vm.run_main("t.gene", text).expect_err("the program throws");
    let report = vm.report(&failure);
    let stack = report.stack.iter();
    let stack: Vec<String> = stack
        .map(|(name, at)| format!("{name} {}", at.as_ref().map_or(0, |at| at.line)))
        .collect();
    assert_eq!(stack, ["inner 2", "outer 4", "t.gene 5"]);
}

#[test]
fn thrown_values_become_exceptions_with_a_place() {
    check(
        "(fn thrown [v] (try (throw v) catch * [$ex/message $ex/cause $ex/location]))
         [(thrown \"s\") (thrown nil) ((thrown 42) .slice 0 2) (try (5 % 0) catch * $ex/location)]",
        "[[\"s\" void \"<test>:1:21\"] [\"nil\" void nil] [\"42\" 42] nil]",
    );
}

// ── Generators and iteration ───────────────────────────────────────────────

#[test]
fn a_generator_keeps_its_operands_and_handlers_between_resumptions() {
    check(
        "(fn g* [n]
           (try
             [n (do (yield 1) 2) (do (yield 3) (throw \"inside\"))]
            catch * (yield $ex/message))
           (yield (+ 10 (do (yield `deep) 5))))
         (var seen []) (for x in (g* 0) (seen .push x)) seen",
        "[1 3 \"inside\" deep 15]",
    );
}

#[test]
fn generators_misused() {
    check_error(
        "(fn g* [] (yield 1) (throw \"late\"))",
        "(do (var g (g*)) (g .next) (try (g .next) catch * nil) (throw #\"#{(g .next)}\"))",
        "not_found",
    );
    check_error(
        "(var g nil) (fn g* [] (g .next))",
        "(do (g = (g*)) (g .next))",
        "Generator is already running",
    );
    check_error(
        "",
        "((fn [] (yield 1)))",
        "yield used outside of generator function",
    );
    check_error(
        "(fn g* [a b] (yield a))",
        "(g* 1)",
        "Expected 2 arguments, got 1",
    );
}

#[test]
fn loops_over_every_kind_of_collection() {
    for (source, values, pairs) in [
        ("[5 6]", "[5 6]", "[[0 5] [1 6]]"),
        ("{^a 1 ^b 2}", "[1 2]", "[[a 1] [b 2]]"),
        ("{{1 `x 2 `y}}", "[x y]", "[[1 x] [2 y]]"),
        ("(new HashSet 7 8)", "[7 8]", "[[0 7] [1 8]]"),
        ("(1 .. 3)", "[1 2 3]", "[[0 1] [1 2] [2 3]]"),
        ("(range 9 1 -4)", "[9 5 1]", "[[0 9] [1 5] [2 1]]"),
        ("(range 1 3 0)", "[]", "[]"),
        ("(3 .. 1)", "[]", "[]"),
        // Too large for small ints, up to the last Int.
        (
            "(9223372036854775806 .. 9223372036854775807)",
            "[9223372036854775806 9223372036854775807]",
            "[[0 9223372036854775806] [1 9223372036854775807]]",
        ),
        (
            "(140737488355326 .. 140737488355327)",
            "[140737488355326 140737488355327]",
            "[[0 140737488355326] [1 140737488355327]]",
        ),
    ] {
        check(
            &format!("(var r []) (for x in {source} (r .push x)) r"),
            values,
        );
        check(
            &format!("(var r []) (for k x in {source} (r .push [k x])) r"),
            pairs,
        );
    }
    check(
        "(var xs [1 2]) (var n 0) (for x in xs (n += x) (if (n < 9) (xs .push 3))) n",
        "12",
    );
}

#[test]
fn what_cannot_be_iterated_says_so() {
    for (source, message) in [
        ("nil", "Method iter not found on VkNil"),
        ("5", "Unified method call not supported for VkInt"),
        ("(1.5 .. 3)", "Value is not an integer"),
        ("(new C)", "Method next not found on VkArray"),
        ("(new D)", "Unified method call not supported for VkInt"),
    ] {
        check_error(
            "(class C (method iter [] [1])) (class D (method iter [] 5))",
            &format!("(for x in {source} nil)"),
            message,
        );
    }
}

// ── Arithmetic at the borders ──────────────────────────────────────────────

#[test]
fn ints_at_the_borders_of_their_representations() {
    for (expression, value) in [
        ("(140737488355327 + 1)", "140737488355328"),
        ("(-140737488355328 - 1)", "-140737488355329"),
        ("((140737488355327 + 1) - 1)", "140737488355327"),
        ("(140737488355328 == (140737488355327 + 1))", "true"),
        (
            "(9223372036854775807 - -1)",
            "Integer overflow in subtraction",
        ),
        ("(9223372036854775807 + 1)", "Integer overflow in addition"),
        (
            "(4611686018427387904 * 2)",
            "Integer overflow in multiplication",
        ),
        ("(- -9223372036854775808)", "Integer overflow in negation"),
        ("(-9223372036854775808 % -1)", "0"),
        ("(-7 % 3)", "-1"),
        ("(7 % -140737488355328)", "7"),
        ("(-140737488355328 % -1)", "0"),
        ("(1 << 63)", "-9223372036854775808"),
        ("(16777216 * 16777216)", "281474976710656"),
        ("(3 / 0)", "inf"),
        ("(-1 / 2)", "-0.5"),
        ("(1 < 2.5)", "true"),
        ("(5 == 5.0)", "false"),
    ] {
        check(&format!("(fn f [] {expression}) (f)"), value);
        // The same through variables, which other instructions read.
        let parts: Vec<&str> = expression.trim_matches(['(', ')']).split(' ').collect();
        if let [left, operator, right] = parts[..] {
            check(
                &format!("(fn f [a b] (a {operator} b)) (f {left} {right})"),
                value,
            );
            check(
                &format!("(fn f [a b] (var c a) (c = (c {operator} b)) c) (f {left} {right})"),
                value,
            );
        }
    }
}

#[test]
fn a_compound_assignment_that_raises_leaves_the_variable() {
    check(
        "(var x 9223372036854775807) (try (x += 1) catch * nil) x",
        "9223372036854775807",
    );
}

// ── Collections of garbage ─────────────────────────────────────────────────

#[test]
fn garbage_is_collected_and_the_living_stay() {
    let mut vm = Vm::new(Options::default());
    let text = "
        (class Node (ctor [next] (/next = next) (/data = [1 2 3])))
        (var keep nil)
        (for i in (1 .. 200000)
          (var node (new Node keep))
          (if (i % 1000 == 0) (keep = node)))
        (var n 0)
        (while keep (n += 1) (keep = keep/next))
        n";
    let value = vm
        .run_main("<test>", text)
        .map_err(|f| vm.report(&f).message);
    assert_eq!(value, Ok(Value::int32(200)));
    assert!(vm.heap.collections() > 3);
    assert!(vm.heap.live_bytes() < 8 << 20, "{}", vm.heap.live_bytes());
}

#[test]
fn traces_have_the_frames_of_the_program_alone() {
    let mut vm = Vm::new(Options::default());
    let text = "(fn f [x] (x + nil)) (fn g [] ([1] .map f) 1) (g)";
    vm.run_main("<test>", text).expect_err("nil is no number");
    let trace = vm.stack_trace().iter();
    let functions: Vec<&str> = trace.map(|entry| entry.function.name()).collect();
    assert_eq!(functions, ["f", "g", "<test>"]);
}
