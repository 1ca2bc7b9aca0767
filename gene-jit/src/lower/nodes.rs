//! Nodes and statements: what is known of them, and how they are lowered.

use super::facts::{Fact, Known, Subject};
use super::registers::{Form, Owner, Registers};
use super::{Lowering, SLOT};
use crate::arm64::isle::{self, Val};
use crate::arm64::{Cond, FRAME, FReg, Reg};
use crate::tree::effect::effect;
use crate::tree::operands::inline_method;
use crate::tree::{Block, Line, Node, Op, Stmt};
use gene_vm::bytecode::Op as Opcode;
use gene_vm::value::Value;

/// What is known of a node while its block is lowered.
#[derive(Clone, Default)]
pub struct NodeState {
    pub(super) known: Known,
    /// The node has a value of its own, in registers or in its home slot; a leaf without one is loaded when wanted.
    pub(super) evaluated: bool,
    /// The value is in its home slot.
    pub(super) home: bool,
    /// How often the node will still be taken.
    pub(super) left: u32,
    /// What the instruction at hand has found the value to be, before.
    pub(super) found: Option<Fact>,
    /// Arithmetic on floats takes the node: a word suits it best.
    pub(super) is_word_wanted: bool,
}

impl NodeState {
    /// The states of the nodes of a block at its beginning.
    pub fn of_block(block: &Block) -> impl Iterator<Item = NodeState> + '_ {
        let state = move |node| {
            let op = block.op(node);
            let fact = match op {
                Op::Const { bits } => Fact::of(Value::from_bits(bits)),
                Op::Function => Fact::Other,
                _ => Fact::Unknown,
            };
            NodeState {
                known: Known {
                    fact,
                    ..Known::default()
                },
                evaluated: op == Op::Operand,
                home: op == Op::Operand,
                left: block.uses(node),
                found: None,
                is_word_wanted: false,
            }
        };
        block.nodes().map(state)
    }
}

/// Nodes that may hold scratch registers between two rules; a rule needs the others.
const MOST_HELD: u32 = 6;

impl Lowering<'_> {
    pub(super) fn op(&self, node: Node) -> Op {
        self.block.op(node)
    }

    pub(super) fn state(&mut self, node: Node) -> &mut NodeState {
        &mut self.nodes[node.index()]
    }

    /// The variable that an unevaluated node reads.
    pub(super) fn variable(&self, node: Node) -> Option<u16> {
        match self.op(node) {
            Op::Local { slot } if !self.nodes[node.index()].evaluated => Some(slot),
            _ => None,
        }
    }

    /// What stands for the value of a node.
    pub(super) fn subject(&self, node: Node) -> Subject {
        match (self.variable(node), self.op(node)) {
            (Some(slot), _) => Subject::Local(slot),
            (None, Op::Const { bits }) => Subject::Literal(bits),
            (None, _) => Subject::Node(node),
        }
    }

    pub(super) fn known(&self, node: Node) -> Known {
        match self.variable(node) {
            Some(slot) => self.locals.get(slot),
            None => self.nodes[node.index()].known,
        }
    }

    pub(super) fn known_mut(&mut self, node: Node) -> &mut Known {
        match self.variable(node) {
            Some(slot) => self.locals.get_mut(slot),
            None => &mut self.state(node).known,
        }
    }

    pub(super) fn is_home(&self, index: usize, node: Node) -> bool {
        self.nodes[node.index()].home && self.block.home(node) == index
    }

    pub(super) fn owner(&self, node: Node, form: Form) -> Owner {
        match self.variable(node) {
            Some(slot) => Owner::Local(slot, form),
            None => Owner::Node(node, form),
        }
    }

    /// Where a node lies in memory: offset from the frame.
    pub(super) fn home_offset(&self, node: Node) -> i64 {
        match self.op(node) {
            Op::Local { slot } if !self.nodes[node.index()].evaluated => slot as i64 * SLOT,
            Op::Function => -SLOT,
            _ => self.operand_offset(self.block.home(node)),
        }
    }

    pub(super) fn operand_offset(&self, index: usize) -> i64 {
        (self.code.locals as i64 + index as i64) * SLOT
    }

    // ── Statements and nodes ───────────────────────────────────────────────

    pub(super) fn lower_statement(&mut self, line: Line) {
        let values = match line.stmt {
            Stmt::Branch { test, .. } => {
                // Both ways expect the operands below in their home slots.
                let below = self
                    .flow
                    .depth(self.block.next.map_or(0, |next| next as usize));
                let below = below.unwrap_or(0);
                self.flush_where(self.block.stack_before(test), |index| index < below);
                self.branch_statement(line.stmt);
                return;
            }
            Stmt::SetLocal { slot, value } => {
                let is_last_use = self.block.uses(value) <= 1;
                let may_take = is_last_use || self.regions.place(slot).is_none();
                self.hint = (self.keeps_variables() && may_take).then_some(slot);
                [Some(value), None, None]
            }
            Stmt::SetScoped { value, .. } | Stmt::SetCaptured { value, .. } => {
                [Some(value), None, None]
            }
            Stmt::CheckDefined { value }
            | Stmt::SetName { value, .. }
            | Stmt::SetException { value }
            | Stmt::CheckType { value, .. }
            | Stmt::Return { value } => [Some(value), None, None],
            Stmt::CallMethod { receiver, .. } | Stmt::TailCallMethod { receiver, .. } => {
                [Some(receiver), None, None]
            }
            Stmt::Spill { value, .. } => [Some(value), None, None],
            Stmt::SetElement { of, key, value, .. } => [Some(of), Some(key), Some(value)],
            Stmt::CheckClass { value, class } => [Some(value), Some(class), None],
            Stmt::CheckMember { of, .. } => [Some(of), None, None],
            Stmt::Push { of, value } => [Some(of), Some(value), None],
            Stmt::SetEntry { of, value, .. } => [Some(of), Some(value), None],
            Stmt::SetMember {
                of, cache, value, ..
            } => {
                self.begin_growth(line, of, cache);
                [Some(of), Some(value), None]
            }
            Stmt::Jump { .. } | Stmt::JumpBack { .. } => {
                self.flush(line.stack);
                [None; 3]
            }
            _ => [None; 3],
        };
        for value in values.into_iter().flatten() {
            self.evaluate_tree(value);
        }
        if let Stmt::SetLocal { slot, value } = line.stmt {
            self.check_assignment(slot, value);
        }
        self.hint = None;
        self.begin(line.pc as usize, line.stack);
        isle::constructor_statement(self, &line.stmt);
        self.leave_stored(line);
        self.end_statement();
        for value in values.into_iter().flatten() {
            self.release(value);
        }
    }

    /// A store leaves its value in the slot of its first operand, if that is used.
    fn leave_stored(&mut self, line: Line) {
        if let Stmt::SetElement {
            value, keep: true, ..
        }
        | Stmt::SetMember {
            value, keep: true, ..
        } = line.stmt
        {
            let instr = self.code.instrs[line.pc as usize];
            let below = line.stack.depth - effect(self.code, instr).pops;
            let offset = self.operand_offset(below as usize);
            match self.known(value).double {
                Some(word) => self.buffer.store_double(word, FRAME, offset),
                None => {
                    let reg = isle::constructor_boxed(self, value);
                    self.buffer.store(reg, FRAME, offset);
                }
            }
        }
    }

    /// Makes registers free for a rule.
    pub(super) fn tick(&mut self) {
        self.ints.tick();
        self.floats.tick();
        while let Some(number) = self.ints.crowded(MOST_HELD) {
            let Owner::Node(node, _) = self.ints.owner(number) else {
                break;
            };
            self.spill_home(node);
        }
        while let Some(number) = self.floats.crowded(2 * MOST_HELD) {
            let Owner::Node(node, _) = self.floats.owner(number) else {
                break;
            };
            self.spill_home(node);
        }
    }

    /// Evaluates a node unless it is a leaf or has been evaluated.
    pub(super) fn evaluate_tree(&mut self, node: Node) {
        let op = self.op(node);
        if self.nodes[node.index()].evaluated || op.is_leaf() {
            return;
        }
        let hint = self.hint.take();
        self.evaluate_operands(node);
        self.hint = hint;
        self.begin_node(node);
        let val = isle::constructor_lower(self, &op);
        self.hint = None;
        self.bind(node, val);
        for operand in op.operands() {
            self.release(operand);
        }
        self.release_elements(node);
    }

    /// Evaluates what a node takes.
    pub(super) fn evaluate_operands(&mut self, node: Node) {
        let op = self.op(node);
        for (i, operand) in op.operands().into_iter().enumerate() {
            let is_wanted = op.is_arithmetic() && self.is_double_wanted(node, i);
            self.state(operand).is_word_wanted = is_wanted;
            self.evaluate_tree(operand);
        }
    }

    /// Is operand `i` of arithmetic most likely a float?
    fn is_double_wanted(&self, node: Node, i: usize) -> bool {
        match self.feedback.operand(self.block.pc(node), i) {
            Some(found) => found == Fact::Float,
            None => {
                let mut operands = self.op(node).operands().into_iter();
                !self.feedback.is_varied(self.block.pc(node))
                    && operands.any(|operand| self.known(operand).fact == Fact::Float)
            }
        }
    }

    /// Begins a node, with what is known from before of its operands.
    pub(super) fn begin_node(&mut self, node: Node) {
        let pc = self.block.pc(node);
        for (i, operand) in self.op(node).operands().into_iter().enumerate() {
            let found = self.feedback.operand(pc, i);
            let of_receiver = self.receiver(pc).filter(|_| i == 0);
            self.state(operand).found = found.or(of_receiver);
        }
        self.begin(pc, self.block.stack_before(node));
        self.current
            .want_word(self.nodes[node.index()].is_word_wanted);
    }

    /// What a value is, or has been found to be where the instruction at hand was left before.
    pub(super) fn likely(&self, node: Node) -> Fact {
        match self.known(node).fact {
            fact @ (Fact::Unknown | Fact::Object) => {
                let found = self.nodes[node.index()].found.unwrap_or_default();
                if found.implies(fact) { found } else { fact }
            }
            fact => fact,
        }
    }

    /// What the last receiver of the method was that the instruction calls inline.
    pub(super) fn receiver(&self, pc: usize) -> Option<Fact> {
        let instr = self.code.instrs[pc];
        if instr.op != Opcode::CallMethod {
            return None;
        }
        let (_, kind) = inline_method(self.code, instr)?;
        Some(Fact::of_type(kind))
    }

    /// Evaluates a node now, a leaf too.
    pub(super) fn evaluate_now(&mut self, node: Node) {
        self.evaluate_tree(node);
        if let Some(slot) = self.variable(node) {
            // The variable is about to be written: its registers become the node's.
            let known = match self.regions.place(slot) {
                Some(place) => self.copy_deferred(slot, place),
                None => self.locals.take(slot),
            };
            let known = self.without_items(known);
            let state = self.state(node);
            state.evaluated = true;
            state.known = known;
            self.note_shape(node, known.fact);
            if !known.in_register() {
                let reg = self.scratch_int();
                self.buffer.load(reg, FRAME, slot as i64 * SLOT);
                self.state(node).known.boxed = Some(reg);
            }
            self.own(node);
        }
        if self.nodes[node.index()].left == 0 {
            self.free_registers(node);
        }
    }

    /// Notes that the registers of a node are its own.
    pub(super) fn own(&mut self, node: Node) {
        for (reg, form) in self.known(node).ints() {
            let owner = self.owner(node, form);
            self.ints.give(reg.number(), owner);
        }
        if let Some(reg) = self.known(node).double {
            let owner = self.owner(node, Form::Word);
            self.floats.give(reg.number(), owner);
        }
    }

    /// Notes that a variable owns registers.
    pub(super) fn own_local(&mut self, slot: u16, known: Known) {
        own_variable(&mut self.ints, &mut self.floats, slot, known);
    }

    /// Notes which registers hold variables and words.
    pub(super) fn own_locals(&mut self) {
        for (slot, known) in self.locals.iter() {
            own_variable(&mut self.ints, &mut self.floats, slot, known);
        }
        for &(word, reg) in self.locals.words() {
            self.ints.give(reg.number(), Owner::Word(word));
        }
    }

    /// Makes the result of a rule the value of a node, after the slow paths have joined.
    fn bind(&mut self, node: Node, val: Val) {
        let known = match val {
            Val::Boxed { reg } => Known {
                boxed: Some(reg),
                ..Known::default()
            },
            Val::SmallInt { reg } => Known {
                fact: Fact::SmallInt,
                high: Some(reg),
                ..Known::default()
            },
            Val::Float { reg } => Known {
                fact: Fact::Float,
                double: Some(reg),
                ..Known::default()
            },
            Val::Word { reg } => Known {
                double: Some(reg),
                ..Known::default()
            },
            Val::Bool { cond } => {
                let reg = self.bool_of(cond);
                Known {
                    fact: Fact::Bool,
                    boxed: Some(reg),
                    ..Known::default()
                }
            }
        };
        let joins = self.slow_path_joins();
        let known = if joins {
            self.form_for_join(node, known)
        } else {
            known
        };
        let state = self.state(node);
        state.evaluated = true;
        state.known = known;
        self.own(node);
        self.end_node(joins.then_some(node));
        if self.nodes[node.index()].left == 0 {
            self.free_registers(node);
        }
    }

    /// Makes true or false of a condition.
    fn bool_of(&mut self, cond: Cond) -> Reg {
        let reg = self.scratch_int();
        self.buffer.bool_value(reg, cond);
        reg
    }

    /// The value in a form that the runtime can deliver, too.
    fn form_for_join(&mut self, node: Node, known: Known) -> Known {
        if known.double.is_some() {
            return Known {
                double: known.double,
                ..Known::default()
            };
        }
        let reg = match known {
            Known {
                boxed: Some(reg), ..
            } => reg,
            Known {
                high: Some(high), ..
            } => {
                let reg = self.scratch_int();
                self.buffer.box_small_int(reg, high);
                reg
            }
            _ => self.scratch_int(),
        };
        let fact = match self.op(node) {
            op if op.is_comparison() => Fact::Bool,
            Op::MakeArray { .. } => Fact::Array,
            Op::MakeClosure { .. } => Fact::Object,
            _ => Fact::Unknown,
        };
        Known {
            fact,
            boxed: Some(reg),
            ..Known::default()
        }
    }

    // ── Variables ──────────────────────────────────────────────────────────

    /// A variable becomes what a node is; it has been stored.
    pub(super) fn assign_local(&mut self, slot: u16, value: Node) {
        let known = self.known(value);
        let former = self.locals.take(slot);
        let is_last_use = self.nodes[value.index()].left <= 1;
        let own = self.variable(value).is_none() && is_last_use && self.locals.has_room(slot);
        if self.variable(value) == Some(slot) {
            *self.locals.get_mut(slot) = former;
            return;
        }
        self.free_known(former);
        self.ranges.forget(Subject::Local(slot));
        if own {
            // The value's registers become the variable's.
            self.state(value).known = Known {
                fact: known.fact,
                ..Known::default()
            };
            *self.locals.get_mut(slot) = known;
            own_variable(&mut self.ints, &mut self.floats, slot, known);
        } else {
            *self.locals.get_mut(slot) = Known {
                fact: known.fact,
                ..Known::default()
            };
        }
    }

    /// The instruction wrote a variable behind the back of the facts.
    pub(super) fn forget_local(&mut self, slot: u16) {
        let known = self.locals.take(slot);
        self.free_known(known);
        self.ranges.forget(Subject::Local(slot));
    }

    /// What is known of a value that is no variable's any more.
    fn without_items(&mut self, mut known: Known) -> Known {
        if let Some(items) = known.items.take() {
            self.ints.free(items.number());
        }
        known
    }

    /// A register for the result of the rule at hand. A deferred variable keeps its value as long as the rule may fall
    /// back.
    pub(super) fn free_result(&mut self, falls_back: bool) -> Reg {
        let Some(slot) = self.hint else {
            return self.scratch_int();
        };
        if falls_back && self.regions.place(slot).is_some() {
            return self.scratch_int();
        }
        match self.locals.get(slot).high {
            Some(reg) if self.ints.is_kept(reg.number()) => {
                self.locals.get_mut(slot).high = None;
                self.ints.give(reg.number(), Owner::Rule);
                reg
            }
            _ => self.kept_int(),
        }
    }

    /// The same for a double.
    pub(super) fn free_double_result(&mut self, falls_back: bool) -> FReg {
        let Some(slot) = self.hint else {
            return self.scratch_float();
        };
        if falls_back && self.regions.place(slot).is_some() {
            return self.scratch_float();
        }
        match self.locals.get(slot).double {
            Some(reg) if self.floats.is_kept(reg.number()) => {
                self.locals.get_mut(slot).double = None;
                self.floats.give(reg.number(), Owner::Rule);
                reg
            }
            _ => self.kept_float(),
        }
    }
}

/// Notes which registers a variable owns.
fn own_variable(ints: &mut Registers, floats: &mut Registers, slot: u16, known: Known) {
    for (reg, form) in known.ints() {
        ints.give(reg.number(), Owner::Local(slot, form));
    }
    if let Some(reg) = known.double {
        floats.give(reg.number(), Owner::Local(slot, Form::Word));
    }
}
