//! Adapters: code between a call and a function that takes its arguments in another order than the call puts them on the
//! stack, or takes defaults, or takes the rest as an array.

use crate::arm64::emit::Saved;
use crate::arm64::{FRAME, Fixup, Reg, SLOT, X0, X1, X2, X16};
use crate::buffer::CodeBuffer;
use gene_vm::tier::Source;
use gene_vm::value::Value;
use gene_vm::vm::STACK_SLACK;

/// Registers for arguments that change places.
const MOVED: std::ops::Range<u8> = 1..16;

/// The code that brings arguments to their places and goes on at `entry`; `None` if there are too many. `collect` makes
/// an array of values.
pub fn adapter(placement: &[Source], entry: usize, collect: usize) -> Option<Vec<u8>> {
    // The function checks the stack later; so far there is the slack.
    if placement.len() > STACK_SLACK {
        return None;
    }
    let mut buffer = CodeBuffer::<Fixup>::default();
    let start = buffer.here();
    let mut registers = MOVED.map(Reg::new);
    let mut stores = Vec::new();
    for (slot, source) in placement.iter().enumerate() {
        if let &Source::Rest { first, count } = source {
            let link = Saved::new(0, 0);
            buffer.enter_frame(&link);
            buffer.add_constant(X1, FRAME, i64::from(first) * SLOT);
            buffer.constant(X2, count.into());
            buffer.call_address(collect);
            buffer.leave_frame(&link);
            stores.push((slot, X0));
        }
    }
    for (slot, source) in placement.iter().enumerate() {
        if let Source::Operand(operand) = *source
            && usize::from(operand) != slot
        {
            let reg = registers.next()?;
            buffer.load(reg, FRAME, i64::from(operand) * SLOT);
            stores.push((slot, reg));
        }
    }
    for (slot, reg) in stores {
        buffer.store(reg, FRAME, slot as i64 * SLOT);
    }
    if placement.contains(&Source::Undefined) {
        buffer.constant(X16, Value::UNDEFINED.bits());
    }
    for (slot, source) in placement.iter().enumerate() {
        if *source == Source::Undefined {
            buffer.store(X16, FRAME, slot as i64 * SLOT);
        }
    }
    buffer.load_literal(X16, entry as u64);
    buffer.branch_register(X16);
    Some(buffer.finish(&[], start).code.to_vec())
}
