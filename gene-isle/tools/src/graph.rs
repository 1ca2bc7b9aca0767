//! The decision tree of a term as a Graphviz graph.

use std::fmt::Write;

use gene_isle_core::decision::{self, Block, Condition, Step};

use crate::analysis::Analysis;
use crate::describe::Describe;

/// The decision tree of a term in the DOT language: boxes are tests, ellipses are rules, and a
/// dashed edge leads on where nothing matched.
///
/// # Errors
/// There is no term of this name, or it has no rules.
pub fn graph(analysis: &Analysis, name: &str) -> Result<String, String> {
    let program = &analysis.program;
    let term = program
        .terms
        .by_name(name)
        .ok_or_else(|| analysis.unknown("term", name))?;
    let set = program
        .sets
        .iter()
        .find(|set| set.term == term)
        .ok_or_else(|| format!("the term `{name}` has no rules"))?;
    let tree = decision::build(set, program.terms.get(term).flags().multi);
    let mut graph = Graph {
        analysis,
        describe: Describe::new(program, set),
        rules: set.rules.iter().map(|flat| flat.rule).collect(),
        nodes: 0,
        out: String::new(),
    };
    let _ = writeln!(graph.out, "digraph {} {{", quoted(name));
    graph.out.push_str(
        "  node [fontname=\"monospace\", shape=box];\n  edge [fontname=\"monospace\"];\n",
    );
    graph.block(&tree);
    graph.out.push_str("}\n");
    Ok(graph.out)
}

struct Graph<'a> {
    analysis: &'a Analysis,
    describe: Describe<'a>,
    /// The checked rule of each rule of the set.
    rules: Vec<usize>,
    nodes: usize,
    out: String,
}

impl Graph<'_> {
    fn node(&mut self, label: &str, attributes: &str) -> usize {
        let id = self.nodes;
        self.nodes += 1;
        let _ = writeln!(self.out, "  n{id} [label={}{attributes}];", quoted(label));
        id
    }

    fn edge(&mut self, from: usize, to: usize, label: &str) {
        let _ = writeln!(self.out, "  n{from} -> n{to} [label={}];", quoted(label));
    }

    /// Draws steps that follow each other and gives the first node.
    fn block(&mut self, block: &Block) -> Option<usize> {
        let mut first = None;
        let mut before = None;
        for step in block {
            let node = self.step(step);
            first.get_or_insert(node);
            if let Some(before) = before {
                let _ = writeln!(self.out, "  n{before} -> n{node} [style=dashed];");
            }
            before = Some(node);
        }
        first
    }

    fn step(&mut self, step: &Step) -> usize {
        match step {
            Step::Return(rule) => {
                let rule = &self.analysis.program.checked.rules[self.rules[*rule]];
                let place = self.analysis.sources.place(rule.span);
                self.node(&format!("{}\n{place}", rule.name), ", shape=ellipse")
            }
            Step::Match { source, arms } => {
                let label = self.describe.value(*source);
                let node = self.node(&label, "");
                for (constraint, body) in arms {
                    let label = self.describe.demand(constraint);
                    if let Some(body) = self.block(body) {
                        self.edge(node, body, &label);
                    }
                }
                node
            }
            Step::If { conditions, body } => {
                let lines: Vec<_> = conditions
                    .iter()
                    .map(|condition| self.condition(condition))
                    .collect();
                let node = self.node(&lines.join("\n"), "");
                if let Some(body) = self.block(body) {
                    self.edge(node, body, "yes");
                }
                node
            }
            Step::Each { source, body } => {
                let label = format!("for each of {}", self.describe.value(*source));
                let node = self.node(&label, "");
                if let Some(body) = self.block(body) {
                    self.edge(node, body, "");
                }
                node
            }
        }
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Is(id, constraint) => self.describe.condition(*id, constraint),
            Condition::Equal(a, b) => {
                format!(
                    "{} equals {}",
                    self.describe.value(*a),
                    self.describe.value(*b)
                )
            }
        }
    }
}

/// A string of the DOT language.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}
