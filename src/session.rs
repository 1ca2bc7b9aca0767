//! A virtual machine set up as the command line says, and what is told of its failures.

use std::process::ExitCode;

use gene_vm::{Value, Vm};

use crate::STACK_SIZE;
use crate::execution::Execution;
use crate::report::{self, ErrorFormat};

/// A virtual machine at work.
pub struct Session {
    /// The machine.
    pub vm: Box<Vm>,
    error_format: ErrorFormat,
}

impl Session {
    /// Sets up a machine for a program and its arguments.
    pub fn new(execution: &Execution, program: &str, args: Vec<String>) -> Session {
        let mut vm = Vm::new(execution.vm_options(program.to_owned(), args));
        vm.set_native_stack(STACK_SIZE);
        Session {
            vm,
            error_format: execution.error_format.unwrap_or_default(),
        }
    }

    /// Runs a main module. A failure has been reported when it is answered, as the status to end with.
    pub fn run(&mut self, name: &str, text: &str) -> Result<Value, ExitCode> {
        let result = self.vm.run_main(name, text);
        self.vm.io.flush();
        result.map_err(|failure| report::program(&self.vm, &failure, self.error_format))
    }

    /// The bytecode of a program, without running it. Failures are as with [`Session::run`].
    pub fn list(&mut self, name: &str, text: &str) -> Result<String, ExitCode> {
        let listing = self.vm.compile_listing(name, text);
        listing.map_err(|failure| report::program(&self.vm, &failure, self.error_format))
    }
}
