//! The contents of new objects.

use super::facts::{Fact, Known};
use super::{Lowering, SLOT};
use crate::arm64::isle::{Inst, Pair8};
use crate::arm64::{FRAME, Reg, X16, X17};
use crate::tree::{MAX_PENDING, Node, Op};
use arrayvec::ArrayVec;
use gene_vm::object::{Array, Scope};

/// Elements from the first to the last.
type Elements = ArrayVec<Node, MAX_PENDING>;

impl Lowering<'_> {
    /// Stores the elements of the array that the instruction at hand makes behind the object.
    pub(super) fn store_elements_at(&mut self, array: Reg, count: u16) {
        let operands = self.block.operands(self.current.stack());
        let elements = operands.take(count as usize).map(|(_, element)| element);
        let mut elements: Elements = elements.collect();
        elements.reverse();
        for (i, pair) in elements.chunks(2).enumerate() {
            let offset = (Array::SIZE + i * 16) as i16;
            let first = self.element(pair[0], X16);
            match pair.get(1) {
                Some(&second) => {
                    let second = self.element(second, X17);
                    self.buffer.inst(Inst::Stp {
                        rt: first,
                        rt2: second,
                        rn: array,
                        offset: Pair8::new(offset).expect("few elements lie near"),
                    });
                }
                None => self.buffer.store(first, array, offset.into()),
            }
        }
    }

    /// A register with an element: its own, or the free one.
    fn element(&mut self, node: Node, free: Reg) -> Reg {
        match self.known(node) {
            Known {
                boxed: Some(reg), ..
            } => return reg,
            Known {
                high: Some(reg), ..
            } => self.buffer.box_small_int(free, reg),
            Known {
                double: Some(reg), ..
            } => self.buffer.box_double(free, reg),
            _ => match self.op(node) {
                Op::Const { bits } => self.load_constant(free, bits),
                _ => {
                    let offset = self.home_offset(node);
                    self.buffer.load(free, FRAME, offset);
                }
            },
        }
        free
    }

    /// Stores a value in so many variables of a new scope.
    pub(super) fn fill_slots_of(&mut self, scope: Reg, slots: u16, value: Reg) {
        for slot in (0..slots).step_by(2) {
            let offset = Scope::SLOTS_OFFSET as i64 + slot as i64 * SLOT;
            if slot + 1 == slots {
                self.buffer.store(value, scope, offset);
            } else {
                self.buffer.inst(Inst::Stp {
                    rt: value,
                    rt2: value,
                    rn: scope,
                    offset: Pair8::new(offset as i16).expect("few variables lie near"),
                });
            }
        }
    }

    /// Notes that a local is the scope at an address.
    pub(super) fn hold_scope_in(&mut self, slot: u16, scope: Reg) {
        self.forget_local(slot);
        let known = Known {
            fact: Fact::Object,
            address: Some(scope),
            ..Known::default()
        };
        *self.locals.get_mut(slot) = known;
        self.own_local(slot, known);
    }

    /// The use of the elements of the array that a node has made is over.
    pub(super) fn release_elements(&mut self, array: Node) {
        let elements: Elements = self.block.elements(array).collect();
        for element in elements {
            self.release(element);
        }
    }
}
