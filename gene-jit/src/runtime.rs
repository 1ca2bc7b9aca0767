//! What compiled code calls: a handful of functions with the C calling convention. `rules/runtime.isle` declares them.

pub use crate::arm64::isle::HelperId as Helper;
use crate::tier::Shared;
use gene_vm::code::Code;
use gene_vm::object::Function;
use gene_vm::value::Value;
use gene_vm::vm::{Raise, Vm};

/// The classes of arguments and results, and what they are in Rust.
pub mod classes {
    use super::{Code, Value};
    use crate::arm64::isle::HelperClass;

    macro_rules! classes {
        ($($(#[doc = $doc:literal])* $class:ident: $native:ty,)*) => {
            $(
                $(#[doc = $doc])*
                #[derive(Clone, Copy, Debug)]
                pub struct $class;

                impl HelperClass for $class {
                    type Native = $native;

                    fn of_word(word: u64) -> $native {
                        word as $native
                    }

                    fn into_word(value: $native) -> u64 {
                        value as u64
                    }
                }
            )*
        };
    }

    classes! {
        /// The VM.
        Vm: *mut super::Vm,
        /// What the JIT shares.
        Shared: *const super::Shared,
        /// The running code.
        CodeObject: *const Code,
        /// The address of local slot 0.
        Frame: *mut Value,
        /// The index of an instruction.
        Pc: usize,
        /// The number of operands on the stack.
        Depth: usize,
        /// Where the call returns to.
        ReturnAddress: usize,
        /// A value that is called.
        Callee: u64,
        /// The address of values.
        Values: *const Value,
        /// A number of values.
        Count: usize,
        /// Nothing, or an exception.
        Done: u64,
        /// 0 or 1, or an exception.
        Flag: u64,
        /// A value, or an exception.
        Word: u64,
        /// Machine code, or an exception.
        Address: u64,
        /// Machine code, or 0.
        Entry: u64,
        /// Where control goes on; it is read at once.
        Place: *const super::Place,
    }
}

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

/// Defines functions that carry out an instruction of compiled code, in its frame.
macro_rules! instruction_helpers {
    ($($name:ident($vm:ident, $code:ident, $pc:ident, $base:ident, $shared:ident) $body:expr)*) => {
        $(
            pub(crate) unsafe extern "C" fn $name(
                vm: *mut Vm,
                code: *const Code,
                $pc: usize,
                $base: *mut Value,
                depth: usize,
                $shared: *const Shared,
            ) -> u64 {
                // SAFETY: compiled code passes its own instruction and frame.
                unsafe {
                    let ($vm, $code) = arrive_at(vm, code, $pc, $base, depth, $shared);
                    $body
                }
            }
        )*
    };
}

instruction_helpers! {
    plain(vm, code, pc, base, shared)
        answer(vm.execute_plain(code, pc, base).map(|()| Value::NIL.bits()))

    branch(vm, code, pc, base, shared)
        answer(vm.execute_branch(code, pc, base).map(u64::from))

    call(vm, code, pc, base, shared)
        answer(vm.execute_call(code, pc, base).map(Value::bits))

    // The frame is not needed any more.
    tail_call(vm, code, pc, base, shared) {
        let after = vm.execute_tail_call(code, pc, base);
        answer(after.map(|after| (*shared).after_tail_call(after, base) as u64))
    }
}

pub(crate) unsafe extern "C" fn entry_for(callee: u64, count: usize) -> u64 {
    Value::from_bits(callee)
        .get::<Function>()
        .map_or(0, |function| function.entry_for(count) as u64)
}

pub(crate) unsafe extern "C" fn native(
    vm: *mut Vm,
    base: *mut Value,
    count: usize,
    shared: *const Shared,
) -> u64 {
    // SAFETY: compiled code runs with the only reference to the VM lent to it, and passes a frame with so many arguments.
    unsafe {
        (*shared).count_native_call();
        answer((*vm).run_native(base, count).map(Value::bits))
    }
}

pub(crate) unsafe extern "C" fn collect(vm: *mut Vm, first: *const Value, count: usize) -> u64 {
    // SAFETY: compiled code runs with the only reference to the VM lent to it; it passes operands of its own.
    let (vm, values) = unsafe { (&mut *vm, std::slice::from_raw_parts(first, count)) };
    vm.heap.array(values).bits()
}

pub(crate) unsafe extern "C" fn safepoint(
    vm: *mut Vm,
    code: *const Code,
    base: *mut Value,
    depth: usize,
) -> u64 {
    // SAFETY: compiled code passes its own frame.
    let (vm, _) = unsafe { arrive(vm, code, base, depth) };
    answer(vm.safepoint().map(|()| Value::NIL.bits()))
}

pub(crate) unsafe extern "C" fn begin(vm: *mut Vm, code: *const Code, base: *mut Value) -> u64 {
    // SAFETY: compiled code passes its own frame.
    let (vm, code) = unsafe { arrive(vm, code, base, 0) };
    // Its variables are not set yet, but for the parameters.
    vm.context.stack_top = base.wrapping_add(code.params as usize);
    if base.wrapping_add(code.frame_beyond_slack()) > vm.context.stack_limit {
        vm.raise_stack_overflow();
        return Value::EXCEPTION.bits();
    }
    answer(vm.safepoint().map(|()| Value::NIL.bits()))
}

pub(crate) unsafe extern "C" fn leave(
    vm: *mut Vm,
    return_address: usize,
    base: *mut Value,
    shared: *const Shared,
) -> *const Place {
    // SAFETY: compiled code runs with the only reference to the VM lent to it; what is shared lives as long as code.
    unsafe { (*shared).leave(&mut *vm, return_address, base) }
}

pub(crate) unsafe extern "C" fn interpret(
    vm: *mut Vm,
    base: *mut Value,
    shared: *const Shared,
) -> *const Place {
    // SAFETY: as for `leave`; the frame is as `Shared::leave` or `Shared::after_tail_call` has left it.
    unsafe { (*shared).interpret(&mut *vm, base) }
}

pub(crate) unsafe extern "C" fn unwind(
    vm: *mut Vm,
    return_address: usize,
    base: *mut Value,
    shared: *const Shared,
) -> *const Place {
    // SAFETY: as for `leave`.
    unsafe { (*shared).unwind(&mut *vm, return_address, base) }
}
