//! What compiling costs: instructions per second and bytes of code per instruction, on the programs given as arguments
//! and on generated functions of growing size.
//!
//! ```sh
//! cargo run --release -p gene-jit --example compile_rate benches/programs/*.gene
//! ```

use gene_jit::feedback::Feedback;
use gene_jit::lower::Compiler;
use gene_vm::Vm;
use gene_vm::code::Code;
use std::fmt::Write;
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
        Err(_) => eprintln!("{name}: does not compile to bytecode"),
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

/// A function with about `count` instructions: arithmetic, branches, elements and calls in a loop.
fn generated(count: usize) -> String {
    let mut text = String::from("(fn f [xs n] (var i 0) (var total 0) (while (i < n)\n");
    for k in 0..count / 16 {
        let _ = writeln!(
            text,
            "(if (i > {k}) (total = (total + xs/<i>)) else (total = (total - {k}))) (g total)"
        );
    }
    text.push_str("(i = (i + 1))) total)");
    text
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
    for count in [1_000, 3_000, 10_000, 30_000, 100_000, 150_000] {
        report("generated", &measure_source("generated", &generated(count)));
    }
}
