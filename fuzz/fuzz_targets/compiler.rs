//! Any text is compiled or refused, all its functions included.

#![no_main]

use gene_vm::vm::{Options, Vm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut vm = Vm::new(Options::default());
    let _ = vm.compile_bodies("<fuzz>", text);
});
