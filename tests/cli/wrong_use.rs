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

#[test]
fn an_unknown_command_of_a_command_is_answered_with_the_help_text_of_that() {
    let ended = gene(&["isle", "nope"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(1), ""));
    assert!(
        ended
            .stderr
            .starts_with("Error: Unknown command: nope\n\nWork on the rules"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("\nUsage: gene isle "), "{ended:?}");
}

#[test]
fn an_argument_too_many_is_not_called_an_option() {
    let ended = gene(&["isle", "check", "x.isle"], "");
    assert_eq!(ended.status, Some(1));
    assert!(
        ended
            .stderr
            .starts_with("Error: Unexpected argument: x.isle"),
        "{ended:?}"
    );
}

#[test]
fn a_wrong_value_in_the_environment_is_said_to_come_from_there() {
    for (variable, value) in [
        ("GENE_JIT", "often"),
        ("GENE_JIT", ""),
        ("GENE_JIT_THRESHOLD", "-1"),
        ("GENE_JIT_CODE_LIMIT", "1Q"),
        ("GENE_JIT_TOOLS", "zz"),
    ] {
        let output = support::gene()
            .args(["eval", "1"])
            .env(variable, value)
            .output()
            .expect("gene starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{variable}={value}");
        let start = format!("Error: in the environment variable {variable}: ");
        assert!(said.starts_with(&start), "{said}");
    }
}
