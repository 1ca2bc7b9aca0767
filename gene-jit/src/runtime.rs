//! What compiled code calls: a handful of functions with the C calling convention.

use crate::tier::{self, Shared};
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
    /// Does what is due at a safepoint.
    Safepoint,
    /// Raises the exception of a stack that is full.
    Overflow,
    /// Finds where an exception goes on.
    Unwind,
}

impl Helper {
    /// All helpers.
    pub const ALL: [Helper; 6] = [
        Helper::Plain,
        Helper::Branch,
        Helper::Call,
        Helper::Safepoint,
        Helper::Overflow,
        Helper::Unwind,
    ];

    /// The address of the function.
    pub fn address(self) -> usize {
        match self {
            Helper::Plain => plain as *const () as usize,
            Helper::Branch => branch as *const () as usize,
            Helper::Call => call as *const () as usize,
            Helper::Safepoint => safepoint as *const () as usize,
            Helper::Overflow => overflow as *const () as usize,
            Helper::Unwind => unwind as *const () as usize,
        }
    }

    /// May the function answer [`Value::EXCEPTION`]?
    pub fn may_raise(self) -> bool {
        self != Helper::Unwind
    }
}

/// The arguments that compiled code passes to all helpers but one: the VM, the code, the instruction, the frame, the
/// number of operands on the stack, and what the JIT shares.
pub type HelperFunction =
    unsafe extern "C" fn(*mut Vm, *const Code, usize, *mut Value, usize, *const Shared) -> u64;

/// Where an exception goes on.
#[repr(C)]
pub struct Landing {
    /// The machine code.
    pub address: usize,
    /// The frame.
    pub base: *mut Value,
}

/// The arguments and the result of [`Helper::Unwind`]: the VM, the return address, the callee's frame, and what the
/// JIT shares.
pub type UnwindFunction =
    unsafe extern "C" fn(*mut Vm, usize, *mut Value, *const Shared) -> Landing;

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

unsafe extern "C" fn unwind(
    vm: *mut Vm,
    return_address: usize,
    base: *mut Value,
    shared: *const Shared,
) -> Landing {
    // SAFETY: compiled code runs with the only reference to the VM lent to it; what is shared lives as long as code.
    unsafe { tier::unwind(&*shared, &mut *vm, return_address, base) }
}
