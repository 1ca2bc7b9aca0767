//! Loops, `break` and `continue` (page 4).

use super::{Compile, Compiler, Exit, Label, Want};
use crate::bytecode::{Instr, Op};
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// Locals that an iteration uses; see [`Op::IterStart`].
const ITERATION_LOCALS: usize = 4;

impl Compiler<'_> {
    /// Compiles a loop's body between its labels.
    fn in_loop(
        &mut self,
        gene: &Gene,
        (break_to, continue_to): (Label, Label),
        keeps_value: bool,
        body: impl FnOnce(&mut Self) -> Compile,
    ) -> Compile {
        let name = gene.props.get(&sym::NAME).and_then(|&name| loop_name(name));
        self.exits.push(Exit::Loop {
            name,
            break_to,
            continue_to,
            depth: self.e.depth,
            keeps_value,
        });
        body(self)?;
        self.exits.pop();
        Ok(())
    }

    /// `(while cond form…)`
    pub(super) fn while_loop(&mut self, gene: &Gene, want: Want) -> Compile {
        let Some((&condition, body)) = gene.children.split_first() else {
            return self.error("while expects at least 1 argument (condition)");
        };
        let (start, end) = (self.e.label(), self.e.label());
        self.part(&gene.children, |c| {
            c.e.bind(start);
            c.in_loop(gene, (end, start), false, |c| {
                c.condition(condition, end, false)?;
                c.effects(body)?;
                c.e.jump(Op::JumpBack, start, 0);
                Ok(())
            })
        })?;
        self.e.bind(end);
        self.constant(Value::NIL, want)
    }

    /// `(loop form…)`
    pub(super) fn endless_loop(&mut self, gene: &Gene, want: Want) -> Compile {
        let (start, end) = (self.e.label(), self.e.label());
        let keeps_value = want != Want::Nothing;
        self.part(&gene.children, |c| {
            c.e.bind(start);
            c.in_loop(gene, (end, start), keeps_value, |c| {
                c.effects(&gene.children)?;
                c.e.jump(Op::JumpBack, start, 0);
                Ok(())
            })
        })?;
        self.e.bind(end);
        if keeps_value {
            self.e.depth += 1;
            self.finish(want)?;
        }
        Ok(())
    }

    /// `(for [key] value in iterable form…)`
    pub(super) fn for_loop(&mut self, gene: &Gene, want: Want) -> Compile {
        let parts = &gene.children;
        let Some(at) = parts.iter().position(|part| part.is_symbol(sym::IN)) else {
            return self.error("for loop requires 'in' keyword followed by a collection");
        };
        let Some(&iterable) = parts.get(at + 1) else {
            return self.error("for loop requires 'in' keyword followed by a collection");
        };
        let is_pattern = |v: Value| v.get::<Array>().is_some() || v.get::<Map>().is_some();
        let (key, value) = match parts[..at] {
            [value] if value.as_symbol().is_some() || is_pattern(value) => (None, value),
            [_] => {
                return self.error("for loop variable must be a symbol or destructuring pattern");
            }
            [key, _] if key.as_symbol().is_none() => {
                return self.error("for loop index/key binding must be a symbol");
            }
            [key, value] if value.as_symbol().is_some() || is_pattern(value) => {
                (key.as_symbol(), value)
            }
            [_, _] => {
                return self
                    .error("for loop value binding must be a symbol or destructuring pattern");
            }
            [] => return self.error("for loop variable must be a symbol or destructuring pattern"),
            _ => return self.error("for loop: unexpected tokens before 'in'"),
        };
        let body = &parts[at + 2..];
        self.scope(&[iterable], |c| {
            let iteration = c.e.new_locals(ITERATION_LOCALS);
            c.expression(iterable, Want::Value)?;
            let a = key.is_some() as u8;
            c.e.emit(
                Instr {
                    op: Op::IterStart,
                    a,
                    b: iteration,
                    c: 0,
                },
                1,
                0,
            );
            let (start, end) = (c.e.label(), c.e.label());
            c.e.bind(start);
            c.in_loop(gene, (end, start), false, |c| {
                let next = if key.is_some() {
                    Op::IterNextPair
                } else {
                    Op::IterNext
                };
                c.e.jump_local(next, iteration, end);
                c.e.depth += 1 + key.is_some() as usize;
                c.round(key, value, body)?;
                c.e.jump(Op::JumpBack, start, 0);
                Ok(())
            })?;
            c.e.bind(end);
            Ok(())
        })?;
        self.constant(Value::NIL, want)
    }

    /// One round of a `for`: binds the operands on the stack in a scope of their own and runs the body.
    fn round(&mut self, key: Option<Symbol>, value: Value, body: &[Value]) -> Compile {
        let mut names = super::scan::pattern_names(value);
        names.extend(key);
        // The scope is opened with the operands on the stack, which its instruction leaves alone.
        self.scope_with(&names, body, |c| {
            match value.as_symbol() {
                Some(sym::PLACEHOLDER) => c.e.pop(),
                Some(name) => {
                    c.declare_variable(name, false, None);
                    c.store_new(name);
                }
                None => c.destructure(value, false)?,
            }
            match key {
                Some(sym::PLACEHOLDER) => c.e.pop(),
                Some(name) => {
                    c.declare_variable(name, false, None);
                    c.store_new(name);
                }
                None => {}
            }
            c.effects(body)
        })
    }

    /// `(repeat n form…)`
    pub(super) fn repeat(&mut self, gene: &Gene, want: Want) -> Compile {
        let Some((&count, body)) = gene.children.split_first() else {
            return self.error("repeat expects at least 1 argument (count)");
        };
        self.expression(count, Want::Value)?;
        self.e.op(Op::RepeatCount, 1, 1);
        let mark = self.e.local_mark();
        let left = self.e.new_locals(1);
        self.e.op_bc(Op::SetLocal, left, 0, 1, 0);
        let (start, end) = (self.e.label(), self.e.label());
        self.e.bind(start);
        self.in_loop(gene, (end, start), false, |c| {
            c.e.op_bc(Op::GetLocal, left, 0, 0, 1);
            c.e.constant(Value::int32(0));
            c.e.op(Op::Gt, 2, 1);
            c.e.branch(end, false);
            c.e.op_bc(Op::DecLocal, left, 1, 0, 0);
            c.scope(body, |c| c.effects(body))?;
            c.e.jump(Op::JumpBack, start, 0);
            Ok(())
        })?;
        self.e.bind(end);
        self.e.free_locals(mark);
        self.constant(Value::NIL, want)
    }

    /// Compiles forms for their effects only.
    pub(super) fn effects(&mut self, forms: &[Value]) -> Compile {
        forms
            .iter()
            .try_for_each(|&form| self.expression(form, Want::Nothing))
    }

    /// `(break [v])`, `(break ^from name v)`
    pub(super) fn break_form(&mut self, gene: &Gene, want: Want) -> Compile {
        self.leave_loop(gene, want, true)
    }

    /// `(continue)`, `(continue ^from name)`
    pub(super) fn continue_form(&mut self, gene: &Gene, want: Want) -> Compile {
        self.leave_loop(gene, want, false)
    }

    fn leave_loop(&mut self, gene: &Gene, want: Want, is_break: bool) -> Compile {
        let wanted = gene.props.get(&sym::FROM).and_then(|&name| loop_name(name));
        let found = self.exits.iter().rposition(|exit| match exit {
            Exit::Loop { name, .. } => wanted.is_none() || *name == wanted,
            _ => false,
        });
        let Some(index) = found else {
            if let Some(name) = wanted {
                return self.error(format!("No loop named '{name}' found"));
            }
            let word = if is_break { "break" } else { "continue" };
            let message = format!("{word} used outside of a loop");
            self.warn(
                message.as_str(),
                "it acts on a loop in the same function or block; use (return) to leave a function",
            );
            return self.raise_error(message, want);
        };
        let Exit::Loop {
            break_to,
            continue_to,
            depth: loop_depth,
            keeps_value,
            ..
        } = self.exits[index]
        else {
            unreachable!("the search looks for loops");
        };
        let depth = self.e.depth;
        let value = gene.children.first().copied().unwrap_or(Value::NIL);
        let keeps_value = keeps_value && is_break;
        if is_break {
            self.expression(
                value,
                if keeps_value {
                    Want::Value
                } else {
                    Want::Nothing
                },
            )?;
        }
        let exits = self.leave_exits(index + 1)?;
        let below = depth - loop_depth;
        if keeps_value && below > 0 {
            self.e.op_bc(Op::Slide, below as u16, 0, below + 1, 1);
        } else {
            for _ in 0..below {
                self.e.op(Op::Pop, 1, 0);
            }
        }
        if is_break {
            self.e.jump(Op::Jump, break_to, 0);
        } else {
            self.e.jump(Op::JumpBack, continue_to, 0);
        }
        self.reenter_exits(exits);
        self.e.depth = depth;
        self.unreachable_value(want);
        Ok(())
    }
}

fn loop_name(name: Value) -> Option<Symbol> {
    name.as_symbol()
        .or_else(|| name.as_str().map(Symbol::intern))
}
