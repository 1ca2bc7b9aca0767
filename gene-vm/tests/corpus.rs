//! The reader reads every program of the conformance corpus.

use gene_vm::reader::read_all;
use gene_vm::vm::{Options, Vm};

#[test]
fn corpus() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance");
    for area in std::fs::read_dir(root).unwrap() {
        let Ok(entries) = std::fs::read_dir(area.unwrap().path()) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "gene") {
                let text = std::fs::read_to_string(&path).unwrap();
                let mut vm = Vm::new(Options::default());
                let forms = read_all(&mut vm, "test", &text);
                assert!(forms.is_ok(), "{}: {}", path.display(), forms.unwrap_err());
            }
        }
    }
}
