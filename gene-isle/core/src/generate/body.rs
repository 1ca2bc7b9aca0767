//! The function of a term that has rules: its decision tree in Rust.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::names::{ident, path, prefixed, rule_ident};
use super::types::{param_type, rust_type};
use crate::compile::Program;
use crate::decision::{self, Block, Condition, Step};
use crate::rule_set::{Binding, BindingId, Constraint, RuleSet};
use crate::source::Sources;
use crate::terms::{Constructor, Extractor, TermKind};
use crate::types::{Fields, TypeId, TypeKind};

/// The function of the term whose rules these are.
pub(super) fn constructor(program: &Program, set: &RuleSet, sources: &Sources) -> TokenStream {
    let term = program.terms.get(set.term);
    let flags = term.flags();
    let name = prefixed("constructor_", &term.name);
    let params = term.args.iter().enumerate().map(|(index, &ty)| {
        let (name, ty) = (format_ident!("arg{index}"), param_type(program, ty));
        quote! { #name: #ty }
    });
    let value = rust_type(program, term.ret);
    let tree = decision::build(set, flags.multi);
    let always_returns = matches!(tree.last(), Some(Step::Return(_)));
    let mut tuple_fields: HashMap<BindingId, BTreeMap<u32, BindingId>> = HashMap::new();
    for (index, binding) in set.bindings.iter().enumerate() {
        if let Binding::TupleField { source, field, .. } = *binding {
            tuple_fields
                .entry(source)
                .or_default()
                .insert(field, BindingId(index as u32));
        }
    }
    let mut body = Body {
        program,
        set,
        tuple_fields,
        bound: HashSet::new(),
    };
    let steps = body.block(&tree);
    let (output, begin, end) = if flags.multi {
        (
            quote! { Vec<#value> },
            quote! { let mut values = Vec::new(); },
            quote! { values },
        )
    } else if flags.partial {
        (
            quote! { Option<#value> },
            TokenStream::new(),
            quote! { None },
        )
    } else {
        let message = format!("no rule for the term `{}` matched", term.name);
        (value, TokenStream::new(), quote! { unreachable!(#message) })
    };
    let end = if always_returns && !flags.multi {
        TokenStream::new()
    } else {
        end
    };
    let place = sources.place(term.span);
    let doc = match term.doc.as_str() {
        "" => format!("The rules of `{}`, declared at {place}.", term.name),
        doc => format!(
            "{doc}\n\nThe rules of `{}`, declared at {place}.",
            term.name
        ),
    };
    quote! {
        #[doc = #doc]
        #[allow(unused_variables, unused_mut, unused_must_use, irrefutable_let_patterns, unreachable_patterns, unreachable_code)]
        #[allow(clippy::all)]
        pub fn #name<C: Context>(ctx: &mut C, #(#params),*) -> #output {
            #begin
            #steps
            #end
        }
    }
}

struct Body<'a> {
    program: &'a Program,
    set: &'a RuleSet,
    tuple_fields: HashMap<BindingId, BTreeMap<u32, BindingId>>,
    /// Bindings that have a Rust variable here.
    bound: HashSet<BindingId>,
}

impl Body<'_> {
    /// Runs `inner` in a Rust block of its own.
    fn scoped<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.bound.clone();
        let result = inner(self);
        self.bound = outer;
        result
    }

    fn block(&mut self, block: &Block) -> TokenStream {
        block.iter().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &Step) -> TokenStream {
        match step {
            Step::Return(rule) => self.leaf(*rule),
            Step::Each { source, body } => {
                let lets = self.lets(self.set.get(*source).sources());
                let call = self.compute(*source);
                let item = self.find(&Binding::Item { source: *source });
                let body = self.scoped(|this| {
                    let pattern = item.map_or(quote! { _ }, |item| this.bind(item));
                    let body = this.block(body);
                    quote! { for #pattern in #call { #body } }
                });
                quote! { #lets #body }
            }
            Step::If { conditions, body } => self.scoped(|this| {
                let conditions: Vec<_> = conditions
                    .iter()
                    .flat_map(|condition| this.condition(condition))
                    .collect();
                let body = this.block(body);
                quote! { if #(#conditions)&&* { #body } }
            }),
            Step::Match { source, arms } => {
                let lets = self.test_lets(*source, &arms[0].0);
                let is_const = arms
                    .iter()
                    .any(|(constraint, _)| matches!(constraint, Constraint::Const(_)));
                if is_const {
                    // Constants may be equal, so they are tested one by one.
                    let tests = arms.iter().map(|(constraint, body)| {
                        self.scoped(|this| {
                            let test = this.test(*source, constraint);
                            let body = this.block(body);
                            quote! { if #test { #body } }
                        })
                    });
                    let tests: TokenStream = tests.collect();
                    return quote! { #lets #tests };
                }
                let subject = self.subject(*source, &arms[0].0);
                let tests: Vec<_> = arms
                    .iter()
                    .map(|(constraint, body)| {
                        self.scoped(|this| {
                            let pattern = this.pattern(*source, constraint);
                            let body = this.block(body);
                            quote! { #pattern => { #body } }
                        })
                    })
                    .collect();
                let rest = (!self.exhaustive(arms)).then(|| quote! { _ => {} });
                quote! { #lets match #subject { #(#tests)* #rest } }
            }
        }
    }

    fn exhaustive(&self, arms: &[(Constraint, Block)]) -> bool {
        match &arms[0].0 {
            Constraint::Variant(ty, _) => arms.len() == self.program.types.variants_of(*ty).len(),
            Constraint::Bool(_) => arms.len() == 2,
            _ => false,
        }
    }

    /// What a rule does and gives.
    fn leaf(&mut self, rule: usize) -> TokenStream {
        let rule = &self.set.rules[rule];
        let name = rule_ident(&self.program.checked.rules[rule.rule].name);
        let flags = self.program.terms.get(self.set.term).flags();
        self.scoped(|this| {
            let roots: Vec<_> = rule.effects.iter().copied().chain([rule.result]).collect();
            let needed = this.needed(&roots);
            // The last thing computed need not be named.
            let last = needed.last() == Some(&rule.result) && !this.has_fields(rule.result);
            let named = if last {
                &needed[..needed.len() - 1]
            } else {
                &needed[..]
            };
            let lets: TokenStream = named
                .iter()
                .map(|&binding| {
                    let value = this.compute(binding);
                    let pattern = this.bind(binding);
                    quote! { let #pattern = #value; }
                })
                .collect();
            let result = if last {
                this.compute(rule.result)
            } else {
                this.owned(rule.result)
            };
            let give = if flags.multi {
                quote! { values.push(#result); }
            } else if flags.partial {
                quote! { return Some(#result); }
            } else {
                quote! { return #result; }
            };
            quote! { ctx.rule_fired(RuleId::#name); #lets #give }
        })
    }

    fn condition(&mut self, condition: &Condition) -> Vec<TokenStream> {
        match condition {
            Condition::Equal(a, b) => {
                let mut out = self.let_conditions(&[*a, *b]);
                let (a, b) = (self.value(*a), self.value(*b));
                out.push(quote! { #a == #b });
                out
            }
            Condition::Is(source, constraint) => {
                let mut out = match constraint {
                    Constraint::Some => self.let_conditions(self.set.get(*source).sources()),
                    _ => self.let_conditions(&[*source]),
                };
                out.push(self.test(*source, constraint));
                out
            }
        }
    }

    fn let_conditions(&mut self, roots: &[BindingId]) -> Vec<TokenStream> {
        let needed = self.needed(roots);
        needed
            .into_iter()
            .map(|binding| {
                let value = self.compute(binding);
                let pattern = self.bind(binding);
                quote! { let #pattern = #value }
            })
            .collect()
    }

    fn test_lets(&mut self, source: BindingId, constraint: &Constraint) -> TokenStream {
        match constraint {
            Constraint::Some => self.lets(self.set.get(source).sources()),
            _ => self.lets(&[source]),
        }
    }

    fn lets(&mut self, roots: &[BindingId]) -> TokenStream {
        let lets = self.let_conditions(roots);
        quote! { #(#lets;)* }
    }

    /// A condition that tests a constraint and binds what it makes known.
    fn test(&mut self, source: BindingId, constraint: &Constraint) -> TokenStream {
        let subject = self.subject(source, constraint);
        match constraint {
            Constraint::Int(..) | Constraint::Const(_) => {
                let value = self.pattern(source, constraint);
                quote! { #subject == #value }
            }
            Constraint::Bool(true) => subject,
            Constraint::Bool(false) => quote! { !#subject },
            _ => {
                let pattern = self.pattern(source, constraint);
                quote! { let #pattern = #subject }
            }
        }
    }

    /// What a test of the constraint looks at.
    fn subject(&mut self, source: BindingId, constraint: &Constraint) -> TokenStream {
        match constraint {
            Constraint::Some if !self.bound.contains(&source) => self.compute(source),
            Constraint::Variant(ty, _) | Constraint::Struct(ty)
                if self.program.types.get(*ty).by_reference() =>
            {
                self.borrowed(source)
            }
            _ => self.value(source),
        }
    }

    /// The Rust pattern for a constraint; binds what it makes known.
    fn pattern(&mut self, source: BindingId, constraint: &Constraint) -> TokenStream {
        match constraint {
            Constraint::Int(ty, value) => int(self.program, *ty, *value),
            Constraint::Bool(value) => quote! { #value },
            Constraint::Const(name) => path(name),
            Constraint::Some => {
                let inner = self.find(&Binding::Unwrapped { source });
                let inner = inner.map_or(quote! { _ }, |inner| self.bind(inner));
                quote! { Some(#inner) }
            }
            Constraint::Variant(ty, variant) => {
                let (ty, variant) = (*ty, *variant);
                let content = &self.program.types.variants_of(ty)[variant as usize];
                let field = |field, ty| Binding::VariantField {
                    source,
                    variant,
                    field,
                    ty,
                };
                let (enum_path, name) = (rust_type(self.program, ty), ident(&content.name));
                let fields = self.fields_pattern(&content.fields, field);
                let reference = self
                    .program
                    .types
                    .get(ty)
                    .by_reference()
                    .then(|| quote! { & });
                quote! { #reference #enum_path::#name #fields }
            }
            Constraint::Struct(ty) => {
                let TypeKind::Struct(fields) = &self.program.types.get(*ty).kind else {
                    return quote! { _ };
                };
                let field = |field, ty| Binding::StructField { source, field, ty };
                let path = rust_type(self.program, *ty);
                let fields = self.fields_pattern(fields, field);
                quote! { & #path #fields }
            }
        }
    }

    fn fields_pattern(
        &mut self,
        fields: &Fields,
        binding: impl Fn(u32, TypeId) -> Binding,
    ) -> TokenStream {
        let mut patterns = (0..).zip(fields.types()).map(|(index, ty)| {
            let id = self.find(&binding(index, ty))?;
            let name = self.bind(id);
            let by_ref = self
                .program
                .types
                .get(ty)
                .by_reference()
                .then(|| quote! { ref });
            Some(quote! { #by_ref #name })
        });
        match fields {
            Fields::Unit => TokenStream::new(),
            Fields::Tuple(_) => {
                let patterns = patterns.map(|pattern| pattern.unwrap_or(quote! { _ }));
                quote! { ( #(#patterns),* ) }
            }
            Fields::Named(fields) => {
                let mut parts = Vec::new();
                for (name, _) in fields {
                    let name = ident(name);
                    if let Some(pattern) = patterns.next().flatten() {
                        parts.push(quote! { #name: #pattern });
                    } else {
                        parts.push(quote! { #name: _ });
                    }
                }
                quote! { { #(#parts),* } }
            }
        }
    }

    fn find(&self, binding: &Binding) -> Option<BindingId> {
        self.set.find(binding)
    }

    fn has_fields(&self, binding: BindingId) -> bool {
        self.tuple_fields.contains_key(&binding)
    }

    /// The Rust variable of a binding.
    fn name(&self, binding: BindingId) -> Ident {
        match self.set.get(binding) {
            Binding::Argument(index, _) => format_ident!("arg{index}"),
            _ => match self.set.names.get(&binding) {
                Some(name) => ident(&format!("{name}_{}", binding.0)),
                None => format_ident!("v{}", binding.0),
            },
        }
    }

    /// The pattern that gives a binding its Rust variable, or variables for each of several results.
    fn bind(&mut self, binding: BindingId) -> TokenStream {
        self.bound.insert(binding);
        let Some(fields) = self.tuple_fields.get(&binding).cloned() else {
            let name = self.name(binding);
            return quote! { #name };
        };
        let count = self.results(binding);
        let parts = (0..count).map(|index| match fields.get(&index) {
            None => quote! { _ },
            Some(&field) => {
                self.bound.insert(field);
                let name = self.name(field);
                quote! { #name }
            }
        });
        quote! { ( #(#parts),* ) }
    }

    /// How many results the extractor behind a binding gives.
    fn results(&self, binding: BindingId) -> u32 {
        match self.set.get(binding) {
            Binding::Extractor { term, .. } => self.program.terms.get(*term).args.len() as u32,
            Binding::Unwrapped { source } | Binding::Item { source } => self.results(*source),
            _ => 1,
        }
    }

    /// What must be computed before `roots` are known, in order; includes the roots.
    fn needed(&self, roots: &[BindingId]) -> Vec<BindingId> {
        let mut needed = BTreeSet::new();
        let mut todo = roots.to_vec();
        while let Some(id) = todo.pop() {
            let binding = self.set.get(id);
            let is_plain = matches!(
                binding,
                Binding::Int(..) | Binding::Bool(_) | Binding::Const(..) | Binding::Argument(..)
            );
            if is_plain || self.bound.contains(&id) || needed.contains(&id) {
                continue;
            }
            match *binding {
                // Named together with the call that gives them.
                Binding::TupleField { source, .. } => todo.push(source),
                // The option itself is not named: `?` opens it.
                Binding::Unwrapped { source } => {
                    needed.insert(id);
                    todo.extend_from_slice(self.set.get(source).sources());
                }
                _ => {
                    needed.insert(id);
                    todo.extend_from_slice(binding.sources());
                }
            }
        }
        needed.into_iter().collect()
    }

    fn type_of(&self, binding: BindingId) -> Option<TypeId> {
        match *self.set.get(binding) {
            Binding::Int(ty, _)
            | Binding::Const(ty, _)
            | Binding::Argument(_, ty)
            | Binding::MakeVariant { ty, .. }
            | Binding::MakeStruct { ty, .. }
            | Binding::VariantField { ty, .. }
            | Binding::StructField { ty, .. }
            | Binding::TupleField { ty, .. } => Some(ty),
            Binding::Bool(_) => Some(TypeId::BOOL),
            Binding::Constructor { term, .. } => Some(self.program.terms.get(term).ret),
            Binding::Extractor { term, .. } => self.program.terms.get(term).args.first().copied(),
            Binding::Unwrapped { source } | Binding::Item { source } => self.type_of(source),
        }
    }

    fn by_reference(&self, binding: BindingId) -> bool {
        self.type_of(binding)
            .is_some_and(|ty| self.program.types.get(ty).by_reference())
    }

    /// Whether the Rust variable of a binding holds a reference.
    fn is_reference(&self, binding: BindingId) -> bool {
        let kind = matches!(
            self.set.get(binding),
            Binding::Argument(..) | Binding::VariantField { .. } | Binding::StructField { .. }
        );
        kind && self.by_reference(binding)
    }

    /// A binding as a Rust expression, whether value or reference.
    fn value(&self, binding: BindingId) -> TokenStream {
        match self.set.get(binding) {
            Binding::Int(ty, value) => int(self.program, *ty, *value),
            Binding::Bool(value) => quote! { #value },
            Binding::Const(_, name) => path(name),
            _ => {
                let name = self.name(binding);
                quote! { #name }
            }
        }
    }

    fn borrowed(&self, binding: BindingId) -> TokenStream {
        let value = self.value(binding);
        if self.is_reference(binding) {
            value
        } else {
            quote! { &#value }
        }
    }

    fn owned(&self, binding: BindingId) -> TokenStream {
        let value = self.value(binding);
        if self.by_reference(binding) {
            quote! { #value.clone() }
        } else {
            value
        }
    }

    /// A binding as a parameter of a function.
    fn argument(&self, binding: BindingId) -> TokenStream {
        if self.by_reference(binding) {
            self.borrowed(binding)
        } else {
            self.value(binding)
        }
    }

    /// The expression that computes a binding from its sources.
    fn compute(&self, binding: BindingId) -> TokenStream {
        match self.set.get(binding) {
            Binding::Extractor { term, input } => {
                let TermKind::Declared {
                    extractor: Some(Extractor::Extern { func, .. }),
                    ..
                } = &self.program.terms.get(*term).kind
                else {
                    unreachable!("other extractors are no bindings")
                };
                let (func, input) = (ident(func), self.argument(*input));
                quote! { ctx.#func(#input) }
            }
            Binding::Constructor { term, args, .. } => {
                let term = self.program.terms.get(*term);
                let args = args.iter().map(|&arg| self.argument(arg));
                match term.constructor() {
                    Some(Constructor::Extern(func, _)) => {
                        let func = ident(func);
                        quote! { ctx.#func(#(#args),*) }
                    }
                    _ => {
                        let func = prefixed("constructor_", &term.name);
                        quote! { #func(ctx #(, #args)*) }
                    }
                }
            }
            Binding::MakeVariant {
                ty,
                variant,
                fields,
            } => {
                let content = &self.program.types.variants_of(*ty)[*variant as usize];
                let (path, name) = (rust_type(self.program, *ty), ident(&content.name));
                let fields = self.make_fields(&content.fields, fields);
                quote! { #path::#name #fields }
            }
            Binding::MakeStruct { ty, fields } => {
                let path = rust_type(self.program, *ty);
                let fields = match &self.program.types.get(*ty).kind {
                    TypeKind::Struct(content) => self.make_fields(content, fields),
                    _ => TokenStream::new(),
                };
                quote! { #path #fields }
            }
            Binding::Unwrapped { source } => {
                let source = self.compute(*source);
                quote! { #source? }
            }
            _ => self.owned(binding),
        }
    }

    fn make_fields(&self, fields: &Fields, values: &[BindingId]) -> TokenStream {
        let values = values.iter().map(|&value| self.owned(value));
        match fields {
            Fields::Unit => TokenStream::new(),
            Fields::Tuple(_) => quote! { ( #(#values),* ) },
            Fields::Named(fields) => {
                let names = fields.iter().map(|(name, _)| ident(name));
                quote! { { #(#names: #values),* } }
            }
        }
    }
}

/// An integer literal of a type.
pub(crate) fn int(program: &Program, ty: TypeId, value: i128) -> TokenStream {
    if let Some(immediate) = program
        .machine
        .immediate_constant(program.types.get(ty), value)
    {
        return immediate;
    }
    let unsigned = program.types.name(ty).starts_with('u');
    if value < 0 && !unsigned {
        let digits = Literal::u128_unsuffixed(value.unsigned_abs());
        return quote! { -#digits };
    }
    let digits = Literal::u128_unsuffixed(value as u128);
    quote! { #digits }
}
