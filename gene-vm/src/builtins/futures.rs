//! Future objects and what makes pending ones (page 15).

use super::arguments::is_function;
use super::events::Outcome;
use super::files::path_argument;
use super::time::duration_argument;
use crate::heap::Gc;
use crate::object::{Args, Future, FutureState, Instance, Namespace};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;

const METHODS: super::Natives = &[
    ("state", state),
    ("value", value),
    ("complete", complete),
    ("fail", fail),
    ("cancel", cancel),
    ("on_success", on_success),
    ("on_failure", on_failure),
];

pub(super) fn install(vm: &mut Vm) {
    let class = vm.builtins.classes.future;
    vm.define_methods(class, METHODS);
    vm.define_constructor(class, construct);
    vm.define_functions(
        vm.builtins.global,
        &[
            ("complete_future", complete_future),
            ("cancel_future", cancel_future),
        ],
    );
    vm.define_functions(
        vm.builtins.gene,
        &[("sleep", sleep), ("sleep_async", sleep_async)],
    );
}

/// Puts the asynchronous file functions into `gene/io`.
pub(super) fn install_file_functions(vm: &mut Vm, gene_io: Gc<Namespace>) {
    vm.define_functions(
        gene_io,
        &[("read_async", read_async), ("write_async", write_async)],
    );
}

impl Vm {
    /// A new future.
    pub fn new_future(&mut self, state: FutureState, value: Value) -> Gc<Future> {
        self.heap.alloc(Future {
            state,
            value,
            on_success: Vec::new(),
            on_failure: Vec::new(),
        })
    }

    /// The future of a computation that is over: `async`.
    pub fn settled_future(&mut self, result: Result) -> Value {
        let future = match result {
            Ok(value) => self.new_future(FutureState::Success, value),
            Err(_) => {
                let exception = self.take_exception();
                self.new_future(FutureState::Failure, exception)
            }
        };
        Value::object(future)
    }

    /// An exception that nobody has thrown yet.
    pub(super) fn new_exception(&mut self, class: ErrorClass, message: &str) -> Value {
        self.raise(class, message);
        self.take_exception()
    }

    pub(super) fn set_exception_code(&mut self, exception: Value, code: &str) {
        if let Some(exception) = exception.get::<Instance>() {
            let code = self.heap.string(code);
            self.set_field(exception, sym::CODE, code);
        }
    }

    /// Settles a pending future and runs its callbacks. The future and the value must be reachable.
    pub(super) fn settle(&mut self, mut future: Gc<Future>, state: FutureState, value: Value) {
        future.state = state;
        future.value = value;
        let success = std::mem::take(&mut future.on_success);
        let failure = std::mem::take(&mut future.on_failure);
        let callbacks = if state == FutureState::Success {
            success
        } else {
            failure
        };
        let callbacks = self.rooted_array(callbacks);
        for &callback in callbacks.into_ref().items.iter() {
            if !self.run_callback(future, callback) {
                break;
            }
        }
    }

    /// Calls a callback with the future's value. One that raises turns success into failure; then the answer is false.
    pub(super) fn run_callback(&mut self, mut future: Gc<Future>, callback: Value) -> bool {
        if self.call(callback, &[future.value]).is_ok() {
            return true;
        }
        let exception = self.take_exception();
        if future.state == FutureState::Success {
            future.state = FutureState::Failure;
            future.value = exception;
        }
        false
    }

    /// Refuses to settle a future for the second time.
    fn check_pending(&mut self, future: Gc<Future>, verb: &str) -> Result<()> {
        let state = match future.state {
            FutureState::Pending => return Ok(()),
            state => state_name(state),
        };
        Err(self.fail(format!(
            "GENE.ASYNC.ALREADY_TERMINAL: cannot {verb} a future in state {state}"
        )))
    }
}

fn state_name(state: FutureState) -> &'static str {
    match state {
        FutureState::Pending => "pending",
        FutureState::Success => "success",
        FutureState::Failure => "failure",
        FutureState::Cancelled => "cancelled",
    }
}

fn construct(vm: &mut Vm, args: Args) -> Result {
    let future = match args.get(1) {
        Some(value) => vm.new_future(FutureState::Success, value),
        None => vm.new_future(FutureState::Pending, Value::NIL),
    };
    Ok(Value::object(future))
}

fn state(vm: &mut Vm, args: Args) -> Result {
    let future: Gc<Future> = vm.receiver(args)?;
    Ok(Value::symbol(Symbol::intern(state_name(future.state))))
}

fn value(vm: &mut Vm, args: Args) -> Result {
    let future: Gc<Future> = vm.receiver(args)?;
    Ok(future.value)
}

fn complete(vm: &mut Vm, args: Args) -> Result {
    let missing = "Future.complete requires a future and a value";
    let value = vm.required(args, 1, missing)?;
    let Some(future) = args[0].get::<Future>() else {
        return Err(vm.bad_argument(missing));
    };
    vm.check_pending(future, "complete")?;
    vm.settle(future, FutureState::Success, value);
    Ok(Value::NIL)
}

fn complete_future(vm: &mut Vm, args: Args) -> Result {
    complete(vm, args)
}

fn fail(vm: &mut Vm, args: Args) -> Result {
    let future: Gc<Future> = vm.receiver(args)?;
    let error = vm.required(args, 1, "Future.fail requires a future and an error value")?;
    vm.check_pending(future, "fail")?;
    let exception = vm.as_exception(error);
    vm.settle(future, FutureState::Failure, exception);
    Ok(args[0])
}

fn cancel(vm: &mut Vm, args: Args) -> Result {
    let missing = "Future.cancel requires a future";
    let future = vm.required(args, 0, missing)?;
    let Some(future) = future.get::<Future>() else {
        return Err(vm.bad_argument(missing));
    };
    vm.check_pending(future, "cancel")?;
    let reason = match args.get(1) {
        Some(reason) => vm.as_exception(reason),
        None => cancellation(vm),
    };
    vm.settle(future, FutureState::Cancelled, reason);
    Ok(args[0])
}

/// The reason of a cancellation without one.
fn cancellation(vm: &mut Vm) -> Value {
    let reason = vm.new_exception(ErrorClass::Cancellation, "Future cancelled");
    vm.set_exception_code(reason, "GENE.ASYNC.CANCELLED");
    if let Some(exception) = reason.get::<Instance>() {
        let location = vm.heap.string("cancel");
        vm.set_field(exception, sym::LOCATION, location);
    }
    reason
}

fn cancel_future(vm: &mut Vm, args: Args) -> Result {
    cancel(vm, args)?;
    Ok(Value::NIL)
}

/// The callback in argument 1.
fn callback(vm: &mut Vm, args: Args, method: &str) -> Result {
    let missing = format!("Future.{method} requires 2 arguments (self and callback)");
    let callback = vm.required(args, 1, &missing)?;
    if is_function(callback) {
        return Ok(callback);
    }
    Err(vm.fail(format!("{method} callback must be a function or block")))
}

fn on_success(vm: &mut Vm, args: Args) -> Result {
    let mut future: Gc<Future> = vm.receiver(args)?;
    let callback = callback(vm, args, "on_success")?;
    match future.state {
        FutureState::Pending => future.on_success.push(callback),
        FutureState::Success => vm.builtins.events.enqueue(future, callback),
        FutureState::Failure | FutureState::Cancelled => {}
    }
    Ok(args[0])
}

fn on_failure(vm: &mut Vm, args: Args) -> Result {
    let mut future: Gc<Future> = vm.receiver(args)?;
    let callback = callback(vm, args, "on_failure")?;
    match future.state {
        FutureState::Pending => future.on_failure.push(callback),
        FutureState::Success => {}
        FutureState::Failure | FutureState::Cancelled => {
            vm.builtins.events.enqueue(future, callback)
        }
    }
    Ok(args[0])
}

fn sleep(vm: &mut Vm, args: Args) -> Result {
    let duration: Duration = duration_argument(vm, args, "sleep")?;
    vm.run_events_for(duration)?;
    Ok(Value::NIL)
}

fn sleep_async(vm: &mut Vm, args: Args) -> Result {
    let duration = duration_argument(vm, args, "sleep_async")?;
    vm.start_timer(duration).map(Value::object)
}

/// Why a file operation failed.
fn failure(operation: &str, path: &str, error: std::io::Error) -> String {
    format!("Failed to {operation} file '{path}': {error}")
}

fn read_async(vm: &mut Vm, args: Args) -> Result {
    let path = path_argument(vm, args, 0, "File/read_async", "1 argument (path)")?;
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            let exception = vm.new_exception(ErrorClass::Io, &failure("read", path, error));
            let future = vm.new_future(FutureState::Failure, exception);
            return Ok(Value::object(future));
        }
    };
    let path = path.to_owned();
    let future = vm.start_blocking(move || {
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        Outcome::Read(
            read.map(|_| text)
                .map_err(|error| failure("read", &path, error)),
        )
    })?;
    Ok(Value::object(future))
}

fn write_async(vm: &mut Vm, args: Args) -> Result {
    let needs = "2 arguments (path, content)";
    let content = vm.required(args, 1, &format!("File/write_async requires {needs}"))?;
    let path = path_argument(vm, args, 0, "File/write_async", needs)?;
    let Some(text) = content.as_str() else {
        return Err(vm.bad_argument("File/write_async requires string content"));
    };
    let mut file = match File::create(path) {
        Ok(file) => file,
        Err(error) => return Err(vm.raise(ErrorClass::Io, failure("write", path, error))),
    };
    let (path, text) = (path.to_owned(), text.to_owned());
    let future = vm.start_writing(move || {
        file.write_all(text.as_bytes())
            .map_err(|error| failure("write", &path, error))
    })?;
    Ok(Value::object(future))
}
