//! Where arithmetic instructions and comparisons have their operands.

use gene_vm::bytecode::{Instr, Op};

/// Where an operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// So many operands below the top of the stack.
    Stack(usize),
    /// In a local variable.
    Local(u16),
    /// In the instruction.
    Int(i64),
}

/// The operands of an instruction that takes two numbers; of [`Op::Neg`], the one twice.
/// `None` for other instructions.
pub fn operands(instr: Instr) -> Option<[Operand; 2]> {
    use Operand::{Int, Local, Stack};
    let Instr { a, b, c, .. } = instr;
    Some(match instr.op {
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Mod => [Stack(1), Stack(0)],
        Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq | Op::Ne => [Stack(1), Stack(0)],
        Op::JumpIfNotLt | Op::JumpIfNotLe | Op::JumpIfNotGt | Op::JumpIfNotGe => {
            [Stack(1), Stack(0)]
        }
        Op::JumpIfNotEq | Op::JumpIfEq => [Stack(1), Stack(0)],
        Op::Neg => [Stack(0), Stack(0)],
        Op::AddInt | Op::SubInt => [Stack(0), Int(c.into())],
        Op::LocalAddInt | Op::LocalSubInt | Op::IncLocal | Op::DecLocal => {
            [Local(b), Int(c.into())]
        }
        Op::LocalAddLocal | Op::LocalSubLocal | Op::AddToLocal => [Local(b), Local(c as u16)],
        Op::JumpIfNotLocalLtInt
        | Op::JumpIfNotLocalLeInt
        | Op::JumpIfNotLocalGtInt
        | Op::JumpIfNotLocalGeInt
        | Op::JumpIfNotLocalEqInt
        | Op::JumpIfLocalEqInt => [Local(a.into()), Int(instr.literal())],
        Op::JumpIfNotLocalLtLocal
        | Op::JumpIfNotLocalLeLocal
        | Op::JumpIfNotLocalGtLocal
        | Op::JumpIfNotLocalGeLocal => [Local(a.into()), Local(b)],
        _ => return None,
    })
}

/// Is it a test for equality, which takes values of all kinds?
pub fn is_equality(op: Op) -> bool {
    matches!(
        op,
        Op::JumpIfNotEq
            | Op::JumpIfEq
            | Op::JumpIfNotLocalEqInt
            | Op::JumpIfLocalEqInt
            | Op::Eq
            | Op::Ne
    )
}

/// Does it push true or false?
pub fn is_comparison(op: Op) -> bool {
    matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq | Op::Ne)
}
