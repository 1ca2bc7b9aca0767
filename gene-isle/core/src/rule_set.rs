//! The rules of one term in a normal form: what is computed, what is tested, what is given.
//!
//! Everything a rule can name is a [`Binding`]. Equal computations are one binding throughout the
//! rules of a term, so rules that test the same thing are seen to do so. A rule is then a set of
//! [`Constraint`]s on bindings, equalities between bindings, effects, and a result.

mod classes;
mod flatten;

use std::collections::{BTreeMap, HashMap};

use rustc_hash::FxHashMap;

use crate::check;
use crate::diagnostic::{Code, Diagnostic, Errors};
use crate::terms::{TermEnv, TermId};
use crate::types::{TypeEnv, TypeId};

pub use classes::Classes;
use flatten::Flattener;

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
    interned: FxHashMap<Binding, BindingId>,
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
            interned: FxHashMap::default(),
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
