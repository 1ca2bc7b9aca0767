//! Types of annotations and type values.

use crate::heap::Tracer;
use crate::symbol::Symbol;
use crate::value::Value;
use std::rc::Rc;

/// A type as annotations write it.
#[derive(Clone, Debug)]
pub struct Type {
    /// As written, for messages.
    pub text: Box<str>,
    /// What it matches.
    pub kind: TypeKind,
}

/// What a type matches.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// Anything.
    Any,
    /// A built-in type by its name: `Int`, `Numeric`, `Function` …
    Builtin(Symbol),
    /// A name or path that code resolves before the check; the number counts such names in the annotation.
    Reference(usize, Value),
    /// A class, an enum, or a type value.
    Value(Value),
    /// Either of several.
    Union(Vec<Rc<Type>>),
    /// `(Fn [A B] -> R)`
    Function {
        /// Types of the positional parameters.
        params: Vec<Rc<Type>>,
        /// Type of the result.
        result: Option<Rc<Type>>,
    },
    /// Nothing but nil.
    Unknown,
}

impl Type {
    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        match &self.kind {
            TypeKind::Value(value) | TypeKind::Reference(_, value) => tracer.value(*value),
            TypeKind::Union(members) => members.iter().for_each(|m| m.trace(tracer)),
            TypeKind::Function { params, result } => {
                params.iter().for_each(|p| p.trace(tracer));
                if let Some(result) = result {
                    result.trace(tracer);
                }
            }
            _ => {}
        }
    }
}
