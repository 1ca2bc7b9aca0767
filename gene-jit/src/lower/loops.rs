//! Loops of the main code: what is expected of variables at the header, and how each way to it sees to that.
//!
//! Nothing is known when a loop is first entered, but everything it needs is known after one round. So the loop is
//! looked through beforehand: a variable that takes part in arithmetic is expected to be a number, of the kind that it
//! is known or was observed to be, and lives in a register in the form that arithmetic uses. Where that turns out
//! wrong, control leaves for the interpreter at the loop's header.

use super::facts::{Fact, Known, Locals};
use super::stubs::Stub;
use super::{Header, Lowering};
use crate::arm64::emit::Saved;
use crate::arm64::{self, Cond, FRAME, FReg, Reg, X16, X17};
use crate::buffer::Label;
use crate::tree::Checked;
use crate::tree::effect::{Effect, effect, written_locals};
use crate::tree::operands::{
    Iteration, Operand as Place, access, checked_type, is_comparison, is_equality, iteration,
    operands,
};
use gene_vm::bytecode::{Instr, Op};
use gene_vm::value::SPECIAL_TAG;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What an operand is while a loop is looked through.
#[derive(Clone, Copy)]
struct Operand {
    fact: Fact,
    /// The variable that it was read from.
    slot: Option<u16>,
}

const UNKNOWN: Operand = Operand {
    fact: Fact::Unknown,
    slot: None,
};

/// What a loop does with variables.
#[derive(Default)]
struct Usage {
    /// How often a variable takes part in arithmetic.
    numeric: BTreeMap<u16, usize>,
    /// Variables that are read other than for arithmetic.
    read: BTreeSet<u16>,
    /// How often elements of a variable are used.
    arrays: BTreeMap<u16, usize>,
    /// How often a variable is looked into as a string.
    strings: BTreeMap<u16, usize>,
    /// Variables with the states of iterations that begin in the loop: nothing is known of them where it begins.
    restarted: BTreeSet<u16>,
    /// Variables that are assigned, and what.
    written: BTreeMap<u16, Fact>,
}

impl Lowering<'_> {
    /// Begins a loop: sees to what it expects, and goes on with that alone.
    pub(super) fn enter_loop_header(&mut self, pc: usize) {
        let expects = self.expectations(pc);
        let label = self.buffer.label();
        // Even if what is known here contradicts what the loop needs, it can still be entered elsewhere.
        self.establish(&expects, pc);
        self.buffer.bind(label);
        self.locals.clone_from(&expects);
        self.headers.insert(pc, Header { label, expects });
    }

    fn expectations(&self, pc: usize) -> Locals {
        let end = self.flow.loop_end(pc).unwrap_or(pc);
        let mut facts: HashMap<u16, Fact> = HashMap::new();
        let mut usage = self.look_through(pc, end, &facts);
        // Start with a guess for each numeric variable, and drop those that the loop makes something else.
        for &slot in usage.numeric.keys() {
            let fact = match self.locals.get(slot).fact {
                Fact::Unknown => self.feedback.variable(pc, slot),
                fact => match self.feedback.at_loop(pc, slot) {
                    Some(found) => fact.meet(found),
                    None => fact,
                },
            };
            facts.insert(slot, fact);
        }
        loop {
            usage = self.look_through(pc, end, &facts);
            let wrong = |(&slot, &fact): (&u16, &Fact)| {
                let expected = facts.get(&slot).copied().unwrap_or_default();
                (expected != Fact::Unknown && fact != Fact::Unknown && fact != expected)
                    .then_some(slot)
            };
            let wrong: Vec<u16> = usage.written.iter().filter_map(wrong).collect();
            if wrong.is_empty() {
                break;
            }
            for slot in wrong {
                facts.insert(slot, Fact::Unknown);
            }
        }
        let mut expects = Locals::default();
        for (slot, known) in self.locals.iter() {
            // What the loop does not change stays known, as far as it is worth a check where the loop is entered.
            let fact = known.fact.lasting();
            if !usage.written.contains_key(&slot) && fact.is_checked_at_loops() {
                expects.get_mut(slot).fact = fact;
            }
        }
        // Objects that are looked into in each round are checked to be objects before.
        for &slot in &usage.read {
            if self.locals.get(slot).fact == Fact::Unknown
                && !usage.written.contains_key(&slot)
                && self.feedback.was_object(pc, slot)
            {
                expects.get_mut(slot).fact = Fact::Object;
            }
        }
        let strings = usage.strings.keys().map(|slot| (slot, Fact::String));
        let arrays = usage.arrays.keys().map(|slot| (slot, Fact::Array));
        for (&slot, kind) in strings.chain(arrays) {
            let is_free = !usage.written.contains_key(&slot) && !usage.numeric.contains_key(&slot);
            let may_be = match self.locals.get(slot).fact {
                Fact::Unknown | Fact::Object => self.feedback.may_be(kind, pc, slot),
                fact => fact.implies(kind),
            };
            if is_free && may_be {
                facts.insert(slot, kind);
            }
        }
        let mut by_use: Vec<_> = usage
            .numeric
            .iter()
            .chain(&usage.arrays)
            .chain(&usage.strings)
            .filter(|(slot, _)| facts.contains_key(slot))
            .map(|(&slot, &count)| (count, slot))
            .collect();
        by_use.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut ints: BTreeSet<u8> = arm64::KEPT.iter().copied().collect();
        let mut floats: BTreeSet<u8> = arm64::FLOAT_KEPT.iter().copied().collect();
        // Registers that variables of this loop have already stay theirs.
        let kept = |slot: u16, fact: Fact| {
            let known = self.locals.get(slot);
            let int = |reg: Option<Reg>| reg.map(Reg::number).filter(|n| self.ints.is_kept(*n));
            match fact {
                Fact::SmallInt => int(known.high),
                Fact::Array | Fact::String => int(known.address),
                _ => known
                    .double
                    .map(FReg::number)
                    .filter(|n| self.floats.is_kept(*n)),
            }
        };
        for &(_, slot) in &by_use {
            let fact = facts[&slot];
            if let Some(number) = kept(slot, fact) {
                if fact == Fact::Float {
                    floats.remove(&number)
                } else {
                    ints.remove(&number)
                };
            }
        }
        for &(_, slot) in &by_use {
            let fact = facts[&slot];
            let known = expects.get_mut(slot);
            match fact {
                Fact::SmallInt => {
                    known.fact = fact;
                    known.high = kept(slot, fact).or_else(|| ints.pop_first()).map(Reg::new);
                }
                Fact::Array | Fact::String => {
                    known.fact = fact;
                    known.address = kept(slot, fact).or_else(|| ints.pop_first()).map(Reg::new);
                }
                Fact::Float => {
                    known.fact = fact;
                    known.double = kept(slot, fact)
                        .or_else(|| floats.pop_first())
                        .map(FReg::new);
                }
                _ => {}
            }
        }
        expects
    }

    /// Runs through the instructions of a loop in order, as if jumps were not there.
    fn look_through(&self, pc: usize, end: usize, facts: &HashMap<u16, Fact>) -> Usage {
        let mut usage = Usage::default();
        let mut facts = facts.clone();
        let mut stack: Vec<Operand> = Vec::new();
        for at in pc..=end {
            let Some(depth) = self.flow.depth(at) else {
                continue;
            };
            if self.flow.is_leader(at) {
                stack.clear();
            }
            stack.resize(depth, UNKNOWN);
            let instr = self.code.instrs[at];
            let Some(places) = operands(instr) else {
                if let Some(of) = self.checks_inline(at) {
                    let slot = stack.pop().and_then(|operand| operand.slot);
                    let fact = Fact::of_type(of);
                    stack.push(Operand { fact, slot });
                } else if instr.op == Op::IterNext && !self.feedback.is_varied(at) {
                    let element = self.look_at_step(at, &mut facts, &mut usage);
                    stack.push(element);
                } else {
                    self.look_at_other(instr, &mut stack, &mut facts, &mut usage);
                }
                continue;
            };
            let operands = places.map(|place| match place {
                Place::Stack(depth) => {
                    let operand = stack.iter().rev().nth(depth);
                    operand.copied().unwrap_or(UNKNOWN)
                }
                Place::Local(slot) => Operand {
                    fact: self.fact_in(&facts, slot),
                    slot: Some(slot),
                },
                Place::Int(_) => Operand {
                    fact: Fact::SmallInt,
                    slot: None,
                },
            });
            let Effect { pops, pushes, .. } = effect(self.code, instr);
            stack.truncate(stack.len().saturating_sub(pops as usize));
            if !is_equality(instr.op) {
                for slot in operands.iter().filter_map(|operand| operand.slot) {
                    *usage.numeric.entry(slot).or_default() += 1;
                }
            }
            let float = |(i, operand): (usize, &Operand)| {
                operand.fact == Fact::Float
                    || operand.fact == Fact::Unknown
                        && self.feedback.operand(at, i) == Some(Fact::Float)
            };
            let fact = if self.feedback.is_varied(at) {
                Fact::Unknown
            } else if instr.op == Op::Div || operands.iter().enumerate().any(float) {
                Fact::Float
            } else {
                Fact::SmallInt
            };
            match instr.op {
                Op::IncLocal | Op::DecLocal | Op::AddToLocal => {
                    usage.write(&mut facts, instr.b, fact);
                }
                _ if pushes > 0 => stack.push(Operand {
                    fact: if is_comparison(instr.op) {
                        Fact::Bool
                    } else {
                        fact
                    },
                    slot: None,
                }),
                _ => {}
            }
        }
        let Usage {
            numeric, restarted, ..
        } = &mut usage;
        numeric.retain(|slot, _| !restarted.contains(slot));
        usage
    }

    /// The type that the instruction at `at` checks its operand against inline.
    fn checks_inline(&self, at: usize) -> Option<Checked> {
        let of = checked_type(self.code, self.code.instrs[at])?;
        (!self.feedback.is_varied(at)).then_some(of)
    }

    /// A step of an iteration, whose state lies in variables.
    fn look_at_step(
        &self,
        at: usize,
        facts: &mut HashMap<u16, Fact>,
        usage: &mut Usage,
    ) -> Operand {
        let source = self.code.instrs[at].b;
        *usage.numeric.entry(source + 1).or_default() += 2;
        usage.write(facts, source + 1, Fact::SmallInt);
        match iteration(self.code, at) {
            Iteration::Range => {
                *usage.numeric.entry(source).or_default() += 1;
                Operand {
                    fact: Fact::SmallInt,
                    slot: None,
                }
            }
            Iteration::Array => {
                *usage.arrays.entry(source).or_default() += 1;
                UNKNOWN
            }
        }
    }

    /// What a variable is while a loop is looked through.
    fn fact_in(&self, facts: &HashMap<u16, Fact>, slot: u16) -> Fact {
        let fact = facts.get(&slot).copied();
        fact.unwrap_or(self.locals.get(slot).fact)
    }

    fn look_at_other(
        &self,
        instr: Instr,
        stack: &mut Vec<Operand>,
        facts: &mut HashMap<u16, Fact>,
        usage: &mut Usage,
    ) {
        match instr.op {
            Op::GetLocal => {
                usage.read.insert(instr.b);
                stack.push(Operand {
                    fact: self.fact_in(facts, instr.b),
                    slot: Some(instr.b),
                });
            }
            Op::Int => stack.push(Operand {
                fact: Fact::SmallInt,
                slot: None,
            }),
            Op::Const => {
                let fact = Fact::of(self.code.constants[instr.c as usize]);
                stack.push(Operand { fact, slot: None });
            }
            Op::SetLocal | Op::TeeLocal => {
                let fact = stack.last().map_or(Fact::Unknown, |operand| operand.fact);
                usage.write(facts, instr.b, fact);
                if instr.op == Op::SetLocal {
                    stack.pop();
                }
            }
            _ => {
                if let Some(access) = access(self.code, instr) {
                    let at = |depth: usize| stack.iter().rev().nth(depth)?.slot;
                    let objects = match access.kind {
                        Checked::String => &mut usage.strings,
                        _ => &mut usage.arrays,
                    };
                    if let Some(slot) = at(access.of) {
                        *objects.entry(slot).or_default() += 1;
                    }
                    if let Some(slot) = access.key.and_then(at) {
                        *usage.numeric.entry(slot).or_default() += 1;
                    }
                }
                let effect = effect(self.code, instr);
                stack.truncate(stack.len().saturating_sub(effect.pops as usize));
                stack.extend((0..effect.pushes).map(|_| UNKNOWN));
                for slot in written_locals(instr) {
                    usage.write(facts, slot, Fact::Unknown);
                    if instr.op == Op::IterStart {
                        usage.restarted.insert(slot);
                    }
                }
            }
        }
    }

    /// Brings the variables into the state that a loop expects, or leaves. False if that is the only way.
    fn establish(&mut self, expects: &Locals, pc: usize) -> bool {
        let contradicts = |(slot, expected): (u16, Known)| {
            let known = self.locals.get(slot);
            !known.fact.implies(expected.fact) && !expected.fact.implies(known.fact)
        };
        if expects.iter().any(contradicts) {
            let leave = self.leave_at(pc);
            self.buffer.branch(leave);
            return false;
        }
        let (mut ints, mut floats) = (0u32, 0u32);
        for (slot, expected) in expects.iter() {
            let known = self.locals.get(slot);
            if let Some(reg) = expected.high {
                if known.high != Some(reg) {
                    let from = known.high.filter(|from| ints & 1 << from.number() == 0);
                    self.establish_high(slot, known, from, reg, pc);
                    ints |= 1 << reg.number();
                }
                self.ints.kept_used |= 1 << reg.number();
            } else if let Some(reg) = expected.double {
                if known.double != Some(reg) {
                    let from = known.double.filter(|from| floats & 1 << from.number() == 0);
                    self.establish_double(slot, known, from, reg, pc);
                    floats |= 1 << reg.number();
                }
                self.floats.kept_used |= 1 << reg.number();
            } else if let Some(reg) = expected.address {
                if known.address != Some(reg) {
                    let from = known.address;
                    let from = from.filter(|from| ints & 1 << from.number() == 0);
                    self.establish_address(slot, known, from, reg, expected.fact, pc);
                    ints |= 1 << reg.number();
                }
                self.ints.kept_used |= 1 << reg.number();
            } else if !known.fact.implies(expected.fact) {
                self.check_fact(slot, expected.fact, pc);
            }
        }
        true
    }

    fn establish_high(&mut self, slot: u16, known: Known, from: Option<Reg>, to: Reg, pc: usize) {
        if let Some(from) = from {
            return self.buffer.mov(to, from);
        }
        self.buffer.load(to, FRAME, slot as i64 * 8);
        if known.fact != Fact::SmallInt {
            let leave = self.leave_at(pc);
            self.buffer.compare(to, arm64::SMALL_INT_TAG);
            self.buffer.branch_if(Cond::Lo, leave);
        }
        self.buffer.unbox_small_int(to, to);
    }

    fn establish_double(
        &mut self,
        slot: u16,
        known: Known,
        from: Option<FReg>,
        to: FReg,
        pc: usize,
    ) {
        if let Some(from) = from {
            return self.buffer.fmov(to, from);
        }
        if known.fact != Fact::Float {
            self.check_fact(slot, Fact::Float, pc);
        }
        self.buffer.load_double(to, FRAME, slot as i64 * 8);
    }

    fn establish_address(
        &mut self,
        slot: u16,
        known: Known,
        from: Option<Reg>,
        to: Reg,
        fact: Fact,
        pc: usize,
    ) {
        match from {
            Some(from) => self.buffer.mov(to, from),
            None => {
                self.buffer.load(to, FRAME, slot as i64 * 8);
                self.buffer.strip_pointer(to, to);
            }
        }
        if !known.fact.implies(fact) {
            let leave = self.leave_at(pc);
            if !known.fact.is_object() {
                self.leave_unless_object(to, leave);
            }
            self.leave_unless_kind(to, fact, leave);
        }
    }

    /// Goes to a label unless the word, made of any value, is an address.
    fn leave_unless_object(&mut self, word: Reg, leave: Label) {
        self.buffer.shift_out_address(X17, word);
        self.buffer.branch_if_not_zero(X17, leave);
    }

    /// Goes to a label unless the object at an address is of the kind that a fact tells, if it tells one.
    fn leave_unless_kind(&mut self, address: Reg, fact: Fact, leave: Label) {
        if let Some(kind) = fact.kind() {
            self.buffer.compare_kind(address, kind);
            self.buffer.branch_if(Cond::Ne, leave);
        }
    }

    /// Where control leaves because a loop, or the first instruction, does not find what it expects.
    pub(super) fn leave_at(&mut self, pc: usize) -> Label {
        if let Some(&label) = self.loop_exits.get(&pc) {
            return label;
        }
        let label = self.buffer.label();
        self.loop_exits.insert(pc, label);
        self.slow.stubs.push(Stub::LeaveAt { label, pc });
        label
    }

    /// Leaves unless a variable in memory is what is expected.
    fn check_fact(&mut self, slot: u16, fact: Fact, pc: usize) {
        let leave = self.leave_at(pc);
        self.buffer.load(X16, FRAME, slot as i64 * 8);
        match fact {
            Fact::SmallInt => {
                self.buffer.compare(X16, arm64::SMALL_INT_TAG);
                self.buffer.branch_if(Cond::Lo, leave);
            }
            Fact::Float => {
                self.buffer.constant(X17, SPECIAL_TAG);
                self.buffer.compare(X16, X17);
                self.buffer.branch_if(Cond::Hs, leave);
            }
            _ => {
                debug_assert!(fact.is_object(), "nothing else is expected of loops");
                self.buffer.strip_pointer(X16, X16);
                self.leave_unless_object(X16, leave);
                self.leave_unless_kind(X16, fact, leave);
            }
        }
    }

    /// Brings a back edge to its header; `None` if it can only leave, which it then does.
    pub(super) fn establish_header(&mut self, pc: usize) -> Option<Label> {
        let header = &self.headers[&pc];
        let (label, expects) = (header.label, header.expects.clone());
        self.establish(&expects, pc).then_some(label)
    }

    /// Code that enters each loop with all values in their home slots.
    pub(super) fn loop_entries(&mut self, saved: &Saved) -> HashMap<usize, Label> {
        let mut entries = HashMap::new();
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(&pc, header)| (pc, header.label))
            .collect();
        headers.sort_by_key(|&(pc, _)| pc);
        for (pc, header) in headers {
            let label = self.buffer.label();
            self.buffer.bind(label);
            self.buffer.enter_frame(saved);
            self.locals.clear();
            let expects = self.headers[&pc].expects.clone();
            if self.establish(&expects, pc) {
                self.buffer.branch(header);
            }
            entries.insert(pc, label);
        }
        self.emit_stubs();
        entries
    }
}

impl Usage {
    fn write(&mut self, facts: &mut HashMap<u16, Fact>, slot: u16, fact: Fact) {
        let written = self.written.entry(slot).or_insert(fact);
        *written = written.meet(fact);
        facts.insert(slot, fact);
    }
}
