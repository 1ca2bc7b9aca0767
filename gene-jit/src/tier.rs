//! The second tier: decides what is compiled, keeps the code, and runs it.

use crate::arm64::emit::Saved;
use crate::arm64::{self, Fixup, X0, X1, X2};
use crate::buffer::CodeBuffer;
use crate::explain::{Explanation, explain_compiled};
use crate::lower::{Compiled, Declined, compile};
use crate::memory::CodeMemory;
use crate::runtime::Landing;
use crate::sim::{self, Simulator};
use crate::stats::{Outcome, Statistics};
use gene_vm::bytecode::Op;
use gene_vm::code::Code;
use gene_vm::heap::Gc;
use gene_vm::object::Function;
use gene_vm::symbol::Symbol;
use gene_vm::tier::Tier;
use gene_vm::value::{POINTER_TAG, SMALL_INT_TAG, Value};
use gene_vm::vm::Vm;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::{Rc, Weak};
use std::time::Instant;

/// How compiled code runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Backend {
    /// As machine code of this host.
    Native,
    /// By the simulator.
    Simulator,
}

impl Backend {
    /// The native backend, if this host has one.
    pub fn native() -> Option<Backend> {
        cfg!(target_arch = "aarch64").then_some(Backend::Native)
    }
}

/// Settings of the JIT.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How compiled code runs.
    pub backend: Backend,
    /// Calls plus loop rounds after which a function is compiled.
    pub threshold: u32,
    /// Largest size of all machine code, in bytes.
    pub code_limit: usize,
}

impl Options {
    /// The usual settings.
    pub fn new(backend: Backend) -> Options {
        Options {
            backend,
            threshold: 500,
            code_limit: 256 << 20,
        }
    }
}

/// How often a function that has been declined is offered again: never, as far as anyone waits.
const DECLINED_BUDGET: i32 = i32::MAX;
/// Native stack that the runtime's functions need below compiled code.
const RESERVE: usize = 128 << 10;
/// Bytes of native stack that compiled code uses at most per byte of value stack: the smallest frame has one slot, the
/// largest native frame saves all kept registers.
const NATIVE_PER_VALUE: usize = 16;

/// The JIT of one VM.
pub struct Jit {
    options: Options,
    shared: Rc<Shared>,
}

/// What compiled code, its functions and the JIT share.
pub struct Shared {
    functions: RefCell<BTreeMap<usize, Weak<CompiledFunction>>>,
    /// Bytes of machine code.
    code_bytes: Cell<usize>,
    /// What has happened so far.
    statistics: RefCell<Statistics>,
    /// Calls of the runtime by opcode: an array, as counting is part of each such call.
    helper_calls: [Cell<u64>; Op::ALL.len()],
    simulator: Option<*mut Simulator>,
    trampoline: Trampoline,
}

impl Shared {
    /// Notes a call of the runtime.
    pub(crate) fn count_helper(&self, op: Op) {
        let count = &self.helper_calls[op as usize];
        count.set(count.get() + 1);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(simulator) = self.simulator {
            // SAFETY: `Jit::new` made it of a box.
            drop(unsafe { Box::from_raw(simulator) });
        }
    }
}

/// The way from Rust into compiled code: `fn(vm, base, address) -> result`.
struct Trampoline {
    memory: CodeMemory,
    /// Where an exception that nothing catches goes on.
    exception: usize,
}

impl Trampoline {
    fn new(backend: Backend) -> io::Result<Trampoline> {
        let mut buffer = CodeBuffer::<Fixup>::default();
        let (entry, exception) = (buffer.label(), buffer.label());
        let saved = Saved::new(0x3ff8_0000, 0xff00);
        buffer.enter_frame(&saved);
        buffer.mov(arm64::CONTEXT, X0);
        buffer.mov(arm64::FRAME, X1);
        buffer.constant(arm64::SMALL_INT_TAG, SMALL_INT_TAG);
        buffer.constant(arm64::POINTER_TAG, POINTER_TAG);
        buffer.call_register(X2);
        buffer.leave_frame(&saved);
        buffer.ret();
        buffer.bind(exception);
        buffer.constant(X0, Value::EXCEPTION.bits());
        buffer.leave_frame(&saved);
        buffer.ret();
        let finished = buffer.finish(&[], entry);
        let memory = CodeMemory::new(&finished.code, backend == Backend::Native)?;
        Ok(Trampoline {
            exception: finished.offset(exception),
            memory,
        })
    }
}

/// The machine code of one body. It belongs to the body's [`Code`] and goes with it.
pub struct CompiledFunction {
    /// The code.
    pub(crate) compiled: Compiled,
    /// Where it lies.
    memory: CodeMemory,
    code: *const Code,
    shared: Rc<Shared>,
}

impl CompiledFunction {
    /// Where the code lies.
    pub fn address(&self) -> usize {
        self.memory.address()
    }
}

impl Drop for CompiledFunction {
    fn drop(&mut self) {
        let shared = &self.shared;
        shared.functions.borrow_mut().remove(&self.memory.address());
        shared
            .code_bytes
            .set(shared.code_bytes.get() - self.memory.bytes().len());
    }
}

impl Jit {
    /// A JIT.
    ///
    /// # Errors
    /// The system gives no memory for code.
    pub fn new(options: Options) -> io::Result<Jit> {
        let simulator = (options.backend == Backend::Simulator)
            .then(|| Box::into_raw(Box::<Simulator>::default()));
        let shared = Shared {
            functions: RefCell::default(),
            code_bytes: Cell::new(0),
            statistics: RefCell::default(),
            helper_calls: [const { Cell::new(0) }; Op::ALL.len()],
            simulator,
            trampoline: Trampoline::new(options.backend)?,
        };
        Ok(Jit {
            options,
            shared: Rc::new(shared),
        })
    }

    /// What has happened so far.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = self.shared.statistics.borrow().clone();
        let counts = self.shared.helper_calls.iter().map(Cell::get);
        statistics.helper_calls = Op::ALL
            .iter()
            .map(|op| op.name())
            .zip(counts)
            .filter(|&(_, count)| count > 0)
            .collect();
        statistics.instructions = self.shared.simulator.map(|simulator| {
            // SAFETY: the simulator lives as long as `shared`, and is borrowed during its calls only.
            unsafe { (*simulator).executed }
        });
        statistics
    }

    /// What has become of the functions that are compiled and alive.
    pub fn explain(&self) -> Vec<(Symbol, Explanation)> {
        let functions: Vec<_> = {
            let functions = self.shared.functions.borrow();
            functions.values().filter_map(Weak::upgrade).collect()
        };
        let explain = |function: &Rc<CompiledFunction>| {
            // SAFETY: the code owns the function, and is traced or dropped by the VM only while this is not running.
            let code = unsafe { &*function.code };
            (code.name, explain_compiled(code, &function.compiled))
        };
        functions.iter().map(explain).collect()
    }

    fn compile(&self, code: &Code, observed: &[Value]) -> Result<Rc<CompiledFunction>, Declined> {
        let shared = &self.shared;
        let compiled = compile(code, observed, Rc::as_ptr(shared) as usize)?;
        if shared.code_bytes.get() + compiled.code.len() > self.options.code_limit {
            return Err(Declined::NoRoom);
        }
        let execute = self.options.backend == Backend::Native;
        let memory = CodeMemory::new(&compiled.code, execute).map_err(|_| Declined::NoRoom)?;
        shared
            .code_bytes
            .set(shared.code_bytes.get() + memory.bytes().len());
        let start = memory.address();
        let shared = shared.clone();
        let function = Rc::new(CompiledFunction {
            compiled,
            memory,
            code,
            shared,
        });
        function
            .shared
            .functions
            .borrow_mut()
            .insert(start, Rc::downgrade(&function));
        Ok(function)
    }

    fn run(&self, vm: &mut Vm, address: usize, base: *mut Value) -> Value {
        let Some(left) = vm.native_stack_left().checked_sub(RESERVE) else {
            vm.raise_stack_overflow();
            return Value::EXCEPTION;
        };
        let trampoline = self.shared.trampoline.memory.address();
        let result = match self.shared.simulator {
            Some(simulator) => {
                let args = [vm as *mut Vm as u64, base as u64, address as u64];
                // SAFETY: the simulator lives as long as the JIT; `address` is in code for this frame.
                unsafe { sim::call(simulator, trampoline, args) }
            }
            None => {
                let limit = vm.context.stack_limit;
                // Compiled code checks the value stack alone; so that must run out first.
                vm.context.stack_limit = limit.min(base.wrapping_byte_add(left / NATIVE_PER_VALUE));
                // SAFETY: the trampoline was emitted with this signature; `address` is in code for this frame.
                let result = unsafe {
                    let enter: unsafe extern "C" fn(*mut Vm, *mut Value, usize) -> u64 =
                        std::mem::transmute(trampoline);
                    enter(vm, base, address)
                };
                vm.context.stack_limit = limit;
                result
            }
        };
        Value::from_bits(result)
    }
}

/// The machine code of a body.
pub(crate) fn compiled_function(code: &Code) -> Option<Rc<CompiledFunction>> {
    let data = code.tier_data.borrow();
    data.as_ref()?
        .downcast_ref::<Rc<CompiledFunction>>()
        .cloned()
}

impl Tier for Jit {
    fn threshold(&self) -> i32 {
        i32::try_from(self.options.threshold).unwrap_or(i32::MAX)
    }

    fn heat(&self, vm: &mut Vm, _function: Gc<Function>, code: &Code) {
        let started = Instant::now();
        let observed = vm.topmost_values(code.locals as usize);
        let result = self.compile(code, &observed);
        let elapsed = started.elapsed();
        let outcome = match &result {
            Ok(function) => Outcome::Compiled {
                instructions: code.instrs.len(),
                bytes: function.compiled.code.len(),
            },
            Err(reason) => Outcome::Declined {
                reason: reason.to_string(),
            },
        };
        self.shared
            .statistics
            .borrow_mut()
            .note(code.name.name(), outcome, elapsed);
        match result {
            Ok(function) => {
                let start = function.memory.address();
                code.entry.set(start + function.compiled.entry);
                code.receiver.set(function.compiled.receiver.unwrap_or(0));
                code.receiver_entry.set(start);
                *code.tier_data.borrow_mut() = Some(Box::new(function));
            }
            Err(_) => code.budget.set(DECLINED_BUDGET),
        }
    }

    fn enter(&self, vm: &mut Vm, code: &Code, base: *mut Value) -> Value {
        // Compiled code leaves it to its callers where it neither calls nor loops.
        if vm.is_safepoint_due() && vm.safepoint().is_err() {
            return Value::EXCEPTION;
        }
        self.run(vm, code.entry.get(), base)
    }

    fn enter_loop(
        &self,
        vm: &mut Vm,
        code: &Code,
        target: usize,
        base: *mut Value,
    ) -> Option<Value> {
        let function = compiled_function(code)?;
        let offset = *function.compiled.loop_entries.get(&target)?;
        Some(self.run(vm, function.memory.address() + offset, base))
    }
}

/// Finds where the exception on its way goes on, for code that was called from `return_address` with its frame at `base`.
pub(crate) fn unwind(
    shared: &Shared,
    vm: &mut Vm,
    return_address: usize,
    base: *mut Value,
) -> Landing {
    let functions = shared.functions.borrow();
    let function = functions
        .range(..return_address)
        .next_back()
        .and_then(|(_, f)| f.upgrade());
    drop(functions);
    let inside = |function: &Rc<CompiledFunction>| {
        return_address - function.memory.address() <= function.memory.bytes().len()
    };
    let Some(function) = function.filter(inside) else {
        let trampoline = &shared.trampoline;
        return Landing {
            address: trampoline.memory.address() + trampoline.exception,
            base,
        };
    };
    let start = function.memory.address();
    let compiled = &function.compiled;
    let offset = return_address - start;
    let site = compiled
        .sites
        .binary_search_by_key(&offset, |site| site.offset);
    let site = compiled.sites[site.expect("every call in compiled code is noted")];
    let base = base.wrapping_byte_sub(site.above);
    let target = site.pc.and_then(|pc| {
        // SAFETY: the function that runs this code is on the value stack, so its code is alive.
        unsafe { vm.catch(&*function.code, pc, base) }
    });
    let offset = target.map_or(compiled.exception_exit, |target| compiled.handlers[&target]);
    Landing {
        address: start + offset,
        base,
    }
}
