//! Tells about a rule, and draws the decision tree of a term.

use std::fmt::Write;

use crate::ast::ItemKind;
use crate::check::Rule;
use crate::compile::Program;
use crate::decision::{self, Block, Condition, Step};
use crate::diagnostic::did_you_mean;
use crate::rule_set::{Binding, BindingId, Constraint, RuleSet};
use crate::source::Sources;
use crate::terms::TermId;

/// What there is to know about a rule: its text, the rules tried before and after it, its tests.
///
/// # Errors
/// There is no such rule; perhaps another is meant.
pub fn explain(program: &Program, sources: &Sources, name: &str) -> Result<String, String> {
    let rules = &program.checked.rules;
    let Some(rule) = rules.iter().find(|rule| rule.name == name) else {
        let names = rules.iter().map(|rule| rule.name.as_str());
        let help = did_you_mean(name, names).map_or(String::new(), |help| format!("; {help}"));
        return Err(format!("there is no rule `{name}`{help}"));
    };
    let mut out = format!("{} ({})\n\n", rule.name, sources.place(rule.span));
    for line in rule.doc.lines() {
        let _ = writeln!(out, ";; {line}");
    }
    let _ = writeln!(out, "{}\n", sources.text(rule.span));
    let term = program.terms.get(rule.term);
    let args: Vec<_> = term.args.iter().map(|&ty| program.types.name(ty)).collect();
    let _ = writeln!(
        out,
        "A rule of ({} {}) -> {}, declared at {}.",
        term.name,
        args.join(" "),
        program.types.name(term.ret),
        sources.place(term.span)
    );
    let others = |test: &dyn Fn(&Rule) -> bool| -> Vec<&str> {
        let of_term = rules
            .iter()
            .filter(|other| other.term == rule.term && other.name != rule.name);
        of_term
            .filter(|other| test(other))
            .map(|other| other.name.as_str())
            .collect()
    };
    let _ = writeln!(out, "Priority {}.", rule.priority);
    let lists = [
        (
            "Tried before it",
            others(&|other| other.priority > rule.priority),
        ),
        (
            "Tried after it",
            others(&|other| other.priority < rule.priority),
        ),
    ];
    for (what, names) in lists {
        if !names.is_empty() {
            let _ = writeln!(out, "{what}: {}.", shortened(&names));
        }
    }
    let tests = program.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Test(test)
            if test
                .rules
                .iter()
                .flatten()
                .any(|used| used.name == rule.name) =>
        {
            Some(format!("{} ({})", test.name.name, sources.place(item.span)))
        }
        _ => None,
    });
    let tests: Vec<_> = tests.collect();
    let _ = match tests.as_slice() {
        [] => writeln!(out, "No test in the rule files names it."),
        tests => writeln!(out, "Tests: {}.", tests.join(", ")),
    };
    Ok(out)
}

fn shortened(names: &[&str]) -> String {
    const MOST: usize = 12;
    match names.len().checked_sub(MOST) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}

/// The decision tree of a term with rules, in the language of Graphviz; none for other terms.
pub fn graph(program: &Program, term: TermId) -> Option<String> {
    let set = program.sets.iter().find(|set| set.term == term)?;
    let info = program.terms.get(term);
    let tree = decision::build(set, info.flags().multi);
    let mut graph = Graph {
        program,
        set,
        out: String::new(),
        nodes: 0,
    };
    let _ = writeln!(graph.out, "digraph {} {{", quoted(&info.name));
    let _ = writeln!(
        graph.out,
        "  node [shape=box, fontname=monospace];\n  edge [fontname=monospace];"
    );
    let root = graph.node(&info.name, "shape=ellipse");
    graph.block(root, &tree);
    graph.out.push_str("}\n");
    Some(graph.out)
}

struct Graph<'a> {
    program: &'a Program,
    set: &'a RuleSet,
    out: String,
    nodes: usize,
}

impl Graph<'_> {
    fn node(&mut self, label: &str, style: &str) -> usize {
        self.nodes += 1;
        let _ = writeln!(
            self.out,
            "  n{} [label={}, {style}];",
            self.nodes,
            quoted(label)
        );
        self.nodes
    }

    fn edge(&mut self, from: usize, to: usize, label: &str) {
        let _ = writeln!(self.out, "  n{from} -> n{to} [label={}];", quoted(label));
    }

    /// Steps follow each other by edges that say what was tried in vain.
    fn block(&mut self, from: usize, block: &Block) {
        let (mut from, mut label) = (from, "");
        for step in block {
            let node = match step {
                Step::Return(rule) => {
                    let name = &self.program.checked.rules[self.set.rules[*rule].rule].name;
                    self.node(name, "style=filled, fillcolor=lightgrey")
                }
                Step::Each { source, body } => {
                    let text = format!("each of {}", self.text(*source));
                    let node = self.node(&text, "shape=hexagon");
                    self.block(node, body);
                    node
                }
                Step::If { conditions, body } => {
                    let texts: Vec<_> = conditions
                        .iter()
                        .map(|condition| self.condition(condition))
                        .collect();
                    let node = self.node(&format!("{}?", texts.join("\n")), "style=rounded");
                    self.block(node, body);
                    node
                }
                Step::Match { source, arms } => {
                    let node = self.node(&format!("{}?", self.text(*source)), "style=rounded");
                    for (constraint, body) in arms {
                        let arm = self.node(&self.constraint(constraint), "shape=plaintext");
                        self.edge(node, arm, "");
                        self.block(arm, body);
                    }
                    node
                }
            };
            self.edge(from, node, label);
            (from, label) = (node, "else");
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Equal(a, b) => format!("{} = {}", self.text(*a), self.text(*b)),
            Condition::Is(binding, constraint) => {
                format!("{} is {}", self.text(*binding), self.constraint(constraint))
            }
        }
    }

    fn constraint(&self, constraint: &Constraint) -> String {
        match constraint {
            Constraint::Variant(ty, variant) => {
                let name = &self.program.types.variants_of(*ty)[*variant as usize].name;
                format!("{}.{name}", self.program.types.name(*ty))
            }
            Constraint::Struct(ty) => self.program.types.name(*ty).to_string(),
            Constraint::Some => "there".to_string(),
            Constraint::Int(_, value) => value.to_string(),
            Constraint::Bool(value) => value.to_string(),
            Constraint::Const(name) => format!("${name}"),
        }
    }

    /// A binding as one would write it; what has a name in the rules goes by that.
    fn text(&self, binding: BindingId) -> String {
        if let Some(name) = self.set.names.get(&binding) {
            return name.clone();
        }
        match self.set.get(binding) {
            Binding::Int(_, value) => value.to_string(),
            Binding::Bool(value) => value.to_string(),
            Binding::Const(_, name) => format!("${name}"),
            Binding::Argument(index, _) => format!("argument {}", index + 1),
            Binding::Extractor { term, input } => {
                format!(
                    "{} of {}",
                    self.program.terms.get(*term).name,
                    self.text(*input)
                )
            }
            Binding::Constructor { term, args, .. } => {
                let args: String = args
                    .iter()
                    .map(|&arg| format!(" {}", self.text(arg)))
                    .collect();
                format!("({}{args})", self.program.terms.get(*term).name)
            }
            Binding::MakeVariant { ty, .. } | Binding::MakeStruct { ty, .. } => {
                format!("new {}", self.program.types.name(*ty))
            }
            Binding::VariantField { source, field, .. }
            | Binding::StructField { source, field, .. }
            | Binding::TupleField { source, field, .. } => {
                format!("{} [{}]", self.text(*source), field + 1)
            }
            Binding::Unwrapped { source } | Binding::Item { source } => self.text(*source),
        }
    }
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}
