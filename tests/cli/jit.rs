//! The JIT on the command line.

use super::*;

const LOOP: &str =
    "(fn sum [n] (var t 0) (var i 0) (while (i < n) (t += i) (i += 1)) t)\n(println (sum 1000))";

#[test]
fn every_mode_gives_the_same_output() {
    for mode in ["auto", "off", "sim"] {
        assert_eq!(
            gene(&["run", "--jit", mode], LOOP),
            ok("499500\n"),
            "{mode}"
        );
    }
}

#[test]
fn statistics_tell_what_was_compiled() {
    let human = gene(&["run", "--jit=sim", "--stats"], LOOP);
    assert_eq!((human.status, human.stdout.as_str()), (Some(0), "499500\n"));
    assert!(human.stderr.contains("compiled sum: "), "{human:?}");
    let json = gene(&["run", "--jit=sim", "--stats=json"], LOOP).stderr;
    let statistics: serde_json::Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!(statistics["functions"][0]["name"], "sum");
    assert_eq!(statistics["functions"][0]["outcome"], "compiled");
    let idle = gene(
        &[
            "run",
            "--jit=sim",
            "--jit-threshold=1000000",
            "--stats=json",
        ],
        LOOP,
    );
    assert!(idle.stderr.contains("\"functions\":[]"), "{idle:?}");
}

#[test]
fn an_unknown_mode_is_an_error() {
    let ended = gene(&["run", "--jit=often"], LOOP);
    assert_eq!(ended.status, Some(1));
    assert!(
        ended
            .stderr
            .contains("invalid value 'often' for '--jit <MODE>'"),
        "{ended:?}"
    );
}

#[test]
fn explain_shows_source_bytecode_rules_and_assembly() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/fib.gene");
    let shown = gene(&["explain", "--function", "fib", file], "");
    assert_eq!(shown.status, Some(0));
    for part in [
        "5 |   (if (n < 2)",
        "JumpIfNotLocalLtInt",
        "rules/arm64/lower/compare.isle:",
        "subs x",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(
        gene(&["explain", "--function", "nope", file], ""),
        failed(&format!("Error: No function is called nope in {file}\n"))
    );
}
