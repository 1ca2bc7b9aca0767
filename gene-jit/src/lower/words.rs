//! Words that stay the same while a function runs, and the word that tells whether names do.

use super::Lowering;
use super::facts::Word;
use super::registers::Owner;
use crate::arm64::{Cond, FRAME, Reg, SLOT, X16, X17};
use gene_vm::object::{Function, Scope};
use gene_vm::value::Value;
use gene_vm::vm::Context;
use std::mem::offset_of;

impl Lowering<'_> {
    /// A register with a word, which must not be written.
    pub(super) fn word(&mut self, word: Word) -> Reg {
        if let Some(reg) = self.locals.word(word) {
            self.ints.touch(reg.number());
            return reg;
        }
        let reg = self.scratch_int();
        self.make_word(reg, word);
        let kept = |reg: Reg| self.ints.is_kept(reg.number());
        if let Some(former) = self.locals.hold_word(word, reg, kept) {
            self.ints.free(former.number());
        }
        self.ints.give(reg.number(), Owner::Word(word));
        reg
    }

    /// Makes a word.
    pub(super) fn make_word(&mut self, to: Reg, word: Word) {
        match word {
            Word::Literal(bits) => self.buffer.load_literal(to, bits),
            Word::Scope(depth) => {
                self.buffer.load(to, FRAME, -SLOT);
                self.buffer.strip_pointer(to, to);
                self.buffer.load(to, to, Function::SCOPE_OFFSET as i64);
                self.buffer.strip_pointer(to, to);
                for _ in 0..depth {
                    self.buffer.load(to, to, Scope::PARENT_OFFSET as i64);
                    self.buffer.strip_pointer(to, to);
                }
            }
        }
    }

    /// The VM's word for names when the names in the code were looked up.
    pub(super) fn epoch(&self) -> u64 {
        let resolved = self.code.resolved.get();
        resolved.map_or(0, |resolved| resolved.epoch.into())
    }

    /// Compares the namespace around the function with another one.
    pub(super) fn compare_namespace(&mut self, namespace: Value) {
        self.buffer.load(X16, FRAME, -SLOT);
        self.buffer.strip_pointer(X16, X16);
        let offset = Function::NAMESPACE_OFFSET as i64;
        self.buffer.load(X16, X16, offset);
        self.buffer.load_literal(X17, namespace.bits());
        self.buffer.compare(X16, X17);
    }

    /// Leaves at a loop's header unless names are what they were.
    pub(super) fn check_names_at(&mut self, pc: usize) {
        let leave = self.leave_at(pc);
        let epoch = self.epoch();
        self.buffer
            .load_context_word(X16, offset_of!(Context, names_epoch));
        self.buffer.constant(X17, epoch);
        self.buffer.compare(X16, X17);
        self.buffer.branch_if(Cond::Ne, leave);
        if let Some(namespace) = self.code.inner_namespace() {
            self.compare_namespace(namespace);
            self.buffer.branch_if(Cond::Ne, leave);
        }
    }
}
