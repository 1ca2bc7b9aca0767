//! The ways to the runtime from the node or statement at hand: what the fast path does not do.

use super::facts::{Fact, Known};
use super::registers::{Form, Owner};
use super::stubs::{Reload, Resume, Source, Stub};
use super::{Lowering, Part, SLOT};
use crate::arm64::{Cond, FReg, Reg};
use crate::buffer::Label;
use crate::tree::effect::effect;
use crate::tree::{Node, Op, Stack};
use gene_vm::bytecode::Op as Opcode;
use std::ops::Range;

/// The node or statement at hand, and its ways to the runtime.
pub struct Current {
    pc: usize,
    stack: Stack,
    /// Control leaves for the interpreter.
    leave: Option<SlowPath>,
    /// Control comes back.
    join: Option<SlowPath>,
    /// Control does not come back.
    raise: Option<SlowPath>,
    /// Arithmetic wants the value as a word.
    is_word_wanted: bool,
}

impl Current {
    /// The node or statement of an instruction, with the operands before it.
    pub fn new(pc: usize, stack: Stack) -> Current {
        Current {
            pc,
            stack,
            leave: None,
            join: None,
            raise: None,
            is_word_wanted: false,
        }
    }

    /// Notes whether arithmetic wants the value as a word.
    pub fn want_word(&mut self, is_wanted: bool) {
        self.is_word_wanted = is_wanted;
    }

    /// Does arithmetic want the value as a word?
    pub fn is_word_wanted(&self) -> bool {
        self.is_word_wanted
    }

    /// The instruction.
    pub fn pc(&self) -> usize {
        self.pc
    }

    /// The operands before it.
    pub fn stack(&self) -> Stack {
        self.stack
    }
}

pub struct SlowPath {
    pub label: Label,
    /// Operands that are not in their home slots, in [`SlowPaths::stores`](super::stubs::SlowPaths::stores).
    pub stores: Range<usize>,
}

impl Lowering<'_> {
    /// Begins a node or statement.
    pub(super) fn begin(&mut self, pc: usize, stack: Stack) {
        self.tick();
        self.mark(Part::main(pc));
        self.current = Current::new(pc, stack);
        self.slow.learned.clear();
    }

    /// Begins code of an instruction that lies out of line.
    pub(super) fn begin_out_of_line(&mut self, pc: usize, stack: Stack) {
        self.current = Current::new(pc, stack);
    }

    /// A way to the runtime with the operands as they are now.
    pub(super) fn slow_path(&mut self) -> SlowPath {
        let label = self.buffer.label();
        let start = self.slow.stores.len();
        for &(index, node) in &self.unsettled(self.current.stack) {
            let source = self.source(node);
            self.slow.stores.push((index, source));
        }
        let stores = start..self.slow.stores.len();
        SlowPath { label, stores }
    }

    fn source(&self, node: Node) -> Source {
        match self.op(node) {
            // The register of a variable may already hold its new value.
            Op::Local { .. } if self.home_offset(node) < self.code.locals as i64 * SLOT => {
                Source::Slot(self.home_offset(node))
            }
            op => match (self.known(node), op) {
                (
                    Known {
                        boxed: Some(reg), ..
                    },
                    _,
                ) => Source::Boxed(reg),
                (
                    Known {
                        double: Some(reg), ..
                    },
                    _,
                ) => Source::Double(reg),
                (
                    Known {
                        high: Some(reg), ..
                    },
                    _,
                ) => Source::High(reg),
                (_, Op::Const { bits }) => Source::Constant(bits),
                _ => Source::Slot(self.home_offset(node)),
            },
        }
    }

    /// Leaves for the interpreter; where that has happened with values of several kinds, the runtime does it.
    pub(super) fn leave_if(&mut self, cond: Cond) {
        let label = self.leave_label();
        self.buffer.branch_if(cond, label);
    }

    /// The way to leave, or the runtime's.
    pub(super) fn leave_label(&mut self) -> Label {
        if self.feedback.is_varied(self.current.pc) {
            return self.join_label();
        }
        match &self.current.leave {
            Some(path) => path.label,
            None => {
                let path = self.slow_path();
                self.current.leave.insert(path).label
            }
        }
    }

    /// The slow path that comes back.
    pub(super) fn join_label(&mut self) -> Label {
        match &self.current.join {
            Some(path) => path.label,
            None => {
                let path = self.slow_path();
                self.current.join.insert(path).label
            }
        }
    }

    /// Lets the runtime do it, always or under a condition.
    pub(super) fn join_if(&mut self, cond: Option<Cond>) {
        let label = self.join_label();
        match cond {
            Some(cond) => self.buffer.branch_if(cond, label),
            None => self.buffer.branch(label),
        }
    }

    /// Lets the runtime raise an exception.
    pub(super) fn raise_if(&mut self, cond: Cond) {
        let path = self.slow_path();
        self.buffer.branch_if(cond, path.label);
        self.current.raise = Some(path);
    }

    /// Notes that a check has shown something of a node.
    pub(super) fn learn(&mut self, node: Node, fact: Fact) {
        self.known_mut(node).fact = fact;
        self.note_shape(node, fact);
        // A slow path that begins after a check which leaves for good has passed it.
        if self.current.join.is_some() || self.feedback.is_varied(self.current.pc) {
            self.slow.learned.push(node);
        }
    }

    /// Does a slow path come back to the node at hand?
    pub(super) fn slow_path_joins(&self) -> bool {
        self.current.join.is_some()
    }

    /// Ends a statement: its slow paths come back here.
    pub(super) fn end_statement(&mut self) {
        self.end_node(None);
    }

    /// Ends a test, whose outcome a condition tells: its slow paths come back here. A jump that belongs to it is made when
    /// the outcome is `when`.
    pub(super) fn end_test(&mut self, cond: Cond, when: bool) {
        self.end_slow_paths(None, Some((cond, when)));
    }

    /// Ends a node, whose value is in a register: its slow paths come back here with it.
    pub(super) fn end_node(&mut self, result: Option<Node>) {
        self.end_slow_paths(result, None);
    }

    fn end_slow_paths(&mut self, result: Option<Node>, test: Option<(Cond, bool)>) {
        let current = std::mem::replace(&mut self.current, Current::new(0, self.line.stack));
        let (pc, depth) = (current.pc, current.stack.depth as usize);
        let region = self.regions.current();
        let mut stub = |path: Option<SlowPath>, resume| {
            if let Some(SlowPath { label, stores }) = path {
                self.slow.stubs.push(Stub::Instruction {
                    label,
                    stores,
                    pc,
                    depth,
                    resume,
                    region,
                });
            }
        };
        stub(current.leave, Resume::Leave);
        stub(current.raise, Resume::Never);
        let Some(SlowPath { label, stores }) = current.join else {
            return;
        };
        let mut learned = std::mem::take(&mut self.slow.learned);
        for node in learned.drain(..) {
            let known = self.known_mut(node);
            let former = std::mem::replace(
                known,
                Known {
                    boxed: known.boxed,
                    ..Known::default()
                },
            );
            self.free_known(Known {
                boxed: None,
                ..former
            });
        }
        self.slow.learned = learned;
        self.forget_shapes();
        let joined = self.buffer.label();
        self.buffer.bind(joined);
        let reloads = self.reload(pc, depth, result);
        let resume = match test {
            Some((cond, when)) => Resume::Test {
                label: joined,
                reloads,
                cond,
                when,
            },
            None => Resume::Join {
                label: joined,
                reloads,
            },
        };
        self.slow.stubs.push(Stub::Instruction {
            label,
            stores,
            pc,
            depth,
            resume,
            region,
        });
    }

    /// The registers that the code behind a node expects, and where the values are after the runtime has run the
    /// instruction.
    fn reload(&mut self, pc: usize, depth: usize, result: Option<Node>) -> Range<usize> {
        let mut reloads = std::mem::take(&mut self.slow.reloads);
        let instr = self.code.instrs[pc];
        let below = depth - effect(self.code, instr).pops as usize;
        let place = |owner| match owner {
            Owner::Node(node, form) if Some(node) == result => {
                let offset = match instr.op {
                    Opcode::IncLocal | Opcode::DecLocal | Opcode::AddToLocal => {
                        instr.b as i64 * SLOT
                    }
                    _ => self.operand_offset(below),
                };
                Some((form, offset))
            }
            Owner::Node(node, form) => {
                (self.block.home(node) < below).then(|| (form, self.home_offset(node)))
            }
            Owner::Local(slot, form) => Some((form, slot as i64 * SLOT)),
            _ => None,
        };
        let ints = self.ints.volatile().filter_map(|(number, owner)| {
            let reg = Reg::new(number);
            if let Owner::Word(word) = owner {
                return Some((Reload::Word(reg, word), 0));
            }
            let (form, offset) = place(owner)?;
            Some((
                match form {
                    Form::High => Reload::High(reg),
                    Form::Address => Reload::Address(reg),
                    Form::Index => Reload::Index(reg),
                    _ => Reload::Boxed(reg),
                },
                offset,
            ))
        });
        let floats = self.floats.volatile().filter_map(|(number, owner)| {
            let (_, offset) = place(owner)?;
            Some((Reload::Double(FReg::new(number)), offset))
        });
        let start = reloads.len();
        reloads.extend(ints.chain(floats));
        self.slow.reloads = reloads;
        start..self.slow.reloads.len()
    }
}
