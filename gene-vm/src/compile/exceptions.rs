//! `try`: protected regions, catch clauses, `finally` on every way out (page 12).

use super::{Compile, Compiler, Error, Exit, Label, SideEntry, Want};
use crate::bytecode::Op;
use crate::code::Handler;
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// The parts of a `try` form.
struct Try<'a> {
    body: &'a [Value],
    clauses: Vec<(Value, &'a [Value])>,
    finally: &'a [Value],
}

impl Compiler<'_> {
    fn split_try<'a>(&self, parts: &'a [Value]) -> Compile<Try<'a>> {
        let is_part = |f: &Value| f.is_symbol(sym::CATCH) || f.is_symbol(sym::FINALLY);
        let length = |forms: &[Value]| forms.iter().position(is_part).unwrap_or(forms.len());
        let (body, mut rest) = parts.split_at(length(parts));
        let mut split = Try {
            body,
            clauses: Vec::new(),
            finally: &[],
        };
        while let Some((&keyword, tail)) = rest.split_first() {
            if keyword.is_symbol(sym::FINALLY) {
                if tail.iter().any(is_part) {
                    return self.error("try: finally must come last");
                }
                split.finally = tail;
                break;
            }
            let Some((&pattern, tail)) = tail.split_first() else {
                return self.error("try: missing pattern after 'catch'");
            };
            if pattern.get::<Array>().is_some() {
                return self.error("Unsupported destructuring pattern");
            }
            let (body, others) = tail.split_at(length(tail));
            split.clauses.push((pattern, body));
            rest = others;
        }
        Ok(split)
    }

    /// `(try body… catch pattern body… finally body…)`
    pub(super) fn try_form(&mut self, parts: &[Value], want: Want) -> Compile {
        let split = self.split_try(parts)?;
        let forms = [split.body, split.finally].concat();
        self.part(&forms, |c| c.try_parts(split, want))
    }

    fn try_parts(&mut self, parts: Try, want: Want) -> Compile {
        let Try {
            body,
            clauses,
            finally,
        } = parts;
        // The value is needed behind the region: a `return` inside of it would leave the region too early.
        let inner = if want == Want::Nothing {
            Want::Nothing
        } else {
            Want::Value
        };
        if clauses.is_empty() && finally.is_empty() {
            self.sequence(body, inner)?;
            return self.finish_inner(inner, want);
        }
        let (exception, saved) = (self.e.new_locals(1), self.e.new_locals(1));
        let depth = self.e.depth;
        let normal = self.e.label();

        let region = self.region(finally, |c| c.sequence(body, inner))?;
        let after = self.e.depth;
        self.e.jump(Op::Jump, normal, 0);

        // An exception from the body: its object is on the stack.
        self.e.depth = depth + 1;
        self.handle(region, depth, !finally.is_empty());
        self.e.op_bc(Op::SetLocal, exception, 0, 1, 0);
        if !clauses.is_empty() {
            self.e.op(Op::GetException, 0, 1);
            self.e.op_bc(Op::SetLocal, saved, 0, 1, 0);
            self.e.op_bc(Op::GetLocal, exception, 0, 0, 1);
            self.e.op(Op::SetException, 1, 0);
            let region = self.region(finally, |c| {
                c.exits.push(Exit::Handling { saved });
                for (pattern, body) in &clauses {
                    let next = c.e.label();
                    c.clause(*pattern, body, exception, next, inner)?;
                    c.e.depth = after;
                    let exits = c.leave_handling();
                    c.e.jump(Op::Jump, normal, 0);
                    c.exits.extend(exits);
                    c.e.depth = depth;
                    c.e.bind(next);
                }
                c.exits.pop();
                Ok(())
            })?;
            let unmatched = self.e.label();
            self.e.jump(Op::Jump, unmatched, 0);
            // An exception from a clause: it replaces the one that was handled.
            self.e.depth = depth + 1;
            self.handle(region, depth, !finally.is_empty());
            self.e.op_bc(Op::SetLocal, exception, 0, 1, 0);
            self.e.bind(unmatched);
            self.restore_handled(saved);
        }
        self.effects(finally)?;
        self.e.op_bc(Op::GetLocal, exception, 0, 0, 1);
        self.e.op(Op::Rethrow, 1, 0);

        self.e.bind(normal);
        self.e.depth = after;
        self.effects(finally)?;
        self.finish_inner(inner, want)
    }

    fn finish_inner(&mut self, inner: Want, want: Want) -> Compile {
        if inner == Want::Value {
            self.finish(want)
        } else {
            Ok(())
        }
    }

    /// Runs a catch clause if it matches, else jumps to the next one.
    fn clause(
        &mut self,
        pattern: Value,
        body: &[Value],
        exception: u16,
        next: Label,
        want: Want,
    ) -> Compile {
        if let Some(map) = pattern.get::<Map>() {
            let names: Vec<Symbol> = map.entries.values().filter_map(|v| v.as_symbol()).collect();
            return self.scope_with(&names, body, |c| {
                c.e.op_bc(Op::GetLocal, exception, 0, 0, 1);
                c.destructure(pattern, false)?;
                c.sequence(body, want)
            });
        }
        match pattern.as_symbol() {
            Some(sym::MUL | sym::PLACEHOLDER) => self.scope(body, |c| c.sequence(body, want)),
            Some(name) if !name.name().starts_with(char::is_uppercase) => {
                self.scope_with(&[name], body, |c| {
                    c.e.op_bc(Op::GetLocal, exception, 0, 0, 1);
                    c.declare_variable(name, false, None);
                    c.store_new(name);
                    c.sequence(body, want)
                })
            }
            _ => {
                self.e.op_bc(Op::GetLocal, exception, 0, 0, 1);
                self.expression(pattern, Want::Value)?;
                self.e.op(Op::CatchMatches, 2, 1);
                self.e.branch(next, false);
                self.scope(body, |c| c.sequence(body, want))
            }
        }
    }

    /// Gives `$ex` back its value at the end of a clause. The clause's own entry stays for the clauses after it.
    fn leave_handling(&mut self) -> Option<Exit> {
        let exit = self.exits.pop();
        if let Some(Exit::Handling { saved }) = exit {
            self.restore_handled(saved);
        }
        exit
    }

    fn restore_handled(&mut self, saved: u16) {
        self.e.op_bc(Op::GetLocal, saved, 0, 0, 1);
        self.e.op(Op::SetException, 1, 0);
    }

    /// Compiles a protected region and answers the ranges of its instructions.
    fn region(
        &mut self,
        finally: &[Value],
        body: impl FnOnce(&mut Self) -> Compile,
    ) -> Compile<Vec<(u32, u32)>> {
        let open_since = self.e.here();
        self.exits.push(Exit::Region {
            open_since,
            ranges: Vec::new(),
            finally: finally.to_vec(),
        });
        body(self)?;
        let Some(Exit::Region {
            open_since,
            mut ranges,
            ..
        }) = self.exits.pop()
        else {
            unreachable!("the region pushed above");
        };
        ranges.push((open_since, self.e.here()));
        Ok(ranges)
    }

    /// Makes the next instruction the handler of the ranges; a `finally` runs there, if it `suspends`.
    fn handle(&mut self, ranges: Vec<(u32, u32)>, depth: usize, suspends: bool) {
        let label = self.e.label();
        self.e.bind(label);
        let target = self.e.here();
        let operands = depth as u16;
        let ranges = ranges.into_iter().filter(|(start, end)| start < end);
        self.e.handlers.extend(ranges.map(|(start, end)| Handler {
            start,
            end,
            target,
            operands,
            suspends,
        }));
    }

    /// Compiles `body`, which leaves a value; an exception from it goes to `on_exception`, which turns it into
    /// another value.
    pub(super) fn guarded(
        &mut self,
        body: impl FnOnce(&mut Self) -> Compile,
        on_exception: impl FnOnce(&mut Self) -> Compile,
    ) -> Compile {
        let depth = self.e.depth;
        let end = self.e.label();
        let region = self.region(&[], body)?;
        self.e.jump(Op::Jump, end, 0);
        self.e.depth = depth + 1;
        self.handle(region, depth, false);
        on_exception(self)?;
        self.e.bind(end);
        Ok(())
    }

    /// Leaves the forms inside of exit `keep`, innermost first: closes regions, runs `finally` bodies, restores
    /// `$ex`. Answers the exits, to be given to [`Compiler::reenter_exits`] behind the jump.
    pub(super) fn leave_exits(&mut self, keep: usize) -> Compile<Vec<Exit>> {
        let mut left = Vec::new();
        while self.exits.len() > keep {
            let mut exit = self.exits.pop().expect("there are more than `keep`");
            match &mut exit {
                Exit::Loop { .. } => {}
                Exit::Region {
                    open_since,
                    ranges,
                    finally,
                } => {
                    ranges.push((*open_since, self.e.here()));
                    let finally = finally.clone();
                    self.effects(&finally)?;
                }
                Exit::Handling { saved } => self.restore_handled(*saved),
            }
            left.push(exit);
        }
        Ok(left)
    }

    /// Takes up the forms again that [`Compiler::leave_exits`] left.
    pub(super) fn reenter_exits(&mut self, left: Vec<Exit>) {
        let here = self.e.here();
        for mut exit in left.into_iter().rev() {
            if let Exit::Region { open_since, .. } = &mut exit {
                *open_since = here;
            }
            self.exits.push(exit);
        }
    }

    /// Emits raising an error when control comes here.
    pub(super) fn raise_error(&mut self, message: String, want: Want) -> Compile {
        let entry = self
            .e
            .side(SideEntry::Error(Error::new(message, self.e.pos())));
        self.e.op_c(Op::RaiseError, entry, 0, 0);
        self.unreachable_value(want);
        Ok(())
    }
}
