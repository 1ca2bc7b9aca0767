//! Variables that may be read although their declaration was skipped.
//!
//! `while`, `loop` and `try` open no scope: what they declare stays visible behind them, even if control left them
//! before the declaration. Such a variable is `nil` then. To set it to `nil` in advance costs instructions, and is
//! needless in nearly all programs; so a body is compiled as if each declaration were reached, and once more if some
//! name turns out to be read where it may have been skipped.

use super::environment::{Binding, Place};
use super::{Compiler, scan};
use crate::bytecode::Op;
use crate::symbol::Symbol;
use crate::value::Value;
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// What is known of such variables in one attempt to compile a body.
#[derive(Default)]
pub(super) struct Conditional {
    /// Names to be set to `nil` in advance: what the attempts before have read too early.
    pub in_advance: FxHashSet<Symbol>,
    /// Names read too early in this attempt.
    read: FxHashSet<Symbol>,
    /// The parts under way that control may leave early, innermost last.
    open: Vec<u32>,
    opened: u32,
    /// Places that were set in advance: (number of scopes around, name, place).
    reserved: Vec<(usize, Symbol, Place)>,
}

impl Conditional {
    pub fn new(in_advance: FxHashSet<Symbol>) -> Conditional {
        Conditional {
            in_advance,
            ..Conditional::default()
        }
    }

    /// Takes what the next attempt has to set in advance; empty if none is needed.
    pub fn missing(&mut self) -> FxHashSet<Symbol> {
        let read = std::mem::take(&mut self.read);
        read.into_iter()
            .filter(|name| !self.in_advance.contains(name))
            .collect()
    }

    /// The innermost part that control may leave early, 0 outside of any.
    pub fn part(&self) -> u32 {
        self.open.last().copied().unwrap_or(0)
    }

    /// Notes that the code reads a variable.
    pub fn note_read(&mut self, name: Symbol, binding: &Binding) {
        let part = binding.part.get();
        if part != 0 && !self.open.contains(&part) {
            self.read.insert(name);
        }
    }

    /// The place that a name declared inside of `scopes` scopes got in advance. Several declarations may share a
    /// local; a closure may hold the slot of the first one.
    pub fn place(&mut self, scopes: usize, name: Symbol) -> Option<Place> {
        let is_it = |&(at, reserved, _): &(usize, Symbol, Place)| at == scopes && reserved == name;
        let index = self.reserved.iter().position(is_it)?;
        let place = self.reserved[index].2;
        if let Place::Heap(_) = place {
            self.reserved.remove(index);
        }
        Some(place)
    }
}

impl Compiler<'_> {
    /// Compiles a part that control may leave before its end. `forms` are what it contains.
    pub(super) fn part<T>(&mut self, forms: &[Value], compile: impl FnOnce(&mut Self) -> T) -> T {
        let reserved = self.conditional.reserved.len();
        self.reserve(forms);
        self.conditional.opened += 1;
        self.conditional.open.push(self.conditional.opened);
        let result = compile(self);
        self.conditional.open.pop();
        self.conditional.reserved.truncate(reserved);
        result
    }

    /// Sets the variables that the forms declare in advance, if they may be read early or if closures, which are
    /// compiled later, may read them.
    fn reserve(&mut self, forms: &[Value]) {
        let scopes = self.scopes.len();
        let state = self.scopes.last().expect("a body has a scope");
        let in_heap = state.scope.has_heap_scope;
        if !in_heap && self.conditional.in_advance.is_empty() {
            return;
        }
        let scan::Declared {
            variables,
            definitions,
        } = scan::declarations(forms);
        let mut names: Vec<Symbol> = variables
            .union(&definitions)
            .copied()
            .filter(|&name| {
                self.conditional.in_advance.contains(&name)
                    || in_heap && self.captured.contains(name)
            })
            .filter(|&name| !self.is_pending_module_variable(name))
            .filter(|&name| {
                let everywhere = state.scope.declared_everywhere(name);
                everywhere.is_none_or(|binding| !binding.is_definition)
            })
            .collect();
        names.sort_unstable_by_key(|name| name.name());
        for name in names {
            if self.conditional.place(scopes, name).is_some() {
                continue;
            }
            // Until it is declared again, a name means what it meant before.
            let is_declared = self
                .find(name)
                .is_some_and(|found| Rc::ptr_eq(&found.scope, &self.scopes[scopes - 1].scope));
            let place = self.new_place(name);
            match is_declared {
                true => self.load(name),
                false if variables.contains(&name) => self.e.constant(Value::NIL),
                // To call a function whose definition was skipped is an error.
                false => self.e.constant(Value::UNDEFINED),
            }
            self.store_in(place);
            self.conditional.reserved.push((scopes, name, place));
        }
    }

    /// Stores the top operand in a place of the innermost scope and drops it.
    pub(super) fn store_in(&mut self, place: Place) {
        match place {
            Place::Local(local) => self.e.op_bc(Op::SetLocal, local, 0, 1, 0),
            Place::Heap(slot) => {
                match self.scopes.last().and_then(|state| state.heap_local) {
                    Some(local) => self.e.op_bc(Op::SetScoped, local, slot as usize, 1, 1),
                    None => self.e.op_bc(Op::SetCaptured, 0, slot as usize, 1, 1),
                }
                self.e.pop();
            }
        }
    }
}
