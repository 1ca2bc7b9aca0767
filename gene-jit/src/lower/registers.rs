//! Who owns which register of a register file.

/// A form that a register holds a value in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// The value as it is.
    Boxed,
    /// A small int, shifted to the top of the word.
    High,
    /// An unboxed float.
    Double,
    /// The address of a heap object.
    Address,
}

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// Nothing.
    Free,
    /// A value that the rule at work uses.
    Rule,
    /// A local variable. It is in memory, too, so the register may be taken away.
    Local(u16, Form),
    /// A node.
    Node(crate::tree::Node, Form),
}

/// A register file.
pub struct Registers {
    owners: [Owner; 32],
    /// When each register was last handed to a rule.
    used: [u32; 32],
    /// Now.
    clock: u32,
    /// Registers that calls may change.
    scratch: &'static [u8],
    /// Registers that calls keep.
    kept: &'static [u8],
    /// Kept registers that the code uses at all.
    pub kept_used: u32,
}

impl Registers {
    /// A register file with its pools.
    pub fn new(scratch: &'static [u8], kept: &'static [u8]) -> Registers {
        Registers {
            owners: [Owner::Free; 32],
            used: [0; 32],
            clock: 1,
            scratch,
            kept,
            kept_used: 0,
        }
    }

    /// Forgets all owners.
    pub fn clear(&mut self) {
        self.owners = [Owner::Free; 32];
    }

    /// Begins a new rule: what earlier rules used is free or may be taken away again.
    pub fn tick(&mut self) {
        self.clock += 1;
        for owner in &mut self.owners {
            if *owner == Owner::Rule {
                *owner = Owner::Free;
            }
        }
    }

    /// Who owns a register?
    pub fn owner(&self, number: u8) -> Owner {
        self.owners[number as usize]
    }

    /// Gives a register to an owner.
    pub fn give(&mut self, number: u8, owner: Owner) {
        self.owners[number as usize] = owner;
        self.touch(number);
    }

    /// Keeps a register from being taken away while the current rule is at work.
    pub fn touch(&mut self, number: u8) {
        self.used[number as usize] = self.clock;
    }

    /// Frees a register.
    pub fn free(&mut self, number: u8) {
        self.owners[number as usize] = Owner::Free;
    }

    /// Does a call keep the register?
    pub fn is_kept(&self, number: u8) -> bool {
        self.kept.contains(&number)
    }

    /// Registers that calls may change, with their owners.
    pub fn scratch(&self) -> impl Iterator<Item = (u8, Owner)> + '_ {
        self.scratch
            .iter()
            .map(|&number| (number, self.owner(number)))
    }

    /// Registers that code run on a slow path leaves without what the current rule has put there, with their owners: those
    /// that calls may change, and those that the rule has used.
    pub fn volatile(&self) -> impl Iterator<Item = (u8, Owner)> + '_ {
        let used = |number: &&u8| self.used[**number as usize] == self.clock;
        self.scratch
            .iter()
            .chain(self.kept.iter().filter(used))
            .map(|&number| (number, self.owner(number)))
    }

    /// A register to be handed out: a free one, or one that caches a local variable. The caller must tell the
    /// owner. `None` if the pool is exhausted.
    pub fn take(&mut self, keep: bool) -> Option<(u8, Owner)> {
        let pool = if keep { self.kept } else { self.scratch };
        let mut best = None;
        for &number in pool {
            match self.owner(number) {
                Owner::Free => {
                    best = Some((0, number));
                    break;
                }
                Owner::Local(..) => {
                    let used = self.used[number as usize];
                    if used < self.clock && best.is_none_or(|(oldest, _)| used < oldest) {
                        best = Some((used, number));
                    }
                }
                Owner::Rule | Owner::Node(..) => {}
            }
        }
        let (_, best) = best?;
        if keep {
            self.kept_used |= 1 << best;
        }
        Some((best, self.owner(best)))
    }

    /// The node-owned scratch register that was used longest ago, if more than `most` are owned by nodes.
    pub fn crowded(&self, most: usize) -> Option<u8> {
        let (mut count, mut oldest) = (0, None);
        for &number in self.scratch {
            if matches!(self.owner(number), Owner::Node(..)) {
                count += 1;
                let used = self.used[number as usize];
                if oldest.is_none_or(|(least, _)| used < least) {
                    oldest = Some((used, number));
                }
            }
        }
        let (_, number) = oldest?;
        (count > most).then_some(number)
    }
}
