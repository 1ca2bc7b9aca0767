//! Tables by local variable.

/// So many local variables are looked after at a time. Facts of all of them flow along each branch, so without a limit
/// compiling would take quadratic time.
const MOST_VARIABLES: usize = 64;

/// Something about each local variable that is looked after, by slot. Of others nothing is known.
pub struct BySlot<T> {
    /// In the order of slots.
    entries: Vec<(u16, T)>,
    /// What is noted of a variable that there is no room for; it is forgotten at once.
    other: T,
}

impl<T: Default> Default for BySlot<T> {
    fn default() -> Self {
        BySlot {
            entries: Vec::new(),
            other: T::default(),
        }
    }
}

impl<T: Copy + Default + PartialEq> BySlot<T> {
    fn find(&self, slot: u16) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&slot, |entry| entry.0)
    }

    /// What is known of a variable.
    pub fn get(&self, slot: u16) -> T {
        self.find(slot)
            .map_or_else(|_| T::default(), |index| self.entries[index].1)
    }

    /// Is there room to note something of a variable?
    pub fn has_room(&self, slot: u16) -> bool {
        self.entries.len() < MOST_VARIABLES || self.find(slot).is_ok()
    }

    /// What is known of a variable, to change it.
    pub fn get_mut(&mut self, slot: u16) -> &mut T {
        match self.find(slot) {
            Ok(index) => &mut self.entries[index].1,
            Err(_) if self.entries.len() == MOST_VARIABLES => {
                self.other = T::default();
                &mut self.other
            }
            Err(index) => {
                self.entries.insert(index, (slot, T::default()));
                &mut self.entries[index].1
            }
        }
    }

    /// Forgets a variable; answers what was known of it.
    pub fn take(&mut self, slot: u16) -> T {
        match self.find(slot) {
            Ok(index) => self.entries.remove(index).1,
            Err(_) => T::default(),
        }
    }

    /// The variables of which something may be known.
    pub fn iter(&self) -> impl Iterator<Item = (u16, T)> + '_ {
        self.entries.iter().copied()
    }

    /// The same, to change it.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u16, &mut T)> {
        self.entries.iter_mut().map(|(slot, about)| (*slot, about))
    }

    /// Forgets the variables that are not wanted; those that nothing is known of take no room any more.
    pub fn retain(&mut self, mut wanted: impl FnMut(u16) -> bool) {
        let nothing = T::default();
        self.entries
            .retain(|&(slot, about)| about != nothing && wanted(slot));
    }

    /// Keeps what `meet` makes of what is known here and there.
    pub fn meet(&mut self, there: &BySlot<T>, meet: impl Fn(T, T) -> T) {
        let mut there = there.entries.iter().peekable();
        self.entries.retain_mut(|(slot, here)| {
            while there.next_if(|(other, _)| *other < *slot).is_some() {}
            let Some((_, there)) = there.next_if(|(other, _)| other == slot) else {
                return false;
            };
            *here = meet(*here, *there);
            *here != T::default()
        });
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl<T: Copy + Default> Clone for BySlot<T> {
    fn clone(&self) -> Self {
        BySlot {
            entries: self.entries.clone(),
            other: T::default(),
        }
    }

    /// Stays in the memory that it has.
    fn clone_from(&mut self, source: &Self) {
        self.entries.clone_from(&source.entries);
    }
}
