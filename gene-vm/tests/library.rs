//! The library without an interpreter: natives called by natives.

use gene_vm::object::{Array, Future, FutureState, Namespace};
use gene_vm::print::written;
use gene_vm::vm::Options;
use gene_vm::{Symbol, Value, Vm};
use std::time::Duration;

fn vm() -> Box<Vm> {
    Vm::new(Options {
        gc_stress: true,
        ..Options::default()
    })
}

/// The written form of what the method answers, or the message of its exception.
fn method(vm: &mut Vm, receiver: Value, name: &str, args: &[Value]) -> String {
    let result = vm.call_method(receiver, Symbol::intern(name), args);
    outcome(vm, result)
}

fn outcome(vm: &mut Vm, result: gene_vm::vm::Result) -> String {
    match result {
        Ok(value) => written(value),
        Err(_) => {
            let exception = vm.take_exception();
            let class = vm.class_of(exception).name.name();
            let exception = exception.get::<gene_vm::object::Instance>();
            let message = exception.and_then(|e| e.field(Symbol::intern("message")));
            format!(
                "{class}: {}",
                message.map_or("".into(), gene_vm::print::display)
            )
        }
    }
}

fn call(vm: &mut Vm, path: &[&str], args: &[Value]) -> String {
    let mut value = Value::object(vm.builtins.global);
    for name in path {
        let name = Symbol::intern(name);
        let namespace = value.get::<Namespace>().expect("a path of namespaces");
        value = namespace.members[&name];
    }
    let result = vm.call_keywords(value, args, Value::NIL);
    outcome(vm, result)
}

#[test]
fn a_sort_that_calls_back_is_stable_and_survives_a_contradictory_comparator() {
    let mut vm = vm();
    let items: Vec<Value> = [3, -1, 2, -3, 1].map(Value::int32).into();
    let array = vm.heap.array(items);
    let abs = vm.builtins.global.members[&Symbol::intern("abs")];
    // `abs` takes one argument and ignores the second: its answers contradict each other.
    let sorted = method(&mut vm, array, "sort", &[abs]);
    assert_eq!(sorted.len(), written(array).len());
    assert_eq!(
        method(&mut vm, array, "sort", &[Value::NIL]),
        "Exception: Value is not callable: VkNil"
    );
}

#[test]
fn deep_structures_are_hashed_frozen_and_written_without_native_recursion() {
    let mut vm = vm();
    let mut deep = vm.heap.array(Vec::new());
    for _ in 0..200_000 {
        deep = vm.heap.array(vec![deep]);
    }
    assert!(vm.hash_key(deep, "HashMap").is_ok());
    assert_eq!(method(&mut vm, deep, "to_json", &[]).len(), 400_004);
    let text = "[".repeat(100_000) + &"]".repeat(100_000);
    let text = vm.heap.string(text);
    let parsed = call(&mut vm, &["gene", "json", "parse"], &[text]);
    assert_eq!(parsed.len(), 200_000);
    let frozen = call(&mut vm, &["freeze"], &[deep]);
    assert_eq!(frozen.len(), 400_002);
    assert_eq!(
        method(&mut vm, deep, "push", &[Value::NIL]),
        "Exception: cannot mutate frozen VkArray via push to"
    );
}

#[test]
fn a_container_inside_of_itself_ends_hashing_and_is_refused_as_json() {
    let mut vm = vm();
    let value = vm.heap.array(Vec::new());
    let mut array = value.get::<Array>().expect("an array");
    array.items.push(value);
    array.items.push(value);
    assert!(vm.hash_key(value, "HashMap").is_ok());
    assert_eq!(
        method(&mut vm, value, "to_json", &[]),
        "Exception: JSON cannot hold a value that contains itself"
    );
}

#[test]
fn equal_keys_have_equal_hashes_whatever_their_order_and_representation() {
    let mut vm = vm();
    let pairs = |vm: &mut Vm, text: &[(&str, i32)]| {
        let entries = text
            .iter()
            .map(|&(key, value)| (Symbol::intern(key), Value::int32(value)));
        vm.heap.map(entries.collect())
    };
    let a = pairs(&mut vm, &[("x", 1), ("y", 2)]);
    let b = pairs(&mut vm, &[("y", 2), ("x", 1)]);
    let swapped = pairs(&mut vm, &[("x", 2), ("y", 1)]);
    let mut hash = |value| vm.hash_key(value, "HashMap").map(|key| key.hash);
    assert_eq!(hash(a), hash(b));
    assert_ne!(hash(a), hash(swapped));
    assert_ne!(hash(Value::int32(1)), hash(Value::float(1.0)));
    assert_ne!(hash(Value::float(0.0)), hash(Value::float(-0.0)));
}

#[test]
fn timers_settle_in_the_order_of_their_times() {
    let mut vm = vm();
    let sleep = vm.builtins.gene.members[&Symbol::intern("sleep_async")];
    let mut timer = |milliseconds| {
        let future = vm
            .call(sleep, &[Value::int32(milliseconds)])
            .expect("a future");
        vm.root(future);
        future.get::<Future>().expect("a future")
    };
    let (slow, quick) = (timer(30), timer(1));
    assert_eq!(slow.state, FutureState::Pending);
    assert_eq!(vm.await_future(slow, None), Ok(Value::NIL));
    assert_eq!(quick.state, FutureState::Success);
}

#[test]
fn waiting_ends_with_the_timeout() {
    let mut vm = vm();
    let never = vm.new_future(FutureState::Pending, Value::NIL);
    vm.root(Value::object(never));
    let result = vm.await_future(never, Some(Duration::from_millis(5)));
    assert_eq!(
        outcome(&mut vm, result),
        "TimeoutException: await timed out"
    );
    assert_eq!(never.state, FutureState::Failure);
}

#[test]
fn the_environment_can_be_kept_from_programs() {
    let source = "[($env .size) (get_env \"PATH\") (has_env \"PATH\") (set_env \"A\" \"b\") (get_env \"A\")]";
    let run = |environment| {
        let mut vm = Vm::new(Options {
            environment,
            ..Options::default()
        });
        let value = vm.run_main("<test>", source);
        value
            .map(written)
            .map_err(|failure| vm.report(&failure).message)
    };
    let shut = run(false).expect("the program runs");
    assert!(shut.starts_with("[0 nil false "), "{shut}");
    assert!(shut.ends_with(" \"b\"]"), "{shut}");
    assert!(!run(true).expect("the program runs").starts_with("[0 nil"));
}
