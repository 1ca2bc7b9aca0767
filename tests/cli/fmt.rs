//! `gene fmt`.

use super::*;

const LOOSE: &str = "(fn f [x]\nx  \n)\n";
const TIDY: &str = "(fn f [x]\n  x\n)\n";

#[test]
fn standard_input_is_filtered() {
    assert_eq!(gene(&["fmt"], LOOSE), ok(TIDY));
    assert_eq!(gene(&["format"], TIDY), ok(TIDY));
}

#[test]
fn files_are_rewritten_in_place() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("a.gene");
    std::fs::write(&path, LOOSE).expect("the file is written");
    let name = path.display().to_string();
    assert_eq!(
        gene(&["fmt", "--check", &name], ""),
        failed(&format!(
            "Error: File is not canonically formatted: {name}\n"
        ))
    );
    assert_eq!(gene(&["fmt", &name], ""), ok(""));
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), TIDY);
    assert_eq!(
        gene(&["fmt", "--check", &name], ""),
        ok("All files are canonically formatted\n")
    );
}

#[test]
fn checking_standard_input_tells_only() {
    assert_eq!(
        gene(&["fmt", "--check"], TIDY),
        ok("Stdin is canonically formatted\n")
    );
    assert_eq!(
        gene(&["fmt", "--check"], LOOSE),
        failed("Error: Stdin is not canonically formatted\n")
    );
    assert_eq!(gene(&["fmt"], ""), failed("Error: No input provided\n"));
}
