//! Generated programs give the same in the interpreter and as compiled code: in the simulator, and natively on aarch64.
//!
//! Each is compiled at a random threshold, some with a collection at every safepoint. A difference is reported with the
//! smallest program that still shows it. `GENE_DIFFERENTIAL=N` runs N programs, and `GENE_DIFFERENTIAL_SEED=N` begins
//! elsewhere.

#[path = "differential/generate.rs"]
mod generate;
#[path = "differential/shrink.rs"]
mod shrink;
mod support;

use generate::{Generator, PRELUDE, STEPS};
use shrink::{Form, read, shrink, text};
use std::thread;
use support::{interpreted, run};

/// A program and how it is compiled.
struct Trial {
    program: Vec<Form>,
    threshold: u32,
    stress: bool,
}

impl Trial {
    fn new(seed: u64) -> Trial {
        let mut generator = Generator::new(seed);
        let program = read(&generator.program(), &STEPS);
        Trial {
            program,
            threshold: generator.rng().u32(..12),
            stress: generator.rng().u8(..6) == 0,
        }
    }

    /// What the interpreter and compiled code make of a program.
    fn outcomes(&self, program: &[Form]) -> [String; 2] {
        let source = format!("{PRELUDE}{}", text(program));
        let compiled = run(&source, Some(self.threshold), self.stress).0;
        [interpreted(&source), compiled]
    }

    /// The smallest program with a difference, and what comes of it.
    fn report(self) -> String {
        let differs = |program: &[Form]| {
            let [interpreted, compiled] = self.outcomes(program);
            interpreted != compiled
        };
        let program = shrink(self.program.clone(), &STEPS, differs);
        let [interpreted, compiled] = self.outcomes(&program);
        format!(
            "threshold {}, stress {}\n{PRELUDE}{}\n\ninterpreted:\n{interpreted}\n\ncompiled:\n{compiled}",
            self.threshold,
            self.stress,
            text(&program)
        )
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What is wrong with the program of a seed.
fn check(seed: u64) -> Option<String> {
    let trial = Trial::new(seed);
    let [interpreted, compiled] = trial.outcomes(&trial.program);
    if interpreted != compiled {
        return Some(format!("seed {seed}, {}", trial.report()));
    }
    // A program that is refused, or fails at once, writes nothing.
    let refused = !interpreted.contains('\n');
    refused.then(|| format!("seed {seed}: {interpreted}\n{}", text(&trial.program)))
}

#[test]
fn generated_programs() {
    let seed = setting("GENE_DIFFERENTIAL_SEED", 1);
    let seeds = seed..seed + setting("GENE_DIFFERENTIAL", 2000);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let wrong: Vec<String> = thread::scope(|scope| {
        let share = |worker| seeds.clone().skip(worker).step_by(workers);
        let workers: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || share(worker).find_map(check)))
            .collect();
        let results = workers.into_iter().map(|worker| worker.join());
        results
            .filter_map(|result| result.expect("no worker panics"))
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
