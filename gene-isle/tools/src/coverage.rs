//! Which rules tests have reached.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use gene_isle_core::ast::ItemKind;

use crate::analysis::Analysis;

/// The environment variable that names a file to which tests append the rules that they have fired, for
/// `gene isle coverage`.
pub const FIRED: &str = "GENE_RULES_FIRED";

/// Appends rules to the list that the environment asks for, if it does.
///
/// # Errors
/// The list cannot be written.
pub fn record<'a>(rules: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    match std::env::var_os(FIRED) {
        Some(path) => append(Path::new(&path), rules),
        None => Ok(()),
    }
}

/// Appends rules to a list, which may not be there yet.
///
/// # Errors
/// The list cannot be written.
pub fn append<'a>(path: &Path, rules: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    let lines: String = rules.into_iter().flat_map(|rule| [rule, "\n"]).collect();
    let mut list = OpenOptions::new().create(true).append(true).open(path)?;
    list.write_all(lines.as_bytes())
}

/// The rules of some files and which of them have fired.
#[derive(Debug, Default)]
pub struct Coverage {
    fired: HashSet<String>,
}

impl Coverage {
    /// Counts the rules that the tests in the files name: those tests fail unless they fire.
    pub fn tests(&mut self, analysis: &Analysis) {
        for item in &analysis.program.items {
            if let ItemKind::Test(test) = &item.kind {
                let rules = test.rules().iter();
                self.fired.extend(rules.map(|rule| rule.name.clone()));
            }
        }
    }

    /// Counts the rules that a list names, one on each line.
    pub fn list(&mut self, text: &str) {
        let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
        self.fired.extend(names.map(str::to_string));
    }

    /// A line that tells how many of the rules have fired, and a line for each that has not;
    /// and whether all have.
    pub fn report(&self, analysis: &Analysis) -> (String, bool) {
        let rules = &analysis.program.checked.rules;
        let missed: Vec<_> = rules
            .iter()
            .filter(|rule| !self.fired.contains(&rule.name))
            .collect();
        let mut out = format!(
            "rules: {} of {} fired\n",
            rules.len() - missed.len(),
            rules.len()
        );
        for rule in &missed {
            let place = analysis.sources.place(rule.span);
            let _ = writeln!(out, "  not fired: {} ({place})", rule.name);
        }
        (out, missed.is_empty())
    }
}
