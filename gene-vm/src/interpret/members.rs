//! Look-up and assignment of members, fields, elements (17.2, 17.5).

use crate::code::{Cache, Sought};
use crate::heap::{Gc, Kind};
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Result, Vm};

/// What an entry of a map takes, roughly.
pub(crate) const ENTRY_BYTES: usize = 32;

/// A path segment.
#[derive(Clone, Copy)]
pub(crate) enum Segment {
    Name(Symbol),
    Index(i64),
}

impl Segment {
    /// As a key of containers that have only names.
    fn as_name(self) -> Symbol {
        match self {
            Segment::Name(name) => name,
            Segment::Index(index) => Symbol::intern(&index.to_string()),
        }
    }
}

impl Vm {
    /// `target/<key>`: `void` when there is no such member.
    pub fn lookup(&mut self, target: Value, key: Value) -> Result {
        let segment = self.segment(key)?;
        self.lookup_segment(target, segment)
    }

    /// As [`Vm::lookup`]; what a compound assignment cannot go on from is an error.
    pub(super) fn lookup_strict(&mut self, target: Value, key: Value) -> Result {
        let segment = self.segment(key)?;
        self.lookup_segment_strict(target, segment)
    }

    /// The segment that a computed key stands for.
    pub(crate) fn segment(&mut self, key: Value) -> Result<Segment> {
        if let Some(name) = key.as_symbol() {
            return Ok(Segment::Name(name));
        }
        if let Some(text) = key.get::<Str>() {
            return Ok(Segment::Name(text.symbol()));
        }
        if let Some(index) = key.as_int() {
            return Ok(Segment::Index(index));
        }
        let message = match key {
            Value::NIL => "Dynamic selector segment cannot be nil".to_string(),
            Value::VOID => "Dynamic selector segment cannot be void".to_string(),
            _ => format!(
                "Dynamic selector segment must resolve to string, symbol, or int, got {}",
                kind_name(key)
            ),
        };
        Err(self.raise(ErrorClass::Exception, message))
    }

    pub(crate) fn lookup_segment(&mut self, target: Value, segment: Segment) -> Result {
        let Some(kind) = target.heap_kind() else {
            return Ok(if target.is_nil() {
                Value::NIL
            } else {
                Value::VOID
            });
        };
        let found = match (kind, segment) {
            (Kind::Array, Segment::Index(index)) => element(&get::<Array>(target).items, index),
            (Kind::Gene, Segment::Index(index)) => element(&get::<Gene>(target).children, index),
            (Kind::Gene, Segment::Name(name)) => get::<Gene>(target).props.get(&name).copied(),
            (Kind::Map, _) => get::<Map>(target).entries.get(&segment.as_name()).copied(),
            (Kind::Instance, _) => get::<Instance>(target).field(segment.as_name()),
            (Kind::Class, _) => {
                let name = segment.as_name();
                get::<Class>(target)
                    .ancestry()
                    .find_map(|class| class.members.get(&name).copied())
            }
            (Kind::Namespace, _) => {
                return self.namespace_member(get(target), segment.as_name());
            }
            (Kind::Enum, _) => get::<Enum>(target)
                .variants
                .get(&segment.as_name())
                .copied(),
            (Kind::RegexMatch, Segment::Name(name)) => {
                get::<RegexMatch>(target).fields.get(&name).copied()
            }
            _ => None,
        };
        Ok(found.unwrap_or(Value::VOID))
    }

    fn namespace_member(&mut self, mut namespace: Gc<Namespace>, name: Symbol) -> Result {
        if let Some(&value) = namespace.members.get(&name) {
            return Ok(value);
        }
        for handler in namespace.missing_handlers.clone() {
            let text = self.heap.string(name.name());
            let value = self.call(handler, &[text])?;
            if !value.is_nil() {
                namespace.members.insert(name, value);
                self.names_changed();
                return Ok(value);
            }
        }
        Ok(Value::VOID)
    }

    fn lookup_segment_strict(&mut self, target: Value, segment: Segment) -> Result {
        match (target.heap_kind(), segment) {
            (Some(Kind::Array), Segment::Index(index)) => {
                let items = &get::<Array>(target).items;
                if !in_range(index, items.len()) {
                    return Err(self.array_bounds(index, items.len()));
                }
            }
            (Some(Kind::Gene), Segment::Index(index)) => {
                let children = &get::<Gene>(target).children;
                if !in_range(index, children.len()) {
                    return Err(self.gene_bounds(index, children.len()));
                }
            }
            (Some(Kind::Array), Segment::Name(name)) => {
                return Err(self.named_on_array(name));
            }
            (Some(Kind::Map | Kind::Gene), _) => {
                let value = self.lookup_segment(target, segment)?;
                if value.is_void() {
                    let message = format!("key not found: {}", segment.as_name());
                    return Err(self.raise(ErrorClass::Exception, message));
                }
                return Ok(value);
            }
            (Some(Kind::Instance), _) => {
                let field = get::<Instance>(target).field(segment.as_name());
                return Ok(field.unwrap_or(Value::NIL));
            }
            _ => {}
        }
        self.lookup_segment(target, segment)
    }

    /// `t/name` with an inline cache for fields of instances and members of namespaces and classes.
    pub(super) fn get_member(&mut self, cache: &Cache, target: Value) -> Result {
        match self.cached_member(cache, target) {
            Some(member) => Ok(member),
            None => self.lookup_segment(target, Segment::Name(cache.name())),
        }
    }

    /// `t/name` where `name` is a variable, too: an array has only elements.
    pub(super) fn member_or_element(&mut self, cache: &Cache, target: Value, key: Value) -> Result {
        if target.heap_kind() == Some(Kind::Array) {
            return self.lookup(target, key);
        }
        self.get_member(cache, target)
    }

    /// As [`Vm::get_member`], for a compound assignment.
    pub(super) fn get_member_strict(&mut self, cache: &Cache, target: Value) -> Result {
        match self.cached_member(cache, target) {
            Some(member) => Ok(member),
            None => self.lookup_segment_strict(target, Segment::Name(cache.name())),
        }
    }

    /// A field or member that is set; the cache remembers where.
    fn cached_member(&mut self, cache: &Cache, target: Value) -> Option<Value> {
        match target.heap_kind()? {
            Kind::Instance => self.cached_field(cache, get(target)),
            Kind::Map => cached_entry(cache, get(target)),
            Kind::Namespace | Kind::Class => self
                .cached_name(cache, target)
                .or_else(|| self.find_member(cache, target)),
            _ => None,
        }
    }

    /// A field of an instance, if it is set; the cache remembers its slot.
    fn cached_field(&self, cache: &Cache, instance: Gc<Instance>) -> Option<Value> {
        let shape = instance.shape();
        let (lookups, key) = (&self.context.lookups, shape.header_word());
        let slot = match cache.find_in(lookups, key) {
            Some(way) => way.slot(),
            None => {
                let slot = shape.names.get_index_of(&cache.name())?;
                cache.remember_in(lookups, Sought::Field, key, slot as u64, 0);
                slot
            }
        };
        Some(instance.fields[slot])
    }

    pub(super) fn get_index_strict(&mut self, target: Value, index: i64) -> Result {
        self.lookup_segment_strict(target, Segment::Index(index))
    }

    /// `(target/<key> = value)`; answers the stored value.
    pub fn set_member(&mut self, target: Value, key: Value, value: Value) -> Result {
        if target.heap_kind() == Some(Kind::Array) && key.as_int().is_none() {
            self.segment(key)?;
            return Err(self.raise(ErrorClass::Exception, "Array index must be an integer"));
        }
        match self.segment(key)? {
            Segment::Index(index)
                if matches!(
                    target.heap_kind(),
                    Some(Kind::Map | Kind::Instance | Kind::Class | Kind::Namespace)
                ) =>
            {
                self.set_named(target, Segment::Index(index).as_name(), value)
            }
            Segment::Index(index) => self.set_index(target, index, value),
            Segment::Name(name) => self.set_named(target, name, value),
        }
    }

    /// `(target/name = value)`; answers the stored value.
    pub fn set_named(&mut self, target: Value, name: Symbol, value: Value) -> Result {
        match target.heap_kind() {
            Some(Kind::Map) => {
                self.check_mutable(target, "set item on", "map")?;
                self.set_entry(get(target), name, value);
            }
            Some(Kind::Gene) => {
                self.check_mutable(target, "set property on", "gene")?;
                get::<Gene>(target).props.insert(name, value);
                self.heap.note_external(32);
            }
            Some(Kind::Instance) => return self.set_instance_field(get(target), name, value),
            Some(Kind::Class | Kind::Namespace) => self.define_name(target, name, value),
            Some(Kind::Array) => return Err(self.named_on_array(name)),
            _ if target.is_nil() => {
                let message = format!(
                    "Cannot set member '{name}' on nil (namespace or object doesn't exist)"
                );
                return Err(self.raise(ErrorClass::Exception, message));
            }
            _ => {
                let message = format!("Cannot set member on value of type: {}", kind_name(target));
                return Err(self.raise(ErrorClass::Exception, message));
            }
        }
        Ok(value)
    }

    /// Stores an entry of a map that can be changed.
    pub(crate) fn set_entry(&mut self, mut map: Gc<Map>, name: Symbol, value: Value) {
        let before = map.entries.capacity();
        map.entries.insert(name, value);
        let more = map.entries.capacity() - before;
        if more > 0 {
            self.heap.note_external(more * ENTRY_BYTES);
        }
    }

    fn set_instance_field(&mut self, instance: Gc<Instance>, name: Symbol, value: Value) -> Result {
        let class = instance.class();
        let value = match class.into_ref().fields.get(&name) {
            Some(of) if self.options.type_checks => self.check_field(of, name, value)?,
            _ => value,
        };
        self.set_field(instance, name, value);
        Ok(value)
    }

    /// `(target/name = value)` with an inline cache for fields of instances and members of namespaces and classes.
    pub(super) fn set_member_cached(
        &mut self,
        cache: &Cache,
        target: Value,
        value: Value,
    ) -> Result {
        let name = cache.name();
        let mut instance: Gc<Instance> = match target.heap_kind() {
            Some(Kind::Instance) => get(target),
            Some(Kind::Namespace | Kind::Class) => {
                self.set_member_of(cache, target, value);
                return Ok(value);
            }
            Some(Kind::Map) => {
                let stored = self.set_named(target, name, value)?;
                cached_entry(cache, get(target));
                return Ok(stored);
            }
            _ => return self.set_named(target, name, value),
        };
        let before = instance.shape();
        if let Some(way) = cache.find_in(&self.context.lookups, before.header_word()) {
            match way.next_shape() {
                Some(next) => instance.grow(next, value),
                None => instance.fields[way.slot()] = value,
            }
            return Ok(value);
        }
        let stored = self.set_instance_field(instance, name, value)?;
        if !instance.class().fields.contains_key(&name) {
            let after = instance.shape();
            let slot = after.names.get_index_of(&name);
            let slot = slot.expect("the field was just set");
            let next = match after == before {
                true => 0,
                false => after.address() as usize,
            };
            let (lookups, key) = (&self.context.lookups, before.header_word());
            cache.remember_in(lookups, Sought::NewValue, key, slot as u64, next);
        }
        Ok(stored)
    }

    /// `(target/index = value)`; answers the stored value.
    pub fn set_index(&mut self, target: Value, index: i64, value: Value) -> Result {
        if let Some(mut array) = target.get::<Array>() {
            if !in_range(index, array.items.len()) {
                return Err(self.array_bounds(index, array.items.len()));
            }
            self.check_mutable(target, "set item on", "array")?;
            array.items[index as usize] = value;
        } else if let Some(mut gene) = target.get::<Gene>() {
            if !in_range(index, gene.children.len()) {
                return Err(self.gene_bounds(index, gene.children.len()));
            }
            self.check_mutable(target, "set child on", "gene")?;
            gene.children[index as usize] = value;
        } else {
            let message = format!("Cannot set child on value of type: {}", kind_name(target));
            return Err(self.raise(ErrorClass::Exception, message));
        }
        Ok(value)
    }

    fn array_bounds(&mut self, index: i64, len: usize) -> Raise {
        let message = format!("Array index out of bounds: {index} (len={len})");
        self.raise(ErrorClass::Exception, message)
    }

    fn gene_bounds(&mut self, index: i64, len: usize) -> Raise {
        let message = format!("Gene child index out of bounds: {index} (len={len})");
        self.raise(ErrorClass::Exception, message)
    }

    fn named_on_array(&mut self, name: Symbol) -> Raise {
        let message = format!("Cannot set named member '{name}' on array");
        self.raise(ErrorClass::Exception, message)
    }

    /// Path segment `!`.
    pub(crate) fn assert_found(&mut self, value: Value) -> Result {
        let message = match value {
            Value::VOID => "Selector did not match (VOID)",
            Value::NIL => "Selector matched but value is nil",
            _ => return Ok(value),
        };
        Err(self.raise(ErrorClass::Exception, message))
    }
}

/// The value of the cache's name in a map; the cache remembers its position.
fn cached_entry(cache: &Cache, map: Gc<Map>) -> Option<Value> {
    let (name, entries) = (cache.name(), &map.into_ref().entries);
    let guess = entries.get_index(cache.position());
    let position = match guess.filter(|&(&there, _)| there == name) {
        Some(_) => cache.position(),
        None => entries.get_index_of(&name)?,
    };
    cache.remember_position(position);
    Some(entries[position])
}

/// The object of a value whose kind was tested.
fn get<T: crate::heap::HeapData>(value: Value) -> Gc<T> {
    value.get().expect("the kind was tested")
}

/// An element; a negative index counts from the end.
fn element(items: &[Value], index: i64) -> Option<Value> {
    let index = if index < 0 {
        items.len().checked_add_signed(index as isize)?
    } else {
        index as usize
    };
    items.get(index).copied()
}

fn in_range(index: i64, len: usize) -> bool {
    usize::try_from(index).is_ok_and(|index| index < len)
}
