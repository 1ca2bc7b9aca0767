//! Fields that are added to an instance one after the other, as constructors do: room is checked once, for all of them,
//! and the instance gets the last shape alone.

use super::Lowering;
use crate::tree::{Line, Node, Op, Stmt};
use gene_vm::code::Way;

/// Where the statement at hand stands among those that add fields one after the other.
#[derive(Clone, Copy, Default)]
pub struct Growth {
    /// A statement before it has checked that there is room, and left the shape to this one.
    pub continues: bool,
    /// So many statements go on with it.
    pub left: u64,
}

/// So many are taken together at most.
const MOST: usize = 64;

impl Lowering<'_> {
    /// Begins the store of a field.
    pub(super) fn begin_growth(&mut self, line: Line, of: Node, cache: u32) {
        self.growth = match self.growth.left.checked_sub(1) {
            Some(left) => Growth {
                continues: true,
                left,
            },
            None => Growth {
                continues: false,
                left: self.stores_after(line, of, cache),
            },
        };
    }

    /// How many of the next statements add a field to the same instance, of which nothing can go wrong once there is room.
    fn stores_after(&self, line: Line, of: Node, cache: u32) -> u64 {
        let (Some(instance), Some(way)) =
            (self.variable(of), self.growing_way(cache, line.pc as usize))
        else {
            return 0;
        };
        let mut shape = way.next_shape();
        let lines = &self.block.lines;
        let next = lines.partition_point(|other| other.pc <= line.pc);
        let stores = lines[next..].iter().take(MOST).take_while(|line| {
            let Stmt::SetMember {
                of, cache, value, ..
            } = line.stmt
            else {
                return false;
            };
            let is_at_hand = matches!(self.op(value), Op::Local { .. } | Op::Const { .. });
            let way = self.growing_way(cache, line.pc as usize);
            let goes_on = |way: &&Way| shape.is_some_and(|shape| shape.header_word() == way.key());
            let Some(way) = way.filter(goes_on) else {
                return false;
            };
            shape = way.next_shape();
            is_at_hand && self.variable(of) == Some(instance)
        });
        stores.count() as u64
    }

    /// What the instruction at `pc` may rely on: its cache has seen one shape only, which gets a new field.
    pub(super) fn growing_way(&self, cache: u32, pc: usize) -> Option<&Way> {
        let way = self.code.caches[cache as usize].sole();
        way.filter(|way| way.grows() && !self.feedback.is_varied(pc))
    }
}
