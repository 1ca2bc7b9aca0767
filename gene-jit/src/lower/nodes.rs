//! Nodes and the registers that hold them.

use super::facts::{Fact, Known};
use super::registers::{Form, Owner, Registers};
use super::{Lowering, SLOT};
use crate::arm64::isle::{self, Val};
use crate::arm64::{self, Cond, FRAME, FReg, Reg, X16};
use crate::tree::effect::effect;
use crate::tree::operands::inline_method;
use crate::tree::{Block, Line, Node, Op, Stack, Stmt};
use gene_vm::bytecode::Op as Opcode;
use gene_vm::value::Value;

/// What is known of a node while its block is lowered.
#[derive(Clone, Default)]
pub struct NodeState {
    known: Known,
    /// The node has a value of its own, in registers or in its home slot; a leaf without one is loaded when wanted.
    evaluated: bool,
    /// The value is in its home slot.
    home: bool,
    /// How often the node will still be taken.
    left: u32,
    /// What the instruction at hand has found the value to be, before.
    found: Option<Fact>,
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

    fn state(&mut self, node: Node) -> &mut NodeState {
        &mut self.nodes[node.index()]
    }

    /// The variable that an unevaluated node reads.
    fn variable(&self, node: Node) -> Option<u16> {
        match self.op(node) {
            Op::Local { slot } if !self.nodes[node.index()].evaluated => Some(slot),
            _ => None,
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

    fn owner(&self, node: Node, form: Form) -> Owner {
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
            | Stmt::CheckType { value, .. }
            | Stmt::Return { value } => [Some(value), None, None],
            Stmt::CallMethod { receiver, .. } | Stmt::TailCallMethod { receiver, .. } => {
                [Some(receiver), None, None]
            }
            Stmt::Spill { value, .. } => [Some(value), None, None],
            Stmt::SetElement { of, key, value, .. } => [Some(of), Some(key), Some(value)],
            Stmt::CheckClass { value, class } => [Some(value), Some(class), None],
            Stmt::Push { of, value } => [Some(of), Some(value), None],
            Stmt::SetMember { of, value, .. } => [Some(of), Some(value), None],
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
            let reg = isle::constructor_boxed(self, value);
            let offset = self.operand_offset(below as usize);
            self.buffer.store(reg, FRAME, offset);
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
        for operand in op.operands() {
            self.evaluate_tree(operand);
        }
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

    /// Begins a node, with what is known from before of its operands.
    fn begin_node(&mut self, node: Node) {
        let pc = self.block.pc(node);
        for (i, operand) in self.op(node).operands().into_iter().enumerate() {
            let found = self.feedback.operand(pc, i);
            let of_receiver = self.receiver(pc).filter(|_| i == 0);
            self.state(operand).found = found.or(of_receiver);
        }
        self.begin(pc, self.block.stack_before(node));
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
    fn receiver(&self, pc: usize) -> Option<Fact> {
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
                Some(place) => self.copy_deferred(place),
                None => std::mem::take(self.locals.get_mut(slot)),
            };
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
    fn own(&mut self, node: Node) {
        for (reg, form) in self.known(node).ints() {
            let owner = self.owner(node, form);
            self.ints.give(reg.number(), owner);
        }
        if let Some(reg) = self.known(node).double {
            let owner = self.owner(node, Form::Double);
            self.floats.give(reg.number(), owner);
        }
    }

    /// Notes that a variable owns registers.
    pub(super) fn own_local(&mut self, slot: u16, known: Known) {
        own_variable(&mut self.ints, &mut self.floats, slot, known);
    }

    /// Notes which registers the variables own.
    pub(super) fn own_locals(&mut self) {
        for (slot, known) in self.locals.iter() {
            own_variable(&mut self.ints, &mut self.floats, slot, known);
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
            self.boxed_for_join(node, known)
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

    /// The value in the one form that the runtime can deliver, too.
    fn boxed_for_join(&mut self, node: Node, known: Known) -> Known {
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
            Known {
                double: Some(double),
                ..
            } => {
                let reg = self.scratch_int();
                self.buffer.box_double(reg, double);
                reg
            }
            _ => self.scratch_int(),
        };
        let fact = match self.op(node) {
            op if op.is_comparison() => Fact::Bool,
            Op::MakeArray { .. } => Fact::Array,
            _ => Fact::Unknown,
        };
        Known {
            fact,
            boxed: Some(reg),
            ..Known::default()
        }
    }

    // ── Registers ──────────────────────────────────────────────────────────

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

    /// Takes a register away from a variable.
    fn evict(&mut self, owner: Owner) {
        if let Owner::Local(slot, form) = owner {
            self.locals.get_mut(slot).drop_form(form);
        }
    }

    /// A register for a form of a node: where a loop keeps variables, one that calls keep.
    pub(super) fn register_for(&mut self, node: Node, form: Form) -> Reg {
        let keep = form != Form::Address && self.variable(node).is_some() && self.keeps_variables();
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
            _ => known.boxed.replace(reg),
        };
        if let Some(former) = former.filter(|&former| former != reg) {
            self.ints.free(former.number());
        }
        let owner = self.owner(node, form);
        self.ints.give(reg.number(), owner);
    }

    /// A register for a node as a double.
    pub(super) fn float_register_for(&mut self, node: Node) -> FReg {
        let keep = self.variable(node).is_some() && self.keeps_variables();
        let reg = if keep {
            self.kept_float()
        } else {
            self.scratch_float()
        };
        self.known_mut(node).double = Some(reg);
        let owner = self.owner(node, Form::Double);
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

    fn free_registers(&mut self, node: Node) {
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
    fn spill_home(&mut self, node: Node) {
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
        self.names_hold = false;
        self.locals.keep_lasting();
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

    fn lose(&mut self, owner: Owner) {
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

    // ── Variables ──────────────────────────────────────────────────────────

    /// A variable becomes what a node is; it has been stored.
    pub(super) fn assign_local(&mut self, slot: u16, value: Node) {
        let known = self.known(value);
        let former = std::mem::take(self.locals.get_mut(slot));
        let own = self.variable(value).is_none() && self.nodes[value.index()].left <= 1;
        if self.variable(value) == Some(slot) {
            *self.locals.get_mut(slot) = former;
            return;
        }
        self.free_known(former);
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
        let known = std::mem::take(self.locals.get_mut(slot));
        self.free_known(known);
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

    /// A register for the result of the rule at hand, a double.
    pub(super) fn result_double(&mut self) -> FReg {
        let Some(slot) = self.hint else {
            return self.scratch_float();
        };
        match self.locals.get(slot).double {
            Some(reg) if self.floats.is_kept(reg.number()) => {
                self.locals.get_mut(slot).double = None;
                self.floats.give(reg.number(), Owner::Rule);
                reg
            }
            _ => self.kept_float(),
        }
    }

    // ── Branches ───────────────────────────────────────────────────────────

    fn branch_statement(&mut self, stmt: Stmt) {
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
        if op.is_comparison() && self.feedback.is_varied(self.block.pc(node)) {
            return self.branch_by_runtime(target);
        }
        for operand in op.operands() {
            self.evaluate_tree(operand);
        }
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
    fn learn_order(&mut self, op: Op) {
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

    /// Can the node be lowered as a test? Where slow paths come back, they bring a value.
    fn is_fused(&self, node: Node) -> bool {
        !self.feedback.is_varied(self.block.pc(node))
            && !self.nodes[node.index()].evaluated
            && self.op(node).is_comparison()
    }

    fn branch_on(&mut self, cond: Cond, when: bool, target: u32) {
        let cond = if when { cond } else { arm64::invert(cond) };
        self.end_statement();
        self.branch_to(cond, target as usize);
    }
}

/// Notes which registers a variable owns.
fn own_variable(ints: &mut Registers, floats: &mut Registers, slot: u16, known: Known) {
    for (reg, form) in known.ints() {
        ints.give(reg.number(), Owner::Local(slot, form));
    }
    if let Some(reg) = known.double {
        floats.give(reg.number(), Owner::Local(slot, Form::Double));
    }
}
