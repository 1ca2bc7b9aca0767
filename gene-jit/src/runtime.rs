//! What compiled code calls: a handful of functions with the C calling convention.

use crate::tier::Shared;
use gene_vm::code::Code;
use gene_vm::value::Value;
use gene_vm::vm::{Raise, Vm};

/// A function of the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Helper {
    /// Runs an instruction on the operand stack.
    Plain,
    /// Runs an instruction that may jump; answers whether it does.
    Branch,
    /// Makes the call that an instruction says; answers the result.
    Call,
    /// Makes the call in tail position that an instruction says; answers the address to go to when this function's native
    /// frame is left.
    TailCall,
    /// Does what is due at a safepoint.
    Safepoint,
    /// As [`Helper::Safepoint`], before the first instruction.
    EntrySafepoint,
    /// Raises the exception of a stack that is full.
    Overflow,
    /// A guess was wrong: the interpreter is to go on in this frame.
    Leave,
    /// Runs the function in the interpreter, from where [`Helper::Leave`] or [`Helper::TailCall`] says.
    Interpret,
    /// Finds where an exception goes on.
    Unwind,
}

/// What a function of the runtime answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A value, or [`Value::EXCEPTION`].
    Value,
    /// Where control goes on.
    Place,
}

impl Helper {
    /// All helpers.
    pub const ALL: [Helper; 10] = [
        Helper::Plain,
        Helper::Branch,
        Helper::Call,
        Helper::TailCall,
        Helper::Safepoint,
        Helper::EntrySafepoint,
        Helper::Overflow,
        Helper::Leave,
        Helper::Interpret,
        Helper::Unwind,
    ];

    /// The address of the function.
    pub fn address(self) -> usize {
        let value = |function: ValueFunction| function as usize;
        let place = |function: PlaceFunction| function as usize;
        match self {
            Helper::Plain => value(plain),
            Helper::Branch => value(branch),
            Helper::Call => value(call),
            Helper::TailCall => value(tail_call),
            Helper::Safepoint => value(safepoint),
            Helper::EntrySafepoint => value(entry_safepoint),
            Helper::Overflow => value(overflow),
            Helper::Leave => place(leave),
            Helper::Interpret => place(interpret),
            Helper::Unwind => place(unwind),
        }
    }

    /// Its name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Helper::Plain => "plain",
            Helper::Branch => "branch",
            Helper::Call => "call",
            Helper::TailCall => "tail_call",
            Helper::Safepoint => "safepoint",
            Helper::EntrySafepoint => "entry_safepoint",
            Helper::Overflow => "overflow",
            Helper::Leave => "leave",
            Helper::Interpret => "interpret",
            Helper::Unwind => "unwind",
        }
    }

    /// What the function answers; that decides on its arguments, too.
    pub fn answer(self) -> Answer {
        match self {
            Helper::Leave | Helper::Interpret | Helper::Unwind => Answer::Place,
            _ => Answer::Value,
        }
    }
}

/// The arguments of helpers that answer a value: the VM, the code, the instruction, the frame, the number of operands on
/// the stack, and what the JIT shares.
pub type ValueFunction =
    unsafe extern "C" fn(*mut Vm, *const Code, usize, *mut Value, usize, *const Shared) -> u64;

/// The arguments of helpers that answer a place: the VM, the return address, the frame, and what the JIT shares.
/// The place is read at once.
pub type PlaceFunction =
    unsafe extern "C" fn(*mut Vm, usize, *mut Value, *const Shared) -> *const Place;

/// Where control goes on.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The machine code.
    pub address: usize,
    /// The frame.
    pub base: *mut Value,
    /// Where the code at `address` goes on, if that only leaves a native frame.
    pub then: usize,
}

/// Sets the top of the value stack to where the operands end, and makes references of the pointers.
///
/// # Safety
/// The pointers come from compiled code that runs in this frame.
unsafe fn arrive<'a>(
    vm: *mut Vm,
    code: *const Code,
    base: *mut Value,
    depth: usize,
) -> (&'a mut Vm, &'a Code) {
    // SAFETY: compiled code runs with the only reference to the VM lent to it, and its code object is alive.
    let (vm, code) = unsafe { (&mut *vm, &*code) };
    vm.context.stack_top = base.wrapping_add(code.locals as usize + depth);
    (vm, code)
}

/// As [`arrive`], for the instruction at `pc`; it is counted.
///
/// # Safety
/// As for [`arrive`]; `shared` is what the JIT gave to the code.
unsafe fn arrive_at<'a>(
    vm: *mut Vm,
    code: *const Code,
    pc: usize,
    base: *mut Value,
    depth: usize,
    shared: *const Shared,
) -> (&'a mut Vm, &'a Code) {
    // SAFETY: what the caller promises.
    let ((vm, code), shared) = unsafe { (arrive(vm, code, base, depth), &*shared) };
    let op = code.instrs[pc].op;
    shared.count_helper(op);
    (vm, code)
}

fn answer(result: Result<u64, Raise>) -> u64 {
    result.unwrap_or(Value::EXCEPTION.bits())
}

unsafe extern "C" fn plain(
    vm: *mut Vm,
    code: *const Code,
    pc: usize,
    base: *mut Value,
    depth: usize,
    shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code passes its own instruction and frame.
    unsafe {
        let (vm, code) = arrive_at(vm, code, pc, base, depth, shared);
        answer(vm.execute_plain(code, pc, base).map(|()| Value::NIL.bits()))
    }
}

unsafe extern "C" fn branch(
    vm: *mut Vm,
    code: *const Code,
    pc: usize,
    base: *mut Value,
    depth: usize,
    shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code passes its own instruction and frame.
    unsafe {
        let (vm, code) = arrive_at(vm, code, pc, base, depth, shared);
        answer(vm.execute_branch(code, pc, base).map(u64::from))
    }
}

unsafe extern "C" fn call(
    vm: *mut Vm,
    code: *const Code,
    pc: usize,
    base: *mut Value,
    depth: usize,
    shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code passes its own instruction and frame.
    unsafe {
        let (vm, code) = arrive_at(vm, code, pc, base, depth, shared);
        answer(vm.execute_call(code, pc, base).map(Value::bits))
    }
}

unsafe extern "C" fn tail_call(
    vm: *mut Vm,
    code: *const Code,
    pc: usize,
    base: *mut Value,
    depth: usize,
    shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code passes its own instruction and frame, which it does not need any more.
    unsafe {
        let (vm, code) = arrive_at(vm, code, pc, base, depth, shared);
        let after = vm.execute_tail_call(code, pc, base);
        answer(after.map(|after| (*shared).after_tail_call(after, base) as u64))
    }
}

unsafe extern "C" fn safepoint(
    vm: *mut Vm,
    code: *const Code,
    _pc: usize,
    base: *mut Value,
    depth: usize,
    _shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code passes its own frame.
    let (vm, _) = unsafe { arrive(vm, code, base, depth) };
    answer(vm.safepoint().map(|()| Value::NIL.bits()))
}

unsafe extern "C" fn entry_safepoint(
    vm: *mut Vm,
    code: *const Code,
    pc: usize,
    base: *mut Value,
    _depth: usize,
    shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code passes its own frame, whose variables are set.
    unsafe { safepoint(vm, code, pc, base, 0, shared) }
}

unsafe extern "C" fn overflow(
    vm: *mut Vm,
    code: *const Code,
    _pc: usize,
    base: *mut Value,
    _depth: usize,
    _shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code passes its own frame. Its variables are not set yet, but for the parameters.
    unsafe {
        let (vm, code) = arrive(vm, code, base, 0);
        vm.context.stack_top = base.add(code.params as usize);
        vm.raise_stack_overflow();
    }
    Value::EXCEPTION.bits()
}

unsafe extern "C" fn leave(
    vm: *mut Vm,
    return_address: usize,
    base: *mut Value,
    shared: *const Shared,
) -> *const Place {
    // SAFETY: compiled code runs with the only reference to the VM lent to it; what is shared lives as long as code.
    unsafe { (*shared).leave(&mut *vm, return_address, base) }
}

unsafe extern "C" fn interpret(
    vm: *mut Vm,
    _return_address: usize,
    base: *mut Value,
    shared: *const Shared,
) -> *const Place {
    // SAFETY: as for `leave`; the frame is as `Shared::leave` or `Shared::after_tail_call` has left it.
    unsafe { (*shared).interpret(&mut *vm, base) }
}

unsafe extern "C" fn unwind(
    vm: *mut Vm,
    return_address: usize,
    base: *mut Value,
    shared: *const Shared,
) -> *const Place {
    // SAFETY: as for `leave`.
    unsafe { (*shared).unwind(&mut *vm, return_address, base) }
}
