//! Machine instructions: what their declarations say, and what is generated from them.

mod build;
mod decode;
mod encode;
mod meaning;
mod operands;
mod print;
#[allow(dead_code, reason = "conversions are used in generated code only")]
pub(crate) mod semantics;
mod simulate;
mod terms;

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::Direction;
use crate::compile::Program;
use crate::generate::names::{camel, ident, snake};
use crate::source::{Sources, Span};
use crate::types::{Type, TypeEnv, TypeId, TypeKind};

pub use build::build;
pub use meaning::{Effect, Expr};

/// The machine that the rule files declare.
#[derive(Debug, Default)]
pub struct Machine {
    /// The register files.
    pub registers: Vec<Registers>,
    /// How operands see them.
    pub views: Vec<View>,
    /// Fields with named codes.
    pub codes: Vec<Code>,
    /// Immediate operands.
    pub immediates: Vec<Immediate>,
    /// Distances to labels.
    pub offsets: Vec<Offset>,
    /// The instructions.
    pub insts: Vec<Inst>,
}

/// A register file.
#[derive(Debug)]
pub struct Registers {
    /// Its name, which is also the type of its registers.
    pub name: String,
    /// How many registers there are.
    pub count: u32,
}

/// How operands see a register file.
#[derive(Debug)]
pub struct View {
    /// The operand kind.
    pub name: String,
    /// The register file, an index into [`Machine::registers`].
    pub file: usize,
    /// How many low bits are seen.
    pub width: u32,
    /// The assembly name, with `{}` for the number.
    pub asm: String,
    /// The number that means something else, its assembly name, and whether it is zero.
    pub special: Option<(u8, String, bool)>,
}

/// A field with named codes.
#[derive(Debug)]
pub struct Code {
    /// The operand kind and enum.
    pub name: String,
    /// Width of the field.
    pub width: u32,
    /// The codes.
    pub cases: Vec<CodeCase>,
}

/// A named code.
#[derive(Debug)]
pub struct CodeCase {
    /// The variant.
    pub name: String,
    /// The number in the field.
    pub number: u32,
    /// The assembly text.
    pub asm: String,
    /// What it means.
    pub meaning: Option<crate::ast::Datum>,
}

/// An immediate operand: it holds the values `v` for which `decode(encode(v)) = v`.
#[derive(Debug)]
pub struct Immediate {
    /// The operand kind and type.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// The integer type of its values.
    pub ty: TypeId,
    /// Whether that is signed, and its width.
    pub signed: bool,
    /// How many bits that type has.
    pub value_bits: u32,
    /// Width of the field.
    pub bits: u32,
    /// From value, as 64 bits, to field: variable and expression.
    pub encode: (String, Expr),
    /// From field to value.
    pub decode: (String, Expr),
    /// The assembly text, with `{}` for the value.
    pub asm: String,
}

impl Immediate {
    /// The field for a value, if the value can be encoded.
    pub fn field_of(&self, value: i128) -> Option<u64> {
        let range = if self.signed {
            -(1i128 << (self.value_bits - 1))..1i128 << (self.value_bits - 1)
        } else {
            0..1i128 << self.value_bits
        };
        if !range.contains(&value) {
            return None;
        }
        let value = value as u64;
        let field = semantics::low(self.bits, self.encode.1.eval(&|_| value));
        (self.decode.1.eval(&|_| field) == value).then_some(field)
    }
}

/// The distance to a label.
#[derive(Debug)]
pub struct Offset {
    /// The operand kind.
    pub name: String,
    /// Width of the field.
    pub bits: u32,
    /// How many bytes one step of the field is.
    pub unit: u32,
}

/// A machine instruction.
#[derive(Debug)]
pub struct Inst {
    /// Its name in rules.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// The comment above its declaration.
    pub doc: String,
    /// Its operands.
    pub operands: Vec<Operand>,
    /// The encoding, from the highest bit down.
    pub bits: Vec<Bits>,
    /// Fields that are computed from operands.
    pub fields: Vec<(String, Expr)>,
    /// What must hold of the values of its immediates and the numbers of its registers.
    pub condition: Option<Expr>,
    /// The assembly text.
    pub asm: Vec<AsmPart>,
    /// What it does.
    pub effects: Vec<Effect>,
}

impl Inst {
    /// Bits that are fixed, and their values.
    pub fn fixed(&self) -> (u32, u32) {
        let (mut mask, mut value, mut at) = (0, 0, 32);
        for part in &self.bits {
            at -= part.width();
            if let Bits::Fixed { width, value: bits } = part {
                mask |= (semantics::low(*width, u64::MAX) as u32) << at;
                value |= bits << at;
            }
        }
        (mask, value)
    }

    /// The operands that are written and not read.
    pub fn outputs(&self) -> impl Iterator<Item = &Operand> {
        self.operands
            .iter()
            .filter(|operand| operand.direction == Direction::Out)
    }

    /// Whether it reads flags that something before has set.
    pub fn reads_flags(&self) -> bool {
        let is_flag = |kind: &meaning::ExprKind| {
            matches!(kind, meaning::ExprKind::Nzcv | meaning::ExprKind::Flag(_))
        };
        self.effects.iter().any(|effect| effect.any(&is_flag))
    }

    /// Whether it may write flags.
    pub fn writes_flags(&self) -> bool {
        self.effects.iter().any(Effect::writes_flags)
    }
}

/// An operand of an instruction.
#[derive(Clone, Debug)]
pub struct Operand {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// What it can be.
    pub kind: Kind,
    /// Which way it goes.
    pub direction: Direction,
    /// How to compute it from the fields, where it is not a field itself.
    pub from: Option<Expr>,
}

impl Operand {
    /// Whether conditions can name it: as the value of an immediate or the number of a register.
    fn has_number(&self) -> bool {
        matches!(self.kind, Kind::Immediate(_) | Kind::View(_))
    }
}

/// What an operand can be; indices into the lists of [`Machine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A register.
    View(usize),
    /// A named code.
    Code(usize),
    /// An immediate.
    Immediate(usize),
    /// A label.
    Offset(usize),
}

/// What is known of an argument of an instruction's term when rules are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Its value.
    Constant(i128),
    /// That it is the value of this variable.
    Variable(usize),
    /// Nothing.
    Unknown,
}

/// A part of an encoding.
#[derive(Clone, Debug)]
pub enum Bits {
    /// Bits that do not change.
    Fixed {
        /// How many.
        width: u32,
        /// Their value.
        value: u32,
    },
    /// Bits of an operand's field.
    Operand {
        /// Which operand.
        index: usize,
        /// The highest bit.
        high: u32,
        /// The lowest bit.
        low: u32,
    },
    /// A field that is computed.
    Field {
        /// Which, as an index into [`Inst::fields`].
        index: usize,
        /// How many bits.
        width: u32,
    },
}

impl Bits {
    /// How many bits.
    pub fn width(&self) -> u32 {
        match self {
            Bits::Fixed { width, .. } | Bits::Field { width, .. } => *width,
            Bits::Operand { high, low, .. } => high - low + 1,
        }
    }
}

/// A part of an assembly text.
#[derive(Clone, Debug)]
pub enum AsmPart {
    /// Text as it is.
    Text(String),
    /// An operand.
    Operand(usize),
}

impl Machine {
    /// Width of the field of an operand kind.
    fn field_width(&self, kind: Kind) -> u32 {
        match kind {
            Kind::View(view) => self.registers[self.views[view].file]
                .count
                .next_power_of_two()
                .ilog2(),
            Kind::Code(code) => self.codes[code].width,
            Kind::Immediate(immediate) => self.immediates[immediate].bits,
            Kind::Offset(offset) => self.offsets[offset].bits,
        }
    }

    /// The Rust type of an operand.
    fn operand_type(&self, kind: Kind) -> TokenStream {
        match kind {
            Kind::View(view) => {
                let name = ident(&self.registers[self.views[view].file].name);
                quote! { #name }
            }
            Kind::Code(code) => {
                let name = ident(&self.codes[code].name);
                quote! { #name }
            }
            Kind::Immediate(immediate) => {
                let name = ident(&self.immediates[immediate].name);
                quote! { #name }
            }
            Kind::Offset(_) => quote! { Target },
        }
    }

    /// The immediate whose type this is.
    fn immediate(&self, ty: &Type) -> Option<&Immediate> {
        match &ty.kind {
            TypeKind::Primitive(name) if ty.is_extern => self
                .immediates
                .iter()
                .find(|immediate| immediate.name == *name),
            _ => None,
        }
    }

    /// Whether a constant can have a type.
    ///
    /// # Errors
    /// Why not, if it cannot.
    pub fn check_constant(&self, types: &TypeEnv, ty: TypeId, value: i128) -> Result<(), String> {
        match self.immediate(types.get(ty)) {
            Some(immediate) if immediate.field_of(value).is_none() => {
                Err(format!("{value} cannot be encoded as `{}`", immediate.name))
            }
            _ => Ok(()),
        }
    }

    /// Whether the arguments of an instruction's term can suit each other, as far as they are known.
    ///
    /// Which register a variable of a rule stands for is not known, but that two arguments are
    /// the same one is. So each distinct register may be any of as many numbers as there are
    /// distinct registers, which covers all ways in which some may be equal.
    pub fn check_operands(&self, inst: usize, to: bool, args: &[Argument]) -> bool {
        let inst = &self.insts[inst];
        let Some(condition) = &inst.condition else {
            return true;
        };
        let arguments: Vec<_> = inst.arguments(to).map(|operand| &operand.name).collect();
        let mut registers: Vec<Argument> = Vec::new();
        enum Value {
            Known(u64),
            /// The number of a register, an index into `registers`.
            Register(usize),
        }
        let mut values: HashMap<&str, Value> = HashMap::new();
        for operand in &inst.operands {
            let index = arguments.iter().position(|name| **name == operand.name);
            let arg = index.map_or(Argument::Unknown, |index| args[index]);
            let value = match (operand.kind, arg) {
                (Kind::View(_), _) => {
                    let same = |known: &Argument| arg != Argument::Unknown && *known == arg;
                    let known = registers.iter().position(same).unwrap_or(registers.len());
                    if known == registers.len() {
                        registers.push(arg);
                    }
                    Value::Register(known)
                }
                (_, Argument::Constant(value)) => Value::Known(value as u64),
                _ => continue,
            };
            values.insert(&operand.name, value);
        }
        let is_unknown = |name: &str| !values.contains_key(name);
        if condition.any(&|kind| matches!(kind, meaning::ExprKind::Var(name) if is_unknown(name))) {
            return true;
        }
        let choices = registers.len();
        (0..choices.pow(choices as u32)).any(|numbers| {
            let number = |register: usize| numbers / choices.pow(register as u32) % choices;
            let value = |name: &str| match values.get(name) {
                Some(Value::Known(value)) => *value,
                Some(Value::Register(register)) => number(*register) as u64,
                None => 0,
            };
            condition.eval(&value) != 0
        })
    }

    /// The Rust expression for a constant immediate.
    pub fn immediate_constant(&self, ty: &Type, value: i128) -> Option<TokenStream> {
        let immediate = self.immediate(ty)?;
        let name = ident(&immediate.name);
        let magnitude = proc_macro2::Literal::u128_unsuffixed(value.unsigned_abs());
        let sign = (value < 0).then(|| quote! { - });
        Some(quote! { #name::constant(#sign #magnitude) })
    }

    /// The items generated for the machine.
    pub fn generate(&self, program: &Program, sources: &Sources) -> TokenStream {
        if self.insts.is_empty() {
            return TokenStream::new();
        }
        let operands = operands::generate(self, program);
        let insts = self.generate_insts(sources);
        let encode = encode::generate(self);
        let decode = decode::generate(self);
        let print = print::generate(self);
        let simulate = simulate::generate(self);
        let constructors = terms::generate(self);
        quote! { #operands #insts #encode #decode #print #simulate #constructors }
    }

    /// The enum of all instructions.
    fn generate_insts(&self, sources: &Sources) -> TokenStream {
        let variants = self.insts.iter().map(|inst| {
            let name = inst.variant();
            let place = format!("Declared at {}.", sources.place(inst.span));
            let doc = if inst.doc.is_empty() {
                place
            } else {
                format!("{}\n\n{place}", inst.doc)
            };
            let fields = inst.operands.iter().map(|operand| {
                let (name, ty) = (ident(&operand.name), self.operand_type(operand.kind));
                let doc = format!("`{}`", operand.name);
                quote! { #[doc = #doc] #name: #ty }
            });
            quote! { #[doc = #doc] #name { #(#fields),* }, }
        });
        let names = self.insts.iter().map(|inst| {
            let (variant, name) = (inst.variant(), &inst.name);
            quote! { Inst::#variant { .. } => #name, }
        });
        let reads = self
            .insts
            .iter()
            .filter(|inst| inst.reads_flags())
            .map(Inst::variant);
        let reads: Vec<_> = reads.collect();
        let writes = self
            .insts
            .iter()
            .filter(|inst| inst.writes_flags())
            .map(Inst::variant);
        let writes: Vec<_> = writes.collect();
        let matches = |variants: &[proc_macro2::Ident]| {
            if variants.is_empty() {
                quote! { false }
            } else {
                quote! { matches!(self, #(Inst::#variants { .. })|*) }
            }
        };
        let (reads, writes) = (matches(&reads), matches(&writes));
        quote! {
            /// A machine instruction.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum Inst { #(#variants)* }

            impl Inst {
                /// The name in rules.
                pub fn name(&self) -> &'static str { match self { #(#names)* } }

                /// Whether it reads the flags.
                pub fn reads_flags(&self) -> bool { #reads }

                /// Whether it may write the flags.
                pub fn writes_flags(&self) -> bool { #writes }
            }
        }
    }

    /// What instructions need from the context of rules.
    pub fn context_methods(&self) -> TokenStream {
        if self.insts.is_empty() {
            return TokenStream::new();
        }
        let fresh = self.registers.iter().map(|registers| {
            let (name, ty) = (registers.fresh(), ident(&registers.name));
            let doc = format!("A free register of `{}` for a result.", registers.name);
            quote! { #[doc = #doc] fn #name(&mut self) -> #ty; }
        });
        quote! {
            /// Emits an instruction.
            fn emit(&mut self, inst: Inst);
            #(#fresh)*
        }
    }
}

impl Registers {
    /// The context method for a free register.
    fn fresh(&self) -> proc_macro2::Ident {
        ident(&format!("fresh_{}", snake(&self.name)))
    }
}

impl Inst {
    /// The variant of the enum of all instructions.
    fn variant(&self) -> proc_macro2::Ident {
        ident(&camel(&self.name))
    }
}
