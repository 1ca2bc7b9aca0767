//! The hook for a second tier, which runs hot functions as machine code.
//!
//! A frame looks the same in both tiers: the callee at `base[-1]`, parameters and
//! other locals from `base[0]` on, operands behind them. So the tiers call each other
//! by agreeing on `base` alone.

use crate::bytecode::Instr;
use crate::code::Code;
use crate::heap::Gc;
use crate::object::Function;
use crate::value::Value;
use crate::vm::Vm;

/// What the interpreter asks of a second tier.
pub trait Tier {
    /// The budget of a new code object: calls plus loop rounds until [`Tier::heat`] is called.
    fn threshold(&self) -> i32;

    /// The function's budget is used up. The tier may compile it (and set [`Code::entry`]) and sets a new budget.
    fn heat(&self, vm: &mut Vm, function: Gc<Function>, code: &Code);

    /// Runs compiled code. The frame is set up: arguments bound, other locals nil.
    /// Answers the result, or [`Value::EXCEPTION`] with the exception pending in the VM.
    fn enter(&self, vm: &mut Vm, code: &Code, base: *mut Value) -> Value;

    /// Goes on in compiled code at the target of a back edge, if the function is
    /// compiled and can be entered there; the operand stack holds what the bytecode
    /// says. Answers what the function returns, like [`Tier::enter`].
    fn enter_loop(
        &self,
        vm: &mut Vm,
        code: &Code,
        target: usize,
        base: *mut Value,
    ) -> Option<Value>;
}

/// Does the interpreter run this instruction through [`Vm::execute_plain`], as a function of
/// the operand stack that neither jumps nor changes frames? Compiled code may call that function, too.
pub fn is_plain(instr: Instr) -> bool {
    crate::interpret::is_plain(instr)
}
