//! Tags, kinds and offsets of the VM's types, as the rules' constants.

use super::{Imm12, Imm16, Offset1, Offset4, Offset8, Pair4, Pair8};
use gene_vm::code::{Cache, Code, FunctionKind, Prototype, WAYS, Way};
use gene_vm::heap::{Header, Items, Kind};
use gene_vm::object::{Array, Class, Entry, Function, Instance, Map, PropMap, Scope, Shape, Str};
use gene_vm::value::{self, Value};
use gene_vm::vm::{Context, Vm};
use std::mem::offset_of;

pub const SPECIAL_TAG: u64 = value::SPECIAL_TAG;
pub const FALSE: u64 = Value::FALSE.bits();
pub const TRUE: u64 = Value::TRUE.bits();
pub const NIL: u64 = Value::NIL.bits();
pub const UNDEFINED: u64 = Value::UNDEFINED.bits();

pub const HEADER: Offset4 = {
    assert!(offset_of!(Header, kind) == 0);
    Offset4::constant(0)
};
pub const HEADER_KIND: Offset1 = Offset1::constant(offset_of!(Header, kind) as u32);
pub const KIND_ARRAY: Imm12 = kind(Kind::Array);
pub const KIND_INT: Imm12 = kind(Kind::Int);
pub const KIND_FUNCTION: Imm12 = kind(Kind::Function);
pub const KIND_NATIVE: Imm12 = kind(Kind::NativeFn);
pub const KIND_STRING: Imm12 = kind(Kind::Str);
pub const KIND_MAP: Imm12 = kind(Kind::Map);
pub const ARRAY_LEN: Offset8 = words(Array::ITEMS_OFFSET + Items::LEN_OFFSET);
pub const ARRAY_PTR: Offset8 = words(Array::ITEMS_OFFSET + Items::PTR_OFFSET);
pub const ARRAY_ITEMS: Pair8 = {
    assert!(Items::LEN_OFFSET == Items::PTR_OFFSET + 8);
    Pair8::constant((Array::ITEMS_OFFSET + Items::PTR_OFFSET) as i16)
};
pub const ARRAY_CAPACITY: Offset8 = words(Array::ITEMS_OFFSET + Items::CAPACITY_OFFSET);
pub const ARRAY_SIZE: Imm12 = Imm12::constant(Array::SIZE as u64);
/// The header of a new array, and the address of its elements behind it.
pub const HEADER_AND_PTR: Pair8 = {
    assert!(Array::ITEMS_OFFSET + Items::PTR_OFFSET == 8);
    Pair8::constant(0)
};
pub const ARRAY_HEADER: u64 = Header::word(Kind::Array, 0);
pub const LEN_AND_CAPACITY: Pair8 = {
    assert!(Items::CAPACITY_OFFSET == Items::LEN_OFFSET + 8);
    Pair8::constant((Array::ITEMS_OFFSET + Items::LEN_OFFSET) as i16)
};
pub const ROOM_OF_EMPTY: u64 = Array::ROOM_OF_EMPTY as u64;
/// A boxed int: its header, then its value.
const INT_SIZE: usize = size_of::<Header>() + size_of::<i64>();
pub const INT_CELLS: Offset8 = words(Vm::free_cells_offset(INT_SIZE));
pub const INT_HEADER: Imm16 = Imm16::constant(Header::word(Kind::Int, 0) as u16);
pub const INT_VALUE: Offset8 = words(size_of::<Header>());
pub const HEADER_AND_VALUE: Pair8 = {
    assert!(size_of::<Header>() == 8);
    Pair8::constant(0)
};
pub const FUNCTION_CELLS: Offset8 = words(Vm::free_cells_offset(Function::SIZE));
pub const FUNCTION_HEADER: u64 = Header::word(Kind::Function, 0);
pub const FUNCTION_SCOPE: Offset8 = words(Function::SCOPE_OFFSET);
/// The header of a new function, and the scope.
pub const HEADER_AND_SCOPE: Pair8 = {
    assert!(Function::SCOPE_OFFSET == 8);
    Pair8::constant(0)
};
pub const CODE_AND_NAMESPACE: Pair8 = {
    assert!(Function::NAMESPACE_OFFSET == Function::CODE_OFFSET + 8);
    Pair8::constant(Function::CODE_OFFSET as i16)
};
pub const NAMESPACE_AND_CLASS: Pair8 = {
    assert!(Function::CLASS_OFFSET == Function::NAMESPACE_OFFSET + 8);
    Pair8::constant(Function::NAMESPACE_OFFSET as i16)
};
pub const CLASS_AND_PROTOTYPE: Pair8 = {
    assert!(Function::PROTOTYPE_OFFSET == Function::CLASS_OFFSET + 8);
    Pair8::constant(Function::CLASS_OFFSET as i16)
};
pub const PROTOTYPE_CODE: Offset8 = words(Prototype::CODE_OFFSET);
pub const PROTOTYPE_KIND: Offset1 = Offset1::constant(Prototype::KIND_OFFSET as u32);
pub const MACRO: Imm12 = Imm12::constant(FunctionKind::Macro as u64);
pub const FUNCTION_PROTOTYPE: Offset8 = words(Function::PROTOTYPE_OFFSET);
pub const VM_HANDLED: Offset8 = words(Vm::HANDLED_OFFSET);
/// The header of a new scope, and the scope around it.
pub const HEADER_AND_PARENT: Pair8 = {
    assert!(Scope::PARENT_OFFSET == 8);
    Pair8::constant(0)
};
pub const NEXT_FREE: Offset8 = words(gene_vm::heap::NEXT_FREE_OFFSET);
pub const STRING_LEN: Offset8 = words(Str::LEN_OFFSET);
pub const STRING_WORD: Offset8 = words(Str::TEXT_OFFSET);
pub const STRING_TEXT: Imm12 = Imm12::constant(Str::TEXT_OFFSET as u64);
/// Bytes of texts that are compared at once.
pub const TEXT_WORD: Imm12 = Imm12::constant(8);
/// All bits are set while it is not known.
pub const STRING_CHARS: Offset4 = Offset4::constant(offset_of!(Header, aux) as u32);
pub const SHAPE_CLASS: Offset8 = words(Shape::CLASS_OFFSET);
pub const INSTANCE_SHAPE: Offset8 = words(Instance::SHAPE_OFFSET);
pub const ROOT_SHAPE: Offset8 = words(Class::ROOT_SHAPE_OFFSET);
pub const SHAPE_HEADER: Offset8 = words(Shape::HEADER_OFFSET);
pub const INSTANCE_SIZE: Imm12 = Imm12::constant(Instance::SIZE as u64);
/// The header of an instance, and its shape.
pub const HEADER_AND_SHAPE: Pair8 = {
    assert!(Instance::SHAPE_OFFSET == 8);
    Pair8::constant(0)
};
/// The address of an instance's fields, and their number.
pub const FIELDS_AND_LEN: Pair8 = {
    assert!(Items::LEN_OFFSET == Items::PTR_OFFSET + 8);
    Pair8::constant((Instance::FIELDS_OFFSET + Items::PTR_OFFSET) as i16)
};
/// The constructor that a way of a cache knows, and its entry.
pub const FOUND_AND_MORE: Pair8 = {
    assert!(Cache::MORE_OFFSET == Cache::FOUND_OFFSET + 8);
    Pair8::constant(Cache::FOUND_OFFSET as i16)
};
pub const INSTANCE_FIELDS: Offset8 = words(Instance::FIELDS_OFFSET + Items::PTR_OFFSET);
pub const INSTANCE_LEN: Offset8 = words(Instance::FIELDS_OFFSET + Items::LEN_OFFSET);
pub const INSTANCE_CAPACITY: Offset8 = words(Instance::FIELDS_OFFSET + Items::CAPACITY_OFFSET);
pub const MAP_ENTRIES: Pair8 =
    Pair8::constant((Map::ENTRIES_OFFSET + PropMap::ENTRIES_OFFSET + Items::PTR_OFFSET) as i16);
pub const SOUGHT: Pair4 = Pair4::constant(Cache::SOUGHT_OFFSET as i16);
pub const ENTRY_NAME: Offset4 = Offset4::constant(Entry::KEY_OFFSET as u32);
pub const ENTRY_VALUE: Offset8 = words(Entry::VALUE_OFFSET);
pub const HEADER_WORD: Offset8 = words(0);
pub const FUNCTION_CODE: Offset8 = words(Function::CODE_OFFSET);
pub const CODE_ENTRY: Offset8 = words(Code::ENTRY_OFFSET);
pub const CODE_EXACT: Offset4 = Offset4::constant(Code::EXACT_OFFSET as u32);
pub const WAY_SIZE: Imm12 = Imm12::constant(size_of::<Way>() as u64);
/// Of all ways of a cache but the first; the rules go through three.
pub const OTHER_WAYS_SIZE: Imm12 = {
    assert!(WAYS == 4);
    Imm12::constant(3 * size_of::<Way>() as u64)
};
pub const WAY_KEY: Offset8 = words(Cache::KEY_OFFSET);
pub const WAY_FOUND: Offset8 = words(Cache::FOUND_OFFSET);
pub const WAY_MORE: Offset8 = words(Cache::MORE_OFFSET);

pub const CONTEXT_EQUALITY: Offset4 =
    Offset4::constant(offset_of!(Context, has_equality_methods) as u32);
pub const CONTEXT_NAMES: Offset4 = Offset4::constant(offset_of!(Context, names_epoch) as u32);
pub const FUNCTION_NAMESPACE: Offset8 = words(Function::NAMESPACE_OFFSET);
pub const KIND_INSTANCE: Imm12 = kind(Kind::Instance);
const fn kind(kind: Kind) -> Imm12 {
    Imm12::constant(kind as u64)
}

/// An offset of 64 bits, which instructions count in words.
const fn words(offset: usize) -> Offset8 {
    assert!(offset.is_multiple_of(8) && offset < 8 << 12);
    Offset8::constant(offset as u32)
}
