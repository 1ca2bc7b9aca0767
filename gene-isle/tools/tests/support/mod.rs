//! What several tests need.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};

/// The rule files in the repository: those of the product and those of tests.
pub fn rule_files_of_the_project() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["rules", "gene-isle/tests/rules"] {
        files.extend(gene_isle_core::load::rule_files(&root.join(folder)).unwrap());
    }
    assert!(files.len() > 2);
    files
}

/// A sequence of numbers that looks random and is always the same.
pub struct Random(pub u64);

impl Random {
    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
