//! Compiles the rules by Cranelift's compiler; `gene_isle::rules!` compiles them by ours.

use std::path::PathBuf;

use cranelift_isle::codegen::CodegenOptions;

fn main() {
    println!("cargo::rerun-if-changed=rules.isle");
    let options = CodegenOptions {
        exclude_global_allow_pragmas: true,
        ..CodegenOptions::default()
    };
    let code = cranelift_isle::compile::from_files(["rules.isle"], &options)
        .unwrap_or_else(|errors| panic!("{errors}"));
    let folder = std::env::var_os("OUT_DIR").expect("set by cargo");
    std::fs::write(PathBuf::from(folder).join("cranelift.rs"), code).expect("a writable folder");
}
