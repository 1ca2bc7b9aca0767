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
    let ended = gene(&["completions", "--nope", "bash"], "");
    assert_eq!(ended.status, Some(1));
    assert!(
        ended
            .stderr
            .starts_with("Error: unexpected argument '--nope' found"),
        "{ended:?}"
    );
}
