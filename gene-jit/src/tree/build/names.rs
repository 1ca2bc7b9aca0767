//! Names, and members of namespaces and classes.

use super::{Builder, Op, Stmt};
use gene_vm::code::Found;
use gene_vm::object::Namespace;

impl Builder<'_> {
    /// Where an instruction has found its name, if it is to be expected there.
    fn found(&self, cache: u32) -> Option<Found> {
        let found = self.code.caches[cache as usize].found.get();
        found.filter(|_| !(self.is_varied)(self.pc))
    }

    /// The same of an instruction that may also use fields of instances, if it has met none.
    fn found_member(&self, cache: u32) -> Option<Found> {
        let has_met_objects = self.code.caches[cache as usize].latest().key() != 0;
        self.found(cache).filter(|_| !has_met_objects)
    }

    /// Pushes what a name stands for; false if that is not known.
    pub(super) fn name(&mut self, cache: u32) -> bool {
        let found = self.found(cache);
        if let Some(found) = found {
            self.push_found(found, cache);
        }
        found.is_some()
    }

    fn push_found(&mut self, found: Found, cache: u32) {
        match found.definition {
            Some(value) => {
                self.settle();
                self.line(Stmt::CheckNames);
                self.push_const(value);
            }
            None => self.push(Op::Name { cache }),
        }
    }

    /// Assigns a name; false if it is not known where it lies.
    pub(super) fn set_name(&mut self, cache: u32) -> bool {
        let is_found = self.found(cache).is_some_and(|found| found.is_variable);
        if is_found {
            self.settle();
            let (value, keep) = (self.top(), false);
            self.statement(Stmt::SetName { cache, value, keep }, &[value]);
        }
        is_found
    }

    /// Pushes a member of a namespace or class, which lies below so many operands that only arrays have a use for; false
    /// if something else is to be expected there.
    pub(super) fn member(&mut self, cache: u32, above: usize) -> bool {
        let found = self.found_member(cache);
        if let Some(found) = found {
            self.settle();
            for _ in 0..above {
                // Nothing else holds it until the check is done.
                let (value, index) = (self.top(), self.block.entries.len() as u16 - 1);
                self.statement(Stmt::Spill { index, value }, &[value]);
                self.pop();
            }
            self.check_same(found);
            self.push_found(found, cache);
        }
        found.is_some()
    }

    /// Assigns a member of a namespace or class; false if something else is to be expected.
    pub(super) fn set_member_of(&mut self, cache: u32) -> bool {
        let found = self.found_member(cache).filter(|found| found.is_variable);
        if let Some(found) = found {
            self.settle();
            let value = self.pop();
            self.check_same(found);
            let keep = self.is_kept();
            self.statement(Stmt::SetName { cache, value, keep }, &[value]);
            self.push_stored(keep);
        }
        found.is_some()
    }

    /// Takes the operand, which has been evaluated, that should be the namespace or class where a member was found.
    fn check_same(&mut self, found: Found) {
        let (value, object) = (self.pop(), found.from.bits());
        self.statement(Stmt::CheckSame { value, object }, &[value]);
    }

    /// Pushes the namespace or class around the function.
    pub(super) fn namespace(&mut self) {
        let around = self.code.resolved.get().map(|resolved| resolved.around);
        let module = around.filter(|around| {
            let namespace = around.get::<Namespace>();
            namespace.is_some() && self.code.inner_namespace().is_none()
        });
        match module {
            Some(namespace) => self.push_const(namespace),
            None => self.push(Op::Namespace),
        }
    }
}
