//! Memory for code is limited, and compiling is linear in the size of a body.

mod support;

use gene_jit::stats::{Outcome, Statistics};
use gene_jit::tier::Options;
use std::fmt::Write;
use support::{collections, interpreted, options, run_with};

/// How many functions were compiled, and how many did not fit.
fn outcomes(statistics: &Statistics) -> (usize, usize) {
    let functions = statistics.functions.iter();
    let full = "the limit for machine code is reached";
    functions.fold((0, 0), |(compiled, declined), function| {
        match &function.outcome {
            Outcome::Compiled { .. } => (compiled + 1, declined),
            Outcome::Declined { reason } => {
                assert_eq!(reason, full);
                (compiled, declined + 1)
            }
        }
    })
}

fn limited(code_limit: usize) -> Option<Options> {
    Some(Options {
        code_limit,
        ..options(0)
    })
}

/// A hundred functions, all of which are needed to the end; their calls pass numbers of two kinds, so that they are
/// compiled again.
fn many_functions() -> String {
    let mut source = String::new();
    for k in 0..100 {
        let _ = writeln!(
            source,
            "(fn f{k} [a n] (var i 0) (while (i < n) (a += {k}) (i += 1)) a)"
        );
    }
    source.push_str("(var sum 0) (for round in (0 .. 30)\n");
    for k in 0..100 {
        let _ = writeln!(source, "(sum += (f{k} round 3)) (sum += (f{k} 0.5 2))");
    }
    source.push_str(") sum");
    source
}

#[test]
fn functions_that_do_not_fit_stay_interpreted() {
    let source = many_functions();
    let expected = interpreted(&source);
    let (found, statistics) = run_with(&source, limited(16 << 10), false);
    assert_eq!(found, expected);
    let (compiled, declined) = outcomes(&statistics);
    assert!(compiled > 10 && declined > 10, "{compiled}, {declined}");
    let (found, statistics) = run_with(&source, limited(1 << 20), false);
    assert_eq!(found, expected);
    assert_eq!(outcomes(&statistics).1, 0);
}

/// Five hundred functions, one after the other, each of which goes when the next is made.
const FUNCTIONS_THAT_GO: &str = r#"(var sum 0)
    (for k in (0 .. 500)
      (var f (eval (gene/parse #"(fn [n] (var t 0) (var i 0) (while (i < n) (t += #{k}) (i += 1)) t)")))
      (sum += (f 3)))
    sum"#;

#[test]
fn code_goes_with_its_function() {
    let source = FUNCTIONS_THAT_GO;
    let (found, statistics) = run_with(source, limited(32 << 10), true);
    assert_eq!(found, interpreted(source));
    let (compiled, declined) = outcomes(&statistics);
    assert!(
        compiled >= 500 && statistics.code_bytes() > 64 << 10,
        "{compiled}"
    );
    assert_eq!(declined, 0);
}

#[test]
fn code_that_does_not_fit_asks_for_a_collection() {
    let source = FUNCTIONS_THAT_GO;
    let (found, statistics) = run_with(source, limited(32 << 10), false);
    assert_eq!(found, interpreted(source));
    assert_eq!(outcomes(&statistics).1, 0);
    let (few, many) = (32 << 10, 1 << 20);
    assert!(collections(source, limited(few)) > collections(source, limited(many)));
}

#[test]
fn collections_that_free_no_code_are_asked_for_once() {
    let source = many_functions();
    let without = collections(&source, limited(1 << 20));
    assert_eq!(collections(&source, limited(16 << 10)), without + 1);
}

/// Bodies that are large each in its own way, of so many parts, and their last expression.
fn large_bodies(parts: usize) -> [(&'static str, String); 4] {
    let each = |part: &dyn Fn(usize) -> String| (0..parts).map(part).collect::<String>();
    let variables = each(&|k| format!("(var v{k} (x + {k})) (if (v{k} > 7) (t += v{k}))\n"));
    let loops = each(&|_| "(var i 0) (while (i < x) (t += i) (i += 1))\n".to_string());
    let handlers = each(&|k| format!("(try (if (x == {k}) (throw 1)) catch * (t += {k}))\n"));
    let cases = each(&|k| format!("elif (x == {k}) {k}\n"));
    [
        ("variables", variables),
        ("loops", loops),
        ("handlers", handlers),
        ("cases", format!("(t = (if (x == -1) 0 {cases} else 1))")),
    ]
}

/// The outcome of a large body, which is the same in both tiers, and the bytes of its code for each instruction.
fn bytes_each(name: &str, body: &str) -> f64 {
    let source = format!("(fn large [x] (var t 0) {body} t) (large 3) (large 3)");
    let (found, statistics) = run_with(&source, Some(options(1)), false);
    assert_eq!(found, interpreted(&source), "{name}");
    let of_large = |outcome: &Outcome| match *outcome {
        Outcome::Compiled {
            instructions,
            bytes,
        } => bytes as f64 / instructions as f64,
        Outcome::Declined { ref reason } => panic!("{name}: {reason}"),
    };
    let mut functions = statistics.functions.iter();
    let large = functions.rfind(|function| function.name == "large");
    of_large(&large.expect("it is called twice").outcome)
}

#[test]
fn code_grows_with_its_body_and_no_faster() {
    for ((name, small), (_, large)) in large_bodies(200).into_iter().zip(large_bodies(4000)) {
        let (small, large) = (bytes_each(name, &small), bytes_each(name, &large));
        assert!(
            large < small * 1.3,
            "{name}: {small} bytes each, {large} in a large body"
        );
    }
}

#[test]
fn loops_may_be_nested_deeply() {
    let depth = 300;
    let open: String = (0..depth)
        .map(|k| format!("(var i{k} 0) (while (i{k} < 1) (i{k} += 1)"))
        .collect();
    let source = format!(
        "(fn f [] (var t 0) {open} (t += 1) {} t) (f) (f)",
        ")".repeat(depth)
    );
    assert_eq!(
        run_with(&source, Some(options(1)), false).0,
        interpreted(&source)
    );
}
