//! Code objects: what the compiler makes of one body, and what closures share.

use crate::bytecode::Instr;
use crate::compile::{Environment, SideEntry};
use crate::heap::{Gc, Header, Kind, Tracer, data_offset};
use crate::lookups::Lookups;
use crate::object::{Class, MemberCell, Namespace, Shape, heap_data};
use crate::source::Pos;
use crate::symbol::Symbol;
use crate::types::Type;
use crate::value::Value;
use crate::vm::STACK_SLACK;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// What kind of body a prototype has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FunctionKind {
    /// `fn`, method or constructor.
    Function,
    /// Receives its arguments unevaluated.
    Macro,
    /// A call makes a generator.
    Generator,
    /// A call answers a future.
    Async,
    /// `block`, `->`.
    Block,
    /// Body of a module, class or namespace, or evaluated code.
    Body,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: Symbol,
    /// How it takes arguments.
    pub kind: ParamKind,
    /// An optional parameter has code in the prologue for its default.
    pub optional: bool,
    /// Its declared type.
    pub annotation: Option<Rc<Type>>,
}

impl Param {
    fn is_positional(&self) -> bool {
        self.kind == ParamKind::Positional
    }
}

/// How a parameter takes arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    /// One positional argument.
    Positional,
    /// The remaining positionals.
    Rest,
    /// One keyword argument.
    Keyword,
    /// The remaining keywords.
    KeywordRest,
}

/// What all closures of one definition share. The body is compiled at the first call.
#[repr(C)]
pub struct Prototype {
    /// The function's name, if it has one.
    pub name: Option<Symbol>,
    /// What kind of body it has.
    pub kind: FunctionKind,
    /// The parameters; parameter `i` arrives in local slot `i`. Methods have `self` as parameter 0.
    pub params: Vec<Param>,
    /// Names that stand for any type in its annotations.
    pub generics: Vec<Symbol>,
    /// Is parameter 0 `self`?
    pub is_method: bool,
    /// The body forms, from which the code is compiled.
    pub body: Vec<Value>,
    /// The variables around it that it names, once asked for ([`Prototype::captures`]).
    pub captures: OnceCell<Box<[Capture]>>,
    /// Parameter list as written (defaults are compiled from it).
    pub parameter_form: Value,
    /// The defining form, for its properties (`^intent`, `^pre` …) and place; or `nil`.
    pub form: Value,
    /// The names visible to the body.
    pub environment: Environment,
    /// Declared type of the result.
    pub return_type: Option<Rc<Type>>,
    /// Where it is defined.
    pub pos: Pos,
    /// The code, once compiled.
    pub code: CodeSlot,
}

/// Holds a body's code, once that is compiled.
#[repr(transparent)]
pub struct CodeSlot(Cell<*const Code>);

impl CodeSlot {
    /// The code.
    pub fn get(&self) -> Option<&Code> {
        // SAFETY: what is not null came from a box, which is only freed with the slot.
        unsafe { self.0.get().as_ref() }
    }

    /// The code's address, null while there is none.
    pub fn as_ptr(&self) -> *const Code {
        self.0.get()
    }

    /// Puts code into an empty slot; another stays as it is.
    pub fn set(&self, code: Code) {
        if self.0.get().is_null() {
            self.0.set(Box::into_raw(Box::new(code)));
        }
    }
}

impl Default for CodeSlot {
    fn default() -> CodeSlot {
        CodeSlot(Cell::new(std::ptr::null()))
    }
}

impl From<Code> for CodeSlot {
    fn from(code: Code) -> CodeSlot {
        let slot = CodeSlot::default();
        slot.set(code);
        slot
    }
}

impl Drop for CodeSlot {
    fn drop(&mut self) {
        if !self.0.get().is_null() {
            // SAFETY: the code came from a box, and nobody borrows it any more.
            drop(unsafe { Box::from_raw(self.0.get().cast_mut()) });
        }
    }
}

impl Prototype {
    /// Offset of the address of the code in the object, for compiled code.
    pub const CODE_OFFSET: usize =
        data_offset::<Prototype>() + std::mem::offset_of!(Prototype, code);

    /// Offset of the kind in the object, for compiled code.
    pub const KIND_OFFSET: usize =
        data_offset::<Prototype>() + std::mem::offset_of!(Prototype, kind);

    /// See [`Code::least`]; `None`: arguments need binding.
    pub(crate) fn least(&self) -> Option<u16> {
        let least = self.params.iter().take_while(|p| !p.optional).count();
        let (required, optional) = self.params.split_at(least);
        let in_place = required.iter().all(Param::is_positional)
            && optional.iter().all(|p| p.is_positional() && p.optional);
        in_place.then_some(least as u16)
    }
}

heap_data!(Prototype, |p, t| {
    t.values(&p.body);
    t.value(p.parameter_form);
    t.value(p.form);
    for annotation in p
        .params
        .iter()
        .filter_map(|param| param.annotation.as_ref())
    {
        annotation.trace(t);
    }
    if let Some(annotation) = &p.return_type {
        annotation.trace(t);
    }
    if let Some(code) = p.code.get() {
        code.trace(t);
    }
});

/// A variable in a heap scope around a function.
#[derive(Clone, Copy, Debug)]
pub struct Capture {
    /// Its name.
    pub name: Symbol,
    /// The number of scopes between the function's scope and the one that holds it.
    pub depth: u32,
    /// Its slot there.
    pub slot: u32,
}

/// Compiled bytecode of one body.
#[repr(C)]
pub struct Code {
    /// Entry of the machine code, 0 while there is none. See [`crate::tier`]. Who changes it has the caches of methods
    /// forget it ([`crate::vm::Vm::methods_changed`]).
    pub entry: Cell<usize>,
    /// The header word of the receivers that [`Code::receiver_entry`] takes; 0: none.
    pub receiver: Cell<u64>,
    /// Entry of the machine code for a call that has checked the receiver, argument 0, to have this header word.
    pub receiver_entry: Cell<usize>,
    /// Counts calls and loop rounds down to the next offer to the second tier.
    pub budget: Cell<i32>,
    /// Number of parameters in local slots `0 … params`.
    pub params: u16,
    /// Number of local slots, parameters included. The operand stack starts behind them.
    pub locals: u16,
    /// Largest number of operands on the stack.
    pub max_operands: u16,
    /// The fewest positional arguments that a call may leave where they are: those without one are undefined. More than
    /// `params`: arguments need binding.
    pub least: u16,
    /// The number of arguments of calls that run the body with the arguments as they are, and nothing undefined; `u32::MAX`:
    /// there are none. See [`Code::exact_count`].
    pub exact: u32,
    /// A call runs the body at once, in the caller's loop: neither generator nor async function.
    pub direct: bool,
    /// The instructions.
    pub instrs: Box<[Instr]>,
    /// The constants.
    pub constants: Box<[Value]>,
    /// Operands too large for an instruction.
    pub side: Box<[SideEntry]>,
    /// Descriptions of calls with keywords or spreads.
    pub calls: Box<[CallShape]>,
    /// Inline caches.
    pub caches: Box<[Cache]>,
    /// Protected regions, innermost first.
    pub handlers: Box<[Handler]>,
    /// Source positions: (first instruction, position), ascending.
    pub positions: Box<[(u32, Pos)]>,
    /// What is visible from an instruction on, ascending; empty unless [`crate::vm::Options::inspectable`].
    pub visible: Box<[(u32, Visible)]>,
    /// What listings call it.
    pub name: Symbol,
    /// What its names were resolved for, if they were, see [`crate::vm::Vm::resolve_names`].
    pub resolved: Cell<Option<Resolved>>,
    /// Data of the second tier, dropped with the code.
    pub tier_data: RefCell<Option<Box<dyn std::any::Any>>>,
}

impl Code {
    /// Offset of `entry`, for compiled code.
    pub const ENTRY_OFFSET: usize = std::mem::offset_of!(Code, entry);
    /// Offset of `budget`, for compiled code.
    pub const BUDGET_OFFSET: usize = std::mem::offset_of!(Code, budget);
    /// Offset of `exact`, for compiled code.
    pub const EXACT_OFFSET: usize = std::mem::offset_of!(Code, exact);

    /// A body without instructions, parameters and variables, which the second tier knows nothing of.
    pub fn empty(name: Symbol, budget: i32) -> Code {
        Code {
            entry: Cell::new(0),
            receiver: Cell::new(0),
            receiver_entry: Cell::new(0),
            budget: Cell::new(budget),
            params: 0,
            locals: 0,
            max_operands: 0,
            least: 0,
            exact: 0,
            direct: true,
            instrs: Box::default(),
            constants: Box::default(),
            side: Box::default(),
            calls: Box::default(),
            caches: Box::default(),
            handlers: Box::default(),
            positions: Box::default(),
            visible: Box::default(),
            name,
            resolved: Cell::new(None),
            tier_data: RefCell::new(None),
        }
    }

    /// Where compiled code enters this code, which takes its arguments, with a receiver of this header word.
    /// 0: nowhere.
    pub fn entry_for(&self, receiver: u64) -> usize {
        if receiver == self.receiver.get() {
            self.receiver_entry.get()
        } else {
            self.entry.get()
        }
    }

    /// The namespace or class around the function that names were resolved for, if another function with this code may be
    /// in another one: a module's own code is always in the same one, but the bodies of namespaces and classes may run
    /// more than once.
    pub fn inner_namespace(&self) -> Option<Value> {
        let around = self.resolved.get()?.around;
        let namespace: Option<Gc<Namespace>> = around.get();
        let is_module = namespace.is_some_and(|namespace| namespace.parent.is_nil());
        (!is_module).then_some(around)
    }

    /// Can so many positional arguments stay where they are?
    #[inline(always)]
    pub fn takes(&self, count: usize) -> bool {
        (self.least as usize..=self.params as usize).contains(&count)
    }

    /// Does a call with `count` arguments run the body with the arguments as they are, and nothing undefined?
    #[inline(always)]
    pub fn fits(&self, count: usize) -> bool {
        self.exact as usize == count
    }

    /// What [`Code::exact`] is for code with these parameters.
    pub fn exact_count(params: u16, least: u16, direct: bool) -> u32 {
        match direct && least <= params {
            true => params.into(),
            false => u32::MAX,
        }
    }

    /// Number of slots that a frame needs.
    pub fn frame_size(&self) -> usize {
        self.locals as usize + self.max_operands as usize
    }

    /// The same, if the slack above the stack's limit has no room for them; else 0.
    pub fn frame_beyond_slack(&self) -> usize {
        Some(self.frame_size())
            .filter(|&size| size > STACK_SLACK)
            .unwrap_or(0)
    }

    /// The source position of an instruction.
    pub fn position(&self, pc: usize) -> Pos {
        let after = self
            .positions
            .partition_point(|&(first, _)| first as usize <= pc);
        after
            .checked_sub(1)
            .map_or(Pos::NONE, |i| self.positions[i].1)
    }

    /// What is visible at an instruction, if that was recorded.
    pub fn visible(&self, pc: usize) -> Option<&Visible> {
        let after = self
            .visible
            .partition_point(|&(first, _)| first as usize <= pc);
        Some(&self.visible[after.checked_sub(1)?].1)
    }

    /// The innermost handler around an instruction.
    pub fn handler(&self, pc: usize) -> Option<&Handler> {
        self.handlers
            .iter()
            .find(|h| h.start as usize <= pc && pc < h.end as usize)
    }

    fn trace(&self, tracer: &mut Tracer) {
        tracer.values(&self.constants);
        for entry in &self.side {
            entry.trace(tracer);
        }
        for cache in &self.caches {
            cache.forget();
        }
        self.resolved.set(None);
    }
}

/// The names visible at a place in a body, and where their values are.
pub struct Visible {
    /// The names.
    pub environment: Environment,
    /// The local slot that holds the innermost heap scope; `None`: it is the function's own scope.
    pub scope: Option<u16>,
}

/// A protected region of instructions.
#[derive(Clone, Copy, Debug)]
pub struct Handler {
    /// First instruction.
    pub start: u32,
    /// Behind the last instruction.
    pub end: u32,
    /// Where to go on, with the exception on the operand stack.
    pub target: u32,
    /// Operands that stay on the stack below the exception.
    pub operands: u16,
    /// May the exception go on its way after a `finally` has run?
    pub suspends: bool,
}

/// Describes the arguments of a call that are on the stack:
/// `[callee keyword-values… keyword-map? positionals… | array]`.
#[derive(Clone, Debug)]
pub struct CallShape {
    /// Name of a method.
    pub name: Option<Symbol>,
    /// The cache entry of the method or callee.
    pub cache: u32,
    /// Number of positionals; with `spread` there is one array instead.
    pub positionals: usize,
    /// Positionals are collected in one array.
    pub spread: bool,
    /// Names of the keyword values, in order.
    pub keywords: Box<[Symbol]>,
    /// The keywords are collected in one map (instead of single values).
    pub keyword_map: bool,
}

impl CallShape {
    /// Is what it passes the same at each call?
    pub fn is_static(&self) -> bool {
        !self.spread && !self.keyword_map
    }

    /// Number of operands above the callee (and above the receiver of a method).
    pub fn operands(&self) -> usize {
        let keywords = if self.keyword_map {
            1
        } else {
            self.keywords.len()
        };
        keywords + if self.spread { 1 } else { self.positionals }
    }
}

/// Kinds of receivers that an inline cache tells apart.
pub const WAYS: usize = 4;

/// What an inline cache knows of one kind of receiver.
#[derive(Default)]
#[repr(C)]
pub struct Way {
    /// The kind of receiver: the header word of an object, if that tells its class, else the address of the class; where a
    /// function is called, the bits of the function; where a
    /// parent's method is called, those of the running one. 0: none.
    key: Cell<u64>,
    /// The slot of a field, or the bits of a method or function.
    found: Cell<u64>,
    /// Of a method or function: the machine code that can be entered at once with the arguments of this call. Of a field
    /// that is set: the address of the shape with it, if it is new. 0: none.
    more: Cell<usize>,
}

impl Way {
    /// The kind of receiver.
    #[inline]
    pub fn key(&self) -> u64 {
        self.key.get()
    }

    /// The slot of a field.
    #[inline]
    pub fn slot(&self) -> usize {
        self.found.get() as usize
    }

    /// The method.
    #[inline]
    pub fn method(&self) -> Value {
        Value::from_bits(self.found.get())
    }

    /// The shape after a field is added, if it is new.
    #[inline]
    pub fn next_shape(&self) -> Option<Gc<Shape>> {
        match self.more.get() {
            0 => None,
            address => Some(Gc::from_address(address as u64)),
        }
    }

    /// Does a store change the shape?
    #[inline]
    pub fn grows(&self) -> bool {
        self.more.get() != 0
    }

    /// Is it known where compiled code enters the method?
    #[inline]
    pub fn has_entry(&self) -> bool {
        self.more.get() != 0
    }

    pub(crate) fn set(&self, key: u64, found: u64, more: usize) {
        self.key.set(key);
        self.found.set(found);
        self.more.set(more);
    }
}

/// An inline cache. It remembers the last look-ups of its instruction, the latest first.
///
/// A collection forgets all caches, so that they keep nothing alive; a change of a class forgets those of methods.
#[derive(Default)]
#[repr(C)]
pub struct Cache {
    ways: [Way; WAYS],
    /// What is looked up, for the VM's table of look-ups, if there have been more kinds of receivers than ways; else 0.
    tag: Cell<u64>,
    /// The name that maps are asked for, and the position where one had it.
    sought: Cell<[u32; 2]>,
    /// Was a map asked?
    met_map: Cell<bool>,
    /// Has it ever known two kinds of receivers?
    varied: Cell<bool>,
    /// Does its instruction meet as many kinds of receivers as it can know, or more?
    many: Cell<bool>,
    /// Does compiled code enter native functions through it?
    enters_natives: Cell<bool>,
    /// Is it in the VM's list of caches that know methods?
    pub(crate) is_listed: Cell<bool>,
    /// The name that is looked up.
    pub name: Cell<NameOrEmpty>,
    /// Where it was found last, if it is a name or the member of a namespace or class.
    pub found: Cell<Option<Found>>,
}

/// Where a name, or a member of a namespace or class, was found.
#[derive(Clone, Copy)]
pub struct Found {
    /// The namespace or class that it was looked up from.
    pub from: Value,
    /// Where its value lies.
    pub cell: MemberCell,
    /// [`Context::names_epoch`] then: as long as that stays, so does the cell.
    ///
    /// [`Context::names_epoch`]: crate::vm::Context::names_epoch
    pub epoch: u32,
    /// What it stands for, if that is a definition: as long as the epoch stays, so does the value.
    pub definition: Option<Value>,
    /// May code assign it without telling anybody?
    pub is_variable: bool,
}

/// What the names in a body were resolved for.
#[derive(Clone, Copy)]
pub struct Resolved {
    /// The namespace or class around the function.
    pub around: Value,
    /// [`Context::names_epoch`] then.
    ///
    /// [`Context::names_epoch`]: crate::vm::Context::names_epoch
    pub epoch: u32,
}

/// What is looked up by name.
#[derive(Clone, Copy)]
pub(crate) enum Sought {
    /// A field, to be read.
    Field,
    /// A field, to be set.
    NewValue,
    /// A method that is called with so many operands; may it be a native function that is entered?
    Method { operands: u16, natives: bool },
}

impl Sought {
    /// A word that tells look-ups apart. Its low bits say where in the table a look-up is noted.
    fn tag(self, name: Symbol) -> u64 {
        let what = match self {
            Sought::Field => 1,
            Sought::NewValue => 2,
            Sought::Method { operands, natives } => {
                4 + 2 * u64::from(operands) + u64::from(natives)
            }
        };
        // An odd factor: no two names become one.
        let name = name.index().wrapping_mul(0x9e37_79b1).rotate_left(16);
        what << 32 | u64::from(name) ^ what
    }
}

/// The symbol of a cache; the empty name by default.
#[derive(Clone, Copy)]
pub struct NameOrEmpty(pub Symbol);

impl Default for NameOrEmpty {
    fn default() -> NameOrEmpty {
        NameOrEmpty(crate::symbol::sym::EMPTY)
    }
}

impl Cache {
    /// Offset of the key of the first way, for compiled code.
    pub const KEY_OFFSET: usize =
        std::mem::offset_of!(Cache, ways) + std::mem::offset_of!(Way, key);
    /// Offset of the slot or method of the first way, for compiled code.
    pub const FOUND_OFFSET: usize =
        std::mem::offset_of!(Cache, ways) + std::mem::offset_of!(Way, found);
    /// Offset of the entry or next shape of the first way, for compiled code.
    pub const MORE_OFFSET: usize =
        std::mem::offset_of!(Cache, ways) + std::mem::offset_of!(Way, more);

    /// Offset of the tag of the look-up, for compiled code.
    pub const TAG_OFFSET: usize = std::mem::offset_of!(Cache, tag);
    /// Offset of the name that maps are asked for and of the position behind it, for compiled code.
    pub const SOUGHT_OFFSET: usize = std::mem::offset_of!(Cache, sought);

    /// An empty cache for a name.
    pub fn new(name: Symbol) -> Cache {
        Cache {
            sought: Cell::new([name.index(), 0]),
            name: Cell::new(NameOrEmpty(name)),
            ..Cache::default()
        }
    }

    /// The name that is looked up.
    #[inline]
    pub fn name(&self) -> Symbol {
        self.name.get().0
    }

    /// The latest look-up.
    #[inline]
    pub fn latest(&self) -> &Way {
        &self.ways[0]
    }

    /// What is known of a kind of receiver.
    pub fn find(&self, key: u64) -> Option<&Way> {
        self.ways.iter().find(|way| way.key() == key)
    }

    /// What is known, if there has been one kind of receiver only.
    pub fn sole(&self) -> Option<&Way> {
        let way = self.latest();
        (way.key() != 0 && !self.varied.get()).then_some(way)
    }

    /// Has it known more than one kind of receiver?
    pub fn is_varied(&self) -> bool {
        self.varied.get()
    }

    /// The namespace or class that members were found in, if no fields of instances were.
    pub fn sole_holder(&self) -> Option<Found> {
        self.found.get().filter(|_| self.latest().key() == 0)
    }

    /// Notes that there will be as many kinds of receivers as it can know, or more.
    pub fn expect_many(&self) {
        self.many.set(true);
    }

    /// Has it met as many kinds of receivers as it can know, or more?
    pub fn meets_many(&self) -> bool {
        self.many.get()
    }

    /// The largest number of fields that instances of classes that a `new` has met have had.
    pub fn fields_expected(&self) -> Option<usize> {
        let classes = self.ways.iter().filter(|way| way.key() != 0);
        let classes = classes.filter_map(|way| Value::from_bits(way.key()).get::<Class>());
        classes.map(|class| class.fields_expected).max()
    }

    /// Have there been more kinds of receivers than ways? Then the VM's table of look-ups is asked alone.
    pub fn is_crowded(&self) -> bool {
        self.tag.get() != 0
    }

    /// What this cache, or the table that serves it, knows of a kind of receiver.
    pub(crate) fn find_in<'a>(&'a self, lookups: &'a Lookups, key: u64) -> Option<&'a Way> {
        match self.tag.get() {
            0 => self.find(key),
            tag => lookups.find(tag, key),
        }
    }

    /// Notes what is known of a kind of receiver, in the table if there is no room here.
    pub(crate) fn remember_in(
        &self,
        lookups: &Lookups,
        sought: Sought,
        key: u64,
        found: u64,
        more: usize,
    ) {
        if key == Header::word(Kind::Instance, 0) {
            // Shapes without a number cannot be told apart.
            return;
        }
        let has_room = self.ways[WAYS - 1].key() == 0 || self.find(key).is_some();
        if has_room && !self.is_crowded() {
            return self.remember(key, found, more);
        }
        self.tag.set(sought.tag(self.name()));
        lookups.remember(self.tag.get(), key, found, more);
    }

    /// Notes at which position a map has the name.
    pub(crate) fn remember_position(&self, position: usize) {
        let [name, _] = self.sought.get();
        self.sought.set([name, position as u32]);
        self.met_map.set(true);
    }

    /// The position where the last map had the name.
    pub(crate) fn position(&self) -> usize {
        let [_, position] = self.sought.get();
        position as usize
    }

    /// To be called when code is made that asks maps for a name.
    pub fn seek(&self, name: Symbol) {
        let [_, position] = self.sought.get();
        self.sought.set([name.index(), position]);
    }

    /// Are the receivers maps, as far as is known?
    pub fn met_maps(&self) -> bool {
        self.met_map.get() && self.latest().key() == 0
    }

    /// To be called when code is made that calls methods through this cache, and comes back.
    pub fn enter_natives(&self) {
        self.enters_natives.set(true);
    }

    /// Does compiled code enter native functions through it?
    pub(crate) fn enters_natives(&self) -> bool {
        self.enters_natives.get()
    }

    /// Notes a method, and the machine code that the call may enter at once, if there is some.
    pub(crate) fn remember_method(&self, key: u64, method: Value, entry: usize) {
        self.remember(key, method.bits(), entry);
    }

    /// Notes a callee, and the machine code that the call may enter at once.
    pub(crate) fn remember_callee(&self, callee: Value, entry: usize) {
        self.remember(callee.bits(), callee.bits(), entry);
    }

    fn remember(&self, key: u64, found: u64, more: usize) {
        if key == Header::word(Kind::Instance, 0) {
            // Shapes without a number cannot be told apart.
            return;
        }
        if let Some(way) = self.find(key) {
            return way.set(key, found, more);
        }
        if self.latest().key() != 0 {
            self.varied.set(true);
        }
        for i in (1..WAYS).rev() {
            let Way { key, found, more } = &self.ways[i - 1];
            self.ways[i].set(key.get(), found.get(), more.get());
        }
        self.latest().set(key, found, more);
        if self.ways[WAYS - 1].key() != 0 {
            self.many.set(true);
        }
    }

    /// Forgets the look-ups.
    pub fn forget(&self) {
        for way in &self.ways {
            way.set(0, 0, 0);
        }
        self.is_listed.set(false);
        self.found.set(None);
    }
}
