//! Interactive sessions: units of code that share variables and a namespace.

use crate::compile::environment::Place;
use crate::compile::{Environment, ModuleKind};
use crate::embed::Handle;
use crate::heap::{Gc, Tracer};
use crate::object::{Class, Namespace};
use crate::program::Failure;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::Vm;
use std::collections::BTreeSet;

/// A session.
pub struct Session {
    namespace: Gc<Namespace>,
    environment: Option<Environment>,
    /// The innermost scope, or nil.
    scope: Handle,
    /// What the environment refers to: the namespace and the code of the units.
    alive: Vec<Handle>,
}

impl Vm {
    /// A session at the place where the exception on its way was raised, with that as `$ex`. Only programs that are
    /// run with [`inspectable`](crate::vm::Options::inspectable) have one.
    pub fn failing_session(&mut self) -> Option<Session> {
        let place = self.failing.take()?;
        self.handled = self.exception;
        Session::within(self, place)
    }
}

/// A place in a running program, as a session needs it.
pub(crate) struct Surroundings {
    pub environment: Environment,
    /// The heap scope that holds the innermost variables, or nil.
    pub scope: Value,
    pub namespace: Value,
}

impl Surroundings {
    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        tracer.value(self.scope);
        tracer.value(self.namespace);
    }
}

/// What `($repl)` does with the session of the place where it stands.
pub type Converse = std::rc::Rc<dyn Fn(&mut Vm, Session)>;

impl Session {
    /// A session without variables.
    pub fn new(vm: &mut Vm, name: &str) -> Session {
        let namespace = vm.module_namespace(name, true);
        vm.note_module(name.into(), namespace);
        Session {
            namespace,
            environment: None,
            scope: vm.keep(Value::NIL),
            alive: Vec::new(),
        }
    }

    /// A session that sees what is visible at a place; nothing if that is in no module.
    pub(crate) fn within(vm: &mut Vm, place: Surroundings) -> Option<Session> {
        Some(Session {
            namespace: place.namespace.get()?,
            environment: Some(place.environment),
            scope: vm.keep(place.scope),
            alive: vec![vm.keep(place.namespace)],
        })
    }

    /// Runs one unit and answers its value. What a failing unit has defined stays, and the exception is `$ex`
    /// for the units after it.
    pub fn run(&mut self, vm: &mut Vm, name: &str, text: &str) -> Result<Value, Failure> {
        let forms = crate::reader::read_all(vm, name, text)?;
        let symbol = Symbol::intern(name);
        let outer = self.environment.clone();
        let module = crate::compile::module(vm, &forms, symbol, ModuleKind::Session, outer)?;
        vm.warn(&module.warnings);
        let body = vm.module_function(&module, self.namespace, Value::NIL);
        self.alive.push(vm.keep(body));
        let scope = vm.heap.scope(self.scope.value(), module.slots);
        self.scope = vm.keep(Value::object(scope));
        let result = vm.run_module_in(&module, self.namespace, scope);
        if result.is_err() {
            vm.handled = vm.exception;
            let slots = scope.slots();
            module
                .environment
                .scope
                .retain(|binding| match binding.place {
                    Place::Heap(slot) => slots[slot as usize] != Value::UNDEFINED,
                    Place::Local(_) => true,
                });
        }
        self.environment = Some(module.environment);
        Ok(result?)
    }

    /// What a unit can refer to, for completion: variables, members of the namespace, global names with and
    /// without `$`, members of namespaces as paths, and methods with a dot in front.
    pub fn names(&self, vm: &Vm) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut environment = self.environment.as_ref();
        while let Some(Environment { scope, .. }) = environment {
            names.extend(scope.all_names().iter().map(Symbol::to_string));
            environment = scope.parent.as_ref();
        }
        for namespace in [self.namespace, vm.builtins.gene, vm.builtins.global] {
            for (name, &value) in namespace.members.iter() {
                names.insert(name.to_string());
                if let Some(inner) = value.get::<Namespace>() {
                    let members = inner.members.keys();
                    names.extend(members.map(|member| format!("{name}/{member}")));
                } else if let Some(class) = value.get::<Class>() {
                    names.extend(class.methods.keys().map(|method| format!(".{method}")));
                }
            }
        }
        let global = vm.builtins.global.members.keys();
        names.extend(global.map(|name| format!("${name}")));
        names
    }
}
