//! Literals of collections, quoted data, Gene values that code builds.

use super::calls::{has_spread, is_spread_key, spread_operand};
use super::quote::unquoted;
use super::{Compile, Compiler, SideEntry, Want};
use crate::bytecode::{Instr, Op};
use crate::object::*;
use crate::symbol::sym;
use crate::value::Value;

impl Compiler<'_> {
    /// Pushes a new array.
    pub(super) fn array(&mut self, elements: &[Value], sealed: bool) -> Compile {
        if has_spread(elements) {
            self.spread_array(elements, 0)?;
        } else {
            self.values(elements)?;
            self.e
                .op_c(Op::MakeArray, elements.len(), elements.len(), 1);
        }
        self.seal(sealed);
        Ok(())
    }

    fn seal(&mut self, sealed: bool) {
        if sealed {
            self.e.op(Op::Seal, 1, 1);
        }
    }

    /// Pushes an array of elements with spreads among them. `context`: 0 in an array literal, 1 elsewhere.
    pub(super) fn spread_array(&mut self, elements: &[Value], context: u8) -> Compile {
        self.e.op_c(Op::MakeArray, 0, 0, 1);
        let spread = |c: &mut Self| {
            c.e.emit(
                Instr {
                    a: context,
                    ..Instr::new(Op::ArraySpread)
                },
                2,
                1,
            )
        };
        for (i, &element) in elements.iter().enumerate() {
            if element.is_symbol(sym::ELLIPSIS) {
                if i == 0 || elements[i - 1].is_symbol(sym::ELLIPSIS) {
                    return self.error("Spread operator (...) requires an expression before it");
                }
                continue;
            }
            if let Some(operand) = spread_operand(element) {
                self.path_or_name(&operand)?;
                spread(self);
            } else {
                self.expression(element, Want::Value)?;
                if elements
                    .get(i + 1)
                    .is_some_and(|next| next.is_symbol(sym::ELLIPSIS))
                {
                    spread(self);
                } else {
                    self.e.op(Op::ArrayPush, 2, 1);
                }
            }
        }
        Ok(())
    }

    /// Pushes a new map.
    pub(super) fn map(&mut self, entries: &PropMap, sealed: bool) -> Compile {
        if entries.keys().any(|&key| is_spread_key(key)) {
            self.spread_map(entries, 0)?;
        } else {
            for &value in entries.values() {
                self.expression(value, Want::Value)?;
            }
            let keys = self
                .e
                .side(SideEntry::Keys(entries.keys().copied().collect()));
            self.e.op_c(Op::MakeMap, keys, entries.len(), 1);
        }
        self.seal(sealed);
        Ok(())
    }

    /// Pushes a map of entries with spreads among them. `context`: 0 in a map literal, 1 elsewhere.
    pub(super) fn spread_map(&mut self, entries: &PropMap, context: u8) -> Compile {
        let none = self.e.side(SideEntry::Keys([].into()));
        self.e.op_c(Op::MakeMap, none, 0, 1);
        for (&key, &value) in entries {
            self.expression(value, Want::Value)?;
            if is_spread_key(key) {
                self.e.emit(
                    Instr {
                        a: context,
                        ..Instr::new(Op::MapSpread)
                    },
                    2,
                    1,
                );
            } else {
                let key = self.e.constant_index(Value::symbol(key));
                self.e.op_c(Op::MapSet, key as usize, 2, 1);
            }
        }
        Ok(())
    }

    /// `{{k v …}}`
    pub(super) fn hash_map(&mut self, entries: &[Value], sealed: bool) -> Compile {
        if entries.len() % 2 == 1 {
            let message = "HashMap literals expect alternating key/value entries".into();
            return self.raise_error(message, Want::Value);
        }
        self.values(entries)?;
        self.e
            .op_c(Op::MakeHashMap, entries.len(), entries.len(), 1);
        self.seal(sealed);
        Ok(())
    }

    /// Pushes a Gene value with the given head, its properties and children evaluated. The head of a sealed
    /// one is evaluated, too.
    pub(super) fn build_gene(&mut self, gene: &crate::heap::Gc<Gene>, head: Value) -> Compile {
        let sealed = gene.header().sealed;
        if sealed && gene.head.get::<Quote>().is_none() {
            self.expression(head, Want::Value)?;
        } else if head.is_symbol(sym::PLACEHOLDER) {
            self.e.constant(Value::PLACEHOLDER);
        } else {
            let head = unquoted(head);
            self.e.constant(head);
        }
        self.spread_map(&gene.props, 1)?;
        self.spread_array(&gene.children, 1)?;
        self.e.emit(
            Instr {
                a: sealed as u8,
                ..Instr::new(Op::MakeGene)
            },
            3,
            1,
        );
        Ok(())
    }
}
