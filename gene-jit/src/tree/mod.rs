//! Operand trees: the expressions that a stack bytecode hides.
//!
//! A stretch of bytecode without jumps into it becomes a list of statements over trees. A value
//! that was pushed stays a *pending* node until something takes it. Effects keep their order:
//! before a statement, pending nodes with effects of their own are evaluated, and a pending read
//! of a variable is evaluated before a write to it.
//!
//! The fused instructions dissolve here (`LocalAddInt` is `Add` of a variable and a literal): rules
//! see only the plain operators and recognise shapes themselves.

pub mod effect;
mod flow;
pub mod operands;

pub use effect::is_leaf;
pub use flow::Flow;

use effect::{effect, written_locals};
use gene_vm::bytecode::{Instr, Op as Opcode};
use gene_vm::code::Code;
use gene_vm::value::Value;
use operands::{ArrayMethod, Iteration, array_method, iteration};

/// A node of a tree, as an index into its [`Block`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Node(u32);

impl Node {
    /// The index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node computes. Rules match these; `rules/bytecode.isle` declares them.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(
    missing_docs,
    reason = "the fields are the operands of the opcodes of the same names"
)]
pub enum Op {
    /// A literal.
    Const {
        bits: u64,
    },
    /// A local variable.
    Local {
        slot: u16,
    },
    /// A value that lies in its home slot on the operand stack.
    Operand,
    /// The result of the call before.
    Result,
    /// The running function.
    Function,
    /// A variable in the scope that a local holds.
    Scoped {
        scope: u16,
        slot: u32,
    },
    /// A captured variable, `depth` scopes above the function's.
    Captured {
        depth: u16,
        slot: u32,
    },
    Add {
        x: Node,
        y: Node,
    },
    Sub {
        x: Node,
        y: Node,
    },
    Mul {
        x: Node,
        y: Node,
    },
    Div {
        x: Node,
        y: Node,
    },
    Mod {
        x: Node,
        y: Node,
    },
    Neg {
        x: Node,
    },
    Shl {
        x: Node,
        y: Node,
    },
    Shr {
        x: Node,
        y: Node,
    },
    And {
        x: Node,
        y: Node,
    },
    Xor {
        x: Node,
        y: Node,
    },
    Or {
        x: Node,
        y: Node,
    },
    Not {
        x: Node,
    },
    Lt {
        x: Node,
        y: Node,
    },
    Le {
        x: Node,
        y: Node,
    },
    Gt {
        x: Node,
        y: Node,
    },
    Ge {
        x: Node,
        y: Node,
    },
    Eq {
        x: Node,
        y: Node,
    },
    Ne {
        x: Node,
        y: Node,
    },
    /// Is the value neither false, nil nor void? Only as a test.
    Truthy {
        x: Node,
    },
    /// Has the variable a value? Only as a test.
    Defined {
        x: Node,
    },
    /// Element of an array by a constant or computed index, and what else a path segment finds.
    Element {
        of: Node,
        key: Node,
    },
    /// An element of an array by an index that is in range.
    Item {
        of: Node,
        key: Node,
    },
    /// The number of elements of an array.
    Size {
        of: Node,
    },
    /// Stores an element; gives the array.
    SetItem {
        of: Node,
        key: Node,
        value: Node,
    },
    /// Appends a value to an array; gives the new length.
    PushItem {
        of: Node,
        value: Node,
    },
    /// Takes the last element of an array.
    PopItem {
        of: Node,
    },
    /// A field or member through the inline cache.
    Member {
        of: Node,
        cache: u32,
    },
    /// An element by a key, or a member through the inline cache: what fits the object.
    MemberOrElement {
        of: Node,
        key: Node,
        cache: u32,
    },
}

impl Op {
    /// Nodes that this one takes, in order.
    pub fn operands(self) -> impl Iterator<Item = Node> {
        let (x, y) = match self {
            Op::SetItem { of, key, value } => {
                return [Some(of), Some(key), Some(value)].into_iter().flatten();
            }
            Op::Const { .. } | Op::Local { .. } | Op::Operand | Op::Result | Op::Function => {
                (None, None)
            }
            Op::Scoped { .. } | Op::Captured { .. } => (None, None),
            Op::Neg { x } | Op::Not { x } | Op::Truthy { x } | Op::Defined { x } => (Some(x), None),
            Op::Size { of } | Op::PopItem { of } | Op::Member { of, .. } => (Some(of), None),
            Op::PushItem { of, value } => (Some(of), Some(value)),
            Op::Element { of, key }
            | Op::Item { of, key }
            | Op::MemberOrElement { of, key, .. } => (Some(of), Some(key)),
            Op::Add { x, y }
            | Op::Sub { x, y }
            | Op::Mul { x, y }
            | Op::Div { x, y }
            | Op::Mod { x, y }
            | Op::Shl { x, y }
            | Op::Shr { x, y }
            | Op::And { x, y }
            | Op::Xor { x, y }
            | Op::Or { x, y }
            | Op::Lt { x, y }
            | Op::Le { x, y }
            | Op::Gt { x, y }
            | Op::Ge { x, y }
            | Op::Eq { x, y }
            | Op::Ne { x, y } => (Some(x), Some(y)),
        };
        [x, y, None].into_iter().flatten()
    }

    /// Does it answer true or false whatever it compares?
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Op::Lt { .. }
                | Op::Le { .. }
                | Op::Gt { .. }
                | Op::Ge { .. }
                | Op::Eq { .. }
                | Op::Ne { .. }
        )
    }

    /// Can it be computed at any later time, as long as no variable that it reads is written?
    pub fn is_leaf(self) -> bool {
        matches!(
            self,
            Op::Const { .. } | Op::Local { .. } | Op::Operand | Op::Result | Op::Function
        )
    }
}

/// What is done with trees. Rules match these; `rules/bytecode.isle` declares them.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(
    missing_docs,
    reason = "the fields are the operands of the opcodes of the same names"
)]
pub enum Stmt {
    /// Computes a value now.
    Evaluate {
        value: Node,
    },
    /// Puts a value in its home slot now.
    Spill {
        index: u16,
        value: Node,
    },
    SetLocal {
        slot: u16,
        value: Node,
    },
    SetScoped {
        scope: u16,
        slot: u32,
        value: Node,
    },
    SetCaptured {
        depth: u16,
        slot: u32,
        value: Node,
    },
    /// Checks that a variable has a value.
    CheckDefined {
        value: Node,
    },
    /// Runs the instruction on the operand stack, by the interpreter's own function.
    Plain,
    /// Calls the callee that lies below its arguments.
    Call {
        count: u16,
        result: Node,
    },
    CallSelf {
        count: u16,
        result: Node,
    },
    /// Calls a method of the first argument; the slot below is free for the method.
    CallMethod {
        count: u16,
        cache: u32,
        receiver: Node,
        result: Node,
    },
    /// Another kind of call, by a runtime function.
    CallOther {
        result: Node,
    },
    /// A call in tail position.
    TailCall {
        count: u16,
    },
    TailCallSelf {
        count: u16,
    },
    TailCallMethod {
        count: u16,
        cache: u32,
        receiver: Node,
    },
    /// Another kind of call in tail position.
    TailCallOther,
    Return {
        value: Node,
    },
    Jump {
        target: u32,
    },
    /// A loop's back edge.
    JumpBack {
        target: u32,
    },
    /// Jumps if the test gives `when`.
    Branch {
        test: Node,
        when: bool,
        target: u32,
    },
    /// Runs the instruction, which says whether to jump.
    BranchPlain {
        target: u32,
    },
    /// The next element of the iteration whose state begins at a local slot; jumps at the end.
    IterNext {
        slots: u16,
        target: u32,
        result: Node,
    },
    /// Stores an element; the value stays on the stack if it is kept.
    SetElement {
        of: Node,
        key: Node,
        value: Node,
        keep: bool,
    },
    /// Appends a value to an array, whose new length is not used.
    Push {
        of: Node,
        value: Node,
    },
    /// Stores a field; the value stays on the stack if it is kept.
    SetMember {
        of: Node,
        cache: u32,
        value: Node,
        keep: bool,
    },
}

/// The operands on the stack at some point: a list from the top down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stack {
    /// Index of the top cell + 1; 0 is the empty stack.
    top: u32,
    /// Number of operands.
    pub depth: u16,
}

struct NodeData {
    op: Op,
    pc: u32,
    stack: Stack,
    uses: u32,
    index: u16,
    height: u8,
}

/// A statement and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What is done.
    pub stmt: Stmt,
    /// The instruction.
    pub pc: u32,
    /// The operands before the instruction.
    pub stack: Stack,
}

/// A stretch of bytecode as statements over trees.
pub struct Block {
    nodes: Vec<NodeData>,
    cells: Vec<(Node, u32)>,
    /// The statements in order.
    pub lines: Vec<Line>,
    /// The operands at the end.
    pub end: Stack,
    /// Where control goes on after the last statement, unless that says so itself.
    pub next: Option<u32>,
}

/// Higher trees are evaluated in parts.
const MAX_HEIGHT: u8 = 16;

/// So many operands may be pending; what lies deeper is in its home slot.
pub const MAX_PENDING: usize = 16;

impl Block {
    /// Builds the trees from instruction `start` on, up to a jump or a leader.
    /// `is_varied` tells instructions that should not guess.
    pub fn build(
        code: &Code,
        flow: &Flow,
        start: usize,
        is_varied: &dyn Fn(usize) -> bool,
    ) -> Block {
        let block = Block {
            nodes: Vec::new(),
            cells: Vec::new(),
            lines: Vec::new(),
            end: Stack { top: 0, depth: 0 },
            next: None,
        };
        let entries = Vec::new();
        let before = block_start();
        let mut builder = Builder {
            code,
            flow,
            is_varied,
            block,
            entries,
            pc: start,
            before,
            skip: false,
        };
        for _ in 0..flow.depth(start).unwrap_or(0) {
            builder.push_home();
        }
        loop {
            builder.before = builder.stack();
            let instr = code.instrs[builder.pc];
            builder.instr(instr);
            builder.pc += 1 + usize::from(std::mem::take(&mut builder.skip));
            if effect(code, instr).ends {
                break;
            }
            let pc = builder.pc;
            if instr.target().is_some() || flow.is_leader(pc) {
                builder.block.next = Some(pc as u32);
                break;
            }
        }
        builder.block.end = builder.stack();
        builder.block
    }

    /// What a node computes.
    pub fn op(&self, node: Node) -> Op {
        self.nodes[node.index()].op
    }

    /// The instruction that a node comes from.
    pub fn pc(&self, node: Node) -> usize {
        self.nodes[node.index()].pc as usize
    }

    /// The operands before the instruction that the node comes from.
    pub fn stack_before(&self, node: Node) -> Stack {
        self.nodes[node.index()].stack
    }

    /// How often a node is taken.
    pub fn uses(&self, node: Node) -> u32 {
        self.nodes[node.index()].uses
    }

    /// The operand index that a node was first pushed at.
    pub fn home(&self, node: Node) -> usize {
        self.nodes[node.index()].index as usize
    }

    /// All nodes in order of creation: operands before what takes them.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.nodes.len() as u32).map(Node)
    }

    /// The operands of a stack with their indices, from the top down.
    pub fn operands(&self, stack: Stack) -> impl Iterator<Item = (usize, Node)> + '_ {
        let mut cell = stack.top;
        (0..stack.depth as usize).rev().map(move |index| {
            let (node, below) = self.cells[cell as usize - 1];
            cell = below;
            (index, node)
        })
    }
}

fn block_start() -> Stack {
    Stack { top: 0, depth: 0 }
}

/// An operand while trees are built.
struct Entry {
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
    block: Block,
    entries: Vec<Entry>,
    pc: usize,
    before: Stack,
    /// The next instruction only drops what this one would have pushed.
    skip: bool,
}

impl Builder<'_> {
    fn stack(&self) -> Stack {
        self.entries
            .last()
            .map_or(block_start(), |entry| entry.stack)
    }

    fn node(&mut self, op: Op) -> Node {
        let mut height = 0;
        for operand in op.operands() {
            let operand = &mut self.block.nodes[operand.index()];
            operand.uses += 1;
            height = height.max(operand.height + 1);
        }
        let index = self.entries.len() as u16;
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
        self.entries.push(Entry {
            node,
            stack,
            settled,
            home,
        });
        if let Some(deep) = self.entries.len().checked_sub(MAX_PENDING + 1)
            && !self.entries[deep].home
        {
            self.settle();
            self.entries[deep].home = true;
            let value = self.entries[deep].node;
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
            .entries
            .pop()
            .expect("the depth was checked by the compiler of the bytecode");
        self.block.nodes[entry.node.index()].uses -= 1;
        entry.node
    }

    fn local(&mut self, slot: u16) -> Node {
        self.node(Op::Local { slot })
    }

    fn literal(&mut self, i: i64) -> Node {
        let value = Value::small_int(i).expect("literals in instructions are small");
        self.node(Op::Const { bits: value.bits() })
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
        let first = self.entries.len().saturating_sub(MAX_PENDING + 1);
        for index in first..self.entries.len() {
            if !self.entries[index].settled {
                self.entries[index].settled = true;
                let value = self.entries[index].node;
                self.line(Stmt::Evaluate { value });
            }
        }
    }

    /// Evaluates pending reads of a variable that is about to be written.
    fn settle_local(&mut self, slot: u16) {
        let first = self.entries.len().saturating_sub(MAX_PENDING);
        for index in first..self.entries.len() {
            let Entry { node, home, .. } = self.entries[index];
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
        let below = self.entries.len() - effect.pops as usize;
        self.entries.truncate(below);
        for entry in &mut self.entries {
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
        let below = self.entries.len() - effect.pops as usize;
        let result = self.node(Op::Result);
        self.block.nodes[result.index()].index = below as u16;
        self.line(stmt(result));
        self.entries.truncate(below);
        for entry in &mut self.entries {
            entry.settled = true;
            entry.home = true;
        }
        self.push_node(result, true, false);
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
                let top = self
                    .entries
                    .last()
                    .expect("checked by the compiler of the bytecode")
                    .node;
                self.push_node(top, true, false);
            }

            Opcode::GetLocal => self.push(Op::Local { slot: b }),
            Opcode::SetLocal => {
                let value = self.pop();
                self.set_local(b, value);
            }
            Opcode::TeeLocal => {
                let value = self.pop();
                self.set_local(b, value);
                self.push(Op::Local { slot: b });
            }
            Opcode::CheckDefined => {
                self.settle();
                let value = self
                    .entries
                    .last()
                    .expect("checked by the compiler of the bytecode")
                    .node;
                self.statement(Stmt::CheckDefined { value }, &[value]);
            }
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
                self.push(if op == Opcode::AddInt {
                    Op::Add { x, y }
                } else {
                    Op::Sub { x, y }
                });
            }
            Opcode::LocalAddInt | Opcode::LocalSubInt => {
                let (x, y) = (self.local(b), self.literal(c as i64));
                self.push(if op == Opcode::LocalAddInt {
                    Op::Add { x, y }
                } else {
                    Op::Sub { x, y }
                });
            }
            Opcode::LocalAddLocal | Opcode::LocalSubLocal => {
                let (x, y) = (self.local(b), self.local(c as u16));
                self.push(if op == Opcode::LocalAddLocal {
                    Op::Add { x, y }
                } else {
                    Op::Sub { x, y }
                });
            }
            Opcode::IncLocal | Opcode::DecLocal => {
                let (x, y) = (self.local(b), self.literal(c as i64));
                let value = self.node(if op == Opcode::IncLocal {
                    Op::Add { x, y }
                } else {
                    Op::Sub { x, y }
                });
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

            Opcode::Call => {
                self.call(
                    instr,
                    |result| Stmt::Call { count: b, result },
                    Stmt::TailCall { count: b },
                );
            }
            Opcode::CallSelf => self.call(
                instr,
                |result| Stmt::CallSelf { count: b, result },
                Stmt::TailCallSelf { count: b },
            ),
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
                for entry in &mut self.entries {
                    entry.settled = true;
                    entry.home = true;
                }
                self.push_node(result, true, false);
            }

            Opcode::CallMethod if self.array_method(instr) => {}
            Opcode::CallMethod => {
                let (count, cache) = (b + 1, c as u32);
                self.settle();
                let receiver = self.entries[self.entries.len() - count as usize].node;
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

    /// Builds a step of an iteration over a range or an array as what it does to the variables with the state, see
    /// [`Opcode::IterStart`]. Control leaves where they hold something else.
    fn iter_next(&mut self, instr: Instr) {
        let (source, position) = (instr.b, instr.b + 1);
        let (of, key) = (self.local(source), self.local(position));
        match iteration(self.code, self.pc) {
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

    /// Builds the call of a method that arrays have as what it does to an array. The method's slot, below
    /// the receiver, goes with the operands.
    fn array_method(&mut self, instr: Instr) -> bool {
        let Some(method) = array_method(self.code, instr) else {
            return false;
        };
        let is_tail = instr.a != 0;
        let mut args: Vec<Node> = (0..=instr.b).map(|_| self.pop()).collect();
        args.reverse();
        self.pop();
        let of = args[0];
        match method {
            ArrayMethod::Set if !is_tail && !self.is_kept() => {
                self.set_element(of, args[1], args[2]);
                return true;
            }
            ArrayMethod::Push if !is_tail && !self.is_kept() => {
                let value = args[1];
                self.settle();
                self.statement(Stmt::Push { of, value }, &[of, value]);
                self.push_stored(false);
                return true;
            }
            ArrayMethod::Size => self.push(Op::Size { of }),
            ArrayMethod::Get => self.push(Op::Element { of, key: args[1] }),
            ArrayMethod::Set => {
                let (key, value) = (args[1], args[2]);
                self.push(Op::SetItem { of, key, value });
                self.settle();
            }
            ArrayMethod::Push => {
                self.push(Op::PushItem { of, value: args[1] });
                self.settle();
            }
            ArrayMethod::Pop => {
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
        let value = self
            .entries
            .last()
            .expect("checked by the compiler of the bytecode")
            .node;
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
