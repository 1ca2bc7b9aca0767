//! The term environment: what every term is and how it is made and matched.

mod build;

use rustc_hash::FxHashMap;

use crate::ast::{self, Flags, Ident};
use crate::diagnostic::{Code, Diagnostic, Errors, did_you_mean};
use crate::source::Span;
use crate::types::TypeId;

/// A term, as an index into [`TermEnv::terms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TermId(pub u32);

impl TermId {
    /// The index into [`TermEnv::terms`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A term.
#[derive(Clone, Debug)]
pub struct Term {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// The comment above its declaration.
    pub doc: String,
    /// Types of its arguments.
    pub args: Vec<TypeId>,
    /// Type of its value.
    pub ret: TypeId,
    /// What kind of term it is.
    pub kind: TermKind,
}

/// The kinds of terms.
#[derive(Clone, Debug)]
pub enum TermKind {
    /// A variant of an enum, by its index.
    Variant(u32),
    /// A struct.
    Struct,
    /// A declared term.
    Declared {
        /// What its declaration says.
        flags: Flags,
        /// How values are made, if they can be.
        constructor: Option<Constructor>,
        /// How values are matched, if they can be.
        extractor: Option<Extractor>,
    },
}

/// How a declared term makes values.
#[derive(Clone, Debug)]
pub enum Constructor {
    /// By rules; the span is the first rule's.
    Rules(Span),
    /// By a Rust function.
    Extern(String, Span),
    /// By emitting a machine instruction.
    Inst {
        /// Which, as an index into [`Machine::insts`](crate::machine::Machine::insts).
        inst: usize,
        /// Whether result registers are arguments rather than chosen by the context.
        to: bool,
    },
    /// By testing whether a value fits an immediate: an index into [`Machine::immediates`](crate::machine::Machine::immediates).
    Immediate(usize),
    /// By calling a runtime function: an index into [`TermEnv::helpers`].
    Helper(usize),
}

/// How a declared term matches values.
#[derive(Clone, Debug)]
pub enum Extractor {
    /// By a pattern that replaces it.
    Internal(ast::Extractor),
    /// By a Rust function.
    Extern {
        /// The function.
        func: String,
        /// Whether it always matches.
        infallible: bool,
        /// Where this is said.
        span: Span,
    },
}

impl Extractor {
    fn span(&self) -> Span {
        match self {
            Extractor::Internal(extractor) => extractor.term.span,
            Extractor::Extern { span, .. } => *span,
        }
    }
}

impl Term {
    /// What the declaration says; variants and structs are pure.
    pub fn flags(&self) -> Flags {
        match &self.kind {
            TermKind::Declared { flags, .. } => *flags,
            _ => Flags {
                pure: true,
                ..Flags::default()
            },
        }
    }

    /// Whether the term can stand in an expression.
    pub fn has_constructor(&self) -> bool {
        match &self.kind {
            TermKind::Declared { constructor, .. } => constructor.is_some(),
            _ => true,
        }
    }

    /// Whether the term can stand in a pattern.
    pub fn has_extractor(&self) -> bool {
        match &self.kind {
            TermKind::Declared { extractor, .. } => extractor.is_some(),
            _ => true,
        }
    }

    /// How a declared term makes values.
    pub fn constructor(&self) -> Option<&Constructor> {
        match &self.kind {
            TermKind::Declared { constructor, .. } => constructor.as_ref(),
            _ => None,
        }
    }
}

/// A runtime function that compiled code may call.
#[derive(Clone, Debug)]
pub struct Helper {
    /// Its name in rules.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// The comment above its declaration.
    pub doc: String,
    /// The Rust function.
    pub path: String,
    /// Types of its arguments.
    pub args: Vec<TypeId>,
    /// Type of its result.
    pub ret: TypeId,
    /// May allocate, and so collect garbage.
    pub alloc: bool,
    /// May raise an exception.
    pub raise: bool,
    /// May call back into compiled code.
    pub reenter: bool,
}

/// All terms.
#[derive(Debug, Default)]
pub struct TermEnv {
    /// All terms; [`TermId`]s index them.
    pub terms: Vec<Term>,
    /// Conversions by the type at hand and the type wanted.
    conversions: FxHashMap<(TypeId, TypeId), TermId>,
    /// The helpers.
    pub helpers: Vec<Helper>,
    by_name: FxHashMap<String, TermId>,
}

impl TermEnv {
    /// The term with this id.
    pub fn get(&self, id: TermId) -> &Term {
        &self.terms[id.index()]
    }

    /// The term that converts between two types, if one is declared.
    pub fn conversion(&self, inner: TypeId, outer: TypeId) -> Option<TermId> {
        self.conversions.get(&(inner, outer)).copied()
    }

    /// The term with this name.
    pub fn by_name(&self, name: &str) -> Option<TermId> {
        self.by_name.get(name).copied()
    }

    /// The term with this name; reports where there is none.
    pub fn require(&self, name: &Ident, errors: &mut Errors) -> Option<TermId> {
        let found = self.by_name(&name.name);
        if found.is_none() && !errors.is_full() {
            let message = format!("unknown term `{}`", name.name);
            let known = self.terms.iter().map(|term| term.name.as_str());
            let help = did_you_mean(&name.name, known)
                .unwrap_or_else(|| format!("declare it: (decl {} (…) …)", name.name));
            errors.push(Diagnostic::new(Code::UnknownTerm, name.span, message).help(help));
        }
        found
    }
}
