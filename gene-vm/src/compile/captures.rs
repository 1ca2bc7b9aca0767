//! The variables around a function that its text names.

use super::environment::Place;
use crate::code::{Capture, Prototype};
use crate::object::{Array, ComplexSymbol, Gene, Map, Quote, Unquote};
use crate::symbol::Symbol;
use rustc_hash::FxHashSet;

impl Prototype {
    /// The variables in heap scopes around it that it names.
    pub fn captures(&self) -> &[Capture] {
        self.captures.get_or_init(|| named(self).into())
    }
}

fn named(prototype: &Prototype) -> Vec<Capture> {
    let mut captures = Vec::new();
    let mut seen = FxHashSet::default();
    let mut pending = prototype.body.clone();
    pending.push(prototype.parameter_form);
    while let Some(form) = pending.pop() {
        let name = match form.get::<ComplexSymbol>() {
            Some(path) => path.parts.first().copied(),
            None => form.as_symbol(),
        };
        if let Some(name) = name {
            if seen.insert(name) {
                captures.extend(capture(prototype, name));
            }
        } else if let Some(array) = form.get::<Array>() {
            pending.extend(array.items.iter());
        } else if let Some(map) = form.get::<Map>() {
            pending.extend(map.entries.values());
        } else if let Some(gene) = form.get::<Gene>() {
            pending.push(gene.head);
            pending.extend(gene.props.values().chain(gene.children.iter()));
        } else if let Some(quote) = form.get::<Quote>() {
            pending.push(quote.form);
        } else if let Some(unquote) = form.get::<Unquote>() {
            pending.push(unquote.form);
        }
    }
    captures
}

fn capture(prototype: &Prototype, name: Symbol) -> Option<Capture> {
    let found = prototype.environment.find(name)?;
    match found.binding.place {
        Place::Heap(slot) => Some(Capture {
            name,
            depth: found.depth,
            slot,
        }),
        Place::Local(_) => None,
    }
}
