//! Shared code that looks for names. It takes and answers everything in `x16` and `x17`, so that it can be called where
//! all other registers hold values.

use crate::arm64::isle::{Amount64, ENTRY_NAME, Offset4, Pair8, Shift, Width64};
use crate::arm64::{CONTEXT, Cond, Fixup, Inst, Reg, SP, X0, X1, X2, X3, X16, X17};
use crate::buffer::CodeBuffer;
use gene_vm::code::{Cache, WAYS, Way};
use gene_vm::heap::Items;
use gene_vm::lookups::{Lookup, Lookups, PLACE_BITS};
use gene_vm::object::{Entry, Map, PropMap};
use gene_vm::vm::Context;
use std::mem::offset_of;

/// What the cache at `x17` knows behind its first way for the key in `x16`, or the table of look-ups; its address goes to
/// `x17`, or 0. The code of [`ask_table`] must follow.
pub fn search_ways(buffer: &mut CodeBuffer<Fixup>) {
    let (found, size) = (buffer.label(), size_of::<Way>() as i64);
    save(buffer, X0, X1, 16);
    for _ in 1..WAYS {
        buffer.add_constant(X17, X17, size);
        buffer.load(X0, X17, Cache::KEY_OFFSET as i64);
        buffer.compare(X0, X16);
        buffer.branch_if(Cond::Eq, found);
    }
    let table = buffer.label();
    buffer.add_constant(X17, X17, -(WAYS as i64 - 1) * size);
    restore(buffer, X0, X1, 16);
    buffer.branch(table);
    buffer.bind(found);
    restore(buffer, X0, X1, 16);
    buffer.ret();
    buffer.bind(table);
}

/// What the table of look-ups knows for the key in `x16`, of the cache at `x17`; its address goes to `x17`, or 0.
pub fn ask_table(buffer: &mut CodeBuffer<Fixup>) {
    let (missed, table) = (buffer.label(), offset_of!(Context, lookups));
    const { assert!(size_of::<Lookup>() == 1 << LOOKUP_SHIFT) };
    save(buffer, X0, X1, 16);
    buffer.load(X0, X17, Cache::TAG_OFFSET as i64);
    buffer.load(X17, CONTEXT, (table + Lookups::TABLE_OFFSET) as i64);
    buffer.inst(Inst::AddShifted {
        rd: X1,
        rn: X0,
        rm: X16,
        shift: Shift::Lsr,
        amount: amount(32),
    });
    buffer.inst(Inst::Ubfiz {
        rd: X1,
        rn: X1,
        lsb: amount(LOOKUP_SHIFT),
        width: Width64::new(PLACE_BITS as u8).expect("the table is smaller than memory"),
    });
    add(buffer, X17, X17, X1);
    buffer.load(X1, X17, 0);
    buffer.compare(X1, X16);
    buffer.branch_if(Cond::Ne, missed);
    buffer.load(X1, X17, Lookup::TAG_OFFSET as i64);
    buffer.compare(X1, X0);
    buffer.branch_if(Cond::Ne, missed);
    restore(buffer, X0, X1, 16);
    buffer.ret();
    buffer.bind(missed);
    buffer.constant(X17, 0);
    restore(buffer, X0, X1, 16);
    buffer.ret();
}

/// The size of a look-up, as a power of two.
const LOOKUP_SHIFT: u8 = 5;

/// The entry of the map at `x16` with the name that the cache at `x17` seeks; its address goes to `x16`, or 0. The cache
/// notes the position.
pub fn search_map(buffer: &mut CodeBuffer<Fixup>) {
    let (next, found, missed) = (buffer.label(), buffer.label(), buffer.label());
    let entries = Map::ENTRIES_OFFSET + PropMap::ENTRIES_OFFSET;
    let index = Map::ENTRIES_OFFSET + PropMap::INDEX_OFFSET;
    let name = Offset4::new(Cache::SOUGHT_OFFSET as u32).expect(FITS);
    let position = Offset4::new(Cache::SOUGHT_OFFSET as u32 + 4).expect(FITS);
    const { assert!(size_of::<Entry>() == 1 << ENTRY_SHIFT) };
    save(buffer, X0, X1, 32);
    buffer.inst(Inst::Stp {
        rt: X2,
        rt2: X3,
        rn: SP,
        offset: pair(16),
    });
    buffer.load(X0, X16, (index + Items::LEN_OFFSET) as i64);
    buffer.branch_if_not_zero(X0, missed);
    buffer.inst(Inst::LdrW {
        rt: X0,
        rn: X17,
        offset: name,
    });
    buffer.load(X1, X16, (entries + Items::LEN_OFFSET) as i64);
    buffer.load(X16, X16, (entries + Items::PTR_OFFSET) as i64);
    buffer.constant(X2, 0);
    buffer.bind(next);
    buffer.compare(X2, X1);
    buffer.branch_if(Cond::Hs, missed);
    buffer.inst(Inst::LdrW {
        rt: X3,
        rn: X16,
        offset: ENTRY_NAME,
    });
    buffer.compare(X3, X0);
    buffer.branch_if(Cond::Eq, found);
    buffer.add_constant(X2, X2, 1);
    buffer.add_constant(X16, X16, 1 << ENTRY_SHIFT);
    buffer.branch(next);
    buffer.bind(missed);
    buffer.constant(X16, 0);
    restore_four(buffer);
    buffer.bind(found);
    buffer.inst(Inst::StrW {
        rt: X2,
        rn: X17,
        offset: position,
    });
    restore_four(buffer);
}

/// The size of an entry of a map, as a power of two.
const ENTRY_SHIFT: u8 = 4;

const FITS: &str = "offsets in caches and sizes are small";

/// Ends `search_map`.
fn restore_four(buffer: &mut CodeBuffer<Fixup>) {
    buffer.inst(Inst::Ldp {
        rt: X2,
        rt2: X3,
        rn: SP,
        offset: pair(16),
    });
    restore(buffer, X0, X1, 32);
    buffer.ret();
}

/// Saves two registers in a native frame of so many bytes.
fn save(buffer: &mut CodeBuffer<Fixup>, rt: Reg, rt2: Reg, size: i16) {
    buffer.inst(Inst::StpPre {
        rt,
        rt2,
        rn: SP,
        offset: pair(-size),
    });
}

/// Restores them and gives the native frame up.
fn restore(buffer: &mut CodeBuffer<Fixup>, rt: Reg, rt2: Reg, size: i16) {
    buffer.inst(Inst::LdpPost {
        rt,
        rt2,
        rn: SP,
        offset: pair(size),
    });
}

fn add(buffer: &mut CodeBuffer<Fixup>, rd: Reg, rn: Reg, rm: Reg) {
    buffer.inst(Inst::Add { rd, rn, rm });
}

fn amount(bits: u8) -> Amount64 {
    Amount64::new(bits).expect(FITS)
}

fn pair(offset: i16) -> Pair8 {
    Pair8::new(offset).expect(FITS)
}
