//! The rules of one term in a normal form: what is computed, what is tested, what is given.
//!
//! Everything a rule can name is a [`Binding`]. Equal computations are one binding throughout the
//! rules of a term, so rules that test the same thing are seen to do so. A rule is then a set of
//! [`Constraint`]s on bindings, equalities between bindings, effects, and a result.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::check::{self, Expr, Pattern};
use crate::diagnostic::{Code, Diagnostic, Errors};
use crate::terms::{Extractor, TermEnv, TermId, TermKind};
use crate::types::{TypeEnv, TypeId, TypeKind};

/// A binding, as an index into [`RuleSet::bindings`]. Bindings come after those they depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BindingId(pub u32);

impl BindingId {
    /// The index into [`RuleSet::bindings`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Something that has a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// An integer.
    Int(TypeId, i128),
    /// A boolean.
    Bool(bool),
    /// A constant that Rust defines.
    Const(TypeId, String),
    /// An argument of the term.
    Argument(u32, TypeId),
    /// What an extern extractor says of a value.
    Extractor {
        /// The extractor.
        term: TermId,
        /// The value.
        input: BindingId,
    },
    /// What a constructor gives.
    Constructor {
        /// The constructor.
        term: TermId,
        /// Its arguments.
        args: Box<[BindingId]>,
        /// Tells the uses of impure constructors apart; zero for pure ones.
        instance: u32,
    },
    /// One of the values that a multi term gives.
    Item {
        /// The call of the multi term.
        source: BindingId,
    },
    /// A new value of an enum.
    MakeVariant {
        /// The enum.
        ty: TypeId,
        /// The variant's index.
        variant: u32,
        /// What it carries.
        fields: Box<[BindingId]>,
    },
    /// A new value of a struct.
    MakeStruct {
        /// The struct.
        ty: TypeId,
        /// What it carries.
        fields: Box<[BindingId]>,
    },
    /// A field of a value that is known to be of a variant.
    VariantField {
        /// The value.
        source: BindingId,
        /// The variant's index.
        variant: u32,
        /// The field's index.
        field: u32,
        /// The field's type.
        ty: TypeId,
    },
    /// A field of a struct.
    StructField {
        /// The struct.
        source: BindingId,
        /// The field's index.
        field: u32,
        /// The field's type.
        ty: TypeId,
    },
    /// What is in an option that is known not to be empty.
    Unwrapped {
        /// The option.
        source: BindingId,
    },
    /// One of several results of an extractor.
    TupleField {
        /// The results.
        source: BindingId,
        /// Which one.
        field: u32,
        /// Its type.
        ty: TypeId,
    },
}

impl Binding {
    /// What must be computed before.
    pub fn sources(&self) -> &[BindingId] {
        match self {
            Binding::Int(..) | Binding::Bool(_) | Binding::Const(..) | Binding::Argument(..) => &[],
            Binding::Extractor { input: source, .. }
            | Binding::Item { source }
            | Binding::VariantField { source, .. }
            | Binding::StructField { source, .. }
            | Binding::Unwrapped { source }
            | Binding::TupleField { source, .. } => std::slice::from_ref(source),
            Binding::Constructor { args: sources, .. }
            | Binding::MakeVariant {
                fields: sources, ..
            }
            | Binding::MakeStruct {
                fields: sources, ..
            } => sources,
        }
    }
}

/// What a rule demands of a binding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Constraint {
    /// It is this variant of this enum.
    Variant(TypeId, u32),
    /// It is this struct, which always holds.
    Struct(TypeId),
    /// It is not empty.
    Some,
    /// It is this integer.
    Int(TypeId, i128),
    /// It is this boolean.
    Bool(bool),
    /// It is this constant.
    Const(String),
}

/// A rule in normal form.
#[derive(Clone, Debug)]
pub struct FlatRule {
    /// The rule, as an index into the checked rules.
    pub rule: usize,
    /// Its priority.
    pub priority: i64,
    /// What is demanded of single bindings.
    pub constraints: BTreeMap<BindingId, Constraint>,
    /// Bindings that must be equal; none of them has a constraint.
    pub equal: Classes,
    /// Calls of multi terms over whose values the rule ranges.
    pub iterations: Vec<BindingId>,
    /// What the rule does, in order.
    pub effects: Vec<BindingId>,
    /// What it gives.
    pub result: BindingId,
}

impl FlatRule {
    /// How many bindings the rule demands something of.
    pub fn demands(&self) -> usize {
        self.constraints.len() + self.equal.len()
    }
}

/// The rules of one term.
#[derive(Debug)]
pub struct RuleSet {
    /// The term.
    pub term: TermId,
    /// All bindings; [`BindingId`]s index them.
    pub bindings: Vec<Binding>,
    /// The name of the variable that first stood for a binding.
    pub names: HashMap<BindingId, String>,
    /// The rules.
    pub rules: Vec<FlatRule>,
    interned: HashMap<Binding, BindingId>,
    instances: u32,
}

/// Rules test few things; this many mean generated code that nests too deeply.
const MOST_DEMANDS: usize = 200;

/// Brings the rules of every term to normal form, in the order of terms.
pub fn build(
    rules: &[check::Rule],
    types: &TypeEnv,
    terms: &TermEnv,
    errors: &mut Errors,
) -> Vec<RuleSet> {
    let mut sets: BTreeMap<TermId, RuleSet> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        if errors.is_full() {
            break;
        }
        let set = sets.entry(rule.term).or_insert_with(|| RuleSet {
            term: rule.term,
            bindings: Vec::new(),
            names: HashMap::new(),
            rules: Vec::new(),
            interned: HashMap::new(),
            instances: 0,
        });
        let mut flattener = Flattener {
            types,
            terms,
            set,
            rule,
            vars: vec![None; rule.vars.len()],
            conflict: false,
            flat: FlatRule {
                rule: index,
                priority: rule.priority,
                constraints: BTreeMap::new(),
                equal: Classes::default(),
                iterations: Vec::new(),
                effects: Vec::new(),
                result: BindingId(0),
            },
        };
        flattener.flatten();
        let (flat, conflict) = (flattener.flat, flattener.conflict);
        if conflict {
            let message = format!("the rule `{}` can never match", rule.name);
            errors.push(
                Diagnostic::new(Code::Unreachable, rule.head, message)
                    .says("it demands different values of the same thing")
                    .help("remove the rule, or one of the patterns that exclude each other"),
            );
        } else if flat.demands() > MOST_DEMANDS {
            let message = format!("the rule `{}` tests {} things", rule.name, flat.demands());
            errors.push(
                Diagnostic::new(Code::TooLarge, rule.head, message)
                    .says(format!("at most {MOST_DEMANDS} are allowed"))
                    .help("move a part of the pattern to a term of its own"),
            );
        } else {
            set.rules.push(flat);
        }
    }
    sets.into_values().collect()
}

impl RuleSet {
    fn intern(&mut self, binding: Binding) -> BindingId {
        if let Some(&id) = self.interned.get(&binding) {
            return id;
        }
        let id = BindingId(self.bindings.len() as u32);
        self.bindings.push(binding.clone());
        self.interned.insert(binding, id);
        id
    }

    /// The id of a binding that some rule mentions.
    pub fn find(&self, binding: &Binding) -> Option<BindingId> {
        self.interned.get(binding).copied()
    }

    /// The binding with this id.
    pub fn get(&self, id: BindingId) -> &Binding {
        &self.bindings[id.index()]
    }
}

/// Brings one rule to normal form.
struct Flattener<'a> {
    types: &'a TypeEnv,
    terms: &'a TermEnv,
    set: &'a mut RuleSet,
    rule: &'a check::Rule,
    vars: Vec<Option<BindingId>>,
    /// Whether two demands exclude each other.
    conflict: bool,
    flat: FlatRule,
}

impl Flattener<'_> {
    fn flatten(&mut self) {
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
        let mut seen = HashSet::new();
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

/// Sets of equal bindings.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    class_of: BTreeMap<BindingId, usize>,
    members: Vec<Vec<BindingId>>,
}

impl Classes {
    fn merge(&mut self, a: BindingId, b: BindingId) {
        let (a, b) = (self.class(a), self.class(b));
        if a == b {
            return;
        }
        let (from, to) = if self.members[a].len() < self.members[b].len() {
            (a, b)
        } else {
            (b, a)
        };
        for member in std::mem::take(&mut self.members[from]) {
            self.class_of.insert(member, to);
            self.members[to].push(member);
        }
    }

    fn class(&mut self, binding: BindingId) -> usize {
        *self.class_of.entry(binding).or_insert_with(|| {
            self.members.push(vec![binding]);
            self.members.len() - 1
        })
    }

    fn contains(&self, binding: BindingId) -> bool {
        self.class_of.contains_key(&binding)
    }

    fn remove_class(&mut self, binding: BindingId) -> Vec<BindingId> {
        let Some(class) = self.class_of.get(&binding) else {
            return Vec::new();
        };
        let members = std::mem::take(&mut self.members[*class]);
        for member in &members {
            self.class_of.remove(member);
        }
        members
    }

    /// How many bindings are in some class.
    pub fn len(&self) -> usize {
        self.class_of.len()
    }

    /// Whether nothing has to be equal.
    pub fn is_empty(&self) -> bool {
        self.class_of.is_empty()
    }

    /// Pairs whose equality implies all others.
    pub fn pairs(&self) -> Vec<(BindingId, BindingId)> {
        let mut pairs = Vec::new();
        for class in &self.members {
            let mut class = class.clone();
            class.sort_unstable();
            pairs.extend(class.windows(2).map(|pair| (pair[0], pair[1])));
        }
        pairs.sort_unstable();
        pairs
    }
}
