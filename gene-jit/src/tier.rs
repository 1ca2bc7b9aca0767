//! The second tier: decides what is compiled, keeps the code, and runs it.

use crate::adapter::adapter;
use crate::arm64::Fixup;
use crate::buffer::LabelUse;
use crate::explain::{Explanation, explain_compiled};
use crate::expose::{Exposed, Exposure, Line, Piece, Tools};
use crate::feedback::Feedback;
use crate::lower::{Compiled, Compiler, Declined, Site};
use crate::memory::{Arena, Block};
use crate::profile::{FunctionProfile, Profile};
use crate::runtime::{Helper, Place};
use crate::sim::{self, Simulator};
use crate::stats::{Outcome, Statistics};
use crate::thunks::Thunks;
use gene_vm::bytecode::Op;
use gene_vm::code::Code;
use gene_vm::heap::Gc;
use gene_vm::object::Function;
use gene_vm::source::SourceMap;
use gene_vm::symbol::Symbol;
use gene_vm::tier::{NativeEntries, Resumed, Source, TailCall, Tier};
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
/// The same where there was no room for its code: others may have gone by then. They take longer than compiling.
const NO_ROOM_BUDGET: i32 = 1 << 20;
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

/// One compilation of a body.
pub struct Version {
    /// The code.
    pub(crate) compiled: Compiled,
    /// Where it lies.
    block: Block,
    code: *const Code,
    _exposed: Exposed,
}

/// The machine code of one body. It belongs to the body's [`Code`] and goes with it.
pub struct CompiledFunction {
    shared: Rc<Shared>,
    /// All compilations, the last of which is in use; the others may still be on the native stack.
    versions: Vec<Rc<Version>>,
    /// Code before the last version, for calls that put arguments elsewhere than it wants them.
    adapters: Vec<Adapter>,
    feedback: Feedback,
    /// Wrong guesses of the last version, and how many it may make.
    left: u32,
    patience: u32,
}

struct Adapter {
    placement: Box<[Source]>,
    block: Block,
    _exposed: Exposed,
}

impl CompiledFunction {
    /// The code in use.
    pub fn current(&self) -> &Rc<Version> {
        self.versions.last().expect("a function has a version")
    }
}

impl Drop for CompiledFunction {
    fn drop(&mut self) {
        let mut versions = self.shared.versions.borrow_mut();
        for version in &self.versions {
            versions.remove(&version.block.address());
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

    /// Compiles a body and puts the code where it can run.
    fn compile(
        &self,
        code: &Code,
        feedback: &Feedback,
        sources: &SourceMap,
    ) -> Result<Rc<Version>, Declined> {
        let started = Instant::now();
        let result = self.place_code(code, feedback, sources);
        let outcome = match &result {
            Ok(version) => Outcome::Compiled {
                instructions: code.instrs.len(),
                bytes: version.compiled.code.len(),
            },
            Err(reason) => Outcome::Declined {
                reason: reason.to_string(),
            },
        };
        let mut statistics = self.statistics.borrow_mut();
        statistics.note(code.name.name(), outcome, started.elapsed());
        result
    }

    fn place_code(
        &self,
        code: &Code,
        feedback: &Feedback,
        sources: &SourceMap,
    ) -> Result<Rc<Version>, Declined> {
        let compiled = self.compiler.borrow_mut().compile(code, feedback)?;
        let block = self.arena.place(&compiled.code, |memory, address| {
            for &(offset, code) in &compiled.thunks {
                let offset = offset as usize;
                let distance = self.thunks().address(code) as i64 - (address + offset) as i64;
                LabelUse::patch(Fixup::Branch26, memory, offset, distance);
            }
        });
        let block = block.ok_or(Declined::NoRoom)?;
        self.forget_former(&block);
        let version = Rc::new(Version {
            _exposed: self.expose(code, &compiled, &block, sources),
            compiled,
            block,
            code,
        });
        let mut versions = self.versions.borrow_mut();
        versions.insert(version.block.address(), Rc::downgrade(&version));
        let start = version.block.address();
        code.entry.set(start + version.compiled.entry);
        code.receiver.set(version.compiled.receiver.unwrap_or(0));
        code.receiver_entry.set(start);
        Ok(version)
    }

    /// Makes the simulator forget what was in a block before.
    fn forget_former(&self, block: &Block) {
        if let Some(simulator) = self.simulator {
            let start = block.address();
            // SAFETY: the simulator lives as long as `self`, and is borrowed during its calls only.
            unsafe { (*simulator).forget(start..start + block.bytes().len()) };
        }
    }

    /// Code that brings arguments to the places of a function's parameters.
    fn adapter(&self, code: &Code, placement: &[Source]) -> Option<Adapter> {
        let collect = self.thunks().of(Helper::Collect);
        let bytes = adapter(placement, code.entry.get(), collect)?;
        let block = self.arena.place(&bytes, |_, _| {})?;
        self.forget_former(&block);
        let exposed = match self.options.tools == Tools::default() {
            true => Exposed::default(),
            false => self.exposure.publish(Piece {
                name: &format!("{} (adapter)", code.name.name()),
                address: block.address(),
                code: block.bytes(),
                lines: &[],
            }),
        };
        Some(Adapter {
            placement: placement.into(),
            block,
            _exposed: exposed,
        })
    }

    /// Tells tools of code that has been put in its place.
    fn expose(
        &self,
        code: &Code,
        compiled: &Compiled,
        block: &Block,
        sources: &SourceMap,
    ) -> Exposed {
        if self.options.tools == Tools::default() {
            return Exposed::default();
        }
        let mut name = code.name.name().to_string();
        if let Some(place) = sources.location(code.position(0)) {
            name = format!("{name} ({}:{})", place.file, place.line);
        }
        let mut lines: Vec<Line> = Vec::new();
        if self.exposure.wants_lines() {
            for &(offset, part) in &compiled.map {
                let place = part.pc().and_then(|pc| sources.location(code.position(pc)));
                lines.extend(place.map(|place| Line {
                    offset: offset as usize,
                    file: place.file,
                    line: place.line,
                }));
            }
        }
        self.exposure.publish(Piece {
            name: &name,
            address: block.address(),
            code: block.bytes(),
            lines: &lines,
        })
    }

    /// The call that a return address in compiled code belongs to, and the offset of its code.
    fn site(&self, return_address: usize) -> Option<(Rc<Version>, Site)> {
        let versions = self.versions.borrow();
        let (start, version) = versions.range(..return_address).next_back()?;
        let version = version.upgrade()?;
        let offset = return_address - start;
        let sites = &version.compiled.sites;
        let site = sites
            .binary_search_by_key(&offset, |site| site.offset as usize)
            .ok()?;
        let site = sites[site];
        Some((version, site))
    }

    /// Where code goes to leave its native frame.
    fn jump_exit(&self, version: &Version) -> usize {
        match version.compiled.jump_exit {
            Some(offset) => version.block.address() + offset,
            None => self.thunks().jump_exit,
        }
    }

    fn go_on(&self, place: Place) -> *const Place {
        self.place.set(place);
        self.place.as_ptr()
    }

    /// A guess was wrong before `return_address`: the interpreter is to go on in the frame at `base`.
    ///
    /// # Safety
    /// Compiled code with this frame calls.
    pub(crate) unsafe fn leave(
        &self,
        vm: &mut Vm,
        return_address: usize,
        base: *mut Value,
    ) -> *const Place {
        let site = self.site(return_address);
        let (version, site) = site.expect("every call in compiled code is noted");
        // SAFETY: the function that runs this code is below its frame, so its code is alive.
        let code = unsafe { &*version.code };
        let pc = site.pc.expect("only instructions guess") as usize;
        let (locals, depth) = (code.locals as usize, site.depth as usize);
        // SAFETY: the frame belongs to this code, and has its locals and operands in place.
        let (values, operands) = unsafe {
            (
                std::slice::from_raw_parts(base, locals),
                std::slice::from_raw_parts(base.add(locals), depth),
            )
        };
        vm.context.stack_top = base.wrapping_add(locals + depth);
        let mut data = code.tier_data.borrow_mut();
        let function = data
            .as_mut()
            .and_then(|data| data.downcast_mut::<CompiledFunction>());
        if let Some(function) = function {
            if site.at_header {
                function.feedback.note_loop(pc, values);
            } else {
                function.feedback.note_site(code, pc, values, operands);
            }
            // SAFETY: the frame belongs to this code.
            unsafe { self.note_left(vm, function, code, base) };
        }
        self.resume.set(pc);
        self.go_on(Place {
            address: self.jump_exit(&version),
            base,
            then: self.thunks().of(Helper::Interpret),
        })
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
        // Also if there is no room for another version: asking costs more than a wrong guess.
        function.patience = function.patience.saturating_mul(2);
        if versions == MOST_VERSIONS {
            function.feedback.settle();
        }
        function.left = 0;
        // SAFETY: the frame runs this code.
        unsafe { vm.resolve_names_at(code, base) };
        if let Ok(version) = self.compile(code, &function.feedback, &vm.sources) {
            function.versions.push(version);
            function.adapters.clear();
            // Calls go on entering the former version while caches know it.
            vm.methods_changed();
        }
    }

    /// Runs the function at `base[-1]` in the interpreter until it returns or compiled code takes over.
    ///
    /// # Safety
    /// The frame is complete, and `resume` is set.
    pub(crate) unsafe fn interpret(&self, vm: &mut Vm, base: *mut Value) -> *const Place {
        // SAFETY: what the caller promises.
        let result = unsafe {
            let function: Gc<Function> = base.sub(1).read().get().expect("a frame has a function");
            vm.resume(function.code.get(), self.resume.get(), base)
        };
        let thunks = self.thunks();
        let address = match result {
            Ok(Resumed::Returned(value)) => {
                // SAFETY: the frame is left, so the callee's slot is free.
                unsafe { base.sub(1).write(value) };
                thunks.return_value
            }
            Ok(Resumed::Compiled(address)) => address,
            Err(_) => thunks.of(Helper::Unwind),
        };
        self.go_on(Place {
            address,
            base,
            then: 0,
        })
    }

    /// Where a function goes after a call in tail position, when it has left its native frame.
    ///
    /// # Safety
    /// The value stack has a callee's slot below `base`, which nobody needs if the call has returned.
    pub(crate) unsafe fn after_tail_call(&self, after: TailCall, base: *mut Value) -> usize {
        let thunks = self.thunks();
        match after {
            TailCall::Returned(value) => {
                // SAFETY: what the caller promises.
                unsafe { base.sub(1).write(value) };
                thunks.return_value
            }
            TailCall::Compiled(address) => address,
            TailCall::Interpret => {
                self.resume.set(0);
                thunks.of(Helper::Interpret)
            }
        }
    }

    /// Where the exception on its way goes on, for code that was called from `return_address` with its frame at `base`.
    ///
    /// # Safety
    /// Compiled code calls.
    pub(crate) unsafe fn unwind(
        &self,
        vm: &mut Vm,
        return_address: usize,
        base: *mut Value,
    ) -> *const Place {
        let Some((version, site)) = self.site(return_address) else {
            return self.go_on(Place {
                address: self.thunks().uncaught,
                base,
                then: 0,
            });
        };
        let base = base.wrapping_byte_sub(site.above as usize);
        let target = site.pc.and_then(|pc| {
            // SAFETY: the function that runs this code is on the value stack, so its code is alive.
            unsafe { vm.catch(&*version.code, pc as usize, base) }
        });
        let address = match target {
            Some(target) => version.block.address() + version.compiled.handlers[&target],
            None => self.jump_exit(&version),
        };
        self.go_on(Place {
            address,
            base,
            then: self.thunks().of(Helper::Unwind),
        })
    }
}

/// Calls `look` with the machine code of a body, if it is compiled.
pub(crate) fn with_compiled<T>(code: &Code, look: impl FnOnce(&Compiled) -> T) -> Option<T> {
    let data = code.tier_data.borrow();
    let function = data.as_ref()?.downcast_ref::<CompiledFunction>()?;
    Some(look(&function.current().compiled))
}

impl Tier for Jit {
    fn threshold(&self) -> i32 {
        i32::try_from(self.shared.options.threshold).unwrap_or(i32::MAX)
    }

    fn native_entries(&self) -> NativeEntries {
        self.shared.thunks().natives
    }

    fn heat(&self, code: &Code, locals: &[Value], sources: &SourceMap) {
        let feedback = Feedback::new(locals);
        let version = match self.shared.compile(code, &feedback, sources) {
            Ok(version) => version,
            Err(Declined::NoRoom) => return code.budget.set(NO_ROOM_BUDGET),
            Err(_) => return code.budget.set(DECLINED_BUDGET),
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
