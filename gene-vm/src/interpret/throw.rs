//! Exceptions that code raises: `throw`, contracts (12.1, 12.5).

use crate::heap::Gc;
use crate::object::{Function, Instance};
use crate::print::written;
use crate::source::Pos;
use crate::symbol::sym;
use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Vm};
use std::fmt::Write;

impl Vm {
    /// `throw` at a place: a value that has to be wrapped tells where it was thrown.
    #[cold]
    pub(super) fn throw_at(&mut self, value: Value, pos: Pos) -> Raise {
        let raise = self.throw(value);
        if value.get::<Instance>().is_none() {
            let place = match self.sources.location(pos) {
                Some(place) if !value.is_nil() => self.heap.string(place.to_string()),
                _ => Value::NIL,
            };
            let exception: Option<Gc<Instance>> = self.exception.get();
            let exception = exception.expect("an exception is an instance");
            self.set_field(exception, sym::LOCATION, place);
        }
        raise
    }

    /// The exception for a contract that does not hold; `result` is there for a postcondition.
    #[cold]
    pub(super) fn contract_failed(
        &mut self,
        function: Gc<Function>,
        condition: &str,
        number: usize,
        arguments: &[Value],
        result: Option<Value>,
    ) -> Raise {
        let prototype = &function.into_ref().prototype;
        let name = prototype.name.map_or("<unnamed>", |name| name.name());
        let kind = if result.is_some() {
            "postcondition"
        } else {
            "precondition"
        };
        let mut message =
            format!("ContractViolation: {name} {kind} #{number} failed: {condition} | args=[");
        for (i, (param, &value)) in prototype.params.iter().zip(arguments).enumerate() {
            let separator = if i > 0 { ", " } else { "" };
            let _ = write!(message, "{separator}{}={}", param.name, written(value));
        }
        message.push(']');
        if let Some(result) = result {
            let _ = write!(message, " | result={}", written(result));
        }
        self.raise(ErrorClass::Assertion, message)
    }
}
