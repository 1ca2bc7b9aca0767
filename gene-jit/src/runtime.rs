//! What compiled code calls: a handful of functions with the C calling convention.

use crate::tier;
use gene_vm::code::Code;
use gene_vm::value::Value;
use gene_vm::vm::Vm;

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
    pub const ALL: [Helper; 6] =
        [Helper::Plain, Helper::Branch, Helper::Call, Helper::Safepoint, Helper::Overflow, Helper::Unwind];

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

/// The arguments that compiled code passes to all helpers but one: the VM, the code, the instruction, the frame, and
/// the number of operands on the stack.
pub type HelperFunction = unsafe extern "C" fn(*mut Vm, *const Code, usize, *mut Value, usize) -> u64;

/// Where an exception goes on.
#[repr(C)]
pub struct Landing {
    /// The machine code.
    pub address: usize,
    /// The frame.
    pub base: *mut Value,
}

/// The arguments and the result of [`Helper::Unwind`]: the VM, the return address, the callee's frame.
pub type UnwindFunction = unsafe extern "C" fn(*mut Vm, usize, *mut Value) -> Landing;
