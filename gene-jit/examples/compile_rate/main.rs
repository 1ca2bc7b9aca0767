//! What compiling costs: instructions per second and bytes of code per instruction, on the programs given as arguments
//! and on generated functions of growing size, of several shapes.
//!
//! ```sh
//! cargo run --release -p gene-jit --example compile_rate benches/programs/*.gene
//! ```
//!
//! `cargo xtask test linear` counts with it what compiling takes: `--shapes` prints the shapes with the most instructions
//! that their bodies may have, `--only "one loop" 3000 2` compiles one body of that shape and size twice.

mod shapes;

use gene_jit::feedback::Feedback;
use gene_jit::lower::Compiler;
use gene_vm::Vm;
use gene_vm::code::Code;
use shapes::SHAPES;
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

/// Calls `visit` with each body of a program, whose name errors tell.
fn each_body(name: &str, text: &str, visit: impl FnMut(&Code)) {
    let mut vm = Vm::new(Default::default());
    match vm.compile_bodies(name, text) {
        Ok(bodies) => bodies
            .iter()
            .filter_map(|body| body.code.get())
            .for_each(visit),
        Err(failure) => eprintln!("{name}: {}", vm.report(&failure).message),
    }
}

fn measure_source(name: &str, text: &str) -> Cost {
    let mut cost = Cost::default();
    let mut compiler = Compiler::default();
    each_body(name, text, |code| measure(&mut compiler, code, &mut cost));
    cost
}

/// Compiles a body of a shape so many times, and prints how many instructions it has: for those who count what that takes.
fn compile_only(name: &str, count: usize, rounds: usize) {
    let shape = SHAPES.iter().find(|shape| shape.name == name);
    let Some(shape) = shape else {
        return eprintln!("no shape is called {name}");
    };
    let mut compiler = Compiler::default();
    let mut instructions = 0;
    each_body(name, &(shape.text)(count), |code| {
        instructions += code.instrs.len();
        for _ in 0..rounds {
            let compiled = compiler.compile(code, &Feedback::default());
            assert!(compiled.is_ok(), "{name} is not compiled");
        }
    });
    println!("{instructions}");
}

fn report(name: &str, cost: &Cost) {
    let rate = cost.instructions as f64 / cost.time.as_secs_f64() / 1e6;
    let size = cost.bytes as f64 / cost.instructions as f64;
    println!(
        "{:>8} instructions  {rate:6.2} million per second  {size:6.1} bytes each  {name}",
        cost.instructions
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--shapes"] => SHAPES
            .iter()
            .for_each(|shape| println!("{} {}", shape.most, shape.name)),
        ["--only", name, count, rounds] => match (count.parse(), rounds.parse()) {
            (Ok(count), Ok(rounds)) => compile_only(name, count, rounds),
            _ => eprintln!("--only wants a shape, its instructions and the rounds"),
        },
        ref programs => measure_all(programs),
    }
}

fn measure_all(programs: &[&str]) {
    let mut all = Cost::default();
    for name in programs {
        match std::fs::read_to_string(name) {
            Ok(text) => {
                let cost = measure_source(name, &text);
                report(name, &cost);
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
    for shape in SHAPES {
        let mut counts = [1_000, 3_000, 10_000, 30_000, 100_000]
            .map(|count| shape.most.min(count))
            .to_vec();
        counts.dedup();
        for count in counts {
            report(
                shape.name,
                &measure_source(shape.name, &(shape.text)(count)),
            );
        }
    }
}
