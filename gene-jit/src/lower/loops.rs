//! Loops of the main code: what is expected of variables at the header, and how each way to it sees to that.
//!
//! Nothing is known when a loop is first entered, but everything it needs is known after one round. So the loop is
//! looked through beforehand: a variable that takes part in arithmetic is expected to be a number, of the kind that it
//! is known or was observed to be, and lives in a register in the form that arithmetic uses. Where that turns out
//! wrong, control leaves for the interpreter at the loop's header.

use super::facts::{Fact, Known, Locals, Word};
use super::stubs::Stub;
use super::usage::Usage;
use super::{Header, Lowering, SLOT, STATEMENT_ROOM, deferred};
use crate::arm64::emit::Saved;
use crate::arm64::{self, Cond, FRAME, FReg, Reg, X16, X17};
use crate::buffer::Label;
use rustc_hash::FxHashMap;

impl Lowering<'_> {
    /// Begins a loop: sees to what it expects, and goes on with that alone.
    pub(super) fn enter_loop_header(&mut self, pc: usize) {
        let (expects, deferred) = self.expectations(pc);
        let label = self.buffer.label();
        // Even if what is known here contradicts what the loop needs, it can still be entered elsewhere.
        self.establish(&expects, pc);
        self.buffer.bind(label);
        self.locals.clone_from(&expects);
        self.begin_region(self.flow.loop_end(pc).unwrap_or(pc), deferred);
        self.headers.insert(pc, Header { label, expects });
    }

    /// What the loop from `pc` on expects, and where it defers the stores of which variables.
    fn expectations(&mut self, pc: usize) -> (Locals, Vec<(u16, deferred::Place)>) {
        let end = self.flow.loop_end(pc).unwrap_or(pc);
        let mut usage = Usage::default();
        if !self.look(pc, end, &mut usage) {
            return (self.deferred_by_outer(), Vec::new());
        }
        // Start with a guess for each numeric variable, and drop those that the loop makes something else.
        for (slot, variable) in usage.each() {
            if variable.numeric > 0 {
                variable.guess = Some(match self.locals.get(slot).fact {
                    Fact::Unknown => self.feedback.variable(pc, slot),
                    fact => match self.feedback.at_loop(pc, slot) {
                        Some(found) => fact.meet(found),
                        None => fact,
                    },
                });
            }
        }
        loop {
            if !self.look(pc, end, &mut usage) {
                return (self.deferred_by_outer(), Vec::new());
            }
            let mut is_right = true;
            for (_, variable) in usage.each() {
                if variable.contradicts_guess() {
                    variable.guess = Some(Fact::Unknown);
                    is_right = false;
                }
            }
            if is_right {
                break;
            }
        }
        let mut expects = Locals::default();
        for (slot, known) in self.locals.iter() {
            // What the loop does not change stays known, as far as it is worth a check where the loop is entered.
            let fact = known.fact.lasting();
            if !usage.writes(slot) && fact.is_checked_at_loops() {
                expects.get_mut(slot).fact = fact;
            }
        }
        let mut by_use = Vec::new();
        for (slot, variable) in usage.each() {
            let fact = self.locals.get(slot).fact;
            let is_written = variable.written.is_some();
            // Objects that are looked into in each round are checked to be objects before.
            let is_object = || self.feedback.was_object(pc, slot);
            if variable.object && !is_written && fact == Fact::Unknown && is_object() {
                expects.get_mut(slot).fact = Fact::Object;
            }
            let objects = [
                (variable.strings, Fact::String),
                (variable.callees, Fact::Function),
                (variable.arrays, Fact::Array),
            ];
            for (count, kind) in objects {
                let is_free = !is_written && variable.numeric == 0;
                let may_be = || match fact {
                    Fact::Unknown | Fact::Object => self.feedback.may_be(kind, pc, slot),
                    fact => fact.implies(kind),
                };
                if count > 0 && is_free && may_be() {
                    variable.guess = Some(kind);
                }
            }
            if let Some(guess) = variable.guess {
                let counts = [
                    variable.numeric,
                    variable.arrays,
                    variable.strings,
                    variable.callees,
                ];
                let counts = counts.into_iter().filter(|&count| count > 0);
                by_use.extend(counts.map(|count| (count, slot, guess)));
            }
        }
        by_use.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut ints = Pool::of(arm64::KEPT);
        let mut floats = Pool::of(arm64::FLOAT_KEPT);
        // What an outer loop defers stays where it is.
        for &(slot, place) in self.regions.variables() {
            *expects.get_mut(slot) = self.known_in_place(slot, place);
            match place {
                deferred::Place::High(reg) => ints.remove(reg.number()),
                deferred::Place::Double(reg) | deferred::Place::Word(reg) => {
                    floats.remove(reg.number());
                }
            };
        }
        by_use.retain(|&(_, slot, _)| self.regions.place(slot).is_none());
        // Registers that variables of this loop have already stay theirs.
        let kept = |slot: u16, fact: Fact| {
            let known = self.locals.get(slot);
            let int = |reg: Option<Reg>| reg.map(Reg::number).filter(|n| self.ints.is_kept(*n));
            match fact {
                Fact::SmallInt => int(known.high),
                Fact::Array | Fact::String | Fact::Function => int(known.address),
                _ => known
                    .double
                    .map(FReg::number)
                    .filter(|n| self.floats.is_kept(*n)),
            }
        };
        for &(_, slot, fact) in &by_use {
            if let Some(number) = kept(slot, fact) {
                if fact == Fact::Float {
                    floats.remove(number);
                } else {
                    ints.remove(number);
                }
            }
        }
        for &(_, slot, fact) in &by_use {
            let known = expects.get_mut(slot);
            match fact {
                Fact::SmallInt => {
                    known.fact = fact;
                    known.high = kept(slot, fact).or_else(|| ints.pop()).map(Reg::new);
                }
                Fact::Array | Fact::String | Fact::Function => {
                    known.fact = fact;
                    known.address = kept(slot, fact).or_else(|| ints.pop()).map(Reg::new);
                }
                Fact::Float => {
                    known.fact = fact;
                    known.double = kept(slot, fact).or_else(|| floats.pop()).map(FReg::new);
                }
                _ => {}
            }
        }
        self.expect_words(&mut expects, &usage, ints);
        expects.names_hold = usage.names && self.is_quiet(pc, end);
        let deferred = match self.can_defer(pc, end) {
            true => {
                for (slot, variable) in usage.each() {
                    let is_number = variable.guess.is_some_and(|guess| guess.is_number());
                    if variable.written == Some(Fact::Float) && !is_number {
                        expects.get_mut(slot).double = floats.pop().map(FReg::new);
                    }
                }
                deferrable(&expects, &mut usage)
            }
            false => Vec::new(),
        };
        (expects, deferred)
    }

    /// Looks through a loop, unless that has been done too often.
    fn look(&mut self, pc: usize, end: usize, usage: &mut Usage) -> bool {
        let left = self.patience.checked_sub(end - pc);
        self.patience = left.unwrap_or(0);
        if left.is_some() {
            self.look_through(pc, end, usage);
        }
        left.is_some()
    }

    /// Gives the words that a loop uses registers that are left.
    fn expect_words(&self, expects: &mut Locals, usage: &Usage, mut registers: Pool) {
        // A literal is made by one instruction.
        let is_worth_it = |&&(word, count): &&(Word, u32)| match word {
            Word::Literal(_) => count > 1,
            Word::Scope(_) => true,
        };
        let mut words: Vec<_> = usage.words.iter().filter(is_worth_it).collect();
        words.sort_by_key(|(word, count)| match word {
            Word::Literal(_) => std::cmp::Reverse((0, *count)),
            Word::Scope(_) => std::cmp::Reverse((1, *count)),
        });
        for &(word, _) in words {
            let held = self.locals.word(word).map(Reg::number);
            let held = held.filter(|&number| registers.has(number));
            let Some(number) = held.or_else(|| registers.pop()) else {
                break;
            };
            registers.remove(number);
            expects.hold_word(word, Reg::new(number), |_| true);
        }
    }

    /// What a loop expects that is not looked through.
    fn deferred_by_outer(&self) -> Locals {
        let mut expects = Locals::default();
        for &(slot, place) in self.regions.variables() {
            *expects.get_mut(slot) = self.known_in_place(slot, place);
        }
        expects
    }

    /// What a loop expects of a variable that an outer loop defers.
    fn known_in_place(&self, slot: u16, place: deferred::Place) -> Known {
        match place {
            deferred::Place::Word(_) => Known {
                // All that it is assigned are floats.
                fact: self.locals.get(slot).fact.as_number(),
                ..place.known()
            },
            _ => place.known(),
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
                if known.double != Some(reg) || !known.fact.implies(expected.fact) {
                    let from = known.double.filter(|from| floats & 1 << from.number() == 0);
                    self.establish_word(slot, known, from, reg, expected.fact, pc);
                    floats |= 1 << reg.number();
                }
                self.floats.kept_used |= 1 << reg.number();
            } else if let Some(reg) = expected.address {
                if known.address != Some(reg) || !known.fact.implies(expected.fact) {
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
        for &(word, reg) in expects.words() {
            if self.locals.word(word) != Some(reg) {
                self.make_word(reg, word);
            }
            self.ints.kept_used |= 1 << reg.number();
        }
        if expects.names_hold && !self.locals.names_hold {
            self.check_names_at(pc);
        }
        true
    }

    fn establish_high(&mut self, slot: u16, known: Known, from: Option<Reg>, to: Reg, pc: usize) {
        if let Some(from) = from {
            return self.buffer.mov(to, from);
        }
        self.buffer.load(to, FRAME, slot as i64 * SLOT);
        if known.fact != Fact::SmallInt {
            let leave = self.leave_at(pc);
            self.buffer.compare(to, arm64::SMALL_INT_TAG);
            self.buffer.branch_if(Cond::Lo, leave);
        }
        self.buffer.unbox_small_int(to, to);
    }

    fn establish_word(
        &mut self,
        slot: u16,
        known: Known,
        from: Option<FReg>,
        to: FReg,
        fact: Fact,
        pc: usize,
    ) {
        match from {
            // A register may hold what is no float.
            Some(from) => {
                self.buffer.fmov(to, from);
                if !known.fact.implies(fact) {
                    self.buffer.box_double(X16, to);
                    self.check_word(fact, pc);
                }
            }
            None => {
                if !known.fact.implies(fact) {
                    self.check_fact(slot, fact, pc);
                }
                self.buffer.load_double(to, FRAME, slot as i64 * SLOT);
            }
        }
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
                self.buffer.load(to, FRAME, slot as i64 * SLOT);
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
        let region = self.regions.current();
        if let Some(&label) = self.loop_exits.get(&(pc, region)) {
            return label;
        }
        let label = self.buffer.label();
        self.loop_exits.insert((pc, region), label);
        self.slow.stubs.push(Stub::LeaveAt { label, pc, region });
        label
    }

    /// Leaves unless a variable in memory is what is expected.
    fn check_fact(&mut self, slot: u16, fact: Fact, pc: usize) {
        self.buffer.load(X16, FRAME, slot as i64 * SLOT);
        self.check_word(fact, pc);
    }

    /// Leaves unless the value in `x16` is what is expected.
    fn check_word(&mut self, fact: Fact, pc: usize) {
        let leave = self.leave_at(pc);
        match fact {
            Fact::SmallInt => {
                self.buffer.compare(X16, arm64::SMALL_INT_TAG);
                self.buffer.branch_if(Cond::Lo, leave);
            }
            Fact::Float => {
                self.buffer.compare(X16, arm64::SINGLETON_TAG);
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
    pub(super) fn loop_entries(&mut self, saved: &Saved) -> FxHashMap<usize, Label> {
        let mut entries = FxHashMap::default();
        self.leave_regions();
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(&pc, header)| (pc, header.label))
            .collect();
        headers.sort_by_key(|&(pc, _)| pc);
        for (pc, header) in headers {
            self.buffer.keep_in_reach(STATEMENT_ROOM);
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

/// The variables in registers that a loop assigns nothing but numbers of their kind.
fn deferrable(expects: &Locals, usage: &mut Usage) -> Vec<(u16, deferred::Place)> {
    let variables = usage.each().filter_map(|(slot, variable)| {
        let known = expects.get(slot);
        let place = match known {
            Known {
                high: Some(reg), ..
            } => deferred::Place::High(reg),
            Known {
                double: Some(reg),
                fact: Fact::Float,
                ..
            } => deferred::Place::Double(reg),
            Known {
                double: Some(reg), ..
            } => deferred::Place::Word(reg),
            _ => return None,
        };
        let written = variable.written?;
        (written == place.assigned().fact).then_some((slot, place))
    });
    variables.collect()
}

/// Registers that no variable has yet: a bit for each number.
struct Pool(u32);

impl Pool {
    fn of(numbers: &[u8]) -> Pool {
        Pool(numbers.iter().fold(0, |set, number| set | 1 << number))
    }

    fn remove(&mut self, number: u8) {
        self.0 &= !(1 << number);
    }

    fn has(&self, number: u8) -> bool {
        self.0 & 1 << number != 0
    }

    /// Takes the first one.
    fn pop(&mut self) -> Option<u8> {
        let number = self.0.trailing_zeros() as u8;
        self.0 &= self.0.wrapping_sub(1);
        (number < 32).then_some(number)
    }
}
