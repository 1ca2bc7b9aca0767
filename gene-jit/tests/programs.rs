//! Programs give the same in the interpreter and as compiled code.

mod support;

use support::{compiled, interpreted};

#[track_caller]
fn same(source: &str) -> String {
    let expected = interpreted(source);
    for threshold in [0, 1, 7] {
        let (found, _) = compiled(source, threshold);
        assert_eq!(found, expected, "with threshold {threshold}: {source}");
    }
    expected
}

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
