//! Rules in words.

use std::collections::HashMap;

use gene_isle_core::compile::Program;
use gene_isle_core::rule_set::{Binding, BindingId, Constraint, RuleSet};
use gene_isle_core::types::{Fields, TypeId};

/// Writes the values and demands of a term's rules as rules would.
pub(crate) struct Describe<'a> {
    program: &'a Program,
    set: &'a RuleSet,
    /// Names of values, by those of variables where there are any.
    names: HashMap<BindingId, String>,
}

impl<'a> Describe<'a> {
    pub fn new(program: &'a Program, set: &'a RuleSet) -> Describe<'a> {
        let names = set.names.clone();
        Describe {
            program,
            set,
            names,
        }
    }

    /// Gives a value a name, unless it has one.
    pub fn name(&mut self, id: BindingId, name: String) {
        self.names.entry(id).or_insert(name);
    }

    pub fn named(&self, id: BindingId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// A value by its name, or else by how it is computed.
    pub fn value(&self, id: BindingId) -> String {
        match self.names.get(&id) {
            Some(name) => name.clone(),
            None => self.computation(id),
        }
    }

    /// How a value is computed.
    pub fn computation(&self, id: BindingId) -> String {
        let types = &self.program.types;
        match self.set.get(id) {
            Binding::Int(_, value) => value.to_string(),
            Binding::Bool(value) => value.to_string(),
            Binding::Const(_, name) => format!("${name}"),
            Binding::Argument(index, _) => {
                let count = self.program.terms.get(self.set.term).args.len();
                match count {
                    1 => "the argument".to_string(),
                    _ => format!("argument {}", index + 1),
                }
            }
            Binding::Extractor { term, input } => {
                self.call(&self.program.terms.get(*term).name, &[*input])
            }
            Binding::Constructor { term, args, .. } => {
                self.call(&self.program.terms.get(*term).name, args)
            }
            Binding::MakeVariant {
                ty,
                variant,
                fields,
            } => self.call(&self.variant(*ty, *variant), fields),
            Binding::MakeStruct { ty, fields } => self.call(types.name(*ty), fields),
            Binding::Item { source } | Binding::Unwrapped { source } => self.value(*source),
            Binding::VariantField {
                source,
                variant,
                field,
                ..
            } => {
                let ty = self.enum_of(*source);
                let fields = ty.map(|ty| &types.variants_of(ty)[*variant as usize].fields);
                format!("{} of {}", field_name(fields, *field), self.value(*source))
            }
            Binding::StructField { source, field, .. } => {
                format!("field {} of {}", field + 1, self.value(*source))
            }
            Binding::TupleField { source, field, .. } => {
                format!("result {} of {}", field + 1, self.value(*source))
            }
        }
    }

    fn call(&self, name: &str, args: &[BindingId]) -> String {
        let args = args.iter().map(|&arg| format!(" {}", self.value(arg)));
        format!("({name}{})", args.collect::<String>())
    }

    fn variant(&self, ty: TypeId, variant: u32) -> String {
        let types = &self.program.types;
        format!(
            "{}.{}",
            types.name(ty),
            types.variants_of(ty)[variant as usize].name
        )
    }

    /// The enum whose variants a value is tested for.
    fn enum_of(&self, id: BindingId) -> Option<TypeId> {
        let demands = self.set.rules.iter().map(|rule| rule.constraints.get(&id));
        demands.flatten().find_map(|constraint| match constraint {
            Constraint::Variant(ty, _) => Some(*ty),
            _ => None,
        })
    }

    /// What is demanded of a value, without the value.
    pub fn demand(&self, constraint: &Constraint) -> String {
        match constraint {
            Constraint::Variant(ty, variant) => self.variant(*ty, *variant),
            Constraint::Struct(ty) => self.program.types.name(*ty).to_string(),
            Constraint::Some => "matches".to_string(),
            Constraint::Int(_, value) => value.to_string(),
            Constraint::Bool(value) => value.to_string(),
            Constraint::Const(name) => format!("${name}"),
        }
    }

    /// A value and what is demanded of it.
    pub fn condition(&self, id: BindingId, constraint: &Constraint) -> String {
        match (constraint, self.set.get(id)) {
            (Constraint::Some, Binding::Extractor { term, input }) => {
                let term = &self.program.terms.get(*term).name;
                format!("{} is a `{term}`", self.value(*input))
            }
            (Constraint::Some, _) => format!("{} gives a value", self.computation(id)),
            _ => format!("{} is {}", self.value(id), self.demand(constraint)),
        }
    }
}

fn field_name(fields: Option<&Fields>, field: u32) -> String {
    match fields {
        Some(Fields::Named(fields)) => fields[field as usize].0.clone(),
        _ => format!("field {}", field + 1),
    }
}
