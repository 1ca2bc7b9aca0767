//! Classes, instances with shapes, namespaces, enums, type values.

use super::{Members, PropMap, heap_data};
use crate::heap::{Gc, Header, Heap, Items, Kind, data_offset};
use crate::symbol::Symbol;
use crate::types::Type;
use crate::value::Value;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A class.
#[repr(C)]
pub struct Class {
    /// The shape of an instance without fields; made with the first instance.
    pub root_shape: Option<Gc<Shape>>,
    /// Its name.
    pub name: Symbol,
    /// The parent class.
    pub parent: Option<Gc<Class>>,
    /// Its own methods: [`super::Function`] or [`super::NativeFn`].
    pub methods: FxHashMap<Symbol, Value>,
    /// Its own constructor.
    pub constructor: Option<Value>,
    /// Values stored on the class, `C/name`.
    pub members: Members,
    /// Declared types of fields, inherited ones included.
    pub fields: FxHashMap<Symbol, Rc<Type>>,
    /// The largest number of fields that an instance had so far: new ones have room for as many.
    pub fields_expected: usize,
    /// The namespace or class whose body holds the definition.
    pub namespace: Value,
}

impl Class {
    /// A class without methods and members.
    pub fn new(name: Symbol, parent: Option<Gc<Class>>) -> Class {
        Class {
            name,
            parent,
            methods: FxHashMap::default(),
            constructor: None,
            members: Members::default(),
            fields: parent.map(|p| p.fields.clone()).unwrap_or_default(),
            root_shape: None,
            fields_expected: 0,
            namespace: Value::NIL,
        }
    }
}

impl Gc<Class> {
    /// The method `name` of this class or its nearest ancestor that has one.
    pub fn find_method(self, name: Symbol) -> Option<Value> {
        self.ancestry()
            .find_map(|class| class.into_ref().methods.get(&name).copied())
    }

    /// The class, its parent, and so on.
    pub fn ancestry(self) -> impl Iterator<Item = Gc<Class>> {
        std::iter::successors(Some(self), |class| class.parent)
    }

    /// Is this `other` or one of its descendants?
    pub fn is_subclass_of(self, other: Gc<Class>) -> bool {
        self.ancestry().any(|class| class == other)
    }
}

/// Field names in order of creation.
pub type FieldNames = indexmap::IndexSet<Symbol, rustc_hash::FxBuildHasher>;

/// The layout of instances: class and field names in order of creation. Shapes
/// form a tree; adding a field moves an instance to a child shape.
#[repr(C)]
pub struct Shape {
    /// The header of its instances. It tells the shape by a number that no other shape of the VM has or had; 0 when
    /// there are no more numbers.
    header: u64,
    /// The class of the instances.
    pub class: Gc<Class>,
    /// The shape without the last field.
    pub parent: Option<Gc<Shape>>,
    /// Field names; the position is the slot.
    pub names: FieldNames,
    /// Shapes with one field more.
    pub transitions: FxHashMap<Symbol, Gc<Shape>>,
}

/// An instance of a class. Its header holds the number of its shape, see [`Header::word`].
#[repr(C)]
pub struct Instance {
    shape: Gc<Shape>,
    /// Field values, in the shape's order.
    pub fields: Items,
}

impl Class {
    /// Offset of the shape of instances without fields in the object, for compiled code.
    pub const ROOT_SHAPE_OFFSET: usize =
        data_offset::<Class>() + std::mem::offset_of!(Class, root_shape);
}

impl Instance {
    /// For how many fields an instance has room in its cell, if it is made for so many; `None` if they do not lie there.
    pub fn room_in_cell(fields: usize) -> Option<usize> {
        Heap::room_in_cell::<Instance>(fields)
    }

    /// Bytes of the object without its fields.
    pub const SIZE: usize = data_offset::<Instance>() + size_of::<Instance>();
    /// Offset of the shape in the object, for compiled code.
    pub const SHAPE_OFFSET: usize =
        data_offset::<Instance>() + std::mem::offset_of!(Instance, shape);
    /// Offset of the field storage in the object, for compiled code.
    pub const FIELDS_OFFSET: usize =
        data_offset::<Instance>() + std::mem::offset_of!(Instance, fields);
}

impl Instance {
    /// Class and field names.
    #[inline]
    pub fn shape(&self) -> Gc<Shape> {
        self.shape
    }
}

impl Shape {
    /// Offset of the class in the object, for compiled code.
    pub const CLASS_OFFSET: usize = data_offset::<Shape>() + std::mem::offset_of!(Shape, class);

    /// Offset of the header of instances in the object, for compiled code.
    pub const HEADER_OFFSET: usize = data_offset::<Shape>() + std::mem::offset_of!(Shape, header);

    /// The shape that is made as the `count`th.
    pub(crate) fn new(
        count: u32,
        class: Gc<Class>,
        parent: Option<Gc<Shape>>,
        names: FieldNames,
    ) -> Shape {
        let number = if count == u32::MAX { 0 } else { count };
        Shape {
            header: Header::word(Kind::Instance, number),
            class,
            parent,
            names,
            transitions: FxHashMap::default(),
        }
    }

    fn number(&self) -> u32 {
        (self.header >> 32) as u32
    }
}

impl Gc<Shape> {
    /// The header word of instances of this shape. No two shapes with a number have the same.
    #[inline]
    pub fn header_word(self) -> u64 {
        self.header
    }
}

impl Gc<Instance> {
    /// A new instance without fields, but with room for some.
    pub(crate) fn new(heap: &mut Heap, shape: Gc<Shape>, room: usize) -> Gc<Instance> {
        heap.alloc_with_items(room, shape.number(), |fields| Instance { shape, fields })
    }

    /// Appends a field, which gives the instance another shape.
    #[inline]
    pub(crate) fn grow(mut self, shape: Gc<Shape>, value: Value) {
        self.fields.push(value);
        self.shape = shape;
        self.header_mut().aux = shape.number();
    }

    /// Its class.
    #[inline]
    pub fn class(self) -> Gc<Class> {
        self.shape.class
    }

    /// A field; `None` when it is unset.
    pub fn field(self, name: Symbol) -> Option<Value> {
        let slot = self.shape().names.get_index_of(&name)?;
        Some(self.fields[slot])
    }
}

/// A namespace: a mutable table of names.
pub struct Namespace {
    /// Its name.
    pub name: Symbol,
    /// The members.
    pub members: Members,
    /// The namespace or class whose body holds it, or `nil`.
    pub parent: Value,
    /// `on_member_missing` handlers.
    pub missing_handlers: Vec<Value>,
    /// Names that `export` listed.
    pub exports: Option<Vec<Symbol>>,
}

impl Namespace {
    /// A namespace without members.
    pub fn new(name: Symbol, parent: Value) -> Namespace {
        Namespace {
            name,
            members: Members::default(),
            parent,
            missing_handlers: Vec::new(),
            exports: None,
        }
    }
}

/// An enum.
pub struct Enum {
    /// Its name.
    pub name: Symbol,
    /// Its variants ([`Variant`]) in order of declaration.
    pub variants: PropMap,
}

/// A variant of an enum: a unit value or a constructor.
pub struct Variant {
    /// The [`Enum`] it belongs to.
    pub of: Value,
    /// Its name.
    pub name: Symbol,
    /// The payload fields with their types; `None` for a unit variant.
    pub fields: Option<Vec<PayloadField>>,
}

/// Name and declared type of a payload field.
pub type PayloadField = (Symbol, Option<Rc<Type>>);

/// An enum value with its payload.
#[repr(C)]
pub struct EnumValue {
    /// The variant.
    pub variant: Gc<Variant>,
    /// The payload, in the variant's order.
    pub payload: Items,
}

/// A type as a value: `(Int | Nil)`.
pub struct TypeValue {
    /// The type.
    pub of: Rc<Type>,
}

heap_data!(Class, |c, t| {
    if let Some(parent) = c.parent { t.object(parent) }
    for &method in c.methods.values() { t.value(method) }
    if let Some(constructor) = c.constructor { t.value(constructor) }
    for &member in c.members.values() { t.value(member) }
    for field in c.fields.values() { field.trace(t) }
    if let Some(shape) = c.root_shape { t.object(shape) }
    t.value(c.namespace);
}, external: (c.methods.capacity() + c.members.capacity()) * 24);
heap_data!(Shape, |s, t| {
    t.object(s.class);
    if let Some(parent) = s.parent { t.object(parent) }
    for &child in s.transitions.values() { t.object(child) }
}, external: s.names.capacity() * 16);
heap_data!(Instance, |i, t| {
    t.object(i.shape);
    t.values(&i.fields);
}, external: i.fields.bytes());
heap_data!(Namespace, |n, t| {
    for &member in n.members.values() { t.value(member) }
    t.value(n.parent);
    t.values(&n.missing_handlers);
}, external: n.members.capacity() * 32);
heap_data!(Enum, |e, t| for &variant in e.variants.values() {
    t.value(variant)
});
heap_data!(Variant, |v, t| {
    t.value(v.of);
    for (_, field) in v.fields.iter().flatten() {
        if let Some(field) = field {
            field.trace(t)
        }
    }
});
heap_data!(EnumValue, |v, t| {
    t.object(v.variant);
    t.values(&v.payload);
}, external: v.payload.bytes());
heap_data!(TypeValue, |v, t| v.of.trace(t));
