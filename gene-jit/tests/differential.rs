//! Generated programs give the same in the interpreter and as compiled code.
//!
//! A program is a list of lines; a difference is reported with the lines that it needs. `GENE_DIFFERENTIAL=N` runs N
//! programs, and `GENE_DIFFERENTIAL_SEED` begins elsewhere.

mod support;

use fastrand::Rng;
use support::{interpreted, run};

/// Numbers and other values at the edges of what code handles inline.
const LITERALS: [&str; 24] = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "7",
    "255",
    "256",
    "-256",
    "140737488355327",
    "-140737488355328",
    "140737488355328",
    "9223372036854775807",
    "-9223372036854775808",
    "0.0",
    "-0.0",
    "0.5",
    "1.5",
    "-3.25",
    "1e300",
    "nil",
    "true",
    "false",
    "\"s\"",
];

const VARIABLES: [&str; 4] = ["a", "b", "c", "d"];

/// Makes expressions and statements over the variables `a` to `d`, the array `xs`, the closure `k` and functions.
struct Generator {
    rng: Rng,
    loops: usize,
}

impl Generator {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.usize(..from.len())]
    }

    fn small(&mut self) -> String {
        self.rng.i32(-3..10).to_string()
    }

    fn leaf(&mut self) -> String {
        match self.rng.u8(..10) {
            0..6 => self.pick(&VARIABLES).to_string(),
            6 | 7 => self.small(),
            _ => self.pick(&LITERALS).to_string(),
        }
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.leaf();
        }
        let depth = depth - 1;
        match self.rng.u8(..24) {
            0..8 => {
                let operator = self.pick(&["+", "+", "-", "-", "*", "/", "%"]);
                format!(
                    "({} {operator} {})",
                    self.expression(depth),
                    self.expression(depth)
                )
            }
            8 | 9 => {
                let operator = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
                format!(
                    "({} {operator} {})",
                    self.expression(depth),
                    self.expression(depth)
                )
            }
            10 => format!(
                "(if {} {} else {})",
                self.test(depth),
                self.expression(depth),
                self.expression(depth)
            ),
            11 => format!(
                "({} and {})",
                self.expression(depth),
                self.expression(depth)
            ),
            12 => format!("({} or {})", self.expression(depth), self.expression(depth)),
            13 => format!("(! {})", self.expression(depth)),
            14 => format!("(- {})", self.expression(depth)),
            15 => format!("(g {} {})", self.expression(depth), self.expression(depth)),
            16 => format!("(k {})", self.expression(depth)),
            17 => format!("xs/<{}>", self.expression(depth)),
            18 => format!("(o .add {})", self.expression(depth)),
            19 => "o/n".to_string(),
            20 => format!(
                "(if (depth < 3) (f {} {}) else 1)",
                self.expression(depth),
                self.leaf()
            ),
            21 => format!("(do (d = {}) {})", self.expression(depth), self.leaf()),
            _ => self.leaf(),
        }
    }

    fn test(&mut self, depth: usize) -> String {
        let operator = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
        format!("({} {operator} {})", self.expression(depth), self.leaf())
    }

    fn statement(&mut self, depth: usize) -> String {
        let nested = depth.saturating_sub(1);
        match self.rng.u8(..if depth == 0 { 9 } else { 15 }) {
            0..4 => format!("({} = {})", self.pick(&VARIABLES), self.expression(2)),
            4 => {
                let (variable, operator) = (self.pick(&VARIABLES), self.pick(&["+", "-", "*"]));
                format!("({variable} = ({variable} {operator} {}))", self.leaf())
            }
            5 => format!("(println {})", self.expression(2)),
            6 => format!("(xs/<{}> = {})", self.small(), self.expression(1)),
            7 => format!("(xs .push {})", self.expression(1)),
            8 => format!("(o/n = {})", self.expression(1)),
            9 => format!(
                "(if {} {} else {})",
                self.test(1),
                self.statement(nested),
                self.statement(nested)
            ),
            10 | 11 => {
                self.loops += 1;
                let i = format!("i{}", self.loops);
                let body = self.statements(nested);
                let rounds = self.rng.u8(1..9);
                format!("(do (var {i} 0) (while ({i} < {rounds}) {body} ({i} = ({i} + 1))))")
            }
            12 => {
                let (variable, body) = (self.pick(&VARIABLES), self.statements(nested));
                let source = match self.rng.u8(..3) {
                    0 => "(0 .. 4)".to_string(),
                    1 => "[1 2.5 3]".to_string(),
                    _ => format!("[{} {}]", self.leaf(), self.leaf()),
                };
                format!("(for x in {source} ({variable} = x) {body})")
            }
            13 => {
                let body = self.statements(nested);
                let handler = self.statement(0);
                format!("(try {body} catch * (println $ex/message) {handler})")
            }
            _ => format!("(if {} (throw {}))", self.test(1), self.leaf()),
        }
    }

    fn statements(&mut self, depth: usize) -> String {
        let count = self.rng.usize(1..4);
        (0..count)
            .map(|_| self.statement(depth))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn lines(&mut self) -> Vec<String> {
        let count = self.rng.usize(2..8);
        (0..count).map(|_| self.statement(2)).collect()
    }
}

/// A whole program around the lines of one function.
fn program(lines: &[String]) -> String {
    format!(
        "(class O (ctor [] (/n = 1)) (method add [x] (/n = (/n + x)) /n))
(fn g [x y] (if (x == y) x else (x + y)))
(var depth 0)
(fn f [a b]
  (depth = (depth + 1))
  (var c 2) (var d 0.5) (var xs [1 2 3]) (var o (new O)) (var held 1)
  (var k (fn [x] (held = (held + 1)) (x + held)))
  {}
  (depth = (depth - 1))
  (println a b c d xs o/n held)
  c)
(for x in [1 2.5 140737488355327 \"s\" nil]
  (depth = 0)
  (println (try (f x 3) catch * (println $ex/message) -1)))",
        lines.join("\n  ")
    )
}

fn differs(lines: &[String], threshold: u32, stress: bool) -> bool {
    let source = program(lines);
    interpreted(&source) != run(&source, Some(threshold), stress).0
}

/// Did the program come to its normal end? What its function raises is caught.
fn ends_well(lines: &[String]) -> bool {
    interpreted(&program(lines)).ends_with("nil")
}

/// Leaves out lines that the difference does not need.
fn shrink(mut lines: Vec<String>, threshold: u32, stress: bool) -> Vec<String> {
    let mut at = 0;
    while at < lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        if differs(&fewer, threshold, stress) {
            lines = fewer;
        } else {
            at += 1;
        }
    }
    lines
}

#[test]
fn generated_programs() {
    let setting = |name: &str, usual: u64| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(usual)
    };
    let seed = setting("GENE_DIFFERENTIAL_SEED", 1);
    let count = setting("GENE_DIFFERENTIAL", 2000);
    let mut meaningless = 0;
    for index in 0..count {
        let mut generator = Generator {
            rng: Rng::with_seed(seed + index),
            loops: 0,
        };
        let lines = generator.lines();
        let threshold = generator.rng.u32(..12);
        let stress = generator.rng.u8(..8) == 0;
        meaningless += u64::from(!ends_well(&lines));
        if differs(&lines, threshold, stress) {
            let source = program(&shrink(lines, threshold, stress));
            let (expected, found) = (
                interpreted(&source),
                run(&source, Some(threshold), stress).0,
            );
            panic!(
                "program {index}, threshold {threshold}, stress {stress}\n{source}\n\ninterpreted:\n{expected}\n\ncompiled:\n{found}"
            );
        }
    }
    assert!(
        meaningless * 20 <= count,
        "{meaningless} of {count} programs fail as a whole"
    );
}
