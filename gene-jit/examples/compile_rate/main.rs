//! What compiling costs: instructions per second and bytes of code per instruction, on the programs given as arguments
//! and on generated functions of growing size, of several shapes.
//!
//! ```sh
//! cargo run --release -p gene-jit --example compile_rate benches/programs/*.gene
//! ```

use gene_jit::feedback::Feedback;
use gene_jit::lower::Compiler;
use gene_vm::Vm;
use gene_vm::code::Code;
use std::time::{Duration, Instant};

/// What compiling has come to.
#[derive(Default)]
struct Cost {
    instructions: usize,
    bytes: usize,
    time: Duration,
}

/// Compiles a body many times. The fastest round counts, because others may have been disturbed.
fn measure(compiler: &mut Compiler, code: &Code, cost: &mut Cost) {
    let feedback = Feedback::default();
    let rounds = (100_000 / code.instrs.len()).clamp(10, 1_000);
    let mut fastest = Duration::MAX;
    let mut bytes = 0;
    for _ in 0..rounds {
        let started = Instant::now();
        let Ok(compiled) = compiler.compile(code, &feedback) else {
            return;
        };
        bytes = compiled.code.len();
        drop(compiled);
        fastest = fastest.min(started.elapsed());
    }
    cost.time += fastest;
    cost.instructions += code.instrs.len();
    cost.bytes += bytes;
}

fn measure_source(name: &str, text: &str) -> Cost {
    let mut cost = Cost::default();
    let mut vm = Vm::new(Default::default());
    let mut compiler = Compiler::default();
    match vm.compile_bodies(name, text) {
        Ok(bodies) => bodies
            .iter()
            .filter_map(|body| body.code.get())
            .for_each(|code| measure(&mut compiler, code, &mut cost)),
        Err(failure) => eprintln!("{name}: {}", vm.report(&failure).message),
    }
    cost
}

fn report(name: &str, cost: &Cost) {
    let rate = cost.instructions as f64 / cost.time.as_secs_f64() / 1e6;
    let size = cost.bytes as f64 / cost.instructions as f64;
    println!(
        "{:>8} instructions  {rate:6.2} million per second  {size:6.1} bytes each  {name}",
        cost.instructions
    );
}

/// Makes the text of a body with about so many instructions.
type Shape = fn(usize) -> String;

/// Bodies that are large each in its own way.
const SHAPES: [(&str, Shape); 9] = [
    ("one loop", |count| {
        let body = parts(count / 16, |k| {
            format!(
                "(if (i > {k}) (total = (total + xs/<i>)) else (total = (total - {k}))) (g total)"
            )
        });
        format!("(fn f [xs n] (var i 0) (var total 0) (while (i < n) {body} (i = (i + 1))) total)")
    }),
    ("variables", |count| {
        let body = parts(count / 9, |k| {
            format!("(var v{k} (x + {k})) (if (v{k} > y) (g v{k}))")
        });
        format!("(fn f [x y] {body} x)")
    }),
    ("loops in a row", |count| {
        let body = parts(count / 10, |_| {
            "(var i 0) (while (i < n) (total += i) (i += 1))".to_string()
        });
        format!("(fn f [n] (var total 0) {body} total)")
    }),
    ("nested loops", |count| {
        let depth = count / 9;
        let open = parts(depth, |k| {
            format!("(var i{k} 0) (while (i{k} < n) (i{k} += 1)")
        });
        format!("(fn f [n] {open} {})", ")".repeat(depth))
    }),
    ("an expression", |count| {
        let sum = parts(count / 4, |k| format!("(x + {k}) *"));
        format!("(fn f [x y] ({sum} y))")
    }),
    ("elements", |count| {
        format!("(fn f [x] [{}])", parts(count, |k| format!("{k}.5")))
    }),
    ("properties", |count| {
        format!(
            "(fn f [x] {{{}}})",
            parts(count / 2, |k| format!("^k{k} x"))
        )
    }),
    ("cases", |count| {
        let cases = parts(count / 4, |k| format!("elif (x == {k}) (g {k})"));
        format!("(fn f [x] (if (x == -1) 0 {cases} else 1))")
    }),
    ("handlers", |count| {
        let tries = parts(count / 12, |k| format!("(try (g {k}) catch * (x = {k}))"));
        format!("(fn f [x] {tries} x)")
    }),
];

fn parts(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join("\n")
}

fn main() {
    let mut all = Cost::default();
    for name in std::env::args().skip(1) {
        match std::fs::read_to_string(&name) {
            Ok(text) => {
                let cost = measure_source(&name, &text);
                report(&name, &cost);
                all.instructions += cost.instructions;
                all.bytes += cost.bytes;
                all.time += cost.time;
            }
            Err(error) => eprintln!("{name}: {error}"),
        }
    }
    if all.instructions > 0 {
        report("all of them", &all);
    }
    for (name, shape) in SHAPES {
        for count in [1_000, 3_000, 10_000, 30_000, 100_000] {
            report(name, &measure_source(name, &shape(count)));
        }
    }
}
