//! The contents of new objects.

use super::facts::{Fact, Known};
use super::{Lowering, SLOT};
use crate::arm64::isle::{Inst, Pair8};
use crate::arm64::{FRAME, POINTER_TAG, RECEIVER, Reg, X16, X17};
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
            let offset = (Array::SIZE + i * 16) as i64;
            let first = self.element(pair[0], X16);
            match pair.get(1) {
                Some(&second) => {
                    let second = self.element(second, X17);
                    self.store_pair(first, second, array, offset);
                }
                None => self.buffer.store(first, array, offset),
            }
        }
    }

    /// Stores two words next to each other.
    fn store_pair(&mut self, first: Reg, second: Reg, base: Reg, offset: i64) {
        match i16::try_from(offset).ok().and_then(Pair8::new) {
            Some(offset) => self.buffer.inst(Inst::Stp {
                rt: first,
                rt2: second,
                rn: base,
                offset,
            }),
            None => {
                self.buffer.store(first, base, offset);
                self.buffer.store(second, base, offset + SLOT);
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
                self.store_pair(value, value, scope, offset);
            }
        }
    }

    /// Makes ready for a new instance of the class below so many arguments: what is below goes into its home slots,
    /// class and arguments do so on the slow path alone.
    pub(super) fn settle_new(&mut self, count: u16) {
        let class = self.line.stack.depth as usize - count as usize - 1;
        self.flush_where(self.line.stack, |index| index < class);
        self.sync();
        self.slow_call = Some(self.slow_path());
    }

    /// Puts a new instance in the place of the class, then the constructor, the instance again, and the arguments, which
    /// lie two slots higher now.
    pub(super) fn place_new(&mut self, instance: Reg, constructor: Reg, count: u16) {
        let arguments = self.block.operands(self.line.stack).take(count.into());
        let mut arguments: Vec<Node> = arguments.map(|(_, argument)| argument).collect();
        arguments.reverse();
        // From the top down: so no argument takes the home slot of another that is still to be moved.
        for (i, pair) in arguments.chunks(2).enumerate().rev() {
            let offset = self.argument_offset(count, i as isize * 2 + 2);
            let first = self.element(pair[0], X16);
            match pair.get(1) {
                Some(&second) => {
                    let second = self.element(second, X17);
                    self.store_pair(first, second, FRAME, offset);
                }
                None => self.buffer.store(first, FRAME, offset),
            }
        }
        let offset = self.argument_offset(count, -1);
        self.buffer.inst(Inst::Eor {
            rd: X16,
            rn: instance,
            rm: POINTER_TAG,
        });
        self.store_pair(X16, constructor, FRAME, offset);
        self.buffer.store(X16, FRAME, offset + 2 * SLOT);
        self.buffer.mov(RECEIVER, instance);
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
