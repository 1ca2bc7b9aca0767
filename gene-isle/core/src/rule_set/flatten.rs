//! Brings rules to normal form.

use rustc_hash::FxHashSet;

use super::{Binding, BindingId, Constraint, FlatRule, RuleSet};
use crate::check::{self, Expr, Pattern};
use crate::terms::{Extractor, TermEnv, TermId, TermKind};
use crate::types::{TypeEnv, TypeKind};

/// Brings one rule to normal form.
pub(super) struct Flattener<'a> {
    pub(super) types: &'a TypeEnv,
    pub(super) terms: &'a TermEnv,
    pub(super) set: &'a mut RuleSet,
    pub(super) rule: &'a check::Rule,
    pub(super) vars: Vec<Option<BindingId>>,
    /// Whether two demands exclude each other.
    pub(super) conflict: bool,
    pub(super) flat: FlatRule,
}

impl Flattener<'_> {
    /// Fills in `flat`.
    pub(super) fn flatten(&mut self) {
        let rule = self.rule;
        let types = self.terms.get(rule.term).args.clone();
        for (index, (pattern, ty)) in rule.args.iter().zip(types).enumerate() {
            let argument = self.set.intern(Binding::Argument(index as u32, ty));
            self.pattern(pattern, argument);
        }
        for (pattern, value) in &rule.guards {
            let value = self.expr(value);
            self.demand_success(value);
            self.pattern(pattern, value);
        }
        self.flat.result = self.body(&rule.body);
        self.spread_constraints();
    }

    fn demand(&mut self, binding: BindingId, constraint: Constraint) {
        match self.flat.constraints.get(&binding) {
            Some(known) if *known != constraint => self.conflict = true,
            _ => {
                self.flat.constraints.insert(binding, constraint);
            }
        }
    }

    /// The fields that a binding has once the constraint holds.
    fn fields(&mut self, source: BindingId, constraint: &Constraint) -> Vec<BindingId> {
        match *constraint {
            Constraint::Variant(ty, variant) => {
                let types = self.types.variants_of(ty)[variant as usize].fields.types();
                let field = |(field, ty)| Binding::VariantField {
                    source,
                    variant,
                    field,
                    ty,
                };
                (0..)
                    .zip(types)
                    .map(|pair| self.set.intern(field(pair)))
                    .collect()
            }
            Constraint::Struct(ty) => {
                let TypeKind::Struct(fields) = &self.types.get(ty).kind else {
                    return Vec::new();
                };
                let field = |(field, ty)| Binding::StructField { source, field, ty };
                (0..)
                    .zip(fields.types())
                    .map(|pair| self.set.intern(field(pair)))
                    .collect()
            }
            Constraint::Some => vec![self.set.intern(Binding::Unwrapped { source })],
            _ => Vec::new(),
        }
    }

    fn pattern(&mut self, pattern: &Pattern, value: BindingId) {
        match pattern {
            Pattern::Wildcard => {}
            Pattern::Int(ty, int) => self.demand(value, Constraint::Int(*ty, *int)),
            Pattern::Bool(bool) => self.demand(value, Constraint::Bool(*bool)),
            Pattern::Const(name) => self.demand(value, Constraint::Const(name.clone())),
            Pattern::Bind(var, inner) => {
                self.bind(*var, value);
                self.pattern(inner, value);
            }
            Pattern::Same(var) => {
                if let Some(other) = self.vars[*var]
                    && other != value
                {
                    self.flat.equal.merge(other, value);
                }
            }
            Pattern::And(parts) => parts.iter().for_each(|part| self.pattern(part, value)),
            Pattern::Term(term, args) => {
                let fields = self.matched(*term, value);
                for (arg, field) in args.iter().zip(fields) {
                    self.pattern(arg, field);
                }
            }
        }
    }

    fn bind(&mut self, var: check::VarId, value: BindingId) {
        self.vars[var] = Some(value);
        self.set
            .names
            .entry(value)
            .or_insert_with(|| self.rule.vars[var].name.clone());
    }

    /// Demands that a value match a term and gives the term's arguments.
    fn matched(&mut self, id: TermId, value: BindingId) -> Vec<BindingId> {
        let term = self.terms.get(id);
        let infallible = match &term.kind {
            TermKind::Variant(variant) => {
                let constraint = Constraint::Variant(term.ret, *variant);
                self.demand(value, constraint.clone());
                return self.fields(value, &constraint);
            }
            TermKind::Struct => {
                let constraint = Constraint::Struct(term.ret);
                self.demand(value, constraint.clone());
                return self.fields(value, &constraint);
            }
            TermKind::Declared {
                extractor: Some(Extractor::Extern { infallible, .. }),
                ..
            } => *infallible,
            TermKind::Declared { .. } => return Vec::new(),
        };
        let call = self.set.intern(Binding::Extractor {
            term: id,
            input: value,
        });
        let source = if term.flags().multi {
            self.range_over(call)
        } else if infallible {
            call
        } else {
            self.demand(call, Constraint::Some);
            self.set.intern(Binding::Unwrapped { source: call })
        };
        match term.args.len() {
            1 => vec![source],
            _ => {
                let field = |(field, &ty)| Binding::TupleField { source, field, ty };
                (0..)
                    .zip(&term.args)
                    .map(|pair| self.set.intern(field(pair)))
                    .collect()
            }
        }
    }

    fn range_over(&mut self, call: BindingId) -> BindingId {
        if !self.flat.iterations.contains(&call) {
            self.flat.iterations.push(call);
        }
        self.set.intern(Binding::Item { source: call })
    }

    fn body(&mut self, body: &[Expr]) -> BindingId {
        let values: Vec<_> = body.iter().map(|expr| self.expr(expr)).collect();
        *values.last().expect("the grammar demands a value")
    }

    fn expr(&mut self, expr: &Expr) -> BindingId {
        match expr {
            Expr::Int(ty, value) => self.set.intern(Binding::Int(*ty, *value)),
            Expr::Bool(value) => self.set.intern(Binding::Bool(*value)),
            Expr::Const(ty, name) => self.set.intern(Binding::Const(*ty, name.clone())),
            Expr::Var(var) => self.vars[*var].expect("variables are bound before they are used"),
            Expr::Let(defs, body) => {
                for (var, value) in defs {
                    let value = self.expr(value);
                    self.bind(*var, value);
                }
                self.body(body)
            }
            Expr::Term(id, args) => {
                let args: Box<[_]> = args.iter().map(|arg| self.expr(arg)).collect();
                let term = self.terms.get(*id);
                match &term.kind {
                    TermKind::Variant(variant) => {
                        let (ty, variant) = (term.ret, *variant);
                        self.set.intern(Binding::MakeVariant {
                            ty,
                            variant,
                            fields: args,
                        })
                    }
                    TermKind::Struct => self.set.intern(Binding::MakeStruct {
                        ty: term.ret,
                        fields: args,
                    }),
                    TermKind::Declared { flags, .. } => self.call(*id, *flags, args),
                }
            }
        }
    }

    fn call(
        &mut self,
        term: TermId,
        flags: crate::ast::Flags,
        args: Box<[BindingId]>,
    ) -> BindingId {
        let instance = if flags.pure {
            0
        } else {
            self.set.instances += 1;
            self.set.instances
        };
        let call = self.set.intern(Binding::Constructor {
            term,
            args,
            instance,
        });
        let value = if flags.multi {
            self.range_over(call)
        } else if flags.partial {
            self.set.intern(Binding::Unwrapped { source: call })
        } else {
            call
        };
        if !flags.pure {
            self.flat.effects.push(value);
        }
        value
    }

    /// In a guard, a partial term that fails means that the rule does not match.
    fn demand_success(&mut self, value: BindingId) {
        let mut seen = FxHashSet::default();
        let mut todo = vec![value];
        while let Some(id) = todo.pop() {
            if seen.insert(id) {
                let binding = self.set.get(id);
                todo.extend_from_slice(binding.sources());
                if let Binding::Unwrapped { source } = *binding {
                    self.demand(source, Constraint::Some);
                }
            }
        }
    }

    /// Moves constraints into equalities: where equal bindings have a constraint, each of them
    /// gets it, and their fields are equal instead. So `(f x @ 2 x)` becomes `(f 2 2)`, and rules
    /// are compared by constraints alone wherever that is possible.
    fn spread_constraints(&mut self) {
        let mut todo: Vec<_> = self
            .flat
            .constraints
            .iter()
            .filter(|(binding, _)| self.flat.equal.contains(**binding))
            .map(|(&binding, constraint)| (binding, constraint.clone()))
            .collect();
        while let Some((binding, constraint)) = todo.pop() {
            let class = self.flat.equal.remove_class(binding);
            let mut first_fields: Option<Vec<BindingId>> = None;
            for member in class {
                self.demand(member, constraint.clone());
                let fields = self.fields(member, &constraint);
                for &field in &fields {
                    if let Some(known) = self.flat.constraints.get(&field) {
                        todo.push((field, known.clone()));
                    }
                }
                match &first_fields {
                    None => first_fields = Some(fields),
                    Some(first) => {
                        for (&a, b) in first.iter().zip(fields) {
                            self.flat.equal.merge(a, b);
                        }
                    }
                }
            }
        }
    }
}
