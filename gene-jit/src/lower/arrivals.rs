//! The instructions that control comes to later on, with what is known there.

use super::facts::Locals;
use crate::buffer::Label;

/// How control comes to an instruction.
struct Arrival {
    label: Label,
    locals: Locals,
}

/// The ways to instructions whose code is still to be made.
#[derive(Default)]
pub struct Arrivals {
    /// For each instruction the index of its arrival, or `NONE`.
    by_pc: Vec<u32>,
    arrivals: Vec<Arrival>,
    /// Arrivals that are not in use.
    free: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Arrivals {
    /// Makes room for a body with `count` instructions, where control comes nowhere.
    pub fn clear(&mut self, count: usize) {
        self.by_pc.clear();
        self.by_pc.resize(count, NONE);
        self.free.clear();
        self.free.extend(0..self.arrivals.len() as u32);
    }

    /// Notes that control comes to `pc` with what is known of `locals`, and answers where; `label` makes a new label.
    pub fn note(&mut self, pc: usize, locals: &Locals, label: impl FnOnce() -> Label) -> Label {
        let index = self.by_pc[pc];
        if let Some(arrival) = self.arrivals.get_mut(index as usize) {
            arrival.locals.meet(locals);
            return arrival.label;
        }
        let label = label();
        match self.free.pop() {
            Some(index) => {
                let arrival = &mut self.arrivals[index as usize];
                arrival.label = label;
                arrival.locals.clone_from(locals);
                self.by_pc[pc] = index;
            }
            None => {
                self.by_pc[pc] = self.arrivals.len() as u32;
                let locals = locals.clone();
                self.arrivals.push(Arrival { label, locals });
            }
        }
        label
    }

    /// The next instruction from `pc` on that control comes to.
    pub fn next(&self, pc: usize) -> Option<usize> {
        let rest = self.by_pc[pc..].iter();
        Some(pc + rest.copied().position(|index| index != NONE)?)
    }

    /// Takes the arrival at `pc`: its label, and what is known goes to `locals`. `None` if there is none.
    pub fn take(&mut self, pc: usize, locals: &mut Locals) -> Option<Label> {
        let index = std::mem::replace(&mut self.by_pc[pc], NONE);
        let arrival = self.arrivals.get_mut(index as usize)?;
        std::mem::swap(&mut arrival.locals, locals);
        self.free.push(index);
        Some(arrival.label)
    }
}
