//! Rule files as written.

use crate::source::Span;

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// Something together with its documentation comment and its place.
#[derive(Clone, Debug)]
pub struct Item {
    /// What is declared.
    pub kind: ItemKind,
    /// The whole form.
    pub span: Span,
    /// The comment above the form.
    pub doc: String,
}

/// The forms of a rule file.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// `(type …)`
    Type(Type),
    /// `(decl …)`
    Decl(Decl),
    /// `(rule …)`
    Rule(Rule),
    /// `(extractor …)`
    Extractor(Extractor),
    /// `(extern …)`
    Extern(Extern),
    /// `(convert …)`
    Convert(Convert),
    /// `(registers …)`
    Registers(Registers),
    /// `(view …)`
    View(View),
    /// `(sized …)`
    Sized(Sized),
    /// `(code …)`
    Code(Code),
    /// `(immediate …)`
    Immediate(Immediate),
    /// `(offset …)`
    Offset(Offset),
    /// `(define …)`
    Define(Define),
    /// `(inst …)`
    Inst(Inst),
    /// `(flags …)`
    Flags(FlagsForm),
    /// `(helper …)`
    Helper(Helper),
    /// `(test …)`
    Test(Test),
}

/// `(type NAME extern nodebug VALUE)`
#[derive(Clone, Debug)]
pub struct Type {
    /// The name.
    pub name: Ident,
    /// Whether Rust code defines the type.
    pub is_extern: bool,
    /// Whether the type shall not implement `Debug`.
    pub nodebug: bool,
    /// What it is.
    pub value: TypeValue,
}

/// What a type is.
#[derive(Clone, Debug)]
pub enum TypeValue {
    /// A Rust type that rules only pass around.
    Primitive(Ident),
    /// One of several variants.
    Enum(Vec<Variant>),
    /// A record.
    Struct(Fields),
}

/// One variant of an enum.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The name, without the enum's.
    pub name: Ident,
    /// What it carries.
    pub fields: Fields,
}

/// Fields of a variant or struct.
#[derive(Clone, Debug)]
pub enum Fields {
    /// None.
    Unit,
    /// `(name Type)…`
    Named(Vec<(Ident, Ident)>),
    /// `Type…`
    Tuple(Vec<Ident>),
}

/// What a declaration says of its term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Has no side effects.
    pub pure: bool,
    /// Gives any number of values.
    pub multi: bool,
    /// May give no value.
    pub partial: bool,
    /// May use itself.
    pub rec: bool,
}

/// `(decl FLAGS NAME (ARGS) RESULT)`
#[derive(Clone, Debug)]
pub struct Decl {
    /// The term.
    pub name: Ident,
    /// Its flags.
    pub flags: Flags,
    /// Types of its arguments.
    pub args: Vec<Ident>,
    /// Type of its value.
    pub ret: Ident,
}

/// `(rule NAME PRIORITY PATTERN GUARD… BODY…)`
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name.
    pub name: Option<Ident>,
    /// The priority and where it stands.
    pub priority: Option<(i64, Span)>,
    /// What it matches.
    pub pattern: Pattern,
    /// What must hold besides.
    pub guards: Vec<Guard>,
    /// What it gives; the last expression is the value.
    pub body: Vec<Expr>,
}

/// `(if-let PATTERN EXPR)`, or `(if EXPR)`, which has a wildcard as pattern.
#[derive(Clone, Debug)]
pub struct Guard {
    /// What the value must match.
    pub pattern: Pattern,
    /// The value.
    pub expr: Expr,
}

/// A pattern and where it stands.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of patterns.
#[derive(Clone, Debug)]
pub enum PatternKind {
    /// An integer; values from 2^127 are kept in two's complement.
    Int(i128),
    /// `true` or `false`.
    Bool(bool),
    /// `$NAME`, without the dollar.
    Const(String),
    /// `_`
    Wildcard,
    /// A variable: binds where it is new, else must be equal.
    Var(String),
    /// `name @ pattern`
    Bind(Ident, Box<Pattern>),
    /// `(and …)`
    And(Vec<Pattern>),
    /// `(term …)`
    Term(Ident, Vec<Pattern>),
}

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// An integer; values from 2^127 are kept in two's complement.
    Int(i128),
    /// `true` or `false`.
    Bool(bool),
    /// `$NAME`, without the dollar.
    Const(String),
    /// A variable.
    Var(String),
    /// `(term …)`
    Term(Ident, Vec<Expr>),
    /// `(let ((name Type value)…) body…)`
    Let(Vec<LetDef>, Vec<Expr>),
}

/// One definition of a `let`.
#[derive(Clone, Debug)]
pub struct LetDef {
    /// The variable.
    pub name: Ident,
    /// Its type.
    pub ty: Ident,
    /// Its value.
    pub value: Expr,
}

/// `(extractor (NAME PARAMETERS) TEMPLATE)`
#[derive(Clone, Debug)]
pub struct Extractor {
    /// The term.
    pub term: Ident,
    /// Names in the template that stand for the arguments.
    pub params: Vec<Ident>,
    /// What it expands to.
    pub template: Pattern,
}

/// `(extern …)`
#[derive(Clone, Debug)]
pub enum Extern {
    /// `(extern constructor TERM FUNCTION)`
    Constructor {
        /// The term.
        term: Ident,
        /// The Rust function.
        func: Ident,
    },
    /// `(extern extractor infallible TERM FUNCTION)`
    Extractor {
        /// The term.
        term: Ident,
        /// The Rust function.
        func: Ident,
        /// Whether it always matches.
        infallible: bool,
    },
    /// `(extern const $NAME TYPE)`
    Const {
        /// The name, without the dollar.
        name: Ident,
        /// The type.
        ty: Ident,
    },
}

/// `(convert INNER OUTER TERM)`
#[derive(Clone, Debug)]
pub struct Convert {
    /// The type at hand.
    pub inner: Ident,
    /// The type wanted.
    pub outer: Ident,
    /// The term that converts.
    pub term: Ident,
}

/// `(registers NAME COUNT)`
#[derive(Clone, Debug)]
pub struct Registers {
    /// The register file and the rule type of its registers.
    pub name: Ident,
    /// How many registers there are.
    pub count: i128,
}

/// `(view NAME FILE WIDTH "asm{}" (NUMBER "asm" zero))`
#[derive(Clone, Debug)]
pub struct View {
    /// The operand kind.
    pub name: Ident,
    /// The register file.
    pub file: Ident,
    /// How many low bits are seen.
    pub width: i128,
    /// The assembly name, with `{}` for the number.
    pub asm: Str,
    /// The one register that is something else.
    pub special: Option<ViewSpecial>,
}

/// The register number that means something else in a view.
#[derive(Clone, Debug)]
pub struct ViewSpecial {
    /// The number.
    pub number: i128,
    /// Its assembly name.
    pub asm: Str,
    /// Whether it reads as zero and ignores writes.
    pub zero: bool,
}

/// `(sized NAME FIELD (KIND "bits")…)`
#[derive(Clone, Debug)]
pub struct Sized {
    /// The name that stands for one of the kinds.
    pub name: Ident,
    /// The word in `bits` that stands for the choice.
    pub field: Ident,
    /// The kinds and their bits.
    pub choices: Vec<(Ident, Str)>,
}

/// `(code NAME WIDTH (CASE NUMBER "asm" MEANING)…)`
#[derive(Clone, Debug)]
pub struct Code {
    /// The operand kind and enum type.
    pub name: Ident,
    /// Width of the field.
    pub width: i128,
    /// The codes.
    pub cases: Vec<CodeCase>,
}

/// One case of a `code`.
#[derive(Clone, Debug)]
pub struct CodeCase {
    /// The variant.
    pub name: Ident,
    /// Its number in the field.
    pub number: i128,
    /// How assembly writes it.
    pub asm: Str,
    /// What it means, for `(meaning operand)`.
    pub meaning: Option<Datum>,
}

/// `(immediate NAME TYPE BITS (encode v …) (decode f …) (asm "…"))`
#[derive(Clone, Debug)]
pub struct Immediate {
    /// The operand kind and rule type.
    pub name: Ident,
    /// The integer type of its values.
    pub ty: Ident,
    /// Width of the field.
    pub bits: i128,
    /// From value to field.
    pub encode: Coding,
    /// From field to value.
    pub decode: Coding,
    /// How assembly writes the value, with `{}` for it.
    pub asm: Option<Str>,
}

/// A function of one variable.
#[derive(Clone, Debug)]
pub struct Coding {
    /// The variable.
    pub param: Ident,
    /// The value.
    pub body: Datum,
}

/// `(offset NAME BITS UNIT)`
#[derive(Clone, Debug)]
pub struct Offset {
    /// The operand kind.
    pub name: Ident,
    /// Width of the field.
    pub bits: i128,
    /// How many bytes one step of the field is.
    pub unit: i128,
}

/// `(define (NAME PARAMETERS) MEANING)`
#[derive(Clone, Debug)]
pub struct Define {
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<Ident>,
    /// What it stands for.
    pub body: Datum,
}

/// `(inst NAMES OPERAND… CLAUSE…)`
#[derive(Clone, Debug)]
pub struct Inst {
    /// One name, or one for each choice of the sized kind used.
    pub names: Vec<Ident>,
    /// The operands in the order of the rule term's arguments.
    pub operands: Vec<Operand>,
    /// `(bits "…")`
    pub bits: Option<Str>,
    /// `(asm "…")`
    pub asm: Option<Str>,
    /// `(field NAME EXPR)…`
    pub fields: Vec<(Ident, Datum)>,
    /// `(where CONDITION)`
    pub condition: Option<Datum>,
    /// `(does …)`
    pub does: Vec<Datum>,
}

/// Which way an operand goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Read.
    In,
    /// Written.
    Out,
    /// Both.
    InOut,
}

/// `(NAME KIND out (from EXPR))`
#[derive(Clone, Debug)]
pub struct Operand {
    /// The name.
    pub name: Ident,
    /// What it can be.
    pub kind: Ident,
    /// Which way it goes.
    pub direction: Direction,
    /// How to compute it from the fields, where it is not a field itself.
    pub from: Option<Datum>,
}

/// `(flags TERM USE)`
#[derive(Clone, Debug)]
pub struct FlagsForm {
    /// The term, made by a Rust function.
    pub term: Ident,
    /// What it does with the machine's flags.
    pub usage: FlagUse,
}

/// What an extern constructor does with the machine's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagUse {
    /// It neither reads nor changes them.
    Keeps,
    /// It reads and keeps them.
    Reads,
    /// It sets them.
    Sets,
}

/// `(helper NAME PATH (ARGS) RESULT (may EFFECT…))`
#[derive(Clone, Debug)]
pub struct Helper {
    /// The term.
    pub name: Ident,
    /// The Rust function.
    pub path: Ident,
    /// Types of the arguments.
    pub args: Vec<Ident>,
    /// Type of the result.
    pub ret: Ident,
    /// What else a call may do.
    pub effects: Vec<Ident>,
}

/// `(test NAME INPUT CLAUSE…)`
#[derive(Clone, Debug)]
pub struct Test {
    /// The name.
    pub name: Ident,
    /// What is lowered.
    pub input: Datum,
    /// The rules expected to fire.
    pub rules: Option<Clause<Ident>>,
    /// The assembly expected.
    pub asm: Option<Clause<Str>>,
    /// The values expected.
    pub values: Vec<TestValue>,
}

impl Test {
    /// The rules that it names.
    pub fn rules(&self) -> &[Ident] {
        self.rules.as_ref().map_or(&[], |clause| &clause.items)
    }
}

/// `(HEAD ITEM…)`
#[derive(Clone, Debug)]
pub struct Clause<T> {
    /// The whole clause.
    pub span: Span,
    /// What follows its head.
    pub items: Vec<T>,
}

/// `(value RESULT…)` or `(value (ARGUMENT…) RESULT…)`. What the words mean is for the crate to say that runs the tests.
#[derive(Clone, Debug)]
pub struct TestValue {
    /// The inside of the arguments' parentheses.
    pub args: Option<Span>,
    /// The result.
    pub result: Span,
}

/// The text between two quotes.
#[derive(Clone, Debug)]
pub struct Str {
    /// The text.
    pub text: String,
    /// Where it stands, with its quotes.
    pub span: Span,
}

impl Str {
    /// The place of some bytes of the text.
    pub fn part(&self, start: usize, end: usize) -> Span {
        let base = self.span.start + 1;
        Span {
            file: self.span.file,
            start: base + start as u32,
            end: base + end as u32,
        }
    }
}

/// A piece of data whose meaning its place decides.
#[derive(Clone, Debug)]
pub struct Datum {
    /// What it is.
    pub kind: DatumKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of data.
#[derive(Clone, Debug)]
pub enum DatumKind {
    /// An integer.
    Int(i128),
    /// A word.
    Atom(String),
    /// A string.
    Str(String),
    /// A list.
    List(Vec<Datum>),
}
