//! A virtual machine set up as the command line says, and what is told of its failures.

use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use gene_jit::tier::{self, Backend};
use gene_vm::code::Prototype;
use gene_vm::heap::Gc;
use gene_vm::program::{Failure, Program};
use gene_vm::{Value, Vm};

use crate::STACK_SIZE;
use crate::commands::repl;
use crate::execution::{Execution, Jit, StatsFormat};
use crate::report::{self, ErrorFormat};

/// A virtual machine at work.
pub struct Session {
    /// The machine. It lives as long as the process, whose end frees its memory at once.
    pub vm: &'static mut Vm,
    jit: Option<Rc<tier::Jit>>,
    stats: Option<StatsFormat>,
    /// Where the profile of compiled code goes.
    profile: Option<PathBuf>,
    error_format: ErrorFormat,
}

impl Session {
    /// Sets up a machine for a program and its arguments.
    pub fn new(execution: &Execution, program: &str, args: Vec<String>) -> Result<Session, String> {
        let vm = Box::leak(Vm::new(execution.vm_options(program.to_owned(), args)));
        vm.set_native_stack(STACK_SIZE);
        vm.set_converse(Rc::new(repl::converse));
        let error_format = execution.error_format.unwrap_or_default();
        vm.set_on_warning(report::warn(error_format));
        let jit = set_up_jit(execution)?;
        if let Some(jit) = &jit {
            vm.set_tier(jit.clone());
        }
        Ok(Session {
            vm,
            jit,
            stats: execution.stats,
            profile: execution.jit_profile.clone(),
            error_format,
        })
    }

    /// Runs a main module. A failure has been reported when it is answered, as the status to end with.
    pub fn run(&mut self, name: &str, text: &str) -> Result<Value, ExitCode> {
        self.execute(|vm| Program::new(vm, name, text))
    }

    /// Runs a program that `compile` provides. Failures are as with [`Session::run`].
    pub fn execute(
        &mut self,
        compile: impl FnOnce(&mut Vm) -> Result<Program, Failure>,
    ) -> Result<Value, ExitCode> {
        let result = compile(self.vm).and_then(|program| Ok(program.run(self.vm)?));
        self.vm.io.flush();
        self.report_statistics();
        self.write_profile().map_err(|why| report::failure(&why))?;
        result.map_err(|failure| {
            let ended = report::program(self.vm, &failure, self.error_format);
            if let Some(units) = self.vm.failing_session() {
                repl::converse(self.vm, units);
            }
            ended
        })
    }

    /// Compiles a program without running it: the module's body and those of its functions.
    /// Failures are as with [`Session::run`].
    pub fn compile(&mut self, name: &str, text: &str) -> Result<Vec<Gc<Prototype>>, ExitCode> {
        let bodies = self.vm.compile_bodies(name, text);
        bodies.map_err(|failure| report::program(self.vm, &failure, self.error_format))
    }

    /// Compiles a program to be kept. Failures are as with [`Session::run`].
    pub fn program(&mut self, name: &str, text: &str) -> Result<Program, ExitCode> {
        let program = Program::new(self.vm, name, text);
        program.map_err(|failure| report::program(self.vm, &failure, self.error_format))
    }

    /// Tells what was compiled, if the command line asks for it.
    pub fn report_statistics(&self) {
        let statistics = self
            .jit
            .as_ref()
            .map(|jit| jit.statistics())
            .unwrap_or_default();
        match self.stats {
            None => {}
            Some(StatsFormat::Human) => err!("{statistics}"),
            Some(StatsFormat::Json) => errln!("{}", serde_json::json!(statistics)),
        }
    }

    /// Writes the profile of compiled code, if the command line asks for it.
    fn write_profile(&self) -> Result<(), String> {
        let (Some(path), Some(jit)) = (&self.profile, &self.jit) else {
            return Ok(());
        };
        let profile = jit.profile(&self.vm.sources);
        std::fs::write(path, serde_json::json!(profile).to_string())
            .map_err(|error| format!("Cannot write {}: {error}", path.display()))
    }
}

/// The JIT, if it is to be used and this host can run what it generates.
fn set_up_jit(execution: &Execution) -> Result<Option<Rc<tier::Jit>>, String> {
    if execution.jit_profile.is_some() && execution.jit() != Jit::Sim {
        return Err("--jit-profile needs --jit=sim: the simulator counts instructions".into());
    }
    let backend = match execution.jit() {
        Jit::Off => return Ok(None),
        Jit::Sim => Backend::Simulator,
        Jit::Auto => match Backend::native() {
            Some(backend) => backend,
            None => return Ok(None),
        },
        Jit::Always => Backend::native().ok_or(
            "--jit=always needs an arm64 host; --jit=sim runs the same code in a simulator",
        )?,
    };
    let mut options = tier::Options::new(backend);
    match (execution.jit_threshold, execution.jit()) {
        (Some(threshold), _) => options.threshold = threshold,
        (None, Jit::Auto) => {}
        (None, _) => options.threshold = 0,
    }
    options.code_limit = execution.jit_code_limit.unwrap_or(options.code_limit);
    options.tools = execution.tools();
    options.profile = execution.jit_profile.is_some();
    let jit = tier::Jit::new(options).map_err(|error| format!("Cannot set up the JIT: {error}"))?;
    Ok(Some(Rc::new(jit)))
}
