//! What the rules make of each instruction, and what compiled programs cost.
//!
//! The assembly is that of an independent disassembler. `cargo insta review` shows what an edited rule changes.

mod support;

use gene_jit::arm64::isle::RULES;
use gene_jit::explain::{Explanation, explain, explain_with};
use gene_jit::feedback::Feedback;
use gene_jit::lower::Declined;
use gene_vm::Vm;
use gene_vm::bytecode::Op;
use gene_vm::code::Code;
use gene_vm::value::Value;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Small functions with every instruction.
const OPCODES: [(&str, &str); 2] = [
    ("opcodes.gene", include_str!("opcodes.gene")),
    ("opcodes-eval.gene", include_str!("opcodes-eval.gene")),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn snapshot(folder: &str, name: &str, text: String) {
    let text = without_line_numbers(&text);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots/arm64").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Rules by file alone: a line more in a file of rules is no change of code.
fn without_line_numbers(text: &str) -> String {
    let places = text.split(".isle:").enumerate();
    let parts = places.map(|(index, part)| match index {
        0 => part,
        _ => part.trim_start_matches(|c: char| c.is_ascii_digit()),
    });
    parts.collect::<Vec<_>>().join(".isle")
}

/// Calls `visit` with each body of a program.
fn for_each_body(name: &str, text: &str, mut visit: impl FnMut(&Code)) {
    let mut vm = Vm::new(Default::default());
    let Ok(bodies) = vm.compile_bodies(name, text) else {
        return;
    };
    for body in bodies {
        visit(body.code.get().expect("all bodies are compiled"));
    }
}

/// The code for the instructions with one opcode in a body.
fn stretches(code: &Code, explanation: &mut Explanation, op: Op) -> String {
    let pcs: Vec<usize> = (0..code.instrs.len())
        .filter(|&pc| code.instrs[pc].op == op)
        .collect();
    let mut text = String::new();
    for (pc, instr) in code.instrs.iter().enumerate() {
        let mark = if pcs.contains(&pc) { '>' } else { ' ' };
        let _ = writeln!(text, "{mark}{pc:3} {instr}");
    }
    let stretches = &mut explanation.stretches;
    stretches.retain(|stretch| stretch.part.pc() == Some(pcs[0]));
    let _ = write!(text, "\n{explanation}");
    text
}

#[test]
fn each_instruction() {
    let mut missing: BTreeSet<&str> = Op::ALL.iter().map(|op| op.name()).collect();
    for (name, text) in OPCODES {
        for_each_body(name, text, |code| {
            for instr in &code.instrs {
                if missing.contains(instr.op.name()) && instr.op != Op::Yield {
                    // The explanation of a generator's body is why it has none.
                    if let Ok(mut explanation) = explain(code) {
                        missing.remove(instr.op.name());
                        snapshot(
                            "opcodes",
                            instr.op.name(),
                            stretches(code, &mut explanation, instr.op),
                        );
                    }
                }
            }
        });
    }
    assert_eq!(missing, BTreeSet::from([Op::Yield.name()]));
}

#[test]
fn programs() {
    let programs = [
        (
            "fib",
            "(fn fib [n] (if (n < 2) n else ((fib (n - 1)) + (fib (n - 2)))))",
        ),
        (
            "loop",
            "(fn sum [n] (var i 0) (var total 0) (while (i < n) (total = (total + i)) (i = (i + 1))) total)",
        ),
        (
            "float-loop",
            "(fn sum [n] (var i 0.0) (var total 0.0) (while (i < n) (total = (total + i)) (i = (i + 1.0))) total)",
        ),
        (
            "array-sum",
            "(fn sum [xs n] (var i 0) (var total 0) (while (i < n) (total = (total + xs/<i>)) (i = (i + 1))) total)",
        ),
    ];
    for (name, text) in programs {
        let mut listing = String::new();
        for_each_body(name, text, |code| {
            // The module's body only defines the function.
            if code.params > 0 {
                let explanation = explain(code).expect("no generators here");
                let _ = writeln!(listing, "{text}\n\n{explanation}");
            }
        });
        snapshot("programs", name, listing);
    }
}

#[test]
fn example_programs() {
    for entry in std::fs::read_dir(root().join("examples")).expect("the examples are there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_none_or(|extension| extension != "gene") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the program can be read");
        let name = path.file_stem().expect("it has a name").to_string_lossy();
        let mut listing = String::new();
        for_each_body("program", &text, |code| {
            let _ = match explain(code) {
                Ok(explanation) => writeln!(listing, "── {}\n{explanation}", code.name),
                Err(reason) => writeln!(listing, "── {}: {reason:?}\n", code.name),
            };
        });
        snapshot("examples", &name, listing);
    }
}

/// Instructions executed for one call or round more: a tenth of those for ten more.
#[test]
#[cfg(not(target_arch = "aarch64"))]
fn instructions_executed() {
    let loops = |body: &str| format!("(fn f [n] {body}) (f 10) (f N)");
    let pipeline = |call: &str| {
        format!("(var xs []) (repeat 100 (xs .push 1)) (fn f [] {call}) (repeat N (f))")
    };
    let programs = [
        (
            "recursive fib, per call",
            "(fn fib [n] (if (n < 2) n else ((fib (n - 1)) + (fib (n - 2))))) (fib N)".to_string(),
            // fib(17) makes 5167 calls, fib(15) 1973.
            (15, 17, 5167 - 1973),
        ),
        (
            "counting loop, per round",
            loops("(var i 0) (var total 0) (while (i < n) (total = (total + i)) (i = (i + 1))) total"),
            (1000, 2000, 1000),
        ),
        (
            "counting loop with floats, per round",
            loops("(var i 0.0) (var total 0.0) (while (i < n) (total = (total + i)) (i = (i + 1.0))) total"),
            (1000, 2000, 1000),
        ),
        (
            "counting loop that adds an int times a float, per round",
            loops("(var i 0) (var x 0.3) (var total 0.0) (while (i < n) (total = (total + (i * x))) (i = (i + 1))) total"),
            (1000, 2000, 1000),
        ),
        (
            "counting loop that calls with ints and floats in turns, per round",
            "(fn g [x] ((x * 2) + 1))
             (fn f [n] (var i 0) (while (i < n) (g 1) (g 0.5) (i = (i + 1))) i) (f 100) (f N)".to_string(),
            (1000, 2000, 1000),
        ),
        (
            "array sum by index, per element",
            "(fn sum [xs n] (var i 0) (var total 0) (while (i < n) (total = (total + xs/<i>)) (i = (i + 1))) total)
             (var xs []) (repeat 2000 (xs .push 1)) (sum xs 10) (sum xs N)"
                .to_string(),
            (1000, 2000, 1000),
        ),
        (
            "property increment through a method, per call",
            "(class C (ctor [] (/n = 0)) (method inc [] (/n = (/n + 1))))
             (fn f [c n] (var i 0) (while (i < n) (c .inc) (i = (i + 1))) c/n) (f (new C) 10) (f (new C) N)"
                .to_string(),
            (1000, 2000, 1000),
        ),
        (
            "for over an array, per element",
            "(fn sum [xs] (var total 0) (for x in xs (total = (total + x))) total)
             (var xs []) (repeat 100 (xs .push 1)) (repeat N (sum xs))"
                .to_string(),
            (10, 20, 10 * 100),
        ),
        (
            "for over a range, per round",
            loops("(var total 0) (for i in (0 .. 100) (total = (total + i))) total")
                .replace("(f N)", "(repeat N (f 1))"),
            (10, 20, 10 * 100),
        ),
        (
            "call of a captured function, per call",
            "(fn g [x] x) (fn f [n] (var i 0) (while (i < n) (g i) (i = (i + 1))) i) (f 10) (f N)"
                .to_string(),
            (1000, 2000, 1000),
        ),
        (
            "new closure in a loop, per round",
            loops("(var i 0) (var g nil) (while (i < n) (g = (fn [x] x)) (i = (i + 1))) g"),
            (1000, 2000, 1000),
        ),
        (
            "call that makes a scope and a closure over it, per call",
            "(fn g [x] (fn [] x)) (fn f [n] (var i 0) (while (i < n) (g i) (i = (i + 1))) i) (f 10) (f N)"
                .to_string(),
            (1000, 2000, 1000),
        ),
        (
            "new instance with two fields in a loop, per round",
            "(class P (ctor [x y] (/x = x) (/y = y)))
             (fn f [n] (var i 0) (var p nil) (while (i < n) (p = (new P i n)) (i = (i + 1))) p) (f 10) (f N)"
                .to_string(),
            (1000, 2000, 1000),
        ),
        (
            "sum beyond 48 bits in a loop, per round",
            "(fn f [n s] (var i 0) (while (i < n) (s = (s + 7)) (i = (i + 1))) s)
             (repeat 3 (f 100 140737488355327)) (f N 140737488355327)"
                .to_string(),
            (10_000, 20_000, 10_000),
        ),
        (
            "three shifts and three xors of 64 bits in a loop, per round",
            "(fn f [n x] (var i 0) (while (i < n) (x = (x &|& (x << 13))) (x = (x &|& (x >> 7))) (x = (x &|& (x << 17))) (i = (i + 1))) x)
             (repeat 3 (f 100 88172645463325252)) (f N 88172645463325252)"
                .to_string(),
            (10_000, 20_000, 10_000),
        ),
        (
            "addition to a module's variable, per round",
            "(var total 0) (fn f [n] (var i 0) (while (i < n) (total = (total + i)) (i = (i + 1))) total) (f 10) (f N)"
                .to_string(),
            (1000, 2000, 1000),
        ),
        (
            "addition to a member of the module, per round",
            loops("(var i 0) (while (i < n) (total = (total + i)) (i = (i + 1))) total")
                .replace("(f 10)", "(/total = 0) (f 10)"),
            (1000, 2000, 1000),
        ),
        (
            "addition to a member of the module by a function, per call",
            "(/total = 0) (fn add [k] (total = (total + k)))
             (fn f [n] (var i 0) (while (i < n) (add i) (i = (i + 1))) total) (f 10) (f N)"
                .to_string(),
            (1000, 2000, 1000),
        ),
        (
            "addition to a member of a namespace, per round",
            loops("(var i 0) (while (i < n) (depot/n += i) (i = (i + 1))) depot/n")
                .replace("(f 10)", "(ns depot (var /n 0)) (f 10)"),
            (1000, 2000, 1000),
        ),
        (
            "map of a new closure over an array, per element",
            pipeline("(xs .map (fn [x] x))"),
            (10, 20, 10 * 100),
        ),
        (
            "filter by a new closure, per element",
            pipeline("(xs .filter (fn [x] x))"),
            (10, 20, 10 * 100),
        ),
        (
            "reduce by a new closure, per element",
            pipeline("(xs .reduce 0 (fn [sum x] x))"),
            (10, 20, 10 * 100),
        ),
        (
            "each with a new closure, per element",
            pipeline("(xs .each (fn [x] x))"),
            (10, 20, 10 * 100),
        ),
        (
            "any of a new closure, per element",
            pipeline("(xs .any (fn [x] nil))"),
            (10, 20, 10 * 100),
        ),
    ];
    let classes: String = (0..8).map(|i| format!("(class C{i} (ctor [] (/a{i} = 0) (/n = 1)) (method get [] /n)) (xs .push (new C{i})) ")).collect();
    let over_classes = |body: &str| {
        format!(
            "(var xs []) {classes} (fn f [xs k] (var i 0) (while (i < k) (var x (xs .get (i % 8))) {body} (i = (i + 1))) i) (f xs 100) (f xs N)"
        )
    };
    let over_maps = |body: &str| {
        format!(
            "(fn f [m k] (var i 0) (while (i < k) {body} (i = (i + 1))) i) (var m {{^a 1 ^b 2 ^c 3}}) (f m 10) (f m N)"
        )
    };
    let programs = programs.into_iter().chain([
        (
            "a loop over instances of eight classes, per round",
            over_classes(""),
            (1000, 2000, 1000),
        ),
        (
            "the same, reading a property",
            over_classes("x/n"),
            (1000, 2000, 1000),
        ),
        (
            "the same, setting a property",
            over_classes("(x/n = i)"),
            (1000, 2000, 1000),
        ),
        (
            "the same, calling a method",
            over_classes("(x .get)"),
            (1000, 2000, 1000),
        ),
        ("a loop, per round", over_maps(""), (1000, 2000, 1000)),
        (
            "the same, reading an entry of a map",
            over_maps("m/c"),
            (1000, 2000, 1000),
        ),
        (
            "the same, by its method",
            over_maps("(m .get \"c\")"),
            (1000, 2000, 1000),
        ),
        (
            "the same, setting an entry",
            over_maps("(m/c = i)"),
            (1000, 2000, 1000),
        ),
        (
            "the same, by its method",
            over_maps("(m .set \"c\" i)"),
            (1000, 2000, 1000),
        ),
    ]);
    let mut text = String::new();
    for (what, source, (few, many, more)) in programs {
        let count = |n: i32| {
            let (outcome, statistics) =
                support::run(&source.replace('N', &n.to_string()), Some(5), false);
            assert!(!outcome.contains("Exception"), "{outcome}");
            statistics.instructions.expect("the simulator counts")
        };
        let each = (count(many) - count(few)) as f64 / f64::from(more);
        let _ = writeln!(text, "{each:6.1}  {what}");
    }
    snapshot("", "instructions-executed", text);
}

/// What the benchmark programs cost: instructions of compiled code, and calls of the runtime, whose cost the simulator
/// does not see.
#[test]
#[cfg(not(target_arch = "aarch64"))]
fn benchmark_programs() {
    let programs = [
        ("fib", 18),
        ("loop-sum", 20_000),
        ("permute", 1),
        ("towers", 1),
        ("storage", 1),
        ("bounce", 30),
        ("list", 1),
        ("queens", 1),
        ("mandelbrot", 16),
        ("nbody", 50),
        ("matmul", 14),
        ("closures", 20),
        ("map-count", 400),
        ("strings", 20),
        ("json", 20),
        ("richards", 1),
        ("deltablue", 20),
    ];
    let mut text = "instructions  helper calls\n".to_string();
    for (name, size) in programs {
        let path = root().join(format!("benches/programs/{name}.gene"));
        let source = std::fs::read_to_string(&path).expect("the program can be read");
        let source = source.replace("$args/0", &format!("\"{size}\""));
        let (outcome, statistics) = support::run(&source, Some(20), false);
        assert_eq!(outcome, support::interpreted(&source), "{name}");
        let instructions = statistics.instructions.expect("the simulator counts");
        let helper_calls: u64 = statistics.helper_calls.values().sum();
        let _ = writeln!(text, "{instructions:12}{helper_calls:14}  {name} {size}");
    }
    snapshot("", "benchmark-programs", text);
}

/// The project's own programs: every conformance program.
fn corpus() -> Vec<(String, String)> {
    let mut pending = vec![root().join("tests/conformance")];
    let mut programs = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).expect("the corpus is there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                pending.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "gene")
            {
                let text = std::fs::read(&path).expect("the program can be read");
                if let Ok(text) = String::from_utf8(text) {
                    programs.push((path.display().to_string(), text));
                }
            }
        }
    }
    programs.sort();
    programs
}

/// Programs whose functions, once they have run for a while, are compiled for what they have met.
const SEEN: [&str; 8] = [
    "(class P (ctor [x] (/x = x) (/y = 0) (/i = 1)) (method inc [] (/x = (/x + 1)) (/y = /x)))
     (fn f [p i n] (while (i < n) (p .inc) (p/y = (p/i + p/x)) (new P i) (i = (i + 1))) p/x)
     (f (new P 1) 0 40)",
    "(class P (ctor [x] (/x = x))) (fn same [a b] (if (a == b) 1 else 2))
     (fn f [p q n] (var i 0) (var t 0) (while (i < n) (t = (t + (same p q) (same p p))) (i = (i + 1))) t) (f (new P 1) (new P 1) 40)",
    "(fn ints [x y] [(sqrt x) (abs x) (floor x) (min x y) (max x y)])
     (fn floats [x y]
       (var a (x / 2)) (var b (y / 2))
       [(sqrt a) (abs a) (floor a) (ceil a) (round a) (min a b) (max a x) (max x a)])
     (fn others [x y] (if x [(sqrt nil) (abs nil) (round nil) (min nil y) (min y nil)]))
     (fn call [x y] (pow x y) (\"\" ++ ((x .to_s) .trim)))
     (fn last [x] (x .to_s))
     (fn each [x y] (last x) [(ints x y) (floats x y) (others nil y) (try (call x y) catch * nil)])
     (var i 0) (while (i < 10) (each i 3) (i += 1))",
    "(ns depot (var /n 0) (fn /add [k] (n += k)))
     (/total = 0)
     (fn f [o x n] (total += 1) (o/n += x) (math/sqrt o/n) o/n)
     (fn g [x] (total += x))
     (repeat 10 (f depot 1 2) (depot/add 1))
     (repeat 5000 (ns one-more))
     (repeat 10 (g 1))",
    "(class P (ctor [x] (/x = x)))
     (fn scale [p k] (p/x = (p/x * k)) p/x)
     (fn product [x] (x * 2))
     (fn quotient [x] (x / 2))
     (fn f [p n] (var i 0)
       (while (i < n) (scale p 0.5) (for x in [i 0.5] (product x) (quotient x)) (i += 1)))
     (f (new P 1.5) 80)",
    "(var xs [1 2 3 4 5 6 7 8])
     (fn pass [f x] (f (x + 1)))
     (fn call [f x] [(f (x + 1))])
     (repeat 3 (var k 1)
       ((xs .map (fn [x] (x + k))) .each (fn [x] x))
       (xs .reduce 0 (fn [sum x] (sum + x)))
       (xs .filter (fn [x] (x > k))))
     (repeat 20 (pass (fn [x] x) 1) (call (fn [x] x) 1))
     (repeat 40 (pass (fn [x] x) 1.5) (call (fn [x] x) 1.5))",
    "(var xs [])
     (class A (ctor [] (/x = 1))) (class B (ctor [] (/b = 1) (/x = 1))) (class C (ctor [] (/c = 1) (/x = 1)))
     (class D (ctor [] (/d = 1) (/x = 1))) (class E (ctor [] (/e = 1) (/x = 1)))
     (fn f [p] (p/x = (p/x + 1)) (p/y = 2) p/x)
     (fn g [p] p/x)
     (repeat 4 (f (new A)) (f (new B)) (f (new C)) (f (new D)) (f (new E)))
     (repeat 4 (g (new A)) (g (new B)))",
    "(fn f [m x] (m/y = m/x) (m .set \"x\" m/y) (m .get \"y\"))
     (repeat 10 (f {^x 1 ^y 2} 1))",
];

fn note(fired: &mut HashMap<String, usize>, explanation: &Explanation) {
    let stretches = explanation.stretches.iter();
    for rule in stretches
        .flat_map(|s| &s.instructions)
        .flat_map(|i| &i.rules)
    {
        *fired.entry(rule.name.clone()).or_default() += 1;
    }
}

#[test]
fn functions_that_have_run() {
    for (index, source) in SEEN.iter().enumerate() {
        let mut listing = format!("{source}\n\n");
        let mut functions = support::compiled(source, 5);
        functions.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, explanation) in functions {
            let _ = writeln!(listing, "── {name}\n{explanation}");
        }
        snapshot("seen", &format!("{index}"), listing);
    }
}

#[test]
fn only_generators_are_declined_and_every_rule_fires() {
    let mut fired: HashMap<String, usize> = HashMap::new();
    let opcodes = OPCODES.map(|(name, text)| (name.to_string(), text.to_string()));
    let ones = "1 ".repeat(5000);
    let many = format!(
        "(fn f [g o] (g {ones}) (o .m {ones}) nil) (fn g [f] (f {ones})) (fn h [o] (o .m {ones})) (fn i [c] (new c {ones})) (fn k [] (nil % 2) (nil >> 2))"
    );
    let (int, float) = (Value::int32(1), Value::float(2.0));
    // What every guess has met: nothing, one kind of each operand, several kinds, ints that do not give a small one.
    let meetings: [&[[Value; 2]]; 4] = [
        &[],
        &[[int, float]],
        &[[int, float], [float, int]],
        &[[int, int]],
    ];
    let programs = corpus().into_iter().chain(opcodes);
    for (name, text) in programs.chain([("many arguments".to_string(), many)]) {
        for_each_body(&name, &text, |code| {
            for met in meetings {
                let mut feedback = Feedback::default();
                for pc in 0..code.instrs.len() {
                    for numbers in met {
                        let locals = numbers.repeat(code.locals as usize);
                        feedback.note_site(code, pc, &locals, numbers);
                    }
                }
                match explain_with(code, &feedback) {
                    Ok(explanation) => note(&mut fired, &explanation),
                    Err(reason) => assert_eq!(reason, Declined::NotDirect, "{name}: {}", code.name),
                }
            }
        });
    }
    for source in SEEN {
        for (_, explanation) in support::compiled(source, 5) {
            note(&mut fired, &explanation);
        }
    }
    let silent: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.name)
        .filter(|&name| !fired.contains_key(name))
        .collect();
    gene_isle_tools::coverage::record(fired.keys().map(String::as_str))
        .expect("the list can be written");
    println!("rules: {} of {} fired", fired.len(), RULES.len());
    assert!(
        silent.is_empty(),
        "no program makes these rules fire: {silent:?}"
    );
}
