//! How long the compilers take.

use std::hint::black_box;
use std::sync::Arc;

use cranelift_isle::codegen::{CodegenOptions, codegen};
use cranelift_isle::files::Files;
use cranelift_isle::{lexer, overlap, parser, recursion, sema};
use gene_isle_core::compile::compile;
use gene_isle_core::generate;
use gene_isle_core::source::Sources;

use crate::support::cranelift_backends;
use crate::{compare, report};

const ROUNDS: usize = 11;

/// Compiles the rules of each backend, without and with generating code.
pub fn measure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, paths) in cranelift_backends(folder.path()) {
        let mut sources = Sources::new();
        for path in &paths {
            let text = std::fs::read_to_string(path).expect("a rule file");
            sources.add(path.display().to_string(), text);
        }
        let files = Files::from_paths(&paths, &[]);
        let files = Arc::new(files.expect("the same files"));
        let ours = || compile(&sources).expect("the rules of Cranelift are right");
        let times = compare(ROUNDS, || drop(black_box(ours())), || check(&files, false));
        report(&format!("check the rules of {name}"), times);
        let generate = || {
            let code = generate::generate(&ours(), &sources);
            black_box(code.to_string());
        };
        let times = compare(ROUNDS, generate, || check(&files, true));
        report(&format!("compile the rules of {name}"), times);
    }
}

/// The passes of Cranelift's compiler.
fn check(files: &Arc<Files>, generate: bool) {
    let mut defs = Vec::new();
    for (index, text) in files.file_texts.iter().enumerate() {
        let lexer = lexer::Lexer::new(index, text).expect("a rule file");
        defs.extend(parser::parse(lexer).expect("a rule file"));
    }
    let mut types = sema::TypeEnv::from_ast(&defs).expect("consistent types");
    let terms = sema::TermEnv::from_ast(&mut types, &defs, true).expect("consistent terms");
    let sets = overlap::check(&terms).expect("no overlap");
    recursion::check(&sets, &terms).expect("no unmarked recursion");
    if generate {
        let options = CodegenOptions::default();
        black_box(codegen(files.clone(), &types, &terms, &sets, &options));
    }
    black_box(sets);
}
