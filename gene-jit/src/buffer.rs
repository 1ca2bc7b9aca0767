//! The code buffer: bytes under construction with labels, fixups, veneers and a literal pool.
//!
//! A *fixup* is a place in the code whose distance to a label is not known yet. Some
//! branches do not reach far; when the first pending one is about to lose sight of what
//! follows, [`CodeBuffer::keep_in_reach`] lays down an *island* in the instruction stream
//! with a long branch for it (a *veneer*) and with the literals that are due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;

/// A place in the code, known or to be bound later.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Label(pub u32);

/// How an instruction refers to a label. Implemented by each target.
pub trait LabelUse: Copy {
    /// The farthest distance in bytes, forwards and backwards.
    fn reach(self) -> usize;
    /// Writes the distance from `at` to the label into the instruction at `at`.
    fn patch(self, code: &mut [u8], at: usize, distance: i64);
    /// The use that a long branch makes of its target.
    fn long_branch() -> Self;
    /// A long branch whose distance is still to be patched in.
    fn long_branch_bytes() -> &'static [u8];
}

struct Fixup<U> {
    at: u32,
    label: Label,
    how: U,
    resolved: bool,
}

#[derive(Clone, Default)]
struct LabelState {
    offset: Option<u32>,
    fixups: Vec<u32>,
}

/// Machine code under construction.
pub struct CodeBuffer<U> {
    code: Vec<u8>,
    labels: Vec<LabelState>,
    fixups: Vec<Fixup<U>>,
    /// Fixups with a limited reach by the last offset that they can see.
    deadlines: BinaryHeap<Reverse<(u32, u32)>>,
    /// Literals that no pool holds yet.
    literals: Vec<(u64, Label)>,
    literal_labels: HashMap<u64, Label>,
    /// Where pools of literals are.
    pools: Vec<Range<usize>>,
    /// The first instruction that could not be encoded.
    refused: Option<String>,
}

/// Finished code.
pub struct Finished {
    /// The bytes.
    pub code: Vec<u8>,
    /// Where there are literals instead of instructions.
    pub pools: Vec<Range<usize>>,
    offsets: Vec<Option<u32>>,
}

impl Finished {
    /// Where a label is.
    ///
    /// # Panics
    /// When the label was never bound.
    pub fn offset(&self, label: Label) -> usize {
        self.offsets[label.0 as usize].expect("the label was bound") as usize
    }
}

impl<U: LabelUse> Default for CodeBuffer<U> {
    fn default() -> Self {
        CodeBuffer {
            code: Vec::new(),
            labels: Vec::new(),
            fixups: Vec::new(),
            deadlines: BinaryHeap::new(),
            literals: Vec::new(),
            literal_labels: HashMap::new(),
            pools: Vec::new(),
            refused: None,
        }
    }
}

impl<U: LabelUse> CodeBuffer<U> {
    /// Where the next instruction goes.
    pub fn offset(&self) -> usize {
        self.code.len()
    }

    /// The bytes so far.
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// Appends an instruction.
    pub fn put(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
    }

    /// Notes an instruction whose operands do not suit each other: the code is not to be used.
    pub fn refuse(&mut self, inst: String) {
        self.refused.get_or_insert(inst);
    }

    /// The first instruction that could not be encoded.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// A label without a place.
    pub fn label(&mut self) -> Label {
        self.labels.push(LabelState::default());
        Label(self.labels.len() as u32 - 1)
    }

    /// Has the label a place?
    pub fn is_bound(&self, label: Label) -> bool {
        self.labels[label.0 as usize].offset.is_some()
    }

    /// Puts the label here.
    pub fn bind(&mut self, label: Label) {
        let here = self.offset() as u32;
        let state = &mut self.labels[label.0 as usize];
        debug_assert!(state.offset.is_none(), "a label has one place");
        state.offset = Some(here);
        for index in std::mem::take(&mut state.fixups) {
            self.resolve(index, here);
        }
    }

    /// A label for this place.
    pub fn here(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// Notes that the instruction at `at` refers to the label.
    pub fn use_label(&mut self, at: usize, label: Label, how: U) {
        let index = self.fixups.len() as u32;
        self.fixups.push(Fixup {
            at: at as u32,
            label,
            how,
            resolved: false,
        });
        match self.labels[label.0 as usize].offset {
            Some(offset) if at - offset as usize <= how.reach() => self.resolve(index, offset),
            bound => {
                if bound.is_none() {
                    self.labels[label.0 as usize].fixups.push(index);
                }
                let deadline = (at + how.reach()).min(u32::MAX as usize) as u32;
                self.deadlines.push(Reverse((deadline, index)));
            }
        }
    }

    fn resolve(&mut self, index: u32, offset: u32) {
        let fixup = &mut self.fixups[index as usize];
        if !fixup.resolved {
            fixup.resolved = true;
            let distance = offset as i64 - fixup.at as i64;
            fixup.how.patch(&mut self.code, fixup.at as usize, distance);
        }
    }

    /// The label of a literal; equal literals that are still to be placed share one.
    pub fn literal(&mut self, bits: u64) -> Label {
        if let Some(&label) = self.literal_labels.get(&bits) {
            return label;
        }
        let label = self.label();
        self.literals.push((bits, label));
        self.literal_labels.insert(bits, label);
        label
    }

    /// Limited fixups that wait for their label.
    fn pending(&mut self) -> usize {
        while let Some(&Reverse((_, index))) = self.deadlines.peek() {
            if !self.fixups[index as usize].resolved {
                break;
            }
            self.deadlines.pop();
        }
        self.deadlines.len()
    }

    /// To be called between instructions at least every `room` bytes: keeps every label in reach of its uses.
    pub fn keep_in_reach(&mut self, room: usize) {
        // The island itself takes room: a veneer for each pending fixup, and the literals.
        let island = self.pending() * U::long_branch_bytes().len() + self.literals.len() * 8;
        let Some(&Reverse((deadline, _))) = self.deadlines.peek() else {
            return;
        };
        if self.offset() + room + island + 8 < deadline as usize {
            return;
        }
        let over = self.label();
        self.long_branch(over);
        self.place_literals();
        self.place_veneers(room + island);
        self.bind(over);
    }

    fn long_branch(&mut self, label: Label) {
        let at = self.offset();
        self.put(U::long_branch_bytes());
        self.use_label(at, label, U::long_branch());
    }

    /// Lays down veneers for the fixups that lose sight within `distance`.
    fn place_veneers(&mut self, distance: usize) {
        let horizon = self.offset() + distance + 8;
        while let Some(&Reverse((deadline, index))) = self.deadlines.peek() {
            if deadline as usize > horizon {
                break;
            }
            self.deadlines.pop();
            let Fixup {
                label, resolved, ..
            } = self.fixups[index as usize];
            if !resolved {
                self.resolve(index, self.offset() as u32);
                self.long_branch(label);
            }
        }
    }

    fn place_literals(&mut self) {
        let start = self.offset();
        for (bits, label) in std::mem::take(&mut self.literals) {
            self.bind(label);
            self.put(&bits.to_le_bytes());
        }
        self.literal_labels.clear();
        self.pools.push(start..self.offset());
    }

    /// The finished code, with `prologue` put in front of it, whose start gets the label `entry`.
    pub fn finish(mut self, prologue: &[u8], entry: Label) -> Finished {
        self.place_literals();
        // Long branches reach the entry from everywhere; they are patched below.
        for index in std::mem::take(&mut self.labels[entry.0 as usize].fixups) {
            self.fixups[index as usize].resolved = true;
        }
        // A branch back to a far label may still wait for its veneer.
        self.place_veneers(usize::MAX / 2);
        let shift = prologue.len() as u32;
        let mut code = [prologue, &self.code].concat();
        for fixup in self.fixups.iter().filter(|fixup| fixup.label == entry) {
            let at = fixup.at + shift;
            fixup.how.patch(&mut code, at as usize, -(at as i64));
        }
        let mut offsets: Vec<_> = self
            .labels
            .iter()
            .map(|label| label.offset.map(|offset| offset + shift))
            .collect();
        offsets[entry.0 as usize] = Some(0);
        let shift = shift as usize;
        let pools = self.pools.iter();
        let pools = pools.map(|pool| pool.start + shift..pool.end + shift);
        Finished {
            code,
            pools: pools.collect(),
            offsets,
        }
    }
}
