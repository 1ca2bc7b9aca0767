//! The rules of this project.

use std::path::Path;

use gene_isle_core::compile::compile;
use gene_isle_core::diagnostic::render_all;
use gene_isle_core::load::{load, rule_files};

#[test]
fn the_rules_of_the_project_are_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let files = rule_files(&folder).unwrap();
    let names = files.iter().map(|file| file.display().to_string());
    let loaded = load(&folder, names);
    assert_eq!(loaded.errors, []);
    if let Err(errors) = compile(&loaded.sources) {
        panic!("{}", render_all(&errors, &loaded.sources));
    }
}
