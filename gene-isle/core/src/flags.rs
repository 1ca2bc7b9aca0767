//! Sees to it that flags are read only where they have just been set.
//!
//! Emitting an instruction is an effect, and effects happen in the order of a rule's body, so the
//! compiler can follow the flags through it: instructions say whether they read or write them,
//! rules are followed, helpers may change them, and so may extern constructors unless a form
//! `(flags TERM keeps)`, `(flags TERM reads)` or `(flags TERM sets)` says otherwise.

use std::collections::HashMap;

use crate::ast::{FlagUse, Item, ItemKind};
use crate::check::{Checked, Target};
use crate::diagnostic::{Code, Diagnostic, Errors};
use crate::machine::Machine;
use crate::rule_set::{Binding, BindingId, FlatRule, RuleSet};
use crate::source::Span;
use crate::terms::{Constructor, TermEnv, TermId};

/// What a term does with the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Use {
    /// Whether it may read the flags that it finds.
    reads: bool,
    /// What it leaves.
    leaves: Leaves,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leaves {
    /// The flags of an instruction in it.
    Set,
    /// What it finds.
    Kept,
    /// Nobody knows what.
    Changed,
}

/// Checks all rules.
pub fn check(
    items: &[Item],
    sets: &[RuleSet],
    checked: &Checked,
    terms: &TermEnv,
    machine: &Machine,
    errors: &mut Errors,
) {
    let declared = declared(items, terms, errors);
    if !machine.insts.iter().any(|inst| inst.reads_flags()) {
        return;
    }
    let mut uses: Vec<Use> = (0..terms.terms.len())
        .map(|index| own_use(TermId(index as u32), &declared, terms, machine))
        .collect();
    // Rules use each other, so what they do is found step by step; each step only adds.
    loop {
        let mut changed = false;
        for set in sets {
            let found = set.rules.iter().fold(
                Use {
                    reads: false,
                    leaves: Leaves::Set,
                },
                |all, rule| {
                    let one = follow(set, rule, &uses, |_, _| {});
                    Use {
                        reads: all.reads || one.reads,
                        leaves: all.leaves.max(one.leaves),
                    }
                },
            );
            let known = &mut uses[set.term.index()];
            let found = Use {
                reads: known.reads || found.reads,
                leaves: known.leaves.max(found.leaves),
            };
            changed |= *known != found;
            *known = found;
        }
        if !changed {
            break;
        }
    }
    for set in sets {
        for rule in &set.rules {
            follow(set, rule, &uses, |reader, changer| {
                report(reader, changer, rule, checked, terms, errors);
            });
        }
    }
}

/// What the forms `(flags TERM …)` say.
fn declared(items: &[Item], terms: &TermEnv, errors: &mut Errors) -> HashMap<TermId, FlagUse> {
    let mut declared = HashMap::new();
    for item in items {
        if let ItemKind::Flags(flags) = &item.kind
            && let Some(id) = terms.require(&flags.term, errors)
        {
            if matches!(terms.get(id).constructor(), Some(Constructor::Extern(..))) {
                declared.insert(id, flags.usage);
            } else {
                let message = format!("`{}` is not an extern constructor", flags.term.name);
                errors.push(
                    Diagnostic::new(Code::WrongKind, flags.term.span, message)
                        .says("so the compiler knows what it does with the flags")
                        .help("remove the form"),
                );
            }
        }
    }
    declared
}

/// What a term does by itself; for terms with rules, the least that is possible.
fn own_use(
    id: TermId,
    declared: &HashMap<TermId, FlagUse>,
    terms: &TermEnv,
    machine: &Machine,
) -> Use {
    let keeps = Use {
        reads: false,
        leaves: Leaves::Kept,
    };
    match (terms.get(id).constructor(), declared.get(&id)) {
        (Some(Constructor::Inst { inst, .. }), _) => {
            let inst = &machine.insts[*inst];
            let leaves = if inst.writes_flags() {
                Leaves::Set
            } else {
                Leaves::Kept
            };
            Use {
                reads: inst.reads_flags(),
                leaves,
            }
        }
        (_, Some(FlagUse::Keeps)) => keeps,
        (_, Some(FlagUse::Reads)) => Use {
            reads: true,
            ..keeps
        },
        (_, Some(FlagUse::Sets)) => Use {
            leaves: Leaves::Set,
            ..keeps
        },
        (Some(Constructor::Helper(_)), _) => Use {
            leaves: Leaves::Changed,
            ..keeps
        },
        (Some(Constructor::Extern(..)), _) if !terms.get(id).flags().pure => Use {
            leaves: Leaves::Changed,
            ..keeps
        },
        (Some(Constructor::Rules(_)), _) => Use {
            reads: false,
            leaves: Leaves::Set,
        },
        _ => keeps,
    }
}

/// Follows the flags through the effects of a rule. `lost` is told of terms that read flags which
/// another may have changed.
fn follow(
    set: &RuleSet,
    rule: &FlatRule,
    uses: &[Use],
    mut lost: impl FnMut(TermId, TermId),
) -> Use {
    let mut all = Use {
        reads: false,
        leaves: Leaves::Kept,
    };
    let mut changer = None;
    for &effect in &rule.effects {
        let Some(term) = called(set, effect) else {
            continue;
        };
        let one = uses[term.index()];
        if one.reads {
            match all.leaves {
                Leaves::Kept => all.reads = true,
                Leaves::Changed => lost(term, changer.unwrap_or(term)),
                Leaves::Set => {}
            }
        }
        match one.leaves {
            Leaves::Kept => {}
            leaves => all.leaves = leaves,
        }
        if one.leaves == Leaves::Changed {
            changer = Some(term);
        }
    }
    all
}

/// The term whose call is behind an effect.
fn called(set: &RuleSet, effect: BindingId) -> Option<TermId> {
    match set.get(effect) {
        Binding::Constructor { term, .. } => Some(*term),
        Binding::Unwrapped { source } | Binding::Item { source } => called(set, *source),
        _ => None,
    }
}

fn report(
    reader: TermId,
    changer: TermId,
    rule: &FlatRule,
    checked: &Checked,
    terms: &TermEnv,
    errors: &mut Errors,
) {
    let rule = &checked.rules[rule.rule];
    let place = |term: TermId| -> Span {
        let is_here = |span: &Span| {
            span.file == rule.span.file && span.start >= rule.head.end && span.end <= rule.span.end
        };
        let found = checked
            .references
            .iter()
            .find(|(span, target)| *target == Target::Term(term) && is_here(span));
        found.map_or(rule.head, |(span, _)| *span)
    };
    let (reads, changes) = (&terms.get(reader).name, &terms.get(changer).name);
    errors.push(
        Diagnostic::new(Code::FlagsLost, place(reader), format!("`{reads}` reads flags that are lost"))
            .label(place(changer), format!("`{changes}` may change them before"))
            .help(format!(
                "move `{changes}` before the instruction that sets the flags, or say (flags {changes} keeps) if it keeps them"
            )),
    );
}
