//! Type checking: from rules as written to rules whose names are resolved.

mod expr;
mod pattern;

use rustc_hash::FxHashMap;

use crate::ast::{self, Flags, Item, ItemKind, PatternKind};
use crate::diagnostic::{Code, Diagnostic, Errors, did_you_mean};
use crate::machine::Machine;
use crate::source::Span;
use crate::terms::{TermEnv, TermId, TermKind};
use crate::types::{TypeEnv, TypeId};

/// A checked rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name; unnamed rules are called after their term.
    pub name: String,
    /// The whole form.
    pub span: Span,
    /// What to point at: the name, or else the pattern.
    pub head: Span,
    /// The comment above it.
    pub doc: String,
    /// The term it belongs to.
    pub term: TermId,
    /// Rules of higher priority are tried first.
    pub priority: i64,
    /// What the arguments must match.
    pub args: Vec<Pattern>,
    /// What must hold besides.
    pub guards: Vec<(Pattern, Expr)>,
    /// What it gives; the last expression is the value.
    pub body: Vec<Expr>,
    /// Its variables.
    pub vars: Vec<Var>,
}

/// A variable of a rule.
#[derive(Clone, Debug)]
pub struct Var {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: TypeId,
    /// Where it is bound.
    pub span: Span,
}

/// A variable, as an index into [`Rule::vars`].
pub type VarId = usize;

/// A checked pattern.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Matches anything.
    Wildcard,
    /// Matches this integer.
    Int(TypeId, i128),
    /// Matches this boolean.
    Bool(bool),
    /// Matches this constant.
    Const(String),
    /// Binds a new variable to what the pattern matches.
    Bind(VarId, Box<Pattern>),
    /// Matches what the variable is bound to.
    Same(VarId),
    /// Matches what all of them match.
    And(Vec<Pattern>),
    /// Matches a variant, struct or extern extractor.
    Term(TermId, Vec<Pattern>),
}

/// A checked expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// An integer.
    Int(TypeId, i128),
    /// A boolean.
    Bool(bool),
    /// A constant.
    Const(TypeId, String),
    /// A variable.
    Var(VarId),
    /// A term.
    Term(TermId, Vec<Expr>),
    /// Variables, and a body in which they hold.
    Let(Vec<(VarId, Expr)>, Vec<Expr>),
}

/// What a name in a rule file refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A term.
    Term(TermId),
    /// A type.
    Type(TypeId),
    /// A variable, by rule and index.
    Var(usize, VarId),
}

/// The checked rules and what the names in them refer to.
#[derive(Debug, Default)]
pub struct Checked {
    /// All rules that are well-typed.
    pub rules: Vec<Rule>,
    /// Every name that was resolved, and to what.
    pub references: Vec<(Span, Target)>,
}

/// Checks all rules.
pub fn check(
    items: &[Item],
    types: &TypeEnv,
    terms: &TermEnv,
    machine: &Machine,
    errors: &mut Errors,
) -> Checked {
    let mut checked = Checked::default();
    for item in items {
        if errors.is_full() {
            break;
        }
        if let ItemKind::Rule(rule) = &item.kind {
            let mut checker = Checker {
                types,
                terms,
                machine,
                errors,
                references: &mut checked.references,
                rule: checked.rules.len(),
                vars: Vec::new(),
                scope: Vec::new(),
                expansion: 0,
            };
            checked.rules.extend(checker.rule(item, rule));
        }
    }
    name_rules(&mut checked.rules, terms, errors);
    checked
}

/// Gives unnamed rules a name and sees to it that names are unique.
fn name_rules(rules: &mut [Rule], terms: &TermEnv, errors: &mut Errors) {
    let mut count: FxHashMap<TermId, usize> = FxHashMap::default();
    for rule in rules.iter() {
        *count.entry(rule.term).or_default() += 1;
    }
    let mut seen: FxHashMap<String, Span> = FxHashMap::default();
    let mut number: FxHashMap<TermId, usize> = FxHashMap::default();
    for rule in rules.iter_mut() {
        let number = number.entry(rule.term).or_default();
        *number += 1;
        let named = !rule.name.is_empty();
        if !named {
            let term = &terms.get(rule.term).name;
            rule.name = if count[&rule.term] == 1 {
                term.clone()
            } else {
                format!("{term}#{number}")
            };
        }
        match seen.get(&rule.name) {
            None => {
                seen.insert(rule.name.clone(), rule.head);
            }
            Some(&first) => errors.push(
                Diagnostic::new(
                    Code::DuplicateRule,
                    rule.head,
                    format!("two rules are named `{}`", rule.name),
                )
                .label(first, "the other one is here")
                .help("names of rules appear in reports and tests: make each unique"),
            ),
        }
    }
}

struct Checker<'a> {
    types: &'a TypeEnv,
    terms: &'a TermEnv,
    machine: &'a Machine,
    errors: &'a mut Errors,
    references: &'a mut Vec<(Span, Target)>,
    rule: usize,
    vars: Vec<Var>,
    /// The variables in scope, innermost last.
    scope: Vec<VarId>,
    /// How many patterns the expansion of internal extractors has cost.
    expansion: usize,
}

/// What may stand in an expression.
#[derive(Clone, Copy)]
struct Allowed {
    impure: bool,
    partial: bool,
    multi: bool,
}

impl Checker<'_> {
    fn error(&mut self, code: Code, span: Span, message: String) {
        self.errors.push(Diagnostic::new(code, span, message));
    }

    fn refer(&mut self, span: Span, target: Target) {
        self.references.push((span, target));
    }

    fn lookup(&self, name: &str) -> Option<VarId> {
        self.scope
            .iter()
            .rev()
            .copied()
            .find(|&var| self.vars[var].name == name)
    }

    fn bind(&mut self, name: &str, ty: TypeId, span: Span) -> VarId {
        let var = self.vars.len();
        self.vars.push(Var {
            name: name.to_string(),
            ty,
            span,
        });
        self.scope.push(var);
        self.refer(span, Target::Var(self.rule, var));
        var
    }

    fn rule(&mut self, item: &Item, rule: &ast::Rule) -> Option<Rule> {
        // What is not a term, or no declared one, is reported by the term environment.
        let PatternKind::Term(name, args) = &rule.pattern.kind else {
            return None;
        };
        let id = self.terms.by_name(&name.name)?;
        self.refer(name.span, Target::Term(id));
        let term = self.terms.get(id);
        let TermKind::Declared { flags, .. } = &term.kind else {
            return None;
        };
        let flags: Flags = *flags;
        let (arg_types, ret) = (term.args.clone(), term.ret);

        self.arity(name, args.len(), rule.pattern.span, id);
        let args: Vec<_> = args
            .iter()
            .zip(&arg_types)
            .map(|(arg, &ty)| self.pattern(arg, ty, 0))
            .collect();
        let left = Allowed {
            impure: false,
            partial: true,
            multi: flags.multi,
        };
        let mut guards = Vec::new();
        for guard in &rule.guards {
            // The value comes first: it cannot use what its own pattern binds.
            let value = self.expr(&guard.expr, None, left);
            if let Some((value, ty)) = value {
                guards.push(
                    self.pattern(&guard.pattern, ty, 0)
                        .map(|pattern| (pattern, value)),
                );
            } else {
                guards.push(None);
            }
        }
        let right = Allowed {
            impure: !flags.pure,
            partial: flags.partial,
            multi: flags.multi,
        };
        let body = self.body(&rule.body, Some(ret), right);
        if let (Some((_, span)), true) = (rule.priority, flags.multi) {
            self.errors.push(
                Diagnostic::new(
                    Code::PriorityInMulti,
                    span,
                    "a rule of a multi term has no priority",
                )
                .label(self.terms.get(id).span, "the term is declared `multi` here")
                .help("all rules of a multi term that match give values: remove the priority"),
            );
        }
        Some(Rule {
            name: rule
                .name
                .as_ref()
                .map_or(String::new(), |name| name.name.clone()),
            span: item.span,
            head: rule
                .name
                .as_ref()
                .map_or(rule.pattern.span, |name| name.span),
            doc: item.doc.clone(),
            term: id,
            priority: rule.priority.map_or(0, |(priority, _)| priority),
            args: args.into_iter().collect::<Option<_>>()?,
            guards: guards.into_iter().collect::<Option<_>>()?,
            body: body?.0,
            vars: std::mem::take(&mut self.vars),
        })
    }

    fn arity(&mut self, name: &ast::Ident, found: usize, span: Span, id: TermId) {
        let term = self.terms.get(id);
        let expected = term.args.len();
        if found != expected {
            let plural = if expected == 1 { "" } else { "s" };
            let message = format!(
                "`{}` takes {expected} argument{plural}, not {found}",
                name.name
            );
            let signature: Vec<_> = term.args.iter().map(|&ty| self.types.name(ty)).collect();
            self.errors.push(
                Diagnostic::new(Code::Arity, span, message)
                    .label(term.span, "declared here")
                    .help(format!("its arguments are ({})", signature.join(" "))),
            );
        }
    }

    fn mismatch(&mut self, span: Span, what: &str, found: TypeId, wanted: TypeId) {
        let (found, wanted) = (
            self.types.name(found).to_string(),
            self.types.name(wanted).to_string(),
        );
        self.errors.push(
            Diagnostic::new(Code::Mismatch, span, format!("{what} has type `{found}`, but `{wanted}` is needed"))
                .help(format!("convert it with a term from `{found}` to `{wanted}`, or declare (convert {found} {wanted} TERM)")),
        );
    }

    fn int(&mut self, value: i128, ty: TypeId, span: Span) {
        if !self.types.get(ty).takes_integers() {
            let message = format!(
                "the integer {value} cannot be of type `{}`",
                self.types.name(ty)
            );
            self.error(Code::BadLiteral, span, message);
            return;
        }
        if let Err(why) = self.machine.check_constant(self.types, ty, value) {
            self.errors.push(
                Diagnostic::new(Code::NotEncodable, span, why)
                    .help("load the value into a register, or use another instruction"),
            );
        }
    }

    fn bool(&mut self, value: bool, ty: TypeId, span: Span) {
        if ty != TypeId::BOOL {
            self.mismatch(span, &format!("`{value}`"), TypeId::BOOL, ty);
        }
    }

    fn constant(&mut self, name: &str, span: Span) -> Option<TypeId> {
        let found = self.types.constants.get(name).map(|constant| constant.ty);
        if found.is_none() {
            let known = self.types.constants.keys().map(String::as_str);
            let help = did_you_mean(name, known)
                .unwrap_or_else(|| format!("declare it: (extern const ${name} TYPE)"));
            let message = format!("unknown constant `${name}`");
            self.errors
                .push(Diagnostic::new(Code::UnknownConstant, span, message).help(help));
        }
        found
    }
}
