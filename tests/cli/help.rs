//! `gene help` and `--version`.

use super::*;

#[test]
fn every_way_of_asking_gives_the_same_text() {
    let help = gene(&["--help"], "");
    assert_eq!(help.status, Some(0));
    assert!(help.stdout.contains("Usage: gene"), "{help:?}");
    for words in [&[][..], &["help"], &["h"], &["-h"]] {
        assert_eq!(gene(words, ""), help, "{words:?}");
    }
}

#[test]
fn a_command_has_help_of_its_own() {
    let help = gene(&["help", "completions"], "");
    assert_eq!(help.status, Some(0));
    assert!(help.stdout.contains("Usage: gene completions"), "{help:?}");
    assert_eq!(gene(&["completions", "--help"], ""), help);
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = concat!("gene ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(gene(&["--version"], ""), ok(version));
}
