//! The pipeline: each pass is one module, and errors are collected rather than thrown.

use crate::ast::Item;
use crate::check::{self, Checked};
use crate::diagnostic::{Diagnostic, Errors};
use crate::machine::{self, Machine};
use crate::rule_set::{self, RuleSet};
use crate::source::Sources;
use crate::terms::TermEnv;
use crate::types::TypeEnv;
use crate::{flags, overlap, parse, recursion, tests};

/// Rule files that were understood.
#[derive(Debug)]
pub struct Program {
    /// The forms as written.
    pub items: Vec<Item>,
    /// The types.
    pub types: TypeEnv,
    /// The machine instructions.
    pub machine: Machine,
    /// The terms.
    pub terms: TermEnv,
    /// The rules.
    pub checked: Checked,
    /// The rules by term, in normal form.
    pub sets: Vec<RuleSet>,
}

/// Runs all passes over the rule files.
///
/// # Errors
/// Everything that is wrong with the files, in their order.
pub fn compile(sources: &Sources) -> Result<Program, Vec<Diagnostic>> {
    let (program, errors) = analyze(sources);
    if errors.is_empty() {
        Ok(program)
    } else {
        Err(errors)
    }
}

/// Runs all passes that make sense, and gives what was understood along with what is wrong.
pub fn analyze(sources: &Sources) -> (Program, Vec<Diagnostic>) {
    let mut errors = Errors::default();
    let items = parse::parse(sources, &mut errors);
    let types = TypeEnv::build(&items, &mut errors);
    let machine = machine::build(&items, &types, &mut errors);
    let terms = TermEnv::build(&items, &types, &machine, &mut errors);
    let checked = check::check(&items, &types, &terms, &machine, &mut errors);
    let mut sets = Vec::new();
    // These passes judge the rules as a whole, so they need all of them.
    if errors.is_empty() {
        sets = rule_set::build(&checked.rules, &types, &terms, &mut errors);
        overlap::check(&sets, &checked.rules, &terms, &mut errors);
        recursion::check(&sets, &terms, &mut errors);
        flags::check(&items, &sets, &checked, &terms, &machine, &mut errors);
        tests::check(&items, &checked, &mut errors);
    }
    let program = Program {
        items,
        types,
        machine,
        terms,
        checked,
        sets,
    };
    (program, errors.into_sorted())
}
