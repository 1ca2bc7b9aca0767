//! Any text is read or refused. What was read, printed, reads back as the same text.

#![no_main]

use gene_vm::format::{Style, forms};
use gene_vm::reader::read_all;
use gene_vm::vm::{Options, Vm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut vm = Vm::new(Options::default());
    let Ok(values) = read_all(&mut vm, "<fuzz>", text) else {
        return;
    };
    let printed = forms(&values, Style::Compact);
    let again = read_all(&mut vm, "<printed>", &printed).expect("printed forms can be read");
    assert_eq!(forms(&again, Style::Compact), printed);
});
