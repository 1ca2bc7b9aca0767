//! Checks the tests in rule files: their names are unique and the rules that they name exist.

use std::collections::{HashMap, HashSet};

use crate::ast::{Item, ItemKind};
use crate::check::Checked;
use crate::diagnostic::{Code, Diagnostic, Errors, did_you_mean};

/// Checks all tests.
pub fn check(items: &[Item], checked: &Checked, errors: &mut Errors) {
    let rules: HashSet<&str> = checked
        .rules
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    let mut seen = HashMap::new();
    for item in items {
        let ItemKind::Test(test) = &item.kind else {
            continue;
        };
        if let Some(first) = seen.insert(&test.name.name, test.name.span) {
            let message = format!("two tests are named `{}`", test.name.name);
            errors.push(
                Diagnostic::new(Code::BadTest, test.name.span, message)
                    .label(first, "the other one is here")
                    .help("rename one of them"),
            );
        }
        for rule in test.rules() {
            if !rules.contains(rule.name.as_str()) {
                let message = format!("there is no rule `{}`", rule.name);
                errors.push(
                    Diagnostic::new(Code::BadTest, rule.span, message)
                        .maybe_help(did_you_mean(&rule.name, rules.iter().copied())),
                );
            }
        }
    }
}
