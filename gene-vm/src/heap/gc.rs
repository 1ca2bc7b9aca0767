//! References to heap objects, and what every object starts with.

use super::mark::Tracer;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// What an object is; each kind has one Rust type ([`HeapData::KIND`]).
#[allow(
    missing_docs,
    reason = "the names are those of the language and of `crate::object`"
)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Kind {
    Free,
    Int,
    Str,
    ComplexSymbol,
    Array,
    Map,
    HashMap,
    HashSet,
    Gene,
    Range,
    Function,
    NativeFn,
    Scope,
    Class,
    Shape,
    Instance,
    Namespace,
    Enum,
    Variant,
    EnumValue,
    Regex,
    RegexMatch,
    Iterator,
    Generator,
    Future,
    Selector,
    Quote,
    Unquote,
    TypeValue,
    Date,
    Time,
    DateTime,
    Bytes,
    Native,
    Prototype,
    CallerContext,
}

/// The first 8 bytes of each object.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Header {
    /// What the object is.
    pub kind: Kind,
    /// Reached in the current collection.
    pub(super) marked: bool,
    /// The object's own slots cannot be changed (`#[…]`).
    pub sealed: bool,
    /// The object and all it reaches cannot be changed (`freeze`).
    pub frozen: bool,
    /// Kind-specific: number of slots of a scope, source position of a Gene value, number of an instance's shape,
    /// number of a String's characters.
    pub aux: u32,
}

impl Header {
    /// A header whose flags are clear.
    #[inline]
    pub(super) const fn new(kind: Kind, aux: u32) -> Header {
        Header {
            kind,
            marked: false,
            sealed: false,
            frozen: false,
            aux,
        }
    }

    /// The 64 bits of the header of an object whose flags are clear. Those of an instance tell its shape, so that one
    /// comparison tests for kind, flags and shape.
    pub const fn word(kind: Kind, aux: u32) -> u64 {
        kind as u64 | (aux as u64) << 32
    }
}

/// A type that lives on the heap.
///
/// # Safety
/// `trace` must visit every value that the object holds: what it leaves out is freed.
/// `KIND` must belong to this type alone.
pub unsafe trait HeapData: 'static {
    /// The kind of object that holds this type.
    const KIND: Kind;
    /// Visits the values that the object holds.
    fn trace(&self, tracer: &mut Tracer);
    /// Bytes that the object holds outside of its cell.
    fn external_size(&self) -> usize {
        0
    }
}

/// An object in its cell.
#[repr(C)]
pub(super) struct Object<T> {
    pub header: Header,
    pub data: T,
}

/// Size of the cell of a `T`.
pub(super) const fn cell_size<T>() -> usize {
    size_of::<Object<T>>()
}

/// A reference to a heap object.
///
/// It dereferences to the object. The rule that makes this sound: the object is
/// reachable from the VM's roots at each safepoint while the reference is in use, and
/// no borrow from one `Gc` is held while the same object is borrowed mutably through
/// another. Both hold for code that reads or changes an object in one expression,
/// which is how the runtime uses it.
pub struct Gc<T>(NonNull<Object<T>>);

impl<T> Clone for Gc<T> {
    fn clone(&self) -> Gc<T> {
        *self
    }
}

impl<T> Copy for Gc<T> {}

impl<T> PartialEq for Gc<T> {
    fn eq(&self, other: &Gc<T>) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Gc<T> {}

impl<T> std::hash::Hash for Gc<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> std::fmt::Debug for Gc<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gc({:p})", self.0)
    }
}

impl<T> Gc<T> {
    pub(super) fn from_object(object: NonNull<Object<T>>) -> Gc<T> {
        Gc(object)
    }

    /// The object at an address that a [`crate::value::Value`] of the right kind holds.
    #[inline]
    pub(crate) fn from_address(address: u64) -> Gc<T> {
        // SAFETY: object references hold addresses of live objects, which are not null.
        Gc(unsafe { NonNull::new_unchecked(address as *mut Object<T>) })
    }

    /// The address of the object: of its header.
    #[inline]
    pub fn address(self) -> u64 {
        self.0.as_ptr() as u64
    }

    /// The object's header.
    #[inline]
    pub fn header(&self) -> &Header {
        // SAFETY: see the type's rule.
        unsafe { &self.0.as_ref().header }
    }

    /// The object's header, to change flags.
    #[inline]
    pub fn header_mut(&mut self) -> &mut Header {
        // SAFETY: see the type's rule.
        unsafe { &mut self.0.as_mut().header }
    }

    /// The object, for as long as the caller can name a lifetime: it must stay reachable.
    #[inline]
    pub fn into_ref<'a>(self) -> &'a T {
        // SAFETY: see the type's rule.
        unsafe { &(*self.0.as_ptr()).data }
    }
}

impl<T> Deref for Gc<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: see the type's rule.
        unsafe { &self.0.as_ref().data }
    }
}

impl<T> DerefMut for Gc<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: see the type's rule.
        unsafe { &mut self.0.as_mut().data }
    }
}

/// The header of the object at an address that a value holds.
#[inline]
pub fn header_at<'a>(address: u64) -> &'a Header {
    // SAFETY: object references hold addresses of live objects, which start with a header.
    unsafe { &*(address as *const Header) }
}

/// The 64 bits of the header of the object at an address that a value holds, see [`Header::word`].
#[inline]
pub fn header_word(address: u64) -> u64 {
    // SAFETY: object references hold addresses of live objects, which start with a header: 8 bytes without padding.
    u64::from_le(unsafe { *(address as *const u64) })
}

/// Offset of the Rust data in the object, for compiled code.
pub const fn data_offset<T>() -> usize {
    std::mem::offset_of!(Object<T>, data)
}

/// Gives the object that `to` refers to the seal and the position of the one that `from` refers to.
pub(crate) fn copy_flags(from: crate::Value, to: crate::Value) {
    let mask = crate::value::PAYLOAD_MASK;
    let from = header_at(from.bits() & mask);
    let (sealed, aux) = (from.sealed, from.aux);
    let mut to = Gc::<()>::from_address(to.bits() & mask);
    let header = to.header_mut();
    header.sealed = sealed;
    header.aux = aux;
}
