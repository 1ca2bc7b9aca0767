//! Runs programs in the interpreter and as compiled code.

#![allow(dead_code, reason = "each test uses a part of it")]

use gene_jit::explain::Explanation;
use gene_jit::stats::Statistics;
use gene_jit::tier::{Backend, Jit, Options};
use gene_vm::Vm;
use gene_vm::builtins::io::Io;
use gene_vm::print::written;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write;
use std::rc::Rc;

/// Collects what a program writes.
#[derive(Clone, Default)]
struct Output(Rc<RefCell<Vec<u8>>>);

impl Output {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a program came to: its value, or its exception.
pub fn interpreted(source: &str) -> String {
    run(source, None, false).0
}

/// Native stack of the thread that a program runs on.
const STACK: usize = 64 << 20;

/// The settings of a JIT.
pub fn options(threshold: u32) -> Options {
    Options {
        threshold,
        ..Options::new(Backend::native().unwrap_or(Backend::Simulator))
    }
}

/// Runs a program, with a JIT if a threshold is given, with a collection at every safepoint if `stress`.
pub fn run(source: &str, threshold: Option<u32>, stress: bool) -> (String, Statistics) {
    run_with(source, threshold.map(options), stress)
}

/// As [`run`], with these settings of the JIT.
pub fn run_with(source: &str, options: Option<Options>, stress: bool) -> (String, Statistics) {
    let source = source.to_string();
    let thread = std::thread::Builder::new().stack_size(STACK);
    let thread = thread.spawn(move || run_here(&source, options, stress));
    let thread = thread.expect("the system starts threads");
    thread.join().expect("no program makes the runtime panic")
}

/// The code that functions have come to when a program has run.
pub fn compiled(source: &str, threshold: u32) -> Vec<(String, Explanation)> {
    let (mut vm, jit, _) = machine(Some(options(threshold)), false);
    let _ = vm.run_main("<test>", source);
    let functions = jit.expect("a threshold was given").explain();
    let named = functions
        .into_iter()
        .map(|(name, e)| (name.name().to_string(), e));
    named.collect()
}

/// How many collections there are while a program runs.
pub fn collections(source: &str, options: Option<Options>) -> usize {
    let (mut vm, _jit, _) = machine(options, false);
    let _ = vm.run_main("<test>", source);
    vm.heap.collections()
}

/// What a program comes to that is compiled at once and may make so many steps.
pub fn limited(source: &str, steps: u64) -> String {
    let (mut vm, _jit, _) = machine(Some(options(0)), false);
    vm.limit_steps(Some(steps));
    match vm.run_main("<test>", source) {
        Ok(value) => written(value),
        Err(failure) => vm.report(&failure).message,
    }
}

/// A VM with its JIT, and what it writes.
fn machine(jit: Option<Options>, stress: bool) -> (Box<Vm>, Option<Rc<Jit>>, Output) {
    let output = Output::default();
    let io = Io::new(Box::new(output.clone()), Box::new(output.clone()));
    let options = gene_vm::vm::Options {
        gc_stress: stress,
        // Where objects come to lie must not depend on it, for what compiled code does to make new ones does.
        environment: false,
        ..Default::default()
    };
    let mut vm = Vm::with_io(options, io);
    vm.set_native_stack(STACK - (1 << 20));
    let jit = jit.map(|options| {
        let jit = Jit::new(options).expect("there is memory for code");
        let jit = Rc::new(jit);
        vm.set_tier(jit.clone());
        jit
    });
    (vm, jit, output)
}

fn run_here(source: &str, options: Option<Options>, stress: bool) -> (String, Statistics) {
    let (mut vm, jit, output) = machine(options, stress);
    let result = vm.run_main("<test>", source);
    let outcome = match result {
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
    vm.io.flush();
    let text = format!("{}{outcome}", output.text());
    (text, jit.map(|jit| jit.statistics()).unwrap_or_default())
}

/// The outcome of a program, which is the same in the interpreter and as code that is compiled at once, after some
/// rounds, and with a collection at every safepoint.
#[track_caller]
pub fn same(source: &str) -> String {
    let expected = interpreted(source);
    for (threshold, stress) in [(0, false), (0, true), (1, false), (7, false)] {
        let (found, _) = run(source, Some(threshold), stress);
        assert_eq!(
            found, expected,
            "threshold {threshold}, stress {stress}: {source}"
        );
    }
    expected
}

/// Values at the edges of what code handles inline.
pub const EDGES: [&str; 22] = [
    "0",
    "1",
    "-1",
    "2",
    "255",
    "256",
    "-256",
    "140737488355327",
    "-140737488355328",
    "140737488355328",
    "-140737488355329",
    "9223372036854775807",
    "-9223372036854775808",
    "0.0",
    "-0.0",
    "1.5",
    "-2.25",
    "1e308",
    "(0.0 / 0.0)",
    "\"text\"",
    "nil",
    "true",
];

/// Runs `body` with `x` and `y` at all edges.
#[track_caller]
pub fn at_edges(body: &str) {
    let mut source =
        format!("(fn f [x y] {body})\n(fn run [x y] (try (f x y) catch * $ex/message))\n");
    for x in EDGES {
        for y in EDGES {
            let _ = writeln!(source, "(println (run {x} {y}))");
        }
    }
    same(&source);
}
