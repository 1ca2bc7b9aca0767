//! The hooks for a second tier, which runs hot functions as machine code, and for observers.
//!
//! A frame looks the same in both tiers: the callee at `base[-1]`, parameters and
//! other locals from `base[0]` on, operands behind them. So the tiers call each other
//! by agreeing on `base` alone.

use crate::bytecode::Instr;
use crate::code::Code;
use crate::value::Value;
use crate::vm::Vm;

/// Where compiled code enters native functions with so many arguments, as if they were compiled; 0: nowhere.
pub type NativeEntries = [usize; NATIVE_ENTRIES];

/// The entries are for fewer arguments than this.
pub const NATIVE_ENTRIES: usize = 8;

/// Bytes of native stack that compiled code uses at most per byte of value stack, which is all that it checks. A native
/// frame has the return address and up to two registers for each variable, and padding; a callee's frame lies at least
/// the callee's slot and all variables above its caller's.
pub const NATIVE_PER_VALUE: usize = 4;

/// Native stack that the runtime's functions need below compiled code.
pub const NATIVE_RESERVE: usize = 128 << 10;

/// What the interpreter asks of a second tier.
pub trait Tier {
    /// The budget of a new code object: calls plus loop rounds until [`Tier::heat`] is called.
    fn threshold(&self) -> i32;

    /// Where compiled code enters native functions.
    fn native_entries(&self) -> NativeEntries;

    /// The function's budget is used up. The tier may compile it (and set [`Code::entry`]) and sets a new budget.
    /// It must not compile a body that is not [`Code::direct`]: the frames of those stay with the interpreter.
    /// `locals` are the first locals of a frame that is about to run.
    fn heat(&self, vm: &mut Vm, code: &Code, locals: &[Value]);

    /// Machine code that brings arguments from the order in which a call has put them on the stack to the places of the
    /// parameters, and goes on at [`Code::entry`], which is there. 0: there is none.
    fn adapter(&self, code: &Code, placement: &[Source]) -> usize;

    /// Where compiled code goes on at the target of a back edge, if it can be entered there. The operand stack
    /// then holds what the bytecode says.
    fn loop_entry(&self, code: &Code, target: usize) -> Option<usize>;

    /// Runs compiled code from [`Code::entry`] or a [`Tier::loop_entry`] on, in the frame at `base`: with the arguments
    /// bound, or what the loop left there.
    /// Answers the result, or [`Value::EXCEPTION`] with the exception pending in the VM. It checks neither stack, see
    /// [`NATIVE_PER_VALUE`].
    ///
    /// # Safety
    /// The address belongs to the code of the function at `base[-1]`, and the frame is complete.
    unsafe fn run(&self, vm: &mut Vm, address: usize, base: *mut Value) -> Value;
}

/// What a parameter gets from a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The operand with this number, counted from the first that is passed.
    Operand(u16),
    /// A new array of some operands.
    Rest {
        /// The first.
        first: u16,
        /// How many.
        count: u16,
    },
    /// Nothing: the code of its default finds it undefined.
    Undefined,
}

/// How the interpreter has left a frame that it ran on behalf of compiled code.
#[derive(Clone, Copy, Debug)]
pub enum Resumed {
    /// The function has returned.
    Returned(Value),
    /// Compiled code can take over in the same frame, at this address.
    Compiled(usize),
}

/// What is to be done with a frame after a call in tail position.
#[derive(Clone, Copy, Debug)]
pub enum TailCall {
    /// Return this.
    Returned(Value),
    /// Run the callee's compiled code, at this address.
    Compiled(usize),
    /// Run the callee from its first instruction on.
    Interpret,
}

/// Looks on while the interpreter runs: for traces and profiles.
pub trait Observer {
    /// The instruction at `pc` is about to run; `operands` are the values on the operand stack.
    fn instruction(&self, code: &Code, pc: usize, operands: &[Value]);
}

/// Does the interpreter run this instruction through [`Vm::execute_plain`], as a function of
/// the operand stack that neither jumps nor changes frames? Compiled code may call that function, too.
pub fn is_plain(instr: Instr) -> bool {
    crate::interpret::is_plain(instr)
}
