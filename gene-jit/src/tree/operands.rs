//! Where arithmetic instructions, comparisons and accesses to arrays have their operands.

use super::Checked;
use gene_vm::bytecode::{Instr, Op};
use gene_vm::code::Code;
use gene_vm::compile::SideEntry;
use gene_vm::object::NativeFn;
use gene_vm::types::TypeKind;

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

/// Where an instruction that may use elements of an array has its operands, counted from the top of the stack.
#[derive(Clone, Copy, Debug)]
pub struct ArrayAccess {
    /// The array.
    pub array: usize,
    /// The index, if it is an operand.
    pub key: Option<usize>,
}

/// What an instruction does with an array, if it may.
pub fn array_access(code: &Code, instr: Instr) -> Option<ArrayAccess> {
    let access = |array, key| Some(ArrayAccess { array, key });
    match instr.op {
        Op::GetIndex => access(0, None),
        Op::SetIndex => access(1, None),
        Op::GetDynamic | Op::GetMemberOrElement => access(1, Some(0)),
        Op::SetDynamic => access(2, Some(1)),
        Op::CallMethod => {
            let key = array_method(code, instr)?.has_key();
            let count = instr.b as usize;
            access(count, key.then(|| count - 1))
        }
        _ => None,
    }
}

/// A method of arrays that code carries out on its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArrayMethod {
    /// The number of elements.
    Size,
    /// An element.
    Get,
    /// Stores an element.
    Set,
    /// Appends an element.
    Push,
    /// Takes the last element.
    Pop,
}

impl ArrayMethod {
    fn has_key(self) -> bool {
        matches!(self, ArrayMethod::Get | ArrayMethod::Set)
    }
}

/// The method of arrays that an [`Op::CallMethod`] calls if its receiver is an array, unless the last receiver was another
/// kind of object with a method of its program's.
pub fn array_method(code: &Code, instr: Instr) -> Option<ArrayMethod> {
    let cache = &code.caches[instr.c as usize];
    let latest = cache.latest();
    if latest.key() != 0 && latest.method().get::<NativeFn>().is_none() {
        return None;
    }
    match (cache.name().name(), instr.b) {
        ("size" | "length", 0) => Some(ArrayMethod::Size),
        ("get", 1) => Some(ArrayMethod::Get),
        ("set", 2) => Some(ArrayMethod::Set),
        ("push", 1) => Some(ArrayMethod::Push),
        ("pop", 0) => Some(ArrayMethod::Pop),
        _ => None,
    }
}

/// What an iteration goes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Iteration {
    /// A range whose step is one.
    Range,
    /// An array, as far as is known.
    Array,
}

/// What the iteration of the [`Op::IterNext`] at `pc` goes through: a range if one was just made where it starts.
pub fn iteration(code: &Code, pc: usize) -> Iteration {
    let slots = code.instrs[pc].b;
    let starts = |at: &usize| code.instrs[*at].op == Op::IterStart && code.instrs[*at].b == slots;
    let made = (0..pc)
        .rev()
        .find(starts)
        .map(|start| &code.instrs[..start]);
    match made {
        Some([.., step, range]) if range.op == Op::MakeRange && step.op == Op::Nil => {
            Iteration::Range
        }
        _ => Iteration::Array,
    }
}

/// The type that an instruction checks a value against, if that can be done inline.
pub fn checked_type(code: &Code, instr: Instr) -> Option<Checked> {
    if instr.op != Op::CheckType {
        return None;
    }
    let SideEntry::Check { of, .. } = &code.side[instr.c as usize] else {
        return None;
    };
    let TypeKind::Builtin(name) = of.kind else {
        return None;
    };
    Some(match name.name() {
        "Int" => Checked::Int,
        "Float" => Checked::Float,
        "Bool" => Checked::Bool,
        "String" => Checked::String,
        "Array" => Checked::Array,
        "Map" => Checked::Map,
        _ => return None,
    })
}
