//! Methods of generators (10.3).

use crate::heap::Gc;
use crate::object::{Args, Generator};
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("next", next),
    ("has_next", has_next),
    ("next_pair", next_pair),
    ("iter", itself),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.generator, METHODS);
}

fn next(vm: &mut Vm, args: Args) -> Result {
    let generator: Gc<Generator> = vm.receiver(args)?;
    Ok(vm.generator_next(generator)?.unwrap_or(Value::NOT_FOUND))
}

fn has_next(vm: &mut Vm, args: Args) -> Result {
    let generator: Gc<Generator> = vm.receiver(args)?;
    vm.generator_has_next(generator).map(Value::bool)
}

fn next_pair(vm: &mut Vm, args: Args) -> Result {
    let generator: Gc<Generator> = vm.receiver(args)?;
    Ok(match vm.generator_next_pair(generator)? {
        Some((key, value)) => vm.heap.array([key, value].as_slice()),
        None => Value::NOT_FOUND,
    })
}

fn itself(_: &mut Vm, args: Args) -> Result {
    Ok(args[0])
}
