//! Looking at a program while it runs: bytecode, traces, profiles.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use clap::Args;
use gene_vm::bytecode::Op;
use gene_vm::code::{Code, Prototype};
use gene_vm::heap::Gc;
use gene_vm::source::{Location, Pos};
use gene_vm::tier::Observer;
use gene_vm::{Symbol, Value, Vm, compile, print};

use crate::execution::{Execution, Jit};
use crate::session::Session;

/// What is told of the execution, on standard error.
#[derive(Args)]
pub struct Observation {
    /// Show the bytecode before execution
    #[arg(short = 'd', long = "compile", alias = "debug")]
    pub bytecode: bool,
    /// Show each instruction before it is executed, with the operand on top of the stack
    #[arg(long, alias = "trace-instruction")]
    pub trace: bool,
}

impl Observation {
    /// Settles what must be settled before there is a session: only the interpreter can be observed.
    pub fn prepare(&self, execution: &mut Execution) {
        if self.trace {
            execution.jit = Jit::Off;
        }
    }

    /// Shows what is to be shown before a program runs, and makes ready for the rest.
    pub fn begin(&self, session: &mut Session, name: &str, text: &str) {
        // What is wrong with the program is told when it is run.
        if self.bytecode
            && let Ok(bodies) = session.vm.compile_bodies(name, text)
        {
            errln!("{}", listings(&bodies));
        }
        if self.trace {
            session.vm.set_observer(Rc::new(Trace));
        }
    }
}

/// The listings of some bodies.
pub fn listings(bodies: &[Gc<Prototype>]) -> String {
    let codes = bodies.iter().filter_map(|body| body.code.get());
    let listings: Vec<String> = codes.map(compile::listing).collect();
    listings.join("\n")
}

/// Prints each instruction before it is executed.
pub struct Trace;

impl Observer for Trace {
    fn instruction(&self, code: &Code, pc: usize, operands: &[Value]) {
        let line = compile::instruction(code, pc);
        match operands.last() {
            Some(&top) => errln!("{} {line}  [{}]", code.name, brief(top)),
            None => errln!("{} {line}", code.name),
        }
    }
}

/// A value in few characters: parts of collections are not shown.
fn brief(value: Value) -> String {
    const LONGEST: usize = 30;
    match value.as_str() {
        Some(text) if text.len() > LONGEST => format!("String of {} bytes", text.len()),
        Some(_) => print::written(value),
        None if value.is_object() => print::kind_name(value).to_owned(),
        None => print::written(value),
    }
}

/// Counts instructions per function and per opcode.
#[derive(Default)]
pub struct Profile {
    functions: RefCell<HashMap<(Symbol, Pos), u64>>,
    opcodes: RefCell<HashMap<Op, u64>>,
}

impl Observer for Profile {
    fn instruction(&self, code: &Code, pc: usize, _operands: &[Value]) {
        let place = code.position(0);
        *self
            .functions
            .borrow_mut()
            .entry((code.name, place))
            .or_default() += 1;
        *self
            .opcodes
            .borrow_mut()
            .entry(code.instrs[pc].op)
            .or_default() += 1;
    }
}

impl Profile {
    /// The table of functions.
    pub fn functions(&self, vm: &Vm) -> String {
        table(&self.functions.borrow(), |&(name, pos)| {
            match vm.sources.location(pos) {
                Some(Location { file, line, .. }) => format!("{name} ({file}:{line})"),
                None => name.to_string(),
            }
        })
    }

    /// The table of opcodes.
    pub fn opcodes(&self) -> String {
        table(&self.opcodes.borrow(), |op| op.name().to_owned())
    }
}

/// Instructions executed, their share and what they belong to, the largest number first.
fn table<K: Eq + Hash>(counts: &HashMap<K, u64>, name: impl Fn(&K) -> String) -> String {
    let total: u64 = counts.values().sum();
    let mut rows: Vec<(u64, String)> = counts
        .iter()
        .map(|(key, &count)| (count, name(key)))
        .collect();
    rows.sort_by(|(a, x), (b, y)| b.cmp(a).then(x.cmp(y)));
    let mut text = format!("{:>12}  share\n", "instructions");
    for (count, name) in rows {
        let share = 100.0 * count as f64 / total as f64;
        text += &format!("{count:>12} {share:>5.1}%  {name}\n");
    }
    text
}
