//! A host program that runs user scripts: it offers a function and a value, limits memory and
//! steps, and calls a function that the script defines.
//!
//! `cargo run -p gene-vm --example embed`

use gene_vm::session::Session;
use gene_vm::{Value, Vm};

const SCRIPT: &str = r##"
(log "script loaded")
(fn price [item count]
  (var total (count * (prices .get item 0)))
  (log #"#{count} x #{item}")
  total)
price
"##;

fn main() {
    let mut vm = Vm::new(Default::default());
    vm.limit_memory(Some(64 << 20));
    vm.limit_steps(Some(1_000_000));

    vm.define_function("log", |_, args| {
        let text = args.get(0).map(gene_vm::print::display).unwrap_or_default();
        println!("[script] {text}");
        Ok(Value::NIL)
    });
    let prices = [("tea", 3), ("bread", 2)];
    let prices = prices.map(|(item, price)| (gene_vm::Symbol::intern(item), Value::int32(price)));
    let prices = vm.heap.map(prices.into_iter().collect());
    vm.define("prices", prices);

    let mut session = Session::new(&mut vm, "<script>");
    let price = match session.run(&mut vm, "<script>", SCRIPT) {
        Ok(function) => vm.keep(function),
        Err(failure) => return eprintln!("script failed: {}", vm.report(&failure).message),
    };
    let item = vm.heap.string("tea");
    match vm.call(price.value(), &[item, Value::int32(4)]) {
        Ok(total) => println!("total: {}", gene_vm::print::display(total)),
        Err(_) => eprintln!("price failed"),
    }
}
