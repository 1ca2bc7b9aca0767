//! Methods of Array that call back (6.2).

use super::arguments::{is_block, is_function};
use super::arrays::sort_by_text;
use crate::heap::Gc;
use crate::object::{Args, Array};
use crate::print::kind_name;
use crate::routines::Routine;
use crate::value::Value;
use crate::vm::{Result, Vm};

const METHODS: super::Natives = &[
    ("find", find),
    ("any", any),
    ("all", all),
    ("each", each),
    ("map", map),
    ("filter", filter),
    ("reduce", reduce),
    ("sort", sort),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_methods(vm.builtins.classes.array, METHODS);
}

/// The callback: argument 1. `missing` tells that there is none, `wrong` that it is no function; the kind is added.
fn callback(vm: &mut Vm, args: Args, missing: &str, wrong: &str) -> Result {
    let callback = vm.required(args, 1, missing)?;
    require_function(vm, callback, wrong)
}

/// Refuses values that are no functions with `MESSAGE, got KIND`.
pub(super) fn require_function(vm: &mut Vm, callback: Value, message: &str) -> Result {
    if is_function(callback) {
        return Ok(callback);
    }
    Err(vm.fail(format!("{message}, got {}", kind_name(callback))))
}

/// Runs a routine over the receiver, which is checked to be an array, with the predicate that is argument 1.
fn test(vm: &mut Vm, args: Args, routine: Routine, missing: &str, wrong: &str) -> Result {
    vm.receiver::<Array>(args)?;
    let predicate = callback(vm, args, missing, wrong)?;
    vm.run_routine(routine, args[0], predicate, Value::NIL)
}

fn find(vm: &mut Vm, args: Args) -> Result {
    test(
        vm,
        args,
        Routine::Find,
        "Array.find requires a predicate",
        "find predicate must be callable",
    )
}

fn any(vm: &mut Vm, args: Args) -> Result {
    test(
        vm,
        args,
        Routine::Any,
        "Array.any requires a predicate",
        "any predicate must be callable",
    )
}

fn all(vm: &mut Vm, args: Args) -> Result {
    test(
        vm,
        args,
        Routine::All,
        "Array.all requires a predicate",
        "all predicate must be callable",
    )
}

fn each(vm: &mut Vm, args: Args) -> Result {
    vm.receiver::<Array>(args)?;
    let function = vm.required(args, 1, "Array.each requires a function")?;
    if !is_function(function) || is_block(function) {
        return Err(vm.fail("each callback must be a function"));
    }
    vm.run_routine(Routine::Each, args[0], function, Value::NIL)
}

fn map(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let function = callback(
        vm,
        args,
        "Array.map requires a function",
        "map callback must be a function",
    )?;
    let results = vm.rooted_array(Vec::with_capacity(array.items.len()));
    vm.run_routine(Routine::Map, args[0], function, Value::object(results))
}

/// Room for so many elements costs less than to make more several times.
const ROOM_FOR_FILTERED: usize = 128;

fn filter(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    vm.at_most(args, "Array.filter", 1)?;
    let predicate = callback(
        vm,
        args,
        "Array.filter requires a predicate",
        "filter predicate must be callable",
    )?;
    let room = array.items.len().min(ROOM_FOR_FILTERED);
    let results = vm.rooted_array(Vec::with_capacity(room));
    vm.run_routine(Routine::Filter, args[0], predicate, Value::object(results))
}

fn reduce(vm: &mut Vm, args: Args) -> Result {
    vm.receiver::<Array>(args)?;
    vm.at_most(args, "Array.reduce", 2)?;
    let message = "Array.reduce requires an initial value and a reducer function";
    let reducer = vm.required(args, 2, message)?;
    let reducer = require_function(vm, reducer, "reduce reducer must be callable")?;
    vm.run_routine(Routine::Reduce, args[0], reducer, args[1])
}

fn sort(vm: &mut Vm, args: Args) -> Result {
    let array: Gc<Array> = vm.receiver(args)?;
    let Some(comparator) = args.get(1) else {
        return Ok(sort_by_text(vm, array));
    };
    if !is_function(comparator) {
        let kind = kind_name(comparator);
        return Err(vm.fail(format!("Value is not callable: {kind}")));
    }
    let mut sorted = vm.rooted_array(array.items.to_vec());
    let items = merge_sort(vm, comparator, sorted.items.to_vec())?;
    sorted.items = items.into();
    Ok(Value::object(sorted))
}

/// Sorts bottom-up by merging. The standard library's sort cannot be used: its comparison must neither raise nor
/// contradict itself.
fn merge_sort(vm: &mut Vm, comparator: Value, mut items: Vec<Value>) -> Result<Vec<Value>> {
    let mut merged = Vec::with_capacity(items.len());
    let mut width = 1;
    while width < items.len() {
        for run in items.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let ([l, left_rest @ ..], [r, right_rest @ ..]) = (left, right) {
                if comes_first(vm, comparator, *l, *r)? {
                    merged.push(*l);
                    left = left_rest;
                } else {
                    merged.push(*r);
                    right = right_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut items, &mut merged);
        merged.clear();
        width *= 2;
    }
    Ok(items)
}

/// Does `left`, which stood before `right`, stay there? A comparator that answers booleans is asked both ways round
/// before the order changes: equal elements keep theirs, be it `<` or `<=`.
fn comes_first(vm: &mut Vm, comparator: Value, left: Value, right: Value) -> Result<bool> {
    let answer = vm.call(comparator, &[left, right])?;
    if let Some(sign) = answer.as_int() {
        return Ok(sign <= 0);
    }
    if answer.is_truthy() {
        return Ok(true);
    }
    let opposite = vm.call(comparator, &[right, left])?;
    Ok(!opposite.is_truthy())
}
