//! Every code is explained in the guide, and the examples there lead to it.

mod support;

use std::collections::BTreeMap;

use gene_isle_core::diagnostic::{Code, render_all};
use gene_isle_core::load::load;

/// The sections of the guide: title and example.
fn sections() -> BTreeMap<String, (String, Option<String>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules-errors.md");
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n## ")
        .skip(1)
        .map(|section| {
            let (head, body) = section.split_once('\n').unwrap();
            let (code, title) = head.split_once(": ").unwrap();
            let example = body
                .split_once("```lisp\n")
                .map(|(_, rest)| rest.split("```").next().unwrap().to_string());
            (code.to_string(), (title.to_string(), example))
        })
        .collect()
}

#[test]
fn every_code_has_a_section() {
    let sections = sections();
    for code in Code::ALL {
        let (title, _) = sections
            .get(code.as_str())
            .unwrap_or_else(|| panic!("no section {}", code.as_str()));
        assert_eq!(title, code.title());
    }
    assert_eq!(sections.len(), Code::ALL.len());
}

#[test]
fn the_examples_of_the_guide_are_reported_as_it_says() {
    for (code, (_, example)) in sections() {
        let Some(example) = example else { continue };
        let report = support::ours(&example)
            .err()
            .unwrap_or_else(|| panic!("{code}: accepted"));
        assert!(
            report.starts_with(&format!("error[{code}]")),
            "{code}:\n{report}"
        );
        insta::with_settings!({ description => example, omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(code, report);
        });
    }
}

#[test]
fn forms_that_nest_too_deeply_are_shown_in_part() {
    let text = format!("(rule {}{})", "(f ".repeat(200), ")".repeat(200));
    let report = support::ours(&text).unwrap_err();
    assert!(
        report.starts_with("error[E0003]: forms may nest at most 96 deep\n"),
        "{report}"
    );
    assert!(report.lines().all(|line| line.len() < 200), "{report}");
}

#[test]
fn files_that_cannot_be_read_are_reported() {
    let folder = std::env::temp_dir().join(format!("gene-isle-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("odd.isle"), b"; fine\n(decl f\xff)").unwrap();
    let loaded = load(&folder, ["odd.isle", "missing.isle"].map(str::to_string));
    std::fs::remove_dir_all(&folder).unwrap();
    let report = render_all(&loaded.errors, &loaded.sources);
    assert!(
        report.contains("error[E0001]: the file is not UTF-8 text from here on\n --> odd.isle:2:8"),
        "{report}"
    );
    assert!(
        report.contains("error[E0007]: cannot read the file"),
        "{report}"
    );
    assert!(report.contains("missing.isle:1:1"), "{report}");
}

#[test]
fn one_run_reports_several_errors() {
    let report = support::ours("(decl f (u8) u8)\n(rule a (f 1) (g 1))\n(rule b (f 2) y)\n(rul)")
        .unwrap_err();
    for code in ["E0104", "E0203", "E0004", "3 errors in the rules"] {
        assert!(report.contains(code), "{report}");
    }
}

#[test]
fn what_follows_an_unclosed_form_is_read() {
    for broken in [
        "(rule a (f 1) (f 2)",
        "(rule a (f 1",
        "(test t \"x",
        "(rule a (f \"1) 2)",
    ] {
        let report = support::ours(&format!(
            "(decl f (u8) u8)\n{broken}\n(rule b (f 2) y)\n(rule c (f 3) 4)\n"
        ))
        .unwrap_err();
        assert!(report.starts_with("error[E0002]"), "{report}");
        assert!(report.contains("unknown variable `y`"), "{report}");
        assert!(report.ends_with("2 errors in the rules\n"), "{report}");
    }
}
