//! Iterations over ranges and arrays, as what they do to the variables with their state.

use super::Builder;
use crate::tree::operands::{Iteration, iteration};
use crate::tree::{Checked, Node, Op, Stmt};
use gene_vm::bytecode::{Instr, Op as Opcode};
use gene_vm::value::Value;

impl Builder<'_> {
    /// Does the instruction make a range whose step is one, for a loop over it alone?
    pub(super) fn starts_range(&self) -> bool {
        let next = self.pc + 1;
        self.code.instrs[next].op == Opcode::IterStart
            && iteration(self.code, next, self.code.instrs[next].b) == Iteration::Range
            && !self.flow.is_leader(next)
            && !(self.is_varied)(self.pc)
    }

    /// Builds the start of an iteration over a range of small ints, without the range. Control leaves if they, or the one
    /// behind the last, are something else.
    pub(super) fn iter_start_range(&mut self) {
        self.settle();
        self.pop();
        let (end, start) = (self.pop(), self.pop());
        for value in [start, end] {
            let of = Checked::Int;
            self.statement(Stmt::CheckType { value, of }, &[value]);
        }
        let step = self.literal(1);
        let behind = self.node(Op::Add { x: end, y: step });
        self.line(Stmt::Evaluate { value: behind });
        let slots = self.code.instrs[self.pc + 1].b;
        self.set_iteration(slots, [end, start, step]);
        // That would only start the iteration.
        self.skip = true;
    }

    /// Builds the start of an iteration over an array. Control leaves if it is something else.
    pub(super) fn iter_start_array(&mut self, slots: u16) {
        self.settle();
        let source = self.pop();
        let of = Checked::Array;
        self.statement(Stmt::CheckType { value: source, of }, &[source]);
        let (position, step) = (self.literal(0), self.constant(Value::NIL));
        self.set_iteration(slots, [source, position, step]);
    }

    /// Sets the variables with the state of an iteration in its first round.
    pub(super) fn set_iteration(&mut self, slots: u16, state: [Node; 3]) {
        let round = self.literal(0);
        for (slot, value) in (slots..).zip(state.into_iter().chain([round])) {
            self.set_local(slot, value);
        }
    }

    /// Builds a step of an iteration over a range or an array as what it does to the variables with the state, see
    /// [`Opcode::IterStart`]. Control leaves where they hold something else.
    pub(super) fn iter_next(&mut self, instr: Instr) {
        let (source, position) = (instr.b, instr.b + 1);
        let (of, key) = (self.local(source), self.local(position));
        match iteration(self.code, self.pc, instr.b) {
            Iteration::Range => {
                self.branch(Op::Le { x: key, y: of }, false, instr);
                self.push(Op::Local { slot: position });
            }
            Iteration::Array => {
                let size = self.node(Op::Size { of });
                self.branch(Op::Lt { x: key, y: size }, false, instr);
                let (of, key) = (self.local(source), self.local(position));
                self.push(Op::Item { of, key });
            }
        }
        // Most often the element is stored in a variable at once.
        let behind = self.pc + 1;
        if self.code.instrs[behind].op == Opcode::SetLocal && !self.flow.is_target(behind) {
            let element = self.pop();
            self.set_local(self.code.instrs[behind].b, element);
            self.skip = true;
        }
        let (x, y) = (self.local(position), self.literal(1));
        let next = self.node(Op::Add { x, y });
        self.set_local(position, next);
    }
}
