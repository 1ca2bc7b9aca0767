//! Code objects: what the compiler makes of one body, and what closures share.

use crate::bytecode::Instr;
use crate::compile::{Environment, SideEntry};
use crate::heap::{Gc, Tracer};
use crate::object::{Namespace, Shape};
use crate::source::Pos;
use crate::symbol::Symbol;
use crate::types::Type;
use crate::value::Value;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// What kind of body a prototype has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
    /// All parameters are required positionals: arguments need no binding.
    pub simple: bool,
    /// The body forms, from which the code is compiled.
    pub body: Vec<Value>,
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
    pub code: OnceCell<Box<Code>>,
}

impl Prototype {
    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        tracer.values(&self.body);
        tracer.value(self.parameter_form);
        tracer.value(self.form);
        for param in &self.params {
            if let Some(annotation) = &param.annotation {
                annotation.trace(tracer);
            }
        }
        if let Some(annotation) = &self.return_type {
            annotation.trace(tracer);
        }
        if let Some(code) = self.code.get() {
            code.trace(tracer);
        }
    }
}

/// Compiled bytecode of one body.
#[repr(C)]
pub struct Code {
    /// Entry of the machine code, 0 while there is none. See [`crate::tier`].
    pub entry: Cell<usize>,
    /// Counts calls and loop rounds down to the next offer to the second tier.
    pub budget: Cell<i32>,
    /// Number of parameters in local slots `0 … params`.
    pub params: u16,
    /// Number of local slots, parameters included. The operand stack starts behind them.
    pub locals: u16,
    /// Largest number of operands on the stack.
    pub max_operands: u16,
    /// All parameters are required positionals.
    pub simple: bool,
    /// A call runs the body at once, in the caller's loop: neither generator, async nor macro function.
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
    /// Data of the second tier, dropped with the code.
    pub tier_data: RefCell<Option<Box<dyn std::any::Any>>>,
}

impl Code {
    /// Offset of `entry`, for compiled code.
    pub const ENTRY_OFFSET: usize = std::mem::offset_of!(Code, entry);
    /// Offset of `budget`, for compiled code.
    pub const BUDGET_OFFSET: usize = std::mem::offset_of!(Code, budget);

    /// Number of slots that a frame needs.
    pub fn frame_size(&self) -> usize {
        self.locals as usize + self.max_operands as usize
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
}

/// Describes the arguments of a call that are on the stack:
/// `[callee keyword-values… keyword-map? positionals… | array]`.
#[derive(Clone, Debug)]
pub struct CallShape {
    /// Name of a method.
    pub name: Option<Symbol>,
    /// The cache entry of the method.
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

/// An inline cache. It remembers the last look-up of its instruction.
///
/// A collection forgets all caches, so that they keep nothing alive.
#[derive(Default)]
#[repr(C)]
pub struct Cache {
    /// The shape of the receiver for which the rest holds; 0: none.
    pub shape: Cell<usize>,
    /// The slot of a field, or the bits of a method value.
    pub slot_or_method: Cell<u64>,
    /// The VM's epoch when the look-up was made.
    pub epoch: Cell<u32>,
    /// The name that is looked up.
    pub name: Cell<NameOrEmpty>,
    /// The namespace where a name was found, and its position there.
    pub found: Cell<Option<(Gc<Namespace>, u32)>>,
    /// The shape after a field was added.
    pub next_shape: Cell<Option<Gc<Shape>>>,
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
    /// Offset of `shape`, for compiled code.
    pub const SHAPE_OFFSET: usize = std::mem::offset_of!(Cache, shape);
    /// Offset of `slot_or_method`, for compiled code.
    pub const SLOT_OR_METHOD_OFFSET: usize = std::mem::offset_of!(Cache, slot_or_method);
    /// Offset of `epoch`, for compiled code.
    pub const EPOCH_OFFSET: usize = std::mem::offset_of!(Cache, epoch);

    /// An empty cache for a name.
    pub fn new(name: Symbol) -> Cache {
        Cache {
            name: Cell::new(NameOrEmpty(name)),
            ..Cache::default()
        }
    }

    /// The name that is looked up.
    #[inline]
    pub fn name(&self) -> Symbol {
        self.name.get().0
    }

    /// Forgets the look-up.
    pub fn forget(&self) {
        self.shape.set(0);
        self.found.set(None);
        self.next_shape.set(None);
    }
}
