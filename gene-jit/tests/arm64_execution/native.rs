//! Executing instructions on this processor.
//!
//! An instruction under test may read and write any register. So its code borrows two that it
//! does not name: one holds the address of the [`State`], the other says on the way out where the
//! instruction went. Around each instruction stand three landing places:
//!
//! ```text
//!       movz exit, #2; b leave      for jumps backwards
//!       the instruction
//!       movz exit, #0; b leave      where it falls through
//!       movz exit, #1; b leave      for jumps forwards
//! ```
//!
//! For each pair of borrowed registers there is one piece of code that saves the caller's
//! registers, loads the state and enters, and one that stores the state and returns.

use std::mem::offset_of;

use gene_jit::arm64::isle::{FReg, Fixup, Half64, Imm16, Inst, Offset8, Reg, Sink, Target};
use gene_jit::buffer::Label;
use gene_jit::memory::{Arena, Block};
use memmap2::MmapMut;

use super::inputs;

/// What instructions read and write, but for memory, as the code below expects it.
#[repr(C)]
#[derive(Clone, Default)]
pub struct State {
    pub x: [u64; 31],
    pub sp: u64,
    /// In bits 31 to 28, as the processor has them.
    pub nzcv: u64,
    pub d: [u64; 32],
    exit: u64,
    entry: u64,
    /// What the caller wants kept: x19 to x30, sp, d8 to d15.
    saved: [u64; 21],
}

/// Where an instruction under test goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Through,
    Forwards,
    Backwards,
}

const EXITS: [(Exit, u64); 3] = [
    (Exit::Through, 4),
    (Exit::Forwards, 12),
    (Exit::Backwards, 8u64.wrapping_neg()),
];

/// An instruction at its place.
pub struct Trial {
    pub word: u32,
    pub inst: Inst,
    pub address: u64,
    /// An index into [`BORROWED`].
    pair: usize,
}

/// Pairs of registers to borrow. With the four registers that an instruction names at most, and
/// x30, which calls write, two pairs are always free.
const BORROWED: [(u8, u8); 6] = [(19, 20), (21, 22), (23, 24), (25, 26), (27, 28), (11, 12)];

impl Trial {
    /// Whether the code around the instruction needs a register itself.
    pub fn borrows(&self, number: usize) -> bool {
        let (base, exit) = BORROWED[self.pair];
        number == usize::from(base) || number == usize::from(exit)
    }

    /// The landing place at an address.
    pub fn exit_at(&self, address: u64) -> Option<Exit> {
        let at = |distance| self.address.wrapping_add(distance) == address;
        EXITS
            .into_iter()
            .find(|&(_, distance)| at(distance))
            .map(|(exit, _)| exit)
    }

    /// The landing place for jumps forwards.
    pub fn forwards(&self) -> u64 {
        self.address + 12
    }
}

/// What the processor has done.
pub struct Result {
    pub state: State,
    pub exit: Exit,
}

/// Machine code under construction.
#[derive(Default)]
struct Builder {
    words: Vec<u32>,
}

impl Sink for Builder {
    fn put4(&mut self, word: u32) {
        self.words.push(word);
    }
    fn use_label(&mut self, _: Label, _: Fixup) {
        unreachable!("distances are given as numbers")
    }
}

/// The number of the stack pointer.
const SP: u8 = 31;
/// A register that nobody wants kept.
const SCRATCH: u8 = 9;

impl Builder {
    fn put(&mut self, inst: Inst) {
        inst.encode(self)
            .expect("an instruction of the code around the one under test");
    }

    /// A branch to the word with an index.
    fn branch(&mut self, to: usize) {
        let offset = 4 * (to as i64 - self.words.len() as i64);
        self.put(Inst::B {
            label: Target::Offset(offset),
        });
    }

    fn load(&mut self, rt: u8, base: u8, at: usize) {
        let (rt, rn, offset) = (Reg::new(rt), Reg::new(base), offset(at));
        self.put(Inst::Ldr { rt, rn, offset });
    }

    fn store(&mut self, rt: u8, base: u8, at: usize) {
        let (rt, rn, offset) = (Reg::new(rt), Reg::new(base), offset(at));
        self.put(Inst::Str { rt, rn, offset });
    }

    fn load_d(&mut self, rt: u8, base: u8, at: usize) {
        let (rt, rn, offset) = (FReg::new(rt), Reg::new(base), offset(at));
        self.put(Inst::LdrD { rt, rn, offset });
    }

    fn store_d(&mut self, rt: u8, base: u8, at: usize) {
        let (rt, rn, offset) = (FReg::new(rt), Reg::new(base), offset(at));
        self.put(Inst::StrD { rt, rn, offset });
    }

    /// `rd := rn`, where 31 is the stack pointer.
    fn mov_sp(&mut self, rd: u8, rn: u8) {
        self.put(Inst::MovSp {
            rd: Reg::new(rd),
            rn: Reg::new(rn),
        });
    }

    /// A function of a pointer to a state, which saves the caller's registers in it, loads the
    /// others from it and enters an instruction.
    fn enter(&mut self, (base, exit): (u8, u8)) {
        for (slot, number) in (19..31).enumerate() {
            self.store(number, 0, saved(slot));
        }
        self.mov_sp(SCRATCH, SP);
        self.store(SCRATCH, 0, saved(12));
        for (slot, number) in (8..16).enumerate() {
            self.store_d(number, 0, saved(13 + slot));
        }
        self.mov_sp(base, 0);
        self.load(exit, base, offset_of!(State, sp));
        self.mov_sp(SP, exit);
        self.load(exit, base, offset_of!(State, nzcv));
        // msr nzcv, exit
        self.words.push(0xd51b_4200 | u32::from(exit));
        for number in 0..32 {
            self.load_d(number, base, slot(offset_of!(State, d), number));
        }
        for number in (0..31).filter(|number| ![base, exit].contains(number)) {
            self.load(number, base, slot(offset_of!(State, x), number));
        }
        self.load(exit, base, offset_of!(State, entry));
        self.put(Inst::Br { rn: Reg::new(exit) });
    }

    /// Stores the state, restores the caller's registers and returns.
    fn leave(&mut self, (base, exit): (u8, u8)) {
        self.store(exit, base, offset_of!(State, exit));
        for number in (0..31).filter(|number| ![base, exit].contains(number)) {
            self.store(number, base, slot(offset_of!(State, x), number));
        }
        self.mov_sp(exit, SP);
        self.store(exit, base, offset_of!(State, sp));
        // mrs exit, nzcv
        self.words.push(0xd53b_4200 | u32::from(exit));
        self.store(exit, base, offset_of!(State, nzcv));
        for number in 0..32 {
            self.store_d(number, base, slot(offset_of!(State, d), number));
        }
        self.load(exit, base, saved(12));
        self.mov_sp(SP, exit);
        for (slot, number) in (8..16).enumerate() {
            self.load_d(number, base, saved(13 + slot));
        }
        // The base comes last.
        for number in (19..31).filter(|&number| number != base) {
            self.load(number, base, saved(usize::from(number - 19)));
        }
        if base >= 19 {
            self.load(base, base, saved(usize::from(base - 19)));
        }
        self.put(Inst::Ret {});
    }

    /// A landing place.
    fn landing(&mut self, exit_register: u8, exit: Exit, leave: usize) {
        self.put(Inst::Movz {
            rd: Reg::new(exit_register),
            imm: Imm16::new(exit as u16).expect("a small number"),
            half: Half64::new(0).expect("the lowest half"),
        });
        self.branch(leave);
    }
}

fn offset(at: usize) -> Offset8 {
    Offset8::new(at as u32).expect("a place in the state")
}

fn slot(array: usize, index: u8) -> usize {
    array + 8 * usize::from(index)
}

fn saved(index: usize) -> usize {
    offset_of!(State, saved) + 8 * index
}

/// Executable code for many instructions.
pub struct Code {
    code: Block,
    trials: Vec<Trial>,
    /// The index of the first word of the code that enters, for each pair.
    enter: Vec<usize>,
}

impl Code {
    /// Makes code that executes each of the words.
    pub fn new(words: &[u32]) -> Code {
        let mut builder = Builder::default();
        let (mut enter, mut leave) = (Vec::new(), Vec::new());
        for pair in BORROWED {
            enter.push(builder.words.len());
            builder.enter(pair);
            leave.push(builder.words.len());
            builder.leave(pair);
        }
        let mut places = Vec::new();
        for (index, &word) in words.iter().enumerate() {
            let word = aimed(word, index);
            let named = inputs::register_fields(word);
            let is_free = |&(a, b): &(u8, u8)| !named.contains(&a) && !named.contains(&b);
            let pair = BORROWED.iter().position(is_free).expect("a free pair");
            let exit = BORROWED[pair].1;
            builder.landing(exit, Exit::Backwards, leave[pair]);
            places.push((builder.words.len(), word, pair));
            builder.words.push(word);
            builder.landing(exit, Exit::Through, leave[pair]);
            builder.landing(exit, Exit::Forwards, leave[pair]);
        }
        let bytes: Vec<u8> = builder
            .words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let arena = Arena::new(bytes.len(), true).expect("addresses");
        let code = arena.place(&bytes, |_, _| {}).expect("executable memory");
        let trials = places
            .into_iter()
            .map(|(place, word, pair)| Trial {
                word,
                inst: Inst::decode(word)
                    .unwrap_or_else(|| panic!("{word:08x} is no declared instruction")),
                address: code.address() as u64 + 4 * place as u64,
                pair,
            })
            .collect();
        Code {
            code,
            trials,
            enter,
        }
    }

    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Bytes of the code, which instructions may read.
    pub fn get(&self, address: u64, count: usize) -> Option<&[u8]> {
        let index = address.checked_sub(self.code.address() as u64)?;
        let index = usize::try_from(index).ok()?;
        self.code.bytes().get(index..index.checked_add(count)?)
    }

    /// Executes one instruction, which must stay within the memory and go to a landing place.
    pub fn run(&self, trial: &Trial, before: &State, memory: &mut Memory) -> Result {
        let mut state = before.clone();
        state.entry = trial.address;
        let enter = &self.code.bytes()[4 * self.enter[trial.pair]] as *const u8;
        memory.expose();
        // SAFETY: the code is a function of this signature. It keeps what its caller wants kept,
        // and writes nothing but the state and what the instruction stores, which the simulator
        // has found to be in the memory.
        unsafe {
            let enter: extern "C" fn(*mut State) = std::mem::transmute(enter);
            enter(&mut state);
        }
        let exit = EXITS.into_iter().map(|(exit, _)| exit);
        let exit = exit.into_iter().find(|&exit| exit as u64 == state.exit);
        Result {
            exit: exit.expect("a landing place"),
            state,
        }
    }
}

/// The word, or where it branches to a label, the word that branches to a landing place.
fn aimed(word: u32, index: usize) -> u32 {
    let inst = Inst::decode(word).expect("a declared instruction");
    match inst.target() {
        Some((_, fixup)) if inst.name() != "adr" => {
            let distance = [12, -8][index % 2];
            fixup.patch(word, distance).expect("a short distance")
        }
        _ => word,
    }
}

/// Memory for instructions to read and write. It has the same contents before each of them.
pub struct Memory {
    bytes: MmapMut,
    original: Vec<u8>,
}

impl Memory {
    /// Offsets reach 32 KiB far.
    const SIZE: usize = 1 << 17;

    pub fn new() -> Memory {
        let mut random = inputs::Random(5);
        let original: Vec<u8> = (0..Memory::SIZE).map(|_| random.next() as u8).collect();
        let mut bytes = MmapMut::map_anon(Memory::SIZE).expect("memory");
        bytes.copy_from_slice(&original);
        Memory { bytes, original }
    }

    /// An aligned address far from both ends.
    pub fn middle(&self) -> u64 {
        self.bytes.as_ptr() as u64 + (Memory::SIZE / 2) as u64
    }

    /// Makes the memory accessible by its address.
    fn expose(&mut self) {
        let _ = self.bytes.as_mut_ptr().expose_provenance();
    }

    fn index(&self, address: u64) -> Option<usize> {
        let index = address.checked_sub(self.bytes.as_ptr() as u64)?;
        usize::try_from(index).ok()
    }

    pub fn get(&self, address: u64, count: usize) -> Option<&[u8]> {
        let index = self.index(address)?;
        self.bytes.get(index..index.checked_add(count)?)
    }

    /// An address near the stores at which the memory is not as they leave it, if there is one.
    pub fn differs_from(&self, stores: &[(u64, Vec<u8>)]) -> Option<u64> {
        const AROUND: u64 = 16;

        let expected = |at: u64| {
            let stored = stores.iter().rev().find_map(|(address, bytes)| {
                bytes
                    .get(usize::try_from(at.checked_sub(*address)?).ok()?)
                    .copied()
            });
            stored.or_else(|| self.original.get(self.index(at)?).copied())
        };
        let actual = |at: u64| self.bytes.get(self.index(at)?).copied();
        stores.iter().find_map(|(address, bytes)| {
            let end = address + bytes.len() as u64 + AROUND;
            (address - AROUND..end).find(|&at| expected(at) != actual(at))
        })
    }

    /// Whether everything is as it was made: what was stored has been restored, and nothing else
    /// was written.
    pub fn is_original(&self) -> bool {
        self.bytes[..] == self.original[..]
    }

    /// Undoes the stores.
    pub fn restore(&mut self, stores: &[(u64, Vec<u8>)]) {
        for (address, bytes) in stores {
            if let Some(at) = self.index(*address) {
                let range = at..at + bytes.len();
                self.bytes[range.clone()].copy_from_slice(&self.original[range]);
            }
        }
    }
}
