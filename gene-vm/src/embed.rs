//! Using Gene from Rust.
//!
//! ```
//! use gene_vm::{Value, Vm, session::Session};
//!
//! let mut vm = Vm::new(Default::default());
//! vm.define_function("twice", |vm, args| {
//!     let Some(n) = args.get(0).and_then(Value::as_int) else {
//!         return Err(vm.raise(gene_vm::vm::ErrorClass::Argument, "twice requires an Int"));
//!     };
//!     Ok(vm.heap.int(2 * n))
//! });
//! let mut session = Session::new(&mut vm, "<embedded>");
//! session.run(&mut vm, "<embedded>", "(var x (twice 21))").unwrap();
//! let answer = session.run(&mut vm, "<embedded>", "x").unwrap();
//! assert_eq!(answer.as_int(), Some(42));
//! ```
//!
//! Programs can be bounded and interrupted; what goes wrong is a [`Failure`](crate::program::Failure), which
//! [`Vm::report`] describes as an [`Error`](std::error::Error) with class, message and place:
//!
//! ```
//! use gene_vm::{Vm, session::Session};
//!
//! let mut vm = Vm::new(Default::default());
//! vm.limit_memory(Some(16 << 20));
//! vm.limit_steps(Some(1_000));
//! let mut session = Session::new(&mut vm, "rules");
//! let failure = session.run(&mut vm, "rules", "(while true 1)").unwrap_err();
//! let report = vm.report(&failure);
//! assert_eq!(report.class.as_deref(), Some("RuntimeException"));
//! assert_eq!(report.to_string(), "RuntimeException: Step limit exceeded (rules:1:1)");
//!
//! vm.limit_steps(None);
//! let interrupter = vm.interrupter();
//! std::thread::spawn(move || interrupter.interrupt());
//! let failure = session.run(&mut vm, "rules", "(while true 1)").unwrap_err();
//! assert_eq!(vm.report(&failure).message, "Interrupted");
//! ```
//!
//! `examples/embedding.rs` shows all of it at work. A value that Rust code keeps between runs belongs in a [`Handle`]: a collection frees what only
//! Rust variables refer to.

use crate::interrupt::Interrupter;
use crate::object::{NativeFn, NativeFunction};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::Vm;
use std::cell::RefCell;
use std::rc::Rc;

/// Values that Rust code keeps alive.
#[derive(Default)]
pub(crate) struct Kept(RefCell<Vec<Option<Value>>>);

impl Kept {
    pub(crate) fn trace(&self, tracer: &mut crate::heap::Tracer) {
        self.0
            .borrow()
            .iter()
            .flatten()
            .for_each(|&value| tracer.value(value));
    }
}

/// A value that stays alive as long as the handle. Made by [`Vm::keep`].
pub struct Handle {
    value: Value,
    slot: usize,
    kept: Rc<Kept>,
}

impl Handle {
    /// The value.
    pub fn value(&self) -> Value {
        self.value
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.kept.0.borrow_mut()[self.slot] = None;
    }
}

impl Vm {
    /// Makes a value available to programs under a global name.
    pub fn define(&mut self, name: &str, value: Value) {
        let global = Value::object(self.builtins.global);
        self.define_name(global, Symbol::intern(name), value);
    }

    /// Makes a Rust function available to programs under a global name.
    pub fn define_function(&mut self, name: &str, run: NativeFunction) {
        let native = self.heap.value(NativeFn {
            name: Symbol::intern(name),
            run,
        });
        self.define(name, native);
    }

    /// Keeps a value alive between runs.
    pub fn keep(&mut self, value: Value) -> Handle {
        let mut slots = self.kept.0.borrow_mut();
        let slot = match slots.iter().position(Option::is_none) {
            Some(free) => free,
            None => {
                slots.push(None);
                slots.len() - 1
            }
        };
        slots[slot] = Some(value);
        Handle {
            value,
            slot,
            kept: self.kept.clone(),
        }
    }

    /// Bounds the memory that objects hold, in bytes: a program that needs more gets a `RuntimeException`.
    /// `None` lifts the bound.
    pub fn limit_memory(&mut self, bytes: Option<usize>) {
        self.heap.set_limit(bytes);
    }

    /// Bounds the calls and loop rounds that programs may still make: one more raises a `RuntimeException`.
    /// `None` lifts the bound.
    pub fn limit_steps(&mut self, steps: Option<u64>) {
        self.steps = steps;
        self.heap.request_safepoint();
    }

    /// A means for other threads to interrupt the running program.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }
}
