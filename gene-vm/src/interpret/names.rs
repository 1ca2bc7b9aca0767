//! Free names: look-up through namespaces, assignment (11.7, 3.6). Members of namespaces and classes.

use crate::bytecode::{Instr, Op};
use crate::code::{Cache, Code, Found, Resolved};
use crate::heap::Gc;
use crate::object::{Class, Function, MemberCell, Members, Namespace, is_definition};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Result, Vm};

/// What has members.
#[derive(Clone, Copy)]
enum Holder {
    Namespace(Gc<Namespace>),
    Class(Gc<Class>),
}

impl Holder {
    fn of(value: Value) -> Option<Holder> {
        let namespace = value.get().map(Holder::Namespace);
        namespace.or_else(|| value.get().map(Holder::Class))
    }

    fn members(&self) -> &Members {
        match self {
            Holder::Namespace(namespace) => &namespace.members,
            Holder::Class(class) => &class.members,
        }
    }

    fn members_mut(&mut self) -> &mut Members {
        match self {
            Holder::Namespace(namespace) => &mut namespace.members,
            Holder::Class(class) => &mut class.members,
        }
    }

    fn has(&self, name: Symbol) -> bool {
        self.members().contains_key(&name)
    }

    /// Where a name is looked up that this does not have.
    fn around(&self) -> Value {
        match self {
            Holder::Namespace(namespace) => namespace.parent,
            Holder::Class(class) => class.namespace,
        }
    }
}

impl Vm {
    /// The value of what the same instruction has found from the same namespace or class, if no names were added or removed
    /// since.
    #[inline(always)]
    pub(super) fn cached_name(&self, cache: &Cache, from: Value) -> Option<Value> {
        let cell = self.cached_cell(cache, from)?;
        // SAFETY: what the cache knows of is alive, and no names were added or removed since.
        Some(unsafe { cell.get() })
    }

    #[inline(always)]
    fn cached_cell(&self, cache: &Cache, from: Value) -> Option<MemberCell> {
        // SAFETY: nobody changes the cache meanwhile. A copy would take as long as the rest.
        let found = unsafe { (*cache.found.as_ptr()).as_ref()? };
        let is_current = found.epoch == self.context.names_epoch && found.from == from;
        is_current.then_some(found.cell)
    }

    /// Looks a name up from a namespace or class.
    #[inline(never)]
    pub(super) fn find_name(&mut self, cache: &Cache, around: Value) -> Result {
        let name = cache.name();
        match self.find_holder(around, name) {
            Some(holder) => Ok(self.remember_found(cache, around, holder)),
            None => Err(self.not_defined(name)),
        }
    }

    /// The value of a name in a type; undefined when unknown.
    pub(super) fn type_name_value(&self, cache: &Cache, around: Value) -> Value {
        let cached = self.cached_name(cache, around);
        cached.unwrap_or_else(|| match self.find_holder(around, cache.name()) {
            Some(holder) => self.remember_found(cache, around, holder),
            None => Value::UNDEFINED,
        })
    }

    /// `$name`; `void` when unknown.
    pub(super) fn global(&self, cache: &Cache) -> Value {
        let global = Value::object(self.builtins.global);
        self.cached_name(cache, global)
            .or_else(|| self.find_member(cache, global))
            .unwrap_or(Value::VOID)
    }

    /// A member of a namespace or class, if it has it.
    pub(super) fn find_member(&self, cache: &Cache, of: Value) -> Option<Value> {
        let holder = member_holder(of, cache.name())?;
        Some(self.remember_found(cache, of, holder))
    }

    /// Notes where a name was found; answers its value.
    fn remember_found(&self, cache: &Cache, from: Value, mut holder: Holder) -> Value {
        let (name, members) = (cache.name(), holder.members_mut());
        let cell = members.cell(name).expect("the holder has the name");
        cache.found.set(Some(Found {
            from,
            cell,
            epoch: self.context.names_epoch,
            definition: members.definition(name),
            is_variable: members.is_variable(name),
        }));
        members[&name]
    }

    /// Looks up all names and members that the code of a function uses, as far as that is known, so that a second tier can
    /// tell what they stand for and where they are. From then on, those that it assigns may be assigned by machine code.
    pub fn resolve_names(&mut self, code: &Code, function: Gc<Function>) {
        let around = function.namespace;
        for instr in &code.instrs {
            let is_assigned = matches!(instr.op, Op::SetName | Op::SetMember);
            if let Some((cache, _, Some(mut holder))) = self.resolve(code, *instr, around)
                && is_assigned
            {
                self.make_variable(&mut holder, cache.name());
            }
        }
        for instr in &code.instrs {
            match self.resolve(code, *instr, around) {
                Some((cache, from, Some(holder))) => {
                    self.remember_found(cache, from, holder);
                }
                Some((cache, _, None)) => cache.found.set(None),
                None => {}
            }
        }
        code.resolved.set(Some(Resolved {
            around,
            epoch: self.context.names_epoch,
        }));
    }

    /// The cache of an instruction that uses a name or, as far as is known, a member: where it is looked up from, and who
    /// has it.
    fn resolve<'a>(
        &self,
        code: &'a Code,
        instr: Instr,
        around: Value,
    ) -> Option<(&'a Cache, Value, Option<Holder>)> {
        let cache = || &code.caches[instr.c as usize];
        Some(match instr.op {
            Op::GetName | Op::GetTypeName | Op::SetName => {
                let holder = self.find_holder(around, cache().name());
                (cache(), around, holder)
            }
            Op::GetGlobal => {
                let global = Value::object(self.builtins.global);
                (cache(), global, member_holder(global, cache().name()))
            }
            Op::GetMember | Op::GetMemberStrict | Op::GetMemberOrElement => {
                let from = cache().found.get()?.from;
                (cache(), from, member_holder(from, cache().name()))
            }
            Op::SetMember => {
                let from = cache().found.get()?.from;
                let holder = Holder::of(from).filter(|holder| holder.has(cache().name()));
                (cache(), from, holder)
            }
            _ => return None,
        })
    }

    /// The value of a name as code in `namespace` sees it, beyond the scopes.
    pub(crate) fn name_in(&self, namespace: Value, name: Symbol) -> Option<Value> {
        let holder = self.find_holder(namespace, name)?;
        holder.members().get(&name).copied()
    }

    /// `X is not defined`
    #[cold]
    pub(crate) fn not_defined(&mut self, name: Symbol) -> Raise {
        self.raise(ErrorClass::Exception, format!("{name} is not defined"))
    }

    /// Assigns to a free name: where it is found, else as a new member of the current namespace.
    pub(super) fn set_name(&mut self, cache: &Cache, around: Value, value: Value) {
        if self.set_cached(cache, around, value) {
            return;
        }
        let name = cache.name();
        match self.find_holder(around, name) {
            Some(mut holder) => {
                self.set_in(&mut holder, name, value);
                self.remember_found(cache, around, holder);
            }
            None => self.define_name(around, name, value),
        }
    }

    /// `(of/name = value)` of a namespace or class.
    pub(super) fn set_member_of(&mut self, cache: &Cache, of: Value, value: Value) {
        if self.set_cached(cache, of, value) {
            return;
        }
        self.define_name(of, cache.name(), value);
        let holder = Holder::of(of).expect("the kind was tested");
        self.remember_found(cache, of, holder);
    }

    /// Assigns what the same instruction has assigned before, unless that is a definition.
    fn set_cached(&self, cache: &Cache, from: Value, value: Value) -> bool {
        let cell = self.cached_cell(cache, from);
        // SAFETY: what the cache knows of is alive, and no names were added or removed since.
        let cell = cell.filter(|cell| !is_definition(unsafe { cell.get() }));
        if let Some(cell) = cell {
            // SAFETY: as above.
            unsafe { cell.set(value) };
        }
        cell.is_some()
    }

    /// Sets a member of a namespace or class, adding it if it is new.
    pub(crate) fn define_name(&mut self, holder: Value, name: Symbol, value: Value) {
        let global = Holder::Namespace(self.builtins.global);
        let mut holder = Holder::of(holder).unwrap_or(global);
        self.set_in(&mut holder, name, value);
    }

    fn set_in(&mut self, holder: &mut Holder, name: Symbol, value: Value) {
        match holder.members_mut().insert(name, value) {
            None => self.names_changed(),
            // Others rely on the definition; now that it has changed, it may change again.
            Some(former) if is_definition(former) && former != value => {
                if holder.members_mut().make_variable(name) {
                    self.names_changed();
                }
            }
            Some(_) => {}
        }
    }

    /// Lets a member be assigned without anybody being told.
    fn make_variable(&mut self, holder: &mut Holder, name: Symbol) {
        let is_relied_on = holder.members().definition(name).is_some();
        holder.members_mut().make_variable(name);
        if is_relied_on {
            self.names_changed();
        }
    }

    /// To be called when a namespace or class got or lost a name, or there is a new one, which may have the address of
    /// a former one: look-ups of names are made anew.
    pub fn names_changed(&mut self) {
        let epoch = &mut self.context.names_epoch;
        *epoch = epoch.wrapping_add(1);
    }

    /// The namespace or class that has a name, as code in `around` sees it.
    fn find_holder(&self, mut around: Value, name: Symbol) -> Option<Holder> {
        while let Some(holder) = Holder::of(around) {
            if holder.has(name) {
                return Some(holder);
            }
            around = holder.around();
        }
        let roots = &self.builtins;
        [roots.global, roots.gene, roots.genex]
            .map(Holder::Namespace)
            .into_iter()
            .find(|root| root.has(name))
    }

    /// The exception of `CheckDefined`.
    #[cold]
    #[inline(never)]
    pub(super) fn undefined_name(&mut self, code: &Code, constant: i32) -> Result<()> {
        let name = crate::print::display(code.constants[constant as usize]);
        Err(self.raise(ErrorClass::Exception, format!("{name} is not defined")))
    }
}

/// Who has a member of a namespace or class: a class has those of its ancestors, too.
fn member_holder(of: Value, name: Symbol) -> Option<Holder> {
    match Holder::of(of)? {
        Holder::Class(class) => class
            .ancestry()
            .map(Holder::Class)
            .find(|holder| holder.has(name)),
        holder => Some(holder).filter(|holder| holder.has(name)),
    }
}
