//! Methods of functions, and `assert`.

use crate::heap::Items;
use crate::object::{Args, Array, Function, Gene};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

const METHODS: super::Natives = &[("call", call), ("intent", intent), ("examples", examples)];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.function, METHODS);
    vm.define_functions(vm.builtins.global, &[("assert", assert)]);
    vm.define_functions(vm.builtins.gene, &[("assert", assert)]);
}

/// `(f .call arg… ^k v…)`
fn call(vm: &mut Vm, args: Args) -> Result {
    vm.call_keywords(args[0], &args.as_slice()[1..], args.keywords)
}

/// A property of the form that defined a function.
fn metadata(function: Value, key: Symbol) -> Option<Value> {
    let form = function.get::<Function>()?.prototype.form.get::<Gene>()?;
    form.props.get(&key).copied()
}

fn intent(vm: &mut Vm, args: Args) -> Result {
    Ok(metadata(args[0], sym::INTENT).unwrap_or_else(|| vm.heap.string("")))
}

fn examples(vm: &mut Vm, args: Args) -> Result {
    let listed = metadata(args[0], sym::EXAMPLES).and_then(|listed| listed.get::<Array>());
    let items = listed.map_or_else(Items::new, |listed| listed.items.clone());
    Ok(vm.heap.array(items))
}

/// `(assert cond [message])`
fn assert(vm: &mut Vm, args: Args) -> Result {
    let Some(condition) = args.get(0) else {
        return Err(vm.raise(ErrorClass::Argument, "assert requires a condition"));
    };
    if condition.is_truthy() {
        return Ok(Value::NIL);
    }
    let message = args.get(1).filter(|message| message.as_str().is_some());
    let message = message.map_or_else(|| "Assertion failed".to_owned(), crate::print::display);
    Err(vm.raise(ErrorClass::Assertion, message))
}
