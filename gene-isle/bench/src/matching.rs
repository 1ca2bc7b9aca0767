//! How fast the generated code is.

use std::hint::black_box;

use crate::{compare, report};

/// A node of a tree, by its number.
pub type Node = u32;
/// An emitted instruction, by its number.
pub type Reg = u32;

/// The width of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    W32,
    W64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Sar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Not,
    Neg,
    ZeroExtend,
    SignExtend,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Eq,
    Ne,
    Lt,
    Le,
    Below,
}

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Const {
        value: i64,
    },
    Arg {
        index: u32,
    },
    Unary {
        op: Unary,
        width: Width,
        a: Node,
    },
    Binary {
        op: Binary,
        width: Width,
        a: Node,
        b: Node,
    },
    Compare {
        how: Relation,
        width: Width,
        a: Node,
        b: Node,
    },
    Select {
        condition: Node,
        a: Node,
        b: Node,
    },
    Load {
        width: Width,
        address: Node,
    },
    Store {
        width: Width,
        address: Node,
        value: Node,
    },
}

/// The instructions of an imagined machine.
#[allow(dead_code, reason = "the rules do not use all of them")]
#[derive(Clone, Copy, Debug)]
#[rustfmt::skip]
pub enum Inst {
    Add, AddImm, AddShifted, Sub, SubImm, SubShifted, Mul, Madd, Msub, Neg, And, AndImm, AndShifted, Orr,
    OrrImm, OrrShifted, Orn, Eor, EorImm, EorShifted, Eon, Bic, Mvn, Lsl, LslImm, Lsr, LsrImm, Asr, AsrImm,
    Ror, Ubfx, Sxtw, Uxtw, Mov, MovWide, Ldr, LdrOffset, LdrIndex, LdrScaled, Str, StrOffset, StrIndex,
    StrScaled, Cmp, CmpImm, Cmn, Tst, TstImm, Cset, Csel, Csinc, Csneg, Nop,
}

mod ours {
    use super::{Binary, Inst, Node, Op, Reg, Relation, Unary, Width};
    gene_isle::rules!("rules.isle");
}

#[allow(
    clippy::all,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    unreachable_patterns,
    unused_imports,
    unused_variables,
    reason = "generated"
)]
mod theirs {
    extern crate alloc;
    use super::{Binary, Inst, Node, Op, Reg, Relation, Unary, Width};
    include!(concat!(env!("OUT_DIR"), "/cranelift.rs"));
}

/// Trees, and a digest of the instructions selected for them.
struct Selector {
    nodes: Vec<Op>,
    uses: Vec<u32>,
    digest: u64,
    emitted: u32,
}

impl Selector {
    fn emit(&mut self, inst: Inst, parts: [u64; 4]) -> Reg {
        for part in parts {
            self.digest = (self.digest ^ part).wrapping_mul(0x100_0000_01b3);
        }
        self.digest = self.digest.rotate_left(7) ^ inst as u64;
        self.emitted += 1;
        self.emitted
    }
}

/// What both compilers' code needs of its context is the same, but for one thing: theirs passes
/// enums without fields by reference.
macro_rules! context {
    ($module:ident $(, $by:tt)?) => {
        impl $module::Context for Selector {
            fn node_op(&mut self, node: Node) -> Op {
                self.nodes[node as usize]
            }
            fn single_use(&mut self, node: Node) -> Option<Node> {
                (self.uses[node as usize] == 1).then_some(node)
            }
            fn imm12(&mut self, value: i64) -> Option<i64> {
                (0..4096).contains(&value).then_some(value)
            }
            fn negated_imm12(&mut self, value: i64) -> Option<i64> {
                (-4095..0).contains(&value).then_some(-value)
            }
            fn bitmask(&mut self, value: i64) -> Option<i64> {
                (value > 0 && value & (value + 1) == 0).then_some(value)
            }
            fn power_of_two(&mut self, value: i64) -> Option<i64> {
                (value.count_ones() == 1).then_some(i64::from(value.trailing_zeros()))
            }
            fn shift_amount(&mut self, width: $($by)? Width, value: i64) -> Option<i64> {
                let width = if Width::clone(&width) == Width::W32 { 32 } else { 64 };
                (0..width).contains(&value).then_some(value)
            }
            fn scale_of(&mut self, width: $($by)? Width, value: i64) -> Option<i64> {
                let scale = if Width::clone(&width) == Width::W32 { 2 } else { 3 };
                (value == scale).then_some(value)
            }
            fn emit0(&mut self, inst: $($by)? Inst, imm: i64) -> Reg {
                self.emit(Inst::clone(&inst), [imm as u64, 0, 0, 0])
            }
            fn emit1(&mut self, inst: $($by)? Inst, width: $($by)? Width, a: Reg, imm: i64) -> Reg {
                self.emit(Inst::clone(&inst), [imm as u64, Width::clone(&width) as u64, a.into(), 0])
            }
            fn emit2(&mut self, inst: $($by)? Inst, width: $($by)? Width, a: Reg, b: Reg, imm: i64) -> Reg {
                self.emit(Inst::clone(&inst), [imm as u64, Width::clone(&width) as u64, a.into(), b.into()])
            }
            fn emit3(&mut self, inst: $($by)? Inst, width: $($by)? Width, a: Reg, b: Reg, c: Reg, imm: i64) -> Reg {
                let last = u64::from(c) << 32 | u64::from(b);
                self.emit(Inst::clone(&inst), [imm as u64, Width::clone(&width) as u64, a.into(), last])
            }
            fn arg(&mut self, index: u32) -> Reg {
                self.emit(Inst::Nop, [index.into(), 0, 0, 0])
            }
            fn relation_code(&mut self, how: $($by)? Relation) -> i64 {
                Relation::clone(&how) as i64
            }
        }
    };
}
context!(ours);
context!(theirs, &);

/// A reproducible source of random numbers below a limit.
fn random(state: &mut u64, limit: u64) -> u64 {
    *state = state
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    (*state >> 33) % limit
}

/// Nodes of all kinds, each of some that come before it, so that half of all trees have a shape
/// that some rule is made for.
fn nodes(count: u32) -> Vec<Op> {
    const BINARY: [Binary; 9] = {
        use Binary::*;
        [Add, Sub, Mul, And, Or, Xor, Shl, Shr, Sar]
    };
    const UNARY: [Unary; 4] = [Unary::Not, Unary::Neg, Unary::ZeroExtend, Unary::SignExtend];
    const RELATIONS: [Relation; 5] = {
        use Relation::*;
        [Eq, Ne, Lt, Le, Below]
    };
    const CONSTANTS: [i64; 10] = [0, 1, -1, 2, 3, 8, 255, 4095, -100, 0x1234_5678_9abc];

    let state = &mut 3;
    let mut nodes = vec![Op::Arg { index: 0 }, Op::Const { value: 3 }];
    for at in 2..count {
        let width = if random(state, 4) == 0 {
            Width::W32
        } else {
            Width::W64
        };
        // Mostly a node close by; trees stay small.
        let mut near = || {
            let back = 1 + random(state, 12) as u32;
            at - back.min(at)
        };
        let (a, b, condition) = (near(), near(), near());
        nodes.push(match random(state, 16) {
            0..5 => Op::Const {
                value: CONSTANTS[random(state, 10) as usize],
            },
            5 | 6 => Op::Arg { index: at },
            7..12 => Op::Binary {
                op: BINARY[random(state, 9) as usize],
                width,
                a,
                b,
            },
            12 => Op::Unary {
                op: UNARY[random(state, 4) as usize],
                width,
                a,
            },
            13 => Op::Compare {
                how: RELATIONS[random(state, 5) as usize],
                width,
                a,
                b,
            },
            14 => match random(state, 2) {
                0 => Op::Select { condition, a, b },
                _ => Op::Store {
                    width,
                    address: a,
                    value: b,
                },
            },
            _ => Op::Load { width, address: a },
        });
    }
    nodes
}

/// The operands of an operation.
fn operands(op: Op) -> Vec<Node> {
    match op {
        Op::Const { .. } | Op::Arg { .. } => vec![],
        Op::Unary { a, .. } | Op::Load { address: a, .. } => vec![a],
        Op::Binary { a, b, .. } | Op::Compare { a, b, .. } => vec![a, b],
        Op::Select { condition, a, b } => vec![condition, a, b],
        Op::Store { address, value, .. } => vec![address, value],
    }
}

/// Selects instructions for the same trees with the code of both compilers.
pub fn measure() {
    const ROUNDS: usize = 201;
    /// Larger trees take part as parts of others only.
    const LARGEST: u64 = 200;

    let nodes = nodes(20_000);
    let mut uses = vec![0; nodes.len()];
    let mut size = vec![1u64; nodes.len()];
    for (at, &op) in nodes.iter().enumerate() {
        for operand in operands(op) {
            uses[operand as usize] += 1;
            size[at] = size[at].saturating_add(size[operand as usize]);
        }
    }
    let roots: Vec<Node> = (0..nodes.len() as u32)
        .filter(|&node| size[node as usize] <= LARGEST)
        .collect();
    let selector = || Selector {
        nodes: nodes.clone(),
        uses: uses.clone(),
        digest: 0,
        emitted: 0,
    };
    let run = |lower: fn(&mut Selector, Node) -> Reg| {
        let mut selector = selector();
        for &root in &roots {
            black_box(lower(&mut selector, root));
        }
        (selector.digest, selector.emitted)
    };
    let ours = || run(ours::constructor_lower);
    let theirs = || run(theirs::constructor_lower);
    assert_eq!(ours(), theirs(), "both select the same instructions");
    println!("{} trees, {} instructions selected", roots.len(), ours().1);
    let times = compare(ROUNDS, || _ = black_box(ours()), || _ = black_box(theirs()));
    report("match", times);
}
