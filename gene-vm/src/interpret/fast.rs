//! What the loop asks of values, without leaving it.

use crate::code::{Code, FunctionKind};
use crate::heap::{Gc, Kind};
use crate::object::{Array, Function, Scope};
use crate::value::{PAYLOAD_MASK, SMALL_INT_TAG, Value};

/// The number of a small int in the upper 48 bits: so overflow of 48 bits is that of the word.
#[inline(always)]
pub(super) fn high(v: Value) -> i64 {
    (v.bits() << 16) as i64
}

#[inline(always)]
pub(super) fn from_high(i: i64) -> Value {
    Value::from_bits(SMALL_INT_TAG | i as u64 >> 16)
}

#[inline(always)]
pub(super) fn both_small_ints(x: Value, y: Value) -> bool {
    x.bits() & y.bits() >= SMALL_INT_TAG
}

#[inline(always)]
pub(super) fn both_floats(x: Value, y: Value) -> Option<(f64, f64)> {
    if x.is_float() && y.is_float() {
        Some((f64::from_bits(x.bits()), f64::from_bits(y.bits())))
    } else {
        None
    }
}

/// `x == y`, if that can be told without looking into objects.
#[inline(always)]
pub(super) fn quick_equals(x: Value, y: Value) -> Option<bool> {
    if x.is_object() {
        None
    } else if x.is_float() {
        Some(y.is_float() && f64::from_bits(x.bits()) == f64::from_bits(y.bits()))
    } else {
        // Every Int that fits is a small int, so a boxed one is never equal to it.
        Some(x == y)
    }
}

/// The code of a callee, if a call with `count` positionals needs nothing but a frame.
///
/// # Safety
/// The value is on the value stack.
#[inline(always)]
pub(super) unsafe fn direct_code(callee: Value, count: usize) -> Option<*const Code> {
    if callee.heap_kind() != Some(Kind::Function) {
        return None;
    }
    let function: Gc<Function> = Gc::from_address(callee.bits() & PAYLOAD_MASK);
    let code = function.code.get();
    // SAFETY: a code that is not null lives as long as the function.
    if !code.is_null() && unsafe { (*code).fits(count) } {
        Some(code)
    } else {
        None
    }
}

/// The object of a value whose kind is known.
///
/// # Safety
/// The value refers to a `T`.
#[inline(always)]
pub(super) unsafe fn object<T>(v: Value) -> Gc<T> {
    Gc::from_address(v.bits() & PAYLOAD_MASK)
}

/// # Safety
/// The value is a scope.
#[inline(always)]
pub(super) unsafe fn scope_of(v: Value) -> Gc<Scope> {
    // SAFETY: the caller's promise.
    unsafe { object(v) }
}

/// The scope `depth` levels above that of a function.
///
/// # Safety
/// The value is a function, and there are that many scopes.
#[inline(always)]
pub(super) unsafe fn captured(function: Value, depth: u16) -> Gc<Scope> {
    // SAFETY: the caller's promise.
    unsafe {
        let mut scope = scope_of(object::<Function>(function).scope);
        for _ in 0..depth {
            scope = scope_of(scope.parent());
        }
        scope
    }
}

/// The address of a scope's slot.
///
/// # Safety
/// The scope has that slot.
#[inline(always)]
pub(super) unsafe fn slot(scope: Gc<Scope>, index: i32) -> *mut Value {
    let first = (scope.address() as usize + Scope::SLOTS_OFFSET) as *mut Value;
    // SAFETY: the caller's promise.
    unsafe { first.add(index as usize) }
}

/// The address of an element of an array that may be changed; `None` when that takes a closer look.
///
/// # Safety
/// The values are live.
#[inline(always)]
pub(super) unsafe fn element_place(target: Value, key: Value) -> Option<*mut Value> {
    if target.heap_kind() != Some(Kind::Array) || !key.is_small_int() {
        return None;
    }
    // SAFETY: the kind was tested.
    let mut array: Gc<Array> = unsafe { object(target) };
    let header = array.header();
    if header.sealed || header.frozen {
        return None;
    }
    array
        .items
        .get_mut(key.small_int_payload() as usize)
        .map(std::ptr::from_mut)
}

/// The element of an array; `None` when that takes a closer look.
///
/// # Safety
/// The values are live.
#[inline(always)]
pub(super) unsafe fn element(target: Value, key: Value) -> Option<Value> {
    if target.heap_kind() != Some(Kind::Array) || !key.is_small_int() {
        return None;
    }
    // SAFETY: the kind was tested.
    let array: Gc<Array> = unsafe { object(target) };
    array.items.get(key.small_int_payload() as usize).copied()
}

pub(super) fn is_macro(v: Value) -> bool {
    v.get::<Function>()
        .is_some_and(|f| f.prototype.kind == FunctionKind::Macro)
}

/// The opcodes that the loop leaves to `Vm::execute_plain`. Each is named: so the loop's dispatch covers all
/// opcodes and needs no range check.
macro_rules! outside_ops {
    () => {
        Op::NewScope
            | Op::GetTypeName
            | Op::SetName
            | Op::GetGlobal
            | Op::GetNamespace
            | Op::GetException
            | Op::SetException
            | Op::GetDefault
            | Op::GetIndexStrict
            | Op::GetDynamicStrict
            | Op::SetIndex
            | Op::AssertFound
            | Op::Neg
            | Op::Shl
            | Op::Shr
            | Op::And
            | Op::Xor
            | Op::Or
            | Op::Is
            | Op::CallMacro
            | Op::MakeArray
            | Op::ArrayPush
            | Op::ArraySpread
            | Op::MakeMap
            | Op::MapSet
            | Op::MapSpread
            | Op::MakeHashMap
            | Op::MakeGene
            | Op::Seal
            | Op::MakeRange
            | Op::Interpolate
            | Op::MakeSelector
            | Op::MakeClosure
            | Op::MakeClass
            | Op::DefineMethod
            | Op::DefineField
            | Op::MakeNamespace
            | Op::RunBody
            | Op::MakeEnum
            | Op::MakeType
            | Op::LinkTypes
            | Op::Import
            | Op::Export
            | Op::IterStart
            | Op::RepeatCount
            | Op::Destructure
            | Op::DestructureMap
            | Op::MatchVariant
            | Op::GetPayload
            | Op::CheckType
            | Op::Throw
            | Op::Rethrow
            | Op::CatchMatches
            | Op::ContractFail
            | Op::RaiseError
            | Op::Eval
            | Op::CallerEval
            | Op::Render
            | Op::MakeFuture
            | Op::Await
            | Op::TypeOf
    };
}
pub(super) use outside_ops;
