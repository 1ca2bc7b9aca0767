//! The early check: what is wrong in functions is told before anything runs.
//!
//! The language raises a mistake in a function's body at the function's first call. Whoever wrote it wants to know
//! earlier. So the functions of a module are compiled when it is loaded; those that cannot be are left to their
//! first call, and the mistake is a warning until then. Only the bodies of classes and namespaces at the top level
//! are part of the module: a mistake in them keeps it from running.

use super::{Error, module};
use crate::code::{FunctionKind, Prototype};
use crate::heap::Gc;
use crate::vm::Vm;

/// What the compiler has to say of a body besides its code.
#[derive(Default)]
pub(super) struct Findings {
    /// The functions in it.
    pub functions: Vec<Gc<Prototype>>,
    /// What is odd about it.
    pub warnings: Vec<Error>,
}

/// Compiles the functions that were found in a module, and those in them. Answers what is to be warned of, or what
/// keeps the module from running: mistakes in the bodies of its classes and namespaces.
pub(super) fn functions(vm: &mut Vm, findings: Findings) -> Result<Vec<Error>, Vec<Error>> {
    let mut warnings = findings.warnings;
    let mut errors = Vec::new();
    let at_top_level = |of: &Gc<Prototype>| of.kind == FunctionKind::Body;
    let found = findings.functions.into_iter();
    let mut pending: Vec<_> = found.map(|of| (at_top_level(&of), of)).collect();
    while let Some((is_top_level, prototype)) = pending.pop() {
        let mut findings = Findings::default();
        match module::compile_and_check(vm, prototype, &mut findings) {
            Ok(code) => prototype.code.set(code),
            Err(error) if is_top_level => errors.push(error),
            Err(error) => warnings.push(error),
        }
        warnings.extend(findings.warnings);
        let inner = findings.functions.into_iter();
        pending.extend(inner.map(|of| (is_top_level && at_top_level(&of), of)));
    }
    match errors.is_empty() {
        true => Ok(in_order(warnings)),
        false => Err(in_order(errors)),
    }
}

/// Mistakes in the order of the text, each once: the forms of a `finally` are compiled several times.
fn in_order(mut mistakes: Vec<Error>) -> Vec<Error> {
    mistakes.sort_by_key(|mistake| mistake.pos);
    mistakes.dedup_by(|a, b| a.pos == b.pos && a.message == b.message);
    mistakes
}
