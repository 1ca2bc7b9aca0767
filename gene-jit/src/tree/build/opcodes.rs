//! What each opcode becomes.

use super::Builder;
use crate::tree::effect::written_locals;
use crate::tree::operands::{checked_type, checks_class};
use crate::tree::{MAX_PENDING, Node, OWN_SCOPE, Op, Stmt};
use gene_vm::bytecode::{Instr, Op as Opcode};
use gene_vm::value::Value;

/// Larger scopes are made by the runtime.
const MOST_SLOTS: i32 = 16;

impl Builder<'_> {
    /// Builds what the instruction at hand becomes.
    pub(super) fn instr(&mut self, instr: Instr) {
        let Instr { op, a, b, c } = instr;
        match op {
            Opcode::Const => self.push_const(self.code.constants[c as usize]),
            Opcode::Int => self.push_const(Value::int32(c)),
            Opcode::Nil => self.push_const(Value::NIL),
            Opcode::True => self.push_const(Value::TRUE),
            Opcode::False => self.push_const(Value::FALSE),
            Opcode::Pop => {
                self.settle();
                self.pop();
            }
            Opcode::Dup => {
                self.settle();
                let top = self.top();
                self.push_node(top, true, false);
            }

            Opcode::MoveDown if self.move_down(b as usize) => {}
            Opcode::GetLocal => self.push(Op::Local { slot: b }),
            Opcode::SetLocal => {
                let value = self.pop();
                if !self.stores_checked(b, value) {
                    self.set_local(b, value);
                }
            }
            Opcode::TeeLocal => {
                let value = self.pop();
                self.set_local(b, value);
                self.push(Op::Local { slot: b });
            }
            Opcode::CheckDefined => {
                self.settle();
                let value = self.top();
                self.statement(Stmt::CheckDefined { value }, &[value]);
            }
            Opcode::CheckType if checks_class(self.code, instr) && !(self.is_varied)(self.pc) => {
                self.settle();
                let class = self.pop();
                let value = self.top();
                self.statement(Stmt::CheckClass { value, class }, &[value, class]);
            }
            Opcode::CheckType => match checked_type(self.code, instr) {
                Some(of) if !(self.is_varied)(self.pc) => {
                    self.settle();
                    let value = self.top();
                    self.statement(Stmt::CheckType { value, of }, &[value]);
                }
                _ => self.plain(instr, Stmt::Plain),
            },
            Opcode::GetScoped => self.push(Op::Scoped {
                scope: b,
                slot: c as u32,
            }),
            Opcode::GetCaptured => self.push(Op::Captured {
                depth: b,
                slot: c as u32,
            }),
            Opcode::SetScoped => self.set_heap(|value| Stmt::SetScoped {
                scope: b,
                slot: c as u32,
                value,
            }),
            Opcode::SetCaptured => {
                self.set_heap(|value| Stmt::SetCaptured {
                    depth: b,
                    slot: c as u32,
                    value,
                });
            }
            Opcode::GetFunction => self.push(Op::Function),
            Opcode::GetName | Opcode::GetTypeName | Opcode::GetGlobal if self.name(c as u32) => {}
            Opcode::SetName if self.set_name(c as u32) => {}
            Opcode::GetNamespace => self.namespace(),
            Opcode::GetException => self.push(Op::Exception),
            Opcode::SetException => {
                let value = self.pop();
                self.settle();
                self.statement(Stmt::SetException { value }, &[value]);
            }

            Opcode::Add => self.binary(|x, y| Op::Add { x, y }),
            Opcode::Sub => self.binary(|x, y| Op::Sub { x, y }),
            Opcode::Mul => self.binary(|x, y| Op::Mul { x, y }),
            Opcode::Div => self.binary(|x, y| Op::Div { x, y }),
            Opcode::Mod => self.binary(|x, y| Op::Mod { x, y }),
            Opcode::Shl => self.binary(|x, y| Op::Shl { x, y }),
            Opcode::Shr => self.binary(|x, y| Op::Shr { x, y }),
            Opcode::And => self.binary(|x, y| Op::And { x, y }),
            Opcode::Xor => self.binary(|x, y| Op::Xor { x, y }),
            Opcode::Or => self.binary(|x, y| Op::Or { x, y }),
            Opcode::Lt => self.binary(|x, y| Op::Lt { x, y }),
            Opcode::Le => self.binary(|x, y| Op::Le { x, y }),
            Opcode::Gt => self.binary(|x, y| Op::Gt { x, y }),
            Opcode::Ge => self.binary(|x, y| Op::Ge { x, y }),
            Opcode::Eq => self.binary(|x, y| Op::Eq { x, y }),
            Opcode::Ne => self.binary(|x, y| Op::Ne { x, y }),
            Opcode::Neg => {
                let x = self.pop();
                self.push(Op::Neg { x });
            }
            Opcode::Not => {
                let x = self.pop();
                self.push(Op::Not { x });
            }
            Opcode::AddInt | Opcode::SubInt => {
                let (x, y) = (self.pop(), self.literal(c as i64));
                self.push(sum(op == Opcode::AddInt, x, y));
            }
            Opcode::LocalAddInt | Opcode::LocalSubInt => {
                let (x, y) = (self.local(b), self.literal(c as i64));
                self.push(sum(op == Opcode::LocalAddInt, x, y));
            }
            Opcode::LocalAddLocal | Opcode::LocalSubLocal => {
                let (x, y) = (self.local(b), self.local(c as u16));
                self.push(sum(op == Opcode::LocalAddLocal, x, y));
            }
            Opcode::IncLocal | Opcode::DecLocal => {
                let (x, y) = (self.local(b), self.literal(c as i64));
                let value = self.node(sum(op == Opcode::IncLocal, x, y));
                self.set_local(b, value);
            }
            Opcode::AddToLocal => {
                let (x, y) = (self.local(b), self.local(c as u16));
                let value = self.node(Op::Add { x, y });
                self.set_local(b, value);
            }

            Opcode::GetIndex => {
                let (of, key) = (self.pop(), self.literal(c as i64));
                self.push(Op::Element { of, key });
            }
            Opcode::GetDynamic => self.binary(|of, key| Op::Element { of, key }),
            Opcode::GetMember if self.member_definition(c as u32) => {}
            Opcode::GetMember | Opcode::GetMemberStrict => {
                let of = self.pop();
                self.push(Op::Member {
                    of,
                    cache: c as u32,
                });
            }

            Opcode::GetMemberOrElement => {
                let cache = c as u32;
                self.binary(|of, key| Op::MemberOrElement { of, key, cache });
            }

            Opcode::Jump => {
                self.settle();
                self.line(Stmt::Jump { target: c as u32 });
            }
            Opcode::JumpBack => {
                self.settle();
                self.line(Stmt::JumpBack { target: c as u32 });
            }
            Opcode::JumpIfFalse | Opcode::JumpIfTrue => {
                let x = self.pop();
                self.branch(Op::Truthy { x }, op == Opcode::JumpIfTrue, instr);
            }
            Opcode::JumpIfNotLt => self.compare(|x, y| Op::Lt { x, y }, false, instr),
            Opcode::JumpIfNotLe => self.compare(|x, y| Op::Le { x, y }, false, instr),
            Opcode::JumpIfNotGt => self.compare(|x, y| Op::Gt { x, y }, false, instr),
            Opcode::JumpIfNotGe => self.compare(|x, y| Op::Ge { x, y }, false, instr),
            Opcode::JumpIfNotEq => self.compare(|x, y| Op::Eq { x, y }, false, instr),
            Opcode::JumpIfEq => self.compare(|x, y| Op::Eq { x, y }, true, instr),
            Opcode::JumpIfNotLocalLtInt => self.compare_int(|x, y| Op::Lt { x, y }, false, instr),
            Opcode::JumpIfNotLocalLeInt => self.compare_int(|x, y| Op::Le { x, y }, false, instr),
            Opcode::JumpIfNotLocalGtInt => self.compare_int(|x, y| Op::Gt { x, y }, false, instr),
            Opcode::JumpIfNotLocalGeInt => self.compare_int(|x, y| Op::Ge { x, y }, false, instr),
            Opcode::JumpIfNotLocalEqInt => self.compare_int(|x, y| Op::Eq { x, y }, false, instr),
            Opcode::JumpIfLocalEqInt => self.compare_int(|x, y| Op::Eq { x, y }, true, instr),
            Opcode::JumpIfNotLocalLtLocal => self.compare_locals(|x, y| Op::Lt { x, y }, instr),
            Opcode::JumpIfNotLocalLeLocal => self.compare_locals(|x, y| Op::Le { x, y }, instr),
            Opcode::JumpIfNotLocalGtLocal => self.compare_locals(|x, y| Op::Gt { x, y }, instr),
            Opcode::JumpIfNotLocalGeLocal => self.compare_locals(|x, y| Op::Ge { x, y }, instr),
            Opcode::JumpIfDefined => {
                let x = self.local(b);
                self.branch(Op::Defined { x }, true, instr);
            }
            Opcode::JumpIfMacro if !(self.is_varied)(self.pc) => self.jump_if_macro(instr),
            Opcode::JumpIfMacro | Opcode::Unwrap | Opcode::IterNextPair => {
                self.plain(instr, Stmt::BranchPlain { target: c as u32 });
            }

            Opcode::Call if self.native_call(instr) => {}
            Opcode::Call => {
                let (count, cache) = (b, c as u32);
                self.call(
                    instr,
                    |result| Stmt::Call {
                        count,
                        cache,
                        result,
                    },
                    Stmt::TailCall { count, cache },
                );
            }
            Opcode::CallSelf => self.call(
                instr,
                |result| Stmt::CallSelf { count: b, result },
                Stmt::TailCallSelf { count: b },
            ),
            Opcode::MakeRange if self.starts_range() => self.iter_start_range(),
            Opcode::IterStart if !(self.is_varied)(self.pc) => self.iter_start_array(b),
            Opcode::IterNext if !(self.is_varied)(self.pc) => self.iter_next(instr),
            Opcode::IterNext => {
                for slot in written_locals(instr) {
                    self.settle_local(slot);
                }
                let result = self.node(Op::Result);
                let (slots, target) = (b, c as u32);
                self.line(Stmt::IterNext {
                    slots,
                    target,
                    result,
                });
                for entry in &mut self.block.entries {
                    entry.settled = true;
                    entry.home = true;
                }
                self.push_node(result, true, false);
            }

            Opcode::New
                if self.is_adapted(instr) && self.code.calls[c as usize].keywords.is_empty() =>
            {
                let shape = &self.code.calls[c as usize];
                let (count, cache) = (shape.positionals as u16, shape.cache);
                self.new_instance(instr, count, cache);
            }
            Opcode::CallEx if self.is_adapted(instr) => {
                let shape = &self.code.calls[c as usize];
                let (count, cache) = (shape.operands() as u16, shape.cache);
                let call = |result| Stmt::CallEx {
                    count,
                    cache,
                    result,
                };
                self.call(instr, call, Stmt::TailCallOther);
            }
            Opcode::CallSuper | Opcode::CallSuperCtor if self.is_adapted(instr) => {
                let shape = &self.code.calls[c as usize];
                let (count, cache) = (shape.operands() as u16 + 1, shape.cache);
                let call = |result| Stmt::CallSuper {
                    count,
                    cache,
                    result,
                };
                self.settle();
                self.call(instr, call, Stmt::TailCallOther);
            }
            Opcode::CallMethodEx if self.is_adapted(instr) => {
                let shape = &self.code.calls[c as usize];
                self.call_method(instr, shape.operands() as u16 + 1, shape.cache);
            }
            Opcode::CallMethod if self.inline_method(instr) || self.map_access(instr) => {}
            Opcode::CallMethod => self.call_method(instr, b + 1, c as u32),
            Opcode::CallEx
            | Opcode::CallMethodEx
            | Opcode::CallMethodDynamic
            | Opcode::CallSuper
            | Opcode::CallSuperCtor
            | Opcode::New
            | Opcode::CallMacro => {
                self.call(
                    instr,
                    |result| Stmt::CallOther { result },
                    Stmt::TailCallOther,
                );
            }
            Opcode::ArrayPush if !self.is_kept() => {
                let (value, of) = (self.pop(), self.pop());
                self.push_element(of, value);
            }
            Opcode::MakeArray if c as usize <= MAX_PENDING => self.make_array(c as u16),
            Opcode::MakeClosure => {
                self.push(Op::MakeClosure {
                    scope: b,
                    prototype: c as u32,
                });
                self.settle();
            }
            Opcode::NewScope if c & 0xFFFF <= MOST_SLOTS => {
                self.settle();
                self.settle_local(b);
                self.line(Stmt::NewScope {
                    slot: b,
                    parent: if a == 1 { (c >> 16) as u16 } else { OWN_SCOPE },
                    slots: c as u16,
                });
            }
            Opcode::Return => {
                let value = self.pop();
                self.settle();
                self.statement(Stmt::Return { value }, &[value]);
            }
            Opcode::SetDynamic => {
                let (value, key, of) = (self.pop(), self.pop(), self.pop());
                self.set_element(of, key, value);
            }
            Opcode::SetIndex => {
                let (value, of) = (self.pop(), self.pop());
                let key = self.literal(c as i64);
                self.set_element(of, key, value);
            }
            Opcode::SetMember => {
                let (value, of) = (self.pop(), self.pop());
                self.settle();
                let is_kept = self.is_kept();
                // What is at hand anyway need not be left on the stack.
                let is_at_hand =
                    is_kept && matches!(self.block.op(value), Op::Local { .. } | Op::Const { .. });
                let keep = is_kept && !is_at_hand;
                let cache = c as u32;
                let stmt = Stmt::SetMember {
                    of,
                    cache,
                    value,
                    keep,
                };
                self.statement(stmt, &[of, value]);
                match is_at_hand {
                    true => self.push_node(value, true, false),
                    false => self.push_stored(keep),
                }
            }
            _ => {
                debug_assert!(a < 2);
                for slot in written_locals(instr) {
                    self.settle_local(slot);
                }
                self.plain(instr, Stmt::Plain);
            }
        }
    }

    fn binary(&mut self, op: impl Fn(Node, Node) -> Op) {
        let (y, x) = (self.pop(), self.pop());
        self.push(op(x, y));
    }

    /// Is the value what the variable holds anyway? So it is when a parameter was checked and not converted.
    fn stores_checked(&self, slot: u16, value: Node) -> bool {
        let is_read = self.block.op(value) == (Op::Local { slot });
        is_read
            && self.code.instrs[self.pc - 1].op == Opcode::CheckType
            && self.code.instrs[self.block.pc(value)..self.pc]
                .iter()
                .all(|&instr| written_locals(instr).is_empty())
    }

    fn set_heap(&mut self, stmt: impl Fn(Node) -> Stmt) {
        self.settle();
        let value = self.top();
        self.statement(stmt(value), &[value]);
    }

    fn compare(&mut self, op: impl Fn(Node, Node) -> Op, when: bool, instr: Instr) {
        let (y, x) = (self.pop(), self.pop());
        self.branch(op(x, y), when, instr);
    }

    fn compare_int(&mut self, op: impl Fn(Node, Node) -> Op, when: bool, instr: Instr) {
        let (x, y) = (self.local(instr.a as u16), self.literal(instr.literal()));
        self.branch(op(x, y), when, instr);
    }

    fn compare_locals(&mut self, op: impl Fn(Node, Node) -> Op, instr: Instr) {
        let (x, y) = (self.local(instr.a as u16), self.local(instr.b));
        self.branch(op(x, y), false, instr);
    }
}

/// The sum or the difference.
fn sum(is_sum: bool, x: Node, y: Node) -> Op {
    if is_sum {
        Op::Add { x, y }
    } else {
        Op::Sub { x, y }
    }
}
