//! The virtual machine: its state, and what native functions ask of it.

use crate::builtins::Builtins;
use crate::code::{Cache, Code};
use crate::heap::{Gc, Heap, Kind, Poll};
use crate::interpret::FrameStack;
use crate::interrupt::Interrupter;
use crate::lookups::Lookups;
use crate::modules::Modules;
use crate::object::*;
use crate::routines::Routines;
use crate::source::{Pos, SourceMap};
use crate::symbol::{Symbol, sym};
use crate::tier::{NativeEntries, Observer, Tier};
use crate::value::Value;
use std::collections::VecDeque;
use std::rc::Rc;

/// An exception is on its way: the exception object is in the VM
/// ([`Vm::take_exception`]). What returns it passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raise;

/// What an operation that may raise answers.
pub type Result<T = Value> = std::result::Result<T, Raise>;

/// Slots of the value stack.
const STACK_SLOTS: usize = 1 << 20;
/// Slots kept free above the limit, so that frames up to this size need only compare their base with the limit.
pub const STACK_SLACK: usize = 1 << 10;

/// Native stack that a thread is assumed to have, unless told by [`Vm::set_native_stack`].
const DEFAULT_NATIVE_STACK: usize = 1 << 20;
/// Native stack kept free for native functions that do not check.
const NATIVE_RESERVE: usize = 256 << 10;
/// So many traces of exceptions that wait for a `finally` are kept. Those that a jump out of the `finally` has ended
/// are among them.
const MAX_WAITING: usize = 64;

/// The buffer for texts is kept up to this size.
const MAX_TEXT_BUFFER: usize = 1 << 16;

/// Longest stack trace kept.
const MAX_TRACE: usize = 64;

/// The built-in exception classes (12.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(
    missing_docs,
    reason = "the names are those of the language, less `Exception`"
)]
pub enum ErrorClass {
    Exception,
    Runtime,
    Type,
    Argument,
    Io,
    Parse,
    Assertion,
    Timeout,
    Cancellation,
}

/// The part of the VM that compiled code reads and writes.
#[repr(C)]
pub struct Context {
    /// A frame whose base lies above this overflows the stack.
    pub stack_limit: *mut Value,
    /// Top of the value stack: behind the last live value. Up to date whenever code outside of
    /// the running function may look: at calls, helpers and safepoints.
    pub stack_top: *mut Value,
    /// First slot of the value stack.
    pub stack_base: *mut Value,
    /// Has any class a method `==`?
    pub has_equality_methods: u32,
    /// Changes when a name may have come to stand for something else: when any namespace gets or loses a name, or a
    /// name gets another definition. Caches of names, and code that relies on them, are stale then.
    pub names_epoch: u32,
    /// What inline caches have no room for.
    pub lookups: Lookups,
}

/// Settings of a VM.
#[derive(Clone, Debug)]
pub struct Options {
    /// Check contracts (`^pre`, `^post`).
    pub contracts: bool,
    /// Check annotations.
    pub type_checks: bool,
    /// Typed positions reject `nil` unless the type admits it.
    pub strict_nil: bool,
    /// Collect at each safepoint after an allocation.
    pub gc_stress: bool,
    /// Record what is visible where, so that a session can be opened where a program failed
    /// ([`Vm::failing_session`]). All variables live on the heap then.
    pub inspectable: bool,
    /// Path of the main file, `<eval>` …, for `$program`.
    pub program: String,
    /// Arguments of the program, for `$args`.
    pub args: Vec<String>,
    /// Programs see the variables of the process's environment, and in `$cwd` its directory. If not, nothing that a
    /// program does depends on them unless it asks for the directory or changes it.
    pub environment: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            contracts: true,
            type_checks: true,
            strict_nil: false,
            gc_stress: false,
            inspectable: false,
            program: "<eval>".into(),
            args: Vec::new(),
            environment: true,
        }
    }
}

/// One entry of a stack trace.
#[derive(Clone, Debug)]
pub struct TraceEntry {
    /// Name of the function.
    pub function: Symbol,
    /// Where it was.
    pub pos: Pos,
}

/// A virtual machine.
#[repr(C)]
pub struct Vm {
    /// What compiled code uses. It stands first, so that the VM's address is the context's.
    pub context: Context,
    /// The objects.
    pub heap: Heap,
    /// The texts that were read.
    pub sources: SourceMap,
    /// Settings.
    pub options: Options,
    /// The classes of built-in kinds, the global namespaces.
    pub builtins: Builtins,
    /// Where output goes, and the like.
    pub io: crate::builtins::io::Io,
    pub(crate) stack: Box<[Value]>,
    /// Where texts are put together, see [`Vm::build_string`].
    text: String,
    /// Suspended callers.
    pub(crate) frames: FrameStack,
    /// The exception on its way.
    pub(crate) exception: Value,
    /// `$ex`: the exception being handled.
    pub(crate) handled: Value,
    /// Where the exception on its way has come through, innermost first.
    pub(crate) trace: Vec<TraceEntry>,
    /// Exceptions that wait for a `finally`, with their traces: other exceptions may come and go meanwhile.
    waiting: VecDeque<(Value, Vec<TraceEntry>)>,
    /// Where the exception on its way was raised, in an inspectable program.
    pub(crate) failing: Option<crate::session::Surroundings>,
    /// Contexts of the running macro calls.
    pub(crate) macro_contexts: Vec<Value>,
    pub(crate) tier: Option<Rc<dyn Tier>>,
    /// Where compiled code enters native functions, by the number of arguments.
    pub(crate) native_entries: NativeEntries,
    /// Where compiled code takes over in the frame that the interpreter has just left for it.
    pub(crate) takeover: Option<usize>,
    pub(crate) observer: Option<Rc<dyn Observer>>,
    /// What `($repl)` does.
    pub(crate) converse: Option<crate::session::Converse>,
    /// What is done with warnings.
    pub(crate) on_warning: Option<crate::program::Warn>,
    /// Native recursion must not go below this address.
    pub(crate) native_stack_limit: usize,
    pub(crate) modules: Modules,
    pub(crate) interrupter: Interrupter,
    pub(crate) kept: Rc<crate::embed::Kept>,
    pub(crate) routines: Routines,
    /// Number of shapes so far.
    pub(crate) shapes: u32,
    /// The caches that know methods. They belong to code that has run; only a collection frees code, and it empties
    /// this list.
    pub(crate) method_caches: Vec<*const Cache>,
    /// Where the generator body that just yielded goes on.
    pub(crate) suspended: Option<usize>,
    /// Nesting of `on_method_missing`.
    pub(crate) missing_depth: u32,
    /// Safepoints left before the step limit, if there is one.
    pub(crate) steps: Option<u64>,
}

impl Vm {
    /// Offset of the 32-bit poll word in the VM, for compiled code: when it is not 0, a safepoint must call
    /// [`Vm::safepoint`].
    pub const POLL_OFFSET: usize =
        std::mem::offset_of!(Vm, heap) + Heap::POLL_OFFSET + Poll::DUE_OFFSET;
    /// Offset of what a compiled function compares its frame with before it begins.
    pub const FRAME_LIMIT_OFFSET: usize =
        std::mem::offset_of!(Vm, heap) + Heap::POLL_OFFSET + Poll::FRAME_LIMIT_OFFSET;

    /// Offset of the exception being handled, for compiled code.
    pub const HANDLED_OFFSET: usize = std::mem::offset_of!(Vm, handled);

    /// Offset of the list of free cells for objects of so many bytes, which fit in a cell, for compiled code.
    pub const fn free_cells_offset(size: usize) -> usize {
        std::mem::offset_of!(Vm, heap) + Heap::free_cells_offset(size)
    }

    /// A new virtual machine. Its address must not change while compiled code runs, so it is boxed.
    pub fn new(options: Options) -> Box<Vm> {
        Vm::with_io(options, crate::builtins::io::Io::default())
    }

    /// A new virtual machine with its own output.
    pub fn with_io(options: Options, io: crate::builtins::io::Io) -> Box<Vm> {
        // Zero bits are the float 0.0: the whole stack is initialised, and untouched pages cost nothing.
        let mut stack: Box<[Value]> = zeroed_stack();
        let stack_base = stack.as_mut_ptr();
        let mut heap = Heap::new();
        heap.set_stress(options.gc_stress);
        let builtins = Builtins::new(&mut heap);
        let mut vm = Box::new(Vm {
            context: Context {
                // The slack above the limit covers the largest frame that is not checked on its own.
                stack_limit: stack_base.wrapping_add(STACK_SLOTS - 2 * STACK_SLACK),
                stack_top: stack_base,
                stack_base,
                has_equality_methods: 0,
                names_epoch: 1,
                lookups: Lookups::new(),
            },
            heap,
            sources: SourceMap::default(),
            options,
            builtins,
            io,
            stack,
            text: String::new(),
            frames: FrameStack::new(STACK_SLOTS),
            exception: Value::NIL,
            handled: Value::NIL,
            trace: Vec::new(),
            waiting: VecDeque::new(),
            failing: None,
            macro_contexts: Vec::new(),
            tier: None,
            native_entries: NativeEntries::default(),
            takeover: None,
            observer: None,
            converse: None,
            on_warning: None,
            native_stack_limit: 0,
            modules: Modules::default(),
            interrupter: Interrupter::default(),
            kept: Rc::default(),
            routines: Routines::default(),
            shapes: 0,
            method_caches: Vec::new(),
            suspended: None,
            missing_depth: 0,
            steps: None,
        });
        vm.interrupter.connect(&vm.heap.poll);
        vm.set_stack_limit(vm.context.stack_limit);
        vm.set_native_stack(DEFAULT_NATIVE_STACK);
        Builtins::install(&mut vm);
        // Nobody has looked anything up yet.
        vm.context.names_epoch = 1;
        vm
    }

    /// Tells how many bytes of native stack the current thread still has, so that recursion through native
    /// code raises before it runs out. To be called on the thread that runs the VM.
    pub fn set_native_stack(&mut self, bytes: usize) {
        let here = std::ptr::from_ref(&bytes) as usize;
        self.native_stack_limit = here.saturating_sub(bytes - NATIVE_RESERVE.min(bytes));
    }

    /// Sets what `($repl)` does; without it, it does nothing.
    pub fn set_converse(&mut self, converse: crate::session::Converse) {
        self.converse = Some(converse);
    }

    /// Sets what is done with warnings; without it, their texts go to standard error.
    pub fn set_on_warning(&mut self, warn: crate::program::Warn) {
        self.on_warning = Some(warn);
    }

    /// Installs the second tier.
    ///
    /// # Panics
    /// There is one already: its code may be running.
    pub fn set_tier(&mut self, tier: Rc<dyn Tier>) {
        assert!(self.tier.is_none(), "a VM keeps its second tier");
        self.native_entries = tier.native_entries();
        self.tier = Some(tier);
    }

    /// Sets who looks on from the next run on. Compiled code is not observed.
    pub fn set_observer(&mut self, observer: Rc<dyn Observer>) {
        self.observer = Some(observer);
    }

    // ── Exceptions ─────────────────────────────────────────────────────────

    /// Raises a new exception of a built-in class.
    pub fn raise(&mut self, class: ErrorClass, message: impl AsRef<str>) -> Raise {
        let class = self.error_class(class);
        let message = self.heap.string(message);
        self.raise_instance(class, message)
    }

    fn raise_instance(&mut self, class: Gc<Class>, message: Value) -> Raise {
        let exception = self.new_instance(class);
        self.set_field(exception, sym::MESSAGE, message);
        self.set_field(exception, sym::LOCATION, Value::NIL);
        self.exception = Value::object(exception);
        self.trace.clear();
        Raise
    }

    /// Raises a value as `throw` does: an exception as it is, anything else wrapped.
    pub fn throw(&mut self, value: Value) -> Raise {
        let exception = self.as_exception(value);
        self.exception = exception;
        self.trace.clear();
        Raise
    }

    /// Turns a value into an exception (12.1).
    pub fn as_exception(&mut self, value: Value) -> Value {
        if let Some(instance) = value.get::<Instance>()
            && instance
                .class()
                .is_subclass_of(self.builtins.classes.exception)
        {
            return value;
        }
        let message = if value.as_str().is_some() {
            value
        } else {
            self.heap.string(crate::print::written(value))
        };
        let exception = self.new_instance(self.builtins.classes.exception);
        self.set_field(exception, sym::MESSAGE, message);
        if value.as_str().is_none() && !value.is_nil() {
            self.set_field(exception, sym::CAUSE, value);
        }
        Value::object(exception)
    }

    /// The exception on its way, which is no longer on its way.
    pub fn take_exception(&mut self) -> Value {
        std::mem::replace(&mut self.exception, Value::NIL)
    }

    /// Where the last exception came through, innermost first.
    pub fn stack_trace(&self) -> &[TraceEntry] {
        &self.trace
    }

    /// An exception comes through an instruction. Routines have no place in the source.
    pub(crate) fn note_trace(&mut self, code: &Code, pc: usize) {
        if !code.positions.is_empty() {
            self.note_place(code.name, code.position(pc));
        }
    }

    fn note_place(&mut self, function: Symbol, pos: Pos) {
        if self.trace.len() < MAX_TRACE {
            self.trace.push(TraceEntry { function, pos });
        }
    }

    /// Keeps the trace of the exception on its way, which is about to wait for a `finally`.
    pub(crate) fn suspend_trace(&mut self) {
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
        }
        let entry = (self.exception, self.trace.clone());
        self.waiting.push_back(entry);
    }

    /// An exception goes on its way after a `finally`.
    pub(crate) fn resume_exception(&mut self, exception: Value) {
        self.exception = exception;
        let is_it = |(other, _): &(Value, Vec<TraceEntry>)| other.bits() == exception.bits();
        if let Some(index) = self.waiting.iter().rposition(is_it) {
            self.trace = std::mem::take(&mut self.waiting[index].1);
            self.waiting.truncate(index);
        }
    }

    fn error_class(&self, class: ErrorClass) -> Gc<Class> {
        let classes = &self.builtins.classes;
        match class {
            ErrorClass::Exception => classes.exception,
            ErrorClass::Runtime => classes.runtime_exception,
            ErrorClass::Type => classes.type_exception,
            ErrorClass::Argument => classes.argument_exception,
            ErrorClass::Io => classes.io_error,
            ErrorClass::Parse => classes.parse_exception,
            ErrorClass::Assertion => classes.assertion_exception,
            ErrorClass::Timeout => classes.timeout_exception,
            ErrorClass::Cancellation => classes.cancellation_exception,
        }
    }

    // ── Instances ──────────────────────────────────────────────────────────

    /// A new instance without fields. No constructor runs.
    pub fn new_instance(&mut self, mut class: Gc<Class>) -> Gc<Instance> {
        let shape = match class.root_shape {
            Some(shape) => shape,
            None => {
                let shape = self.new_shape(class, None, Default::default());
                class.root_shape = Some(shape);
                shape
            }
        };
        Gc::<Instance>::new(&mut self.heap, shape, class.fields_expected)
    }

    fn new_shape(
        &mut self,
        mut class: Gc<Class>,
        parent: Option<Gc<Shape>>,
        names: FieldNames,
    ) -> Gc<Shape> {
        self.shapes = self.shapes.saturating_add(1);
        class.fields_expected = class.fields_expected.max(names.len());
        let shape = Shape::new(self.shapes, class, parent, names);
        self.heap.alloc(shape)
    }

    /// Sets a field, adding it if it is new. Declared types are not consulted.
    pub fn set_field(&mut self, mut instance: Gc<Instance>, name: Symbol, value: Value) {
        let shape = instance.shape();
        if let Some(slot) = shape.names.get_index_of(&name) {
            instance.fields[slot] = value;
            return;
        }
        let next = self.shape_with(shape, name);
        instance.grow(next, value);
        self.heap.note_external(size_of::<Value>());
    }

    /// The shape with one field more.
    pub(crate) fn shape_with(&mut self, mut shape: Gc<Shape>, name: Symbol) -> Gc<Shape> {
        if let Some(&next) = shape.transitions.get(&name) {
            return next;
        }
        let mut names = shape.names.clone();
        names.insert(name);
        let next = self.new_shape(shape.class, Some(shape), names);
        shape.transitions.insert(name, next);
        next
    }

    // ── Classes ────────────────────────────────────────────────────────────

    /// The class of a value, where its methods are looked up.
    pub fn class_of(&self, value: Value) -> Gc<Class> {
        let classes = &self.builtins.classes;
        let Some(kind) = value.heap_kind() else {
            return match value {
                Value::NIL => classes.nil,
                Value::VOID => classes.void,
                Value::TRUE | Value::FALSE => classes.bool,
                Value::PLACEHOLDER => classes.object,
                _ if value.is_small_int() => classes.int,
                _ if value.is_float() => classes.float,
                _ if value.as_symbol().is_some() => classes.symbol,
                _ => classes.char,
            };
        };
        match kind {
            Kind::Int => classes.int,
            Kind::Str => classes.string,
            Kind::ComplexSymbol => classes.complex_symbol,
            Kind::Array => classes.array,
            Kind::Map => classes.map,
            Kind::HashMap => classes.hash_map,
            Kind::HashSet => classes.hash_set,
            Kind::Gene => classes.gene,
            Kind::Range => classes.range,
            Kind::Regex => classes.regexp,
            Kind::Function | Kind::NativeFn => classes.function,
            Kind::Class => classes.class,
            Kind::Namespace => classes.namespace,
            Kind::Date => classes.date,
            Kind::Time => classes.time,
            Kind::DateTime => classes.date_time,
            Kind::Bytes => classes.bytes,
            Kind::TypeValue => classes.type_value,
            Kind::Future => classes.future,
            Kind::Generator => classes.generator,
            Kind::Selector => classes.selector,
            Kind::Instance => value
                .get::<Instance>()
                .expect("the kind was tested")
                .class(),
            Kind::Native => value.get::<Native>().expect("the kind was tested").class,
            Kind::Iterator => match value
                .get::<Iterator>()
                .expect("the kind was tested")
                .into_ref()
            {
                Iterator::Array { keys: None, .. } => classes.array_iterator,
                Iterator::Array { .. } => classes.map_iterator,
                Iterator::Range { .. } => classes.range_iterator,
            },
            _ => classes.object,
        }
    }

    /// A String of what `write` appends to an empty text.
    pub(crate) fn build_string(&mut self, write: impl FnOnce(&mut String)) -> Value {
        let mut text = std::mem::take(&mut self.text);
        write(&mut text);
        let string = self.heap.string(text.as_str());
        if text.capacity() <= MAX_TEXT_BUFFER {
            text.clear();
            self.text = text;
        }
        string
    }

    /// What `typeof` answers (2.1).
    pub fn type_name(&self, value: Value) -> &'static str {
        let kind = crate::print::kind_name(value);
        match kind {
            "VkNil" | "VkBool" | "VkInt" | "VkFloat" | "VkString" | "VkSymbol"
            | "VkComplexSymbol" | "VkArray" | "VkMap" | "VkHashMap" | "VkGene" | "VkFunction"
            | "VkClass" | "VkBlock" | "VkGenerator" | "VkFuture" => &kind[2..],
            "VkSet" => "HashSet",
            "VkNativeFn" => "Function",
            "VkInstance" => self.class_of(value).name.name(),
            "VkEnumMember" => enum_name(value.get::<Variant>().expect("the kind was tested").of),
            "VkEnumValue" => enum_name(
                value
                    .get::<EnumValue>()
                    .expect("the kind was tested")
                    .variant
                    .of,
            ),
            _ => kind,
        }
    }

    // ── Roots and collection ───────────────────────────────────────────────

    /// Keeps a value alive until the running native function returns, also across calls of Gene code.
    pub fn root(&mut self, value: Value) {
        assert!(
            self.context.stack_top < self.context.stack_limit.wrapping_add(STACK_SLACK),
            "more roots than stack"
        );
        // SAFETY: the top lies inside of the stack, with slack above the limit.
        unsafe {
            self.context.stack_top.write(value);
            self.context.stack_top = self.context.stack_top.add(1);
        }
    }

    /// Frees what nothing reaches. Only at safepoints: every live value must be reachable from the roots.
    pub fn collect(&mut self) {
        let live = (self.context.stack_top as usize - self.context.stack_base as usize)
            / size_of::<Value>();
        let Vm {
            heap,
            stack,
            builtins,
            exception,
            handled,
            waiting,
            failing,
            macro_contexts,
            modules,
            kept,
            routines,
            method_caches,
            context,
            ..
        } = self;
        // Code that lives on forgets what its caches know, and other code goes.
        method_caches.clear();
        context.lookups.forget();
        heap.collect(|tracer| {
            tracer.values(&stack[..live]);
            builtins.trace(tracer);
            tracer.value(*exception);
            tracer.value(*handled);
            for (exception, _) in waiting {
                tracer.value(*exception);
            }
            if let Some(surroundings) = failing {
                surroundings.trace(tracer);
            }
            tracer.values(macro_contexts);
            modules.trace(tracer);
            kept.trace(tracer);
            routines.trace(tracer);
        });
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.interrupter.disconnect();
    }
}

fn enum_name(of: Value) -> &'static str {
    of.get::<Enum>()
        .expect("a variant belongs to an enum")
        .name
        .name()
}

fn zeroed_stack() -> Box<[Value]> {
    let layout = std::alloc::Layout::array::<Value>(STACK_SLOTS).expect("a few megabytes");
    // SAFETY: the layout is not empty; zero bits are a valid value (the float 0.0); the box frees with this layout.
    unsafe {
        let first = std::alloc::alloc_zeroed(layout).cast::<Value>();
        if first.is_null() {
            std::alloc::handle_alloc_error(layout);
        }
        Box::from_raw(std::ptr::slice_from_raw_parts_mut(first, STACK_SLOTS))
    }
}

/// The class of an error by its message (12.3), for errors that are not raised where they are found.
fn class_of_message(message: &str) -> ErrorClass {
    let message = message.to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if has(&[
        "division by zero",
        "integer overflow",
        "modulo by zero",
        "stack overflow",
    ]) {
        ErrorClass::Runtime
    } else if has(&[
        "type mismatch",
        "type error",
        "cannot compare",
        "not supported for",
    ]) {
        ErrorClass::Type
    } else if has(&["requires", "expects"])
        || (has(&["invalid"]) && has(&["argument", "parameter"]))
    {
        ErrorClass::Argument
    } else {
        ErrorClass::Exception
    }
}

impl Vm {
    /// Raises a mistake that the compiler found.
    pub fn raise_compile_error(&mut self, error: &crate::compile::Error) -> Raise {
        let raise = self.raise(class_of_message(&error.message), error.message.as_str());
        self.note_place(Symbol::intern("<compile>"), error.pos);
        raise
    }
}
