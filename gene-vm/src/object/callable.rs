//! Functions, native functions, and the scopes that closures share.

use super::{Class, PropMap, heap_data};
use crate::code::{Code, Prototype};
use crate::heap::{Gc, data_offset};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{Raise, Vm};
use std::cell::Cell;

/// A function, macro function, generator function, block, method or body of a
/// class, namespace or module: code with what it captured.
#[repr(C)]
pub struct Function {
    /// The innermost captured [`Scope`], or `nil`.
    pub scope: Value,
    /// The code, null until the first call compiles it. Owned by `prototype`.
    pub code: Cell<*const Code>,
    /// The namespace or class whose body surrounds the function (`$ns`).
    pub namespace: Value,
    /// The class whose body surrounds the function, for `super`; else `nil`.
    pub class: Value,
    /// What all closures of one definition share.
    pub prototype: Gc<Prototype>,
}

impl Function {
    /// Offset of `scope` in the object, for compiled code.
    pub const SCOPE_OFFSET: usize =
        data_offset::<Function>() + std::mem::offset_of!(Function, scope);
    /// Offset of `namespace` in the object, for compiled code.
    pub const NAMESPACE_OFFSET: usize =
        data_offset::<Function>() + std::mem::offset_of!(Function, namespace);
    /// Offset of `class` in the object, for compiled code.
    pub const CLASS_OFFSET: usize =
        data_offset::<Function>() + std::mem::offset_of!(Function, class);
    /// Offset of `prototype` in the object, for compiled code.
    pub const PROTOTYPE_OFFSET: usize =
        data_offset::<Function>() + std::mem::offset_of!(Function, prototype);
    /// Bytes of the object.
    pub const SIZE: usize = data_offset::<Function>() + size_of::<Function>();
    /// Offset of `code` in the object, for compiled code.
    pub const CODE_OFFSET: usize = data_offset::<Function>() + std::mem::offset_of!(Function, code);
}

impl Gc<Function> {
    /// Where compiled code enters the function with so many arguments as they are; 0: nowhere.
    pub fn entry_for(self, count: usize) -> usize {
        // SAFETY: a code that is not null lives as long as the function.
        match unsafe { self.code.get().as_ref() } {
            Some(code) if code.fits(count) => code.entry.get(),
            _ => 0,
        }
    }
}

/// Captured variables of one run of a lexical scope. The slots follow in memory;
/// their number is the header's `aux`.
#[repr(C)]
pub struct Scope {
    parent: Value,
}

impl Scope {
    /// Offset of the parent in the object, for compiled code.
    pub const PARENT_OFFSET: usize = data_offset::<Scope>() + std::mem::offset_of!(Scope, parent);
    /// Offset of the first slot in the object, for compiled code.
    pub const SLOTS_OFFSET: usize = data_offset::<Scope>() + size_of::<Scope>();

    pub(crate) fn with_parent(parent: Value) -> Scope {
        Scope { parent }
    }
}

impl Gc<Scope> {
    /// The scope around this one, or `nil`.
    #[inline]
    pub fn parent(self) -> Value {
        self.parent
    }

    /// Number of slots.
    #[inline]
    pub fn slot_count(self) -> usize {
        self.header().aux as usize
    }

    /// The variables.
    #[inline]
    pub fn slots<'a>(self) -> &'a [Value] {
        let first = (self.address() as usize + Scope::SLOTS_OFFSET) as *const Value;
        // SAFETY: the heap made the cell with `aux` initialised slots behind the fixed part.
        unsafe { std::slice::from_raw_parts(first, self.slot_count()) }
    }

    /// The value of a variable.
    #[inline]
    pub fn get_slot(self, slot: usize) -> Value {
        self.slots()[slot]
    }

    /// Sets a variable.
    #[inline]
    pub fn set_slot(self, slot: usize, value: Value) {
        assert!(slot < self.slot_count());
        let first = (self.address() as usize + Scope::SLOTS_OFFSET) as *mut Value;
        // SAFETY: as in `slots`; the slot is in range.
        unsafe { first.add(slot).write(value) };
    }
}

/// Arguments of a native function: positionals on the value stack, keywords in a map.
/// In methods the receiver is argument 0.
#[derive(Clone, Copy)]
pub struct Args {
    pub(crate) first: *const Value,
    pub(crate) count: usize,
    /// A Map, or `nil`.
    pub(crate) keywords: Value,
}

impl Args {
    /// Number of positional arguments.
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    /// No positional arguments?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The positional arguments. They stay on the value stack during the call.
    #[inline]
    pub fn as_slice<'a>(&self) -> &'a [Value] {
        // SAFETY: the interpreter keeps the arguments on the value stack, which never moves, until the native
        // function returns, and an `Args` is only handed to that function.
        unsafe { std::slice::from_raw_parts(self.first, self.count) }
    }

    /// Argument `i`, if it was given.
    #[inline]
    pub fn get(&self, i: usize) -> Option<Value> {
        self.as_slice().get(i).copied()
    }

    /// The keyword argument `name`, if it was given.
    pub fn keyword(&self, name: Symbol) -> Option<Value> {
        self.keywords()?.get(&name).copied()
    }

    /// All keyword arguments, if any was given.
    pub fn keywords<'a>(&self) -> Option<&'a PropMap> {
        self.keywords
            .get::<super::Map>()
            .map(|map| &map.into_ref().entries)
    }
}

impl std::ops::Index<usize> for Args {
    type Output = Value;
    fn index(&self, i: usize) -> &Value {
        &self.as_slice()[i]
    }
}

/// The Rust function behind a [`NativeFn`].
pub type NativeFunction = fn(&mut Vm, Args) -> Result<Value, Raise>;

/// A function built into the runtime.
pub struct NativeFn {
    /// Its name, for listings.
    pub name: Symbol,
    /// What it does.
    pub run: NativeFunction,
}

/// An instance whose state is Rust data: file readers, processes, handles.
pub struct Native {
    /// Its class.
    pub class: Gc<Class>,
    /// Its state.
    pub data: Box<dyn std::any::Any>,
}

/// Where a macro was called: what `$caller_eval` evaluates in.
pub struct CallerContext {
    /// The names visible there.
    pub environment: crate::compile::Environment,
    /// The innermost [`Scope`] there, or `nil`.
    pub scope: Value,
    /// The function that made the call.
    pub function: Value,
}

heap_data!(Function, |f, t| {
    t.value(f.scope);
    t.value(f.namespace);
    t.value(f.class);
    t.object(f.prototype);
});
heap_data!(Scope, |s, t| {
    // The slots are not part of the Rust type: reach them through the object's address.
    let object: Gc<Scope> =
        Gc::from_address(std::ptr::from_ref(s) as u64 - data_offset::<Scope>() as u64);
    t.value(s.parent);
    t.values(object.slots());
});
heap_data!(NativeFn, |f, t| ());
heap_data!(Native, |n, t| t.object(n.class));
heap_data!(CallerContext, |c, t| {
    t.value(c.scope);
    t.value(c.function);
});
