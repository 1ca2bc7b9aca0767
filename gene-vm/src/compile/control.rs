//! Branches: `if`, `ifel`, `if_not`, `case`, `return`, `$if_main`.

use super::{Compile, Compiler, Exit, SideEntry, Want, scan};
use crate::bytecode::Op;
use crate::object::*;
use crate::print::written;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

impl Compiler<'_> {
    /// `(if cond [then] form… [elif cond [then] form…]… [else form…])`
    pub(super) fn if_form(&mut self, parts: &[Value], want: Want) -> Compile {
        let mut rest = parts;
        let end = self.e.label();
        let depth = self.e.depth;
        let after = depth + (want == Want::Value) as usize;
        loop {
            // `rest` starts with a condition.
            let negated = rest.first().is_some_and(|f| f.is_symbol(sym::NOT)) && rest.len() > 1;
            let rest_of = if negated { &rest[1..] } else { rest };
            let Some((&condition, body)) = rest_of.split_first() else {
                return self.error("if: missing condition");
            };
            let has_then = body.first().is_some_and(|f| f.is_symbol(sym::THEN));
            let body = if has_then { &body[1..] } else { body };
            let is_part = |f: &Value| f.is_symbol(sym::ELIF) || f.is_symbol(sym::ELSE);
            let length = body.iter().position(is_part).unwrap_or(body.len());
            let (branch, others) = body.split_at(length);
            if branch.is_empty() && others.is_empty() && !has_then {
                return self.error("if: missing body after condition");
            }
            let otherwise = self.e.label();
            let scope_forms: Vec<Value> = std::iter::once(condition)
                .chain(branch.iter().copied())
                .collect();
            self.scope(&scope_forms, |c| {
                c.condition(condition, otherwise, negated)?;
                c.sequence(branch, want)
            })?;
            if want != Want::Return {
                self.e.jump(Op::Jump, end, 0);
            }
            self.e.bind(otherwise);
            self.e.depth = depth;
            match others.split_first() {
                Some((keyword, tail)) if keyword.is_symbol(sym::ELIF) => rest = tail,
                Some((_, body)) => {
                    self.scope(body, |c| c.sequence(body, want))?;
                    break;
                }
                None => {
                    self.constant(Value::NIL, want)?;
                    break;
                }
            }
        }
        self.e.bind(end);
        self.e.depth = after;
        Ok(())
    }

    /// Compiles a condition: goes on if it is truthy (falsy, if negated), else jumps.
    pub(super) fn condition(
        &mut self,
        form: Value,
        otherwise: super::Label,
        negated: bool,
    ) -> Compile {
        self.expression(form, Want::Value)?;
        self.e.branch(otherwise, negated);
        Ok(())
    }

    /// `(ifel c a [b])`
    pub(super) fn ifel(&mut self, parts: &[Value], want: Want) -> Compile {
        let (condition, yes, no) = match *parts {
            [] => return self.error("ifel: missing condition"),
            [_] => return self.error("ifel: missing body after condition"),
            [condition, yes] => (condition, yes, Value::NIL),
            [condition, yes, no] => (condition, yes, no),
            _ => {
                return self.error(
                    "ifel: expected condition, then expression, and optional else expression",
                );
            }
        };
        self.either(condition, false, &[yes], &[no], want)
    }

    /// `(if_not c [then] form…)`
    pub(super) fn if_not(&mut self, parts: &[Value], want: Want) -> Compile {
        let Some((&condition, body)) = parts.split_first() else {
            return self.error("if_not: missing condition");
        };
        let has_then = body.first().is_some_and(|f| f.is_symbol(sym::THEN));
        let body = if has_then { &body[1..] } else { body };
        if body.is_empty() && !has_then {
            return self.error("if_not: missing body after condition");
        }
        if let Some(part) = body
            .iter()
            .find(|f| f.is_symbol(sym::ELSE) || f.is_symbol(sym::ELIF))
        {
            return self.error(format!("if_not: {} is not allowed", written(*part)));
        }
        self.either(condition, true, body, &[], want)
    }

    fn either(
        &mut self,
        condition: Value,
        negated: bool,
        yes: &[Value],
        no: &[Value],
        want: Want,
    ) -> Compile {
        let (otherwise, end) = (self.e.label(), self.e.label());
        let depth = self.e.depth;
        let scope_forms: Vec<Value> = std::iter::once(condition)
            .chain(yes.iter().copied())
            .collect();
        self.scope(&scope_forms, |c| {
            c.condition(condition, otherwise, negated)?;
            c.sequence(yes, want)
        })?;
        if want != Want::Return {
            self.e.jump(Op::Jump, end, 0);
        }
        self.e.bind(otherwise);
        self.e.depth = depth;
        self.scope(no, |c| c.sequence(no, want))?;
        self.e.bind(end);
        Ok(())
    }

    /// `($if_main form…)`
    pub(super) fn if_main(&mut self, forms: &[Value], want: Want) -> Compile {
        self.either(Value::symbol(sym::IS_MAIN), false, forms, &[], want)
    }

    // ── case ───────────────────────────────────────────────────────────────

    /// `(case target when v form… [when …]… [else form…])`
    pub(super) fn case(&mut self, parts: &[Value], want: Want) -> Compile {
        let Some((&target, clauses)) = parts.split_first() else {
            return self.error("case: missing target expression");
        };
        if target.is_symbol(sym::WHEN) {
            return self.error("case: missing target expression");
        }
        self.expression(target, Want::Value)?;
        let subject = self.e.new_locals(1);
        self.e.op_bc(Op::SetLocal, subject, 0, 1, 0);
        let end = self.e.label();
        let depth = self.e.depth;
        let after = depth + (want == Want::Value) as usize;
        let mut rest = clauses;
        let mut has_else = false;
        while let Some((&keyword, tail)) = rest.split_first() {
            self.e.depth = depth;
            if keyword.is_symbol(sym::ELSE) {
                self.scope(tail, |c| c.sequence(tail, want))?;
                has_else = true;
                break;
            }
            if !keyword.is_symbol(sym::WHEN) {
                return self.error(format!(
                    "case: expected 'when' or 'else', got: {}",
                    written(keyword)
                ));
            }
            let Some((&pattern, body)) = tail.split_first() else {
                return self.error("case: missing value after 'when'");
            };
            let is_part = |f: &Value| f.is_symbol(sym::WHEN) || f.is_symbol(sym::ELSE);
            let length = body.iter().position(is_part).unwrap_or(body.len());
            let (body, others) = body.split_at(length);
            let next = self.e.label();
            let binders = self.case_pattern(pattern, subject, next)?;
            let names: Vec<Symbol> = binders.iter().map(|&(_, name)| name).collect();
            self.scope_with(&names, body, |c| {
                for &(field, name) in &binders {
                    c.e.op_bc(Op::GetLocal, subject, 0, 0, 1);
                    c.e.op_bc(Op::GetPayload, field, 0, 1, 1);
                    c.declare_variable(name, false, None);
                    c.store_new(name);
                }
                c.sequence(body, want)
            })?;
            if want != Want::Return {
                self.e.jump(Op::Jump, end, 0);
            }
            self.e.bind(next);
            rest = others;
        }
        if !has_else {
            self.e.depth = depth;
            self.constant(Value::NIL, want)?;
        }
        self.e.bind(end);
        self.e.depth = after;
        Ok(())
    }

    /// Tests a `when` pattern (9.4) and jumps if it does not match. Answers the payload fields to be bound.
    fn case_pattern(
        &mut self,
        pattern: Value,
        subject: u16,
        next: super::Label,
    ) -> Compile<Vec<(u16, Symbol)>> {
        if pattern.is_symbol(sym::PLACEHOLDER) {
            return Ok(Vec::new());
        }
        if self.is_variant_name(pattern) {
            self.variant_pattern(pattern, None, subject, next)?;
            return Ok(Vec::new());
        }
        if let Some(gene) = pattern.get::<Gene>()
            && !gene.header().sealed
            && self.is_variant_name(gene.head)
            && !gene
                .children
                .first()
                .and_then(|first| first.as_symbol())
                .is_some_and(|first| {
                    scan::is_infix_operator(first) || first.name().starts_with('.')
                })
        {
            self.variant_pattern(gene.head, Some(gene.children.len()), subject, next)?;
            let mut binders = Vec::new();
            for (field, &binder) in gene.children.iter().enumerate() {
                let Some(name) = binder.as_symbol() else {
                    let head = written(gene.head);
                    return self.error(format!("enum pattern {head} binding must be a symbol"));
                };
                if name != sym::PLACEHOLDER {
                    binders.push((field as u16, name));
                }
            }
            return Ok(binders);
        }
        self.e.op_bc(Op::GetLocal, subject, 0, 0, 1);
        self.expression(pattern, Want::Value)?;
        self.e.op(Op::Eq, 2, 1);
        self.e.branch(next, false);
        Ok(Vec::new())
    }

    fn variant_pattern(
        &mut self,
        name: Value,
        binders: Option<usize>,
        subject: u16,
        next: super::Label,
    ) -> Compile {
        self.e.op_bc(Op::GetLocal, subject, 0, 0, 1);
        self.variant_value(name)?;
        let entry = self.e.side(SideEntry::Variant {
            text: written(name).into(),
            binders,
        });
        self.e.op_c(Op::MatchVariant, entry, 2, 1);
        self.e.branch(next, false);
        Ok(())
    }

    /// Pushes what a variant pattern names. A bare variant name that is no variable is looked up in the enums
    /// that the file declares.
    fn variant_value(&mut self, name: Value) -> Compile {
        if let Some(symbol) = name.as_symbol()
            && self.find(symbol).is_none()
            && !matches!(symbol.name(), "Ok" | "Err" | "Some" | "None")
        {
            let owners = self.variants_named(symbol);
            match owners[..] {
                [] => {}
                [owner] => return self.path(&[owner, symbol], Want::Value),
                _ => {
                    let choices: Vec<String> = owners
                        .iter()
                        .map(|owner| format!("{owner}/{symbol}"))
                        .collect();
                    return self.error(format!(
                        "variant {symbol} is ambiguous; use a qualified pattern such as {}",
                        choices.join(" or ")
                    ));
                }
            }
        }
        self.expression(name, Want::Value)
    }

    /// Is the pattern, by its spelling, the name of an enum variant (9.4)?
    fn is_variant_name(&self, pattern: Value) -> bool {
        if let Some(path) = pattern.get::<ComplexSymbol>() {
            return path.parts.len() == 2
                && path
                    .parts
                    .iter()
                    .all(|p| *p != sym::EMPTY && !p.name().starts_with('.'));
        }
        let Some(symbol) = pattern.as_symbol() else {
            return false;
        };
        matches!(symbol.name(), "Ok" | "Err" | "Some" | "None")
            || !self.variants_named(symbol).is_empty()
            || (symbol.name().starts_with(char::is_uppercase) && self.find(symbol).is_some())
    }

    /// The visible enums that declare a variant.
    fn variants_named(&self, name: Symbol) -> Vec<Symbol> {
        self.environment().enums_with(name)
    }

    // ── return ─────────────────────────────────────────────────────────────

    /// `(return [v])`
    pub(super) fn return_form(&mut self, forms: &[Value], want: Want) -> Compile {
        let form = forms.first().copied().unwrap_or(Value::NIL);
        let depth = self.e.depth;
        if self
            .exits
            .iter()
            .all(|exit| matches!(exit, Exit::Loop { .. }))
            && self.exits.is_empty()
        {
            self.expression(form, Want::Return)?;
        } else {
            self.expression(form, Want::Value)?;
            self.leave_and_return()?;
        }
        self.e.depth = depth;
        self.unreachable_value(want);
        Ok(())
    }

    /// Returns the top operand from anywhere: leaves the forms around, then returns.
    pub(super) fn leave_and_return(&mut self) -> Compile {
        let exits = self.leave_exits(0)?;
        self.return_value()?;
        self.reenter_exits(exits);
        Ok(())
    }

    /// Checks and returns the top operand; no form around needs to be left.
    pub(super) fn return_value(&mut self) -> Compile {
        if let Some(of) = self.prototype.return_type.clone() {
            let name = self.prototype.name.map_or("<unnamed>", |name| name.name());
            self.check_type(&of, &format!("return value of {name}"), true)?;
        }
        if !self.post.is_empty() {
            self.postconditions()?;
        }
        self.e.op(Op::Return, 1, 0);
        Ok(())
    }
}
