//! Deferred stores: in a loop that runs no other code, the numbers that it changes live in registers alone.
//!
//! Their home slots are out of date as long as control is in the loop; each way out of it stores them first: exits,
//! slow paths, the runtime's functions. What is out of date in a slot is a number, so the collector may see it.
//!
//! Which variables can be deferred is decided before the loop is lowered. Where that turns out wrong, the body is compiled
//! again without deferred stores.

use super::facts::{Fact, Known};
use super::stubs::Stub;
use super::{Lowering, SLOT};
use crate::arm64::{FRAME, FReg, Reg, X16};
use crate::buffer::Label;
use crate::tree::Node;
use crate::tree::effect::is_inline;
use gene_vm::bytecode::Op;

/// Where a deferred variable lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A small int, its payload in the upper 48 bits.
    High(Reg),
    /// A float.
    Double(FReg),
    /// What is assigned a float in the loop, and may be anything where that begins: a word.
    Word(FReg),
}

impl Place {
    fn holds(self, known: Known) -> bool {
        match self {
            Place::High(reg) => known.high == Some(reg),
            Place::Double(reg) | Place::Word(reg) => known.double == Some(reg),
        }
    }

    /// What is known of a variable that lives here.
    pub fn known(self) -> Known {
        match self {
            Place::High(reg) => Known {
                fact: Fact::SmallInt,
                high: Some(reg),
                ..Known::default()
            },
            Place::Double(reg) => Known {
                fact: Fact::Float,
                double: Some(reg),
                ..Known::default()
            },
            Place::Word(reg) => Known {
                double: Some(reg),
                ..Known::default()
            },
        }
    }

    /// What is known of a variable that lives here and has just been assigned.
    pub fn assigned(self) -> Known {
        match self {
            Place::Word(reg) => Place::Double(reg).known(),
            place => place.known(),
        }
    }
}

/// A loop with deferred variables.
pub struct Region {
    /// The last instruction.
    end: usize,
    variables: Vec<(u16, Place)>,
}

/// The loops with deferred variables.
#[derive(Default)]
pub struct Regions {
    all: Vec<Region>,
    /// The one that the code at hand lies in.
    current: Option<usize>,
}

impl Regions {
    /// The loop that the code at hand lies in.
    pub fn current(&self) -> Option<usize> {
        self.current
    }

    /// Where the variables of the loop at hand live.
    pub fn variables(&self) -> &[(u16, Place)] {
        self.current.map_or(&[], |index| &self.all[index].variables)
    }

    /// Where a variable lives, if its stores are deferred.
    pub fn place(&self, slot: u16) -> Option<Place> {
        let mut variables = self.variables().iter();
        variables.find_map(|&(of, place)| (of == slot).then_some(place))
    }

    /// Does a jump from the code at hand to `target` leave the loop?
    fn is_left_for(&self, target: usize) -> bool {
        self.current
            .is_some_and(|index| target > self.all[index].end)
    }
}

impl Lowering<'_> {
    /// Does the loop from `pc` to `end` run no other code?
    pub(super) fn is_quiet(&self, pc: usize, end: usize) -> bool {
        (pc..=end).all(|pc| {
            let instr = self.code.instrs[pc];
            let is_reached = self.flow.depth(pc).is_some();
            let is_quiet = instr.op == Op::Throw || is_inline(self.code, instr);
            !is_reached || is_quiet && !self.feedback.is_varied(pc)
        })
    }

    /// Can the loop from `pc` to `end` defer stores?
    pub(super) fn can_defer(&self, pc: usize, end: usize) -> bool {
        self.defers
            && self.regions.current.is_none()
            && self.is_quiet(pc, end)
            && !(pc..=end).any(|pc| self.flow.is_handler(pc))
    }

    /// Begins a loop with deferred variables.
    pub(super) fn begin_region(&mut self, end: usize, variables: Vec<(u16, Place)>) {
        if variables.is_empty() {
            return;
        }
        for &(_, place) in &variables {
            match place {
                Place::High(reg) => self.ints.pin(reg.number()),
                Place::Double(reg) | Place::Word(reg) => self.floats.pin(reg.number()),
            }
        }
        self.regions.current = Some(self.regions.all.len());
        self.regions.all.push(Region { end, variables });
    }

    /// Goes on at a block: behind the loop, nothing is deferred any more.
    pub(super) fn enter_region_at(&mut self, pc: usize) {
        if self.regions.is_left_for(pc) {
            self.leave_regions();
        }
        let is_held = |&(slot, place): &(u16, Place)| place.holds(self.locals.get(slot));
        if !self.regions.variables().iter().all(is_held) {
            self.defers = false;
        }
    }

    /// Goes on where nothing is deferred.
    pub(super) fn leave_regions(&mut self) {
        self.regions.current = None;
        self.ints.unpin();
        self.floats.unpin();
    }

    /// Stores the deferred variables; the registers keep them.
    pub(super) fn store_deferred(&mut self, region: Option<usize>) {
        let Some(region) = region else { return };
        for index in 0..self.regions.all[region].variables.len() {
            let (slot, place) = self.regions.all[region].variables[index];
            let offset = slot as i64 * SLOT;
            match place {
                Place::High(reg) => {
                    self.buffer.box_small_int(X16, reg);
                    self.buffer.store(X16, FRAME, offset);
                }
                Place::Double(reg) | Place::Word(reg) => {
                    self.buffer.store_double(reg, FRAME, offset);
                }
            }
        }
    }

    /// Stores the deferred variables before other code runs or the loop is left.
    pub(super) fn sync(&mut self) {
        self.store_deferred(self.regions.current);
    }

    /// Stores the deferred variables if a jump leaves the loop.
    pub(super) fn sync_for(&mut self, target: usize) {
        if self.regions.is_left_for(target) {
            self.sync();
        }
    }

    /// The label for a conditional jump: where it leaves the loop, that of code which stores the deferred variables.
    pub(super) fn exit_label(&mut self, target: usize, label: Label) -> Label {
        if !self.regions.is_left_for(target) {
            return label;
        }
        let exit = self.buffer.label();
        self.slow.stubs.push(Stub::Exit {
            label: exit,
            region: self.regions.current,
            target: label,
        });
        exit
    }

    /// Gives a pending read of a deferred variable, which is about to be changed, a register of its own.
    pub(super) fn copy_deferred(&mut self, slot: u16, place: Place) -> Known {
        let copy = match place {
            Place::High(from) => {
                let reg = self.scratch_int();
                self.buffer.mov(reg, from);
                Place::High(reg).known()
            }
            Place::Double(from) | Place::Word(from) => {
                let reg = self.scratch_float();
                self.buffer.fmov(reg, from);
                Place::Word(reg).known()
            }
        };
        Known {
            fact: self.locals.get(slot).fact,
            ..copy
        }
    }

    /// Before a variable is assigned: if it is deferred, is the value known to be of its kind?
    pub(super) fn check_assignment(&mut self, slot: u16, value: Node) {
        let place = self.regions.place(slot);
        if place.is_some_and(|place| self.known(value).fact != place.assigned().fact) {
            self.defers = false;
        }
    }

    /// A deferred variable has become what a node is, in the variable's register.
    pub(super) fn assign_in_place(&mut self, slot: u16, value: Node) {
        let Some(place) = self.regions.place(slot) else {
            return;
        };
        let known = self.known_mut(value);
        if place.holds(*known) {
            (known.high, known.double) = (None, None);
        }
        let known = place.assigned();
        self.forget_local(slot);
        *self.locals.get_mut(slot) = known;
        self.own_local(slot, known);
    }
}
