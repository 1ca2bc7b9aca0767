//! Method calls (7.4, 7.5, 7.7).

use super::call::{Arguments, Prepared};
use super::placement::Passed;
use crate::code::{Cache, CallShape, Sought, Way};
use crate::heap::{Gc, Header, Kind, header_word};
use crate::object::{Class, EnumValue, Function, Instance, NativeFn, Str, Variant};
use crate::print::kind_name;
use crate::symbol::{Symbol, sym};
use crate::value::{PAYLOAD_MASK, Value};
use crate::vm::{ErrorClass, Raise, Result, Vm};

/// Deepest nesting of `on_method_missing`.
const MISSING_LIMIT: u32 = 32;

/// What inline caches tell receivers by, see [`Way::key`].
///
/// [`Way::key`]: crate::code::Way::key
#[inline]
pub(super) fn receiver_key(receiver: Value, class: Gc<Class>) -> u64 {
    match receiver.heap_kind() {
        None if receiver.is_small_int() => Header::word(Kind::Int, 0),
        Some(Kind::Instance) => {
            let instance: Option<Gc<Instance>> = receiver.get();
            instance.map_or(0, |instance| instance.shape().header_word())
        }
        // That of an object that can be changed; compiled code knows no others.
        Some(
            kind
            @ (Kind::Int | Kind::Str | Kind::Array | Kind::Map | Kind::HashMap | Kind::HashSet),
        ) => Header::word(kind, 0),
        _ => class.address(),
    }
}

impl Vm {
    /// The method that the same instruction found for an instance of the same shape, else undefined.
    #[inline(always)]
    pub(super) fn cached_method(&self, cache: &Cache, receiver: Value) -> Value {
        let way = cache.latest();
        if receiver.is_object() && header_word(receiver.bits() & PAYLOAD_MASK) == way.key() {
            way.method()
        } else {
            Value::UNDEFINED
        }
    }

    /// To be called when a class got or lost a method: look-ups of methods are made anew.
    pub fn methods_changed(&mut self) {
        for cache in self.method_caches.drain(..) {
            // SAFETY: the list holds caches of live code only, see there.
            unsafe { (*cache).forget() };
        }
        self.context.lookups.forget();
    }

    /// Notes in a cache which method an instruction found, and where compiled code may enter that.
    fn remember_method(
        &mut self,
        cache: &Cache,
        key: u64,
        method: Value,
        passed: Option<Passed<'_>>,
    ) {
        match passed {
            Some(passed) => {
                let entry = self.entry_of_method(cache, key, method, passed);
                if passed.keywords.is_empty() {
                    let sought = Sought::Method {
                        operands: passed.count() as u16,
                        natives: cache.enters_natives(),
                    };
                    let lookups = &self.context.lookups;
                    cache.remember_in(lookups, sought, key, method.bits(), entry);
                } else {
                    cache.remember_method(key, method, entry);
                }
            }
            None => cache.remember_method(key, method, 0),
        }
        self.list_cache(cache);
    }

    /// Notes in a cache which method of a parent class an instruction of a function calls.
    pub(super) fn remember_super(
        &mut self,
        cache: &Cache,
        function: Gc<Function>,
        method: Value,
        passed: Option<Passed<'_>>,
    ) {
        let key = Value::object(function).bits();
        if !cache.find(key).is_some_and(Way::has_entry) {
            let entry = passed.map_or(0, |passed| self.entry_of_method(cache, key, method, passed));
            cache.remember_method(key, method, entry);
            self.list_cache(cache);
        }
    }

    fn entry_of_method(
        &mut self,
        cache: &Cache,
        key: u64,
        method: Value,
        passed: Passed<'_>,
    ) -> usize {
        if let Some(function) = method.get::<Function>() {
            return self.entry_of_call(function, key, passed);
        }
        let enters = passed.keywords.is_empty()
            && cache.enters_natives()
            && method.get::<NativeFn>().is_some();
        match enters {
            true => self
                .native_entries
                .get(passed.count())
                .map_or(0, |&entry| entry),
            false => 0,
        }
    }

    /// Notes in a cache which function an instruction calls, if compiled code may enter that.
    pub(super) fn remember_callee(&mut self, cache: &Cache, callee: Value, passed: Passed<'_>) {
        let Some(function) = callee.get::<Function>() else {
            return;
        };
        if cache.find(callee.bits()).is_some() {
            return;
        }
        let entry = self.entry_of_call(function, 0, passed);
        if entry != 0 {
            cache.remember_callee(callee, entry);
            self.list_cache(cache);
        }
    }

    /// Notes in a cache where compiled code enters the constructor of a class for a `new`, if it takes positionals alone.
    pub(super) fn remember_constructor(
        &mut self,
        cache: &Cache,
        class: Gc<Class>,
        shape: &CallShape,
    ) {
        let key = Value::object(class).bits();
        if cache.find(key).is_some_and(Way::has_entry) {
            return;
        }
        let passed = Passed::of_shape(shape, 1).filter(|passed| passed.keywords.is_empty());
        let (Some(passed), Some(blank)) = (passed, class.root_shape) else {
            return;
        };
        let Some(constructor) = class.constructor else {
            return;
        };
        let Some(function) = constructor.get::<Function>() else {
            return;
        };
        let entry = self.entry_of_call(function, blank.header_word(), passed);
        cache.remember_method(key, constructor, entry);
        self.list_cache(cache);
    }

    fn list_cache(&mut self, cache: &Cache) {
        if !cache.is_listed.replace(true) {
            self.method_caches.push(cache);
        }
    }

    /// Begins the call of a method. The receiver is at `base`, its arguments behind it, and the slot below is free for
    /// the method. `arguments` counts the receiver. The cache notes where the method is entered with what is `passed`.
    pub(crate) fn prepare_method(
        &mut self,
        name: Symbol,
        cache: Option<(&Cache, Option<Passed<'_>>)>,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<Prepared> {
        // SAFETY: the receiver is on the value stack.
        let receiver = unsafe { base.read() };
        let class = self.class_of(receiver);
        let key = receiver_key(receiver, class);
        let known = cache.and_then(|(cache, _)| cache.find_in(&self.context.lookups, key));
        let method = match known {
            Some(way) => Some(way.method()),
            None => class.find_method(name),
        };
        let has_entry = known.is_some_and(Way::has_entry);
        let Some(method) = method else {
            return self.missing_method(name, receiver, base, arguments);
        };
        if let Some((cache, passed)) = cache
            && !has_entry
        {
            self.remember_method(cache, key, method, passed);
        }
        // SAFETY: the slot below the receiver is reserved for the method.
        unsafe { base.sub(1).write(method) };
        self.prepare(base, arguments)
    }

    fn missing_method(
        &mut self,
        name: Symbol,
        receiver: Value,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<Prepared> {
        let without_arguments = arguments.count == 1 && arguments.keywords.is_nil();
        if receiver.is_nil() {
            return Ok(Prepared::Done(Value::NIL));
        }
        if let Some(value) = receiver.get::<EnumValue>()
            && without_arguments
        {
            return self.payload_field(value, name).map(Prepared::Done);
        }
        if let Some(instance) = receiver.get::<Instance>() {
            if without_arguments && let Some(field) = instance.field(name) {
                return Ok(Prepared::Done(field));
            }
            let class = instance.class();
            if let Some(handler) = class.find_method(sym::ON_METHOD_MISSING) {
                return self.call_missing_handler(handler, name, base, arguments);
            }
        }
        Err(self.no_such_method(receiver, name))
    }

    fn call_missing_handler(
        &mut self,
        handler: Value,
        name: Symbol,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<Prepared> {
        if self.missing_depth >= MISSING_LIMIT {
            let message =
                format!("on_method_missing recursion limit exceeded while resolving '{name}'");
            return Err(self.raise(ErrorClass::Exception, message));
        }
        // SAFETY: the receiver is at `base`, the slot below it is reserved for the method.
        unsafe {
            base.sub(1).write(handler);
            self.insert_argument(base.add(1), Value::symbol(name))?;
        }
        self.missing_depth += 1;
        let count = arguments.count + 1;
        let result = self.call_prepared(base, Arguments { count, ..arguments });
        self.missing_depth -= 1;
        result.map(Prepared::Done)
    }

    fn payload_field(&mut self, value: Gc<EnumValue>, name: Symbol) -> Result {
        let variant: &Variant = value.variant.into_ref();
        let field = variant
            .fields
            .iter()
            .flatten()
            .position(|(field, _)| *field == name);
        match field {
            Some(index) => Ok(value.payload[index]),
            None => {
                let message = format!("Variant {} has no field {name}", variant.name);
                Err(self.raise(ErrorClass::Exception, message))
            }
        }
    }

    /// The exception for an unknown method; the words depend on the receiver.
    #[cold]
    pub(crate) fn no_such_method(&mut self, receiver: Value, name: Symbol) -> Raise {
        let kind = kind_name(receiver);
        let (class, message) = match kind {
            "VkInstance" => (
                ErrorClass::Exception,
                format!("Method {name} not found on instance"),
            ),
            "VkNil" | "VkString" | "VkArray" | "VkMap" | "VkGene" | "VkRange" | "VkFunction"
            | "VkNativeFn" | "VkBlock" | "VkNamespace" | "VkGenerator" | "VkFuture" => (
                ErrorClass::Exception,
                format!("Method {name} not found on {kind}"),
            ),
            _ => (
                ErrorClass::Type,
                format!("Unified method call not supported for {kind}"),
            ),
        };
        self.raise(class, message)
    }

    /// Begins a call of a method whose name is the value in the slot below the receiver.
    pub(super) fn prepare_dynamic_method(
        &mut self,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<Prepared> {
        // SAFETY: the name is below the receiver on the value stack.
        let (name, receiver) = unsafe { (base.sub(1).read(), base.read()) };
        let name = match (name.as_symbol(), name.get::<Str>()) {
            (Some(symbol), _) => symbol,
            (_, Some(text)) => text.symbol(),
            _ if name.is_nil() => {
                return Err(self.raise(ErrorClass::Exception, "Dynamic method name cannot be nil"));
            }
            _ => {
                let message = format!(
                    "Dynamic method name must be string or symbol, got {}",
                    kind_name(name)
                );
                return Err(self.raise(ErrorClass::Exception, message));
            }
        };
        // Neither fields nor `on_method_missing` answer for a computed name.
        if receiver.heap_kind() == Some(Kind::Instance)
            && self.class_of(receiver).find_method(name).is_none()
        {
            return Err(self.no_such_method(receiver, name));
        }
        self.prepare_method(name, None, base, arguments)
    }

    /// Begins `(super .name …)`; `self` is at `base`, the running function is `function`.
    pub(super) fn prepare_super(
        &mut self,
        function: Gc<Function>,
        name: Symbol,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<Prepared> {
        let class = self.class_of_super(function)?;
        let Some(method) = class.parent.and_then(|parent| parent.find_method(name)) else {
            return Err(self.no_super_method(name));
        };
        // SAFETY: the slot below the receiver is reserved for the method.
        unsafe { base.sub(1).write(method) };
        self.prepare(base, arguments)
    }

    /// Begins `(super .ctor …)`.
    pub(super) fn prepare_super_constructor(
        &mut self,
        function: Gc<Function>,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<Prepared> {
        let class = self.class_of_super(function)?;
        let constructor = class
            .ancestry()
            .skip(1)
            .find_map(|ancestor| ancestor.into_ref().constructor);
        let Some(constructor) = constructor else {
            return Err(self.no_super_method(sym::CTOR));
        };
        // SAFETY: the slot below the receiver is reserved for the method.
        unsafe { base.sub(1).write(constructor) };
        let uncounted = 1;
        self.prepare(
            base,
            Arguments {
                uncounted,
                ..arguments
            },
        )
    }

    fn class_of_super(&mut self, function: Gc<Function>) -> Result<Gc<Class>> {
        match function.class.get() {
            Some(class) => Ok(class),
            None => Err(self.raise(ErrorClass::Argument, "super requires an instance context")),
        }
    }

    fn no_super_method(&mut self, name: Symbol) -> Raise {
        let message = format!("Method '{name}' not found in super class hierarchy");
        self.raise(ErrorClass::Exception, message)
    }
}
