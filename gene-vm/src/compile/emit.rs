//! Emission: instructions, labels, fused forms, operand depth, locals, positions.

use super::{Error, SideEntry};
use crate::bytecode::{Instr, Op};
use crate::code::{Cache, CallShape, Code, Handler, Prototype, Visible};
use crate::source::Pos;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use rustc_hash::FxHashMap;

/// A jump target that may not be known yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label(usize);

/// A point of emission.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    instrs: usize,
    handlers: usize,
    depth: usize,
    pos: Pos,
}

/// The instructions of one body while they are made.
#[derive(Default)]
pub(super) struct Emitter {
    instrs: Vec<Instr>,
    constants: Vec<Value>,
    constant_indices: FxHashMap<Value, i32>,
    side: Vec<SideEntry>,
    calls: Vec<CallShape>,
    caches: Vec<Cache>,
    pub handlers: Vec<Handler>,
    positions: Vec<(u32, Pos)>,
    visible: Vec<(u32, Visible)>,
    pos: Pos,
    labels: Vec<Option<u32>>,
    /// Instructions before this one must not be fused with what follows: a label stands here.
    barrier: usize,
    /// Operands on the stack now.
    pub depth: usize,
    max_depth: usize,
    next_local: usize,
    max_locals: usize,
}

impl Emitter {
    // ── Positions ──────────────────────────────────────────────────────────

    /// Sets the source position of what follows and answers the former one.
    pub fn at(&mut self, pos: Pos) -> Pos {
        if pos == Pos::NONE {
            self.pos
        } else {
            std::mem::replace(&mut self.pos, pos)
        }
    }

    /// The current source position.
    pub fn pos(&self) -> Pos {
        self.pos
    }

    // ── Locals ─────────────────────────────────────────────────────────────

    /// Reserves consecutive local slots.
    pub fn new_locals(&mut self, count: usize) -> u16 {
        let first = self.next_local;
        self.next_local += count;
        self.max_locals = self.max_locals.max(self.next_local);
        first as u16
    }

    /// The next free local slot.
    pub fn local_mark(&self) -> usize {
        self.next_local
    }

    /// Frees the locals reserved since the mark.
    pub fn free_locals(&mut self, mark: usize) {
        self.next_local = mark;
    }

    // ── Instructions ───────────────────────────────────────────────────────

    /// Index of the next instruction.
    pub fn here(&self) -> u32 {
        self.instrs.len() as u32
    }

    /// Records what is visible from the next instruction on.
    pub fn note_visible(&mut self, visible: Visible) {
        self.visible.push((self.here(), visible));
    }

    fn push(&mut self, instr: Instr) {
        if self
            .positions
            .last()
            .is_none_or(|&(_, pos)| pos != self.pos)
        {
            self.positions.push((self.here(), self.pos));
        }
        self.instrs.push(instr);
    }

    /// Emits an instruction that takes `pops` operands and leaves `pushes`.
    pub fn emit(&mut self, instr: Instr, pops: usize, pushes: usize) {
        debug_assert!(
            self.depth >= pops,
            "{instr} needs {pops} operands, {} are there",
            self.depth
        );
        self.depth = self.depth - pops + pushes;
        self.max_depth = self.max_depth.max(self.depth);
        self.push(instr);
    }

    /// Emits an instruction without operands in it.
    pub fn op(&mut self, op: Op, pops: usize, pushes: usize) {
        self.emit(Instr::new(op), pops, pushes);
    }

    /// Emits an instruction with operand `c`.
    pub fn op_c(&mut self, op: Op, c: usize, pops: usize, pushes: usize) {
        self.emit(
            Instr {
                op,
                a: 0,
                b: 0,
                c: c as i32,
            },
            pops,
            pushes,
        );
    }

    /// Emits an instruction with operands `b` and `c`.
    pub fn op_bc(&mut self, op: Op, b: u16, c: usize, pops: usize, pushes: usize) {
        self.emit(
            Instr {
                op,
                a: 0,
                b,
                c: c as i32,
            },
            pops,
            pushes,
        );
    }

    /// The last instruction, if it may be fused with the next one.
    fn last(&self, back: usize) -> Option<Instr> {
        let index = self.instrs.len().checked_sub(back)?;
        (index >= self.barrier).then(|| self.instrs[index])
    }

    fn drop_last(&mut self, count: usize) {
        self.instrs.truncate(self.instrs.len() - count);
        let here = self.here();
        while self
            .positions
            .last()
            .is_some_and(|&(first, _)| first >= here)
        {
            self.positions.pop();
        }
    }

    /// Pushes a constant.
    pub fn constant(&mut self, value: Value) {
        let small = value.as_small_int().and_then(|i| i32::try_from(i).ok());
        match value {
            Value::NIL => self.op(Op::Nil, 0, 1),
            Value::TRUE => self.op(Op::True, 0, 1),
            Value::FALSE => self.op(Op::False, 0, 1),
            _ if small.is_some() => self.emit(
                Instr {
                    c: small.unwrap_or_default(),
                    ..Instr::new(Op::Int)
                },
                0,
                1,
            ),
            _ => {
                let index = self.constant_index(value);
                self.emit(
                    Instr {
                        c: index,
                        ..Instr::new(Op::Const)
                    },
                    0,
                    1,
                );
            }
        }
    }

    /// The index of a constant.
    pub fn constant_index(&mut self, value: Value) -> i32 {
        let next = self.constants.len() as i32;
        let index = *self.constant_indices.entry(value).or_insert(next);
        if index == next {
            self.constants.push(value);
        }
        index
    }

    /// Adds an entry to the side table.
    pub fn side(&mut self, entry: SideEntry) -> usize {
        self.side.push(entry);
        self.side.len() - 1
    }

    /// Adds an entry to the call table.
    pub fn call_shape(&mut self, shape: CallShape) -> usize {
        self.calls.push(shape);
        self.calls.len() - 1
    }

    /// Adds an inline cache for a name.
    pub fn cache(&mut self, name: Symbol) -> usize {
        self.caches.push(Cache::new(name));
        self.caches.len() - 1
    }

    /// An instance of the class below the arguments of a call.
    pub fn new_instance(&mut self, shape: CallShape) {
        let cache = self.cache(crate::symbol::sym::EMPTY) as u32;
        let operands = shape.operands() + 1;
        let shape = self.call_shape(CallShape { cache, ..shape });
        // The constructor and the instance get between the class and the arguments.
        self.max_depth = self.max_depth.max(self.depth + 2);
        self.op_c(Op::New, shape, operands, 1);
    }

    /// A call of the callee below `count` arguments, in tail position or not.
    pub fn call(&mut self, count: u16, tail: bool) {
        let call = Instr {
            op: Op::Call,
            a: tail.into(),
            b: count,
            c: self.cache(sym::EMPTY) as i32,
        };
        self.emit(call, count as usize + 1, 1);
    }

    /// Drops the top operand; pushes that did nothing else vanish.
    pub fn pop(&mut self) {
        match self.last(1).map(|last| last.op) {
            Some(
                Op::Const
                | Op::Int
                | Op::Nil
                | Op::True
                | Op::False
                | Op::GetLocal
                | Op::Dup
                | Op::GetFunction,
            ) => {
                self.drop_last(1);
                self.depth -= 1;
            }
            Some(Op::TeeLocal) => {
                let at = self.instrs.len() - 1;
                self.instrs[at].op = Op::SetLocal;
                self.depth -= 1;
            }
            _ => self.op(Op::Pop, 1, 0),
        }
    }

    /// Emits a binary operator, fused with operands that were just pushed.
    pub fn binary(&mut self, op: Op) {
        let (last, before) = (self.last(1), self.last(2));
        let fused = match (op, before, last) {
            (Op::Add | Op::Sub, Some(x), Some(y)) if x.op == Op::GetLocal && y.op == Op::Int => {
                let op = if op == Op::Add {
                    Op::LocalAddInt
                } else {
                    Op::LocalSubInt
                };
                Some((
                    2,
                    Instr {
                        op,
                        a: 0,
                        b: x.b,
                        c: y.c,
                    },
                ))
            }
            (Op::Add | Op::Sub, Some(x), Some(y))
                if x.op == Op::GetLocal && y.op == Op::GetLocal =>
            {
                let op = if op == Op::Add {
                    Op::LocalAddLocal
                } else {
                    Op::LocalSubLocal
                };
                Some((
                    2,
                    Instr {
                        op,
                        a: 0,
                        b: x.b,
                        c: y.b as i32,
                    },
                ))
            }
            (Op::Add | Op::Sub, _, Some(y)) if y.op == Op::Int => {
                let op = if op == Op::Add {
                    Op::AddInt
                } else {
                    Op::SubInt
                };
                Some((1, Instr { op, ..y }))
            }
            _ => None,
        };
        match fused {
            Some((count, instr)) => {
                self.drop_last(count);
                self.depth -= 1;
                self.push(instr);
            }
            None => self.op(op, 2, 1),
        }
    }

    /// Where emission stands, for [`Emitter::roll_back`].
    pub fn mark(&self) -> Mark {
        Mark {
            instrs: self.instrs.len(),
            handlers: self.handlers.len(),
            depth: self.depth,
            pos: self.pos,
        }
    }

    /// Takes back what was emitted since the mark.
    pub fn roll_back(&mut self, mark: Mark) {
        self.drop_last(self.instrs.len() - mark.instrs);
        self.handlers.truncate(mark.handlers);
        self.depth = mark.depth;
        self.pos = mark.pos;
    }

    // ── Labels and jumps ───────────────────────────────────────────────────

    /// A new label.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Puts a label here.
    pub fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.here());
        self.barrier = self.instrs.len();
    }

    /// Emits a jump; its operands are taken whether it jumps or not.
    pub fn jump(&mut self, op: Op, label: Label, pops: usize) {
        self.op_c(op, label.0, pops, 0);
    }

    /// Emits a jump that looks at a local.
    pub fn jump_local(&mut self, op: Op, local: u16, label: Label) {
        self.op_bc(op, local, label.0, 0, 0);
    }

    /// Jumps if the top operand is falsy (or truthy), fused with the comparison that made it.
    pub fn branch(&mut self, label: Label, when: bool) {
        let Some(last) = self.last(1) else {
            return self.plain_branch(label, when);
        };
        let fused = match (last.op, when) {
            (Op::Lt, false) => Op::JumpIfNotLt,
            (Op::Le, false) => Op::JumpIfNotLe,
            (Op::Gt, false) => Op::JumpIfNotGt,
            (Op::Ge, false) => Op::JumpIfNotGe,
            (Op::Eq, false) | (Op::Ne, true) => Op::JumpIfNotEq,
            (Op::Eq, true) | (Op::Ne, false) => Op::JumpIfEq,
            _ => return self.plain_branch(label, when),
        };
        self.drop_last(1);
        self.depth += 1;
        let (y, x) = (self.last(1), self.last(2));
        if let (Some(x), Some(y)) = (x, y)
            && x.op == Op::GetLocal
            && let Ok(a) = u8::try_from(x.b)
        {
            let with_int = match fused {
                Op::JumpIfNotLt => Some(Op::JumpIfNotLocalLtInt),
                Op::JumpIfNotLe => Some(Op::JumpIfNotLocalLeInt),
                Op::JumpIfNotGt => Some(Op::JumpIfNotLocalGtInt),
                Op::JumpIfNotGe => Some(Op::JumpIfNotLocalGeInt),
                Op::JumpIfNotEq => Some(Op::JumpIfNotLocalEqInt),
                Op::JumpIfEq => Some(Op::JumpIfLocalEqInt),
                _ => None,
            };
            let with_local = match fused {
                Op::JumpIfNotLt => Some(Op::JumpIfNotLocalLtLocal),
                Op::JumpIfNotLe => Some(Op::JumpIfNotLocalLeLocal),
                Op::JumpIfNotGt => Some(Op::JumpIfNotLocalGtLocal),
                Op::JumpIfNotGe => Some(Op::JumpIfNotLocalGeLocal),
                _ => None,
            };
            let literal = (y.op == Op::Int).then(|| i16::try_from(y.c).ok()).flatten();
            let instr = match (literal, y.op) {
                (Some(literal), _) => with_int.map(|op| Instr {
                    op,
                    a,
                    b: literal as u16,
                    c: label.0 as i32,
                }),
                (None, Op::GetLocal) => with_local.map(|op| Instr {
                    op,
                    a,
                    b: y.b,
                    c: label.0 as i32,
                }),
                _ => None,
            };
            if let Some(instr) = instr {
                self.drop_last(2);
                self.depth -= 2;
                return self.push(instr);
            }
        }
        self.jump(fused, label, 2);
    }

    fn plain_branch(&mut self, label: Label, when: bool) {
        let negated = self.last(1).is_some_and(|last| last.op == Op::Not)
            && self.last(2).is_some_and(|before| {
                matches!(
                    before.op,
                    Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq | Op::Ne | Op::Is
                )
            });
        if negated {
            self.drop_last(1);
        }
        let op = if when != negated {
            Op::JumpIfTrue
        } else {
            Op::JumpIfFalse
        };
        self.jump(op, label, 1);
    }

    /// Is this the last instruction?
    pub fn ends_with(&self, op: Op) -> bool {
        self.last(1).is_some_and(|last| last.op == op)
    }

    /// Turns what `x = x + …` just compiled to into an update in place: the value of `binary`, made from local
    /// `local` and a literal or a local, is stored in the same local.
    pub fn update_in_place(&mut self, local: u16) -> bool {
        let Some(last) = self.last(1) else {
            return false;
        };
        let op = match last.op {
            Op::LocalAddInt => Op::IncLocal,
            Op::LocalSubInt => Op::DecLocal,
            Op::LocalAddLocal => Op::AddToLocal,
            _ => return false,
        };
        if last.b != local {
            return false;
        }
        self.drop_last(1);
        self.depth -= 1;
        self.push(Instr { op, ..last });
        true
    }

    /// Sets operand `c` of an instruction that was emitted before.
    pub fn patch(&mut self, at: u32, c: i32) {
        self.instrs[at as usize].c = c;
    }

    // ── The end ────────────────────────────────────────────────────────────

    /// The finished code of a prototype's body.
    pub fn finish(
        mut self,
        prototype: &Prototype,
        name: Symbol,
        budget: i32,
    ) -> Result<Code, Error> {
        if self.max_locals >= 0xFFFF || self.max_depth >= 0xFFFF {
            // The body of a module has no place of its own.
            let first = self.positions.first().map_or(Pos::NONE, |&(_, pos)| pos);
            let place = Some(prototype.pos).filter(|&pos| pos != Pos::NONE);
            return Err(Error::new(
                "function too large: more than 65534 variables or operands; make several functions of it",
                place.unwrap_or(first),
            ));
        }
        for instr in &mut self.instrs {
            if instr.target().is_some() {
                instr.c = self.labels[instr.c as usize].expect("each label is bound") as i32;
            }
        }
        use crate::code::FunctionKind as Kind;
        let direct = matches!(
            prototype.kind,
            Kind::Function | Kind::Block | Kind::Body | Kind::Macro
        );
        let params = prototype.params.len() as u16;
        let least = prototype.least().unwrap_or(u16::MAX);
        Ok(Code {
            params,
            locals: self.max_locals as u16,
            max_operands: self.max_depth as u16,
            least,
            exact: Code::exact_count(params, least, direct),
            direct,
            instrs: self.instrs.into(),
            constants: self.constants.into(),
            side: self.side.into(),
            calls: self.calls.into(),
            caches: self.caches.into(),
            handlers: self.handlers.into(),
            positions: self.positions.into(),
            visible: self.visible.into(),
            ..Code::empty(name, budget)
        })
    }
}
