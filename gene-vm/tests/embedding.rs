//! Gene used from Rust.

use gene_vm::program::Failure;
use gene_vm::session::Session;
use gene_vm::vm::ErrorClass;
use gene_vm::{Value, Vm};

fn run(vm: &mut Vm, text: &str) -> Result<Value, String> {
    let mut session = Session::new(vm, "<test>");
    session
        .run(vm, "<test>", text)
        .map_err(|failure| vm.report(&failure).message)
}

#[test]
fn native_functions_take_and_give_values() {
    let mut vm = Vm::new(Default::default());
    vm.define_function("shout", |vm, args| {
        match args.get(0).as_ref().and_then(|v| v.as_str()) {
            Some(text) => Ok(vm.heap.string(text.to_uppercase())),
            None => Err(vm.raise(ErrorClass::Argument, "shout requires a string")),
        }
    });
    let answer = run(&mut vm, "(shout \"hey\")").expect("it runs");
    assert_eq!(answer.as_str(), Some("HEY"));
    let caught = run(
        &mut vm,
        "(try (shout 1) catch ArgumentException $ex/message)",
    )
    .expect("it is caught");
    assert_eq!(caught.as_str(), Some("shout requires a string"));
}

#[test]
fn rust_calls_gene_functions() {
    let mut vm = Vm::new(Default::default());
    let function = run(&mut vm, "(fn [a b] (a * b))").expect("it runs");
    let function = vm.keep(function);
    let product = vm
        .call(function.value(), &[Value::int32(6), Value::int32(7)])
        .expect("it runs");
    assert_eq!(product.as_int(), Some(42));
}

#[test]
fn handles_keep_values_alive() {
    let mut vm = Vm::new(Default::default());
    let text = vm.heap.string("kept");
    let handle = vm.keep(text);
    run(
        &mut vm,
        "(var i 0) (while (i < 200000) (var a [i i]) (i += 1))",
    )
    .expect("it runs");
    assert!(vm.heap.collections() > 0);
    assert_eq!(handle.value().as_str(), Some("kept"));
}

#[test]
fn steps_are_limited_also_for_programs_that_catch() {
    let mut vm = Vm::new(Default::default());
    vm.limit_steps(Some(10_000));
    let stopped = run(&mut vm, "(loop (try (loop (var x 1)) catch * nil))");
    assert_eq!(
        stopped.expect_err("it never ends by itself"),
        "Step limit exceeded"
    );
    vm.limit_steps(None);
    assert_eq!(
        run(&mut vm, "(1 + 1)").expect("it runs again").as_int(),
        Some(2)
    );
}

#[test]
fn memory_is_limited() {
    let mut vm = Vm::new(Default::default());
    vm.limit_memory(Some(8 << 20));
    let stopped = run(&mut vm, "(var all []) (loop (all .add [1 2 3]))");
    assert_eq!(
        stopped.expect_err("it needs ever more"),
        "Memory limit exceeded"
    );
    run(
        &mut vm,
        "(var i 0) (while (i < 200000) (var a [i i]) (i += 1))",
    )
    .expect("garbage does not count");
}

#[test]
fn another_thread_interrupts() {
    let mut vm = Vm::new(Default::default());
    let interrupter = vm.interrupter();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        interrupter.interrupt();
    });
    assert_eq!(
        run(&mut vm, "(loop nil)").expect_err("it never ends by itself"),
        "Interrupted"
    );
    thread.join().expect("it only interrupts");
}

#[test]
fn failures_tell_their_place() {
    let mut vm = Vm::new(Default::default());
    let failure = vm
        .run_main("<test>", "(var x 1)\n(foo x)")
        .expect_err("foo is not there");
    assert!(matches!(failure, Failure::Exception));
    let report = vm.report(&failure);
    assert_eq!(report.message, "foo is not defined");
    assert_eq!(report.location.map(|at| (at.line, at.column)), Some((2, 1)));
}
