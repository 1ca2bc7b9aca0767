//! Free names: look-up through namespaces, assignment (11.7, 3.6).

use crate::bytecode::Op;
use crate::code::{Cache, Code, is_definition};
use crate::heap::Gc;
use crate::object::{Class, Function, Namespace};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Result, Vm};

/// Where a name was found.
enum Place {
    Namespace(Gc<Namespace>, usize),
    Class(Gc<Class>, usize),
}

impl Vm {
    /// The value of a name that was looked up by the same instruction from the same namespace, if no names were
    /// added or removed since.
    #[inline(always)]
    pub(super) fn cached_name(&self, cache: &Cache, function: Gc<Function>) -> Option<Value> {
        if cache.epoch.get() != self.context.names_epoch
            || cache.latest().key() != function.namespace.bits()
        {
            return None;
        }
        let (namespace, index) = cache.found.get()?;
        let (_, &value) = namespace.members.get_index(index as usize)?;
        Some(value)
    }

    /// Looks a name up from the namespace of a function.
    #[inline(never)]
    pub(super) fn find_name(&mut self, cache: &Cache, function: Gc<Function>) -> Result {
        let name = cache.name();
        match self.find_place(function.namespace, name) {
            Some(Place::Namespace(namespace, index)) => {
                self.remember_place(cache, function, namespace, index);
                Ok(namespace.members[index])
            }
            Some(Place::Class(class, index)) => Ok(class.members[index]),
            None => Err(self.not_defined(name)),
        }
    }

    fn remember_place(
        &self,
        cache: &Cache,
        function: Gc<Function>,
        namespace: Gc<Namespace>,
        index: usize,
    ) {
        cache.remember_namespace(function.namespace);
        cache.epoch.set(self.context.names_epoch);
        cache.found.set(Some((namespace, index as u32)));
    }

    /// Looks up all names that the code of a function asks for, so that a second tier can tell what they stand for.
    pub fn resolve_names(&self, code: &Code, function: Gc<Function>) {
        let names = code.instrs.iter().filter(|instr| instr.op == Op::GetName);
        for cache in names.map(|instr| &code.caches[instr.c as usize]) {
            match self.find_place(function.namespace, cache.name()) {
                Some(Place::Namespace(namespace, index)) => {
                    self.remember_place(cache, function, namespace, index);
                }
                _ => cache.found.set(None),
            }
        }
    }

    /// The value of a name as code in `namespace` sees it, beyond the scopes.
    pub(crate) fn name_in(&self, namespace: Value, name: Symbol) -> Option<Value> {
        match self.find_place(namespace, name)? {
            Place::Namespace(namespace, index) => Some(namespace.members[index]),
            Place::Class(class, index) => Some(class.members[index]),
        }
    }

    /// `X is not defined`
    #[cold]
    pub(crate) fn not_defined(&mut self, name: Symbol) -> Raise {
        self.raise(ErrorClass::Exception, format!("{name} is not defined"))
    }

    /// Assigns to a free name: where it is found, else as a new member of the current namespace.
    pub(super) fn set_name(&mut self, function: Gc<Function>, name: Symbol, value: Value) {
        match self.find_place(function.namespace, name) {
            Some(Place::Namespace(mut namespace, index)) => {
                let previous = std::mem::replace(&mut namespace.members[index], value);
                self.name_assigned(Some(previous), value);
            }
            Some(Place::Class(mut class, index)) => class.members[index] = value,
            None => self.define_name(function.namespace, name, value),
        }
    }

    /// Sets a member of a namespace or class, adding it if it is new.
    pub(crate) fn define_name(&mut self, holder: Value, name: Symbol, value: Value) {
        let previous = if let Some(mut class) = holder.get::<Class>() {
            class.members.insert(name, value)
        } else if let Some(mut namespace) = holder.get::<Namespace>() {
            namespace.members.insert(name, value)
        } else {
            self.builtins.global.members.insert(name, value)
        };
        self.name_assigned(previous, value);
    }

    /// A name had a value before, if any, and has another now. Code relies on what it has found to be a definition.
    fn name_assigned(&mut self, previous: Option<Value>, value: Value) {
        if previous.is_none_or(|previous| is_definition(previous) && previous != value) {
            self.names_changed();
        }
    }

    /// To be called when a namespace or class got or lost a name, or there is a new one, which may have the address of
    /// a former one: look-ups of names are made anew.
    pub fn names_changed(&mut self) {
        let epoch = &mut self.context.names_epoch;
        *epoch = epoch.wrapping_add(1);
    }

    fn find_place(&self, mut around: Value, name: Symbol) -> Option<Place> {
        loop {
            if let Some(class) = around.get::<Class>() {
                if let Some(index) = class.members.get_index_of(&name) {
                    return Some(Place::Class(class, index));
                }
                around = class.namespace;
            } else if let Some(namespace) = around.get::<Namespace>() {
                if let Some(index) = namespace.members.get_index_of(&name) {
                    return Some(Place::Namespace(namespace, index));
                }
                around = namespace.parent;
            } else {
                break;
            }
        }
        let roots = &self.builtins;
        [roots.global, roots.gene, roots.genex]
            .into_iter()
            .find_map(|root| Some(Place::Namespace(root, root.members.get_index_of(&name)?)))
    }

    /// The exception of `CheckDefined`.
    #[cold]
    #[inline(never)]
    pub(super) fn undefined_name(&mut self, code: &Code, constant: i32) -> Result<()> {
        let name = crate::print::display(code.constants[constant as usize]);
        Err(self.raise(ErrorClass::Exception, format!("{name} is not defined")))
    }
}
