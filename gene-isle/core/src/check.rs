//! Type checking: from rules as written to rules whose names are resolved.

use std::collections::HashMap;

use crate::ast::{self, ExprKind, Flags, Item, ItemKind, PatternKind};
use crate::diagnostic::{Code, Diagnostic, Errors, did_you_mean};
use crate::machine::Machine;
use crate::reader::MAX_DEPTH;
use crate::source::Span;
use crate::terms::{Constructor, Extractor, TermEnv, TermId, TermKind};
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
    let mut count: HashMap<TermId, usize> = HashMap::new();
    for rule in rules.iter() {
        *count.entry(rule.term).or_default() += 1;
    }
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut number: HashMap<TermId, usize> = HashMap::new();
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

/// Internal extractors can multiply: ten nested ones that use their argument twice make a
/// thousand patterns. Past this many the rule is refused.
const MOST_EXPANDED: usize = 20_000;

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

    // ------------------------------------------------------------ patterns

    /// Checks a pattern. `depth` bounds the recursion where extractors expand to extractors.
    fn pattern(&mut self, pattern: &ast::Pattern, ty: TypeId, depth: usize) -> Option<Pattern> {
        let span = pattern.span;
        if depth > 2 * MAX_DEPTH {
            return self.expands_too_far(span);
        }
        match &pattern.kind {
            PatternKind::Int(value) => {
                self.int(*value, ty, span);
                Some(Pattern::Int(ty, *value))
            }
            PatternKind::Bool(value) => {
                self.bool(*value, ty, span);
                Some(Pattern::Bool(*value))
            }
            PatternKind::Const(name) => {
                let found = self.constant(name, span)?;
                if found != ty {
                    self.mismatch(span, &format!("the constant `${name}`"), found, ty);
                }
                Some(Pattern::Const(name.clone()))
            }
            PatternKind::Wildcard => Some(Pattern::Wildcard),
            PatternKind::And(parts) => {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|part| self.pattern(part, ty, depth + 1))
                    .collect();
                Some(Pattern::And(parts.into_iter().collect::<Option<_>>()?))
            }
            PatternKind::Bind(name, inner) => {
                let inner = self.pattern(inner, ty, depth + 1);
                if let Some(first) = self.lookup(&name.name) {
                    let first = self.vars[first].span;
                    let message = format!("the variable `{}` is already bound", name.name);
                    self.errors.push(
                        Diagnostic::new(Code::Rebound, name.span, message)
                            .label(first, "first bound here")
                            .help(format!(
                                "rename one of them, or write (and {} …) where both must be equal",
                                name.name
                            )),
                    );
                }
                let var = self.bind(&name.name, ty, name.span);
                Some(Pattern::Bind(var, Box::new(inner?)))
            }
            PatternKind::Var(name) => match self.lookup(name) {
                None => {
                    let var = self.bind(name, ty, span);
                    Some(Pattern::Bind(var, Box::new(Pattern::Wildcard)))
                }
                Some(var) => {
                    self.refer(span, Target::Var(self.rule, var));
                    let found = self.vars[var].ty;
                    if found != ty {
                        self.mismatch(
                            span,
                            &format!("`{name}`, which is bound before,"),
                            found,
                            ty,
                        );
                    }
                    Some(Pattern::Same(var))
                }
            },
            PatternKind::Term(name, args) => self.term_pattern(name, args, pattern, ty, depth),
        }
    }

    fn term_pattern(
        &mut self,
        name: &ast::Ident,
        args: &[ast::Pattern],
        pattern: &ast::Pattern,
        ty: TypeId,
        depth: usize,
    ) -> Option<Pattern> {
        let id = self.terms.require(name, self.errors)?;
        if depth > 2 * MAX_DEPTH {
            return self.expands_too_far(pattern.span);
        }
        let term = self.terms.get(id);
        if term.ret != ty {
            if let Some(conversion) = self.terms.conversion(term.ret, ty) {
                let conversion = self.terms.get(conversion);
                if conversion.has_extractor() {
                    let by = ast::Ident {
                        name: conversion.name.clone(),
                        span: name.span,
                    };
                    let args = std::slice::from_ref(pattern);
                    return self.term_pattern(&by, args, pattern, ty, depth + 1);
                }
            }
            self.refer(name.span, Target::Term(id));
            self.mismatch(name.span, &format!("`{}`", name.name), term.ret, ty);
        } else {
            self.refer(name.span, Target::Term(id));
        }
        self.arity(name, args.len(), pattern.span, id);
        match &term.kind {
            TermKind::Declared {
                extractor: None, ..
            } => {
                let message = format!(
                    "`{}` has no extractor, so it cannot stand in a pattern",
                    name.name
                );
                self.errors.push(
                    Diagnostic::new(Code::NoExtractor, name.span, message)
                        .label(term.span, "declared here")
                        .help(format!(
                            "declare (extern extractor {0} {0}), or match its value with `if-let`",
                            name.name
                        )),
                );
            }
            TermKind::Declared {
                extractor: Some(Extractor::Internal(extractor)),
                ..
            } => {
                if args.len() != extractor.params.len() {
                    return None;
                }
                let params = extractor.params.iter().map(|param| param.name.as_str());
                let map: HashMap<&str, &ast::Pattern> = params.zip(args).collect();
                return match self.expand(&extractor.template, &map) {
                    Some(expanded) => self.pattern(&expanded, ty, depth + 1),
                    None => self.expands_too_far(pattern.span),
                };
            }
            _ => {}
        }
        let args: Vec<_> = args
            .iter()
            .zip(&term.args)
            .map(|(arg, &ty)| self.pattern(arg, ty, depth + 1))
            .collect();
        Some(Pattern::Term(id, args.into_iter().collect::<Option<_>>()?))
    }

    /// Gives up on a pattern, and says so once.
    fn expands_too_far(&mut self, span: Span) -> Option<Pattern> {
        if self.expansion != usize::MAX {
            self.expansion = usize::MAX;
            self.errors.push(
                Diagnostic::new(
                    Code::TooLarge,
                    span,
                    "the extractors in this pattern expand too far",
                )
                .help("make one of them an `extern extractor`"),
            );
        }
        None
    }

    /// The template with its parameters replaced; none once that has become too large.
    fn expand(
        &mut self,
        template: &ast::Pattern,
        map: &HashMap<&str, &ast::Pattern>,
    ) -> Option<ast::Pattern> {
        self.expansion = self.expansion.saturating_add(1);
        if self.expansion > MOST_EXPANDED {
            return None;
        }
        let kind = match &template.kind {
            PatternKind::Var(name) => match map.get(name.as_str()) {
                Some(&pattern) => {
                    self.expansion = self.expansion.saturating_add(size(pattern));
                    return Some(pattern.clone());
                }
                None => PatternKind::Var(name.clone()),
            },
            PatternKind::Bind(name, inner) => {
                PatternKind::Bind(name.clone(), Box::new(self.expand(inner, map)?))
            }
            PatternKind::And(parts) => PatternKind::And(
                parts
                    .iter()
                    .map(|part| self.expand(part, map))
                    .collect::<Option<_>>()?,
            ),
            PatternKind::Term(name, args) => {
                let args = args
                    .iter()
                    .map(|arg| self.expand(arg, map))
                    .collect::<Option<_>>()?;
                PatternKind::Term(name.clone(), args)
            }
            other => other.clone(),
        };
        Some(ast::Pattern {
            kind,
            span: template.span,
        })
    }

    // ------------------------------------------------------------ expressions

    fn body(
        &mut self,
        body: &[ast::Expr],
        ty: Option<TypeId>,
        allowed: Allowed,
    ) -> Option<(Vec<Expr>, TypeId)> {
        let (last, effects) = body.split_last()?;
        let effects: Vec<_> = effects
            .iter()
            .map(|effect| self.expr(effect, None, allowed))
            .collect();
        let (value, ty) = self.expr(last, ty, allowed)?;
        let mut out = Vec::new();
        for effect in effects {
            out.push(effect?.0);
        }
        out.push(value);
        Some((out, ty))
    }

    /// Checks an expression that must have type `ty` where that is known.
    fn expr(
        &mut self,
        expr: &ast::Expr,
        ty: Option<TypeId>,
        allowed: Allowed,
    ) -> Option<(Expr, TypeId)> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Int(value) => {
                let Some(ty) = ty else {
                    self.errors.push(
                        Diagnostic::new(
                            Code::UntypedLiteral,
                            span,
                            format!("nothing says what type {value} has"),
                        )
                        .help("bind it in a `let` with a type"),
                    );
                    return None;
                };
                self.int(*value, ty, span);
                Some((Expr::Int(ty, *value), ty))
            }
            ExprKind::Bool(value) => {
                self.bool(*value, ty.unwrap_or(TypeId::BOOL), span);
                Some((Expr::Bool(*value), TypeId::BOOL))
            }
            ExprKind::Const(name) => {
                let found = self.constant(name, span)?;
                if ty.is_some_and(|ty| ty != found) {
                    self.mismatch(span, &format!("the constant `${name}`"), found, ty?);
                }
                Some((Expr::Const(found, name.clone()), found))
            }
            ExprKind::Var(name) => {
                let Some(var) = self.lookup(name) else {
                    let known = self.scope.iter().map(|&var| self.vars[var].name.as_str());
                    let help = did_you_mean(name, known).or_else(|| {
                        self.terms
                            .by_name(name)
                            .map(|_| format!("a term needs parentheses: ({name} …)"))
                    });
                    let message = format!("unknown variable `{name}`");
                    self.errors.push(
                        Diagnostic::new(Code::UnknownVariable, span, message).maybe_help(help),
                    );
                    return None;
                };
                self.refer(span, Target::Var(self.rule, var));
                let found = self.vars[var].ty;
                let value = Expr::Var(var);
                match ty {
                    Some(ty) if ty != found => {
                        self.converted(value, found, ty, span, &format!("`{name}`"), allowed)
                    }
                    _ => Some((value, found)),
                }
            }
            ExprKind::Let(defs, body) => {
                let outer = self.scope.len();
                let mut out = Some(Vec::new());
                for def in defs {
                    let def_ty = self.types.require(&def.ty, self.errors);
                    if let Some(def_ty) = def_ty {
                        self.refer(def.ty.span, Target::Type(def_ty));
                    }
                    let value = self.expr(&def.value, def_ty, allowed);
                    let found = value.as_ref().map(|(_, ty)| *ty);
                    match def_ty.or(found) {
                        Some(def_ty) => {
                            let var = self.bind(&def.name.name, def_ty, def.name.span);
                            match (value, &mut out) {
                                (Some((value, _)), Some(out)) => out.push((var, value)),
                                _ => out = None,
                            }
                        }
                        None => {
                            self.scope.truncate(outer);
                            return None;
                        }
                    }
                }
                let body = self.body(body, ty, allowed);
                self.scope.truncate(outer);
                let (body, ty) = body?;
                Some((Expr::Let(out?, body), ty))
            }
            ExprKind::Term(name, args) => self.term_expr(name, args, span, ty, allowed),
        }
    }

    fn term_expr(
        &mut self,
        name: &ast::Ident,
        args: &[ast::Expr],
        span: Span,
        ty: Option<TypeId>,
        allowed: Allowed,
    ) -> Option<(Expr, TypeId)> {
        if self.terms.by_name(&name.name).is_none() && self.lookup(&name.name).is_some() {
            let message = format!("`{}` is a variable, not a term", name.name);
            self.errors.push(
                Diagnostic::new(Code::UnknownTerm, name.span, message)
                    .help("remove the parentheses around it"),
            );
            return None;
        }
        let id = self.terms.require(name, self.errors)?;
        self.refer(name.span, Target::Term(id));
        self.may_stand(id, name.span, allowed);
        self.arity(name, args.len(), span, id);
        let term = self.terms.get(id);
        let args: Vec<_> = args
            .iter()
            .zip(&term.args)
            .map(|(arg, &ty)| self.expr(arg, Some(ty), allowed).map(|(arg, _)| arg))
            .collect();
        let args = args.into_iter().collect::<Option<Vec<_>>>()?;
        if let Some(&Constructor::Inst { inst, to }) = term.constructor() {
            let constant = |arg: &Expr| match arg {
                Expr::Int(_, value) => Some(*value),
                _ => None,
            };
            let constants: Vec<_> = args.iter().map(constant).collect();
            if !self.machine.check_operands(inst, to, &constants) {
                let message = format!("these operands of `{}` do not suit each other", name.name);
                self.errors.push(
                    Diagnostic::new(Code::NotEncodable, span, message)
                        .label(term.span, "what must hold is said here, in `where`"),
                );
            }
        }
        let value = Expr::Term(id, args);
        match ty {
            Some(ty) if ty != term.ret => self.converted(
                value,
                term.ret,
                ty,
                name.span,
                &format!("`{}`", name.name),
                allowed,
            ),
            _ => Some((value, term.ret)),
        }
    }

    /// Converts a value by a declared conversion; reports where there is none.
    ///
    /// The term of a conversion may take and give yet other types if these convert in turn.
    fn converted(
        &mut self,
        value: Expr,
        found: TypeId,
        wanted: TypeId,
        span: Span,
        what: &str,
        allowed: Allowed,
    ) -> Option<(Expr, TypeId)> {
        /// Conversions that use others are rare, and might go round in circles.
        const MOST_STEPS: usize = 8;

        let (mut value, mut at) = (value, found);
        let mut goals = vec![wanted];
        for _ in 0..MOST_STEPS {
            let Some(&goal) = goals.last() else {
                return Some((value, wanted));
            };
            let Some(by) = self.terms.conversion(at, goal) else {
                break;
            };
            let term = self.terms.get(by);
            let [input] = term.args[..] else { break };
            if !term.has_constructor() {
                break;
            }
            if input != at {
                goals.push(input);
                continue;
            }
            self.may_stand(by, span, allowed);
            (value, at) = (Expr::Term(by, vec![value]), term.ret);
            while goals.last() == Some(&at) {
                goals.pop();
            }
        }
        if goals.is_empty() {
            return Some((value, wanted));
        }
        self.mismatch(span, what, found, wanted);
        Some((value, wanted))
    }

    /// Reports a term that may not stand in an expression at this place.
    fn may_stand(&mut self, id: TermId, span: Span, allowed: Allowed) {
        let term = self.terms.get(id);
        let (name, flags, declared) = (&term.name, term.flags(), term.span);
        if !term.has_constructor() {
            let message =
                format!("`{name}` has no constructor, so it cannot stand in an expression");
            self.errors.push(
                Diagnostic::new(Code::NoConstructor, span, message)
                    .label(declared, "declared here")
                    .help(format!(
                        "write a rule for it, or declare (extern constructor {name} {name})"
                    )),
            );
        }
        let is_declared = matches!(term.kind, TermKind::Declared { .. });
        if is_declared && !flags.pure && !allowed.impure {
            let message = format!("`{name}` is not pure, and only pure terms may stand here");
            let help = match term.constructor() {
                Some(Constructor::Inst { .. } | Constructor::Helper(_)) => {
                    "it emits code: patterns and guards choose a rule, the body acts".to_string()
                }
                _ => format!("move it to the body of the rule, or declare it (decl pure {name} …)"),
            };
            self.errors.push(
                Diagnostic::new(Code::Impure, span, message)
                    .label(declared, "declared here")
                    .help(help),
            );
        }
        if flags.multi && !allowed.multi {
            let message = format!("`{name}` gives many values, and this rule gives one");
            self.errors.push(
                Diagnostic::new(Code::MisplacedMulti, span, message)
                    .label(declared, "declared `multi` here")
                    .help("only rules of multi terms can use multi terms"),
            );
        }
        if flags.partial && !allowed.partial {
            let message = format!("`{name}` may fail, and the body of this rule may not");
            self.errors.push(
                Diagnostic::new(Code::MisplacedPartial, span, message)
                    .label(declared, "declared `partial` here")
                    .help(
                        "move it to an `if-let`, where failing means that the rule does not match",
                    ),
            );
        }
    }
}

/// How many patterns a pattern consists of.
fn size(pattern: &ast::Pattern) -> usize {
    match &pattern.kind {
        PatternKind::Term(_, parts) | PatternKind::And(parts) => {
            1 + parts.iter().map(size).sum::<usize>()
        }
        PatternKind::Bind(_, inner) => 1 + size(inner),
        _ => 1,
    }
}
