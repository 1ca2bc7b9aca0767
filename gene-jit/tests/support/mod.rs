//! Runs programs in the interpreter and as compiled code.

use gene_jit::stats::Statistics;
use gene_jit::tier::{Backend, Jit, Options};
use gene_vm::Vm;
use gene_vm::print::written;
use std::rc::Rc;

/// What a program came to: its value, or its exception.
pub fn interpreted(source: &str) -> String {
    run(source, None, false).0
}

/// The same with compiled code, by the native backend where there is one. Also tells what the JIT did.
pub fn compiled(source: &str, threshold: u32) -> (String, Statistics) {
    run(source, Some(threshold), false)
}

/// Runs a program, with a JIT if a threshold is given, with a collection at every safepoint if `stress`.
pub fn run(source: &str, threshold: Option<u32>, stress: bool) -> (String, Statistics) {
    let mut vm = Vm::new(gene_vm::vm::Options {
        gc_stress: stress,
        ..Default::default()
    });
    vm.set_native_stack(1 << 20);
    let jit = threshold.map(|threshold| {
        let options = Options::new(Backend::native().unwrap_or(Backend::Simulator));
        let jit = Jit::new(Options {
            threshold,
            ..options
        })
        .expect("there is memory for code");
        let jit = Rc::new(jit);
        vm.set_tier(jit.clone());
        jit
    });
    let result = vm.run_main("<test>", source);
    let text = match result {
        Ok(value) => written(value),
        Err(failure) => {
            let report = vm.report(&failure);
            let place = report
                .location
                .map_or(String::new(), |location| location.to_string());
            format!(
                "{} {place}: {}",
                report.class.unwrap_or_default(),
                report.message
            )
        }
    };
    (text, jit.map(|jit| jit.statistics()).unwrap_or_default())
}
