//! The second tier: decides what is compiled and when, and runs it.

mod control;
mod install;

pub(crate) use install::with_compiled;
pub use install::{CompiledFunction, Version};

use crate::explain::{Explanation, explain_compiled};
use crate::expose::{Exposure, Tools};
use crate::feedback::Feedback;
use crate::lower::{Compiler, Declined};
use crate::memory::Arena;
use crate::profile::{FunctionProfile, Profile};
use crate::runtime::Place;
use crate::sim::{self, Simulator};
use crate::stats::{Outcome, Statistics};
use crate::thunks::Thunks;
use gene_vm::bytecode::Op;
use gene_vm::code::Code;
use gene_vm::source::SourceMap;
use gene_vm::symbol::Symbol;
use gene_vm::tier::{NativeEntries, Source, Tier};
use gene_vm::value::Value;
use gene_vm::vm::Vm;
use std::cell::{Cell, OnceCell, RefCell};
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
    /// Largest size of all machine code, in bytes; at most [`LARGEST_CODE_LIMIT`].
    pub code_limit: usize,
    /// Who is told of compiled code.
    pub tools: Tools,
    /// Whether the simulator counts how often it carries out each instruction.
    pub profile: bool,
}

/// So far one branch reaches all code: `bl` spans ±128 MB.
pub const LARGEST_CODE_LIMIT: usize = 128 << 20;

impl Options {
    /// The usual settings.
    pub fn new(backend: Backend) -> Options {
        Options {
            backend,
            threshold: 500,
            code_limit: 64 << 20,
            tools: Tools::default(),
            profile: false,
        }
    }
}

/// Calls and loop rounds after which a function that has been declined is offered again: never, as far as anyone waits.
const DECLINED_BUDGET: i32 = i32::MAX;
/// The same where there was no room for its code, even after a collection: others may have gone by then. They take longer
/// than compiling.
const NO_ROOM_BUDGET: i32 = 1 << 20;
/// A collection for the sake of code is asked for when this part of all memory for code has been used since the last.
const CODE_PER_COLLECTION: usize = 8;
/// Wrong guesses after which a function is compiled again; twice as many the next time.
const FIRST_PATIENCE: u32 = 8;
/// After so many times nothing is guessed any more.
const MOST_VERSIONS: u32 = 8;

/// The JIT of one VM.
pub struct Jit {
    shared: Rc<Shared>,
}

/// What compiled code, its functions and the JIT share.
pub struct Shared {
    options: Options,
    exposure: Exposure,
    arena: Rc<Arena>,
    thunks: OnceCell<Thunks>,
    compiler: RefCell<Compiler>,
    /// When a collection was last asked for because there was no room.
    asked: Cell<Option<Asked>>,
    /// The pieces of code by their addresses.
    versions: RefCell<BTreeMap<usize, Weak<Version>>>,
    /// What has happened so far.
    statistics: RefCell<Statistics>,
    /// Calls of the runtime by opcode: an array, as counting is part of each such call.
    helper_calls: [Cell<u64>; Op::ALL.len()],
    /// Calls of native functions that no opcode's function of the runtime has made.
    native_calls: Cell<u64>,
    simulator: Option<*mut Simulator>,
    /// The instruction that the interpreter is to go on at.
    resume: Cell<usize>,
    /// Where control is about to go on.
    place: Cell<Place>,
}

/// The state in which a collection was asked for.
#[derive(Clone, Copy)]
struct Asked {
    /// How many there had been.
    collections: usize,
    /// How much code had been placed.
    placed: usize,
}

impl Shared {
    /// Notes a call of the runtime.
    pub(crate) fn count_helper(&self, op: Op) {
        let count = &self.helper_calls[op as usize];
        count.set(count.get() + 1);
    }

    /// Notes a call of a native function.
    pub(crate) fn count_native_call(&self) {
        self.native_calls.set(self.native_calls.get() + 1);
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

impl Jit {
    /// A JIT.
    ///
    /// # Errors
    /// The system gives no memory for code.
    pub fn new(options: Options) -> io::Result<Jit> {
        let simulator = (options.backend == Backend::Simulator)
            .then(|| Box::into_raw(Box::new(Simulator::new(options.profile))));
        let limit = options.code_limit.min(LARGEST_CODE_LIMIT);
        let shared = Rc::new(Shared {
            options,
            exposure: Exposure::new(options.tools)?,
            arena: Arena::new(limit, options.backend == Backend::Native)?,
            thunks: OnceCell::new(),
            compiler: RefCell::default(),
            asked: Cell::default(),
            versions: RefCell::default(),
            statistics: RefCell::default(),
            helper_calls: [const { Cell::new(0) }; Op::ALL.len()],
            native_calls: Cell::new(0),
            simulator,
            resume: Cell::new(0),
            place: Cell::new(Place {
                address: 0,
                base: std::ptr::null_mut(),
                then: 0,
            }),
        });
        let thunks = Thunks::new(&shared.arena, Rc::as_ptr(&shared).addr()).ok_or_else(|| {
            io::Error::other("the limit is less than the machine code shared by all functions")
        })?;
        shared.thunks.get_or_init(|| thunks);
        Ok(Jit { shared })
    }

    /// What has happened so far.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = self.shared.statistics.borrow().clone();
        let counts = self.shared.helper_calls.iter().map(Cell::get);
        statistics.helper_calls = Op::ALL
            .iter()
            .map(|op| op.name())
            .zip(counts)
            .chain([("native functions", self.shared.native_calls.get())])
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
        let versions: Vec<_> = {
            let versions = self.shared.versions.borrow();
            versions.values().filter_map(Weak::upgrade).collect()
        };
        let explain = |version: &Rc<Version>| {
            // SAFETY: the code owns the version, and the VM drops neither while this is running.
            let code = unsafe { &*version.code };
            (code.name, explain_compiled(code, &version.compiled))
        };
        versions.iter().map(explain).collect()
    }

    /// How often each instruction of the code that is there was carried out, if that was counted.
    pub fn profile(&self, sources: &SourceMap) -> Profile {
        let Some(simulator) = self.shared.simulator else {
            return Profile::default();
        };
        // SAFETY: the simulator lives as long as `shared`, and is borrowed during its calls only.
        let simulator = unsafe { &*simulator };
        let versions = self.shared.versions.borrow();
        let functions = versions.values().filter_map(Weak::upgrade);
        let functions = functions.filter_map(|version| {
            // SAFETY: a version belongs to its code and goes with it.
            let code = unsafe { &*version.code };
            let start = version.block.address();
            let offsets = (0..version.compiled.code.len()).step_by(4);
            let count = |offset| {
                simulator
                    .count_at(start + offset)
                    .map(|count| (offset, count))
            };
            Some(FunctionProfile {
                place: sources.location(code.position(0))?.to_string(),
                code: explain_compiled(code, &version.compiled),
                counts: offsets.filter_map(count).collect(),
            })
        });
        Profile {
            executed: simulator.executed,
            functions: functions.collect(),
        }
    }
}

impl Shared {
    fn thunks(&self) -> &Thunks {
        self.thunks.get().expect("made with the JIT")
    }
    /// Compiles a body and puts the code where it can run, or answers the calls and loop rounds after which to offer the
    /// body again.
    fn compile(&self, vm: &mut Vm, code: &Code, feedback: &Feedback) -> Result<Rc<Version>, i32> {
        let started = Instant::now();
        let result = self.place_code(code, feedback, &vm.sources);
        let (outcome, result) = match result {
            Ok(version) => {
                let outcome = Outcome::Compiled {
                    instructions: code.instrs.len(),
                    bytes: version.compiled.code.len(),
                };
                (outcome, Ok(version))
            }
            Err(Declined::NoRoom) if self.awaits_collection(vm) => return Err(self.threshold()),
            Err(reason) => {
                let budget = match reason {
                    Declined::NoRoom => NO_ROOM_BUDGET,
                    _ => DECLINED_BUDGET,
                };
                let reason = reason.to_string();
                (Outcome::Declined { reason }, Err(budget))
            }
        };
        let mut statistics = self.statistics.borrow_mut();
        statistics.note(code.name.name(), outcome, started.elapsed());
        result
    }

    /// Is a collection under way that may free the code of functions that are gone? Asks for one unless little code has
    /// been placed since the last that was asked for.
    fn awaits_collection(&self, vm: &mut Vm) -> bool {
        let now = Asked {
            collections: vm.heap.collections(),
            placed: self.arena.placed(),
        };
        let last = self.asked.get();
        if last.is_some_and(|last| last.collections == now.collections) {
            return true;
        }
        let placed = now.placed - last.map_or(0, |last| last.placed);
        if placed < self.arena.capacity() / CODE_PER_COLLECTION {
            return false;
        }
        self.asked.set(Some(now));
        vm.heap.request_collection();
        true
    }

    fn threshold(&self) -> i32 {
        i32::try_from(self.options.threshold).unwrap_or(i32::MAX)
    }

    /// Compiles a function again, with better guesses, when it has been left often enough.
    ///
    /// # Safety
    /// The frame at `base` runs this code.
    unsafe fn note_left(
        &self,
        vm: &mut Vm,
        function: &mut CompiledFunction,
        code: &Code,
        base: *mut Value,
    ) {
        let versions = function.versions.len() as u32;
        function.left += 1;
        if versions > MOST_VERSIONS || function.left < function.patience {
            return;
        }
        // Also if there is no room for another version: compiling costs more than a wrong guess.
        function.patience = function.patience.saturating_mul(2);
        if versions == MOST_VERSIONS {
            function.feedback.settle();
        }
        function.left = 0;
        // SAFETY: the frame runs this code.
        unsafe { vm.resolve_names_at(code, base) };
        if let Ok(version) = self.compile(vm, code, &function.feedback) {
            function.versions.push(version);
            function.adapters.clear();
            // Calls go on entering the former version while caches know it.
            vm.methods_changed();
        }
    }
}

impl Tier for Jit {
    fn threshold(&self) -> i32 {
        self.shared.threshold()
    }

    fn native_entries(&self) -> NativeEntries {
        self.shared.thunks().natives
    }

    fn heat(&self, vm: &mut Vm, code: &Code, locals: &[Value]) {
        let feedback = Feedback::new(locals);
        let version = match self.shared.compile(vm, code, &feedback) {
            Ok(version) => version,
            Err(budget) => return code.budget.set(budget),
        };
        *code.tier_data.borrow_mut() = Some(Box::new(CompiledFunction {
            shared: self.shared.clone(),
            versions: vec![version],
            adapters: Vec::new(),
            feedback,
            left: 0,
            patience: FIRST_PATIENCE,
        }));
    }

    fn adapter(&self, code: &Code, placement: &[Source]) -> usize {
        let mut data = code.tier_data.borrow_mut();
        let function = data
            .as_mut()
            .and_then(|data| data.downcast_mut::<CompiledFunction>());
        let Some(CompiledFunction { adapters, .. }) = function else {
            return 0;
        };
        if let Some(known) = adapters
            .iter()
            .find(|adapter| *adapter.placement == *placement)
        {
            return known.block.address();
        }
        let Some(adapter) = self.shared.adapter(code, placement) else {
            return 0;
        };
        let address = adapter.block.address();
        adapters.push(adapter);
        address
    }

    fn loop_entry(&self, code: &Code, target: usize) -> Option<usize> {
        let data = code.tier_data.borrow();
        let function = data.as_ref()?.downcast_ref::<CompiledFunction>()?;
        let version = function.current();
        let offset = version.compiled.loop_entries.get(&target)?;
        Some(version.block.address() + offset)
    }

    unsafe fn run(&self, vm: &mut Vm, address: usize, base: *mut Value) -> Value {
        let enter = self.shared.thunks().enter;
        let result = match self.shared.simulator {
            Some(simulator) => {
                let args = [vm as *mut Vm as u64, base as u64, address as u64];
                // SAFETY: the simulator lives as long as the JIT; `address` is in code for this frame.
                unsafe { sim::call(simulator, enter, args) }
            }
            None => {
                // SAFETY: the code was emitted with this signature; `address` is in code for this frame.
                unsafe {
                    let enter: unsafe extern "C" fn(*mut Vm, *mut Value, usize) -> u64 =
                        std::mem::transmute(enter);
                    enter(vm, base, address)
                }
            }
        };
        Value::from_bits(result)
    }
}
