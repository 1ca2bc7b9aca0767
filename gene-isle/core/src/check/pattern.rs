//! Patterns, and the extractors that they expand.

use std::collections::HashMap;

use super::{Checker, Pattern, Target};
use crate::ast::{self, PatternKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::reader::MAX_DEPTH;
use crate::source::Span;
use crate::terms::{Extractor, TermKind};
use crate::types::TypeId;

/// Internal extractors can multiply: ten nested ones that use their argument twice make a
/// thousand patterns. Past this many the rule is refused.
const MOST_EXPANDED: usize = 20_000;

impl Checker<'_> {
    /// Checks a pattern. `depth` bounds the recursion where extractors expand to extractors.
    pub(super) fn pattern(
        &mut self,
        pattern: &ast::Pattern,
        ty: TypeId,
        depth: usize,
    ) -> Option<Pattern> {
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
