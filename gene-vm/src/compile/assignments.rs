//! `var`, `let`, assignment.

use super::paths::Segment;
use super::{Compile, Compiler, Error, Want};
use crate::bytecode::{Instr, Op};
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

impl Compiler<'_> {
    /// `(var target [: type] [value])`
    pub(super) fn var(&mut self, parts: &[Value], is_let: bool, want: Want) -> Compile {
        let Some(&target) = parts.first() else {
            return self.error("var requires a name");
        };
        if target.get::<Array>().is_some() || target.get::<Map>().is_some() {
            self.expression(parts.get(1).copied().unwrap_or(Value::NIL), Want::Value)?;
            self.destructure(target, is_let)?;
            return self.constant(Value::NIL, want);
        }
        if let Some(path) = target.get::<ComplexSymbol>() {
            return self.assign_path(&path.into_ref().parts, sym::ASSIGN, &parts[1..], want);
        }
        let Some(name) = target.as_symbol() else {
            return self.error(format!(
                "Variable name must be a symbol, got {}",
                kind_name(target)
            ));
        };
        let (name, annotation, value) =
            match name.name().strip_suffix(':').filter(|n| !n.is_empty()) {
                Some(plain) => {
                    let Some(&form) = parts.get(1) else {
                        return self.error(format!("Missing type of variable {plain}"));
                    };
                    (
                        Symbol::intern(plain),
                        Some(self.annotation(form)),
                        parts.get(2),
                    )
                }
                None => (name, None, parts.get(1)),
            };
        if name == sym::SELF {
            return self.error("Reserved identifier 'self' cannot be used for variable");
        }
        self.expression(value.copied().unwrap_or(Value::NIL), Want::Value)?;
        if let Some(annotation) = &annotation {
            self.check_type(annotation, "variable", false)?;
        }
        match self.module_variable(name) {
            Some(found) => self.store_found(&found),
            None => {
                self.declare_variable(name, is_let, annotation);
                let found = self.find(name).expect("it was just declared");
                self.store_found(&found);
            }
        }
        self.finish(want)
    }

    /// `(target op value …)`; only the first value counts.
    pub(super) fn assignment(
        &mut self,
        target: Value,
        op: Symbol,
        values: &[Value],
        want: Want,
    ) -> Compile {
        if let Some(name) = target.as_symbol() {
            return self.assign_name(name, op, values, want);
        }
        if let Some(path) = target.get::<ComplexSymbol>() {
            return self.assign_path(&path.into_ref().parts, op, values, want);
        }
        if target.get::<Array>().is_some() || target.get::<Map>().is_some() {
            return self.error(
                "destructuring assignment has been removed; use (var pattern value) and then assign explicitly",
            );
        }
        self.error(format!("Cannot assign to {}", kind_name(target)))
    }

    fn operand(&self, values: &[Value]) -> Compile<Value> {
        match values.first() {
            Some(&value) => Ok(value),
            None => self.error("Assignment requires a value"),
        }
    }

    fn assign_name(&mut self, name: Symbol, op: Symbol, values: &[Value], want: Want) -> Compile {
        let value = self.operand(values)?;
        let Some(found) = self.find(name) else {
            let cache = self.e.cache(name);
            if op != sym::ASSIGN {
                self.e.op_c(Op::GetName, cache, 0, 1);
            }
            self.expression(value, Want::Value)?;
            self.combine(op);
            let cache = self.e.cache(name);
            self.e.op_c(Op::SetName, cache, 1, 1);
            return self.finish(want);
        };
        if found.binding.is_let {
            return Err(Error {
                help: Some("declare it with var if it is to change"),
                ..Error::new(
                    format!("Cannot reassign 'let' binding '{name}'"),
                    self.e.pos(),
                )
            });
        }
        if op != sym::ASSIGN {
            self.load(name);
        }
        self.expression(value, Want::Value)?;
        self.combine(op);
        if let Some(annotation) = &found.binding.annotation {
            self.check_type(&annotation.clone(), "variable", false)?;
        } else if let super::environment::Place::Local(local) = found.binding.place
            && want == Want::Nothing
            && self.e.update_in_place(local)
        {
            return Ok(());
        }
        self.store_found(&found);
        self.finish(want)
    }

    /// Emits the operator of a compound assignment.
    fn combine(&mut self, op: Symbol) {
        let op = match op {
            sym::ADD_ASSIGN => Op::Add,
            sym::SUB_ASSIGN => Op::Sub,
            sym::MUL_ASSIGN => Op::Mul,
            sym::DIV_ASSIGN => Op::Div,
            sym::MOD_ASSIGN => Op::Mod,
            _ => return,
        };
        self.e.binary(op);
    }

    /// `(a/b/c op value)`: evaluates the container, then the value, and stores.
    pub(super) fn assign_path(
        &mut self,
        parts: &[Symbol],
        op: Symbol,
        values: &[Value],
        want: Want,
    ) -> Compile {
        let is_var = values.is_empty() && op == sym::ASSIGN;
        let value = if is_var {
            Value::NIL
        } else {
            self.operand(values)?
        };
        let mut segments = self.target_segments(parts)?;
        let Some(last) = segments.pop() else {
            return self.error("Assignment requires a member");
        };
        self.push_root(parts[0])?;
        for segment in &segments {
            self.get_segment(segment)?;
        }
        let compound = op != sym::ASSIGN;
        match last {
            Segment::Name(name) => {
                if compound {
                    self.e.op(Op::Dup, 1, 2);
                    let cache = self.e.cache(name);
                    self.e.op_c(Op::GetMemberStrict, cache, 1, 1);
                }
                self.expression(value, Want::Value)?;
                self.combine(op);
                let cache = self.e.cache(name);
                self.e.op_c(Op::SetMember, cache, 2, 1);
            }
            Segment::Index(index) => {
                if compound {
                    self.e.op(Op::Dup, 1, 2);
                    self.e.emit(
                        Instr {
                            c: index,
                            ..Instr::new(Op::GetIndexStrict)
                        },
                        1,
                        1,
                    );
                }
                self.expression(value, Want::Value)?;
                self.combine(op);
                self.e.emit(
                    Instr {
                        c: index,
                        ..Instr::new(Op::SetIndex)
                    },
                    2,
                    1,
                );
            }
            Segment::Dynamic(inner) => {
                self.path_or_name(&inner)?;
                if compound {
                    let (target, key) = (self.e.new_locals(1), self.e.new_locals(1));
                    self.e.op_bc(Op::SetLocal, key, 0, 1, 0);
                    self.e.op_bc(Op::TeeLocal, target, 0, 1, 1);
                    self.e.op_bc(Op::GetLocal, key, 0, 0, 1);
                    self.e.op_bc(Op::GetLocal, target, 0, 0, 1);
                    self.e.op_bc(Op::GetLocal, key, 0, 0, 1);
                    self.e.op(Op::GetDynamicStrict, 2, 1);
                }
                self.expression(value, Want::Value)?;
                self.combine(op);
                self.e.op(Op::SetDynamic, 3, 1);
            }
            Segment::Method(_) | Segment::DynamicMethod(_) | Segment::Assert => {
                return self.error("Cannot assign to a method call");
            }
        }
        self.finish(want)
    }
}
