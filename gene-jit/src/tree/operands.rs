//! Where arithmetic instructions, comparisons and accesses to arrays have their operands.

use super::Checked;
use gene_vm::bytecode::{Instr, Op};
use gene_vm::code::Code;
use gene_vm::compile::SideEntry;
use gene_vm::heap::{Header, Kind};
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

/// As [`operands`], of an instruction that works on ints: of one that works on bits, too, but of no test for equality.
pub fn int_operands(instr: Instr) -> Option<[Operand; 2]> {
    match instr.op {
        Op::Shl | Op::Shr | Op::And | Op::Or | Op::Xor => {
            Some([Operand::Stack(1), Operand::Stack(0)])
        }
        op if is_equality(op) => None,
        _ => operands(instr),
    }
}

/// As [`operands`], also of a call of a function of numbers.
pub fn guessed_operands(instr: Instr) -> Option<[Operand; 2]> {
    use Operand::Stack;
    match (instr.op, instr.b) {
        (Op::Call, 1) => Some([Stack(0), Stack(0)]),
        (Op::Call, 2) => Some([Stack(1), Stack(0)]),
        _ => operands(instr),
    }
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

/// Where an instruction that may look into an array or a string has its operands, counted from the top of the stack.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// The array or string.
    pub of: usize,
    /// Which of them it is, as far as is known.
    pub kind: Checked,
    /// The index, if it is an operand.
    pub key: Option<usize>,
}

/// What an instruction does with an array or a string, if it may.
pub fn access(code: &Code, instr: Instr) -> Option<Access> {
    let array = |of, key| {
        Some(Access {
            of,
            kind: Checked::Array,
            key,
        })
    };
    match instr.op {
        Op::GetIndex => array(0, None),
        Op::SetIndex => array(1, None),
        Op::GetDynamic | Op::GetMemberOrElement => array(1, Some(0)),
        Op::SetDynamic => array(2, Some(1)),
        Op::ArrayPush => array(1, None),
        Op::CallMethod => {
            let (method, kind) = inline_method(code, instr)?;
            let count = instr.b as usize;
            Some(Access {
                of: count,
                kind,
                key: method.has_key().then(|| count - 1),
            })
        }
        _ => None,
    }
}

/// A method of arrays or strings that code carries out on its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InlineMethod {
    /// The number of elements or characters.
    Size,
    /// An element.
    Get,
    /// Stores an element.
    Set,
    /// Appends an element.
    Push,
    /// Takes the last element.
    Pop,
    /// A byte of a string.
    ByteAt,
}

impl InlineMethod {
    fn has_key(self) -> bool {
        matches!(
            self,
            InlineMethod::Get | InlineMethod::Set | InlineMethod::ByteAt
        )
    }
}

/// The kind of the last receiver of an [`Op::CallMethod`]: an array or a string. `None`: it was something else. Without
/// a receiver so far the method's name decides.
fn receiver(code: &Code, instr: Instr) -> Option<Checked> {
    let cache = &code.caches[instr.c as usize];
    let latest = cache.latest();
    if latest.key() == 0 {
        return Some(match cache.name().name() {
            "byte_at" => Checked::String,
            _ => Checked::Array,
        });
    }
    let is = |kind| latest.key() == Header::word(kind, 0);
    if is(Kind::Array) {
        Some(Checked::Array)
    } else {
        is(Kind::Str).then_some(Checked::String)
    }
}

/// The method that an [`Op::CallMethod`] calls if its receiver is of the same kind as the last one, if code carries it
/// out on its own, and that kind.
pub fn inline_method(code: &Code, instr: Instr) -> Option<(InlineMethod, Checked)> {
    let receiver = receiver(code, instr)?;
    let name = code.caches[instr.c as usize].name().name();
    let method = match (receiver, name, instr.b) {
        (_, "size" | "length", 0) => InlineMethod::Size,
        (Checked::Array, "get", 1) => InlineMethod::Get,
        (Checked::Array, "set", 2) => InlineMethod::Set,
        (Checked::Array, "push", 1) => InlineMethod::Push,
        (Checked::Array, "pop", 0) => InlineMethod::Pop,
        (Checked::String, "byte_at", 1) => InlineMethod::ByteAt,
        _ => return None,
    };
    Some((method, receiver))
}

/// What an iteration goes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Iteration {
    /// A range whose step is one.
    Range,
    /// An array, as far as is known.
    Array,
}

/// What the iteration with its state from a local slot on goes through that has been started before `pc`, or is there: a
/// range if one was just made where it starts.
pub fn iteration(code: &Code, pc: usize, slots: u16) -> Iteration {
    let starts = |at: &usize| code.instrs[*at].op == Op::IterStart && code.instrs[*at].b == slots;
    let made = (0..=pc)
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

/// Does an instruction check a value against what a name stands for, most likely a class?
pub fn checks_class(code: &Code, instr: Instr) -> bool {
    instr.op == Op::CheckType
        && matches!(&code.side[instr.c as usize],
            SideEntry::Check { of, references: 1, .. } if matches!(of.kind, TypeKind::Reference(0, _)))
}
