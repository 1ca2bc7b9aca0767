//! Formatted text stays as it is when it is formatted again, and means the same.

#![no_main]

use gene_vm::format::{Style, format_source, forms};
use gene_vm::reader::read_all;
use gene_vm::vm::{Options, Vm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let formatted = format_source(text);
    assert_eq!(format_source(&formatted), formatted);
    // Line ends become \n everywhere, also in strings.
    let text = text.replace("\r\n", "\n");
    let mut vm = Vm::new(Options::default());
    let before = read_all(&mut vm, "<text>", &text).map(|values| forms(&values, Style::Compact));
    let after = read_all(&mut vm, "<formatted>", &formatted).map(|values| forms(&values, Style::Compact));
    assert_eq!(before.ok(), after.ok());
});
