//! Meanings: expressions over bit vectors, and what instructions do with them.
//!
//! Every expression has a width of 1 to 64 bits. Integers and immediates take theirs from where
//! they stand.

mod check;

use super::semantics as s;

pub use check::Meanings;

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its width in bits.
    pub width: u32,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A constant.
    Const(u64),
    /// A variable of a `let` or of an immediate's coding.
    Var(String),
    /// An operand of the instruction.
    Operand(usize),
    /// All four flags.
    Nzcv,
    /// One flag, by its bit in `nzcv`.
    Flag(u32),
    /// The address of the instruction.
    Pc,
    /// A fixed register: the view and the number.
    Register(usize, u8),
    /// An operation on expressions of one width.
    Op(&'static Op, Vec<Expr>),
    /// `if`
    If(Box<[Expr; 3]>),
    /// The expression for what an operand's code is.
    Match(usize, Vec<Expr>),
    /// A value from memory.
    Load(Box<Expr>),
    /// The low bits, or the value with zeros above.
    Resize(Box<Expr>),
    /// The value with copies of its sign above.
    Sext(Box<Expr>),
    /// Bits `high` to `low`.
    Extract(u32, u32, Box<Expr>),
    /// The first above the second.
    Concat(Box<[Expr; 2]>),
    /// A conversion between widths, by the name of its function.
    Convert(&'static str, Box<Expr>),
}

/// An effect of an instruction.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Writes an operand.
    Set(usize, Expr),
    /// Writes a fixed register.
    SetRegister(usize, u8, Expr),
    /// Writes the flags.
    SetNzcv(Expr),
    /// Goes on elsewhere.
    SetPc(Expr),
    /// Writes to memory: address and value.
    Store(Expr, Expr),
    /// Stops with a number.
    Trap(Expr),
    /// Names values.
    Let(Vec<(String, Expr)>, Vec<Effect>),
    /// Does this only if the condition holds.
    When(Expr, Vec<Effect>),
}

/// An operation whose operands have one width.
#[derive(Debug)]
pub struct Op {
    /// The name, in rules and in [`super::semantics`].
    pub name: &'static str,
    /// How to evaluate it.
    eval: Eval,
    /// The width of the result, where it is not that of the operands.
    result: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Eval {
    One(fn(u32, u64) -> u64),
    Two(fn(u32, u64, u64) -> u64),
    /// The third operand is one bit wide.
    TwoAndBit(fn(u32, u64, u64, u64) -> u64),
    /// The second operand has a width of its own.
    Shift(fn(u32, u64, u64) -> u64),
    /// The operands are bits of 64, and the width is given as a number: `(op width value)`.
    Sized(fn(u32, u64) -> u64),
}

macro_rules! ops {
    ($($name:ident $kind:ident $result:expr;)*) => {
        &[$(Op { name: stringify!($name), eval: Eval::$kind(s::$name), result: $result },)*]
    };
}

static OPS: &[Op] = ops! {
    add Two None; sub Two None; mul Two None; smulh Two None; umulh Two None; udiv Two None; sdiv Two None;
    and Two None; or Two None; xor Two None; not One None; neg One None; clz One None; rbit One None; rev One None;
    shl Shift None; lshr Shift None; ashr Shift None; ror Shift None;
    eq Two Some(1); ne Two Some(1); ult Two Some(1); ule Two Some(1); slt Two Some(1); sle Two Some(1);
    add_nzcv TwoAndBit Some(4);
    bitmask_encode Sized Some(64); bitmask_decode Sized Some(64);
    fadd Two None; fsub Two None; fmul Two None; fdiv Two None; fsqrt One None; fneg One None; fabs One None;
    fround_even One None; fround_away One None; fround_zero One None; fround_down One None; fround_up One None;
    fcmp_nzcv Two Some(4);
};

/// Conversions between widths.
const CONVERSIONS: &[&str] = &["fcvtzs", "scvtf", "ucvtf", "fcvt"];

/// Words with a form of their own.
const FORMS: &[&str] = &[
    "if", "match", "meaning", "load", "low", "zext", "sext", "extract", "concat", "bits", "let",
];

impl Op {
    /// Whether the width is written as the first operand.
    pub fn is_sized(&self) -> bool {
        matches!(self.eval, Eval::Sized(_))
    }
}

impl Expr {
    /// The value, where it depends on variables alone.
    pub fn eval(&self, vars: &dyn Fn(&str) -> u64) -> u64 {
        match &self.kind {
            ExprKind::Const(value) => *value,
            ExprKind::Op(op, args) => {
                let width = args[0].width;
                let value = |index: usize| args[index].eval(vars);
                match op.eval {
                    Eval::One(eval) => eval(width, value(0)),
                    Eval::Two(eval) | Eval::Shift(eval) => eval(width, value(0), value(1)),
                    Eval::TwoAndBit(eval) => eval(width, value(0), value(1), value(2)),
                    Eval::Sized(eval) => eval(value(0) as u32, value(1)),
                }
            }
            ExprKind::If(parts) => {
                let [condition, then, other] = &**parts;
                if condition.eval(vars) != 0 {
                    then.eval(vars)
                } else {
                    other.eval(vars)
                }
            }
            ExprKind::Resize(value) => s::low(self.width, value.eval(vars)),
            ExprKind::Sext(value) => s::sext(value.width, self.width, value.eval(vars)),
            ExprKind::Extract(high, low, value) => s::extract(*high, *low, value.eval(vars)),
            ExprKind::Concat(parts) => {
                s::concat(parts[1].width, parts[0].eval(vars), parts[1].eval(vars))
            }
            ExprKind::Var(name) => vars(name),
            // Nothing else stands where there is no instruction.
            _ => 0,
        }
    }

    /// Whether the expression or a part of it is of a kind.
    pub fn any(&self, test: &dyn Fn(&ExprKind) -> bool) -> bool {
        test(&self.kind)
            || match &self.kind {
                ExprKind::Op(_, parts) | ExprKind::Match(_, parts) => {
                    parts.iter().any(|part| part.any(test))
                }
                ExprKind::If(parts) => parts.iter().any(|part| part.any(test)),
                ExprKind::Concat(parts) => parts.iter().any(|part| part.any(test)),
                ExprKind::Load(part)
                | ExprKind::Resize(part)
                | ExprKind::Sext(part)
                | ExprKind::Extract(_, _, part)
                | ExprKind::Convert(_, part) => part.any(test),
                _ => false,
            }
    }
}

impl Effect {
    /// Whether an expression in the effect is of a kind.
    pub fn any(&self, test: &dyn Fn(&ExprKind) -> bool) -> bool {
        match self {
            Effect::Set(_, value)
            | Effect::SetRegister(_, _, value)
            | Effect::SetNzcv(value)
            | Effect::SetPc(value)
            | Effect::Trap(value) => value.any(test),
            Effect::Store(address, value) => address.any(test) || value.any(test),
            Effect::Let(defs, effects) => {
                defs.iter().any(|(_, value)| value.any(test))
                    || effects.iter().any(|effect| effect.any(test))
            }
            Effect::When(condition, effects) => {
                condition.any(test) || effects.iter().any(|effect| effect.any(test))
            }
        }
    }

    /// Whether the effect or one in it passes a test.
    fn has(&self, test: &dyn Fn(&Effect) -> bool) -> bool {
        let inner = match self {
            Effect::Let(_, effects) | Effect::When(_, effects) => effects.as_slice(),
            _ => &[],
        };
        test(self) || inner.iter().any(|effect| effect.has(test))
    }

    /// Whether the effect may write the flags.
    pub fn writes_flags(&self) -> bool {
        self.has(&|effect| matches!(effect, Effect::SetNzcv(_)))
    }

    /// Whether the effect may write memory.
    pub fn stores(&self) -> bool {
        self.has(&|effect| matches!(effect, Effect::Store(..)))
    }

    /// Whether the effect may stop execution.
    pub fn traps(&self) -> bool {
        self.has(&|effect| matches!(effect, Effect::Trap(_)))
    }
}
