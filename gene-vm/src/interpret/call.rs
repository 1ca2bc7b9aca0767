//! Calls from native code.

use crate::object::{Args, NativeFn};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

impl Vm {
    /// Calls a value with positional arguments. The arguments are rooted during the call; other values
    /// that the caller still needs afterwards must be reachable or kept with [`Vm::root`].
    pub fn call(&mut self, callee: Value, args: &[Value]) -> Result {
        let top = self.context.stack_top;
        self.root(callee);
        let first = self.context.stack_top;
        for &arg in args {
            self.root(arg);
        }
        let result = match callee.get::<NativeFn>() {
            Some(native) => (native.run)(
                self,
                Args {
                    first,
                    count: args.len(),
                    keywords: Value::NIL,
                },
            ),
            None => {
                let kind = crate::print::kind_name(callee);
                Err(self.raise(
                    ErrorClass::Argument,
                    format!("Call requires a callable, got {kind}"),
                ))
            }
        };
        self.context.stack_top = top;
        result
    }

    /// Calls a method with positional arguments.
    pub fn call_method(&mut self, receiver: Value, name: Symbol, args: &[Value]) -> Result {
        let Some(method) = self.class_of(receiver).find_method(name) else {
            let kind = crate::print::kind_name(receiver);
            return Err(self.raise(
                ErrorClass::Exception,
                format!("Method {name} not found on {kind}"),
            ));
        };
        self.call(method, &[&[receiver], args].concat())
    }
}
