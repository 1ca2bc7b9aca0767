//! Rules compiled by the macro do what they say.

mod generated {
    use super::{Node, Out};
    gene_isle::rules!("tests/rules/arith.isle");
}
use generated::{Context, Op, RuleId};

/// A node of the input, as an index.
pub type Node = usize;
/// The number of an emitted line.
pub type Out = usize;

#[derive(Default)]
struct Lowering {
    nodes: Vec<Op>,
    lines: Vec<String>,
    fired: Vec<&'static str>,
}

impl Lowering {
    fn emit(&mut self, line: String) -> Out {
        self.lines.push(line);
        self.lines.len() - 1
    }
}

impl Context for Lowering {
    fn rule_fired(&mut self, rule: RuleId) {
        self.fired.push(rule.info().name);
    }
    fn node_op(&mut self, node: Node) -> Op {
        self.nodes[node].clone()
    }
    fn small(&mut self, value: i64) -> Option<i64> {
        (0..4096).contains(&value).then_some(value)
    }
    fn emit_add(&mut self, a: Out, b: Out) -> Out {
        self.emit(format!("add {a} {b}"))
    }
    fn emit_imm(&mut self, a: Out, b: i64) -> Out {
        self.emit(format!("addi {a} {b}"))
    }
    fn emit_const(&mut self, value: i64) -> Out {
        self.emit(format!("const {value}"))
    }
    fn tick(&mut self) -> Out {
        self.emit("tick".to_string())
    }
}

fn lower(nodes: Vec<Op>) -> (Vec<String>, Vec<&'static str>) {
    let mut context = Lowering {
        nodes,
        ..Lowering::default()
    };
    let root = context.nodes.len() - 1;
    generated::constructor_lower(&mut context, root);
    (context.lines, context.fired)
}

#[test]
fn the_most_special_rule_is_chosen() {
    let (lines, fired) = lower(vec![
        Op::Const { value: 5 },
        Op::Const { value: 6 },
        Op::Add { a: 0, b: 1 },
    ]);
    assert_eq!(lines, ["const 5", "addi 0 6"]);
    assert_eq!(fired, ["add_imm", "constant"]);
}

#[test]
fn a_guard_that_fails_leaves_the_rule_out() {
    let (lines, fired) = lower(vec![
        Op::Const { value: 0 },
        Op::Const { value: 5000 },
        Op::Add { a: 0, b: 1 },
    ]);
    assert_eq!(lines, ["const -77", "const 5000", "tick", "add 0 1"]);
    assert_eq!(fired, ["add", "zero", "constant"]);
}

#[test]
fn a_variable_used_twice_means_equality() {
    let (lines, fired) = lower(vec![Op::Const { value: i64::MAX }, Op::Add { a: 0, b: 0 }]);
    assert_eq!(lines, ["const 78", "add 0 0"]);
    assert_eq!(fired, ["double", "big"]);
}

#[test]
fn no_match_of_a_partial_term_is_none() {
    let mut context = Lowering {
        nodes: vec![Op::Nop],
        ..Lowering::default()
    };
    assert_eq!(generated::constructor_lower(&mut context, 0), None);
}

#[test]
fn multi_terms_give_all_values() {
    let mut context = Lowering::default();
    let mut values = generated::constructor_pairs(&mut context, 3);
    values.sort_unstable();
    assert_eq!(values, [3, 3, 3, 7]);
}

#[test]
fn rules_know_their_places() {
    let info = RuleId::add_imm.info();
    assert_eq!(
        (info.term, info.file, info.line),
        ("lower", "tests/rules/arith.isle", 21)
    );
}

#[test]
fn coverage_names_what_was_not_fired() {
    let mut coverage = generated::Coverage::default();
    coverage.fire(RuleId::add);
    assert!(coverage.fire_by_name("zero"));
    assert!(!coverage.fire_by_name("nonsense"));
    let report = coverage.to_string();
    assert!(
        report.starts_with("rules: 2 of 9 fired\n  not fired: add_imm (tests/rules/arith.isle:21)"),
        "{report}"
    );
}
