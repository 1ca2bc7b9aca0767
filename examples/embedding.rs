//! Gene inside of a Rust program: `cargo run --example embedding`.
//!
//! An order system lets its users write discount rules in Gene. The rules see native functions and
//! values, are bounded in memory and steps, and can be interrupted.

use std::error::Error;
use std::thread;
use std::time::Duration;

use gene_vm::object::Array;
use gene_vm::session::Session;
use gene_vm::vm::{ErrorClass, Options};
use gene_vm::{Value, Vm};

const RULES: &str = r#"
(fn discount [total items]
  (if (total > limit) (percent total 10)
   elif (items > 3) 5
   else 0))
"#;

fn main() -> Result<(), Box<dyn Error>> {
    // A machine, with what the embedding program gives it.
    let mut vm = Vm::new(Options::default());
    let limit = Value::float(100.0);
    vm.define("limit", limit);
    vm.define_function("percent", |vm, args| {
        let number = |i: usize| args.get(i).and_then(Value::as_number);
        match (number(0), number(1)) {
            (Some(of), Some(percent)) => Ok(Value::float(of * percent / 100.0)),
            _ => Err(vm.raise(ErrorClass::Argument, "percent requires two numbers")),
        }
    });

    // What it may use. Steps are calls and loop rounds.
    vm.limit_memory(Some(16 << 20));
    vm.limit_steps(Some(100_000));

    // Evaluate, call a function that Gene code has defined, get values back.
    let mut session = Session::new(&mut vm, "rules");
    evaluate(&mut vm, &mut session, RULES)?;
    let discount = evaluate(&mut vm, &mut session, "discount")?;
    let discount = vm.keep(discount);
    let arguments = [Value::float(250.0), Value::int32(2)];
    let Ok(amount) = vm.call(discount.value(), &arguments) else {
        return Err("the discount cannot be computed".into());
    };
    println!("discount: {:?}", amount.as_number());

    let numbers = evaluate(&mut vm, &mut session, "[1 (1 + 1) (discount 1 4)]")?;
    let numbers = numbers.get::<Array>().ok_or("an array was expected")?;
    let sum: i64 = numbers.items.iter().filter_map(|item| item.as_int()).sum();
    println!("sum: {sum}");

    // Mistakes are values with class, message and place.
    for mistake in ["(percent 1)", "(discount", "(while true 1)"] {
        if let Err(error) = evaluate(&mut vm, &mut session, mistake) {
            println!("error: {error}");
        }
    }

    // Another thread interrupts what takes too long.
    vm.limit_steps(None);
    let interrupter = vm.interrupter();
    let watchdog = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        interrupter.interrupt();
    });
    if let Err(error) = evaluate(&mut vm, &mut session, "(while true 1)") {
        println!("error: {error}");
    }
    watchdog.join().map_err(|_| "the watchdog failed")?;
    Ok(())
}

/// The value of some code. The error tells class, message and place.
fn evaluate(vm: &mut Vm, session: &mut Session, code: &str) -> Result<Value, Box<dyn Error>> {
    session
        .run(vm, "rules", code)
        .map_err(|failure| vm.report(&failure).into())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_runs() {
        super::main().expect("it ends well");
    }
}
