//! Names, members of namespaces and classes that are definitions, and what is known of callees through them.

use super::{Builder, Op, Stmt};
use gene_vm::bytecode::Instr;
use gene_vm::code::{Found, FunctionKind};
use gene_vm::heap::Gc;
use gene_vm::object::{Function, Namespace};
use gene_vm::value::Value;

impl Builder<'_> {
    /// Where an instruction has found its name, if it is to be expected there.
    fn found(&self, cache: u32) -> Option<Found> {
        let found = self.code.caches[cache as usize].found.get();
        found.filter(|_| !(self.is_varied)(self.pc))
    }

    /// Pushes what a name stands for; false if that is not known.
    pub(super) fn name(&mut self, cache: u32) -> bool {
        let found = self.found(cache);
        match found.map(|found| found.definition) {
            Some(Some(definition)) => {
                self.settle();
                self.line(Stmt::CheckNames);
                self.push_const(definition);
            }
            Some(None) => self.push(Op::Name { cache }),
            None => {}
        }
        found.is_some()
    }

    /// Assigns a name; false if it is not known where it lies.
    pub(super) fn set_name(&mut self, cache: u32) -> bool {
        let is_found = self.found(cache).is_some_and(|found| found.is_variable);
        if is_found {
            self.settle();
            let value = self.top();
            self.statement(Stmt::SetName { cache, value }, &[value]);
        }
        is_found
    }

    /// Pushes a member of a namespace or class that is a definition; false if it is not known to be one.
    pub(super) fn member_definition(&mut self, cache: u32) -> bool {
        let is_expected = self.code.caches[cache as usize].sole_holder().is_some();
        let found = self.found(cache).filter(|_| is_expected);
        let Some(definition) = found.and_then(|found| found.definition) else {
            return false;
        };
        self.settle();
        let of = self.pop();
        self.statement(Stmt::CheckMember { of, cache }, &[of]);
        self.push_const(definition);
        true
    }

    /// Jumps if the callee, which stays, is a macro function.
    pub(super) fn jump_if_macro(&mut self, instr: Instr) {
        let x = self.top();
        match self.block.op(x) {
            Op::Const { bits } if !is_macro(Value::from_bits(bits)) => {}
            _ => self.branch(Op::Macro { x }, true, instr),
        }
    }

    /// Pushes the namespace or class around the function.
    pub(super) fn namespace(&mut self) {
        let around = self.code.resolved.get().map(|resolved| resolved.around);
        let module = around.filter(|around| {
            let namespace = around.get::<Namespace>();
            namespace.is_some() && self.code.inner_namespace().is_none()
        });
        match module {
            Some(namespace) => self.push_const(namespace),
            None => self.push(Op::Namespace),
        }
    }
}

fn is_macro(value: Value) -> bool {
    let function: Option<Gc<Function>> = value.get();
    function.is_some_and(|function| function.prototype.kind == FunctionKind::Macro)
}
