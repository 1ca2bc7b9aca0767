//! Calls of shared code that looks for names.

use super::Lowering;
use super::stubs::{Others, Stub};
use crate::arm64::{Cond, Reg, X16, X17};
use crate::buffer::Label;
use crate::thunks::SharedCode;

impl Lowering<'_> {
    /// Goes through the other ways of a cache unless the first has the key.
    pub(super) fn search_ways(&mut self, key: Reg, way: Reg, missed: Label, others: Others) {
        let (label, found) = (self.buffer.label(), self.buffer.label());
        self.buffer.branch_if(Cond::Ne, label);
        self.buffer.bind(found);
        self.slow.stubs.push(Stub::Ways {
            label,
            key,
            way,
            found,
            missed,
            others,
        });
    }

    /// Makes the register with the address of a cache that of what the VM's table of look-ups knows for a key.
    pub(super) fn look_up(&mut self, key: Reg, way: Reg, missed: Label) {
        self.buffer.mov(X16, key);
        self.buffer.mov(X17, way);
        self.take_way(SharedCode::LookUp, way, missed);
    }

    /// Lets shared code look for a key in `x16`, beginning at the cache in `x17`.
    pub(super) fn take_way(&mut self, code: SharedCode, way: Reg, missed: Label) {
        self.call_shared(code);
        self.buffer.branch_if_zero(X17, missed);
        self.buffer.mov(way, X17);
    }

    /// Looks through a map for the name that a cache seeks, from a label on, and comes back here.
    pub(super) fn search_map_from(
        &mut self,
        label: Label,
        map: Reg,
        seeker: Reg,
        entry: Reg,
        missed: Label,
    ) {
        let found = self.buffer.label();
        self.buffer.bind(found);
        self.slow.stubs.push(Stub::Search {
            label,
            map,
            seeker,
            entry,
            found,
            missed,
        });
    }

    /// Looks up the entry of a callee that is none of its cache's from a label on, and comes back here.
    pub(super) fn look_up_callee(
        &mut self,
        label: Label,
        callee: Reg,
        count: u16,
        way: Reg,
        entry: Reg,
    ) {
        let (found, missed) = (self.buffer.label(), self.slow_call_label());
        self.buffer.bind(found);
        self.slow.stubs.push(Stub::Callee {
            label,
            pc: self.line.pc as usize,
            callee,
            count,
            way,
            entry,
            found,
            missed,
        });
    }
}
