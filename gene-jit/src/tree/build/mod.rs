//! From instructions to trees.

mod calls;
mod iteration;
mod names;
mod opcodes;

use super::effect::effect;
use super::{Block, Flow, Line, MAX_PENDING, Node, NodeData, Op, Stack, Stmt};
use gene_vm::bytecode::{Instr, Op as Opcode};
use gene_vm::code::Code;
use gene_vm::value::Value;

/// Higher trees are evaluated in parts.
const MAX_HEIGHT: u8 = 16;

impl Block {
    /// Builds the trees from instruction `start` on, up to a jump or a leader, in place of the former ones.
    /// `is_varied` tells instructions that should not guess.
    pub fn build(
        &mut self,
        code: &Code,
        flow: &Flow,
        start: usize,
        is_varied: &dyn Fn(usize) -> bool,
    ) {
        self.nodes.clear();
        self.cells.clear();
        self.entries.clear();
        self.lines.clear();
        self.next = None;
        let mut builder = Builder {
            code,
            flow,
            is_varied,
            block: self,
            pc: start,
            before: Stack::default(),
            skip: false,
        };
        for _ in 0..flow.depth(start).unwrap_or(0) {
            builder.push_home();
        }
        loop {
            builder.before = builder.stack();
            let pc = builder.pc;
            builder.instr(code.instrs[pc]);
            if flow.ends(pc) {
                break;
            }
            builder.pc += 1 + usize::from(std::mem::take(&mut builder.skip));
            let pc = builder.pc;
            if flow.is_leader(pc) {
                builder.block.next = Some(pc as u32);
                break;
            }
        }
        builder.block.end = builder.stack();
    }
}

/// An operand while trees are built.
pub(super) struct Entry {
    node: Node,
    stack: Stack,
    /// Evaluated, or without effects.
    settled: bool,
    /// In its home slot.
    home: bool,
}

struct Builder<'a> {
    code: &'a Code,
    flow: &'a Flow,
    is_varied: &'a dyn Fn(usize) -> bool,
    block: &'a mut Block,
    pc: usize,
    before: Stack,
    /// What the next instruction does with what this one would have pushed is built with it.
    skip: bool,
}

impl Builder<'_> {
    fn stack(&self) -> Stack {
        self.block
            .entries
            .last()
            .map_or(Stack::default(), |entry| entry.stack)
    }

    fn node(&mut self, op: Op) -> Node {
        let mut height = 0;
        for operand in op.operands() {
            let operand = &mut self.block.nodes[operand.index()];
            operand.uses += 1;
            height = height.max(operand.height + 1);
        }
        let index = self.block.entries.len() as u16;
        let (pc, stack) = (self.pc as u32, self.before);
        self.block.nodes.push(NodeData {
            op,
            pc,
            stack,
            uses: 0,
            index,
            height,
        });
        Node(self.block.nodes.len() as u32 - 1)
    }

    fn push_node(&mut self, node: Node, settled: bool, home: bool) {
        let below = self.stack();
        self.block.cells.push((node, below.top));
        self.block.nodes[node.index()].uses += 1;
        let stack = Stack {
            top: self.block.cells.len() as u32,
            depth: below.depth + 1,
        };
        self.block.entries.push(Entry {
            node,
            stack,
            settled,
            home,
        });
        if let Some(deep) = self.block.entries.len().checked_sub(MAX_PENDING + 1) {
            let Entry { node, home, .. } = self.block.entries[deep];
            if matches!(self.block.op(node), Op::Local { .. }) {
                // Writes to the variable do not look so deep.
                self.line(Stmt::Evaluate { value: node });
            }
            if !home {
                self.settle();
                self.block.entries[deep].home = true;
                let (index, value) = (deep as u16, node);
                self.statement(Stmt::Spill { index, value }, &[value]);
            }
        }
    }

    /// Pushes what `op` computes.
    fn push(&mut self, op: Op) {
        let node = self.node(op);
        self.push_node(node, op.is_leaf(), false);
        if self.block.nodes[node.index()].height == MAX_HEIGHT {
            self.settle();
            self.block.nodes[node.index()].height = 0;
        }
    }

    /// Pushes a value that lies in its home slot.
    fn push_home(&mut self) {
        let node = self.node(Op::Operand);
        self.push_node(node, true, true);
    }

    fn push_const(&mut self, value: Value) {
        self.push(Op::Const { bits: value.bits() });
    }

    /// Takes the top operand. The stack's use of the node becomes the taker's.
    fn pop(&mut self) -> Node {
        let entry = self
            .block
            .entries
            .pop()
            .expect("the depth was checked by the compiler of the bytecode");
        self.block.nodes[entry.node.index()].uses -= 1;
        entry.node
    }

    /// The top operand.
    fn top(&self) -> Node {
        let top = self.block.entries.last();
        top.expect("checked by the compiler of the bytecode").node
    }

    fn local(&mut self, slot: u16) -> Node {
        self.node(Op::Local { slot })
    }

    fn constant(&mut self, value: Value) -> Node {
        self.node(Op::Const { bits: value.bits() })
    }

    fn literal(&mut self, i: i64) -> Node {
        self.constant(Value::small_int(i).expect("literals in instructions are small"))
    }

    fn line(&mut self, stmt: Stmt) {
        self.block.lines.push(Line {
            stmt,
            pc: self.pc as u32,
            stack: self.before,
        });
    }

    /// Evaluates pending nodes with effects, in order.
    fn settle(&mut self) {
        let first = self.block.entries.len().saturating_sub(MAX_PENDING + 1);
        for index in first..self.block.entries.len() {
            if !self.block.entries[index].settled {
                self.block.entries[index].settled = true;
                let value = self.block.entries[index].node;
                self.line(Stmt::Evaluate { value });
            }
        }
    }

    /// Evaluates pending reads of a variable that is about to be written.
    fn settle_local(&mut self, slot: u16) {
        let first = self.block.entries.len().saturating_sub(MAX_PENDING);
        for index in first..self.block.entries.len() {
            let node = self.block.entries[index].node;
            if self.block.op(node) == (Op::Local { slot }) {
                self.line(Stmt::Evaluate { value: node });
            }
        }
    }

    /// A statement that takes `value`, which counts as a use.
    fn statement(&mut self, stmt: Stmt, values: &[Node]) {
        for value in values {
            self.block.nodes[value.index()].uses += 1;
        }
        self.line(stmt);
    }

    fn set_local(&mut self, slot: u16, value: Node) {
        self.settle();
        self.settle_local(slot);
        self.statement(Stmt::SetLocal { slot, value }, &[value]);
    }

    fn branch(&mut self, test: Op, when: bool, instr: Instr) {
        let test = self.node(test);
        self.settle();
        self.statement(
            Stmt::Branch {
                test,
                when,
                target: instr.c as u32,
            },
            &[test],
        );
    }

    /// The instruction works on the operand stack; its results lie there.
    fn plain(&mut self, instr: Instr, stmt: Stmt) {
        let effect = effect(self.code, instr);
        self.line(stmt);
        // The statement itself takes these.
        let below = self.block.entries.len() - effect.pops as usize;
        self.block.entries.truncate(below);
        for entry in &mut self.block.entries {
            entry.settled = true;
            entry.home = true;
        }
        for _ in 0..effect.pushes {
            self.push_home();
        }
    }

    fn set_element(&mut self, of: Node, key: Node, value: Node) {
        self.settle();
        let keep = self.is_kept();
        let stmt = Stmt::SetElement {
            of,
            key,
            value,
            keep,
        };
        self.statement(stmt, &[of, key, value]);
        self.push_stored(keep);
    }

    /// Is what the instruction pushes used, rather than dropped by the next one?
    fn is_kept(&self) -> bool {
        self.code.instrs[self.pc + 1].op != Opcode::Pop || self.flow.is_leader(self.pc + 1)
    }

    /// Pushes the value that a store leaves in its home slot, unless it is dropped at once.
    fn push_stored(&mut self, keep: bool) {
        if keep {
            self.push_home();
        } else {
            self.skip = true;
        }
    }
}
