//! The bytecode compiler: from forms to [`crate::code::Code`].
//!
//! Bodies are compiled one at a time: a module and its functions when it is loaded, what is made by evaluated code
//! when it is called. What a body sees of the bodies around it is its [`Environment`].

mod annotations;
mod assignments;
mod calls;
mod captures;
mod check;
mod collections;
mod conditional;
mod control;
mod definitions;
mod emit;
pub mod environment;
mod exceptions;
mod expressions;
mod functions;
mod infix;
mod listing;
mod loops;
mod module;
mod paths;
mod patterns;
mod quote;
mod scan;
mod scopes;
mod shapes;
mod side;

pub use environment::Environment;
pub use listing::{bodies, instruction, listing};
pub use module::{Module, ModuleKind, code_of, evaluated, module};
pub use side::{EnumVariant, Error, PatternElement, SideEntry};

use crate::code::Prototype;
use crate::heap::Gc;
use crate::object::Gene;
use crate::source::Pos;
use crate::value::Value;
use crate::vm::Vm;
use emit::{Emitter, Label};
use environment::{Binding, StaticScope, Unit};
use scan::Captured;
use std::rc::Rc;

/// What compiling a part answers.
type Compile<T = ()> = Result<T, Error>;

/// What becomes of an expression's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Want {
    /// It is left on the operand stack.
    Value,
    /// Nothing is left.
    Nothing,
    /// The body returns it. Nothing follows.
    Return,
}

/// One lexical scope of the body being compiled.
struct ScopeState {
    scope: Rc<StaticScope>,
    /// The local that holds the scope's heap object, if it has one.
    heap_local: Option<u16>,
    /// The `NewScope` instruction, whose number of slots is known at the end.
    new_scope_at: u32,
    local_mark: usize,
}

/// Something that a jump out of a form has to leave, innermost last.
enum Exit {
    /// A loop: the target of `break` and `continue`.
    Loop {
        name: Option<crate::Symbol>,
        break_to: Label,
        continue_to: Label,
        depth: usize,
        keeps_value: bool,
    },
    /// A protected region of `try`, suspended while an exit from it is compiled. `finally` runs on the way out.
    Region {
        open_since: u32,
        ranges: Vec<(u32, u32)>,
        finally: Vec<Value>,
    },
    /// A catch clause: `$ex` gets back the value in the local.
    Handling { saved: u16 },
}

/// The compiler of one body.
struct Compiler<'v> {
    vm: &'v mut Vm,
    e: Emitter,
    prototype: Gc<Prototype>,
    unit: Rc<Unit>,
    captured: Rc<Captured>,
    body: module::Body,
    scopes: Vec<ScopeState>,
    exits: Vec<Exit>,
    /// The binding of the function's own name, if nothing else can be bound to it.
    own_binding: Option<Rc<Binding>>,
    /// Generic parameters of the definition around: as types they match anything.
    generics: Vec<crate::Symbol>,
    /// Module variables whose declaration has not been compiled yet; they are visible from the start.
    module_variables: rustc_hash::FxHashSet<crate::Symbol>,
    /// What there is to say of the body besides its code.
    findings: check::Findings,
    /// Variables whose declaration may be skipped.
    conditional: conditional::Conditional,
    /// Postconditions, checked before each return.
    post: Vec<Value>,
}

impl Compiler<'_> {
    fn error<T>(&self, message: impl Into<String>) -> Compile<T> {
        Err(Error::new(message, self.e.pos()))
    }

    /// Notes a mistake that does not keep the body from being compiled.
    fn warn(&mut self, message: impl Into<String>, help: &'static str) {
        let help = Some(help);
        self.findings.warnings.push(Error {
            help,
            ..Error::new(message, self.e.pos())
        });
    }

    /// What is left to do with a value that was just pushed.
    fn finish(&mut self, want: Want) -> Compile {
        match want {
            Want::Value => Ok(()),
            Want::Nothing => {
                self.e.pop();
                Ok(())
            }
            Want::Return => self.return_value(),
        }
    }

    fn constant(&mut self, value: Value, want: Want) -> Compile {
        if want == Want::Nothing {
            return Ok(());
        }
        self.e.constant(value);
        self.finish(want)
    }
}

/// The source position of a Gene value.
fn position(gene: Gc<Gene>) -> Pos {
    Pos(gene.header().aux)
}
