//! Which registers hold nodes and variables, and their home slots.

use super::Lowering;
use super::facts::{Fact, Known};
use super::registers::{Form, Owner};
use crate::arm64::isle;
use crate::arm64::{self, FRAME, FReg, Reg, X16};
use crate::tree::{Node, Stack};

impl Lowering<'_> {
    /// A scratch register.
    pub(super) fn scratch_int(&mut self) -> Reg {
        let (number, owner) = self
            .ints
            .take(false)
            .expect("few registers are held between rules");
        self.evict(owner);
        self.ints.give(number, Owner::Rule);
        Reg::new(number)
    }

    /// A scratch register for a double.
    pub(super) fn scratch_float(&mut self) -> FReg {
        let (number, owner) = self
            .floats
            .take(false)
            .expect("few registers are held between rules");
        self.evict(owner);
        self.floats.give(number, Owner::Rule);
        FReg::new(number)
    }

    /// A register that calls keep, else a scratch register.
    pub(super) fn kept_int(&mut self) -> Reg {
        match self.ints.take(true) {
            Some((number, owner)) => {
                self.evict(owner);
                self.ints.give(number, Owner::Rule);
                Reg::new(number)
            }
            None => self.scratch_int(),
        }
    }

    /// A register for a double that calls keep, else a scratch register.
    pub(super) fn kept_float(&mut self) -> FReg {
        match self.floats.take(true) {
            Some((number, owner)) => {
                self.evict(owner);
                self.floats.give(number, Owner::Rule);
                FReg::new(number)
            }
            None => self.scratch_float(),
        }
    }

    /// Takes a register away from a variable or word.
    pub(super) fn evict(&mut self, owner: Owner) {
        match owner {
            Owner::Local(slot, form) => self.locals.get_mut(slot).drop_form(form),
            Owner::Word(word) => self.locals.forget_word(word),
            _ => {}
        }
    }

    /// A register for a form of a node: where a loop keeps variables, one that calls keep.
    pub(super) fn register_for(&mut self, node: Node, form: Form) -> Reg {
        let is_kept_form = matches!(form, Form::Boxed | Form::High);
        let keep = is_kept_form && self.variable(node).is_some() && self.keeps_variables();
        let reg = if keep {
            self.kept_int()
        } else {
            self.scratch_int()
        };
        self.hold(node, form, reg);
        reg
    }

    /// Notes that a register holds a node.
    pub(super) fn hold(&mut self, node: Node, form: Form, reg: Reg) {
        let known = self.known_mut(node);
        let former = match form {
            Form::High => known.high.replace(reg),
            Form::Address => known.address.replace(reg),
            Form::Items => known.items.replace(reg),
            Form::Index => known.index.replace(reg),
            _ => known.boxed.replace(reg),
        };
        if let Some(former) = former.filter(|&former| former != reg) {
            self.ints.free(former.number());
        }
        let owner = self.owner(node, form);
        self.ints.give(reg.number(), owner);
    }

    /// A floating-point register for a node.
    pub(super) fn word_register_for(&mut self, node: Node) -> FReg {
        let keep = self.variable(node).is_some() && self.keeps_variables();
        let reg = if keep {
            self.kept_float()
        } else {
            self.scratch_float()
        };
        self.known_mut(node).double = Some(reg);
        let owner = self.owner(node, Form::Word);
        self.floats.give(reg.number(), owner);
        reg
    }

    pub(super) fn free_known(&mut self, known: Known) {
        for (reg, _) in known.ints() {
            self.ints.free(reg.number());
        }
        if let Some(reg) = known.double {
            self.floats.free(reg.number());
        }
    }

    pub(super) fn free_registers(&mut self, node: Node) {
        if self.variable(node).is_none() {
            let state = self.state(node);
            let known = state.known;
            state.known = Known {
                fact: known.fact,
                ..Known::default()
            };
            self.free_known(known);
        }
    }

    /// A use of a node is over.
    pub(super) fn release(&mut self, node: Node) {
        let state = self.state(node);
        state.left = state.left.saturating_sub(1);
        if state.left == 0 {
            self.free_registers(node);
        }
    }

    // ── Home slots ─────────────────────────────────────────────────────────

    /// Puts a node into the slot of an operand.
    pub(super) fn spill_to(&mut self, index: usize, node: Node) {
        let reg = isle::constructor_boxed(self, node);
        let offset = self.operand_offset(index);
        self.buffer.store(reg, FRAME, offset);
        if self.block.home(node) == index && self.variable(node).is_none() {
            self.state(node).home = true;
        }
    }

    /// Puts a node into its home slot and frees its registers.
    pub(super) fn spill_home(&mut self, node: Node) {
        let index = self.block.home(node);
        if !self.is_home(index, node) {
            let known = self.known(node);
            let offset = self.operand_offset(index);
            self.store_known(known, offset);
            self.state(node).home = true;
        }
        self.free_registers(node);
    }

    /// Stores a value that is in a register.
    pub(super) fn store_known(&mut self, known: Known, offset: i64) {
        match known {
            Known {
                boxed: Some(reg), ..
            } => self.buffer.store(reg, FRAME, offset),
            Known {
                double: Some(reg), ..
            } => self.buffer.store_double(reg, FRAME, offset),
            Known {
                high: Some(reg), ..
            } => self.store_high(reg, offset),
            _ => unreachable!("the value is in a register"),
        }
    }

    pub(super) fn store_high(&mut self, reg: Reg, offset: i64) {
        self.buffer.box_small_int(X16, reg);
        self.buffer.store(X16, FRAME, offset);
    }

    /// Puts the pending operands into their home slots.
    pub(super) fn flush(&mut self, stack: Stack) {
        self.flush_where(stack, |_| true);
    }

    /// Puts the pending operands with certain indices into their home slots.
    pub(super) fn flush_where(&mut self, stack: Stack, wanted: impl Fn(usize) -> bool) {
        for &(index, node) in &self.unsettled(stack) {
            if !wanted(index) {
                continue;
            }
            self.evaluate_tree(node);
            self.tick();
            let offset = self.operand_offset(index);
            let known = self.known(node);
            if known.in_register() {
                self.store_known(known, offset);
            } else {
                let reg = isle::constructor_boxed(self, node);
                self.buffer.store(reg, FRAME, offset);
            }
            if self.block.home(node) == index && self.variable(node).is_none() {
                self.state(node).home = true;
            }
        }
    }

    /// Other code runs: registers that it changes are no longer anyone's; what was on the stack is in its home slot.
    pub(super) fn clobber_scratch(&mut self) {
        self.forget_shapes();
        while let Some((number, owner)) = self.ints.owned_scratch() {
            self.lose(owner);
            self.ints.free(number);
        }
        while let Some((number, owner)) = self.floats.owned_scratch() {
            self.lose(owner);
            self.floats.free(number);
        }
    }

    /// Notes that a node's fact lasts only until other code runs.
    pub(super) fn note_shape(&mut self, node: Node, fact: Fact) {
        if fact != fact.lasting() {
            self.shaped.push(node);
        }
    }

    /// Other code may run or have run: it may change the shapes of instances, and what names stand for.
    pub(super) fn forget_shapes(&mut self) {
        self.ranges.clear();
        let ints = &mut self.ints;
        self.locals.keep_lasting(|reg| ints.free(reg.number()));
        for node in self.shaped.drain(..) {
            let known = &mut self.nodes[node.index()].known;
            known.fact = known.fact.lasting();
        }
    }

    /// Takes a certain scratch register for the rule at hand.
    pub(super) fn claim(&mut self, reg: Reg) -> Reg {
        self.lose(self.ints.owner(reg.number()));
        self.ints.give(reg.number(), Owner::Rule);
        reg
    }

    pub(super) fn lose(&mut self, owner: Owner) {
        self.evict(owner);
        if let Owner::Node(node, form) = owner {
            self.nodes[node.index()].known.drop_form(form);
        }
    }

    /// Makes what the runtime left in the result register the value of a call.
    pub(super) fn bind_result(&mut self, result: Node) {
        let state = self.state(result);
        state.evaluated = true;
        state.known = Known {
            boxed: Some(arm64::X0),
            ..Known::default()
        };
        self.own(result);
        // Its slot is another operand's by now if nothing uses it.
        if self.nodes[result.index()].left == 0 {
            self.free_registers(result);
        }
    }
}
