//! From the rules of a term to a decision tree that they share.
//!
//! The rules are tried from the highest priority down. At each step the tree tests the binding
//! that as many rules as possible, beginning with the first, say something about. A rule may join
//! in although rules before it do not, as long as none of those has a higher priority: rules of
//! equal priority exclude each other, so their order does not matter.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::rule_set::{Binding, BindingId, Constraint, RuleSet};

/// Steps to take one after the other until one returns.
pub type Block = Vec<Step>;

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Goes on in the arm whose constraint holds, if any.
    Match {
        /// What is tested.
        source: BindingId,
        /// What it may be, and what to do then.
        arms: Vec<(Constraint, Block)>,
    },
    /// Goes on in the body if all conditions hold.
    If {
        /// The conditions, in the order in which they can be tested.
        conditions: Vec<Condition>,
        /// What to do then.
        body: Block,
    },
    /// Goes on in the body for every value of a multi term.
    Each {
        /// The call.
        source: BindingId,
        /// What to do with each value.
        body: Block,
    },
    /// Gives the result of a rule, an index into [`RuleSet::rules`].
    Return(usize),
}

/// A condition for going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A binding has a constraint.
    Is(BindingId, Constraint),
    /// Two bindings are equal.
    Equal(BindingId, BindingId),
}

/// Builds the decision tree for the rules of a term.
pub fn build(set: &RuleSet, multi: bool) -> Block {
    let mut rules: Vec<_> = (0..set.rules.len()).collect();
    rules.sort_by_key(|&rule| std::cmp::Reverse(set.rules[rule].priority));
    let rules = rules
        .into_iter()
        .map(|index| {
            let rule = &set.rules[index];
            let tests = rule
                .constraints
                .iter()
                .map(|(&b, c)| Test::Is(b, c.clone()));
            let tests = tests.chain(
                rule.equal
                    .pairs()
                    .into_iter()
                    .map(|(a, b)| Test::Equal(a, b)),
            );
            let tests = tests.chain(rule.iterations.iter().map(|&source| Test::Each(source)));
            Pending {
                index,
                priority: rule.priority,
                tests: tests.collect(),
            }
        })
        .collect();
    let mut builder = Builder {
        gates: gates(set),
        open: FxHashSet::default(),
        multi,
    };
    builder.block(rules)
}

/// For every binding, the tests that must have passed before it can be computed.
fn gates(set: &RuleSet) -> Vec<Vec<BindingId>> {
    let mut gates: Vec<Vec<BindingId>> = Vec::with_capacity(set.bindings.len());
    for binding in &set.bindings {
        let mut own: Vec<BindingId> = Vec::new();
        for source in binding.sources() {
            own.extend(&gates[source.index()]);
        }
        match binding {
            Binding::VariantField { source, .. }
            | Binding::StructField { source, .. }
            | Binding::Unwrapped { source }
            | Binding::Item { source } => own.push(*source),
            _ => {}
        }
        own.sort_unstable();
        own.dedup();
        gates.push(own);
    }
    gates
}

/// Something that a rule still has to test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Test {
    Is(BindingId, Constraint),
    Equal(BindingId, BindingId),
    Each(BindingId),
}

/// What a step tests: for `Is`, whatever the constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Binding(BindingId),
    Equal(BindingId, BindingId),
    Each(BindingId),
}

impl Test {
    fn subject(&self) -> Subject {
        match *self {
            Test::Is(binding, _) => Subject::Binding(binding),
            Test::Equal(a, b) => Subject::Equal(a, b),
            Test::Each(source) => Subject::Each(source),
        }
    }
}

/// A rule with the tests that are left.
#[derive(Clone, Debug)]
struct Pending {
    index: usize,
    priority: i64,
    tests: Vec<Test>,
}

impl Pending {
    fn tests(&self, subject: Subject) -> bool {
        self.tests.iter().any(|test| test.subject() == subject)
    }

    fn take(&mut self, subject: Subject) -> Option<Test> {
        let at = self
            .tests
            .iter()
            .position(|test| test.subject() == subject)?;
        Some(self.tests.remove(at))
    }
}

struct Builder {
    gates: Vec<Vec<BindingId>>,
    /// Bindings whose tests have passed on the way here.
    open: FxHashSet<BindingId>,
    multi: bool,
}

impl Builder {
    fn available(&self, binding: BindingId) -> bool {
        self.gates[binding.index()]
            .iter()
            .all(|gate| self.open.contains(gate))
    }

    fn can_test(&self, test: &Test) -> bool {
        match *test {
            Test::Is(binding, _) | Test::Each(binding) => self.available(binding),
            Test::Equal(a, b) => self.available(a) && self.available(b),
        }
    }

    fn block(&mut self, mut rules: VecDeque<Pending>) -> Block {
        let mut steps = Vec::new();
        while let Some(first) = rules.front() {
            if first.tests.is_empty() {
                steps.push(Step::Return(first.index));
                if !self.multi {
                    break;
                }
                rules.pop_front();
                continue;
            }
            let subject = self.choose(&rules);
            let taken = split_off(&mut rules, subject);
            steps.push(self.step(subject, taken));
        }
        steps
    }

    /// The subject that the most rules from the first on test; the first binding among equals.
    fn choose(&self, rules: &VecDeque<Pending>) -> Subject {
        let rank = |subject| match subject {
            Subject::Binding(binding) => (0, binding),
            Subject::Equal(_, b) => (1, b),
            Subject::Each(source) => (2, source),
        };
        let subjects = rules[0]
            .tests
            .iter()
            .filter(|test| self.can_test(test))
            .map(Test::subject);
        subjects
            .map(|subject| (subject, joining(rules, subject).count()))
            .min_by_key(|&(subject, count)| {
                let (kind, binding) = rank(subject);
                // Tests before loops: a loop runs what is in it again and again.
                (kind == 2, std::cmp::Reverse(count), kind, binding)
            })
            .map(|(subject, _)| subject)
            .expect("tests are ordered by what they need, so one of them can be made")
    }

    fn step(&mut self, subject: Subject, mut rules: VecDeque<Pending>) -> Step {
        let mut conditions = Vec::new();
        let mut opened = Vec::new();
        let mut subject = subject;
        // As long as all rules agree, conditions are joined rather than nested.
        let step = loop {
            match subject {
                Subject::Each(source) => {
                    rules.iter_mut().for_each(|rule| drop(rule.take(subject)));
                    self.enter(source, &mut opened);
                    break Step::Each {
                        source,
                        body: self.block(rules),
                    };
                }
                Subject::Equal(a, b) => {
                    rules.iter_mut().for_each(|rule| drop(rule.take(subject)));
                    conditions.push(Condition::Equal(a, b));
                }
                Subject::Binding(source) => {
                    let mut groups = group(rules, subject);
                    if groups.len() > 1 {
                        self.enter(source, &mut opened);
                        let arms = groups
                            .into_iter()
                            .map(|(constraint, rules)| (constraint, self.block(rules)));
                        break Step::Match {
                            source,
                            arms: arms.collect(),
                        };
                    }
                    let (constraint, group) = groups.remove(0);
                    rules = group;
                    self.enter(source, &mut opened);
                    conditions.push(Condition::Is(source, constraint));
                }
            }
            let done = rules[0].tests.is_empty();
            let next = if done {
                None
            } else {
                Some(self.choose(&rules))
            };
            match next {
                Some(next) if joining(&rules, next).count() == rules.len() => subject = next,
                _ => {
                    let body = self.block(rules);
                    let conditions = std::mem::take(&mut conditions);
                    break Step::If { conditions, body };
                }
            }
        };
        for binding in opened {
            self.open.remove(&binding);
        }
        if conditions.is_empty() {
            step
        } else {
            Step::If {
                conditions,
                body: vec![step],
            }
        }
    }

    fn enter(&mut self, binding: BindingId, opened: &mut Vec<BindingId>) {
        if self.open.insert(binding) {
            opened.push(binding);
        }
    }
}

/// The indices of the rules that can join in testing a subject.
fn joining(rules: &VecDeque<Pending>, subject: Subject) -> impl Iterator<Item = usize> {
    let mut passed_over: Option<i64> = None;
    rules
        .iter()
        .enumerate()
        .map_while(move |(index, rule)| {
            if passed_over.is_some_and(|priority| rule.priority < priority) {
                return None;
            }
            if rule.tests(subject) {
                return Some(Some(index));
            }
            passed_over.get_or_insert(rule.priority);
            Some(None)
        })
        .flatten()
}

/// Takes the rules out that join in testing a subject.
fn split_off(rules: &mut VecDeque<Pending>, subject: Subject) -> VecDeque<Pending> {
    let joining: Vec<_> = joining(rules, subject).collect();
    let end = joining.last().map_or(0, |last| last + 1);
    let mut joining = joining.into_iter().peekable();
    let mut taken = VecDeque::new();
    let mut kept = Vec::new();
    for (index, rule) in rules.drain(..end).enumerate() {
        if joining.next_if_eq(&index).is_some() {
            taken.push_back(rule);
        } else {
            kept.push(rule);
        }
    }
    for rule in kept.into_iter().rev() {
        rules.push_front(rule);
    }
    taken
}

/// Groups rules by the constraint that they put on the subject, which is a binding.
fn group(rules: VecDeque<Pending>, subject: Subject) -> Vec<(Constraint, VecDeque<Pending>)> {
    let mut groups: Vec<(Constraint, VecDeque<Pending>)> = Vec::new();
    let mut index: FxHashMap<Constraint, usize> = FxHashMap::default();
    for mut rule in rules {
        if let Some(Test::Is(_, constraint)) = rule.take(subject) {
            let group = *index.entry(constraint.clone()).or_insert_with(|| {
                groups.push((constraint, VecDeque::new()));
                groups.len() - 1
            });
            groups[group].1.push_back(rule);
        }
    }
    groups
}
