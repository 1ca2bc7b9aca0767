//! The code buffer: bytes under construction with labels, fixups, veneers and a literal pool.
//!
//! A *fixup* is a place in the code whose distance to a label is not known yet. Some
//! branches do not reach far; when the first pending one is about to lose sight of what
//! follows, [`CodeBuffer::keep_in_reach`] lays down an *island* in the instruction stream
//! with a long branch for it (a *veneer*) and with the literals that are due.

use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::num::NonZeroU32;
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

#[derive(Clone, Copy)]
struct Fixup<U> {
    at: u32,
    label: Label,
    how: U,
    /// The former fixup that waits for the same label.
    former: Option<FixupIndex>,
    resolved: bool,
}

/// The index of a fixup, plus one so that an option of it takes no more room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FixupIndex(NonZeroU32);

#[derive(Clone, Copy)]
enum LabelState {
    /// It has a place.
    Bound(u32),
    /// The last fixup that waits for it.
    Awaited(Option<FixupIndex>),
}

/// The fixups with the same reach, first come, first due.
struct Due {
    reach: usize,
    fixups: VecDeque<FixupIndex>,
}

/// Machine code under construction.
pub struct CodeBuffer<U> {
    code: Vec<u8>,
    labels: Vec<LabelState>,
    fixups: Vec<Fixup<U>>,
    /// Fixups without a place to go to yet.
    unresolved: usize,
    /// Fixups that may need a veneer, and an offset that they all reach.
    due: Vec<Due>,
    deadline: usize,
    /// Literals that no pool holds yet.
    literals: Vec<(u64, Label)>,
    literal_labels: FxHashMap<u64, Label>,
    /// Where pools of literals are.
    pools: Vec<Range<usize>>,
    /// The first instruction that could not be encoded.
    refused: Option<String>,
}

/// Finished code.
pub struct Finished<'a> {
    /// The bytes.
    pub code: Vec<u8>,
    /// Where there are literals instead of instructions.
    pub pools: Vec<Range<usize>>,
    /// How far the code has moved for its prologue.
    shift: usize,
    entry: Label,
    labels: &'a [LabelState],
}

impl Finished<'_> {
    /// Where a label is.
    ///
    /// # Panics
    /// When the label was never bound.
    pub fn offset(&self, label: Label) -> usize {
        match self.labels[label.0 as usize] {
            _ if label == self.entry => 0,
            LabelState::Bound(offset) => offset as usize + self.shift,
            LabelState::Awaited(_) => panic!("the label was not bound"),
        }
    }
}

impl<U> Default for CodeBuffer<U> {
    fn default() -> Self {
        CodeBuffer {
            code: Vec::new(),
            labels: Vec::new(),
            fixups: Vec::new(),
            unresolved: 0,
            due: Vec::new(),
            deadline: usize::MAX,
            literals: Vec::new(),
            literal_labels: FxHashMap::default(),
            pools: Vec::new(),
            refused: None,
        }
    }
}

impl<U: LabelUse> CodeBuffer<U> {
    /// Makes the buffer ready for other code.
    pub fn clear(&mut self) {
        self.code.clear();
        self.labels.clear();
        self.fixups.clear();
        self.unresolved = 0;
        for due in &mut self.due {
            due.fixups.clear();
        }
        self.deadline = usize::MAX;
        self.literals.clear();
        self.literal_labels.clear();
        self.pools.clear();
        self.refused = None;
    }

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
        self.labels.push(LabelState::Awaited(None));
        Label(self.labels.len() as u32 - 1)
    }

    /// Has the label a place?
    pub fn is_bound(&self, label: Label) -> bool {
        matches!(self.labels[label.0 as usize], LabelState::Bound(_))
    }

    /// Puts the label here.
    pub fn bind(&mut self, label: Label) {
        let here = self.offset() as u32;
        let state = &mut self.labels[label.0 as usize];
        let LabelState::Awaited(mut waiting) = std::mem::replace(state, LabelState::Bound(here))
        else {
            unreachable!("a label has one place");
        };
        while let Some(index) = waiting {
            self.resolve(index, here);
            waiting = self.fixup(index).former;
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
        let former = match self.labels[label.0 as usize] {
            LabelState::Bound(offset) if at - offset as usize <= how.reach() => {
                how.patch(&mut self.code, at, offset as i64 - at as i64);
                return;
            }
            LabelState::Bound(_) => None,
            LabelState::Awaited(former) => former,
        };
        self.fixups.push(Fixup {
            at: at as u32,
            label,
            how,
            former,
            resolved: false,
        });
        let index = FixupIndex::last_of(self.fixups.len());
        if let LabelState::Awaited(last) = &mut self.labels[label.0 as usize] {
            *last = Some(index);
        }
        self.unresolved += 1;
        let reach = how.reach();
        self.deadline = self.deadline.min(at + reach);
        match self.due.iter_mut().find(|due| due.reach == reach) {
            Some(due) => due.fixups.push_back(index),
            None => self.due.push(Due {
                reach,
                fixups: VecDeque::from([index]),
            }),
        }
    }

    fn fixup(&self, index: FixupIndex) -> &Fixup<U> {
        &self.fixups[index.get()]
    }

    fn resolve(&mut self, index: FixupIndex, offset: u32) {
        let fixup = &mut self.fixups[index.get()];
        if !fixup.resolved {
            fixup.resolved = true;
            self.unresolved -= 1;
            let distance = offset as i64 - fixup.at as i64;
            fixup.how.patch(&mut self.code, fixup.at as usize, distance);
        }
    }

    /// The fixup that loses sight of its label first, after which offset, and its place in `due`.
    fn first_due(&self) -> Option<(usize, FixupIndex, usize)> {
        let first = |(queue, due): (usize, &Due)| {
            let index = *due.fixups.front()?;
            Some((self.fixup(index).at as usize + due.reach, index, queue))
        };
        self.due.iter().enumerate().filter_map(first).min()
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

    /// To be called between instructions at least every `room` bytes: keeps every label in reach of its uses.
    pub fn keep_in_reach(&mut self, room: usize) {
        if self.offset() + self.ahead(room) < self.deadline {
            return;
        }
        self.deadline = loop {
            match self.first_due() {
                Some((_, index, queue)) if self.fixup(index).resolved => {
                    self.due[queue].fixups.pop_front();
                }
                first => break first.map_or(usize::MAX, |(deadline, ..)| deadline),
            }
        };
        let ahead = self.ahead(room);
        if self.offset() + ahead >= self.deadline {
            let over = self.label();
            self.long_branch(over);
            self.place_literals();
            self.place_veneers(self.offset() + ahead);
            self.bind(over);
        }
    }

    /// How far `room` bytes of code would go with an island behind: a veneer for each pending fixup, and the literals.
    fn ahead(&self, room: usize) -> usize {
        let pending: usize = self.due.iter().map(|due| due.fixups.len()).sum();
        let island = pending * U::long_branch_bytes().len() + self.literals.len() * 8;
        room + island + 8
    }

    fn long_branch(&mut self, label: Label) {
        let at = self.offset();
        self.put(U::long_branch_bytes());
        self.use_label(at, label, U::long_branch());
    }

    /// Lays down veneers for the fixups that do not see beyond `horizon`.
    fn place_veneers(&mut self, horizon: usize) {
        while let Some((deadline, index, queue)) = self.first_due() {
            if deadline > horizon {
                break;
            }
            self.due[queue].fixups.pop_front();
            let Fixup {
                label, resolved, ..
            } = *self.fixup(index);
            if !resolved {
                self.resolve(index, self.offset() as u32);
                self.long_branch(label);
            }
        }
    }

    fn place_literals(&mut self) {
        let start = self.offset();
        let mut literals = std::mem::take(&mut self.literals);
        for (bits, label) in literals.drain(..) {
            self.bind(label);
            self.put(&bits.to_le_bytes());
        }
        self.literals = literals;
        self.literal_labels.clear();
        self.pools.push(start..self.offset());
    }

    /// The finished code, with `prologue` put in front of it, whose start gets the label `entry`.
    pub fn finish(&mut self, prologue: &[u8], entry: Label) -> Finished<'_> {
        self.place_literals();
        // Long branches reach the entry from everywhere; they are patched below.
        let mut calls = Vec::new();
        if let LabelState::Awaited(mut waiting) = self.labels[entry.0 as usize] {
            while let Some(index) = waiting {
                let fixup = &mut self.fixups[index.get()];
                if !fixup.resolved {
                    fixup.resolved = true;
                    self.unresolved -= 1;
                }
                calls.push(*fixup);
                waiting = fixup.former;
            }
        }
        // A branch back to a far label may still wait for its veneer.
        if self.unresolved > 0 {
            self.place_veneers(usize::MAX);
        }
        let shift = prologue.len();
        let mut code = [prologue, &self.code].concat();
        for fixup in calls {
            let at = fixup.at as usize + shift;
            fixup.how.patch(&mut code, at, -(at as i64));
        }
        let pools = self.pools.iter();
        let pools = pools.map(|pool| pool.start + shift..pool.end + shift);
        Finished {
            code,
            pools: pools.collect(),
            shift,
            entry,
            labels: &self.labels,
        }
    }
}

impl FixupIndex {
    /// The last one of so many.
    fn last_of(count: usize) -> FixupIndex {
        FixupIndex(NonZeroU32::new(count as u32).expect("there is one"))
    }

    fn get(self) -> usize {
        self.0.get() as usize - 1
    }
}
