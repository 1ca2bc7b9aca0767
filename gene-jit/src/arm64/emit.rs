//! The instructions that the lowering context emits on its own account: moves between
//! registers and memory, constants, branches.

use super::isle::{
    Amount64, Cond, FReg, Flags, HEADER_KIND, Half64, Imm5, Imm12, Imm16, Inst, LeftShift64,
    Offset4, Offset8, Opposite, Pair8, Reg, Shift, ShiftRor, Simm9, Target, Width64,
};
use super::{
    CONTEXT, FRAME, Fixup, LINK, POINTER_TAG, SINGLETON_TAG, SLOT, SMALL_INT_TAG, SP, X16, X17,
    ZERO,
};
use crate::buffer::{CodeBuffer, Label};
use gene_vm::value::{self, TAG_SHIFT, Value};

/// Number of bits that the high form of a small int is shifted by.
const HIGH_SHIFT: u8 = (64 - TAG_SHIFT) as u8;

/// `bl` without a distance.
const CALL_ELSEWHERE: [u8; 4] = 0x9400_0000_u32.to_le_bytes();

/// The values that an operand can hold are checked where they are computed.
const FITS: &str = "the operand was chosen to fit";

impl CodeBuffer<Fixup> {
    /// Appends an instruction. Where it is known which one, nothing is left of that but its word.
    #[inline(always)]
    pub fn inst(&mut self, inst: Inst) {
        if !inst.is_encodable() {
            self.refuse(inst.to_string());
        }
        let at = self.offset();
        self.put(&inst.word().to_le_bytes());
        if let Some((Target::Label(label), fixup)) = inst.target() {
            self.use_label(at, label, fixup);
        }
    }

    /// `to := from`
    pub fn mov(&mut self, to: Reg, from: Reg) {
        if to != from {
            self.inst(Inst::Mov { rd: to, rm: from });
        }
    }

    /// `to := from`
    pub fn fmov(&mut self, to: FReg, from: FReg) {
        if to != from {
            self.inst(Inst::Fmov { rd: to, rn: from });
        }
    }

    /// `to := bits`, for code that runs with the registers that hold tags.
    pub fn value(&mut self, to: Reg, bits: u64) {
        let tags = [
            (SMALL_INT_TAG, value::SMALL_INT_TAG),
            (SINGLETON_TAG, value::SPECIAL_TAG),
        ];
        for (tag, tag_bits) in tags {
            if let Some(imm) = Imm12::new(bits.wrapping_sub(tag_bits)) {
                let rd = to;
                return match bits == tag_bits {
                    true => self.mov(to, tag),
                    false => self.inst(Inst::AddImm { rd, rn: tag, imm }),
                };
            }
        }
        self.constant(to, bits);
    }

    /// `to := bits`
    pub fn constant(&mut self, to: Reg, bits: u64) {
        let halves = [0u8, 16, 32, 48].map(|shift| (shift, (bits >> shift) as u16));
        let significant = halves.iter().filter(|(_, half)| *half != 0).count();
        if significant > 2 {
            return self.load_literal(to, bits);
        }
        let mut is_first = true;
        for (shift, half) in halves {
            if half == 0 && (significant > 0 || shift > 0) {
                continue;
            }
            let (imm, half) = (imm16(half), half64(shift));
            self.inst(if std::mem::take(&mut is_first) {
                Inst::Movz { rd: to, imm, half }
            } else {
                Inst::Movk { rd: to, imm, half }
            });
        }
    }

    /// `to := bits`, by way of memory: for addresses, so that the code does not depend on them.
    pub fn load_literal(&mut self, to: Reg, bits: u64) {
        let label = self.literal(bits);
        let label = Target::Label(label);
        self.inst(Inst::LdrLiteral { rt: to, label });
    }

    /// `to := [base + offset]`
    pub fn load(&mut self, to: Reg, base: Reg, offset: i64) {
        match address(offset) {
            Address::Scaled(offset) => self.inst(Inst::Ldr {
                rt: to,
                rn: base,
                offset,
            }),
            Address::Near(offset) => self.inst(Inst::Ldur {
                rt: to,
                rn: base,
                offset,
            }),
            Address::Far => {
                self.constant(X17, offset as u64);
                self.inst(Inst::LdrIndex {
                    rt: to,
                    rn: base,
                    rm: X17,
                });
            }
        }
    }

    /// `[base + offset] := from`
    pub fn store(&mut self, from: Reg, base: Reg, offset: i64) {
        match address(offset) {
            Address::Scaled(offset) => self.inst(Inst::Str {
                rt: from,
                rn: base,
                offset,
            }),
            Address::Near(offset) => self.inst(Inst::Stur {
                rt: from,
                rn: base,
                offset,
            }),
            Address::Far => {
                self.constant(X17, offset as u64);
                self.inst(Inst::StrIndex {
                    rt: from,
                    rn: base,
                    rm: X17,
                });
            }
        }
    }

    /// `to := [base + offset]`
    pub fn load_double(&mut self, to: FReg, base: Reg, offset: i64) {
        match address(offset) {
            Address::Scaled(offset) => self.inst(Inst::LdrD {
                rt: to,
                rn: base,
                offset,
            }),
            Address::Near(offset) => self.inst(Inst::LdurD {
                rt: to,
                rn: base,
                offset,
            }),
            Address::Far => {
                self.constant(X17, offset as u64);
                self.inst(Inst::LdrDIndex {
                    rt: to,
                    rn: base,
                    rm: X17,
                });
            }
        }
    }

    /// `[base + offset] := from`
    pub fn store_double(&mut self, from: FReg, base: Reg, offset: i64) {
        match address(offset) {
            Address::Scaled(offset) => self.inst(Inst::StrD {
                rt: from,
                rn: base,
                offset,
            }),
            Address::Near(offset) => self.inst(Inst::SturD {
                rt: from,
                rn: base,
                offset,
            }),
            Address::Far => {
                self.constant(X17, offset as u64);
                self.inst(Inst::StrDIndex {
                    rt: from,
                    rn: base,
                    rm: X17,
                });
            }
        }
    }

    /// `to := the 32 bits at [context + offset]`
    pub fn load_context_word(&mut self, to: Reg, offset: usize) {
        let offset = Offset4::new(offset as u32).expect(FITS);
        self.inst(Inst::LdrW {
            rt: to,
            rn: CONTEXT,
            offset,
        });
    }

    /// `to := base + bytes`
    pub fn add_constant(&mut self, to: Reg, base: Reg, bytes: i64) {
        let imm = Imm12::new(bytes.unsigned_abs());
        match imm {
            Some(imm) if bytes < 0 => self.inst(Inst::SubImm {
                rd: to,
                rn: base,
                imm,
            }),
            Some(imm) => self.inst(Inst::AddImm {
                rd: to,
                rn: base,
                imm,
            }),
            None => {
                self.constant(X17, bytes as u64);
                self.inst(Inst::Add {
                    rd: to,
                    rn: base,
                    rm: X17,
                });
            }
        }
    }

    /// The high form of a boxed small int.
    pub fn unbox_small_int(&mut self, to: Reg, from: Reg) {
        let amount = LeftShift64::new(HIGH_SHIFT).expect(FITS);
        self.inst(Inst::LslImm {
            rd: to,
            rn: from,
            amount,
        });
    }

    /// A boxed small int as a machine word.
    pub fn payload(&mut self, to: Reg, from: Reg) {
        self.inst(Inst::Sbfx {
            rd: to,
            rn: from,
            lsb: Amount64::new(0).expect(FITS),
            width: Width64::new(TAG_SHIFT as u8).expect(FITS),
        });
    }

    /// The boxed form of a small int in high form.
    pub fn box_small_int(&mut self, to: Reg, high: Reg) {
        let amount = Amount64::new(HIGH_SHIFT).expect(FITS);
        self.inst(Inst::OrrShifted {
            rd: to,
            rn: SMALL_INT_TAG,
            rm: high,
            shift: ShiftRor::Lsr,
            amount,
        });
    }

    /// Compares the kind of the heap object at an address.
    pub fn compare_kind(&mut self, address: Reg, kind: Imm12) {
        self.inst(Inst::Ldrb {
            rt: X17,
            rn: address,
            offset: HEADER_KIND,
        });
        self.inst(Inst::CmpImmW { rn: X17, imm: kind });
    }

    /// The bits of a double.
    pub fn box_double(&mut self, to: Reg, from: FReg) {
        self.inst(Inst::FmovToX { rd: to, rn: from });
    }

    /// Sets the flags so that a condition of a comparison holds if a word of 32 bits is zero, or if it is not.
    pub fn condition_of_word(&mut self, cond: Cond, word: Reg, is_zero: bool) {
        // Under one condition the flags become those of equal numbers, else others that decide the opposite.
        let holds_for_equals = matches!(cond, Cond::Eq | Cond::Ge | Cond::Le | Cond::Ls);
        let are_equal = match holds_for_equals == is_zero {
            true => Cond::Eq,
            false => Cond::Ne,
        };
        let (negative, carry) = (8, 2);
        let flags = match cond {
            Cond::Ne | Cond::Lt | Cond::Mi | Cond::Ge => negative,
            _ => carry,
        };
        self.inst(Inst::CmpImmW {
            rn: word,
            imm: Imm12::new(0).expect(FITS),
        });
        self.inst(Inst::CcmpImm {
            rn: ZERO,
            imm: Imm5::new(0).expect(FITS),
            flags: Flags::new(flags).expect(FITS),
            cond: are_equal,
        });
    }

    /// True or false by a condition: the two words differ by two.
    pub fn bool_value(&mut self, to: Reg, cond: Cond) {
        let opposite = Opposite::from_number(cond.number() ^ 1).expect(FITS);
        self.value(X16, Value::FALSE.bits());
        self.inst(Inst::Cset {
            rd: to,
            cond: opposite,
        });
        let amount = Amount64::new(1).expect(FITS);
        self.inst(Inst::AddShifted {
            rd: to,
            rn: X16,
            rm: to,
            shift: Shift::Lsl,
            amount,
        });
    }

    /// The address of the heap object that a value refers to.
    pub fn strip_pointer(&mut self, to: Reg, from: Reg) {
        self.inst(Inst::Eor {
            rd: to,
            rn: from,
            rm: POINTER_TAG,
        });
    }

    /// The tag of a word: zero if [`CodeBuffer::strip_pointer`] has made an address of it.
    pub fn shift_out_address(&mut self, to: Reg, from: Reg) {
        let amount = Amount64::new(TAG_SHIFT as u8).expect(FITS);
        self.inst(Inst::LsrImm {
            rd: to,
            rn: from,
            amount,
        });
    }

    /// Compares two registers.
    pub fn compare(&mut self, a: Reg, b: Reg) {
        self.inst(Inst::Cmp { rn: a, rm: b });
    }

    /// Goes to a label.
    pub fn branch(&mut self, label: Label) {
        self.inst(Inst::B {
            label: Target::Label(label),
        });
    }

    /// Goes to a label under a condition.
    pub fn branch_if(&mut self, cond: Cond, label: Label) {
        self.inst(Inst::BCond {
            cond,
            label: Target::Label(label),
        });
    }

    /// Goes to a label if the low 32 bits of a register are zero.
    pub fn branch_if_zero_word(&mut self, reg: Reg, label: Label) {
        self.inst(Inst::CbzW {
            rt: reg,
            label: Target::Label(label),
        });
    }

    /// Goes to a label unless the register is zero.
    pub fn branch_if_not_zero(&mut self, reg: Reg, label: Label) {
        self.inst(Inst::Cbnz {
            rt: reg,
            label: Target::Label(label),
        });
    }

    /// Goes to a label unless the low 32 bits of a register are zero.
    pub fn branch_if_not_zero_word(&mut self, reg: Reg, label: Label) {
        self.inst(Inst::CbnzW {
            rt: reg,
            label: Target::Label(label),
        });
    }

    /// Calls the code at a label.
    pub fn call_label(&mut self, label: Label) {
        self.inst(Inst::Bl {
            label: Target::Label(label),
        });
    }

    /// Calls code whose distance is filled in later.
    pub fn call_elsewhere(&mut self) {
        self.put(&CALL_ELSEWHERE);
    }

    /// Calls the code at an address that a register holds.
    pub fn call_register(&mut self, reg: Reg) {
        self.inst(Inst::Blr { rn: reg });
    }

    /// Goes to the address that a register holds.
    pub fn branch_register(&mut self, reg: Reg) {
        self.inst(Inst::Br { rn: reg });
    }

    /// Calls a function of the runtime by its address.
    pub fn call_address(&mut self, address: usize) {
        self.load_literal(X16, address as u64);
        self.call_register(X16);
    }

    /// Saves the return address and the kept registers.
    pub fn enter_frame(&mut self, saved: &Saved) {
        let size = Simm9::new(-(saved.size as i16)).expect(FITS);
        self.inst(Inst::StrPre {
            rt: LINK,
            rn: SP,
            offset: size,
        });
        for (slot, pair) in saved.pairs.iter().enumerate() {
            let offset = Pair8::new(16 + 16 * slot as i16).expect(FITS);
            self.inst(match *pair {
                Pair::Int(a, b) => Inst::Stp {
                    rt: a,
                    rt2: b,
                    rn: SP,
                    offset,
                },
                Pair::Float(a, b) => Inst::StpD {
                    rt: a,
                    rt2: b,
                    rn: SP,
                    offset,
                },
            });
        }
    }

    /// Restores what [`CodeBuffer::enter_frame`] saved.
    pub fn leave_frame(&mut self, saved: &Saved) {
        for (slot, pair) in saved.pairs.iter().enumerate() {
            let offset = Pair8::new(16 + 16 * slot as i16).expect(FITS);
            self.inst(match *pair {
                Pair::Int(a, b) => Inst::Ldp {
                    rt: a,
                    rt2: b,
                    rn: SP,
                    offset,
                },
                Pair::Float(a, b) => Inst::LdpD {
                    rt: a,
                    rt2: b,
                    rn: SP,
                    offset,
                },
            });
        }
        let size = Simm9::new(saved.size as i16).expect(FITS);
        self.inst(Inst::LdrPost {
            rt: LINK,
            rn: SP,
            offset: size,
        });
    }

    /// Returns to the caller.
    pub fn ret(&mut self) {
        self.inst(Inst::Ret {});
    }

    /// Stores `value` in `count` slots from the frame's slot `first` on.
    pub fn fill_slots(&mut self, value: Reg, first: usize, count: usize) {
        let mut slot = first;
        while slot < first + count {
            let pair = Pair8::new((slot as i64 * SLOT).try_into().unwrap_or(i16::MAX));
            match pair {
                Some(offset) if slot + 1 < first + count => {
                    self.inst(Inst::Stp {
                        rt: value,
                        rt2: value,
                        rn: FRAME,
                        offset,
                    });
                    slot += 2;
                }
                _ => {
                    self.store(value, FRAME, slot as i64 * SLOT);
                    slot += 1;
                }
            }
        }
    }
}

/// Two registers that are saved together.
#[derive(Clone, Copy, Debug)]
pub enum Pair {
    /// General registers.
    Int(Reg, Reg),
    /// Floating-point registers.
    Float(FReg, FReg),
}

/// What a function saves in its native frame besides the return address.
#[derive(Clone, Debug)]
pub struct Saved {
    pairs: Vec<Pair>,
    /// Bytes of the native frame.
    pub size: usize,
}

impl Saved {
    /// The pairs that cover the registers in two sets of numbers.
    pub fn new(ints: u32, floats: u32) -> Saved {
        let ints =
            in_pairs(ints).map(|(a, b)| Pair::Int(Reg::new(a), b.map_or(SMALL_INT_TAG, Reg::new)));
        let floats =
            in_pairs(floats).map(|(a, b)| Pair::Float(FReg::new(a), FReg::new(b.unwrap_or(a ^ 1))));
        let pairs: Vec<_> = ints.chain(floats).collect();
        let size = 16 + 16 * pairs.len();
        Saved { pairs, size }
    }
}

/// The numbers in a set, two by two.
fn in_pairs(mut set: u32) -> impl Iterator<Item = (u8, Option<u8>)> {
    let mut next = move || {
        let number = set.trailing_zeros() as u8;
        set &= set.wrapping_sub(1);
        (number < 32).then_some(number)
    };
    std::iter::from_fn(move || Some((next()?, next())))
}

enum Address {
    Scaled(Offset8),
    Near(Simm9),
    Far,
}

fn address(offset: i64) -> Address {
    if let Some(offset) = u32::try_from(offset).ok().and_then(Offset8::new) {
        return Address::Scaled(offset);
    }
    match i16::try_from(offset).ok().and_then(Simm9::new) {
        Some(offset) => Address::Near(offset),
        None => Address::Far,
    }
}

fn imm16(value: u16) -> Imm16 {
    Imm16::new(value).expect(FITS)
}

fn half64(shift: u8) -> Half64 {
    Half64::new(shift).expect(FITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_that_do_not_suit_each_other_are_refused() {
        let pair = |rt: u8, rt2: u8| Inst::LdpPost {
            rt: Reg::new(rt),
            rt2: Reg::new(rt2),
            rn: Reg::new(2),
            offset: Pair8::new(16).expect(FITS),
        };
        let mut buffer = CodeBuffer::<Fixup>::default();
        buffer.inst(pair(0, 1));
        assert_eq!(buffer.refused(), None);
        buffer.inst(pair(0, 2));
        buffer.inst(pair(0, 0));
        assert_eq!(buffer.refused(), Some("ldp x0, x2, [x2], #16"));
    }
}
