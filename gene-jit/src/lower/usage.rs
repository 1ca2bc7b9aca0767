//! What a loop does with variables: found out by looking through its instructions before code is made for it.

use super::Lowering;
use super::by_slot::BySlot;
use super::facts::{Fact, Word};
use crate::tree::Checked;
use crate::tree::effect::{Effect, effect, written_locals};
use crate::tree::operands::{
    Iteration, Operand as Place, access, checked_type, is_comparison, is_equality, iteration,
    operands,
};
use arrayvec::ArrayVec;
use gene_vm::bytecode::{Instr, Op};

/// So many words that a loop uses are counted.
const MOST_WORDS: usize = 32;

/// What a loop does with variables.
#[derive(Default)]
pub struct Usage {
    variables: BySlot<Variable>,
    /// The words that it uses, with how often.
    pub words: ArrayVec<(Word, u32), MOST_WORDS>,
    /// It relies on names.
    pub names: bool,
}

/// What a loop does with a variable.
#[derive(Clone, Copy, PartialEq, Default)]
pub struct Variable {
    /// What it is guessed to be where the loop begins, if that is worth a guess.
    pub guess: Option<Fact>,
    /// How often it takes part in arithmetic.
    pub numeric: u32,
    /// How often elements of it are used.
    pub arrays: u32,
    /// How often it is looked into as a string.
    pub strings: u32,
    /// How often it is called where many callees are met.
    pub callees: u32,
    /// It is looked into as an object.
    pub object: bool,
    /// It has the state of an iteration that begins in the loop: nothing is known of it where the loop begins.
    restarted: bool,
    /// What it is assigned, if it is.
    pub written: Option<Fact>,
    /// What it is at the instruction that is looked at, if the loop tells.
    fact: Option<Fact>,
}

impl Variable {
    /// Does the loop make it something else than was guessed?
    pub fn contradicts_guess(&self) -> bool {
        let (Some(guess), Some(written)) = (self.guess, self.written) else {
            return false;
        };
        guess != Fact::Unknown && written != Fact::Unknown && written != guess
    }
}

impl Usage {
    /// The variables, by slot.
    pub fn each(&mut self) -> impl Iterator<Item = (u16, &mut Variable)> {
        self.variables.iter_mut()
    }

    /// Does it assign a variable?
    pub fn writes(&self, slot: u16) -> bool {
        self.variables.get(slot).written.is_some()
    }

    /// A variable.
    pub fn of(&mut self, slot: u16) -> &mut Variable {
        self.variables.get_mut(slot)
    }

    /// Notes that a word is used.
    fn note_word(&mut self, word: Word) {
        match self.words.iter_mut().find(|(used, _)| *used == word) {
            Some((_, count)) => *count += 1,
            // There are fewer registers, so one word more makes no difference.
            None => drop(self.words.try_push((word, 1))),
        }
    }

    /// Forgets all but the guesses.
    fn begin(&mut self) {
        self.words.clear();
        self.names = false;
        for (_, variable) in self.variables.iter_mut() {
            *variable = Variable {
                guess: variable.guess,
                fact: variable.guess,
                ..Variable::default()
            };
        }
    }

    fn write(&mut self, slot: u16, fact: Fact) {
        let variable = self.of(slot);
        variable.written = Some(variable.written.map_or(fact, |former| former.meet(fact)));
        variable.fact = Some(fact);
    }
}

/// What an operand is while a loop is looked through.
#[derive(Clone, Copy)]
struct Operand {
    fact: Fact,
    /// The variable that it was read from.
    slot: Option<u16>,
}

const UNKNOWN: Operand = Operand {
    fact: Fact::Unknown,
    slot: None,
};

impl Lowering<'_> {
    /// Runs through the instructions of a loop in order, as if jumps were not there.
    pub(super) fn look_through(&self, pc: usize, end: usize, usage: &mut Usage) {
        usage.begin();
        let mut stack: Vec<Operand> = Vec::new();
        for at in pc..=end {
            let Some(depth) = self.flow.depth(at) else {
                continue;
            };
            if self.flow.is_leader(at) {
                stack.clear();
            }
            stack.resize(depth, UNKNOWN);
            let instr = self.code.instrs[at];
            let Some(places) = operands(instr) else {
                if let Some(of) = self.checks_inline(at) {
                    let slot = stack.pop().and_then(|operand| operand.slot);
                    let fact = Fact::of_type(of);
                    stack.push(Operand { fact, slot });
                } else if instr.op == Op::IterNext && !self.feedback.is_varied(at) {
                    let element = self.look_at_step(at, usage);
                    stack.push(element);
                } else {
                    self.look_at_other(instr, &mut stack, usage);
                }
                continue;
            };
            let operands = places.map(|place| match place {
                Place::Stack(depth) => {
                    let operand = stack.iter().rev().nth(depth);
                    operand.copied().unwrap_or(UNKNOWN)
                }
                Place::Local(slot) => Operand {
                    fact: self.fact_in(usage, slot),
                    slot: Some(slot),
                },
                Place::Int(_) => Operand {
                    fact: Fact::SmallInt,
                    slot: None,
                },
            });
            let Effect { pops, pushes, .. } = effect(self.code, instr);
            stack.truncate(stack.len().saturating_sub(pops as usize));
            if !is_equality(instr.op) {
                for slot in operands.iter().filter_map(|operand| operand.slot) {
                    usage.of(slot).numeric += 1;
                }
            }
            let float = |(i, operand): (usize, &Operand)| {
                operand.fact == Fact::Float
                    || operand.fact == Fact::Unknown
                        && self.feedback.operand(at, i) == Some(Fact::Float)
            };
            let fact = if self.feedback.is_varied(at) {
                Fact::Unknown
            } else if instr.op == Op::Div || operands.iter().enumerate().any(float) {
                Fact::Float
            } else {
                Fact::SmallInt
            };
            match instr.op {
                Op::IncLocal | Op::DecLocal | Op::AddToLocal => {
                    usage.write(instr.b, fact);
                }
                _ if pushes > 0 => stack.push(Operand {
                    fact: if is_comparison(instr.op) {
                        Fact::Bool
                    } else {
                        fact
                    },
                    slot: None,
                }),
                _ => {}
            }
        }
        for (_, variable) in usage.each() {
            if variable.restarted {
                variable.numeric = 0;
            }
        }
    }

    /// The type that the instruction at `at` checks its operand against inline.
    fn checks_inline(&self, at: usize) -> Option<Checked> {
        let of = checked_type(self.code, self.code.instrs[at])?;
        (!self.feedback.is_varied(at)).then_some(of)
    }

    /// A step of an iteration, whose state lies in variables.
    fn look_at_step(&self, at: usize, usage: &mut Usage) -> Operand {
        let source = self.code.instrs[at].b;
        usage.of(source + 1).numeric += 2;
        usage.write(source + 1, Fact::SmallInt);
        match iteration(self.code, at, source) {
            Iteration::Range => {
                usage.of(source).numeric += 1;
                Operand {
                    fact: Fact::SmallInt,
                    slot: None,
                }
            }
            Iteration::Array => {
                usage.of(source).arrays += 1;
                UNKNOWN
            }
        }
    }

    /// Notes the words that an instruction uses.
    fn note_words(&self, instr: Instr, usage: &mut Usage) {
        let cache = || &self.code.caches[instr.c as usize];
        let found = match instr.op {
            Op::GetCaptured | Op::SetCaptured => {
                return usage.note_word(Word::Scope(instr.b));
            }
            Op::GetName | Op::GetTypeName | Op::GetGlobal | Op::SetName => cache().found.get(),
            Op::GetMember | Op::GetMemberStrict | Op::SetMember => cache().sole_holder(),
            _ => None,
        };
        if let Some(found) = found {
            usage.names = true;
            if found.definition.is_none() {
                usage.note_word(Word::Literal(found.cell.address()));
            }
        }
    }

    /// What a variable is while a loop is looked through.
    fn fact_in(&self, usage: &mut Usage, slot: u16) -> Fact {
        let fact = usage.of(slot).fact;
        fact.unwrap_or(self.locals.get(slot).fact)
    }

    fn look_at_other(&self, instr: Instr, stack: &mut Vec<Operand>, usage: &mut Usage) {
        match instr.op {
            Op::GetLocal => {
                stack.push(Operand {
                    fact: self.fact_in(usage, instr.b),
                    slot: Some(instr.b),
                });
            }
            Op::Int => stack.push(Operand {
                fact: Fact::SmallInt,
                slot: None,
            }),
            Op::Const => {
                let fact = Fact::of(self.code.constants[instr.c as usize]);
                stack.push(Operand { fact, slot: None });
            }
            Op::SetLocal | Op::TeeLocal => {
                let fact = stack.last().map_or(Fact::Unknown, |operand| operand.fact);
                usage.write(instr.b, fact);
                if instr.op == Op::SetLocal {
                    stack.pop();
                }
            }
            _ => {
                self.note_words(instr, usage);
                if let Some(access) = access(self.code, instr) {
                    let at = |depth: usize| stack.iter().rev().nth(depth)?.slot;
                    if let Some(slot) = at(access.of) {
                        match access.kind {
                            Checked::String => usage.of(slot).strings += 1,
                            _ => usage.of(slot).arrays += 1,
                        }
                    }
                    if let Some(slot) = access.key.and_then(at) {
                        usage.of(slot).numeric += 1;
                    }
                }
                if instr.op == Op::Call && self.code.caches[instr.c as usize].meets_many() {
                    let callee = stack.iter().rev().nth(instr.b as usize);
                    if let Some(slot) = callee.and_then(|operand| operand.slot) {
                        usage.of(slot).callees += 1;
                    }
                }
                let object = match instr.op {
                    Op::GetMember | Op::GetMemberStrict => Some(0),
                    Op::SetMember | Op::GetMemberOrElement => Some(1),
                    Op::CallMethod => Some(instr.b as usize),
                    _ => None,
                };
                let object = object.and_then(|depth| stack.iter().rev().nth(depth)?.slot);
                if let Some(slot) = object {
                    usage.of(slot).object = true;
                }
                let effect = effect(self.code, instr);
                stack.truncate(stack.len().saturating_sub(effect.pops as usize));
                stack.extend((0..effect.pushes).map(|_| UNKNOWN));
                for slot in written_locals(instr) {
                    usage.write(slot, Fact::Unknown);
                    if instr.op == Op::IterStart {
                        usage.of(slot).restarted = true;
                    }
                }
            }
        }
    }
}
