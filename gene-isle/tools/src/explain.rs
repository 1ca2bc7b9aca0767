//! What a rule matches, what it does, and which rules it competes with.

use std::fmt::Write;

use gene_isle_core::ast::{self, ItemKind};
use gene_isle_core::check::Rule;
use gene_isle_core::compile::Program;
use gene_isle_core::diagnostic::Errors;
use gene_isle_core::overlap::exclude_each_other;
use gene_isle_core::rule_set::{self, Binding, BindingId, Constraint, FlatRule, RuleSet};
use gene_isle_core::terms::{Constructor, TermId};

use crate::analysis::Analysis;
use crate::describe::Describe;

/// Explains a rule of files with which nothing is wrong.
///
/// # Errors
/// There is no rule of this name.
pub fn explain(analysis: &Analysis, name: &str) -> Result<String, String> {
    let program = &analysis.program;
    let rule = analysis
        .rule(name)
        .ok_or_else(|| analysis.unknown("rule", name))?;
    let mut out = String::new();
    heading(&mut out, analysis, rule);
    // On its own, the rule's values have the names that it gives them.
    let alone = rule_set::build(
        std::slice::from_ref(rule),
        &program.types,
        &program.terms,
        &mut Errors::default(),
    );
    for set in &alone {
        for flat in &set.rules {
            let mut describe = Describe::new(program, set);
            conditions(&mut out, &describe, set, flat);
            steps(&mut out, &mut describe, program, set, flat);
        }
    }
    competitors(&mut out, analysis, rule);
    tests(&mut out, analysis, rule);
    Ok(out)
}

fn heading(out: &mut String, analysis: &Analysis, rule: &Rule) {
    let term = analysis.program.terms.get(rule.term);
    let place = analysis.sources.place(rule.span);
    let _ = writeln!(out, "{}, {place}", rule.name);
    let _ = writeln!(
        out,
        "priority {} among the rules of `{}`",
        rule.priority, term.name
    );
    if !rule.doc.is_empty() {
        let _ = writeln!(out, "\n{}", rule.doc.trim_end());
    }
    let _ = writeln!(out, "\n{}", analysis.sources.text(rule.span));
}

fn conditions(out: &mut String, describe: &Describe, set: &RuleSet, flat: &FlatRule) {
    let mut lines = Vec::new();
    for (&id, constraint) in &flat.constraints {
        // A struct is what it is.
        if !matches!(constraint, Constraint::Struct(_)) {
            lines.push(describe.condition(id, constraint) + &known_then(describe, set, id));
        }
    }
    for (a, b) in flat.equal.pairs() {
        lines.push(format!(
            "{} equals {}",
            describe.value(a),
            describe.value(b)
        ));
    }
    for &source in &flat.iterations {
        let item = set.find(&Binding::Item { source });
        let name = item
            .and_then(|item| describe.named(item))
            .unwrap_or("value");
        lines.push(format!("for every {name} of {}", describe.value(source)));
    }
    let _ = writeln!(out, "\nmatches when");
    if lines.is_empty() {
        lines.push("always".to_string());
    }
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
}

/// The names of what is known once a demand is met.
fn known_then(describe: &Describe, set: &RuleSet, demanded: BindingId) -> String {
    let ids = || (0..set.bindings.len() as u32).map(BindingId);
    let part_of = |whole: BindingId, id: BindingId| match *set.get(id) {
        Binding::VariantField { source, .. }
        | Binding::Unwrapped { source }
        | Binding::TupleField { source, .. } => source == whole,
        _ => false,
    };
    let parts = ids().filter(|&id| part_of(demanded, id));
    // The results of an extractor with several are parts of what it gives.
    let parts = parts
        .flat_map(|part| std::iter::once(part).chain(ids().filter(move |&id| part_of(part, id))));
    let named: Vec<_> = parts.filter_map(|id| describe.named(id)).collect();
    match named.as_slice() {
        [] => String::new(),
        names => format!(", with {}", names.join(", ")),
    }
}

fn steps(
    out: &mut String,
    describe: &mut Describe,
    program: &Program,
    set: &RuleSet,
    flat: &FlatRule,
) {
    name_results(describe, set, flat);
    let _ = writeln!(out, "\ndoes");
    let mut lines = Vec::new();
    for id in (0..set.bindings.len() as u32).map(BindingId) {
        let Some(term) = called(set, id) else {
            continue;
        };
        let is_effect = flat.effects.contains(&id);
        let tested = flat.constraints.contains_key(&id)
            || set
                .get(id)
                .sources()
                .iter()
                .any(|source| flat.constraints.contains_key(source));
        if !is_effect && (tested || describe.named(id).is_none() || is_wrapped(set, id)) {
            continue;
        }
        let call = describe.computation(id);
        let call = match describe.named(id) {
            Some(name) if id != flat.result || name != call => format!("{name} = {call}"),
            _ => call,
        };
        lines.push((call, means(program, term)));
    }
    let width = lines
        .iter()
        .map(|(call, _)| call.chars().count())
        .max()
        .unwrap_or(0);
    for (call, means) in lines {
        let line = format!("  {call:width$}  {means}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let _ = writeln!(out, "  gives {}", describe.value(flat.result));
}

/// Names what steps give that others use.
fn name_results(describe: &mut Describe, set: &RuleSet, flat: &FlatRule) {
    let mut count = 0;
    for &effect in &flat.effects {
        let used = flat.result == effect
            || set
                .bindings
                .iter()
                .any(|binding| binding.sources().contains(&effect));
        if used && describe.named(effect).is_none() {
            count += 1;
            describe.name(effect, format!("t{count}"));
        }
    }
}

/// The term that a value is the result of.
fn called(set: &RuleSet, id: BindingId) -> Option<TermId> {
    match set.get(id) {
        Binding::Constructor { term, .. } => Some(*term),
        Binding::Unwrapped { source } | Binding::Item { source } => match set.get(*source) {
            Binding::Constructor { term, .. } => Some(*term),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value is an option whose content is the value that counts.
fn is_wrapped(set: &RuleSet, id: BindingId) -> bool {
    let unwrapped = set.find(&Binding::Unwrapped { source: id });
    unwrapped
        .or(set.find(&Binding::Item { source: id }))
        .is_some()
}

/// What calling a term comes to.
fn means(program: &Program, term: TermId) -> String {
    let term = program.terms.get(term);
    match term.constructor() {
        Some(Constructor::Inst { inst, .. }) => {
            let name = &program.machine.insts[*inst].name;
            assembly(program, name).map_or(String::new(), |asm| format!("; emits {asm}"))
        }
        Some(Constructor::Helper(helper)) => {
            let helper = &program.terms.helpers[*helper];
            let effects = [
                (helper.alloc, "allocate"),
                (helper.raise, "raise"),
                (helper.reenter, "call back"),
            ];
            let may: Vec<_> = effects
                .iter()
                .filter(|(may, _)| *may)
                .map(|(_, what)| *what)
                .collect();
            match may.as_slice() {
                [] => format!("; calls {}", helper.path),
                _ => format!("; calls {}, which may {}", helper.path, may.join(" or ")),
            }
        }
        Some(Constructor::Rules(_)) => {
            let count = program
                .checked
                .rules
                .iter()
                .filter(|rule| program.terms.get(rule.term).name == term.name)
                .count();
            match count {
                1 => "; by its rule".to_string(),
                _ => format!("; by one of {count} rules"),
            }
        }
        _ => String::new(),
    }
}

/// The assembly text of an instruction as declared.
fn assembly<'a>(program: &'a Program, name: &str) -> Option<&'a str> {
    let insts = program.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Inst(inst) => Some(inst),
        _ => None,
    });
    let named = |inst: &&ast::Inst| inst.names.iter().any(|known| known.name == name);
    insts
        .into_iter()
        .find(named)?
        .asm
        .as_ref()
        .map(|asm| asm.text.as_str())
}

/// The rules of the same term that may match the same input.
fn competitors(out: &mut String, analysis: &Analysis, rule: &Rule) {
    let program = &analysis.program;
    let rules = &program.checked.rules;
    let Some(set) = program.sets.iter().find(|set| set.term == rule.term) else {
        return;
    };
    let Some(own) = set
        .rules
        .iter()
        .find(|flat| rules[flat.rule].name == rule.name)
    else {
        return;
    };
    let multi = program.terms.get(rule.term).flags().multi;
    let mut others: Vec<_> = set
        .rules
        .iter()
        .filter(|other| other.rule != own.rule && !exclude_each_other(own, other))
        .collect();
    others.sort_by_key(|other| (std::cmp::Reverse(other.priority), other.rule));
    let (before, after): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|other| other.priority > own.priority);
    let groups = match multi {
        true => [("", Vec::new()), ("gives values besides", after)],
        false => [("tried before it", before), ("tried after it", after)],
    };
    for (title, group) in groups {
        if group.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}");
        for other in group {
            let rule = &rules[other.rule];
            let place = analysis.sources.place(rule.span);
            let _ = writeln!(out, "  {}, priority {}, {place}", rule.name, rule.priority);
        }
    }
}

/// The tests in the rule files that expect the rule to fire.
fn tests(out: &mut String, analysis: &Analysis, rule: &Rule) {
    let mut title = "\ntested by\n";
    for item in &analysis.program.items {
        let ItemKind::Test(test) = &item.kind else {
            continue;
        };
        if test.rules().iter().any(|name| name.name == rule.name) {
            let place = analysis.sources.place(item.span);
            let _ = writeln!(out, "{title}  {}, {place}", test.name.name);
            title = "";
        }
    }
}
