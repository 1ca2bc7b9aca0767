//! What the rules ask of the lowering: the trait that is generated from their declarations.

use super::Lowering;
use super::facts::Fact;
use super::registers::Form;
use crate::arm64::isle::{Context, Imm12, Inst};
use crate::arm64::{self, Cond, FRAME, FReg, Reg, RuleId};
use crate::buffer::Label;
use crate::runtime::Helper;
use crate::tree::{Node, Op};
use gene_vm::object::{Function, Scope};
use gene_vm::value::{TAG_SHIFT, Value};

impl Lowering<'_> {
    fn literal_int(&self, node: Node) -> Option<i64> {
        match self.op(node) {
            Op::Const { bits } => Value::from_bits(bits).as_small_int(),
            _ => None,
        }
    }

    fn if_fact(&self, node: Node, holds: impl Fn(Fact) -> bool) -> Option<Node> {
        holds(self.known(node).fact).then_some(node)
    }

    fn touched(&mut self, reg: Option<Reg>) -> Option<Reg> {
        if let Some(reg) = reg {
            self.ints.touch(reg.number());
        }
        reg
    }
}

/// The high form of a small int.
fn high(i: i64) -> u64 {
    (i << (64 - TAG_SHIFT)) as u64
}

impl Context for Lowering<'_> {
    fn rule_fired(&mut self, rule: RuleId) {
        self.rules.push((self.buffer.offset(), rule));
    }

    fn emit(&mut self, inst: Inst) {
        self.buffer.inst(inst);
    }

    fn fresh_reg(&mut self) -> Reg {
        self.scratch_int()
    }

    fn fresh_freg(&mut self) -> FReg {
        self.scratch_float()
    }

    // ── What is known of a node ────────────────────────────────────────────

    fn node_literal(&mut self, node: Node) -> Option<u64> {
        match self.op(node) {
            Op::Const { bits } => Some(bits),
            _ => None,
        }
    }

    fn node_int_literal(&mut self, node: Node) -> Option<i64> {
        self.literal_int(node)
    }

    fn short_literal(&mut self, node: Node) -> Option<Imm12> {
        self.literal_int(node)
            .filter(|&i| i >= 0)
            .and_then(|i| Imm12::new(high(i)))
    }

    fn short_negative(&mut self, node: Node) -> Option<Imm12> {
        self.literal_int(node)
            .filter(|&i| i < 0)
            .and_then(|i| Imm12::new(high(-i)))
    }

    fn node_singleton(&mut self, node: Node) -> Option<u64> {
        let Op::Const { bits } = self.op(node) else {
            return None;
        };
        let value = Value::from_bits(bits);
        (!value.is_object() && !value.is_float() && !value.is_small_int()).then_some(bits)
    }

    fn node_small_int(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::SmallInt)
    }

    fn node_float(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::Float)
    }

    fn node_likely_float(&mut self, node: Node) -> Option<Node> {
        (self.likely(node) == Fact::Float).then_some(node)
    }

    fn node_found_small_int(&mut self, node: Node) -> Option<Node> {
        let is_found =
            self.known(node).fact == Fact::Unknown && self.likely(node) == Fact::SmallInt;
        is_found.then_some(node)
    }

    fn node_bool(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::Bool)
    }

    fn node_unknown(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::Unknown)
    }

    fn node_no_number(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| matches!(fact, Fact::Bool | Fact::Other))
    }

    fn held_boxed(&mut self, node: Node) -> Option<Reg> {
        let reg = self.known(node).boxed;
        self.touched(reg)
    }

    fn held_high(&mut self, node: Node) -> Option<Reg> {
        let reg = self.known(node).high;
        self.touched(reg)
    }

    fn held_double(&mut self, node: Node) -> Option<FReg> {
        let reg = self.known(node).double;
        if let Some(reg) = reg {
            self.floats.touch(reg.number());
        }
        reg
    }

    fn hold_boxed(&mut self, node: Node, reg: Reg) -> Reg {
        self.hold(node, Form::Boxed, reg);
        reg
    }

    fn high_register(&mut self, node: Node) -> Reg {
        self.register_for(node, Form::High)
    }

    fn double_register(&mut self, node: Node) -> FReg {
        self.float_register_for(node)
    }

    fn learn_small_int(&mut self, node: Node) {
        self.learn(node, Fact::SmallInt);
    }

    fn learn_float(&mut self, node: Node) {
        self.learn(node, Fact::Float);
    }

    // ── Registers and memory ───────────────────────────────────────────────

    fn small_int_tag(&mut self) -> Reg {
        arm64::SMALL_INT_TAG
    }

    fn pointer_tag(&mut self) -> Reg {
        arm64::POINTER_TAG
    }

    fn temporary(&mut self) -> Reg {
        arm64::X16
    }

    fn frame(&mut self) -> Reg {
        FRAME
    }

    fn context(&mut self) -> Reg {
        arm64::CONTEXT
    }

    fn free_register(&mut self) -> Reg {
        self.scratch_int()
    }

    fn result(&mut self) -> Reg {
        self.free_result()
    }

    fn double_result(&mut self) -> FReg {
        self.result_double()
    }

    fn constant(&mut self, bits: u64) -> Reg {
        let reg = self.scratch_int();
        if Value::from_bits(bits).is_object() {
            self.buffer.load_literal(reg, bits);
        } else {
            self.buffer.constant(reg, bits);
        }
        reg
    }

    fn high_of(&mut self, i: i64) -> u64 {
        high(i)
    }

    fn load_node(&mut self, node: Node) -> Reg {
        let reg = self.scratch_int();
        let offset = self.home_offset(node);
        self.buffer.load(reg, FRAME, offset);
        self.hold(node, Form::Boxed, reg);
        reg
    }

    fn load_local(&mut self, slot: u16) -> Reg {
        let reg = self.scratch_int();
        self.buffer.load(reg, FRAME, slot as i64 * 8);
        reg
    }

    fn store_local(&mut self, slot: u16, value: Reg) {
        self.buffer.store(value, FRAME, slot as i64 * 8);
    }

    fn store_double_local(&mut self, slot: u16, value: FReg) {
        self.buffer.store_double(value, FRAME, slot as i64 * 8);
    }

    fn assign(&mut self, slot: u16, value: Node) {
        self.assign_local(slot, value);
    }

    fn spill(&mut self, index: u16, value: Node) {
        self.spill_to(index as usize, value);
    }

    fn evaluate(&mut self, value: Node) {
        self.evaluate_now(value);
    }

    fn scope_above(&mut self, depth: u16) -> Reg {
        let reg = self.scratch_int();
        self.buffer.load(reg, FRAME, -8);
        self.buffer.inst(Inst::Eor {
            rd: reg,
            rn: reg,
            rm: arm64::POINTER_TAG,
        });
        self.buffer.load(reg, reg, Function::SCOPE_OFFSET as i64);
        self.buffer.inst(Inst::Eor {
            rd: reg,
            rn: reg,
            rm: arm64::POINTER_TAG,
        });
        for _ in 0..depth {
            self.buffer.load(reg, reg, Scope::PARENT_OFFSET as i64);
            self.buffer.inst(Inst::Eor {
                rd: reg,
                rn: reg,
                rm: arm64::POINTER_TAG,
            });
        }
        reg
    }

    fn load_slot(&mut self, scope: Reg, slot: u32) -> Reg {
        let reg = self.scratch_int();
        self.buffer
            .load(reg, scope, Scope::SLOTS_OFFSET as i64 + slot as i64 * 8);
        reg
    }

    fn store_slot(&mut self, scope: Reg, slot: u32, value: Reg) {
        self.buffer
            .store(value, scope, Scope::SLOTS_OFFSET as i64 + slot as i64 * 8);
    }

    // ── Slow paths ─────────────────────────────────────────────────────────

    fn fallback_if(&mut self, cond: Cond) {
        self.leave_if(cond);
    }

    fn slow(&mut self) {
        self.join_if(None);
    }

    fn slow_if(&mut self, cond: Cond) {
        self.join_if(Some(cond));
    }

    fn slow_label(&mut self) -> Label {
        self.join_label()
    }

    fn cache_address(&mut self, cache: u32) -> Reg {
        let reg = self.scratch_int();
        let address = std::ptr::from_ref(&self.code.caches[cache as usize]);
        self.buffer.load_literal(reg, address as u64);
        reg
    }

    fn raise_if(&mut self, cond: Cond) {
        Lowering::raise_if(self, cond);
    }

    fn invert(&mut self, cond: Cond) -> Cond {
        arm64::invert(cond)
    }

    // ── Control ────────────────────────────────────────────────────────────

    fn jump(&mut self, target: u32) {
        self.jump_to(target as usize);
    }

    fn jump_back(&mut self, target: u32) {
        self.back_edge(target as usize);
    }

    fn result_register(&mut self) -> Reg {
        arm64::X0
    }

    fn move_result(&mut self, value: Reg) {
        self.buffer.mov(arm64::X0, value);
    }

    fn leave_function(&mut self) {
        Lowering::leave_function(self);
    }

    fn call_self(&mut self, count: u16, result: Node) {
        self.self_call(count, result);
    }

    fn tail_call_self(&mut self, count: u16) {
        self.tail_self_call(count);
    }

    fn short_count(&mut self, count: u16) -> Option<Imm12> {
        Imm12::new(count.into())
    }

    fn tail_count(&mut self, count: u16) -> Option<Imm12> {
        Imm12::new(count.into())
    }

    fn flush_operands(&mut self) {
        self.flush(self.line.stack);
        // The call changes them anyway.
        self.clobber_scratch();
    }

    fn load_callee(&mut self, count: u16) -> Reg {
        let reg = self.scratch_int();
        let offset = self.argument_offset(count, -1);
        self.buffer.load(reg, FRAME, offset);
        reg
    }

    fn load_receiver(&mut self, count: u16) -> Reg {
        let reg = self.scratch_int();
        let offset = self.argument_offset(count, 0);
        self.buffer.load(reg, FRAME, offset);
        reg
    }

    fn store_callee(&mut self, count: u16, method: Reg) {
        let offset = self.argument_offset(count, -1);
        self.buffer.store(method, FRAME, offset);
    }

    fn slow_call(&mut self) -> Label {
        self.slow_call_label()
    }

    fn after(&mut self, slot: u16) -> u16 {
        slot + 1
    }

    fn jump_label(&mut self, target: u32) -> Label {
        self.arrive(target as usize)
    }

    fn step_result(&mut self, element: Reg, target: u32, result: Node) {
        self.finish_step(element, target as usize, result);
    }

    fn call_code(&mut self, entry: Reg, count: u16, result: Node) {
        self.call_entry(entry, count, result);
    }

    fn tail_call_code(&mut self, entry: Reg, count: u16) {
        self.tail_call_entry(entry, count);
    }

    fn call_by_runtime(&mut self, result: Node) {
        self.runtime_call(result);
    }

    fn tail_call_by_runtime(&mut self) {
        self.runtime_tail_call();
    }

    fn run_plain(&mut self) {
        self.plain_by_runtime(Helper::Plain);
    }

    fn branch_plain(&mut self, target: u32) {
        self.branch_by_runtime(target);
    }
}
