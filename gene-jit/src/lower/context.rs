//! What the rules ask of the lowering: the trait that is generated from their declarations.

use super::deferred::Place;
use super::facts::{Fact, Word};
use super::registers::{Form, Owner};
use super::{Fired, Lowering, SLOT};
use crate::arm64::isle::{
    Amount64, Cold, Context, Imm12, Inst, LeftShift64, Offset8, Pair4, Pair8,
};
use crate::arm64::{self, Cond, FRAME, FReg, Reg, RuleId};
use crate::buffer::Label;
use crate::runtime::Helper;
use crate::thunks::SharedCode;
use crate::tree::{Checked, Node, Op};
use gene_vm::code::{Found, Way};
use gene_vm::compile::SideEntry;
use gene_vm::heap::{Header, Kind};
use gene_vm::object::{Array, Instance, NativeFn, Scope};
use gene_vm::value::{self, TAG_SHIFT, Value};
use gene_vm::vm::Vm;

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

impl Lowering<'_> {
    /// Has a call's cache met objects of a built-in kind only?
    fn has_met(&self, cache: u32, kind: Kind) -> Option<()> {
        let way = self.code.caches[cache as usize].sole()?;
        (way.key() == Header::word(kind, 0)).then_some(())
    }

    /// What the instruction at hand may rely on: its cache has seen one shape only.
    fn sole_way(&self, cache: u32) -> Option<&Way> {
        let way = self.code.caches[cache as usize].sole();
        way.filter(|_| !self.feedback.is_varied(self.current.pc()))
    }
}

impl Lowering<'_> {
    /// Where the instruction at hand may rely on finding a member of a namespace or class.
    fn expected_holder(&self, cache: u32) -> Option<Found> {
        let found = self.code.caches[cache as usize].sole_holder();
        found.filter(|_| !self.feedback.is_varied(self.current.pc()))
    }

    pub(super) fn load_constant(&mut self, to: Reg, bits: u64) {
        if Value::from_bits(bits).is_object() {
            self.buffer.load_literal(to, bits);
        } else {
            self.buffer.value(to, bits);
        }
    }
}

/// The list of cells for objects of so many bytes.
fn cells_of(size: usize) -> Offset8 {
    Offset8::new(Vm::free_cells_offset(size) as u32).expect("the heap begins near the VM")
}

/// For how many fields there is room where no class has been met yet.
const UNKNOWN_FIELDS: usize = 3;

/// The high form of a small int.
fn high(i: i64) -> u64 {
    (i << (64 - TAG_SHIFT)) as u64
}

impl Context for Lowering<'_> {
    fn rule_fired(&mut self, rule: RuleId) {
        self.notes.rules.push(Fired {
            offset: self.offset(),
            pc: self.current.pc() as u32,
            rule,
        });
    }

    #[inline(always)]
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

    fn node_below(&mut self, node: Node) -> Option<Node> {
        let known = self.known(node);
        (known.fact == Fact::SmallInt && known.below).then_some(node)
    }

    fn node_float(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::Float)
    }

    fn node_number(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, Fact::is_number)
    }

    fn node_varied(&mut self, node: Node) -> Option<Node> {
        let is_varied = self.feedback.is_varied(self.current.pc());
        self.if_fact(node, |fact| is_varied && fact == Fact::Unknown)
    }

    fn node_sure_number(&mut self, node: Node) -> Option<Node> {
        self.node_number(node).or_else(|| self.node_varied(node))
    }

    fn mixed(&mut self, x: Node, y: Node) -> Option<()> {
        let facts = [x, y].map(|node| self.known(node).fact);
        let is_mixed = self.feedback.is_varied(self.current.pc())
            && facts.contains(&Fact::Unknown)
            && facts
                .iter()
                .all(|fact| matches!(fact, Fact::Unknown | Fact::SmallInt));
        is_mixed.then_some(())
    }

    fn wide(&mut self, x: Node, y: Node) -> Option<()> {
        let may_be_int = |node| matches!(self.known(node).fact, Fact::Unknown | Fact::SmallInt);
        let is_wide =
            self.feedback.is_wide(self.current.pc()) && [x, y].into_iter().all(may_be_int);
        is_wide.then_some(())
    }

    fn node_likely_float(&mut self, node: Node) -> Option<Node> {
        (self.likely(node) == Fact::Float).then_some(node)
    }

    fn node_found_object(&mut self, node: Node) -> Option<Node> {
        self.likely(node).is_object().then_some(node)
    }

    fn nonzero_literal(&mut self, node: Node) -> Option<()> {
        self.literal_int(node).filter(|&i| i != 0).map(|_| ())
    }

    fn shift_left(&mut self, node: Node) -> Option<(LeftShift64, Amount64)> {
        let amount = self.literal_int(node).filter(|by| (1..48).contains(by))? as u8;
        Some((LeftShift64::new(amount)?, Amount64::new(amount)?))
    }

    fn shift_right(&mut self, node: Node) -> Option<Amount64> {
        let amount = self.literal_int(node).filter(|by| (0..48).contains(by))? as u8;
        Amount64::new(amount + 16)
    }

    fn float_of(&mut self, i: i64) -> u64 {
        (i as f64).to_bits()
    }

    fn node_no_bits(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::Other || fact.is_object())
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
        self.if_fact(node, |fact| {
            matches!(fact, Fact::Bool | Fact::Other) || fact.is_object()
        })
    }

    fn held_boxed(&mut self, node: Node) -> Option<Reg> {
        let reg = self.known(node).boxed;
        self.touched(reg)
    }

    fn held_high(&mut self, node: Node) -> Option<Reg> {
        let reg = self.known(node).high;
        self.touched(reg)
    }

    fn held_word(&mut self, node: Node) -> Option<FReg> {
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

    fn word_register(&mut self, node: Node) -> FReg {
        self.word_register_for(node)
    }

    fn learn_small_int(&mut self, node: Node) {
        self.learn(node, Fact::SmallInt);
    }

    fn learn_float(&mut self, node: Node) {
        self.learn(node, Fact::Float);
    }

    fn learn_type(&mut self, node: Node, of: Checked) {
        self.learn(node, Fact::of_type(of));
    }

    fn nothing(&mut self) {}

    fn node_object(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, Fact::is_object)
    }

    fn held_address(&mut self, node: Node) -> Option<Reg> {
        let known = self.known(node);
        self.touched(known.address.filter(|_| known.fact.is_object()))
    }

    fn address_register(&mut self, node: Node) -> Reg {
        self.register_for(node, Form::Address)
    }

    fn held_items(&mut self, node: Node) -> Option<Reg> {
        let reg = self.known(node).items;
        self.touched(reg)
    }

    fn items_register(&mut self, node: Node) -> Reg {
        match self.variable(node) {
            Some(_) => self.register_for(node, Form::Items),
            None => self.scratch_int(),
        }
    }

    fn held_index(&mut self, node: Node) -> Option<Reg> {
        let reg = self.known(node).index;
        self.touched(reg)
    }

    fn index_register(&mut self, node: Node) -> Reg {
        self.register_for(node, Form::Index)
    }

    fn in_range(&mut self, of: Node, index: Node) -> Option<()> {
        let (of, index) = (self.subject(of), self.subject(index));
        self.ranges.contains(of, index).then_some(())
    }

    fn learn_in_range(&mut self, of: Node, index: Node) {
        let (of, index) = (self.subject(of), self.subject(index));
        self.ranges.insert(of, index);
    }

    fn forget_ranges(&mut self) {
        self.ranges.clear();
    }

    fn node_array(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, Fact::is_array)
    }

    fn node_open_array(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::OpenArray)
    }

    fn learn_open_array(&mut self, node: Node) {
        self.learn(node, Fact::OpenArray);
    }

    fn node_string(&mut self, node: Node) -> Option<Node> {
        self.if_fact(node, |fact| fact == Fact::String)
    }

    fn node_likely_string(&mut self, node: Node) -> Option<Node> {
        (self.likely(node) == Fact::String).then_some(node)
    }

    fn learn_string(&mut self, node: Node) {
        self.learn(node, Fact::String);
    }

    fn learn_array(&mut self, node: Node) {
        self.learn(node, Fact::Array);
    }

    fn learn_object(&mut self, node: Node) {
        self.learn(node, Fact::Object);
    }

    fn has_shape(&mut self, node: Node, word: u64) -> Option<()> {
        (self.known(node).fact == Fact::Instance(word)).then_some(())
    }

    fn learn_shape(&mut self, node: Node, word: u64) {
        self.learn(node, Fact::Instance(word));
    }

    fn change_shape(&mut self, node: Node, word: u64) {
        // It may be the same object as others.
        self.forget_shapes();
        self.learn(node, Fact::Instance(word));
    }

    fn literal_word(&mut self, word: u64) -> Reg {
        self.word(Word::Literal(word))
    }

    fn seen(&mut self, cache: u32) -> Option<u64> {
        let way = self.sole_way(cache)?;
        (!way.grows()).then(|| way.key())
    }

    fn seen_growing(&mut self, cache: u32) -> Option<u64> {
        self.growing_way(cache, self.current.pc()).map(Way::key)
    }

    fn seen_slot(&mut self, cache: u32) -> u32 {
        self.code.caches[cache as usize].latest().slot() as u32
    }

    fn short_slot(&mut self, cache: u32) -> Option<Imm12> {
        let slot = self.seen_slot(cache);
        // More may be added at once.
        Imm12::new(slot.into()).filter(|_| slot < 4000)
    }

    fn room_is_known(&mut self) -> Option<()> {
        self.growth.continues.then_some(())
    }

    fn grows_on(&mut self) -> Option<()> {
        (self.growth.left > 0).then_some(())
    }

    fn last_new_slot(&mut self, slot: Imm12) -> Imm12 {
        Imm12::new(slot.value() + self.growth.left).expect("few fields are added at once")
    }

    fn fields_then(&mut self, cache: u32) -> u64 {
        u64::from(self.seen_slot(cache)) + 1
    }

    fn next_shape(&mut self, cache: u32) -> u64 {
        let shape = self.code.caches[cache as usize].latest().next_shape();
        shape.map_or(0, |shape| shape.address())
    }

    fn next_word(&mut self, cache: u32) -> u64 {
        let shape = self.code.caches[cache as usize].latest().next_shape();
        shape.map_or(0, |shape| shape.header_word())
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

    fn zero(&mut self) -> Reg {
        arm64::ZERO
    }

    fn other_temporary(&mut self) -> Reg {
        arm64::X17
    }

    fn fresh_double(&mut self) -> FReg {
        self.scratch_float()
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
        self.free_result(true)
    }

    fn sure_result(&mut self) -> Reg {
        self.free_result(false)
    }

    fn double_result(&mut self) -> FReg {
        self.free_double_result(true)
    }

    fn sure_double_result(&mut self) -> FReg {
        self.free_double_result(false)
    }

    fn constant(&mut self, bits: u64) -> Reg {
        match bits {
            value::SPECIAL_TAG => arm64::SINGLETON_TAG,
            value::SMALL_INT_TAG => arm64::SMALL_INT_TAG,
            _ => {
                let reg = self.scratch_int();
                self.load_constant(reg, bits);
                reg
            }
        }
    }

    fn cells_of_array(&mut self, room: u64) -> Offset8 {
        cells_of(Array::SIZE + room as usize * size_of::<Value>())
    }

    fn room_for_fields(&mut self, cache: u32) -> Option<u64> {
        // In larger frames the arguments lie too far for one instruction to store them.
        let is_near = self.code.frame_beyond_slack() == 0;
        let fields = self.code.caches[cache as usize].fields_expected();
        let room = Instance::room_in_cell(fields.unwrap_or(UNKNOWN_FIELDS))?;
        is_near.then_some(room as u64)
    }

    fn cells_of_instance(&mut self, room: u64) -> Offset8 {
        cells_of(Instance::SIZE + room as usize * size_of::<Value>())
    }

    fn settle_arguments(&mut self, count: u16) {
        self.settle_new(count);
    }

    fn instance_register(&mut self) -> Reg {
        match self.ints.owner(arm64::RECEIVER.number()) {
            // The class's or an argument's.
            Owner::Node(..) => self.scratch_int(),
            _ => self.claim(arm64::RECEIVER),
        }
    }

    fn place_instance(&mut self, instance: Reg, constructor: Reg, count: u16) {
        self.place_new(instance, constructor, count);
    }

    fn prototype_address(&mut self, prototype: u32) -> u64 {
        let SideEntry::Prototype(prototype) = self.code.side[prototype as usize] else {
            unreachable!("the side entry of a closure is a prototype")
        };
        prototype.address()
    }

    fn cells_of_scope(&mut self, slots: u16) -> Offset8 {
        cells_of(Scope::SLOTS_OFFSET + slots as usize * size_of::<Value>())
    }

    fn scope_header(&mut self, slots: u16) -> u64 {
        Header::word(Kind::Scope, slots.into())
    }

    fn fill_scope(&mut self, scope: Reg, slots: u16, value: Reg) {
        self.fill_slots_of(scope, slots, value);
    }

    fn hold_scope(&mut self, slot: u16, scope: Reg) {
        self.hold_scope_in(slot, scope);
    }

    fn held_scope(&mut self, slot: u16) -> Option<Reg> {
        let address = self.locals.get(slot).address;
        self.touched(address)
    }

    fn room_for(&mut self, count: u16) -> u64 {
        count.into()
    }

    fn store_elements(&mut self, array: Reg, count: u16) {
        self.store_elements_at(array, count);
    }

    fn word_of(&mut self, i: i64) -> u64 {
        i as u64
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

    fn load_node_word(&mut self, node: Node) -> FReg {
        let reg = self.word_register_for(node);
        let offset = self.home_offset(node);
        self.buffer.load_double(reg, FRAME, offset);
        reg
    }

    fn word_wanted(&mut self) -> Option<()> {
        self.current.is_word_wanted().then_some(())
    }

    fn load_local(&mut self, slot: u16) -> Reg {
        let reg = self.scratch_int();
        self.buffer.load(reg, FRAME, slot as i64 * SLOT);
        reg
    }

    fn load_local_to(&mut self, to: Reg, slot: u16) {
        self.buffer.load(to, FRAME, slot as i64 * SLOT);
    }

    fn store_local(&mut self, slot: u16, value: Reg) {
        self.buffer.store(value, FRAME, slot as i64 * SLOT);
    }

    fn store_double_local(&mut self, slot: u16, value: FReg) {
        self.buffer.store_double(value, FRAME, slot as i64 * SLOT);
    }

    fn deferred_high(&mut self, slot: u16) -> Option<Reg> {
        match self.regions.place(slot)? {
            Place::High(reg) => Some(reg),
            Place::Double(_) | Place::Word(_) => None,
        }
    }

    fn deferred_double(&mut self, slot: u16) -> Option<FReg> {
        match self.regions.place(slot)? {
            Place::Double(reg) | Place::Word(reg) => Some(reg),
            Place::High(_) => None,
        }
    }

    fn move_to(&mut self, to: Reg, from: Reg) {
        self.buffer.mov(to, from);
    }

    fn move_double_to(&mut self, to: FReg, from: FReg) {
        self.buffer.fmov(to, from);
    }

    fn assign_deferred(&mut self, slot: u16, value: Node) {
        self.assign_in_place(slot, value);
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

    fn load_pair(&mut self, first: Reg, second: Reg, base: Reg, offset: Pair8) {
        self.buffer.inst(Inst::Ldp {
            rt: first,
            rt2: second,
            rn: base,
            offset,
        });
    }

    fn scope_above(&mut self, depth: u16) -> Reg {
        self.word(Word::Scope(depth))
    }

    fn load_slot(&mut self, scope: Reg, slot: u32) -> Reg {
        let reg = self.scratch_int();
        self.buffer
            .load(reg, scope, Scope::SLOTS_OFFSET as i64 + slot as i64 * SLOT);
        reg
    }

    fn store_slot(&mut self, scope: Reg, slot: u32, value: Reg) {
        self.buffer.store(
            value,
            scope,
            Scope::SLOTS_OFFSET as i64 + slot as i64 * SLOT,
        );
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

    fn fallback_label(&mut self) -> Label {
        self.leave_label()
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

    fn names_hold(&mut self) -> Option<()> {
        self.locals.names_hold.then_some(())
    }

    fn names_epoch(&mut self) -> u64 {
        self.epoch()
    }

    fn rely_on_names(&mut self) {
        if let Some(namespace) = self.code.inner_namespace() {
            self.compare_namespace(namespace);
            self.leave_if(Cond::Ne);
        }
        self.locals.names_hold = true;
    }

    fn cell_of(&mut self, cache: u32) -> Reg {
        let cell = self.code.caches[cache as usize].found.get();
        self.word(Word::Literal(cell.map_or(0, |found| found.cell.address())))
    }

    fn found_in(&mut self, cache: u32) -> Option<u64> {
        self.expected_holder(cache).map(|found| found.from.bits())
    }

    fn assigned_in(&mut self, cache: u32) -> Option<u64> {
        let found = self.expected_holder(cache)?;
        found.is_variable.then(|| found.from.bits())
    }

    fn is_same(&mut self, node: Node, object: u64) -> Option<()> {
        let is_literal = self.op(node) == Op::Const { bits: object };
        (is_literal || self.known(node).fact == Fact::Same(object)).then_some(())
    }

    fn learn_same(&mut self, node: Node, object: u64) {
        self.learn(node, Fact::Same(object));
    }

    fn enter_natives(&mut self, cache: u32) {
        self.code.caches[cache as usize].enter_natives();
    }

    fn met_ints(&mut self, cache: u32) -> Option<()> {
        self.has_met(cache, Kind::Int)
    }

    fn met_strings(&mut self, cache: u32) -> Option<()> {
        self.has_met(cache, Kind::Str)
    }

    fn met_natives(&mut self, cache: u32) -> Option<()> {
        let method = self.code.caches[cache as usize].sole()?.method();
        method.get::<NativeFn>().map(|_| ())
    }

    fn meets_many(&mut self, cache: u32) -> Option<()> {
        self.code.caches[cache as usize].meets_many().then_some(())
    }

    fn held_function(&mut self, count: u16) -> Option<Reg> {
        let (_, callee) = self.block.operands(self.line.stack).nth(count.into())?;
        let known = self.known(callee);
        let is_kept = |reg: &Reg| self.ints.is_kept(reg.number());
        known
            .address
            .filter(is_kept)
            .filter(|_| known.fact == Fact::Function)
    }

    fn short_count(&mut self, count: u16) -> Option<u16> {
        Imm12::new(count.into()).map(|_| count)
    }

    fn count_imm(&mut self, count: u16) -> Imm12 {
        Imm12::new(count.into()).expect("it was tested")
    }

    fn return_from_code(&mut self, entry: Reg, count: u16) {
        self.return_from_entry(entry, count);
    }

    fn call_native(&mut self, count: u16, result: Node) {
        self.native_call(count, result);
    }

    fn jump(&mut self, target: u32) {
        self.jump_to(target as usize);
    }

    fn jump_back(&mut self, target: u32) {
        self.back_edge(target as usize);
    }

    fn result_register(&mut self) -> Reg {
        arm64::X0
    }

    fn load_result(&mut self, value: Node) {
        let offset = self.home_offset(value);
        self.buffer.load(arm64::X0, FRAME, offset);
    }

    fn result_constant(&mut self, bits: u64) {
        self.load_constant(arm64::X0, bits);
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

    fn spill_arguments(&mut self, count: u16) {
        let callee = self.line.stack.depth as usize - count as usize - 1;
        self.flush_where(self.line.stack, |index| index != callee);
    }

    fn flush_operands(&mut self) {
        self.flush(self.line.stack);
        // The call changes them anyway.
        self.clobber_scratch();
    }

    fn flushed_callee(&mut self, count: u16) -> Reg {
        self.flush(self.line.stack);
        let callee = self.block.operands(self.line.stack).nth(count.into());
        let held = callee.and_then(|(_, callee)| self.known(callee).boxed);
        self.clobber_scratch();
        match held.filter(|reg| !self.ints.is_kept(reg.number())) {
            Some(reg) => self.claim(reg),
            None => self.load_callee(count),
        }
    }

    fn load_callee(&mut self, count: u16) -> Reg {
        let reg = self.scratch_int();
        let offset = self.argument_offset(count, -1);
        self.buffer.load(reg, FRAME, offset);
        reg
    }

    fn receiver_register(&mut self) -> Reg {
        self.claim(arm64::RECEIVER)
    }

    fn meets_some(&mut self, cache: u32) -> Option<()> {
        self.code.caches[cache as usize].is_varied().then_some(())
    }

    fn crowded(&mut self, cache: u32) -> Option<()> {
        self.code.caches[cache as usize].is_crowded().then_some(())
    }

    fn met_maps(&mut self, cache: u32) -> Option<()> {
        self.code.caches[cache as usize].met_maps().then_some(())
    }

    fn out_of_line(&mut self, label: Label, cold: &Cold) {
        self.emit_later(label, cold.clone());
    }

    fn load_pair_w(&mut self, first: Reg, second: Reg, base: Reg, offset: Pair4) {
        self.buffer.inst(Inst::LdpW {
            rt: first,
            rt2: second,
            rn: base,
            offset,
        });
    }

    fn new_label(&mut self) -> Label {
        self.buffer.label()
    }

    fn bind(&mut self, label: Label) {
        self.buffer.bind(label);
    }

    fn call_shared(&mut self, code: SharedCode) {
        Lowering::call_shared(self, code);
    }

    fn entry_by_runtime(&mut self, callee: Reg, count: u16) -> Reg {
        self.buffer.mov(arm64::X0, callee);
        self.buffer.constant(arm64::X1, count.into());
        self.run_at_hand(Helper::EntryFor)
    }

    fn run_branch(&mut self) -> Reg {
        self.run_at_hand(Helper::Branch)
    }

    fn load_pushed_to(&mut self, to: Reg) {
        let offset = self.operand_offset(self.current.stack().depth.into());
        self.buffer.load(to, FRAME, offset);
    }

    fn load_word(&mut self, base: Reg, index: u32) -> Reg {
        let reg = self.scratch_int();
        self.buffer.load(reg, base, index as i64 * SLOT);
        reg
    }

    fn store_word(&mut self, base: Reg, index: u32, value: Reg) {
        self.buffer.store(value, base, index as i64 * SLOT);
    }

    fn load_double(&mut self, base: Reg, index: u32) -> FReg {
        let reg = self.scratch_float();
        self.buffer.load_double(reg, base, index as i64 * SLOT);
        reg
    }

    fn store_double(&mut self, base: Reg, index: u32, value: FReg) {
        self.buffer.store_double(value, base, index as i64 * SLOT);
    }

    fn store_callee(&mut self, count: u16, method: Reg) {
        let offset = self.argument_offset(count, -1);
        self.buffer.store(method, FRAME, offset);
    }

    fn slow_call(&mut self) -> Label {
        self.slow_call_label()
    }

    fn rounds_of(&mut self, slots: u16) -> u16 {
        slots + 3
    }

    fn after(&mut self, slot: u16) -> u16 {
        slot + 1
    }

    fn jump_label(&mut self, target: u32) -> Label {
        self.arrive(target as usize)
    }

    fn step_result(&mut self, element: Reg, result: Node) {
        self.finish_step(element, result);
    }

    fn call_code(&mut self, entry: Reg, count: u16, result: Node) {
        self.call_entry(entry, count, result);
    }

    fn tail_call_code(&mut self, entry: Reg, count: u16) {
        self.tail_call_entry(entry, count);
    }

    fn running_function(&mut self) -> Reg {
        let reg = self.scratch_int();
        self.buffer.load(reg, FRAME, -SLOT);
        reg
    }

    fn construct(&mut self, entry: Reg, count: u16, result: Node) {
        self.call_constructor(entry, count, result);
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
