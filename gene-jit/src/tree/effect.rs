//! What each instruction does to the operand stack.

use super::operands::inline_method;
use gene_vm::bytecode::{Instr, Op, Operands};
use gene_vm::code::Code;
use gene_vm::compile::SideEntry;
use std::ops::Range;

/// The effect of an instruction on the operand stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effect {
    /// Operands taken.
    pub pops: u16,
    /// Operands left when control goes on to the next instruction.
    pub pushes: u16,
    /// Operands left when the instruction jumps.
    pub jump_pushes: u16,
    /// Control never goes on to the next instruction.
    pub ends: bool,
}

const fn plain(pops: u16, pushes: u16) -> Effect {
    Effect {
        pops,
        pushes,
        jump_pushes: 0,
        ends: false,
    }
}

const fn branch(pops: u16, pushes: u16, jump_pushes: u16) -> Effect {
    Effect {
        pops,
        pushes,
        jump_pushes,
        ends: false,
    }
}

const fn end(pops: u16) -> Effect {
    Effect {
        pops,
        pushes: 0,
        jump_pushes: 0,
        ends: true,
    }
}

/// The effect of an instruction of `code`.
pub fn effect(code: &Code, instr: Instr) -> Effect {
    let count = instr.b;
    let number = instr.c as u16;
    let call = || code.calls[instr.c as usize].operands() as u16;
    match instr.op {
        Op::Const | Op::Int | Op::Nil | Op::True | Op::False => plain(0, 1),
        Op::Pop => plain(1, 0),
        Op::Dup => plain(1, 2),
        Op::Swap => plain(2, 2),
        Op::Slide => plain(count + 1, 1),
        Op::MoveDown => plain(count + 1, count + 1),

        Op::GetLocal | Op::GetScoped | Op::GetCaptured => plain(0, 1),
        Op::SetLocal => plain(1, 0),
        Op::TeeLocal | Op::SetScoped | Op::SetCaptured | Op::CheckDefined => plain(1, 1),
        Op::NewScope | Op::IncLocal | Op::DecLocal | Op::AddToLocal => plain(0, 0),

        Op::GetName
        | Op::GetTypeName
        | Op::GetGlobal
        | Op::GetNamespace
        | Op::GetFunction
        | Op::GetException => plain(0, 1),
        Op::SetName => plain(1, 1),
        Op::SetException => plain(1, 0),

        Op::GetMember | Op::GetIndex | Op::GetMemberStrict | Op::GetIndexStrict => plain(1, 1),
        Op::GetDynamic | Op::GetMemberOrElement | Op::GetDynamicStrict => plain(2, 1),
        Op::GetDefault | Op::SetDynamic => plain(3, 1),
        Op::SetMember | Op::SetIndex => plain(2, 1),
        Op::AssertFound => plain(1, 1),

        Op::LocalAddInt | Op::LocalSubInt | Op::LocalAddLocal | Op::LocalSubLocal => plain(0, 1),
        Op::Neg | Op::AddInt | Op::SubInt | Op::Not => plain(1, 1),
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Mod | Op::Shl | Op::Shr => plain(2, 1),
        Op::And | Op::Xor | Op::Or | Op::Is => plain(2, 1),
        Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq | Op::Ne => plain(2, 1),

        Op::Jump | Op::JumpBack => end(0),
        Op::JumpIfFalse | Op::JumpIfTrue => branch(1, 0, 0),
        Op::JumpIfNotLt | Op::JumpIfNotLe | Op::JumpIfNotGt | Op::JumpIfNotGe => branch(2, 0, 0),
        Op::JumpIfNotEq | Op::JumpIfEq => branch(2, 0, 0),
        Op::JumpIfNotLocalLtInt
        | Op::JumpIfNotLocalLeInt
        | Op::JumpIfNotLocalGtInt
        | Op::JumpIfNotLocalGeInt
        | Op::JumpIfNotLocalEqInt
        | Op::JumpIfLocalEqInt
        | Op::JumpIfNotLocalLtLocal
        | Op::JumpIfNotLocalLeLocal
        | Op::JumpIfNotLocalGtLocal
        | Op::JumpIfNotLocalGeLocal
        | Op::JumpIfDefined => branch(0, 0, 0),
        Op::JumpIfMacro | Op::Unwrap => branch(1, 1, 1),
        Op::IterNext => branch(0, 1, 0),
        Op::IterNextPair => branch(0, 2, 0),

        Op::Call | Op::CallSelf => call_effect(instr, count + 1),
        Op::CallMethod => call_effect(instr, count + 2),
        Op::CallEx | Op::New => call_effect(instr, call() + 1),
        Op::CallMethodEx | Op::CallMethodDynamic | Op::CallSuper | Op::CallSuperCtor => {
            call_effect(instr, call() + 2)
        }
        Op::CallMacro => plain(1, 1),
        Op::Return | Op::Throw | Op::Rethrow => end(1),
        Op::ContractFail => end(instr.a as u16),
        Op::RaiseError => end(0),

        Op::MakeArray | Op::MakeHashMap => plain(number, 1),
        Op::ArrayPush | Op::ArraySpread | Op::MapSet | Op::MapSpread => plain(2, 1),
        Op::MakeMap => match &code.side[instr.c as usize] {
            SideEntry::Keys(keys) => plain(keys.len() as u16, 1),
            _ => plain(0, 1),
        },
        Op::MakeGene | Op::MakeRange => plain(3, 1),
        Op::Seal | Op::MakeClass => plain(1, 1),
        Op::Interpolate | Op::MakeSelector => plain(count, 1),
        Op::MakeClosure
        | Op::MakeNamespace
        | Op::MakeEnum
        | Op::MakeType
        | Op::Import
        | Op::Export => plain(0, 1),
        Op::DefineMethod | Op::RunBody => plain(2, 1),
        Op::DefineField => plain(1, 1),
        Op::LinkTypes => plain(count + 1, 1),

        Op::IterStart => plain(1, 0),
        Op::RepeatCount => plain(1, 1),

        Op::Destructure => match &code.side[instr.c as usize] {
            SideEntry::Pattern(elements) => plain(1, elements.len() as u16),
            _ => plain(1, 0),
        },
        Op::DestructureMap => match &code.side[instr.c as usize] {
            SideEntry::MapPattern(keys) => plain(1, keys.len() as u16),
            _ => plain(1, 0),
        },
        Op::MatchVariant | Op::CatchMatches => plain(2, 1),
        Op::GetPayload => plain(1, 1),
        Op::CheckType => match &code.side[instr.c as usize] {
            SideEntry::Check { references, .. } => plain(1 + *references as u16, 1),
            _ => plain(1, 1),
        },
        Op::Eval | Op::CallerEval | Op::Render | Op::Yield => plain(1, 1),
        Op::MakeFuture | Op::Await | Op::TypeOf => plain(1, 1),
    }
}

/// A call in tail position (`a` = 1) ends the body.
fn call_effect(instr: Instr, pops: u16) -> Effect {
    let tail = instr.a == 1
        && matches!(
            instr.op,
            Op::Call | Op::CallSelf | Op::CallEx | Op::CallMethod | Op::CallMethodEx
        );
    if tail { end(pops) } else { plain(pops, 1) }
}

/// Does an instruction run no other code, but for its slow paths?
pub fn is_inline(code: &Code, instr: Instr) -> bool {
    match instr.op {
        Op::CallMethod => inline_method(code, instr).is_some(),
        Op::GetName | Op::GetTypeName | Op::GetGlobal | Op::SetName => {
            code.caches[instr.c as usize].found.get().is_some()
        }
        op => matches!(
            op,
            Op::Const
                | Op::Int
                | Op::Nil
                | Op::True
                | Op::False
                | Op::Pop
                | Op::Dup
                | Op::GetLocal
                | Op::SetLocal
                | Op::TeeLocal
                | Op::IncLocal
                | Op::DecLocal
                | Op::AddToLocal
                | Op::GetScoped
                | Op::GetCaptured
                | Op::SetScoped
                | Op::SetCaptured
                | Op::CheckDefined
                | Op::CheckType
                | Op::GetNamespace
                | Op::GetException
                | Op::SetException
                | Op::GetFunction
                | Op::GetMember
                | Op::GetMemberStrict
                | Op::GetMemberOrElement
                | Op::SetMember
                | Op::GetIndex
                | Op::GetDynamic
                | Op::SetIndex
                | Op::SetDynamic
                | Op::LocalAddInt
                | Op::LocalSubInt
                | Op::LocalAddLocal
                | Op::LocalSubLocal
                | Op::AddInt
                | Op::SubInt
                | Op::Add
                | Op::Sub
                | Op::Mul
                | Op::Div
                | Op::Mod
                | Op::Neg
                | Op::Not
                | Op::And
                | Op::Or
                | Op::Xor
                | Op::Shl
                | Op::Shr
                | Op::Lt
                | Op::Le
                | Op::Gt
                | Op::Ge
                | Op::Eq
                | Op::Ne
                | Op::Jump
                | Op::JumpBack
                | Op::JumpIfFalse
                | Op::JumpIfTrue
                | Op::JumpIfNotLt
                | Op::JumpIfNotLe
                | Op::JumpIfNotGt
                | Op::JumpIfNotGe
                | Op::JumpIfNotEq
                | Op::JumpIfEq
                | Op::JumpIfNotLocalLtInt
                | Op::JumpIfNotLocalLeInt
                | Op::JumpIfNotLocalGtInt
                | Op::JumpIfNotLocalGeInt
                | Op::JumpIfNotLocalEqInt
                | Op::JumpIfLocalEqInt
                | Op::JumpIfNotLocalLtLocal
                | Op::JumpIfNotLocalLeLocal
                | Op::JumpIfNotLocalGtLocal
                | Op::JumpIfNotLocalGeLocal
                | Op::JumpIfDefined
                | Op::IterNext
                | Op::Return
        ),
    }
}

/// Does a body neither call nor loop? What the runtime calls on its behalf checks for itself.
pub fn is_leaf(code: &Code) -> bool {
    !code.instrs.iter().any(|&instr| match instr.op {
        Op::CallMethod => inline_method(code, instr).is_none(),
        op => matches!(
            op,
            Op::Call
                | Op::CallSelf
                | Op::CallEx
                | Op::CallMethodEx
                | Op::CallMethodDynamic
                | Op::CallSuper
                | Op::CallSuperCtor
                | Op::CallMacro
                | Op::New
                | Op::JumpBack
        ),
    })
}

/// The local slots that an instruction writes.
pub fn written_locals(instr: Instr) -> Range<u16> {
    let slots = |count: u16| instr.b..instr.b + count;
    match instr.op {
        Op::SetLocal | Op::TeeLocal | Op::NewScope => slots(1),
        Op::IncLocal | Op::DecLocal | Op::AddToLocal => slots(1),
        Op::IterStart | Op::IterNext | Op::IterNextPair => slots(4),
        _ => 0..0,
    }
}

/// The local slots that an instruction uses, unless by name.
pub fn used_locals(instr: Instr) -> impl Iterator<Item = u16> {
    let Instr { a, b, c, .. } = instr;
    let named = match instr.op.operands() {
        Operands::Local
        | Operands::LocalInt
        | Operands::LocalSide
        | Operands::LocalJump
        | Operands::ScopeSlot => [Some(b), None],
        Operands::LocalLocal => [Some(b), Some(c as u16)],
        Operands::LocalIntJump => [Some(a.into()), None],
        Operands::LocalLocalJump => [Some(a.into()), Some(b)],
        Operands::NewScope => [Some(b), (a == 1).then_some((c >> 16) as u16)],
        _ => [None, None],
    };
    named.into_iter().flatten().chain(written_locals(instr))
}
