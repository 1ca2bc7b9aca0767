//! `gene isle`.

use super::*;

const RULES: &str =
    "(decl double (u64) u64)\n(rule double_zero 1 (double 0) 0)\n(rule double_any (double x) x)\n";

fn rules(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.isle"), text).expect("a file");
    let path = folder.path().display().to_string();
    (folder, path)
}

#[test]
fn check_counts_what_there_is() {
    let (_folder, path) = rules(RULES);
    let ended = gene(&["isle", "check", "--rules", &path], "");
    assert_eq!(ended, ok("1 files, 2 rules: no errors\n"));
}

#[test]
fn check_reports_what_is_wrong() {
    let (_folder, path) = rules("(decl f (u9) u8)\n");
    let ended = gene(&["isle", "check", "--rules", &path], "");
    assert_eq!(ended.status, Some(1));
    assert!(
        ended
            .stderr
            .starts_with("error[E0101]: unknown type `u9`\n"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("a.isle:1:10\n"), "{}", ended.stderr);
}

#[test]
fn expand_shows_rust() {
    let (_folder, path) = rules(RULES);
    let ended = gene(&["isle", "expand", "double_zero", "--rules", &path], "");
    assert!(
        ended
            .stdout
            .contains("pub fn constructor_double<C: Context>(ctx: &mut C, arg0: u64) -> u64 {")
    );
    assert!(
        ended
            .stdout
            .contains("ctx.rule_fired(RuleId::double_zero);"),
        "{}",
        ended.stdout
    );
}

#[test]
fn explain_names_rivals_and_unknown_rules() {
    let (_folder, path) = rules(RULES);
    let ended = gene(&["isle", "explain", "double_any", "--rules", &path], "");
    assert!(
        ended
            .stdout
            .contains("tried before it\n  double_zero, priority 1, "),
        "{}",
        ended.stdout
    );
    let ended = gene(&["isle", "explain", "double_an", "--rules", &path], "");
    assert_eq!(
        ended,
        failed("Error: there is no rule `double_an`; did you mean `double_any`?\n")
    );
}

#[test]
fn graph_is_graphviz() {
    let (_folder, path) = rules(RULES);
    let ended = gene(&["isle", "graph", "double", "--rules", &path], "");
    assert!(
        ended.stdout.starts_with("digraph \"double\" {\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn coverage_adds_lists_to_what_tests_name() {
    let tested = "(test doubles (double 1) (rules double_any))\n";
    let (folder, path) = rules(&format!("{RULES}{tested}"));
    let ended = gene(&["isle", "coverage", "--rules", &path], "");
    assert_eq!(ended.status, Some(1));
    assert!(
        ended
            .stdout
            .starts_with("rules: 1 of 2 fired\n  not fired: double_zero ("),
        "{ended:?}"
    );
    let list = folder.path().join("fired");
    std::fs::write(&list, "double_zero\ndouble_any\n").expect("a file");
    let list = list.display().to_string();
    assert_eq!(
        gene(&["isle", "coverage", &list, "--rules", &path], ""),
        ok("rules: 2 of 2 fired\n")
    );
}

#[test]
fn fmt_indents_in_place() {
    let (folder, path) = rules("(rule a\n(f x)\ny)\n");
    let ended = gene(&["isle", "fmt", "--check", &path], "");
    assert_eq!(ended.status, Some(1));
    assert_eq!(ended.stdout, format!("not formatted: {path}/a.isle\n"));
    assert_eq!(gene(&["isle", "fmt", &path], ""), ok(""));
    let text = std::fs::read_to_string(folder.path().join("a.isle")).expect("the file is there");
    assert_eq!(text, "(rule a\n      (f x)\n      y)\n");
    assert_eq!(gene(&["isle", "fmt", "--check", &path], ""), ok(""));
}

#[test]
fn a_folder_without_rules_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    let ended = gene(&["isle", "check", "--rules", &path], "");
    assert_eq!(
        ended,
        failed(&format!(
            "Error: Cannot read the rules in {path}: it has no rule files (*.isle)\n"
        ))
    );
}
