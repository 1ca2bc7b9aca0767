//! What the tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::process::Command;

use gene_isle_core::compile::{Program, compile};
use gene_isle_core::diagnostic::{Diagnostic, render_all};
use gene_isle_core::source::Sources;

/// Compiles one text; the error is the rendered report.
pub fn ours(text: &str) -> Result<Program, String> {
    let mut sources = Sources::new();
    sources.add("test.isle", text);
    compile(&sources).map_err(|errors| render_all(&errors, &sources))
}

/// Compiles files; the error is the rendered report.
pub fn ours_files(paths: &[PathBuf]) -> (Sources, Result<Program, Vec<Diagnostic>>) {
    let mut sources = Sources::new();
    for path in paths {
        sources.add(
            path.display().to_string(),
            std::fs::read_to_string(path).unwrap(),
        );
    }
    let program = compile(&sources);
    (sources, program)
}

/// What Cranelift's compiler says of a text.
pub fn theirs(text: &str) -> Result<(), String> {
    use cranelift_isle::{lexer, overlap, parser, recursion, sema};
    let lexer = lexer::Lexer::new(0, text).map_err(|error| format!("{error:?}"))?;
    let defs = parser::parse(lexer).map_err(|error| format!("{error:?}"))?;
    let mut types = sema::TypeEnv::from_ast(&defs).map_err(|errors| format!("{errors:?}"))?;
    let terms =
        sema::TermEnv::from_ast(&mut types, &defs, true).map_err(|errors| format!("{errors:?}"))?;
    let sets = overlap::check(&terms).map_err(|errors| format!("{errors:?}"))?;
    recursion::check(&sets, &terms).map_err(|errors| format!("{errors:?}"))
}

/// The rule files of Cranelift's backends, with those that its build generates: name and files.
pub fn cranelift_backends(folder: &Path) -> Vec<(String, Vec<PathBuf>)> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    let metadata = String::from_utf8(metadata.stdout).unwrap();
    let manifest = metadata
        .split('"')
        .find(|text| text.contains("cranelift-codegen-0") && text.ends_with("Cargo.toml"))
        .expect("the sources of cranelift-codegen are a dependency of the tests");
    let sources = Path::new(manifest).parent().unwrap();
    std::fs::create_dir_all(folder).unwrap();
    cranelift_codegen_meta::generate_isle(folder).unwrap();
    cranelift_codegen_meta::isle::get_isle_compilations(sources, folder)
        .items
        .into_iter()
        .map(|compilation| (compilation.name.clone(), compilation.paths().unwrap()))
        .collect()
}

/// A reproducible source of random numbers.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 29)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
