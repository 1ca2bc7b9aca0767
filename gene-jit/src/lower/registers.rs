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

/// A register file. Sets of registers are words with a bit for each.
pub struct Registers {
    /// Who owns each register, if it is owned by a node or a variable.
    owners: [Owner; 32],
    /// Registers that the rule at work owns, nodes, and local variables.
    of_rule: u32,
    of_nodes: u32,
    of_locals: u32,
    /// When each register was last handed to a rule.
    used: [u32; 32],
    /// Now.
    clock: u32,
    /// Registers that calls may change, in the order they are handed out.
    scratch: &'static [u8],
    /// Registers that calls keep.
    kept: &'static [u8],
    scratch_set: u32,
    kept_set: u32,
    /// Kept registers that the code uses at all.
    pub kept_used: u32,
}

fn set_of(numbers: &[u8]) -> u32 {
    numbers.iter().fold(0, |set, number| set | 1 << number)
}

impl Registers {
    /// A register file with its pools.
    pub fn new(scratch: &'static [u8], kept: &'static [u8]) -> Registers {
        Registers {
            owners: [Owner::Free; 32],
            of_rule: 0,
            of_nodes: 0,
            of_locals: 0,
            used: [0; 32],
            clock: 1,
            scratch,
            kept,
            scratch_set: set_of(scratch),
            kept_set: set_of(kept),
            kept_used: 0,
        }
    }

    /// Forgets all owners.
    pub fn clear(&mut self) {
        (self.of_rule, self.of_nodes, self.of_locals) = (0, 0, 0);
    }

    /// Begins a new rule: what earlier rules used is free or may be taken away again.
    pub fn tick(&mut self) {
        self.clock += 1;
        self.of_rule = 0;
    }

    /// Who owns a register?
    pub fn owner(&self, number: u8) -> Owner {
        if (self.of_nodes | self.of_locals) & 1 << number != 0 {
            self.owners[number as usize]
        } else if self.of_rule & 1 << number != 0 {
            Owner::Rule
        } else {
            Owner::Free
        }
    }

    /// Gives a register to an owner.
    pub fn give(&mut self, number: u8, owner: Owner) {
        self.free(number);
        let set = match owner {
            Owner::Free => return,
            Owner::Rule => &mut self.of_rule,
            Owner::Node(..) => &mut self.of_nodes,
            Owner::Local(..) => &mut self.of_locals,
        };
        *set |= 1 << number;
        self.owners[number as usize] = owner;
        self.touch(number);
    }

    /// Keeps a register from being taken away while the current rule is at work.
    pub fn touch(&mut self, number: u8) {
        self.used[number as usize] = self.clock;
    }

    /// Frees a register.
    pub fn free(&mut self, number: u8) {
        let others = !(1 << number);
        self.of_rule &= others;
        self.of_nodes &= others;
        self.of_locals &= others;
    }

    /// Does a call keep the register?
    pub fn is_kept(&self, number: u8) -> bool {
        self.kept_set & 1 << number != 0
    }

    /// Registers that code run on a slow path leaves without what the current rule has put there, with their owners: those
    /// that calls may change, and those that the rule has used.
    pub fn volatile(&self) -> impl Iterator<Item = (u8, Owner)> + '_ {
        let used = |number: &&u8| self.used[**number as usize] == self.clock;
        let owned = self.of_nodes | self.of_locals;
        // Most often none is owned.
        let scratch = if owned & self.scratch_set == 0 {
            &[]
        } else {
            self.scratch
        };
        let kept = if owned & self.kept_set == 0 {
            &[]
        } else {
            self.kept
        };
        scratch
            .iter()
            .chain(kept.iter().filter(used))
            .filter(move |&number| owned & 1 << number != 0)
            .map(|&number| (number, self.owners[number as usize]))
    }

    /// A register with an owner that calls may change, if there is one.
    pub fn owned_scratch(&self) -> Option<(u8, Owner)> {
        let owned = (self.of_rule | self.of_nodes | self.of_locals) & self.scratch_set;
        let number = owned.trailing_zeros() as u8;
        (owned != 0).then(|| (number, self.owner(number)))
    }

    /// A register to be handed out: a free one, or one that caches a local variable. The caller must tell the
    /// owner. `None` if the pool is exhausted.
    pub fn take(&mut self, keep: bool) -> Option<(u8, Owner)> {
        let pool = if keep { self.kept } else { self.scratch };
        let owned = self.of_rule | self.of_nodes | self.of_locals;
        let free = pool.iter().find(|&number| owned & 1 << number == 0);
        let best = match free {
            Some(&number) => number,
            None => self.oldest(pool, self.of_locals, self.clock)?,
        };
        if keep {
            self.kept_used |= 1 << best;
        }
        Some((best, self.owner(best)))
    }

    /// The register of a pool and a set that was used longest ago, before `clock`.
    fn oldest(&self, pool: &[u8], set: u32, clock: u32) -> Option<u8> {
        let used = |number: &u8| self.used[*number as usize];
        let candidates = pool.iter().copied().filter(|number| set & 1 << number != 0);
        candidates
            .filter(|number| used(number) < clock)
            .min_by_key(used)
    }

    /// The node-owned scratch register that was used longest ago, if more than `most` are owned by nodes.
    pub fn crowded(&self, most: u32) -> Option<u8> {
        let held = self.of_nodes & self.scratch_set;
        if held.count_ones() <= most {
            return None;
        }
        self.oldest(self.scratch, held, u32::MAX)
    }
}
