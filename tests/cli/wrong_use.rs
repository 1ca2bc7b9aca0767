//! Wrong use of the command line.

use super::*;

#[test]
fn an_unknown_command_is_answered_with_the_help_text() {
    let help = gene(&["help"], "").stdout;
    assert_eq!(
        gene(&["nope"], ""),
        failed(&format!("Error: Unknown command: nope\n\n{help}"))
    );
}

#[test]
fn an_unknown_option_is_an_error() {
    for words in [
        &["completions", "--nope", "bash"][..],
        &["run", "--nope", "x.gene"],
        &["eval", "--nope:1", "2"],
        &["parse", "--nope=1"],
    ] {
        let ended = gene(words, "");
        assert_eq!((ended.status, &*ended.stdout), (Some(1), ""), "{words:?}");
        assert!(
            ended.stderr.starts_with("Error: Unknown option: --nope"),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("\nUsage: gene "), "{ended:?}");
    }
}
