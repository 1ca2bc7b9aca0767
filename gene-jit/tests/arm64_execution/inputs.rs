//! What is executed: instructions with all kinds of operands, and states to execute them in.

use gene_jit::arm64::isle::Inst;

use super::native::{Memory, State, Trial};

/// A reproducible source of random numbers.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 29)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick(&mut self, values: &[u64]) -> u64 {
        values[self.below(values.len() as u64) as usize]
    }
}

/// Words of every instruction: all zeros and all ones in the operands, single bits of them, and
/// random ones.
pub fn words(most: usize, random: &mut Random) -> Vec<u32> {
    let mut words = Vec::new();
    for &(name, mask, value) in Inst::PATTERNS {
        let mut own = Vec::new();
        let edges = (0..32).flat_map(|bit| [1 << bit, !(1u32 << bit)]);
        let mut candidates: Vec<u32> = [0, u32::MAX].into_iter().chain(edges).collect();
        candidates.extend((0..4 * most).map(|_| random.next() as u32));
        for candidate in candidates {
            let word = candidate & !mask | value;
            let inst = Inst::decode(word).filter(|inst| inst.name() == name);
            if inst.is_some() && own.len() < most {
                own.push(word);
            }
        }
        own.sort_unstable();
        own.dedup();
        words.extend(own);
    }
    words
}

/// The registers that a word names, if it has registers in all of their usual places.
pub fn register_fields(word: u32) -> [u8; 4] {
    [0, 5, 10, 16].map(|at| (word >> at & 31) as u8)
}

/// What a first state has shown that an instruction needs.
#[derive(Clone, Copy, PartialEq)]
pub enum Hint {
    None,
    /// Its base register has to point into memory.
    Pointers,
    /// It goes where a register says.
    Jumps,
}

const INTEGERS: &[u64] = &[
    0,
    1,
    2,
    31,
    32,
    63,
    64,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 32,
    (1 << 47) - 1,
    1 << 47,
    !0 << 47,
    (!0 << 47) - 1,
    i64::MAX as u64,
    i64::MIN as u64,
    i64::MIN as u64 + 1,
    u64::MAX - 1,
    u64::MAX,
];

const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    1.5,
    2.5,
    -2.5,
    0.1,
    1e-310,
    f64::MIN_POSITIVE,
    f64::EPSILON,
    4503599627370495.5,
    9007199254740993.0,
    2147483648.0,
    -2147483649.0,
    9223372036854775807.0,
    -9223372036854775808.0,
    1e19,
    1e39,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Numbers that are none: quiet and signaling, in both formats.
const NANS: &[u64] = &[
    0x7ff8_0000_0000_0001,
    0xfff8_0000_dead_0000,
    0x7ff0_0000_0000_0001,
    0xfff4_5678_9abc_def0,
    0x7fc0_0001,
    0xffc1_2345,
    0x7f80_0001,
    0xffa0_0000,
];

fn integer(random: &mut Random) -> u64 {
    match random.below(4) {
        0 | 1 => random.pick(INTEGERS),
        2 => random.next(),
        _ => random.next() >> random.below(64),
    }
}

fn float(random: &mut Random) -> u64 {
    let some = |random: &mut Random| FLOATS[random.below(FLOATS.len() as u64) as usize];
    match random.below(8) {
        0..4 => some(random).to_bits(),
        4 => u64::from((some(random) as f32).to_bits()),
        5 => random.pick(NANS),
        6 => random.next(),
        _ => random.next() & 0xffff_ffff,
    }
}

/// States to execute instructions in.
pub struct Inputs {
    /// What they are made from: new values for all registers each time would take too long.
    states: Vec<State>,
}

impl Inputs {
    pub fn new(random: &mut Random) -> Inputs {
        let states = (0..64).map(|_| {
            let mut state = State::default();
            state.x.fill_with(|| integer(random));
            state.d.fill_with(|| float(random));
            state
        });
        Inputs {
            states: states.collect(),
        }
    }

    /// A state, in which the registers that the instruction names have new values.
    pub fn state(&self, trial: &Trial, memory: &Memory, hint: Hint, random: &mut Random) -> State {
        let mut state = self.states[random.below(self.states.len() as u64) as usize].clone();
        for field in register_fields(trial.word) {
            if let Some(register) = state.x.get_mut(usize::from(field)) {
                *register = integer(random);
            }
            state.d[usize::from(field)] = float(random);
        }
        // The stack pointer must be aligned where it is a base.
        state.sp = memory.middle();
        state.nzcv = random.below(16) << 28;
        let [_, rn, _, rm] = register_fields(trial.word);
        match hint {
            Hint::None => {}
            Hint::Pointers => {
                if let Some(index) = state.x.get_mut(usize::from(rm)) {
                    *index = random.below(2000).wrapping_sub(1000);
                }
                if let Some(base) = state.x.get_mut(usize::from(rn)) {
                    *base = memory.middle() + random.below(64);
                }
            }
            Hint::Jumps => {
                let place = trial.forwards();
                state.x[30] = place;
                if let Some(target) = state.x.get_mut(usize::from(rn)) {
                    *target = place;
                }
            }
        }
        state
    }
}
