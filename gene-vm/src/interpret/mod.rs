//! The interpreter.

use crate::bytecode::Instr;

/// A suspended caller.
pub struct Frame {
    pub(crate) pc: usize,
    pub(crate) base: *mut crate::value::Value,
}

pub(crate) fn is_plain(_instr: Instr) -> bool {
    true
}

mod call;
