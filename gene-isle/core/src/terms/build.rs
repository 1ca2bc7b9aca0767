//! Collects the terms of rule files.

use super::{Constructor, Extractor, Helper, Term, TermEnv, TermId, TermKind};
use crate::ast::{self, Flags, Ident, Item, ItemKind, Pattern, PatternKind};
use crate::diagnostic::{Code, Diagnostic, Errors, did_you_mean};
use crate::machine::Machine;
use crate::source::Span;
use crate::types::{TypeEnv, TypeId, TypeKind};

impl TermEnv {
    /// Collects the terms that `items` declare.
    pub fn build(
        items: &[Item],
        types: &TypeEnv,
        machine: &Machine,
        errors: &mut Errors,
    ) -> TermEnv {
        let mut env = TermEnv::default();
        for item in items {
            match &item.kind {
                ItemKind::Decl(decl) => env.declare(decl, &item.doc, types, errors),
                ItemKind::Helper(helper) => env.helper(helper, &item.doc, types, errors),
                _ => {}
            }
        }
        env.add_type_terms(types, errors);
        for term in machine.terms(types) {
            env.add(term, errors);
        }
        for item in items {
            match &item.kind {
                ItemKind::Rule(rule) => env.note_rule(rule, errors),
                ItemKind::Extractor(extractor) => env.note_extractor(extractor, errors),
                _ => {}
            }
        }
        env.check_extractor_cycles(errors);
        for item in items {
            match &item.kind {
                ItemKind::Convert(convert) => env.convert(convert, types, errors),
                ItemKind::Extern(ast::Extern::Constructor { term, func }) => {
                    env.extern_constructor(term, func, errors);
                }
                ItemKind::Extern(ast::Extern::Extractor {
                    term,
                    func,
                    infallible,
                }) => {
                    env.extern_extractor(term, func, *infallible, errors);
                }
                _ => {}
            }
        }
        env.check_defined(errors);
        env
    }

    fn add(&mut self, term: Term, errors: &mut Errors) -> Option<TermId> {
        if let Some(&first) = self.by_name.get(&term.name) {
            let message = format!("the term `{}` is declared twice", term.name);
            errors.push(
                Diagnostic::new(Code::DuplicateTerm, term.span, message)
                    .label(self.get(first).span, "first declared here")
                    .help("remove or rename one of them"),
            );
            return None;
        }
        let id = TermId(self.terms.len() as u32);
        self.by_name.insert(term.name.clone(), id);
        self.terms.push(term);
        Some(id)
    }

    fn declare(&mut self, decl: &ast::Decl, doc: &str, types: &TypeEnv, errors: &mut Errors) {
        if decl.flags.multi && decl.flags.partial {
            let message = format!(
                "the term `{}` cannot be both multi and partial",
                decl.name.name
            );
            errors.push(
                Diagnostic::new(Code::BadFlags, decl.name.span, message)
                    .help("a multi term that matches nothing gives no values: drop `partial`"),
            );
        }
        let args: Vec<_> = decl
            .args
            .iter()
            .map(|arg| types.require(arg, errors))
            .collect();
        let ret = types.require(&decl.ret, errors);
        let (Some(args), Some(ret)) = (args.into_iter().collect::<Option<Vec<_>>>(), ret) else {
            return;
        };
        let kind = TermKind::Declared {
            flags: decl.flags,
            constructor: None,
            extractor: None,
        };
        let (name, span, doc) = (decl.name.name.clone(), decl.name.span, doc.to_string());
        self.add(
            Term {
                name,
                span,
                doc,
                args,
                ret,
                kind,
            },
            errors,
        );
    }

    fn helper(&mut self, helper: &ast::Helper, doc: &str, types: &TypeEnv, errors: &mut Errors) {
        let args: Vec<_> = helper
            .args
            .iter()
            .map(|arg| types.require(arg, errors))
            .collect();
        let ret = types.require(&helper.ret, errors);
        let (Some(args), Some(ret)) = (args.into_iter().collect::<Option<Vec<_>>>(), ret) else {
            return;
        };
        let (name, span, doc) = (helper.name.name.clone(), helper.name.span, doc.to_string());
        let (mut alloc, mut raise, mut reenter) = (false, false, false);
        for effect in &helper.effects {
            match effect.name.as_str() {
                "alloc" => alloc = true,
                "raise" => raise = true,
                "reenter" => reenter = true,
                other => {
                    let message = format!("unknown effect `{other}`");
                    let known = ["alloc", "raise", "reenter"];
                    let help = did_you_mean(other, known.into_iter()).unwrap_or_else(|| {
                        "the effects are `alloc`, `raise` and `reenter`".to_string()
                    });
                    errors.push(
                        Diagnostic::new(Code::UnknownEffect, effect.span, message).help(help),
                    );
                }
            }
        }
        let kind = TermKind::Declared {
            flags: Flags::default(),
            constructor: Some(Constructor::Helper(self.helpers.len())),
            extractor: None,
        };
        let term = Term {
            name: name.clone(),
            span,
            doc: doc.clone(),
            args: args.clone(),
            ret,
            kind,
        };
        if self.add(term, errors).is_some() {
            let path = helper.path.name.clone();
            self.helpers.push(Helper {
                name,
                span,
                doc,
                path,
                args,
                ret,
                alloc,
                raise,
                reenter,
            });
        }
    }

    /// Every variant and struct is a term.
    fn add_type_terms(&mut self, types: &TypeEnv, errors: &mut Errors) {
        for (index, ty) in types.types.iter().enumerate() {
            let ret = TypeId(index as u32);
            match &ty.kind {
                TypeKind::Enum(variants) => {
                    for (index, variant) in variants.iter().enumerate() {
                        let term = Term {
                            name: format!("{}.{}", ty.name, variant.name),
                            span: variant.span,
                            doc: String::new(),
                            args: variant.fields.types(),
                            ret,
                            kind: TermKind::Variant(index as u32),
                        };
                        self.add(term, errors);
                    }
                }
                TypeKind::Struct(fields) => {
                    let term = Term {
                        name: ty.name.clone(),
                        span: ty.span.unwrap_or_default(),
                        doc: ty.doc.clone(),
                        args: fields.types(),
                        ret,
                        kind: TermKind::Struct,
                    };
                    self.add(term, errors);
                }
                _ => {}
            }
        }
    }

    /// A term with rules is made by its rules.
    fn note_rule(&mut self, rule: &ast::Rule, errors: &mut Errors) {
        let PatternKind::Term(name, _) = &rule.pattern.kind else {
            let message = "a rule must match a term";
            errors.push(
                Diagnostic::new(Code::RulePattern, rule.pattern.span, message)
                    .help("begin the pattern with a declared term: (rule (TERM PATTERN…) EXPR)"),
            );
            return;
        };
        let Some(id) = self.require(name, errors) else {
            return;
        };
        let term = &mut self.terms[id.index()];
        let what = match &mut term.kind {
            TermKind::Declared {
                constructor: slot @ None,
                ..
            } => {
                *slot = Some(Constructor::Rules(name.span));
                return;
            }
            TermKind::Declared {
                constructor: Some(Constructor::Rules(_)),
                ..
            } => return,
            TermKind::Declared {
                constructor: Some(Constructor::Extern(_, at)),
                ..
            } => {
                let (message, at) = (
                    format!("the term `{}` is made by a Rust function", name.name),
                    *at,
                );
                errors.push(
                    Diagnostic::new(Code::DuplicateExtern, name.span, message)
                        .says("so it cannot have rules")
                        .label(at, "the function is named here"),
                );
                return;
            }
            TermKind::Declared {
                constructor: Some(Constructor::Inst { .. }),
                ..
            } => "a machine instruction",
            TermKind::Declared {
                constructor: Some(Constructor::Helper(_)),
                ..
            } => "a helper",
            TermKind::Declared {
                constructor: Some(Constructor::Immediate(_)),
                ..
            } => "an immediate",
            TermKind::Variant(_) => "an enum variant",
            TermKind::Struct => "a struct",
        };
        let message = format!("`{}` is {what} and cannot have rules", name.name);
        errors.push(
            Diagnostic::new(Code::WrongKind, name.span, message)
                .help("declare a term of your own and write the rule for it"),
        );
    }

    fn note_extractor(&mut self, extractor: &ast::Extractor, errors: &mut Errors) {
        let name = &extractor.term;
        let Some(id) = self.require(name, errors) else {
            return;
        };
        self.check_template(&extractor.template, errors);
        let term = &mut self.terms[id.index()];
        if extractor.params.len() != term.args.len() {
            let message = format!(
                "the extractor of `{}` names {} parameters, but the term has {}",
                name.name,
                extractor.params.len(),
                term.args.len()
            );
            errors.push(
                Diagnostic::new(Code::Arity, name.span, message)
                    .label(term.span, "the term is declared here"),
            );
            return;
        }
        match &mut term.kind {
            TermKind::Declared {
                flags: Flags { multi: true, .. },
                ..
            } => {
                let message = format!(
                    "the multi term `{}` cannot have an internal extractor",
                    name.name
                );
                errors
                    .push(Diagnostic::new(Code::WrongKind, name.span, message).help(
                        "a pattern matches once; use an `extern extractor`, or drop `multi`",
                    ));
            }
            TermKind::Declared {
                extractor: Some(first),
                ..
            } => {
                let first = first.span();
                errors.push(two_definitions("extractors", name, first));
            }
            TermKind::Declared {
                extractor: slot, ..
            } => {
                *slot = Some(Extractor::Internal(extractor.clone()));
            }
            TermKind::Variant(_) | TermKind::Struct => {
                errors.push(built_in_extractor(name));
            }
        }
    }

    /// All terms in a template must exist even if nothing uses the extractor.
    fn check_template(&self, pattern: &Pattern, errors: &mut Errors) {
        match &pattern.kind {
            PatternKind::Term(name, args) => {
                self.require(name, errors);
                for arg in args {
                    self.check_template(arg, errors);
                }
            }
            PatternKind::And(parts) => {
                for part in parts {
                    self.check_template(part, errors);
                }
            }
            PatternKind::Bind(_, inner) => self.check_template(inner, errors),
            _ => {}
        }
    }

    /// An extractor that expands to itself would never end.
    fn check_extractor_cycles(&self, errors: &mut Errors) {
        let mut uses: Vec<Vec<usize>> = vec![Vec::new(); self.terms.len()];
        for (index, term) in self.terms.iter().enumerate() {
            if let TermKind::Declared {
                extractor: Some(Extractor::Internal(extractor)),
                ..
            } = &term.kind
            {
                self.template_terms(&extractor.template, &mut uses[index]);
            }
        }
        for index in crate::recursion::nodes_in_cycles(&uses) {
            let term = &self.terms[index];
            let TermKind::Declared {
                extractor: Some(extractor),
                ..
            } = &term.kind
            else {
                continue;
            };
            let message = format!("the extractor of `{}` expands to itself", term.name);
            errors.push(
                Diagnostic::new(Code::RecursiveExtractor, extractor.span(), message)
                    .help("extractors are replaced by their pattern, so they cannot recurse; use an `extern extractor`"),
            );
        }
    }

    fn template_terms(&self, pattern: &Pattern, out: &mut Vec<usize>) {
        match &pattern.kind {
            PatternKind::Term(name, args) => {
                out.extend(self.by_name(&name.name).map(TermId::index));
                args.iter().for_each(|arg| self.template_terms(arg, out));
            }
            PatternKind::And(parts) => parts.iter().for_each(|part| self.template_terms(part, out)),
            PatternKind::Bind(_, inner) => self.template_terms(inner, out),
            _ => {}
        }
    }

    fn convert(&mut self, convert: &ast::Convert, types: &TypeEnv, errors: &mut Errors) {
        let inner = types.require(&convert.inner, errors);
        let outer = types.require(&convert.outer, errors);
        let term = self.require(&convert.term, errors);
        let (Some(inner), Some(outer), Some(id)) = (inner, outer, term) else {
            return;
        };
        if let Some(first) = self.conversions.insert((inner, outer), id) {
            let message = format!(
                "there are two conversions from `{}` to `{}`",
                convert.inner.name, convert.outer.name
            );
            errors.push(
                Diagnostic::new(Code::DuplicateConversion, convert.term.span, message)
                    .label(self.get(first).span, "the other one converts by this term")
                    .help("remove one of them"),
            );
        }
    }

    fn extern_constructor(&mut self, name: &Ident, func: &Ident, errors: &mut Errors) {
        let Some(id) = self.require(name, errors) else {
            return;
        };
        match &mut self.terms[id.index()].kind {
            TermKind::Declared {
                constructor: slot @ None,
                ..
            } => {
                *slot = Some(Constructor::Extern(func.name.clone(), name.span));
            }
            TermKind::Declared {
                constructor: Some(Constructor::Rules(at) | Constructor::Extern(_, at)),
                ..
            } => {
                let at = *at;
                errors.push(two_definitions("constructors", name, at));
            }
            _ => {
                let message = format!("`{}` already has a constructor", name.name);
                errors.push(
                    Diagnostic::new(Code::WrongKind, name.span, message)
                        .says("variants, structs, instructions and helpers have their own"),
                );
            }
        }
    }

    fn extern_extractor(
        &mut self,
        name: &Ident,
        func: &Ident,
        infallible: bool,
        errors: &mut Errors,
    ) {
        let Some(id) = self.require(name, errors) else {
            return;
        };
        match &mut self.terms[id.index()].kind {
            TermKind::Declared {
                extractor: slot @ None,
                ..
            } => {
                let func = func.name.clone();
                *slot = Some(Extractor::Extern {
                    func,
                    infallible,
                    span: name.span,
                });
            }
            TermKind::Declared {
                extractor: Some(first),
                ..
            } => {
                let first = first.span();
                errors.push(two_definitions("extractors", name, first));
            }
            TermKind::Variant(_) | TermKind::Struct => errors.push(built_in_extractor(name)),
        }
    }

    /// A declared term must be good for something.
    fn check_defined(&self, errors: &mut Errors) {
        if !errors.is_empty() {
            // Its definition may be among what could not be read.
            return;
        }
        for term in &self.terms {
            if !term.has_constructor() && !term.has_extractor() {
                let message = format!("the term `{}` is declared but never defined", term.name);
                errors.push(
                    Diagnostic::new(Code::Undefined, term.span, message).help(format!(
                        "write a rule for it, an extractor, or (extern constructor {0} {0})",
                        term.name
                    )),
                );
            }
        }
    }
}

fn two_definitions(what: &str, name: &Ident, first: Span) -> Diagnostic {
    let message = format!("the term `{}` has two {what}", name.name);
    Diagnostic::new(Code::DuplicateExtern, name.span, message)
        .label(first, "the other definition is here")
        .help("remove one of them")
}

fn built_in_extractor(name: &Ident) -> Diagnostic {
    let message = format!("`{}` already has an extractor", name.name);
    Diagnostic::new(Code::WrongKind, name.span, message)
        .says("enum variants and structs match by themselves")
        .help("remove the definition")
}
