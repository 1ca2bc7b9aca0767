//! Interactive sessions: units of code that share variables and a namespace.

use crate::compile::{Environment, ModuleKind};
use crate::embed::Handle;
use crate::heap::Gc;
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

    /// A session in which the variables of `environment` are visible; `scope` holds them.
    pub(crate) fn within(
        vm: &mut Vm,
        environment: Environment,
        scope: Value,
        namespace: Gc<Namespace>,
    ) -> Session {
        Session {
            namespace,
            environment: Some(environment),
            scope: vm.keep(scope),
            alive: vec![vm.keep(Value::object(namespace))],
        }
    }

    /// Runs one unit and answers its value.
    pub fn run(&mut self, vm: &mut Vm, name: &str, text: &str) -> Result<Value, Failure> {
        let forms = crate::reader::read_all(vm, name, text)?;
        let symbol = Symbol::intern(name);
        let outer = self.environment.clone();
        let module = crate::compile::module(vm, &forms, symbol, ModuleKind::Session, outer)?;
        let body = vm.module_function(&module, self.namespace, Value::NIL);
        self.alive.push(vm.keep(body));
        let (value, scope) = vm.run_module(&module, self.namespace, self.scope.value())?;
        self.environment = Some(module.environment);
        self.scope = vm.keep(scope);
        Ok(value)
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
            for (name, &value) in &namespace.members {
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
