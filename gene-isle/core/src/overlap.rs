//! Finds rules that overlap and rules that can never be chosen.
//!
//! Two rules exclude each other if they demand different values of one binding. Rules of equal
//! priority must exclude each other; a rule is shadowed if one of higher priority demands a
//! subset of what it demands.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::check::Rule;
use crate::diagnostic::{Code, Diagnostic, Errors};
use crate::rule_set::{BindingId, Constraint, FlatRule, RuleSet};
use crate::terms::TermEnv;

/// Checks the rules of every term.
pub fn check(sets: &[RuleSet], rules: &[Rule], terms: &TermEnv, errors: &mut Errors) {
    for set in sets {
        // All rules of a multi term that match give values.
        if terms.get(set.term).flags().multi {
            continue;
        }
        let mut levels: BTreeMap<i64, Vec<&FlatRule>> = BTreeMap::new();
        for rule in &set.rules {
            levels.entry(rule.priority).or_default().push(rule);
        }
        for level in levels.values() {
            Overlaps {
                rules,
                errors,
                found: Vec::new(),
            }
            .among(level.clone());
        }
        shadowed(&levels, rules, errors);
    }
}

/// A search for overlaps among rules of one priority.
struct Overlaps<'a> {
    rules: &'a [Rule],
    errors: &'a mut Errors,
    found: Vec<(usize, usize)>,
}

impl<'a> Overlaps<'a> {
    /// Reports which of these rules overlap. Instead of comparing all pairs, splits the rules by
    /// the binding that most of them constrain: those with different values need not be compared.
    fn among(&mut self, rules: Vec<&'a FlatRule>) {
        /// So few are compared pair by pair.
        const FEW: usize = 8;

        let mut todo = vec![rules];
        while let Some(mut rules) = todo.pop() {
            if self.errors.is_full() {
                return;
            }
            let split = if rules.len() > FEW {
                best_split(&rules)
            } else {
                None
            };
            let Some(split) = split else {
                // One rule that overlaps nothing else says nothing new, so stop at the first
                // few: without a split, most pairs do overlap.
                while let Some(a) = rules.pop() {
                    for b in &rules {
                        self.compare(b, a);
                        if self.errors.is_full() {
                            return;
                        }
                    }
                }
                continue;
            };
            let mut groups: FxHashMap<&Constraint, Vec<&FlatRule>> = FxHashMap::default();
            let mut free = Vec::new();
            for rule in rules {
                match rule.constraints.get(&split) {
                    Some(constraint) => groups.entry(constraint).or_default().push(rule),
                    None => free.push(rule),
                }
            }
            for mut group in groups.into_values() {
                group.extend(&free);
                todo.push(group);
            }
            todo.push(free);
        }
    }

    fn compare(&mut self, a: &FlatRule, b: &FlatRule) {
        let pair = (a.rule.min(b.rule), a.rule.max(b.rule));
        if exclude_each_other(a, b) || self.found.contains(&pair) {
            return;
        }
        self.found.push(pair);
        let (first, second) = (&self.rules[pair.0], &self.rules[pair.1]);
        let message = format!("the rules `{}` and `{}` overlap", first.name, second.name);
        self.errors.push(
            Diagnostic::new(Code::Overlap, second.head, message)
                .says("there may be terms that match this rule")
                .label(first.head, "and this one, of the same priority")
                .help(format!(
                    "give the more special one a higher priority: (rule NAME {} …)",
                    first.priority.saturating_add(1)
                )),
        );
    }
}

/// The binding whose constraints divide the rules best; none if they divide nothing.
fn best_split(rules: &[&FlatRule]) -> Option<BindingId> {
    let mut count: FxHashMap<BindingId, (usize, &Constraint, bool)> = FxHashMap::default();
    for rule in rules {
        for (&binding, constraint) in &rule.constraints {
            let (count, first, differ) = count.entry(binding).or_insert((0, constraint, false));
            *count += 1;
            *differ |= *first != constraint;
        }
    }
    count
        .into_iter()
        .filter(|(_, (_, _, differ))| *differ)
        .max_by_key(|(binding, (count, ..))| (*count, std::cmp::Reverse(*binding)))
        .map(|(binding, _)| binding)
}

/// Whether no input can match both rules, as far as their demands tell.
pub fn exclude_each_other(a: &FlatRule, b: &FlatRule) -> bool {
    let (few, many) = if a.constraints.len() <= b.constraints.len() {
        (a, b)
    } else {
        (b, a)
    };
    few.constraints.iter().any(|(binding, constraint)| {
        many.constraints
            .get(binding)
            .is_some_and(|other| other != constraint)
    })
}

/// Reports rules all of whose matches a rule of higher priority takes.
///
/// Rules are filed under one of their constraints. A rule whose demands are a subset of another's
/// is then found under one of the other's constraints.
fn shadowed(levels: &BTreeMap<i64, Vec<&FlatRule>>, rules: &[Rule], errors: &mut Errors) {
    let mut frequency: FxHashMap<(BindingId, &Constraint), usize> = FxHashMap::default();
    for rule in levels.values().flatten() {
        for (&binding, constraint) in &rule.constraints {
            *frequency.entry((binding, constraint)).or_default() += 1;
        }
    }
    let mut filed: FxHashMap<(BindingId, &Constraint), Vec<&FlatRule>> = FxHashMap::default();
    let mut always: Option<&FlatRule> = None;
    for level in levels.values().rev() {
        for rule in level {
            if errors.is_full() {
                return;
            }
            if !rule.equal.is_empty() {
                continue;
            }
            let filed_under = rule
                .constraints
                .iter()
                .filter_map(|(&b, c)| filed.get(&(b, c)));
            let above = filed_under
                .flatten()
                .find(|above| demands_subset(above, rule));
            if let Some(above) = always.or(above.copied()) {
                report_shadowed(&rules[above.rule], &rules[rule.rule], errors);
            }
        }
        for rule in level {
            if !rule.equal.is_empty() {
                continue;
            }
            let keys = rule.constraints.iter().map(|(&b, c)| (b, c));
            match keys.min_by_key(|key| (frequency[key], *key)) {
                Some(rarest) => filed.entry(rarest).or_default().push(rule),
                None => always = always.or(Some(rule)),
            }
        }
    }
}

fn demands_subset(above: &FlatRule, below: &FlatRule) -> bool {
    above
        .constraints
        .iter()
        .all(|(binding, constraint)| below.constraints.get(binding) == Some(constraint))
}

fn report_shadowed(above: &Rule, below: &Rule, errors: &mut Errors) {
    errors.push(
        Diagnostic::new(
            Code::Shadowed,
            below.head,
            format!("the rule `{}` can never be chosen", below.name),
        )
        .label(
            above.head,
            format!(
                "this rule, of priority {}, always matches first",
                above.priority
            ),
        )
        .help("remove the rule, or give it the higher priority"),
    );
}
