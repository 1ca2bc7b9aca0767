//! Scopes and variables of the body being compiled.

use super::environment::{Binding, Found, Place, StaticScope};
use super::module::Body;
use super::{Compile, Compiler, Environment, ScopeState, scan};
use crate::bytecode::{Instr, Op};
use crate::code::Visible;
use crate::object::Gene;
use crate::symbol::{Symbol, sym};
use crate::types::Type;
use crate::value::Value;
use std::rc::Rc;

/// The scope operand that stands for the scope in which the running function was made.
pub(super) const OWN_SCOPE: u16 = 0xFFFF;

impl Compiler<'_> {
    /// Compiles `body` in a new scope. `forms` are what the scope contains: they tell which variables
    /// inner functions capture.
    pub(super) fn scope(
        &mut self,
        forms: &[Value],
        body: impl FnOnce(&mut Self) -> Compile,
    ) -> Compile {
        let declared = scan::declared(forms);
        self.scope_declaring(
            |c| declared.iter().any(|&name| c.captured.contains(name)),
            forms,
            body,
        )
    }

    /// As [`Compiler::scope`], for a scope that also declares the names of patterns outside of `forms`.
    pub(super) fn scope_with(
        &mut self,
        names: &[Symbol],
        forms: &[Value],
        body: impl FnOnce(&mut Self) -> Compile,
    ) -> Compile {
        let declared = scan::declared(forms);
        let captures = |c: &Self| {
            names
                .iter()
                .chain(&declared)
                .any(|&name| c.captured.contains(name))
        };
        self.scope_declaring(captures, forms, body)
    }

    fn scope_declaring(
        &mut self,
        captures: impl FnOnce(&Self) -> bool,
        forms: &[Value],
        body: impl FnOnce(&mut Self) -> Compile,
    ) -> Compile {
        let has_heap_scope = captures(self);
        self.open_scope(has_heap_scope);
        self.declare_definitions(forms);
        body(self)?;
        self.close_scope();
        Ok(())
    }

    /// Opens a scope. The heap object, if it has one, is made here.
    pub(super) fn open_scope(&mut self, has_heap_scope: bool) {
        let parent = Some(self.environment());
        let outer_heap_local = self.innermost_heap_local();
        let local_mark = self.e.local_mark();
        let scope = StaticScope::new(self.unit.clone(), parent, has_heap_scope);
        let new_scope_at = self.e.here();
        let heap_local = has_heap_scope.then(|| {
            let local = self.e.new_locals(1);
            let (a, parent) = if outer_heap_local == OWN_SCOPE {
                (0, 0)
            } else {
                (1, outer_heap_local as i32)
            };
            self.e.emit(
                Instr {
                    op: Op::NewScope,
                    a,
                    b: local,
                    c: parent << 16,
                },
                0,
                0,
            );
            local
        });
        self.scopes.push(ScopeState {
            scope,
            heap_local,
            new_scope_at,
            local_mark,
        });
        self.note_visible();
    }

    /// Closes the innermost scope.
    pub(super) fn close_scope(&mut self) {
        let state = self
            .scopes
            .pop()
            .expect("scopes are opened before they are closed");
        if state.heap_local.is_some() {
            let parent = self
                .scopes
                .iter()
                .rev()
                .find_map(|s| s.heap_local)
                .map_or(0, |local| (local as i32) << 16);
            self.e.patch(
                state.new_scope_at,
                parent | state.scope.heap_slots.get() as i32,
            );
        }
        self.e.free_locals(state.local_mark);
        self.note_visible();
    }

    /// Records what is visible from here on, if that is wanted.
    pub(super) fn note_visible(&mut self) {
        if self.vm.options.inspectable && !self.scopes.is_empty() {
            let scope = self.innermost_heap_local();
            let visible = Visible {
                environment: self.environment(),
                scope: (scope != OWN_SCOPE).then_some(scope),
            };
            self.e.note_visible(visible);
        }
    }

    /// The local of the innermost heap scope that this body has made.
    pub(super) fn innermost_heap_local(&self) -> u16 {
        self.scopes
            .iter()
            .rev()
            .find_map(|s| s.heap_local)
            .unwrap_or(OWN_SCOPE)
    }

    fn innermost(&self) -> &ScopeState {
        self.scopes.last().expect("a body has a scope")
    }

    /// What is visible here.
    pub(super) fn environment(&self) -> Environment {
        self.scopes.last().map_or_else(
            || self.prototype.environment.clone(),
            |state| state.scope.environment(),
        )
    }

    /// The visible declaration of a name.
    pub(super) fn find(&self, name: Symbol) -> Option<Found> {
        self.environment().find(name)
    }

    // ── Declarations ───────────────────────────────────────────────────────

    /// A place for a variable of the innermost scope.
    pub(super) fn new_place(&mut self, name: Symbol) -> Place {
        let state = self.innermost();
        if state.scope.has_heap_scope && self.captured.contains(name) {
            Place::Heap(state.scope.new_heap_slot())
        } else {
            Place::Local(self.e.new_locals(1))
        }
    }

    /// Declares a name from here on; the template's place is replaced by a new one.
    pub(super) fn declare(&mut self, name: Symbol, template: Binding) -> Rc<Binding> {
        let reserved = self.conditional.place(self.scopes.len(), name);
        let binding = Binding {
            place: reserved.unwrap_or_else(|| self.new_place(name)),
            part: self.conditional.part().into(),
            ..template
        };
        let binding = self.innermost().scope.declare(name, binding);
        self.note_visible();
        binding
    }

    /// Declares a variable from here on.
    pub(super) fn declare_variable(
        &mut self,
        name: Symbol,
        is_let: bool,
        annotation: Option<Rc<Type>>,
    ) {
        self.declare(
            name,
            Binding {
                is_let,
                annotation,
                ..Binding::variable(Place::Local(0))
            },
        );
    }

    /// Declares a name in the whole innermost scope; the template's place is replaced by a new one.
    pub(super) fn declare_everywhere(&mut self, name: Symbol, template: Binding) -> Rc<Binding> {
        let binding = Binding {
            place: self.new_place(name),
            ..template
        };
        self.innermost().scope.declare_everywhere(name, binding)
    }

    /// Declares a parameter, which arrives in a local.
    pub(super) fn declare_parameter(
        &mut self,
        name: Symbol,
        local: u16,
        annotation: Option<Rc<Type>>,
    ) {
        let state = self.innermost();
        let place = if state.scope.has_heap_scope && self.captured.contains(name) {
            Place::Heap(state.scope.new_heap_slot())
        } else {
            Place::Local(local)
        };
        let binding = Binding {
            annotation,
            ..Binding::variable(place)
        };
        self.innermost().scope.declare(name, binding);
        self.note_visible();
        if let Place::Heap(_) = place {
            self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
            self.store_new(name);
        }
    }

    /// Declares the definitions (`fn`, `class` …) among the forms: they see each other whatever their order.
    pub(super) fn declare_definitions(&mut self, forms: &[Value]) {
        let counts = scan::binding_counts(forms);
        for &form in forms {
            let Some(name) = form
                .get::<Gene>()
                .and_then(|gene| scan::definition_name(&gene))
            else {
                continue;
            };
            if self.innermost().scope.declared_everywhere(name).is_some() {
                continue;
            }
            // Is it a function, and does nothing else bind its name?
            let is_only_function = counts[&name] == 1
                && form
                    .get::<Gene>()
                    .is_some_and(|gene| gene.head.is_symbol(sym::FN));
            // A module's functions exist before anything of it runs.
            let early = is_only_function && self.at_module_level();
            let template = Binding {
                is_definition: true,
                may_be_undefined: !early,
                is_constant: is_only_function
                    && !self.unit.is_open
                    && !self.unit.assigned.contains(&name),
                ..Binding::variable(Place::Local(0))
            };
            let binding = self.declare_everywhere(name, template);
            if let Some(gene) = form
                .get::<Gene>()
                .filter(|gene| gene.head.is_symbol(sym::ENUM))
            {
                let _ = binding.variants.set(scan::enum_variants(&gene));
            }
            if let Place::Local(local) = binding.place {
                self.e.constant(Value::UNDEFINED);
                self.e.op_bc(Op::SetLocal, local, 0, 1, 0);
            }
        }
    }

    fn at_module_level(&self) -> bool {
        self.scopes.len() == 1 && matches!(self.body, Body::Main | Body::Imported | Body::Session)
    }

    // ── Reading and writing ────────────────────────────────────────────────

    /// Pushes the value of a name.
    pub(super) fn load(&mut self, name: Symbol) {
        match self.find(name) {
            Some(found) => {
                self.load_found(name, &found);
                if found.binding.may_be_undefined {
                    let index = self.e.constant_index(Value::symbol(name));
                    self.e.op_c(Op::CheckDefined, index as usize, 1, 1);
                }
            }
            None => {
                let cache = self.e.cache(name);
                self.e.op_c(Op::GetName, cache, 0, 1);
            }
        }
    }

    /// Pushes the value of a name that has a declaration, undefined before its definition was carried out.
    pub(super) fn load_unchecked(&mut self, name: Symbol) {
        let found = self.find(name).expect("the caller has found it");
        self.load_found(name, &found);
    }

    fn load_found(&mut self, name: Symbol, found: &Found) {
        if let Some(own) = &self.own_binding
            && Rc::ptr_eq(own, &found.binding)
        {
            return self.e.op(Op::GetFunction, 0, 1);
        }
        match found.binding.place {
            Place::Local(local) => {
                self.conditional.note_read(name, &found.binding);
                self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
            }
            Place::Heap(slot) => match self.heap_local_of(found) {
                Some(local) => self.e.op_bc(Op::GetScoped, local, slot as usize, 0, 1),
                None => {
                    let depth = self.captured_depth(found);
                    self.e.op_bc(Op::GetCaptured, depth, slot as usize, 0, 1);
                }
            },
        }
    }

    /// Stores the top operand in a binding; it stays on the stack.
    pub(super) fn store_found(&mut self, found: &Found) {
        match found.binding.place {
            Place::Local(local) => self.e.op_bc(Op::TeeLocal, local, 0, 1, 1),
            Place::Heap(slot) => match self.heap_local_of(found) {
                Some(local) => self.e.op_bc(Op::SetScoped, local, slot as usize, 1, 1),
                None => {
                    let depth = self.captured_depth(found);
                    self.e.op_bc(Op::SetCaptured, depth, slot as usize, 1, 1);
                }
            },
        }
    }

    /// Stores the top operand in a name that was just declared, and drops it.
    pub(super) fn store_new(&mut self, name: Symbol) {
        let found = self.find(name).expect("the name was just declared");
        self.store_found(&found);
        self.e.pop();
    }

    fn heap_local_of(&self, found: &Found) -> Option<u16> {
        self.scopes
            .iter()
            .find(|s| Rc::ptr_eq(&s.scope, &found.scope))?
            .heap_local
    }

    /// Heap scopes between the one in which the function was made and the one of the variable.
    fn captured_depth(&self, found: &Found) -> u16 {
        let own = self
            .scopes
            .iter()
            .filter(|s| s.heap_local.is_some())
            .count() as u32;
        (found.depth - own) as u16
    }

    /// Is the body that of a class?
    pub(super) fn in_class_body(&self) -> bool {
        self.prototype.name == Some(sym::CLASS_BODY)
    }
}
