//! What trees are made of: operators and statements.

use super::Node;
use arrayvec::ArrayVec;

/// In place of a local: the scope of the running function.
pub const OWN_SCOPE: u16 = u16::MAX;

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
    /// The namespace around it.
    Namespace,
    /// The exception being handled.
    Exception,
    /// A name: what lies where its cache says.
    Name {
        cache: u32,
    },
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
    /// Functions of numbers.
    Sqrt {
        x: Node,
    },
    Abs {
        x: Node,
    },
    Round {
        x: Node,
        to: Rounding,
    },
    Min {
        x: Node,
        y: Node,
    },
    Max {
        x: Node,
        y: Node,
    },
    /// The same value, for another place on the stack.
    Copy {
        x: Node,
    },
    /// Is the value neither false, nil nor void? Only as a test.
    Truthy {
        x: Node,
    },
    /// Has the variable a value? Only as a test.
    Defined {
        x: Node,
    },
    /// Is it a macro function? Only as a test.
    Macro {
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
    /// The number of elements of an array or of characters of a string.
    Size {
        of: Node,
    },
    /// A byte of a string.
    ByteAt {
        of: Node,
        key: Node,
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
    /// A new array of so many operands from the top of the stack, see [`super::Block::elements`].
    MakeArray {
        count: u16,
    },
    /// A new closure of the prototype in the side table, over the scope in a local or [`OWN_SCOPE`].
    MakeClosure {
        scope: u16,
        prototype: u32,
    },
    /// A field or member through the inline cache.
    Member {
        of: Node,
        cache: u32,
    },
    /// The value of an entry of a map, of the name that the cache seeks.
    Entry {
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
    pub fn operands(self) -> ArrayVec<Node, 3> {
        let (x, y) = match self {
            Op::SetItem { of, key, value } => {
                return [of, key, value].into();
            }
            Op::Const { .. } | Op::Local { .. } | Op::Operand | Op::Result | Op::Function => {
                (None, None)
            }
            Op::Scoped { .. } | Op::Captured { .. } => (None, None),
            Op::MakeArray { .. } | Op::MakeClosure { .. } => (None, None),
            Op::Namespace | Op::Exception | Op::Name { .. } => (None, None),
            Op::Sqrt { x } | Op::Abs { x } | Op::Round { x, .. } | Op::Copy { x } => {
                (Some(x), None)
            }
            Op::Neg { x } | Op::Not { x } => (Some(x), None),
            Op::Truthy { x } | Op::Defined { x } | Op::Macro { x } => (Some(x), None),
            Op::Size { of } | Op::PopItem { of } => (Some(of), None),
            Op::Member { of, .. } | Op::Entry { of, .. } => (Some(of), None),
            Op::PushItem { of, value } => (Some(of), Some(value)),
            Op::Element { of, key }
            | Op::Item { of, key }
            | Op::ByteAt { of, key }
            | Op::MemberOrElement { of, key, .. } => (Some(of), Some(key)),
            Op::Min { x, y }
            | Op::Max { x, y }
            | Op::Add { x, y }
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
        x.into_iter().chain(y).collect()
    }

    /// Does it work on two numbers?
    pub fn is_arithmetic(self) -> bool {
        let has_result = matches!(
            self,
            Op::Add { .. } | Op::Sub { .. } | Op::Mul { .. } | Op::Div { .. }
        );
        has_result || self.is_comparison()
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

/// How a float becomes a whole number; a half is rounded away from zero.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum Rounding {
    Floor,
    Ceil,
    Round,
}

/// A type that is checked inline.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(missing_docs, reason = "the names are those of the language")]
pub enum Checked {
    Int,
    Float,
    Bool,
    String,
    Array,
    Map,
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
    /// Puts a new scope, inside of that in a local or [`OWN_SCOPE`], in a local.
    NewScope {
        slot: u16,
        parent: u16,
        slots: u16,
    },
    /// Checks that a variable has a value.
    CheckDefined {
        value: Node,
    },
    /// Checks that names still have the definitions that the block relies on.
    CheckNames,
    /// Checks that a member of a namespace or class still is the definition that the block relies on.
    CheckMember {
        of: Node,
        cache: u32,
    },
    /// Assigns a name.
    SetName {
        cache: u32,
        value: Node,
    },
    /// Sets the exception being handled.
    SetException {
        value: Node,
    },
    /// Checks that a value has the type that an annotation says, to which nothing needs to be converted.
    CheckType {
        value: Node,
        of: Checked,
    },
    /// Checks that a value is of a class.
    CheckClass {
        value: Node,
        class: Node,
    },
    /// Runs the instruction on the operand stack, by the interpreter's own function.
    Plain,
    /// Calls the callee that lies below its arguments.
    Call {
        count: u16,
        cache: u32,
        result: Node,
    },
    /// Calls the native function that lies below its arguments.
    CallNative {
        count: u16,
        result: Node,
    },
    /// Calls the callee that lies below the values of keywords and positionals.
    CallEx {
        count: u16,
        cache: u32,
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
    /// Calls the method that the parent of the running function's class has; the slot below the arguments is free for it.
    CallSuper {
        count: u16,
        cache: u32,
        result: Node,
    },
    /// Makes an instance of the class below the arguments, and calls its constructor.
    New {
        class: Node,
        count: u16,
        cache: u32,
        result: Node,
    },
    /// Another kind of call, by a runtime function.
    CallOther {
        result: Node,
    },
    /// A call in tail position.
    TailCall {
        count: u16,
        cache: u32,
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
    /// Stores an entry of a map, of the name that the cache seeks.
    SetEntry {
        of: Node,
        cache: u32,
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
