//! Type checks and conversions (5.4), `is` (2.6).

use crate::heap::{Gc, Kind};
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::{Symbol, sym};
use crate::types::{Type, TypeKind};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use std::rc::Rc;

/// How a typed position treats `nil`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nil {
    /// It passes, unless nil is strict.
    Passes,
    /// It passes if the type admits it.
    IfAdmitted,
}

impl Vm {
    /// Checks a value against a type whose references have the values `references`; answers the value, converted if
    /// need be.
    pub(super) fn check_type(
        &mut self,
        of: &Type,
        references: &[Value],
        context: &str,
        converts: bool,
        value: Value,
    ) -> Result {
        self.check(of, references, context, converts, Nil::Passes, value)
    }

    /// Checks the value of a declared field of a class.
    pub(super) fn check_field(&mut self, of: &Type, name: Symbol, value: Value) -> Result {
        if value.is_nil() && !self.options.strict_nil {
            return Ok(value);
        }
        self.check(
            of,
            &[],
            &format!("property {name}"),
            true,
            Nil::Passes,
            value,
        )
    }

    /// Checks a payload field of an enum value.
    pub(super) fn check_payload(
        &mut self,
        of: &Type,
        variant: &str,
        field: Symbol,
        value: Value,
    ) -> Result {
        let context = format!("field {variant}.{field}");
        self.check(of, &[], &context, true, Nil::IfAdmitted, value)
    }

    fn check(
        &mut self,
        of: &Type,
        references: &[Value],
        context: &str,
        converts: bool,
        nil: Nil,
        value: Value,
    ) -> Result {
        if self.matches_type(of, references, value) {
            return Ok(value);
        }
        let strict = value.is_nil() && nil == Nil::Passes && self.options.strict_nil;
        if value.is_nil() && nil == Nil::Passes && !strict {
            return Ok(value);
        }
        if converts && let Some(converted) = self.converted(of, references, value) {
            return Ok(converted);
        }
        let expected = match &of.kind {
            TypeKind::Reference(number, ..) => {
                match references.get(*number).and_then(|r| r.get()) {
                    Some(alias) => Gc::<TypeValue>::into_ref(alias).of.text.clone(),
                    None => of.text.clone(),
                }
            }
            _ => of.text.clone(),
        };
        let mut message = format!(
            "Type error [GENE_TYPE_MISMATCH]: expected {expected}, got {} in {context}",
            self.type_name(value)
        );
        if strict {
            message.push_str(
                "; strict nil mode admits nil only for Any, Nil, Option[T], or unions containing Nil",
            );
        }
        Err(self.raise(ErrorClass::Type, message))
    }

    /// Does a value belong to a type, without conversion?
    pub(crate) fn matches_type(&self, of: &Type, references: &[Value], value: Value) -> bool {
        match &of.kind {
            TypeKind::Any => true,
            TypeKind::Unknown => false,
            TypeKind::Builtin(name) => self.is_of_builtin_type(value, *name),
            TypeKind::Reference(number, ..) => references
                .get(*number)
                .is_some_and(|&reference| self.is_a(value, reference) == Some(true)),
            TypeKind::Value(of) => self.is_a(value, *of) == Some(true),
            TypeKind::Union(members) => members
                .iter()
                .any(|m| self.matches_type(m, references, value)),
            TypeKind::Function { params, result } => match value.heap_kind() {
                Some(Kind::NativeFn) => true,
                Some(Kind::Function) => {
                    let function: Gc<Function> = value.get().expect("the kind was tested");
                    fits_signature(&function, params, result.as_deref())
                }
                _ => false,
            },
        }
    }

    /// The commonest types without comparing names.
    fn is_of_builtin_type(&self, value: Value, name: Symbol) -> bool {
        match name {
            sym::TYPE_INT => value.is_int(),
            sym::TYPE_FLOAT => value.is_float(),
            sym::TYPE_STRING => value.heap_kind() == Some(Kind::Str),
            sym::TYPE_NUMERIC => value.is_float() || value.is_int(),
            _ => self.is_named_type(value, name.name()),
        }
    }

    /// The value that a conversion between Int and Float makes, if the type asks for one.
    fn converted(&mut self, of: &Type, references: &[Value], value: Value) -> Option<Value> {
        match &of.kind {
            TypeKind::Builtin(name) => self.convert_number(value, *name),
            TypeKind::Union(members) => members
                .iter()
                .find_map(|member| self.converted(member, references, value)),
            TypeKind::Reference(number, ..) => {
                let of = references.get(*number)?.get::<TypeValue>()?;
                self.converted(&of.into_ref().of, &[], value)
            }
            TypeKind::Value(of) => {
                let of = of.get::<TypeValue>()?;
                self.converted(&of.into_ref().of, &[], value)
            }
            _ => None,
        }
    }

    /// `(v is T)`
    pub fn is(&mut self, value: Value, of: Value) -> Result<bool> {
        match self.is_a(value, of) {
            Some(matches) => Ok(matches),
            None => Err(self.raise(
                ErrorClass::Argument,
                "is requires a type value on the right side",
            )),
        }
    }

    /// `(e is class)` for a catch clause; raises for what is no class.
    pub(super) fn catch_matches(&mut self, exception: Value, class: Value) -> Result<bool> {
        match self.is_a(exception, class) {
            Some(matches) if class.get::<Class>().is_some() => Ok(matches),
            _ => {
                let message = format!("catch requires a class, got {}", kind_name(class));
                Err(self.raise(ErrorClass::Argument, message))
            }
        }
    }
}

/// A type with the values of its references in their places; takes these from the front of `references`.
pub(super) fn linked(of: &Rc<Type>, references: &mut &[Value]) -> Rc<Type> {
    let kind = match &of.kind {
        TypeKind::Reference(..) => match references.split_first() {
            Some((&first, rest)) => {
                *references = rest;
                if first.get::<TypeValue>().is_some() {
                    let alias: Gc<TypeValue> = first.get().expect("just tested");
                    return alias.into_ref().of.clone();
                }
                TypeKind::Value(first)
            }
            None => TypeKind::Unknown,
        },
        TypeKind::Union(members) => {
            TypeKind::Union(members.iter().map(|m| linked(m, references)).collect())
        }
        TypeKind::Function { params, result } => TypeKind::Function {
            params: params.iter().map(|p| linked(p, references)).collect(),
            result: result.as_ref().map(|r| linked(r, references)),
        },
        _ => return of.clone(),
    };
    Rc::new(Type {
        text: of.text.clone(),
        kind,
    })
}

/// Can a function be called with as many arguments as the signature has, without contradicting annotations?
fn fits_signature(function: &Function, params: &[Rc<Type>], result: Option<&Type>) -> bool {
    use crate::code::ParamKind;
    let prototype = &function.prototype;
    if prototype.kind == crate::code::FunctionKind::Block {
        return true;
    }
    let own = &prototype.params[prototype.is_method as usize..];
    let needs_keyword = own
        .iter()
        .any(|p| p.kind == ParamKind::Keyword && !p.optional);
    let positional: Vec<_> = own
        .iter()
        .filter(|p| p.kind == ParamKind::Positional)
        .collect();
    let required = positional.iter().filter(|p| !p.optional).count();
    let takes_rest = own.iter().any(|p| p.kind == ParamKind::Rest);
    let count_fits = required <= params.len() && (takes_rest || params.len() <= positional.len());
    let agrees = |own: Option<&Type>, wanted: &Type| match own {
        Some(own) => {
            matches!(own.kind, TypeKind::Any)
                || matches!(wanted.kind, TypeKind::Any)
                || own.text == wanted.text
                || !matches!(
                    (&own.kind, &wanted.kind),
                    (TypeKind::Builtin(_), TypeKind::Builtin(_))
                )
        }
        None => true,
    };
    count_fits
        && !needs_keyword
        && positional
            .iter()
            .zip(params)
            .all(|(own, wanted)| agrees(own.annotation.as_deref(), wanted))
        && result.is_none_or(|wanted| agrees(prototype.return_type.as_deref(), wanted))
}
