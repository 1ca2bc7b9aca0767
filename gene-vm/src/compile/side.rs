//! Operands that do not fit an instruction.

use super::Environment;
use crate::code::{ParamKind, Prototype};
use crate::heap::{Gc, Tracer};
use crate::source::Pos;
use crate::symbol::Symbol;
use crate::types::Type;
use crate::value::Value;
use std::rc::Rc;

/// An entry of a code object's side table.
pub enum SideEntry {
    /// Keys of a map literal, in order.
    Keys(Box<[Symbol]>),
    /// A function to make a closure of.
    Prototype(Gc<Prototype>),
    /// A class to be made.
    Class {
        /// Its name.
        name: Symbol,
    },
    /// A typed field of a class.
    Field {
        /// Its name.
        name: Symbol,
        /// Its type.
        of: Rc<Type>,
    },
    /// An enum: its name and variants with their payload fields.
    Enum {
        /// Its name.
        name: Symbol,
        /// The variants.
        variants: Vec<EnumVariant>,
    },
    /// A type value.
    Type(Rc<Type>),
    /// An import form.
    Import(Value),
    /// Names that `export` lists.
    Export(Box<[Symbol]>),
    /// An array pattern.
    Pattern(Vec<PatternElement>),
    /// Keys of a map pattern, one value each.
    MapPattern(Box<[Symbol]>),
    /// An enum pattern.
    Variant {
        /// As written.
        text: Box<str>,
        /// Number of binders; `None` for the bare variant.
        binders: Option<usize>,
    },
    /// A type check.
    Check {
        /// The type.
        of: Rc<Type>,
        /// What is checked, as messages say: a parameter's name, `variable` …
        context: Box<str>,
        /// Number of values on the stack, above the checked one, for names in the type.
        references: usize,
        /// Are conversions between Int and Float made?
        converts: bool,
    },
    /// A contract.
    Contract {
        /// The condition as printed.
        condition: Box<str>,
        /// Its number, from 1.
        number: usize,
    },
    /// An error that was found when the body was compiled.
    Error(super::Error),
    /// A macro call: the quoted form and what is visible at the call.
    MacroCall {
        /// The form with the arguments as read.
        form: Value,
        /// The names that are visible.
        environment: Environment,
    },
    /// What is visible at an `eval` or `$render`.
    Environment(Environment),
}

/// A variant in an enum declaration.
pub struct EnumVariant {
    /// Its name.
    pub name: Symbol,
    /// Its payload fields, `None` for a unit variant.
    pub fields: Option<Vec<(Symbol, Option<Rc<Type>>)>>,
}

/// An element of an array pattern.
#[derive(Clone, Copy, Debug)]
pub struct PatternElement {
    /// How it takes values.
    pub kind: ParamKind,
    /// The key of a keyed element.
    pub name: Symbol,
    /// Has it a default?
    pub optional: bool,
}

impl SideEntry {
    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        match self {
            SideEntry::Prototype(prototype) => tracer.object(*prototype),
            SideEntry::Type(of) | SideEntry::Field { of, .. } | SideEntry::Check { of, .. } => {
                of.trace(tracer)
            }
            SideEntry::Import(form) | SideEntry::MacroCall { form, .. } => tracer.value(*form),
            SideEntry::Enum { variants, .. } => {
                for (_, of) in variants.iter().flat_map(|v| v.fields.iter().flatten()) {
                    if let Some(of) = of {
                        of.trace(tracer);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A mistake found by the compiler.
#[derive(Clone, Debug)]
pub struct Error {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub pos: Pos,
    /// How it is mended.
    pub help: Option<&'static str>,
}

impl Error {
    /// An error without advice.
    pub fn new(message: impl Into<String>, pos: Pos) -> Error {
        Error {
            message: message.into(),
            pos,
            help: None,
        }
    }
}
