//! `await` (15.3).

use crate::object::Future;
use crate::print::kind_name;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use std::time::Duration;

impl Vm {
    /// The value of a future, which is waited for, or its exception raised. A negative timeout means none.
    pub(super) fn await_value(&mut self, value: Value, timeout_micros: i32) -> Result {
        let Some(future) = value.get::<Future>() else {
            let message = format!("await expects a Future, got: {}", kind_name(value));
            return Err(self.raise(ErrorClass::Argument, message));
        };
        let timeout = u64::try_from(timeout_micros).ok();
        self.await_future(future, timeout.map(Duration::from_micros))
    }
}
