//! The instruction set: a stack machine over frames on the VM's value stack.
//!
//! Each opcode stands here once, with its operands and its effect. Notation:
//! `[a b] → [c]` is the top of the operand stack before and after, its top on the
//! right. `a`, `b`, `c` also name the operand fields of [`Instr`]; `L` is a local slot,
//! `K` an index into the constants, `T` a jump target (index of an instruction).
//! Integer literals in operands are small ints.

/// One instruction, 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Instr {
    /// What to do.
    pub op: Op,
    /// First operand.
    pub a: u8,
    /// Second operand.
    pub b: u16,
    /// Third operand.
    pub c: i32,
}

/// What kind of operands an opcode has, for listings and for the JIT's coverage of jumps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operands {
    /// None.
    None,
    /// `b` is a local slot.
    Local,
    /// `b` is a local slot, `c` a number.
    LocalInt,
    /// `b` and `c` are local slots.
    LocalLocal,
    /// `c` is a number.
    Int,
    /// `c` is a constant.
    Const,
    /// `c` is an entry of the code's cache table.
    Cache,
    /// `b` is a count.
    Count,
    /// `b` is a count, `c` a cache entry.
    CountCache,
    /// `c` is an entry of the code's call table.
    Call,
    /// `c` is an entry of the code's side table.
    Side,
    /// `b` is a local slot, `c` a side table entry.
    LocalSide,
    /// `c` is a jump target.
    Jump,
    /// `b` is a local slot, `c` a jump target.
    LocalJump,
    /// `a` is a local slot, `b` a signed literal, `c` a jump target.
    LocalIntJump,
    /// `a` and `b` are local slots, `c` a jump target.
    LocalLocalJump,
    /// `b` is the number of scopes to go up, `c` a slot.
    DepthSlot,
    /// `b` is the local slot of a scope, `c` a slot in it.
    ScopeSlot,
    /// `b` is a local slot, `c` the number of slots; `a` = 1: the parent is the scope in local slot `c >> 16`.
    NewScope,
}

macro_rules! opcodes {
    ($($(#[doc = $doc:literal])* $name:ident $operands:ident,)*) => {
        /// An opcode.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Op { $($(#[doc = $doc])* $name,)* }

        impl Op {
            /// All opcodes.
            pub const ALL: &[Op] = &[$(Op::$name),*];

            /// The name as listings show it.
            pub const fn name(self) -> &'static str {
                match self { $(Op::$name => stringify!($name),)* }
            }

            /// The kind of its operands.
            pub const fn operands(self) -> Operands {
                match self { $(Op::$name => Operands::$operands,)* }
            }
        }
    };
}

opcodes! {
    // ── Constants and the operand stack ─────────────────────────────────────
    /// `[] → [K]`
    Const Const,
    /// `[] → [c]`
    Int Int,
    /// `[] → [nil]`
    Nil None,
    /// `[] → [true]`
    True None,
    /// `[] → [false]`
    False None,
    /// `[v] → []`
    Pop None,
    /// `[v] → [v v]`
    Dup None,
    /// `[v w] → [w v]`
    Swap None,
    /// `[x1 … xb v] → [v]`: drops what a jump leaves under its value.
    Slide Count,

    // ── Local variables: slots of the frame ─────────────────────────────────
    /// `[] → [L]`
    GetLocal Local,
    /// `[v] → []`, L = v
    SetLocal Local,
    /// `[v] → [v]`, L = v
    TeeLocal Local,
    /// `[v] → [v]`; raises `K is not defined` if v is undefined
    CheckDefined Const,

    // ── Captured variables: slots of heap scopes ────────────────────────────
    /// L = new scope with `c & 0xFFFF` slots; parent: local slot `c >> 16` if a = 1, else the function's scope
    NewScope NewScope,
    /// `[] → [v]`, v = slot c of the scope in local b
    GetScoped ScopeSlot,
    /// `[v] → [v]`, slot c of the scope in local b = v
    SetScoped ScopeSlot,
    /// `[] → [v]`, v = slot c of the scope b levels above the function's scope (0: that scope itself)
    GetCaptured DepthSlot,
    /// `[v] → [v]`, sets that slot
    SetCaptured DepthSlot,

    // ── Names, namespaces ───────────────────────────────────────────────────
    /// `[] → [v]`: look-up of a free name; raises `X is not defined`
    GetName Cache,
    /// `[] → [v]`: look-up of a free name in a type; undefined when unknown
    GetTypeName Cache,
    /// `[v] → [v]`: assignment to a free name
    SetName Cache,
    /// `[] → [v]`: `$name`, a global; `void` when unknown
    GetGlobal Cache,
    /// `[] → [ns]`: the current namespace
    GetNamespace None,
    /// `[] → [f]`: the running function
    GetFunction None,
    /// `[] → [e]`: `$ex`, the exception being handled, or nil
    GetException None,
    /// `[e] → []`: sets `$ex`
    SetException None,

    // ── Members ─────────────────────────────────────────────────────────────
    /// `[t] → [v]`: `t/name`
    GetMember Cache,
    /// `[t] → [v]`: `t/c` with an Int
    GetIndex Int,
    /// `[t k] → [v]`: `t/<k>`
    GetDynamic None,
    /// `[t k] → [v]`: `t/name` where `name` is also a variable, k: by k if t is an array, else by name
    GetMemberOrElement Cache,
    /// `[t k d] → [v]`: `(t ./ k d)`
    GetDefault None,
    /// `[t] → [v]`: as `GetMember`, but a missing key is an error (compound assignment)
    GetMemberStrict Cache,
    /// `[t] → [v]`: as `GetIndex`, but strict
    GetIndexStrict Int,
    /// `[t k] → [v]`: as `GetDynamic`, but strict
    GetDynamicStrict None,
    /// `[t v] → [v]`: `(t/name = v)`
    SetMember Cache,
    /// `[t v] → [v]`: `(t/c = v)` with an Int
    SetIndex Int,
    /// `[t k v] → [v]`: `(t/<k> = v)`
    SetDynamic None,
    /// `[v] → [v]`: path segment `!`
    AssertFound None,

    // ── Arithmetic, comparison, logic ───────────────────────────────────────
    /// `[x y] → [x + y]`
    Add None,
    /// `[x y] → [x - y]`
    Sub None,
    /// `[x y] → [x * y]`
    Mul None,
    /// `[x y] → [x / y]`
    Div None,
    /// `[x y] → [x % y]`
    Mod None,
    /// `[x] → [-x]`
    Neg None,
    /// `[x] → [x + c]`
    AddInt Int,
    /// `[x] → [x - c]`
    SubInt Int,
    /// `[] → [L + c]`
    LocalAddInt LocalInt,
    /// `[] → [L - c]`
    LocalSubInt LocalInt,
    /// `[] → [L b + L c]`
    LocalAddLocal LocalLocal,
    /// `[] → [L b - L c]`
    LocalSubLocal LocalLocal,
    /// L += c
    IncLocal LocalInt,
    /// L -= c
    DecLocal LocalInt,
    /// L b += L c
    AddToLocal LocalLocal,
    /// `[x y] → [x << y]`
    Shl None,
    /// `[x y] → [x >> y]`
    Shr None,
    /// `[x y] → [x && y]`
    And None,
    /// `[x y] → [x &|& y]`
    Xor None,
    /// `[x y] → [x || y]`
    Or None,
    /// `[x] → [! x]`
    Not None,
    /// `[x y] → [x < y]`
    Lt None,
    /// `[x y] → [x <= y]`
    Le None,
    /// `[x y] → [x > y]`
    Gt None,
    /// `[x y] → [x >= y]`
    Ge None,
    /// `[x y] → [x == y]`
    Eq None,
    /// `[x y] → [x != y]`
    Ne None,
    /// `[v t] → [v is t]`
    Is None,

    // ── Jumps ───────────────────────────────────────────────────────────────
    /// to T
    Jump Jump,
    /// to T, which lies above: a loop's back edge and safepoint
    JumpBack Jump,
    /// `[v] → []`, to T if v is falsy
    JumpIfFalse Jump,
    /// `[v] → []`, to T if v is truthy
    JumpIfTrue Jump,
    /// `[x y] → []`, to T unless x < y
    JumpIfNotLt Jump,
    /// `[x y] → []`, to T unless x <= y
    JumpIfNotLe Jump,
    /// `[x y] → []`, to T unless x > y
    JumpIfNotGt Jump,
    /// `[x y] → []`, to T unless x >= y
    JumpIfNotGe Jump,
    /// `[x y] → []`, to T unless x == y
    JumpIfNotEq Jump,
    /// `[x y] → []`, to T if x == y
    JumpIfEq Jump,
    /// to T unless L a < literal b
    JumpIfNotLocalLtInt LocalIntJump,
    /// to T unless L a <= literal b
    JumpIfNotLocalLeInt LocalIntJump,
    /// to T unless L a > literal b
    JumpIfNotLocalGtInt LocalIntJump,
    /// to T unless L a >= literal b
    JumpIfNotLocalGeInt LocalIntJump,
    /// to T unless L a == literal b
    JumpIfNotLocalEqInt LocalIntJump,
    /// to T if L a == literal b
    JumpIfLocalEqInt LocalIntJump,
    /// to T unless L a < L b
    JumpIfNotLocalLtLocal LocalLocalJump,
    /// to T unless L a <= L b
    JumpIfNotLocalLeLocal LocalLocalJump,
    /// to T unless L a > L b
    JumpIfNotLocalGtLocal LocalLocalJump,
    /// to T unless L a >= L b
    JumpIfNotLocalGeLocal LocalLocalJump,
    /// to T if L is defined: a parameter that got its argument
    JumpIfDefined LocalJump,
    /// `[f] → [f]`, to T if f is a macro function
    JumpIfMacro Jump,

    // ── Calls ───────────────────────────────────────────────────────────────
    /// `[f x1 … xb] → [r]`; cache c knows callees; a call in tail position has a = 1 and returns r
    Call CountCache,
    /// `[f x1 … xb] → [r]` where f is the running function, pushed by `GetFunction`; a as in `Call`
    CallSelf Count,
    /// `[f …] → [r]`: keywords or spread, described by call table entry c; a as in `Call`
    CallEx Call,
    /// `[_ o x1 … xb] → [r]`: method of cache c; `_` is a reserved slot for the method; a as in `Call`
    CallMethod CountCache,
    /// `[_ o …] → [r]`: method with keywords or spread, call table entry c; a as in `Call`
    CallMethodEx Call,
    /// `[name o …] → [r]`: method whose name is computed, call table entry c
    CallMethodDynamic Call,
    /// `[_ self …] → [r]`: `(super .m …)`; call table entry c
    CallSuper Call,
    /// `[_ self …] → [r]`: `(super .ctor …)`; call table entry c
    CallSuperCtor Call,
    /// `[class …] → [instance]`; call table entry c
    New Call,
    /// `[f] → [r]`: macro call; side table entry c holds the quoted arguments and the caller's environment
    CallMacro LocalSide,
    /// `[x y …] → [… x]`: moves the top to the slot b below it
    MoveDown Count,
    /// `[v] →`, returns v
    Return None,

    // ── Building values ─────────────────────────────────────────────────────
    /// `[x1 … xc] → [array]`
    MakeArray Int,
    /// `[array v] → [array]`: appends
    ArrayPush None,
    /// `[array xs] → [array]`: appends the elements; a = 0 in an array literal, 1 among arguments or children
    ArraySpread None,
    /// `[v1 … vn] → [map]`; the keys are side table entry c
    MakeMap Side,
    /// `[map v] → [map]`: key K
    MapSet Const,
    /// `[map m] → [map]`: copies the entries; a = 0 in a map literal, 1 among keywords or properties
    MapSpread None,
    /// `[k1 v1 … ] → [hash map]` of c keys and values
    MakeHashMap Int,
    /// `[head map array] → [gene]` of properties and children, a = 1: sealed
    MakeGene None,
    /// `[v] → [v]`: seals a new container
    Seal None,
    /// `[start end step] → [range]`
    MakeRange None,
    /// `[x1 … xb] → [string]`: joins the parts of an interpolated string
    Interpolate Count,
    /// `[x1 … xb] → [selector]`
    MakeSelector Count,
    /// `[] → [f]`: closure of prototype c over the scope in local b (0xFFFF: the function's scope)
    MakeClosure LocalSide,

    // ── Definitions ─────────────────────────────────────────────────────────
    /// `[parent] → [class]`; side table entry c; parent undefined: Object
    MakeClass Side,
    /// `[class f] → [class]`: method K; a = 1: constructor
    DefineMethod Const,
    /// `[class] → [class]`: typed field; side table entry c
    DefineField Side,
    /// `[] → [ns]`: new namespace named K in the current one
    MakeNamespace Const,
    /// `[x body] → [x]`: runs the body of class or namespace x, a prototype's closure, with self = x
    RunBody None,
    /// `[] → [enum]`; side table entry c
    MakeEnum Side,
    /// `[r1 … rb] → [type]`: type value of side table entry c; r: values of the names in it
    MakeType Side,
    /// `[x r1 … rb] → [x]`: gives an enum or class, whose field types refer to names, the values of these
    LinkTypes Count,
    /// `[] → [nil]`: carries out the import of side table entry c
    Import Side,
    /// `[] → [nil]`: export list, side table entry c
    Export Side,

    // ── Iteration ───────────────────────────────────────────────────────────
    /// `[x] → []`: iterator over x in locals b … b+3; a = 1: for pairs
    ///
    /// The locals hold: an array and the next index; or the last number of a range, its next number and its
    /// step, all small ints; or any other iterator. The fourth counts the rounds over a range.
    IterStart Local,
    /// `[] → [v]` or to T at the end
    IterNext LocalJump,
    /// `[] → [key v]` or to T at the end
    IterNextPair LocalJump,
    /// `[v] → [n]`: number of rounds of `repeat`
    RepeatCount None,

    // ── Patterns ────────────────────────────────────────────────────────────
    /// `[v] → [v1 … vn]`: array pattern of side table entry c; undefined where a default is needed
    Destructure Side,
    /// `[v] → [v1 … vn]`: map pattern of side table entry c
    DestructureMap Side,
    /// `[subject variant] → [bool]`: enum pattern, side table entry c
    MatchVariant Side,
    /// `[v] → [x]`: payload field b of an enum value
    GetPayload Count,
    /// `[v] → [x]`, to T: `(v ?)` with a value to go on with; else `[v] → [v]`
    Unwrap Jump,
    /// `[v] → [v']`: checks against and converts to the type of side table entry c
    CheckType Side,

    // ── Exceptions ──────────────────────────────────────────────────────────
    /// `[v] →`, raises v, made an exception
    Throw None,
    /// `[e] →`, raises the exception object e again
    Rethrow None,
    /// `[e c] → [bool]`: is e an instance of class c?
    CatchMatches None,
    /// raises the contract violation of side table entry c; a = 1: `[result] → `
    ContractFail Side,
    /// raises an error that was found when the code was compiled; side table entry c
    RaiseError Side,

    // ── Evaluation, generators, futures ─────────────────────────────────────
    /// `[v] → [r]`: `eval` in the environment of side table entry c, scope in local b
    Eval LocalSide,
    /// `[v] → [r]`: `$caller_eval`
    CallerEval None,
    /// `[v] → [r]`: `$render` in the environment of side table entry c, scope in local b
    Render LocalSide,
    /// `[v] → [nil]`, suspends the generator
    Yield None,
    /// `[v] → [future]`, a = 0: completed with v, a = 1: failed with v
    MakeFuture None,
    /// `[f] → [v]`; c: timeout in microseconds, -1: none
    Await Int,
    /// `[v] → [string]`
    TypeOf None,
}

impl Instr {
    /// An instruction without operands.
    pub const fn new(op: Op) -> Instr {
        Instr {
            op,
            a: 0,
            b: 0,
            c: 0,
        }
    }

    /// The target, if the instruction may jump.
    pub fn target(self) -> Option<usize> {
        match self.op.operands() {
            Operands::Jump
            | Operands::LocalJump
            | Operands::LocalIntJump
            | Operands::LocalLocalJump => Some(self.c as usize),
            _ => None,
        }
    }

    /// The signed literal in `b`.
    #[inline]
    pub const fn literal(self) -> i64 {
        self.b as i16 as i64
    }
}

impl std::fmt::Display for Instr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.op.name())?;
        let Instr { a, b, c, .. } = *self;
        match self.op.operands() {
            Operands::None if a != 0 => write!(f, " /{a}"),
            Operands::None => Ok(()),
            Operands::Local | Operands::Count => {
                write!(f, " {b}")?;
                if a != 0 { write!(f, " /{a}") } else { Ok(()) }
            }
            Operands::LocalInt
            | Operands::LocalLocal
            | Operands::CountCache
            | Operands::LocalSide
            | Operands::LocalJump
            | Operands::DepthSlot
            | Operands::ScopeSlot => {
                write!(f, " {b} {c}")?;
                if a != 0 { write!(f, " /{a}") } else { Ok(()) }
            }
            Operands::NewScope if a == 1 => {
                write!(f, " {b} slots={} parent={}", c & 0xFFFF, c >> 16)
            }
            Operands::NewScope => write!(f, " {b} slots={}", c & 0xFFFF),
            Operands::LocalIntJump => write!(f, " {a} {} {c}", self.literal()),
            Operands::LocalLocalJump => write!(f, " {a} {b} {c}"),
            Operands::Int
            | Operands::Const
            | Operands::Cache
            | Operands::Call
            | Operands::Side
            | Operands::Jump => {
                write!(f, " {c}")?;
                if a != 0 { write!(f, " /{a}") } else { Ok(()) }
            }
        }
    }
}
