//! Operand trees: the expressions that a stack bytecode hides.
//!
//! A stretch of bytecode without jumps into it becomes a list of statements over trees. A value
//! that was pushed stays a *pending* node until something takes it. Effects keep their order:
//! before a statement, pending nodes with effects of their own are evaluated, and a pending read
//! of a variable is evaluated before a write to it.
//!
//! The fused instructions dissolve here (`LocalAddInt` is `Add` of a variable and a literal): rules
//! see only the plain operators and recognise shapes themselves.

mod build;
pub mod effect;
mod flow;
pub mod operands;
mod ops;

pub use effect::is_leaf;
pub use flow::Flow;
pub use ops::{Checked, OWN_SCOPE, Op, Rounding, Stmt};

/// A node of a tree, as an index into its [`Block`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Node(u32);

impl Node {
    /// The index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The operands on the stack at some point: a list from the top down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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

/// A stretch of bytecode as statements over trees. One after the other is built in the same memory.
#[derive(Default)]
pub struct Block {
    nodes: Vec<NodeData>,
    cells: Vec<(Node, u32)>,
    /// The operands on the stack while the trees are built.
    entries: Vec<build::Entry>,
    /// The statements in order.
    pub lines: Vec<Line>,
    /// The operands at the end.
    pub end: Stack,
    /// Where control goes on after the last statement, unless that says so itself.
    pub next: Option<u32>,
}

/// So many operands may be pending; what lies deeper is in its home slot.
pub const MAX_PENDING: usize = 16;

impl Block {
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

    /// The elements of the array that a node makes, from the last to the first.
    pub fn elements(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        let count = match self.op(node) {
            Op::MakeArray { count } => count as usize,
            _ => 0,
        };
        let operands = self.operands(self.stack_before(node));
        operands.take(count).map(|(_, element)| element)
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
