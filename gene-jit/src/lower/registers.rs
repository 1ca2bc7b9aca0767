//! Who owns which register of a register file.

/// A form that a register holds a value in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// The value as it is.
    Boxed,
    /// A small int, shifted to the top of the word.
    High,
    /// The value as it is, in a floating-point register.
    Word,
    /// The address of a heap object.
    Address,
    /// The address of the first element of an array.
    Items,
    /// A small int as a machine word.
    Index,
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
    /// A word that can be made again.
    Word(super::facts::Word),
}

/// A register file. Registers have ranks, by the order in which they are handed out; a set of registers is a word with
/// a bit for each rank.
pub struct Registers {
    /// The registers by rank: those that calls may change, those that calls keep, those that are not handed out.
    order: [u8; 32],
    rank: [u8; 32],
    scratch: u32,
    kept: u32,
    /// Who owns each register, if it is owned by a node or a variable.
    owners: [Owner; 32],
    /// Registers that the rule at work owns, nodes, and local variables and words, which are elsewhere, too.
    of_rule: u32,
    of_nodes: u32,
    of_locals: u32,
    /// When each register was last handed to a rule.
    used: [u32; 32],
    /// Now.
    clock: u32,
    /// Registers that are not handed out.
    pinned: u32,
    /// Kept registers that the code uses at all: a bit for each number.
    pub kept_used: u32,
}

impl Registers {
    /// A register file with its pools: registers that calls may change, and those that calls keep.
    pub fn new(scratch: &[u8], kept: &[u8]) -> Registers {
        let pools = scratch.iter().chain(kept);
        let mut registers = Registers {
            order: [0; 32],
            rank: [u8::MAX; 32],
            scratch: (1 << scratch.len()) - 1,
            kept: ((1 << kept.len()) - 1) << scratch.len(),
            owners: [Owner::Free; 32],
            of_rule: 0,
            of_nodes: 0,
            of_locals: 0,
            used: [0; 32],
            clock: 1,
            pinned: 0,
            kept_used: 0,
        };
        for (rank, &number) in (0..).zip(pools) {
            registers.order[rank] = number;
            registers.rank[number as usize] = rank as u8;
        }
        registers
    }

    /// The set with one register; an empty one for a register that is not handed out.
    fn only(&self, number: u8) -> u32 {
        1u32.checked_shl(self.rank[number as usize].into())
            .unwrap_or(0)
    }

    /// The registers of a set, in the order of their ranks.
    fn each(&self, mut set: u32) -> impl Iterator<Item = u8> + '_ {
        std::iter::from_fn(move || {
            let number = *self.order.get(set.trailing_zeros() as usize)?;
            set &= set - 1;
            Some(number)
        })
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
        let only = self.only(number);
        if (self.of_nodes | self.of_locals) & only != 0 {
            self.owners[number as usize]
        } else if self.of_rule & only != 0 {
            Owner::Rule
        } else {
            Owner::Free
        }
    }

    /// Gives a register to an owner.
    pub fn give(&mut self, number: u8, owner: Owner) {
        self.free(number);
        let only = self.only(number);
        match owner {
            Owner::Free => {}
            Owner::Rule => self.of_rule |= only,
            Owner::Node(..) => self.of_nodes |= only,
            Owner::Local(..) | Owner::Word(_) => self.of_locals |= only,
        }
        self.owners[number as usize] = owner;
        self.touch(number);
    }

    /// Keeps a register from being taken away while the current rule is at work.
    pub fn touch(&mut self, number: u8) {
        self.used[number as usize] = self.clock;
    }

    /// Frees a register.
    pub fn free(&mut self, number: u8) {
        let others = !self.only(number);
        self.of_rule &= others;
        self.of_nodes &= others;
        self.of_locals &= others;
    }

    /// Keeps a register from being handed out.
    pub fn pin(&mut self, number: u8) {
        self.pinned |= self.only(number);
    }

    /// Lets all registers be handed out.
    pub fn unpin(&mut self) {
        self.pinned = 0;
    }

    /// Does a call keep the register?
    pub fn is_kept(&self, number: u8) -> bool {
        self.kept & self.only(number) != 0
    }

    /// Registers that code run on a slow path leaves without what nodes and variables had there: those that calls may
    /// change, and those that the current rule has used. With their owners.
    pub fn volatile(&self) -> impl Iterator<Item = (u8, Owner)> + '_ {
        let owned = self.of_nodes | self.of_locals;
        let used = |number: &u8| self.used[*number as usize] == self.clock;
        let kept = self.each(owned & self.kept).filter(used);
        self.each(owned & self.scratch)
            .chain(kept)
            .map(|number| (number, self.owners[number as usize]))
    }

    /// A register with an owner that calls may change, if there is one.
    pub fn owned_scratch(&self) -> Option<(u8, Owner)> {
        let owned = self.of_rule | self.of_nodes | self.of_locals;
        let number = self.each(owned & self.scratch).next()?;
        Some((number, self.owner(number)))
    }

    /// A register to be handed out: a free one, or one that caches a local variable. The caller must tell the
    /// owner. `None` if the pool is exhausted.
    pub fn take(&mut self, keep: bool) -> Option<(u8, Owner)> {
        let pool = if keep { self.kept } else { self.scratch };
        let pool = pool & !self.pinned;
        let owned = self.of_rule | self.of_nodes | self.of_locals;
        let number = match self.each(pool & !owned).next() {
            Some(number) => number,
            None => self.oldest(pool & self.of_locals, self.clock)?,
        };
        if keep {
            self.kept_used |= 1 << number;
        }
        Some((number, self.owner(number)))
    }

    /// The register of a set that was used longest ago, before `clock`.
    fn oldest(&self, set: u32, clock: u32) -> Option<u8> {
        let used = |number: &u8| self.used[*number as usize];
        let candidates = self.each(set).filter(|number| used(number) < clock);
        candidates.min_by_key(used)
    }

    /// The node-owned scratch register that was used longest ago, if more than `most` are owned by nodes.
    pub fn crowded(&self, most: u32) -> Option<u8> {
        let held = self.of_nodes & self.scratch;
        if held.count_ones() <= most {
            return None;
        }
        self.oldest(held, u32::MAX)
    }
}
