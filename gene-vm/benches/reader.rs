//! How many megabytes of source the reader reads per second: the conformance programs, repeated to 10 MB.

use gene_vm::reader::read_all;
use gene_vm::vm::{Options, Vm};
use std::time::Instant;

const SIZE: usize = 10_000_000;

fn main() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance");
    let mut programs = String::new();
    for area in std::fs::read_dir(root).expect("the corpus is there") {
        let area = area.expect("a directory can be listed").path();
        for entry in std::fs::read_dir(area).into_iter().flatten() {
            let path = entry.expect("a directory can be listed").path();
            if path.extension().is_some_and(|e| e == "gene") {
                programs += &std::fs::read_to_string(&path).expect("the corpus is text");
            }
        }
    }
    let text = programs.repeat(SIZE / programs.len() + 1);
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let mut vm = Vm::new(Options::default());
            let start = Instant::now();
            let forms = read_all(&mut vm, "<bench>", &text).expect("the corpus can be read");
            let seconds = start.elapsed().as_secs_f64();
            assert!(!forms.is_empty());
            seconds
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let speed = |seconds: f64| text.len() as f64 / 1e6 / seconds;
    println!(
        "median {:.1} MB/s, best {:.1} MB/s",
        speed(times[3]),
        speed(times[0])
    );
}
