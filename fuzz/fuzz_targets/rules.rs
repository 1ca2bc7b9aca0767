//! Any text as a rule file: the compiler reports mistakes or generates Rust.
//!
//! ```text
//! cargo fuzz run rules fuzz/corpus/rules rules gene-isle/core/tests/corpus
//! ```

#![no_main]

use gene_isle_core::compile::compile;
use gene_isle_core::diagnostic::render_all;
use gene_isle_core::generate::generate;
use gene_isle_core::source::Sources;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut sources = Sources::new();
    sources.add("fuzz.isle", text);
    match compile(&sources) {
        Ok(program) => drop(generate(&program, &sources)),
        Err(errors) => drop(render_all(&errors, &sources)),
    }
});
