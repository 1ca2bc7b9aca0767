//! Expressions, and what may stand in them.

use super::{Allowed, Checker, Expr, Target};
use crate::ast::{self, ExprKind};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::machine::Argument;
use crate::source::Span;
use crate::terms::{Constructor, TermId, TermKind};
use crate::types::TypeId;

impl Checker<'_> {
    pub(super) fn body(
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
    pub(super) fn expr(
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
            let known: Vec<_> = args
                .iter()
                .map(|arg| match arg {
                    Expr::Int(_, value) => Argument::Constant(*value),
                    Expr::Var(var) => Argument::Variable(*var),
                    _ => Argument::Unknown,
                })
                .collect();
            if !self.machine.check_operands(inst, to, &known) {
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
