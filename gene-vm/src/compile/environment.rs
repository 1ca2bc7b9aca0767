//! Lexical scopes at compile time: which names are visible where, and where they live.

use crate::symbol::Symbol;
use crate::types::Type;
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// Where a variable lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A local slot of the frame of the function that declares it.
    Local(u16),
    /// A slot of the scope's heap object.
    Heap(u32),
}

/// What a name stands for in a scope.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Where the variable lives.
    pub place: Place,
    /// Declared by `let`: never assigned.
    pub is_let: bool,
    /// Bound by `fn`, `class` … rather than by `var`, `let` or a pattern.
    pub is_definition: bool,
    /// May be read before its definition was carried out.
    pub may_be_undefined: bool,
    /// A function definition that nothing assigns to or replaces.
    pub is_constant: bool,
    /// Declared type.
    pub annotation: Option<Rc<Type>>,
    /// The variants, if it is an enum.
    pub variants: OnceCell<Vec<Symbol>>,
    /// The number of the part that declares it and that control may leave before; 0 outside of any.
    pub part: Cell<u32>,
}

impl Binding {
    /// A plain variable.
    pub fn variable(place: Place) -> Binding {
        Binding {
            place,
            is_let: false,
            is_definition: false,
            may_be_undefined: false,
            is_constant: false,
            annotation: None,
            variants: OnceCell::new(),
            part: Cell::new(0),
        }
    }
}

/// What a scan of a whole module (or evaluated form) found out.
#[derive(Default)]
pub struct Unit {
    /// Names that some assignment sets.
    pub assigned: rustc_hash::FxHashSet<Symbol>,
    /// Code that nobody has seen yet may assign to any name: `eval`, macros, a REPL.
    pub is_open: bool,
    /// Some name ends in `!`, or something is imported: paths may lead to macro functions.
    pub has_macros: bool,
}

/// The declarations of one name: (number, binding), ascending.
type Declarations = Vec<(u32, Rc<Binding>)>;

/// One lexical scope.
pub struct StaticScope {
    /// The module or evaluated form that it is part of.
    pub unit: Rc<Unit>,
    /// What is visible around it.
    pub parent: Option<Environment>,
    /// Number of scopes of the unit around it.
    pub nesting: u32,
    /// Does each run of the scope make a heap object for captured variables?
    pub has_heap_scope: bool,
    names: RefCell<FxHashMap<Symbol, Declarations>>,
    next: Cell<u32>,
    /// Number of slots in the heap object.
    pub heap_slots: Cell<u32>,
}

/// The names visible at one point of the program: those declared in a scope up to that point, and around it.
#[derive(Clone)]
pub struct Environment {
    /// The innermost scope.
    pub scope: Rc<StaticScope>,
    /// Declarations with a higher number came later.
    upto: u32,
}

/// A variable that was found.
pub struct Found {
    /// Its binding.
    pub binding: Rc<Binding>,
    /// The scope that declares it.
    pub scope: Rc<StaticScope>,
    /// Heap scopes between the innermost one and the one that declares it.
    pub depth: u32,
}

impl StaticScope {
    /// A scope inside of `parent`.
    pub fn new(
        unit: Rc<Unit>,
        parent: Option<Environment>,
        has_heap_scope: bool,
    ) -> Rc<StaticScope> {
        let nesting = match &parent {
            Some(outer) if Rc::ptr_eq(&outer.scope.unit, &unit) => outer.scope.nesting + 1,
            _ => 0,
        };
        Rc::new(StaticScope {
            unit,
            parent,
            nesting,
            has_heap_scope,
            names: RefCell::default(),
            next: Cell::new(1),
            heap_slots: Cell::new(0),
        })
    }

    /// Declares a name from here on.
    pub fn declare(&self, name: Symbol, binding: Binding) -> Rc<Binding> {
        let number = self.next.get();
        self.next.set(number + 1);
        self.insert(name, number, binding)
    }

    /// Declares a name in the whole scope.
    pub fn declare_everywhere(&self, name: Symbol, binding: Binding) -> Rc<Binding> {
        self.insert(name, 0, binding)
    }

    fn insert(&self, name: Symbol, number: u32, binding: Binding) -> Rc<Binding> {
        let binding = Rc::new(binding);
        self.names
            .borrow_mut()
            .entry(name)
            .or_default()
            .push((number, binding.clone()));
        binding
    }

    /// The binding that [`StaticScope::declare_everywhere`] made.
    pub fn declared_everywhere(&self, name: Symbol) -> Option<Rc<Binding>> {
        let names = self.names.borrow();
        let (number, binding) = names.get(&name)?.first()?;
        (*number == 0).then(|| binding.clone())
    }

    /// A new slot in the heap object.
    pub fn new_heap_slot(&self) -> u32 {
        let slot = self.heap_slots.get();
        self.heap_slots.set(slot + 1);
        slot
    }

    /// The names declared so far.
    pub fn environment(self: &Rc<StaticScope>) -> Environment {
        Environment {
            scope: self.clone(),
            upto: self.next.get() - 1,
        }
    }

    /// Forgets the declarations that do not satisfy a condition.
    pub fn retain(&self, condition: impl Fn(&Binding) -> bool) {
        self.names.borrow_mut().retain(|_, declarations| {
            declarations.retain(|(_, binding)| condition(binding));
            !declarations.is_empty()
        });
    }

    /// All names that this scope ever declares.
    pub fn all_names(&self) -> Vec<Symbol> {
        self.names.borrow().keys().copied().collect()
    }
}

impl Environment {
    /// One in which nothing is visible.
    pub fn empty() -> Environment {
        StaticScope::new(Rc::default(), None, false).environment()
    }

    /// The declaration of `name` that is visible here.
    pub fn find(&self, name: Symbol) -> Option<Found> {
        let mut environment = self;
        let mut depth = 0;
        loop {
            let scope = &environment.scope;
            if let Some(declarations) = scope.names.borrow().get(&name) {
                let visible = declarations
                    .iter()
                    .rev()
                    .find(|(number, _)| *number <= environment.upto);
                if let Some((_, binding)) = visible {
                    return Some(Found {
                        binding: binding.clone(),
                        scope: scope.clone(),
                        depth,
                    });
                }
            }
            depth += scope.has_heap_scope as u32;
            environment = scope.parent.as_ref()?;
        }
    }
}

impl Environment {
    /// The names of the visible enums that declare a variant, in the order of their declarations in each scope.
    pub fn enums_with(&self, variant: Symbol) -> Vec<Symbol> {
        let mut owners = Vec::new();
        let mut next = Some(self);
        while let Some(environment) = next {
            let names = environment.scope.names.borrow();
            let declares = |declarations: &Declarations| {
                let variants = |(_, binding): &(u32, Rc<Binding>)| {
                    let variants = binding.variants.get();
                    variants.is_some_and(|variants| variants.contains(&variant))
                };
                declarations.iter().any(variants)
            };
            let mut found: Vec<Symbol> = names
                .iter()
                .filter(|(_, declarations)| declares(declarations))
                .map(|(&name, _)| name)
                .collect();
            found.sort_unstable();
            let is_visible = |owner: &Symbol| {
                let visible = self.find(*owner);
                visible.is_some_and(|found| Rc::ptr_eq(&found.scope, &environment.scope))
            };
            owners.extend(found.into_iter().filter(is_visible));
            next = environment.scope.parent.as_ref();
        }
        owners
    }
}

impl Drop for StaticScope {
    fn drop(&mut self) {
        // Chains can be long: unlink them one by one instead of by recursion.
        let mut next = self.parent.take();
        while let Some(environment) = next {
            next = Rc::into_inner(environment.scope).and_then(|mut scope| scope.parent.take());
        }
    }
}
