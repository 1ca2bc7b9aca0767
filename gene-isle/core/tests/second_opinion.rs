//! Cranelift's compiler as the second opinion.

mod support;

use gene_isle_core::diagnostic::render_all;
use gene_isle_core::generate::generate;

#[test]
fn the_rule_files_of_cranelift_compile() {
    let folder = std::env::temp_dir().join(format!("gene-isle-clif-{}", std::process::id()));
    for (name, paths) in support::cranelift_backends(&folder) {
        let (sources, program) = support::ours_files(&paths);
        match program {
            Err(errors) => panic!("{name}: {}", render_all(&errors, &sources)),
            Ok(program) => {
                assert!(program.checked.rules.len() > 100, "{name}");
                let code = generate(&program, &sources);
                syn::parse2::<syn::File>(code).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
