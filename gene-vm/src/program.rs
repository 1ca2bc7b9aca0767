//! Whole programs: reading, compiling, running, and what to say when that fails.

use crate::code::Prototype;
use crate::compile::{Error, Module, ModuleKind};
use crate::embed::Handle;
use crate::heap::Gc;
use crate::object::{Instance, Namespace};
use crate::reader::ReadError;
use crate::source::{Location, Pos};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{Raise, Vm};
use std::rc::Rc;

/// Why a program did not come to its normal end.
#[derive(Debug)]
pub enum Failure {
    /// The text cannot be read.
    Read(ReadError),
    /// The compiler found mistakes before anything ran.
    Compile(Vec<Error>),
    /// An exception left the program; it is in the VM.
    Exception,
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::Read(error)
    }
}

impl From<Vec<Error>> for Failure {
    fn from(errors: Vec<Error>) -> Failure {
        Failure::Compile(errors)
    }
}

impl From<Raise> for Failure {
    fn from(_: Raise) -> Failure {
        Failure::Exception
    }
}

/// A failure as messages show it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The exception's class, if it was one.
    pub class: Option<String>,
    /// What happened.
    pub message: String,
    /// Where: the innermost form that was being evaluated.
    pub pos: Pos,
    /// The same as file, line and column.
    pub location: Option<Location>,
    /// The calls that were under way, innermost first.
    pub stack: Vec<(Symbol, Option<Location>)>,
    /// How it is mended.
    pub help: Option<&'static str>,
}

/// What is done with a warning.
pub type Warn = Rc<dyn Fn(&mut Vm, &Report)>;

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(class) = &self.class {
            write!(f, "{class}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.location {
            Some(location) => write!(f, " ({location})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Report {}

/// A compiled program, which can run many times. Its namespace stays; its variables are new in each run.
pub struct Program {
    module: Module,
    namespace: Gc<Namespace>,
    /// Keep the namespace and what the code refers to.
    _alive: [Handle; 2],
}

impl Program {
    /// Reads and compiles a main module.
    pub fn new(vm: &mut Vm, name: &str, text: &str) -> Result<Program, Failure> {
        let forms = crate::reader::read_all(vm, name, text)?;
        let symbol = Symbol::intern(name);
        let module = crate::compile::module(vm, &forms, symbol, ModuleKind::Main, None)?;
        vm.warn(&module.warnings);
        Ok(Program::of_module(vm, name, module))
    }

    pub(crate) fn module(&self) -> &Module {
        &self.module
    }

    pub(crate) fn of_module(vm: &mut Vm, name: &str, module: Module) -> Program {
        let namespace = vm.module_namespace(name, true);
        let body = vm.module_function(&module, namespace, Value::NIL);
        Program {
            namespace,
            _alive: [vm.keep(Value::object(namespace)), vm.keep(body)],
            module,
        }
    }

    /// Runs the program, waits for what it started, and answers its value.
    pub fn run(&self, vm: &mut Vm) -> crate::vm::Result {
        let value = vm.run_module(&self.module, self.namespace)?;
        let top = vm.context.stack_top;
        vm.root(value);
        vm.finish_events();
        vm.context.stack_top = top;
        Ok(value)
    }
}

impl Vm {
    /// Reads, compiles and runs the main module. `name` is the path as given, `<eval>` …
    pub fn run_main(&mut self, name: &str, text: &str) -> Result<Value, Failure> {
        let program = Program::new(self, name, text)?;
        Ok(program.run(self)?)
    }

    /// The bodies of a program, that of the module first, compiled to bytecode without running anything.
    pub fn compile_bodies(
        &mut self,
        name: &str,
        text: &str,
    ) -> Result<Vec<Gc<Prototype>>, Failure> {
        let forms = crate::reader::read_all(self, name, text)?;
        let module =
            crate::compile::module(self, &forms, Symbol::intern(name), ModuleKind::Main, None)?;
        let bodies = crate::compile::bodies(self, module.prototype);
        bodies.map_err(|error| Failure::Compile(vec![error]))
    }

    /// Describes a failure: its first reason, if there are several.
    pub fn report(&self, failure: &Failure) -> Report {
        self.reports(failure).swap_remove(0)
    }

    /// Describes all reasons of a failure. There is at least one.
    pub fn reports(&self, failure: &Failure) -> Vec<Report> {
        match failure {
            Failure::Read(error) => {
                vec![self.report_mistake(&Error::new(&*error.message, error.pos))]
            }
            Failure::Compile(errors) => {
                let reports = errors.iter().map(|error| self.report_mistake(error));
                reports.collect()
            }
            Failure::Exception => vec![self.report_exception()],
        }
    }

    fn report_mistake(&self, error: &Error) -> Report {
        Report {
            class: None,
            message: error.message.clone(),
            pos: error.pos,
            location: self.sources.location(error.pos),
            stack: Vec::new(),
            help: error.help,
        }
    }

    /// Passes on what the compiler warns of.
    pub(crate) fn warn(&mut self, warnings: &[Error]) {
        for warning in warnings {
            let report = self.report_mistake(warning);
            match self.on_warning.clone() {
                Some(warn) => warn(self, &report),
                None => self
                    .io
                    .print_error(&format!("Warning: {}\n", report.message)),
            }
        }
    }

    fn report_exception(&self) -> Report {
        let exception = self.exception.get::<Instance>();
        let message = exception
            .and_then(|exception| exception.field(sym::MESSAGE))
            .unwrap_or(Value::NIL);
        let trace = self.stack_trace();
        let pos = trace.first().map_or(Pos::NONE, |entry| entry.pos);
        Report {
            class: exception.map(|exception| exception.class().name.to_string()),
            message: crate::print::display(message),
            pos,
            location: self.sources.location(pos),
            stack: trace
                .iter()
                .map(|entry| (entry.function, self.sources.location(entry.pos)))
                .collect(),
            help: None,
        }
    }
}
