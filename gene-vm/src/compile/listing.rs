//! Listings of bytecode.

use super::{Error, SideEntry};
use crate::bytecode::Op;
use crate::code::{Code, Prototype};
use crate::heap::Gc;
use crate::vm::Vm;
use std::fmt::Write;

/// A prototype and all functions in it, compiled, in the order of their text.
pub fn bodies(vm: &mut Vm, prototype: Gc<Prototype>) -> Result<Vec<Gc<Prototype>>, Error> {
    let mut bodies = Vec::new();
    let mut pending = vec![prototype];
    while let Some(prototype) = pending.pop() {
        if prototype.code.get().is_none() {
            let code = super::module::compile_function(vm, prototype)?;
            prototype.code.set(code);
        }
        let code = prototype.code.get().expect("it was just set");
        let inner = code.side.iter().filter_map(|entry| match entry {
            SideEntry::Prototype(prototype) => Some(*prototype),
            _ => None,
        });
        let inner: Vec<_> = inner.collect();
        pending.extend(inner.into_iter().rev());
        bodies.push(prototype);
    }
    Ok(bodies)
}

/// The instructions of a code object, for reading.
pub fn listing(code: &Code) -> String {
    let mut out = String::new();
    write_code(&mut out, code);
    out
}

/// One line of a listing.
pub fn instruction(code: &Code, pc: usize) -> String {
    let instr = code.instrs[pc];
    format!("{pc:04} {instr}{}", note(code, instr.op, instr.c))
}

fn write_code(out: &mut String, code: &Code) {
    let _ = writeln!(
        out,
        "{}: parameters {}, locals {}, operands {}",
        code.name, code.params, code.locals, code.max_operands
    );
    let _ = writeln!(out, "Instructions ({}):", code.instrs.len());
    for pc in 0..code.instrs.len() {
        let _ = writeln!(out, "{}", instruction(code, pc));
    }
    for handler in &code.handlers {
        let _ = writeln!(
            out,
            "handler {:04}..{:04} -> {:04}",
            handler.start, handler.end, handler.target
        );
    }
}

/// What an operand refers to.
fn note(code: &Code, op: Op, c: i32) -> String {
    use crate::bytecode::Operands;
    let index = c as usize;
    match op.operands() {
        Operands::Const => format!("  # {}", crate::print::written(code.constants[index])),
        Operands::CountCache if op == Op::Call => String::new(),
        Operands::Cache | Operands::CountCache => format!("  # {}", code.caches[index].name()),
        Operands::Call => match code.calls[index].name {
            Some(name) => format!("  # {name}"),
            None => String::new(),
        },
        Operands::LocalSide => match &code.side[index] {
            SideEntry::Prototype(prototype) => {
                format!(
                    "  # {}",
                    prototype.name.map_or("<unnamed>", |name| name.name())
                )
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}
