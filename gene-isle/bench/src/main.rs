//! Measures the rule compiler against `cranelift-isle`, both in one run: how long each takes for
//! the rules of Cranelift's backends, and how fast the code is that each makes of the same rules.
//!
//! ```text
//! cargo run --profile bench -p gene-isle-bench [front-end|matching]
//! ```

mod front_end;
mod matching;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

fn main() {
    let part = std::env::args().nth(1);
    let part = part.as_deref();
    if part != Some("matching") {
        front_end::measure();
    }
    if part != Some("front-end") {
        matching::measure();
    }
}

/// Times two computations in turns and gives the shortest time of each: what else the machine
/// does only ever adds to it.
fn compare(rounds: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        let runs: [&mut dyn FnMut(); 2] = [&mut ours, &mut theirs];
        for (run, times) in runs.into_iter().zip(&mut times) {
            let start = Instant::now();
            run();
            times.push(start.elapsed());
        }
    }
    times.map(|times| times.into_iter().min().unwrap_or_default())
}

fn report(what: &str, [ours, theirs]: [Duration; 2]) {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "{what:<28} gene-isle {ours:>10.2?}   cranelift-isle {theirs:>10.2?}   ratio {ratio:.2}"
    );
}
