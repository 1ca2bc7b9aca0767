//! Tests in rule files: how they are judged, and how what they expect is rewritten.

use std::path::Path;

use gene_isle_tools::testing::{Bless, Outcome, Suite};

/// Rules for sums, of which one has no test.
const RULES: &str = r#"(type Node (primitive Node))
(decl partial lower (Node) Node)
(decl pure partial sum (Node) Node)
(extern constructor sum sum)
(rule add (lower n) (if-let m (sum n)) m)
(rule other -1 (lower n) n)

; Kept as it is.
(test adds (Add x 1) ; and this
  (rules add add)
  (asm "add x0, x0, #2"
       "ret")
  (value (1) 2)
  (value ("a") raises "not   a number"))
"#;

fn suite(folder: &Path, rules: &str) -> Suite {
    std::fs::create_dir(folder.join("arm")).unwrap();
    std::fs::write(folder.join("arm/add.isle"), rules).unwrap();
    read(folder, Bless::default()).unwrap_or_else(|report| panic!("{report}"))
}

fn read(folder: &Path, bless: Bless) -> Result<Suite, String> {
    Suite::read(folder, "", "arm", bless)
}

fn with_suite(rules: &str, check: impl FnOnce(&Suite, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    check(
        &suite(folder.path(), rules),
        &folder.path().join("arm/add.isle"),
    );
}

fn outcome(rules: &[&str], asm: &[&str], values: &[&str]) -> Outcome {
    let strings = |list: &[&str]| list.iter().map(|text| text.to_string()).collect();
    Outcome {
        rules: strings(rules),
        asm: strings(asm),
        values: strings(values),
    }
}

#[test]
fn a_failing_test_shows_both_sides_and_its_place() {
    with_suite(RULES, |suite, _| {
        let case = suite.cases().next().unwrap();
        let values = case.values().collect::<Vec<_>>();
        assert_eq!(values, [("1", "2"), ("\"a\"", "raises \"not   a number\"")]);
        let same = outcome(
            &["add", "add"],
            &["add x0, x0, #2", "ret"],
            &["2", "raises \"not   a number\""],
        );
        assert_eq!(case.judge(&same, Bless::default()), Ok(()));
        let differs = outcome(
            &["add"],
            &["mov x1, x0", "add x0, x0, #2", "ret"],
            &["2", "3"],
        );
        insta::assert_snapshot!(case.judge(&differs, Bless::default()).unwrap_err(), @r#"
        error[E0410]: the test `adds` fails
         --> arm/add.isle:9:7
          |
        9 | (test adds (Add x 1) ; and this
          |       ^^^^

        rules:
            expected | actual
            add      | add
          ! add      |

        assembly:
            expected       | actual
          !                | mov x1, x0
            add x0, x0, #2 | add x0, x0, #2
            ret            | ret

        value for ("a"):
            expected                | actual
          ! raises "not   a number" | 3
        "#);
    });
}

#[test]
fn blessing_rewrites_what_it_is_asked_to_and_nothing_else() {
    let differs = outcome(&["add"], &["nop", "add x0, x0, #1"], &["2", "3"]);
    let asm = Bless {
        asm: true,
        rules: false,
    };
    let all = Bless { rules: true, ..asm };
    for (bless, rules) in [(asm, "add add"), (all, "add")] {
        with_suite(RULES, |suite, path| {
            let case = suite.cases().next().unwrap();
            suite.rewrite(case.edits(&differs, bless)).unwrap();
            let expected = RULES
                .replace("add x0, x0, #2", "nop")
                .replace("ret", "add x0, x0, #1")
                .replace("(rules add add)", &format!("(rules {rules})"));
            assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
            // Values are never blessed.
            let report = case.judge(&differs, all).unwrap_err();
            assert!(report.contains("value for (\"a\")"), "{report}");
            assert!(!report.contains("assembly"), "{report}");
        });
    }
    with_suite(RULES, |suite, _| {
        let case = suite.cases().next().unwrap();
        assert_eq!(case.edits(&differs, Bless::default()), []);
    });
}

#[test]
fn an_empty_clause_waits_for_a_blessing_and_an_absent_one_for_nothing() {
    let rules = RULES.replace("\"add x0, x0, #2\"\n       \"ret\"", "");
    let rules = rules
        .replace("(asm )", "(asm)")
        .replace("  (rules add add)\n", "");
    let all = Bless {
        asm: true,
        rules: true,
    };
    let found = outcome(&["add"], &["nop", "ret"], &[]);
    with_suite(&rules, |suite, path| {
        let case = suite.cases().next().unwrap();
        assert!(case.judge(&found, Bless::default()).is_err());
        suite.rewrite(case.edits(&found, all)).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let expected = rules.replace("(asm)", "(asm \"nop\"\n       \"ret\")");
        assert_eq!(text, expected);
    });
}

#[test]
fn only_a_blessing_takes_tests_that_name_rules_of_the_past() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("arm")).unwrap();
    let rules = RULES.replace("(rules add add)", "(rules sum)");
    std::fs::write(folder.path().join("arm/add.isle"), rules).unwrap();
    let report = read(folder.path(), Bless::default()).err().unwrap();
    assert!(report.contains("there is no rule `sum`"), "{report}");
    let all = Bless {
        asm: true,
        rules: true,
    };
    assert!(read(folder.path(), all).is_ok());
}

#[test]
fn a_rule_without_a_test_is_reported() {
    with_suite(RULES, |suite, _| {
        insta::assert_snapshot!(suite.untested().unwrap(), @r"
        error[E0411]: the rule `other` has no test
         --> arm/add.isle:6:1
          |
        6 | (rule other -1 (lower n) n)
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          = help: add a `test` form whose `rules` clause names it

        1 error in the rules
        ");
    });
    let tested = format!("{RULES}\n(test others x (rules other))\n");
    with_suite(&tested, |suite, _| assert_eq!(suite.untested(), None));
}

#[test]
fn an_input_that_cannot_be_lowered_is_shown() {
    with_suite(RULES, |suite, _| {
        let case = suite.cases().next().unwrap();
        let report = case.bad_input(&case.test.input, "there is no `Add`");
        insta::assert_snapshot!(report, @r"
        error[E0409]: there is no `Add`
         --> arm/add.isle:9:12
          |
        9 | (test adds (Add x 1) ; and this
          |            ^^^^^^^^^
        ");
    });
}

#[test]
fn what_cannot_be_read_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let report = read(folder.path(), Bless::default()).err().unwrap();
    assert!(report.contains("it has no rule files"), "{report}");
    std::fs::write(folder.path().join("a.isle"), "").unwrap();
    let report = read(folder.path(), Bless::default()).err().unwrap();
    assert!(report.contains("there are no rules in it"), "{report}");
    std::fs::create_dir(folder.path().join("arm")).unwrap();
    std::fs::write(folder.path().join("arm/b.isle"), "(test").unwrap();
    let report = read(folder.path(), Bless::default()).err().unwrap();
    assert!(report.contains("--> arm/b.isle:1:1"), "{report}");
}
