//! Type annotations and type expressions (5.4).

use super::{Compile, Compiler, SideEntry, Want};
use crate::bytecode::{Instr, Op};
use crate::object::*;
use crate::print::written;
use crate::symbol::{Symbol, sym};
use crate::types::{Type, TypeKind};
use crate::value::Value;
use std::rc::Rc;

/// The names of built-in types.
fn is_builtin_type(name: &str) -> bool {
    matches!(
        name,
        "Int"
            | "Float"
            | "Bool"
            | "String"
            | "Symbol"
            | "ComplexSymbol"
            | "Char"
            | "Nil"
            | "Void"
            | "Array"
            | "Map"
            | "HashMap"
            | "HashSet"
            | "Gene"
            | "Range"
            | "Regexp"
            | "Class"
            | "Function"
            | "Object"
            | "Namespace"
            | "Numeric"
            | "Collection"
            | "Date"
            | "DateTime"
            | "Time"
            | "Bytes"
            | "Future"
            | "Generator"
            | "Type"
    )
}

impl Compiler<'_> {
    /// The type that a form writes. Names of classes and enums are resolved where it is used.
    pub(super) fn annotation(&self, form: Value) -> Rc<Type> {
        let mut references = 0;
        self.read_type(form, &mut references)
    }

    fn read_type(&self, form: Value, references: &mut usize) -> Rc<Type> {
        let kind = if let Some(name) = form.as_symbol() {
            self.named_type(name, references)
        } else if form.get::<ComplexSymbol>().is_some() {
            next_reference(form, references)
        } else if let Some(gene) = form.get::<Gene>() {
            self.compound_type(&gene, references)
        } else {
            TypeKind::Unknown
        };
        Rc::new(Type {
            text: written(form).into(),
            kind,
        })
    }

    fn named_type(&self, name: Symbol, references: &mut usize) -> TypeKind {
        if name.name() == "Any" || self.generics.contains(&name) {
            return TypeKind::Any;
        }
        if is_builtin_type(name.name()) && self.find(name).is_none() {
            return TypeKind::Builtin(name);
        }
        next_reference(Value::symbol(name), references)
    }

    fn compound_type(&self, gene: &Gene, references: &mut usize) -> TypeKind {
        if gene
            .children
            .first()
            .is_some_and(|op| op.is_symbol(sym::PIPE))
        {
            let members =
                std::iter::once(gene.head).chain(gene.children.iter().skip(1).step_by(2).copied());
            return TypeKind::Union(
                members
                    .map(|form| self.read_type(form, references))
                    .collect(),
            );
        }
        if gene
            .head
            .as_symbol()
            .is_some_and(|head| head.name() == "Fn")
        {
            let params = gene.children.first().and_then(|list| list.get::<Array>());
            let params: Vec<Value> = params.map(|list| list.items.to_vec()).unwrap_or_default();
            let result = gene
                .children
                .iter()
                .position(|part| part.is_symbol(sym::ARROW));
            let result = result.and_then(|at| gene.children.get(at + 1).copied());
            return TypeKind::Function {
                params: params
                    .iter()
                    .map(|&form| self.read_type(form, references))
                    .collect(),
                result: result.map(|form| self.read_type(form, references)),
            };
        }
        // The arguments of an applied type are not checked.
        match gene.head.as_symbol() {
            Some(head) => self.named_type(head, references),
            None => TypeKind::Unknown,
        }
    }

    /// Is the form an expression whose value is a type (page 3, rule 8)?
    pub(super) fn is_type_expression(&self, form: Value) -> bool {
        let Some(gene) = form.get::<Gene>() else {
            return self.is_type_name(form);
        };
        if gene.children.is_empty() || !gene.props.is_empty() {
            return false;
        }
        if gene.children[0].is_symbol(sym::PIPE) {
            let parts = std::iter::once(&gene.head).chain(gene.children.iter().skip(1).step_by(2));
            return gene.children.len() % 2 == 0
                && parts.into_iter().all(|&part| self.is_type_expression(part));
        }
        let applied = gene.head.as_symbol().is_some_and(|head| {
            head.name() == "Option"
                || head.name() == "Result"
                || (is_builtin_type(head.name()) && self.find(head).is_none())
        });
        applied
            && gene
                .children
                .iter()
                .all(|&part| self.is_type_expression(part))
    }

    fn is_type_name(&self, form: Value) -> bool {
        form.as_symbol()
            .is_some_and(|name| name.name().starts_with(char::is_uppercase))
            || form.get::<ComplexSymbol>().is_some_and(|path| {
                path.parts
                    .last()
                    .is_some_and(|last| last.name().starts_with(char::is_uppercase))
            })
    }

    /// Pushes a type value.
    pub(super) fn type_value(&mut self, form: Value, want: Want) -> Compile {
        let of = self.annotation(form);
        let references = self.push_references(&of)?;
        let entry = self.e.side(SideEntry::Type(of));
        self.e.emit(
            Instr {
                op: Op::MakeType,
                a: 0,
                b: references as u16,
                c: entry as i32,
            },
            references,
            1,
        );
        self.finish(want)
    }

    /// Checks the top operand against a type; conversions may change it.
    pub(super) fn check_type(&mut self, of: &Rc<Type>, context: &str, converts: bool) -> Compile {
        if !self.vm.options.type_checks || matches!(of.kind, TypeKind::Any) {
            return Ok(());
        }
        let references = self.push_references(of)?;
        let check = SideEntry::Check {
            of: of.clone(),
            context: context.into(),
            references,
            converts,
        };
        let entry = self.e.side(check);
        self.e.op_c(Op::CheckType, entry, references + 1, 1);
        Ok(())
    }

    /// Pushes the values of the names that a type refers to, in their order; undefined for unknown ones.
    pub(super) fn push_references(&mut self, of: &Type) -> Compile<usize> {
        let mut forms = Vec::new();
        collect_references(of, &mut forms);
        for &form in &forms {
            match form.as_symbol() {
                Some(name) => self.load_type_name(name),
                None => self.expression(form, Want::Value)?,
            }
        }
        Ok(forms.len())
    }

    fn load_type_name(&mut self, name: Symbol) {
        match self.find(name) {
            Some(_) => self.load_unchecked(name),
            None => {
                let cache = self.e.cache(name);
                self.e.op_c(Op::GetTypeName, cache, 0, 1);
            }
        }
    }
}

fn next_reference(form: Value, references: &mut usize) -> TypeKind {
    let number = *references;
    *references += 1;
    TypeKind::Reference(number, form)
}

/// The forms of the references of a type, in order.
fn collect_references(of: &Type, forms: &mut Vec<Value>) {
    match &of.kind {
        TypeKind::Reference(_, form) => forms.push(*form),
        TypeKind::Union(members) => members.iter().for_each(|m| collect_references(m, forms)),
        TypeKind::Function { params, result } => {
            params.iter().for_each(|p| collect_references(p, forms));
            if let Some(result) = result {
                collect_references(result, forms);
            }
        }
        _ => {}
    }
}
