//! The target AArch64: the rules' generated code, and which register does what.
//!
//! | register  | use                                                                  |
//! |-----------|----------------------------------------------------------------------|
//! | x0 – x15  | scratch; x0 – x5 pass arguments to the runtime, x0 brings results     |
//! | x2        | the address of a receiver that the caller has checked, at the entry   |
//! | x16, x17  | between instructions of one step: slow paths, large offsets          |
//! | x19 – x23 | variables that a loop keeps                                          |
//! | x24       | the tag of singletons, which is nil                                   |
//! | x25       | the tag of heap objects                                              |
//! | x26       | the tag of small ints                                                |
//! | x27       | the context: the VM                                                  |
//! | x28       | the frame: the address of local slot 0                               |
//! | d8 – d15  | float variables that a loop keeps; the other d registers are scratch |
//!
//! x19 – x28, d8 – d15 and the stack pointer survive calls.

pub mod emit;

/// What the rules compile to.
#[allow(missing_docs, reason = "generated")]
#[allow(dead_code, clippy::all)]
#[rustfmt::skip]
pub mod isle {
    mod layout;

    use layout::*;
    pub use layout::{ENTRY_NAME, HEADER_KIND, KIND_ARRAY, KIND_FUNCTION, KIND_STRING};
    use crate::buffer::Label;
    use crate::runtime::classes::*;
    use crate::thunks::SharedCode;
    use crate::tree::{Checked, Node, OWN_SCOPE, Op, Rounding, Stmt};

    gene_isle::rules!(
        "rules/prelude.isle",
        "rules/bytecode.isle",
        "rules/value.isle",
        "rules/runtime.isle",
        "rules/arm64/inst.isle",
        "rules/arm64/lower/value.isle",
        "rules/arm64/lower/variable.isle",
        "rules/arm64/lower/arith.isle",
        "rules/arm64/lower/compare.isle",
        "rules/arm64/lower/element.isle",
        "rules/arm64/lower/string.isle",
        "rules/arm64/lower/instance.isle",
        "rules/arm64/lower/map.isle",
        "rules/arm64/lower/iterate.isle",
        "rules/arm64/lower/name.isle",
        "rules/arm64/lower/numeric.isle",
        "rules/arm64/lower/wide.isle",
        "rules/arm64/lower/alloc.isle",
        "rules/arm64/lower/check.isle",
        "rules/arm64/lower/control.isle",
    );
}

use crate::buffer::LabelUse;
use gene_vm::value::Value;
pub use isle::{Cond, FReg, Fixup, Inst, Reg, RuleId};

/// Size of a slot of the value stack, a scope or an object.
pub const SLOT: i64 = size_of::<Value>() as i64;

/// Scratch registers that rules may use.
pub const SCRATCH: &[u8] = &[9, 10, 11, 12, 13, 14, 15, 8, 7, 6, 5, 4, 3, 2, 1, 0];
/// Registers for variables of loops.
pub const KEPT: &[u8] = &[19, 20, 21, 22, 23];
/// Scratch floating-point registers.
pub const FLOAT_SCRATCH: &[u8] = &[
    0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
];
/// Floating-point registers for variables of loops.
pub const FLOAT_KEPT: &[u8] = &[8, 9, 10, 11, 12, 13, 14, 15];

/// The first argument and the result.
pub const X0: Reg = Reg::new(0);
/// The second argument and result.
pub const X1: Reg = Reg::new(1);
/// The third argument.
pub const X2: Reg = Reg::new(2);
/// The fourth argument.
pub const X3: Reg = Reg::new(3);
/// The fifth argument.
pub const X4: Reg = Reg::new(4);
/// The sixth argument.
pub const X5: Reg = Reg::new(5);
/// At the entry of a method whose caller has checked the receiver: its address.
pub const RECEIVER: Reg = X2;
/// For use inside of one step.
pub const X16: Reg = Reg::new(16);
/// For use inside of one step.
pub const X17: Reg = Reg::new(17);
/// The tag of singletons, which is nil.
pub const SINGLETON_TAG: Reg = Reg::new(24);
/// The tag of heap objects.
pub const POINTER_TAG: Reg = Reg::new(25);
/// The tag of small ints.
pub const SMALL_INT_TAG: Reg = Reg::new(26);
/// The context.
pub const CONTEXT: Reg = Reg::new(27);
/// The frame.
pub const FRAME: Reg = Reg::new(28);
/// The return address.
pub const LINK: Reg = Reg::new(30);
/// The stack pointer, where an instruction takes one; else zero.
pub const SP: Reg = Reg::new(31);
/// Zero.
pub const ZERO: Reg = Reg::new(31);

impl LabelUse for Fixup {
    fn reach(self) -> usize {
        let (low, high) = self.range();
        (-low).min(high) as usize
    }

    fn patch(self, code: &mut [u8], at: usize, distance: i64) {
        let bytes: &mut [u8; 4] = (&mut code[at..at + 4]).try_into().expect("four bytes");
        let word = Fixup::patch(self, u32::from_le_bytes(*bytes), distance);
        *bytes = word
            .expect("labels are kept in reach of their uses")
            .to_le_bytes();
    }

    fn long_branch() -> Fixup {
        Fixup::Branch26
    }

    fn long_branch_bytes() -> &'static [u8] {
        &[0, 0, 0, 0x14]
    }
}

/// The opposite condition.
pub fn invert(cond: Cond) -> Cond {
    Cond::from_number(cond.number() ^ 1).expect("the codes of conditions come in pairs")
}
