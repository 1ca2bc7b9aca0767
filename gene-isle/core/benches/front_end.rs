//! Time from rule files to Rust text, for the largest rule files there are, against Cranelift's
//! compiler: `cargo bench -p gene-isle-core --bench front_end`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use gene_isle_core::generate::generate;

fn main() {
    let folder = std::env::temp_dir().join(format!("gene-isle-bench-{}", std::process::id()));
    for (name, paths) in support::cranelift_backends(&folder) {
        let ours = median(|| {
            let (sources, program) = support::ours_files(&paths);
            let program = program.expect("Cranelift's rules compile");
            generate(&program, &sources).to_string().len()
        });
        let theirs = median(|| {
            let options = cranelift_isle::codegen::CodegenOptions::default();
            let code = cranelift_isle::compile::from_files(&paths, &options);
            code.expect("Cranelift's rules compile").len()
        });
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        println!("{name}: {ours:.1?}, Cranelift's compiler {theirs:.1?}, ratio {ratio:.2}");
    }
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// The median time of several runs.
fn median(mut run: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<_> = (0..5)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(run());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
