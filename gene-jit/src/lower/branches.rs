//! Branches: comparisons as tests.

use super::Lowering;
use super::facts::Fact;
use crate::arm64::isle;
use crate::arm64::{self, Cond};
use crate::tree::{Node, Op, Stmt};
use gene_vm::bytecode::Op as Opcode;
use gene_vm::value::Value;

impl Lowering<'_> {
    pub(super) fn branch_statement(&mut self, stmt: Stmt) {
        let Stmt::Branch {
            test,
            mut when,
            target,
        } = stmt
        else {
            return;
        };
        let mut node = test;
        // A comparison need not become a value, and its negation is the test with the ways exchanged.
        if let Op::Truthy { x } = self.op(node) {
            match self.op(x) {
                Op::Not { x: inner }
                    if !self.nodes[x.index()].evaluated && self.is_fused(inner) =>
                {
                    when = !when;
                    node = inner;
                }
                _ if self.is_fused(x) => node = x,
                _ => {}
            }
        }
        let op = self.op(node);
        self.evaluate_operands(node);
        if let Op::Truthy { x } = op
            && let Op::Const { bits } = self.op(x)
        {
            if Value::from_bits(bits).is_truthy() == when {
                self.jump_to(target as usize);
                self.block.next = None;
            }
            return;
        }
        self.begin_node(node);
        let cond = isle::constructor_test(self, &op);
        self.branch_on(cond, when, target);
        if !when {
            self.learn_order(op);
        }
    }

    /// A comparison has been true.
    pub(super) fn learn_order(&mut self, op: Op) {
        let is_step = self.code.instrs[self.line.pc as usize].op == Opcode::IterNext;
        let (less, greater) = match op {
            Op::Lt { x, y } | Op::Gt { x: y, y: x } => (x, y),
            // The last number of a range has a successor.
            Op::Le { x, y } if is_step => (x, y),
            _ => return,
        };
        let is_int = |node| self.known(node).fact == Fact::SmallInt;
        if is_int(less) && is_int(greater) {
            self.known_mut(less).below = true;
        }
    }

    /// Can the node be lowered as a test?
    pub(super) fn is_fused(&self, node: Node) -> bool {
        !self.nodes[node.index()].evaluated && self.op(node).is_comparison()
    }

    pub(super) fn branch_on(&mut self, cond: Cond, when: bool, target: u32) {
        self.end_test(cond, when);
        let cond = if when { cond } else { arm64::invert(cond) };
        self.branch_to(cond, target as usize);
    }
}
