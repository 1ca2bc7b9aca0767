//! Lowers the tree of a test and runs the code.

use super::listing::Listing;
use super::program::Program;
use gene_isle_tools::testing::{Case, Outcome};
use gene_jit::lower::Compiler;
use gene_jit::tier::{Backend, Jit, Options};
use gene_vm::Vm;
use gene_vm::code::{Code, Prototype};
use gene_vm::heap::Gc;
use gene_vm::object::Function;
use gene_vm::print::written;
use gene_vm::program::Failure;
use gene_vm::session::Session;
use gene_vm::value::Value;
use std::rc::Rc;

/// What arguments of tests can refer to.
const WORLD: &str = include_str!("world.gene");

/// How often each call is made: callees are compiled, caches filled, and guesses that were wrong are made anew.
const CALLS: usize = 6;

/// What comes of a test.
pub fn outcome(case: &Case) -> Result<Outcome, String> {
    let mut compiled = Tested::new(case, true)?;
    let mut interpreted = Tested::new(case, false)?;
    let Listing { rules, asm } = interpreted.listing()?;
    let values = case.values().map(|(args, _)| {
        let expected = interpreted.call(args);
        let mut results = (1..=CALLS).map(|call| (call, compiled.call(args)));
        match results.find(|(_, result)| *result != expected) {
            None => expected,
            Some((call, result)) => format!("{result} at call {call}, interpreted {expected}"),
        }
    });
    let values = values.collect();
    Ok(Outcome { rules, asm, values })
}

/// The function that a test's tree has become.
struct Tested {
    vm: Box<Vm>,
    session: Session,
    program: Program,
    function: Gc<Function>,
    /// Has the code.
    prototype: Gc<Prototype>,
}

impl Tested {
    fn new(case: &Case, compiled: bool) -> Result<Tested, String> {
        let mut vm = Vm::new(Default::default());
        vm.set_native_stack(1 << 20);
        if compiled {
            let options = Options::new(Backend::native().unwrap_or(Backend::Simulator));
            let jit = Jit::new(Options {
                threshold: 0,
                ..options
            });
            vm.set_tier(Rc::new(jit.map_err(|error| error.to_string())?));
        }
        let mut session = Session::new(&mut vm, "<test>");
        let program = Program::of(case)?;
        let shell = format!("{WORLD}\n{}", program.shell());
        let function = session
            .run(&mut vm, "<test>", &shell)
            .map_err(|failure| vm.report(&failure).message)?;
        let mut function = function.get::<Function>().expect("the shell is a function");
        let code = program.code(&mut vm, &function.prototype)?;
        let prototype = vm.heap.alloc(with_code(&function.prototype, code));
        function.code.set(std::ptr::null());
        function.prototype = prototype;
        Ok(Tested {
            vm,
            session,
            program,
            function,
            prototype,
        })
    }

    /// What the code becomes after the calls that the test makes before.
    fn listing(&mut self) -> Result<Listing, String> {
        for args in self.program.earlier.clone() {
            self.call(&args);
        }
        let code = self.prototype.code.get().expect("it was set");
        self.vm.resolve_names(code, self.function);
        let feedback = self.program.feedback(&mut self.vm, code);
        let compiled = Compiler::default().compile(code, &feedback);
        let compiled = compiled.map_err(|reason| reason.to_string())?;
        Ok(Listing::new(&compiled, &self.program.focus))
    }

    /// The result of a call, as it is printed.
    fn call(&mut self, args: &str) -> String {
        let call = format!("(tested {args})");
        match self.session.run(&mut self.vm, "<test>", &call) {
            Ok(value) => written(value),
            Err(failure @ Failure::Exception) => {
                let message = self.vm.report(&failure).message;
                // There are no quotes in the strings of rule files.
                format!("raises \"{}\"", message.replace('"', "'"))
            }
            Err(failure) => self.vm.report(&failure).message,
        }
    }
}

/// A prototype like another, but for the code.
fn with_code(other: &Prototype, code: Code) -> Prototype {
    Prototype {
        name: other.name,
        kind: other.kind,
        params: other.params.clone(),
        generics: other.generics.clone(),
        is_method: other.is_method,
        body: Vec::new(),
        captures: Default::default(),
        parameter_form: Value::NIL,
        form: Value::NIL,
        environment: other.environment.clone(),
        return_type: other.return_type.clone(),
        pos: other.pos,
        code: code.into(),
    }
}
