//! Calls, and what natives and methods do to their operands inline.

use super::Builder;
use crate::tree::effect::effect;
use crate::tree::operands::{InlineMethod, inline_method};
use crate::tree::{Node, Op, Rounding, Stmt};
use gene_vm::builtins::numbers::Numeric;
use gene_vm::bytecode::Instr;
use gene_vm::heap::{Gc, Header, Kind};
use gene_vm::object::{NativeFn, Str};
use gene_vm::value::Value;

impl Builder<'_> {
    /// A call, whose result is in a register.
    pub(super) fn call(&mut self, instr: Instr, stmt: impl Fn(Node) -> Stmt, tail: Stmt) {
        let effect = effect(self.code, instr);
        if effect.ends {
            self.line(tail);
            return;
        }
        let below = self.block.entries.len() - effect.pops as usize;
        let result = self.node(Op::Result);
        self.block.nodes[result.index()].index = below as u16;
        self.line(stmt(result));
        self.block.entries.truncate(below);
        for entry in &mut self.block.entries {
            entry.settled = true;
            entry.home = true;
        }
        self.push_node(result, true, false);
    }

    /// Is it a call that an adapter can make ready for a callee?
    pub(super) fn is_adapted(&self, instr: Instr) -> bool {
        instr.a == 0 && self.code.calls[instr.c as usize].is_static()
    }

    /// A call with `count` operands, the first of which is the receiver.
    pub(super) fn call_method(&mut self, instr: Instr, count: u16, cache: u32) {
        self.settle();
        let receiver = self.block.entries[self.block.entries.len() - count as usize].node;
        self.block.nodes[receiver.index()].uses += 1;
        self.call(
            instr,
            |result| Stmt::CallMethod {
                count,
                cache,
                receiver,
                result,
            },
            Stmt::TailCallMethod {
                count,
                cache,
                receiver,
            },
        );
    }

    /// An instance of the class below `count` arguments.
    pub(super) fn new_instance(&mut self, instr: Instr, count: u16, cache: u32) {
        self.settle();
        let class = self.block.entries[self.block.entries.len() - 1 - count as usize].node;
        self.call(
            instr,
            |result| Stmt::New {
                class,
                count,
                cache,
                result,
            },
            Stmt::TailCallOther,
        );
    }

    /// Moves a literal, as a known callee is one, below `count` operands.
    pub(super) fn move_down(&mut self, count: usize) -> bool {
        let moved = self
            .block
            .entries
            .last()
            .map(|entry| self.block.op(entry.node));
        let Some(literal @ Op::Const { .. }) = moved else {
            return false;
        };
        self.settle();
        self.pop();
        let mut operands: Vec<Node> = (0..count).map(|_| self.pop()).collect();
        let first = self.block.entries.len() as u16;
        // From the top down: so no copy takes the home slot of an operand that is still to be copied.
        for (i, operand) in (0..).zip(&mut operands) {
            let value = self.node(Op::Copy { x: *operand });
            self.block.nodes[value.index()].index = first + count as u16 - i;
            self.line(Stmt::Evaluate { value });
            *operand = value;
        }
        self.push(literal);
        for operand in operands.into_iter().rev() {
            self.push_node(operand, true, false);
        }
        true
    }

    /// Builds the call of a known native function: as what that does, if it works on numbers.
    pub(super) fn native_call(&mut self, instr: Instr) -> bool {
        let count = instr.b;
        let callee = self.block.entries[self.block.entries.len() - 1 - count as usize].node;
        let native: Option<Gc<NativeFn>> = match self.block.op(callee) {
            Op::Const { bits } => Value::from_bits(bits).get(),
            _ => None,
        };
        let Some(native) = native else { return false };
        match (Numeric::of(&native), count) {
            (Some(function @ (Numeric::Min | Numeric::Max)), 2) => {
                let (y, x) = (self.pop(), self.pop());
                self.pop();
                self.push(match function {
                    Numeric::Min => Op::Min { x, y },
                    _ => Op::Max { x, y },
                });
            }
            (Some(function), 1) if !matches!(function, Numeric::Min | Numeric::Max) => {
                let x = self.pop();
                self.pop();
                self.push(match function {
                    Numeric::Sqrt => Op::Sqrt { x },
                    Numeric::Abs => Op::Abs { x },
                    Numeric::Floor => Op::Round {
                        x,
                        to: Rounding::Floor,
                    },
                    Numeric::Ceil => Op::Round {
                        x,
                        to: Rounding::Ceil,
                    },
                    _ => Op::Round {
                        x,
                        to: Rounding::Round,
                    },
                });
            }
            _ => {
                let instr = Instr { a: 0, ..instr };
                self.settle();
                self.call(
                    instr,
                    |result| Stmt::CallNative { count, result },
                    Stmt::Plain,
                );
            }
        }
        if instr.a != 0 {
            let value = self.pop();
            self.settle();
            self.statement(Stmt::Return { value }, &[value]);
        }
        true
    }

    /// Builds the call of a method of arrays or strings as what it does to them. The method's slot, below
    /// the receiver, goes with the operands.
    pub(super) fn inline_method(&mut self, instr: Instr) -> bool {
        let Some((method, _)) = inline_method(self.code, instr) else {
            return false;
        };
        let is_tail = instr.a != 0;
        let mut args: Vec<Node> = (0..=instr.b).map(|_| self.pop()).collect();
        args.reverse();
        self.pop();
        let of = args[0];
        match method {
            InlineMethod::Set if !is_tail && !self.is_kept() => {
                self.set_element(of, args[1], args[2]);
                return true;
            }
            InlineMethod::Push if !is_tail && !self.is_kept() => {
                self.push_element(of, args[1]);
                return true;
            }
            InlineMethod::Size => self.push(Op::Size { of }),
            InlineMethod::Get => self.push(Op::Element { of, key: args[1] }),
            InlineMethod::ByteAt => self.push(Op::ByteAt { of, key: args[1] }),
            InlineMethod::Set => {
                let (key, value) = (args[1], args[2]);
                self.push(Op::SetItem { of, key, value });
                self.settle();
            }
            InlineMethod::Push => {
                self.push(Op::PushItem { of, value: args[1] });
                self.settle();
            }
            InlineMethod::Pop => {
                self.push(Op::PopItem { of });
                self.settle();
            }
        }
        if is_tail {
            let value = self.pop();
            self.settle();
            self.statement(Stmt::Return { value }, &[value]);
        }
        true
    }

    /// Appends to an array; what the instruction would push is dropped.
    pub(super) fn push_element(&mut self, of: Node, value: Node) {
        self.settle();
        self.statement(Stmt::Push { of, value }, &[of, value]);
        self.push_stored(false);
    }

    /// Builds `get` and `set` of maps, if those were the receivers so far, with a literal key.
    pub(super) fn map_access(&mut self, instr: Instr) -> bool {
        let cache = &self.code.caches[instr.c as usize];
        let is_map = cache.latest().key() == Header::word(Kind::Map, 0);
        let sets = match (cache.name().name(), instr.b) {
            ("get", 1) => false,
            ("set", 2) if instr.a == 0 && !self.is_kept() => true,
            _ => return false,
        };
        if !is_map || (self.is_varied)(self.pc) {
            return false;
        }
        let key = self.block.entries[self.block.entries.len() - instr.b as usize].node;
        let Op::Const { bits } = self.block.op(key) else {
            return false;
        };
        let key = Value::from_bits(bits);
        let string = key.get::<Str>().map(|string| string.symbol());
        let Some(name) = string.or(key.as_symbol()) else {
            return false;
        };
        cache.seek(name);
        let cache = instr.c as u32;
        let value = sets.then(|| self.pop());
        self.pop();
        let of = self.pop();
        // The method's slot.
        self.pop();
        match value {
            Some(value) => {
                self.settle();
                self.statement(Stmt::SetEntry { of, cache, value }, &[of, value]);
                self.push_stored(false);
            }
            None => self.push(Op::Entry { of, cache }),
        }
        if instr.a != 0 {
            let value = self.pop();
            self.settle();
            self.statement(Stmt::Return { value }, &[value]);
        }
        true
    }

    /// Builds a new array. Its elements stay operands of the instruction, whose use of them is the node's.
    pub(super) fn make_array(&mut self, count: u16) {
        self.settle();
        let below = self.block.entries.len() - count as usize;
        self.block.entries.truncate(below);
        self.push(Op::MakeArray { count });
        self.settle();
    }
}
