//! From instructions to trees.

use super::effect::{effect, written_locals};
use super::operands::{
    InlineMethod, Iteration, checked_type, checks_class, inline_method, iteration,
};
use super::{Block, Checked, Flow, Line, MAX_PENDING, Node, NodeData, Op, Rounding, Stack, Stmt};
use gene_vm::builtins::numbers::Numeric;
use gene_vm::bytecode::{Instr, Op as Opcode};
use gene_vm::code::Code;
use gene_vm::heap::Gc;
use gene_vm::object::NativeFn;
use gene_vm::value::Value;

/// Higher trees are evaluated in parts.
const MAX_HEIGHT: u8 = 16;

impl Block {
    /// Builds the trees from instruction `start` on, up to a jump or a leader, in place of the former ones.
    /// `is_varied` tells instructions that should not guess.
    pub fn build(
        &mut self,
        code: &Code,
        flow: &Flow,
        start: usize,
        is_varied: &dyn Fn(usize) -> bool,
    ) {
        self.nodes.clear();
        self.cells.clear();
        self.entries.clear();
        self.lines.clear();
        self.next = None;
        let mut builder = Builder {
            code,
            flow,
            is_varied,
            block: self,
            pc: start,
            before: Stack::default(),
            skip: false,
        };
        for _ in 0..flow.depth(start).unwrap_or(0) {
            builder.push_home();
        }
        loop {
            builder.before = builder.stack();
            let pc = builder.pc;
            builder.instr(code.instrs[pc]);
            if flow.ends(pc) {
                break;
            }
            builder.pc += 1 + usize::from(std::mem::take(&mut builder.skip));
            let pc = builder.pc;
            if flow.is_leader(pc) {
                builder.block.next = Some(pc as u32);
                break;
            }
        }
        builder.block.end = builder.stack();
    }
}

/// An operand while trees are built.
pub(super) struct Entry {
    node: Node,
    stack: Stack,
    /// Evaluated, or without effects.
    settled: bool,
    /// In its home slot.
    home: bool,
}

struct Builder<'a> {
    code: &'a Code,
    flow: &'a Flow,
    is_varied: &'a dyn Fn(usize) -> bool,
    block: &'a mut Block,
    pc: usize,
    before: Stack,
    /// The next instruction only drops what this one would have pushed.
    skip: bool,
}

impl Builder<'_> {
    fn stack(&self) -> Stack {
        self.block
            .entries
            .last()
            .map_or(Stack::default(), |entry| entry.stack)
    }

    fn node(&mut self, op: Op) -> Node {
        let mut height = 0;
        for operand in op.operands() {
            let operand = &mut self.block.nodes[operand.index()];
            operand.uses += 1;
            height = height.max(operand.height + 1);
        }
        let index = self.block.entries.len() as u16;
        let (pc, stack) = (self.pc as u32, self.before);
        self.block.nodes.push(NodeData {
            op,
            pc,
            stack,
            uses: 0,
            index,
            height,
        });
        Node(self.block.nodes.len() as u32 - 1)
    }

    fn push_node(&mut self, node: Node, settled: bool, home: bool) {
        let below = self.stack();
        self.block.cells.push((node, below.top));
        self.block.nodes[node.index()].uses += 1;
        let stack = Stack {
            top: self.block.cells.len() as u32,
            depth: below.depth + 1,
        };
        self.block.entries.push(Entry {
            node,
            stack,
            settled,
            home,
        });
        if let Some(deep) = self.block.entries.len().checked_sub(MAX_PENDING + 1)
            && !self.block.entries[deep].home
        {
            self.settle();
            self.block.entries[deep].home = true;
            let value = self.block.entries[deep].node;
            let index = deep as u16;
            self.statement(Stmt::Spill { index, value }, &[value]);
        }
    }

    /// Pushes what `op` computes.
    fn push(&mut self, op: Op) {
        let node = self.node(op);
        self.push_node(node, op.is_leaf(), false);
        if self.block.nodes[node.index()].height == MAX_HEIGHT {
            self.settle();
            self.block.nodes[node.index()].height = 0;
        }
    }

    /// Pushes a value that lies in its home slot.
    fn push_home(&mut self) {
        let node = self.node(Op::Operand);
        self.push_node(node, true, true);
    }

    fn push_const(&mut self, value: Value) {
        self.push(Op::Const { bits: value.bits() });
    }

    /// Takes the top operand. The stack's use of the node becomes the taker's.
    fn pop(&mut self) -> Node {
        let entry = self
            .block
            .entries
            .pop()
            .expect("the depth was checked by the compiler of the bytecode");
        self.block.nodes[entry.node.index()].uses -= 1;
        entry.node
    }

    /// The top operand.
    fn top(&self) -> Node {
        let top = self.block.entries.last();
        top.expect("checked by the compiler of the bytecode").node
    }

    fn local(&mut self, slot: u16) -> Node {
        self.node(Op::Local { slot })
    }

    fn constant(&mut self, value: Value) -> Node {
        self.node(Op::Const { bits: value.bits() })
    }

    fn literal(&mut self, i: i64) -> Node {
        self.constant(Value::small_int(i).expect("literals in instructions are small"))
    }

    fn line(&mut self, stmt: Stmt) {
        self.block.lines.push(Line {
            stmt,
            pc: self.pc as u32,
            stack: self.before,
        });
    }

    /// Evaluates pending nodes with effects, in order.
    fn settle(&mut self) {
        let first = self.block.entries.len().saturating_sub(MAX_PENDING + 1);
        for index in first..self.block.entries.len() {
            if !self.block.entries[index].settled {
                self.block.entries[index].settled = true;
                let value = self.block.entries[index].node;
                self.line(Stmt::Evaluate { value });
            }
        }
    }

    /// Evaluates pending reads of a variable that is about to be written.
    fn settle_local(&mut self, slot: u16) {
        let first = self.block.entries.len().saturating_sub(MAX_PENDING);
        for index in first..self.block.entries.len() {
            let Entry { node, home, .. } = self.block.entries[index];
            if !home && self.block.op(node) == (Op::Local { slot }) {
                self.line(Stmt::Evaluate { value: node });
            }
        }
    }

    /// A statement that takes `value`, which counts as a use.
    fn statement(&mut self, stmt: Stmt, values: &[Node]) {
        for value in values {
            self.block.nodes[value.index()].uses += 1;
        }
        self.line(stmt);
    }

    fn binary(&mut self, op: impl Fn(Node, Node) -> Op) {
        let (y, x) = (self.pop(), self.pop());
        self.push(op(x, y));
    }

    fn set_local(&mut self, slot: u16, value: Node) {
        self.settle();
        self.settle_local(slot);
        self.statement(Stmt::SetLocal { slot, value }, &[value]);
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

    fn branch(&mut self, test: Op, when: bool, instr: Instr) {
        let test = self.node(test);
        self.settle();
        self.statement(
            Stmt::Branch {
                test,
                when,
                target: instr.c as u32,
            },
            &[test],
        );
    }

    /// The instruction works on the operand stack; its results lie there.
    fn plain(&mut self, instr: Instr, stmt: Stmt) {
        let effect = effect(self.code, instr);
        self.line(stmt);
        // The statement itself takes these.
        let below = self.block.entries.len() - effect.pops as usize;
        self.block.entries.truncate(below);
        for entry in &mut self.block.entries {
            entry.settled = true;
            entry.home = true;
        }
        for _ in 0..effect.pushes {
            self.push_home();
        }
    }

    /// A call, whose result is in a register.
    fn call(&mut self, instr: Instr, stmt: impl Fn(Node) -> Stmt, tail: Stmt) {
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
    fn is_adapted(&self, instr: Instr) -> bool {
        instr.a == 0 && self.code.calls[instr.c as usize].is_static()
    }

    /// A call with `count` operands, the first of which is the receiver.
    fn call_method(&mut self, instr: Instr, count: u16, cache: u32) {
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

    fn instr(&mut self, instr: Instr) {
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
            Opcode::GetName => match self.code.caches[c as usize].definition() {
                Some(value) if !(self.is_varied)(self.pc) => {
                    self.settle();
                    self.line(Stmt::CheckNames { cache: c as u32 });
                    self.push_const(value);
                }
                _ => self.plain(instr, Stmt::Plain),
            },

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
                let count = self.code.calls[c as usize].positionals as u16;
                self.call(
                    instr,
                    |result| Stmt::New { count, result },
                    Stmt::TailCallOther,
                );
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
            Opcode::CallMethod if self.inline_method(instr) => {}
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
            Opcode::MakeArray if c as usize <= MAX_PENDING => self.make_array(c as u16),
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
                let keep = self.is_kept();
                let cache = c as u32;
                let stmt = Stmt::SetMember {
                    of,
                    cache,
                    value,
                    keep,
                };
                self.statement(stmt, &[of, value]);
                self.push_stored(keep);
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

    /// Does the instruction make a range whose step is one, for a loop over it alone?
    fn starts_range(&self) -> bool {
        let next = self.pc + 1;
        self.code.instrs[next].op == Opcode::IterStart
            && iteration(self.code, next, self.code.instrs[next].b) == Iteration::Range
            && !self.flow.is_leader(next)
            && !(self.is_varied)(self.pc)
    }

    /// Builds the start of an iteration over a range of small ints, without the range. Control leaves if they, or the one
    /// behind the last, are something else.
    fn iter_start_range(&mut self) {
        self.settle();
        self.pop();
        let (end, start) = (self.pop(), self.pop());
        for value in [start, end] {
            let of = Checked::Int;
            self.statement(Stmt::CheckType { value, of }, &[value]);
        }
        let step = self.literal(1);
        let behind = self.node(Op::Add { x: end, y: step });
        self.line(Stmt::Evaluate { value: behind });
        let slots = self.code.instrs[self.pc + 1].b;
        self.set_iteration(slots, [end, start, step]);
        // That would only start the iteration.
        self.skip = true;
    }

    /// Builds the start of an iteration over an array. Control leaves if it is something else.
    fn iter_start_array(&mut self, slots: u16) {
        self.settle();
        let source = self.pop();
        let of = Checked::Array;
        self.statement(Stmt::CheckType { value: source, of }, &[source]);
        let (position, step) = (self.literal(0), self.constant(Value::NIL));
        self.set_iteration(slots, [source, position, step]);
    }

    /// Sets the variables with the state of an iteration in its first round.
    fn set_iteration(&mut self, slots: u16, state: [Node; 3]) {
        let round = self.literal(0);
        for (slot, value) in (slots..).zip(state.into_iter().chain([round])) {
            self.set_local(slot, value);
        }
    }

    /// Builds a step of an iteration over a range or an array as what it does to the variables with the state, see
    /// [`Opcode::IterStart`]. Control leaves where they hold something else.
    fn iter_next(&mut self, instr: Instr) {
        let (source, position) = (instr.b, instr.b + 1);
        let (of, key) = (self.local(source), self.local(position));
        match iteration(self.code, self.pc, instr.b) {
            Iteration::Range => {
                self.branch(Op::Le { x: key, y: of }, false, instr);
                self.push(Op::Local { slot: position });
            }
            Iteration::Array => {
                let size = self.node(Op::Size { of });
                self.branch(Op::Lt { x: key, y: size }, false, instr);
                let (of, key) = (self.local(source), self.local(position));
                self.push(Op::Item { of, key });
            }
        }
        let (x, y) = (self.local(position), self.literal(1));
        let next = self.node(Op::Add { x, y });
        self.set_local(position, next);
    }

    /// Moves a literal, as a known callee is one, below `count` operands.
    fn move_down(&mut self, count: usize) -> bool {
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
    fn native_call(&mut self, instr: Instr) -> bool {
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
    fn inline_method(&mut self, instr: Instr) -> bool {
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
                let value = args[1];
                self.settle();
                self.statement(Stmt::Push { of, value }, &[of, value]);
                self.push_stored(false);
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

    /// Builds a new array. Its elements stay operands of the instruction, whose use of them is the node's.
    fn make_array(&mut self, count: u16) {
        self.settle();
        let below = self.block.entries.len() - count as usize;
        self.block.entries.truncate(below);
        self.push(Op::MakeArray { count });
        self.settle();
    }

    fn set_element(&mut self, of: Node, key: Node, value: Node) {
        self.settle();
        let keep = self.is_kept();
        let stmt = Stmt::SetElement {
            of,
            key,
            value,
            keep,
        };
        self.statement(stmt, &[of, key, value]);
        self.push_stored(keep);
    }

    /// Is what the instruction pushes used, rather than dropped by the next one?
    fn is_kept(&self) -> bool {
        self.code.instrs[self.pc + 1].op != Opcode::Pop || self.flow.is_leader(self.pc + 1)
    }

    /// Pushes the value that a store leaves in its home slot, unless it is dropped at once.
    fn push_stored(&mut self, keep: bool) {
        if keep {
            self.push_home();
        } else {
            self.skip = true;
        }
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
