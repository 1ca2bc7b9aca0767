//! Bindings that must be equal.

use std::collections::BTreeMap;

use super::BindingId;

/// Sets of equal bindings.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    class_of: BTreeMap<BindingId, usize>,
    members: Vec<Vec<BindingId>>,
}

impl Classes {
    pub(super) fn merge(&mut self, a: BindingId, b: BindingId) {
        let (a, b) = (self.class(a), self.class(b));
        if a == b {
            return;
        }
        let (from, to) = if self.members[a].len() < self.members[b].len() {
            (a, b)
        } else {
            (b, a)
        };
        for member in std::mem::take(&mut self.members[from]) {
            self.class_of.insert(member, to);
            self.members[to].push(member);
        }
    }

    fn class(&mut self, binding: BindingId) -> usize {
        *self.class_of.entry(binding).or_insert_with(|| {
            self.members.push(vec![binding]);
            self.members.len() - 1
        })
    }

    pub(super) fn contains(&self, binding: BindingId) -> bool {
        self.class_of.contains_key(&binding)
    }

    pub(super) fn remove_class(&mut self, binding: BindingId) -> Vec<BindingId> {
        let Some(class) = self.class_of.get(&binding) else {
            return Vec::new();
        };
        let members = std::mem::take(&mut self.members[*class]);
        for member in &members {
            self.class_of.remove(member);
        }
        members
    }

    /// How many bindings are in some class.
    pub fn len(&self) -> usize {
        self.class_of.len()
    }

    /// Whether nothing has to be equal.
    pub fn is_empty(&self) -> bool {
        self.class_of.is_empty()
    }

    /// Pairs whose equality implies all others.
    pub fn pairs(&self) -> Vec<(BindingId, BindingId)> {
        let mut pairs = Vec::new();
        for class in &self.members {
            let mut class = class.clone();
            class.sort_unstable();
            pairs.extend(class.windows(2).map(|pair| (pair[0], pair[1])));
        }
        pairs.sort_unstable();
        pairs
    }
}
