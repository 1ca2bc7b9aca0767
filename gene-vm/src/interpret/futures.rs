//! Futures that calls of asynchronous functions and `async` make, and waiting for them (page 15).

use crate::object::{Future, FutureState};
use crate::print::kind_name;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

impl Vm {
    /// The future of a computation that is over.
    pub(super) fn settled_future(&mut self, result: Result) -> Value {
        match result {
            Ok(value) => self.new_future(FutureState::Success, value),
            Err(_) => {
                let exception = self.take_exception();
                self.new_future(FutureState::Failure, exception)
            }
        }
    }

    /// A future in some state.
    pub(crate) fn new_future(&mut self, state: FutureState, value: Value) -> Value {
        self.heap.value(Future {
            state,
            value,
            on_success: Vec::new(),
            on_failure: Vec::new(),
        })
    }

    /// `await`: the value of a settled future, or its exception raised.
    pub(super) fn await_settled(&mut self, value: Value) -> Result {
        let Some(future) = value.get::<Future>() else {
            let message = format!("await expects a Future, got: {}", kind_name(value));
            return Err(self.raise(ErrorClass::Argument, message));
        };
        match future.state {
            FutureState::Success => Ok(future.value),
            FutureState::Failure | FutureState::Cancelled => Err(self.throw(future.value)),
            FutureState::Pending => Err(self.raise(
                ErrorClass::Exception,
                "await: nothing will settle this future",
            )),
        }
    }
}
