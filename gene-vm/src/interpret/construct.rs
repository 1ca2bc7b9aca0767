//! Building values: collections, strings, closures, instances, enum values.

use super::call::{Arguments, Prepared};
use crate::code::{CallShape, Code};
use crate::compile::SideEntry;
use crate::heap::{Gc, Kind};
use crate::object::*;
use crate::print::{Form, kind_name, write_value};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

impl Vm {
    /// Appends the elements of a spread operand to an array. `where_` names the context in messages.
    pub(super) fn spread_into(
        &mut self,
        array: Value,
        spread: Value,
        among_children: bool,
    ) -> Result<()> {
        let mut array: Gc<Array> = array.get().expect("the compiler pushes an array");
        match spread.get::<Array>() {
            Some(more) => {
                let more = more.items.to_vec();
                self.heap.note_external(more.len() * size_of::<Value>());
                array.items.extend_from_slice(&more);
                Ok(())
            }
            None if spread.is_nil() => Ok(()),
            None => {
                let context = if among_children {
                    "gene children"
                } else {
                    "array"
                };
                let message = format!(
                    "... can only spread arrays in {context} context, got {}",
                    kind_name(spread)
                );
                Err(self.raise(ErrorClass::Exception, message))
            }
        }
    }

    /// Copies the entries of a spread operand into a map.
    pub(super) fn spread_entries_into(
        &mut self,
        map: Value,
        spread: Value,
        among_properties: bool,
    ) -> Result<()> {
        let mut map: Gc<Map> = map.get().expect("the compiler pushes a map");
        match spread.get::<Map>() {
            Some(more) => {
                let more = more.entries.clone();
                self.heap.note_external(more.len() * 32);
                map.entries.extend(more);
                Ok(())
            }
            None if spread.is_nil() => Ok(()),
            None => {
                let context = if among_properties {
                    "gene properties"
                } else {
                    "map"
                };
                let message = format!(
                    "... can only spread maps in {context} context, got {}",
                    kind_name(spread)
                );
                Err(self.raise(ErrorClass::Exception, message))
            }
        }
    }

    /// A gene of a head, a Map of properties and an Array of children, which become its own.
    pub(super) fn make_gene(
        &mut self,
        head: Value,
        props: Value,
        children: Value,
        sealed: bool,
    ) -> Value {
        let props = match props.get::<Map>() {
            Some(mut map) => std::mem::take(&mut map.entries),
            None => PropMap::default(),
        };
        let children = match children.get::<Array>() {
            Some(mut array) => array.items.take(),
            None => Vec::new(),
        };
        let value = self.heap.gene(Gene {
            head,
            props,
            children: children.into(),
        });
        if sealed {
            seal(value);
        }
        value
    }

    /// The parts of an interpolated string, joined.
    pub(super) fn interpolate(&mut self, parts: &[Value]) -> Value {
        self.build_string(|text| {
            for &part in parts {
                let form = match part.heap_kind() {
                    Some(Kind::Str) => Form::Display,
                    _ if part.as_char().is_some() => Form::Display,
                    _ => Form::Written,
                };
                write_value(text, part, form);
            }
        })
    }

    /// A selector value of checked segments.
    pub(super) fn make_selector(&mut self, segments: &[Value]) -> Result {
        for &segment in segments {
            let is_function = matches!(segment.heap_kind(), Some(Kind::Function | Kind::NativeFn));
            let is_key = segment.as_symbol().is_some()
                || segment.as_str().is_some()
                || segment.as_int().is_some();
            if !is_function && !is_key {
                let message = format!("Invalid selector segment: {}", kind_name(segment));
                return Err(self.raise(ErrorClass::Exception, message));
            }
        }
        let segments = segments.into();
        Ok(self.heap.value(Selector { segments }))
    }

    /// A closure of a prototype. It belongs to the namespace and the class of the running function.
    pub(super) fn make_closure(
        &mut self,
        entry: &SideEntry,
        running: Gc<Function>,
        scope: Value,
    ) -> Value {
        let SideEntry::Prototype(prototype) = entry else {
            unreachable!("the side entry of a closure is a prototype")
        };
        self.heap.value(Function {
            scope,
            code: prototype.code.as_ptr().into(),
            namespace: running.namespace,
            class: running.class,
            prototype: *prototype,
        })
    }

    /// Begins the commonest `new`: positionals only, for a constructor that takes exactly so many.
    pub(super) fn prepare_plain_new(
        &mut self,
        caller: &Code,
        shape: &CallShape,
    ) -> Option<(*mut Value, Result<Prepared>)> {
        let (class, constructor, code) = self.plain_constructor(shape)?;
        let base = self.place_instance(class, constructor, shape.positionals);
        let cache = &caller.caches[shape.cache as usize];
        self.remember_constructor(cache, class, shape);
        Some((base, Ok(Prepared::Frame(code))))
    }

    /// The class below the arguments of a `new`, and its constructor with the code, if that takes the arguments as they
    /// are.
    fn plain_constructor(&self, shape: &CallShape) -> Option<(Gc<Class>, Value, *const Code)> {
        if !shape.is_static() || !shape.keywords.is_empty() || !self.has_room(2) {
            return None;
        }
        let count = shape.positionals;
        // SAFETY: the class and the arguments are on the stack; a code that is not null lives as long as the function.
        unsafe {
            let class: Gc<Class> = self.context.stack_top.sub(count + 1).read().get()?;
            let constructor = class.constructor?;
            let code = constructor.get::<Function>()?.code.get();
            let fits = !code.is_null() && (*code).fits(count + 1);
            fits.then_some((class, constructor, code))
        }
    }

    /// Puts a new instance in the place of the class, and constructor and instance before the arguments. Answers where
    /// the arguments were.
    fn place_instance(&mut self, class: Gc<Class>, constructor: Value, count: usize) -> *mut Value {
        let instance = Value::object(self.new_instance(class));
        let base = self.context.stack_top.wrapping_sub(count);
        // SAFETY: the class and the arguments are on the stack, which has room for two more values.
        unsafe {
            std::ptr::copy(base, base.add(2), count);
            base.sub(1).write(instance);
            base.write(constructor);
            base.add(1).write(instance);
            self.context.stack_top = self.context.stack_top.add(2);
        }
        base
    }

    /// Begins `new`: the class is at `base[-1]`, the constructor's arguments behind it. The instance takes the place of
    /// the class, and the frame of a Gene constructor begins at `base + 1`.
    pub(super) fn prepare_new(
        &mut self,
        base: *mut Value,
        mut arguments: Arguments,
    ) -> Result<Prepared> {
        // SAFETY: the class is below the arguments.
        let class_value = unsafe { base.sub(1).read() };
        let Some(class) = class_value.get::<Class>() else {
            let message = format!("new requires a class, got {}", kind_name(class_value));
            return Err(self.raise(ErrorClass::Argument, message));
        };
        let Some(constructor) = class.constructor else {
            let instance = self.new_instance(class);
            return Ok(Prepared::Done(Value::object(instance)));
        };
        arguments.count += 1;
        if constructor.heap_kind() == Some(Kind::NativeFn) {
            self.insert_argument(base, class_value)?;
            // SAFETY: the class, which is the first argument now, leaves its slot to the callee.
            unsafe { base.sub(1).write(constructor) };
            return self.prepare(base, arguments);
        }
        let instance = Value::object(self.new_instance(class));
        self.insert_argument(base, instance)?;
        self.insert_argument(base, constructor)?;
        // SAFETY: as above.
        unsafe { base.sub(1).write(instance) };
        arguments.uncounted = 1;
        match self.prepare(base.wrapping_add(1), arguments)? {
            Prepared::Done(_) => Ok(Prepared::Done(instance)),
            frame => Ok(frame),
        }
    }

    /// An enum value of a variant and arguments, positional or by keyword (8.3).
    pub(super) fn construct_variant(
        &mut self,
        variant: Gc<Variant>,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result {
        let name = crate::print::display(Value::object(variant));
        let count = arguments.count;
        let Some(fields) = &variant.into_ref().fields else {
            if count == 0 && arguments.keywords.is_nil() {
                return Ok(Value::object(variant));
            }
            let keywords = arguments.keywords.get::<Map>();
            let count = count + keywords.map_or(0, |map| map.entries.len());
            let message = format!("Unit variant {name} expects 0 arguments, got {count}");
            return Err(self.raise(ErrorClass::Argument, message));
        };
        let names = |names: &mut dyn std::iter::Iterator<Item = Symbol>| {
            names.map(Symbol::name).collect::<Vec<_>>().join(", ")
        };
        let expected = names(&mut fields.iter().map(|&(field, _)| field));
        let mut payload: Vec<Value> = if let Some(map) = arguments.keywords.get::<Map>() {
            let entries = &map.into_ref().entries;
            if count > 0 {
                let message = format!("Variant {name} cannot mix positional and keyword arguments");
                return Err(self.raise(ErrorClass::Exception, message));
            }
            let is_field = |key: &Symbol| fields.iter().any(|(field, _)| field == key);
            let unknown = names(&mut entries.keys().copied().filter(|key| !is_field(key)));
            if !unknown.is_empty() {
                let message = format!(
                    "Variant {name} got unknown keyword argument(s): {unknown}; expected fields: {expected}"
                );
                return Err(self.raise(ErrorClass::Exception, message));
            }
            let is_missing = |field: &Symbol| !entries.contains_key(field);
            let missing = names(&mut fields.iter().map(|&(field, _)| field).filter(is_missing));
            if !missing.is_empty() {
                let message = format!(
                    "Variant {name} missing keyword argument(s): {missing}; expected fields: {expected}"
                );
                return Err(self.raise(ErrorClass::Exception, message));
            }
            fields.iter().map(|(field, _)| entries[field]).collect()
        } else {
            if count != fields.len() {
                let message = format!(
                    "Variant {name} expects {} arguments ({expected}), got {count}",
                    fields.len()
                );
                return Err(self.raise(ErrorClass::Argument, message));
            }
            // SAFETY: the arguments are on the value stack from `base` on.
            unsafe { std::slice::from_raw_parts(base, count).to_vec() }
        };
        if self.options.type_checks {
            for (value, (field, of)) in payload.iter_mut().zip(fields) {
                if let Some(of) = of {
                    *value = self.check_payload(of, &name, *field, *value)?;
                }
            }
        }
        let make = |items| EnumValue {
            variant,
            payload: items,
        };
        let mut value = self.heap.alloc_with_items(payload.len(), 0, make);
        value.payload.extend_from_slice(&payload);
        Ok(Value::object(value))
    }

    /// What `(v ?)` goes on with; `None` for values that leave the function.
    pub(super) fn unwrapped(&self, value: Value) -> Option<Value> {
        let of = match value.get::<EnumValue>() {
            Some(of) => of.variant,
            None => match value.get::<Variant>() {
                Some(variant) => variant,
                None => return Some(value),
            },
        };
        let enums = [self.builtins.result, self.builtins.option];
        if !enums.map(Value::object).contains(&of.of) {
            return Some(value);
        }
        match value.get::<EnumValue>() {
            Some(payload) if of.name == sym::OK || of.name == sym::SOME => {
                payload.payload.first().copied()
            }
            _ => None,
        }
    }
}

/// Marks a container as sealed.
pub(super) fn seal(value: Value) {
    if value.is_object() {
        let mut object: Gc<()> = Gc::from_address(value.bits() & crate::value::PAYLOAD_MASK);
        object.header_mut().sealed = true;
    }
}
