//! Growable storage of values with a fixed layout, so that compiled code can
//! read it: address, length, capacity.

use crate::value::Value;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A vector of values. It dereferences to a slice.
///
/// Where it is the last field of a heap object, the values may lie behind it in the object's cell, see
/// [`super::Heap::array`]; those that do not fit there have an allocation of their own. So `Items` of an object
/// are never moved out of it, or swapped: [`Items::take`] is for that.
#[repr(C)]
pub struct Items<T: Copy = Value> {
    ptr: NonNull<T>,
    len: usize,
    capacity: usize,
}

/// The layout is the same for all types.
impl Items {
    /// Offset of the address of the first value, for compiled code.
    pub const PTR_OFFSET: usize = std::mem::offset_of!(Items, ptr);
    /// Offset of the length, for compiled code.
    pub const LEN_OFFSET: usize = std::mem::offset_of!(Items, len);
    /// Offset of the capacity, for compiled code.
    pub const CAPACITY_OFFSET: usize = std::mem::offset_of!(Items, capacity);
}

impl<T: Copy> Items<T> {
    /// The fewest values that an allocation has room for.
    const SMALLEST: usize = 4;

    /// No values.
    #[allow(
        clippy::new_without_default,
        reason = "what can be taken by `std::mem::take` is moved out of its cell"
    )]
    pub fn new() -> Items<T> {
        Vec::new().into()
    }

    /// No values yet, but room behind where this will be in its cell.
    ///
    /// # Safety
    /// `room` is the address right behind the `Items`, and the cell has room for so many values there.
    #[inline]
    pub(super) unsafe fn in_cell(room: NonNull<T>, capacity: usize) -> Items<T> {
        Items {
            ptr: room,
            len: 0,
            capacity,
        }
    }

    #[inline]
    fn is_in_cell(&self) -> bool {
        std::ptr::eq(
            self.ptr.as_ptr(),
            std::ptr::from_ref(self).wrapping_add(1).cast(),
        )
    }

    /// The values, which are no longer here.
    pub fn take(&mut self) -> Vec<T> {
        if self.is_in_cell() {
            let values = self.to_vec();
            self.len = 0;
            return values;
        }
        std::mem::replace(self, Items::new()).into()
    }

    /// Makes room for so many more values.
    #[cold]
    fn reserve(&mut self, more: usize) {
        let capacity = (self.len + more).max(2 * self.capacity).max(Self::SMALLEST);
        let mut vec = if self.is_in_cell() {
            let mut vec = Vec::with_capacity(capacity);
            vec.extend_from_slice(self);
            vec
        } else {
            self.take()
        };
        vec.reserve_exact(capacity - vec.len());
        *self = vec.into();
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        if self.len == self.capacity {
            self.reserve(1);
        }
        // SAFETY: there is room for one more after `len` values.
        unsafe { self.ptr.add(self.len).write(value) };
        self.len += 1;
    }

    /// Appends several values.
    #[inline]
    pub fn extend_from_slice(&mut self, values: &[T]) {
        if values.len() > self.capacity - self.len {
            self.reserve(values.len());
        }
        // SAFETY: there is room for so many more after `len` values; what is borrowed lies elsewhere.
        unsafe {
            let end = self.ptr.add(self.len).as_ptr();
            std::ptr::copy_nonoverlapping(values.as_ptr(), end, values.len());
        }
        self.len += values.len();
    }

    /// Inserts a value before the one at an index, which is not above the length.
    pub fn insert(&mut self, index: usize, value: T) {
        self.push(value);
        self[index..].rotate_right(1);
    }

    /// Removes the value at an index.
    pub fn remove(&mut self, index: usize) -> T {
        self[index..].rotate_left(1);
        self.pop().expect("the index was in range")
    }

    /// Removes the last value.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: `len` values were initialised, this was the last of them.
        Some(unsafe { self.ptr.add(self.len).read() })
    }

    /// So many values fit in the storage.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Bytes of the storage, if it is an allocation of its own.
    #[inline]
    pub fn bytes(&self) -> usize {
        if self.is_in_cell() {
            0
        } else {
            self.capacity * size_of::<T>()
        }
    }
}

impl<T: Copy> From<Vec<T>> for Items<T> {
    fn from(vec: Vec<T>) -> Items<T> {
        let mut vec = ManuallyDrop::new(vec);
        Items {
            // SAFETY: a vector's address is not null.
            ptr: unsafe { NonNull::new_unchecked(vec.as_mut_ptr()) },
            len: vec.len(),
            capacity: vec.capacity(),
        }
    }
}

impl<T: Copy> From<&[T]> for Items<T> {
    fn from(values: &[T]) -> Items<T> {
        values.to_vec().into()
    }
}

impl<T: Copy> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Items<T> {
        Vec::from_iter(values).into()
    }
}

impl<T: Copy> From<Items<T>> for Vec<T> {
    fn from(items: Items<T>) -> Vec<T> {
        let items = ManuallyDrop::new(items);
        // SAFETY: the three parts came from a vector, which `ManuallyDrop` did not free: only that can be moved.
        unsafe { Vec::from_raw_parts(items.ptr.as_ptr(), items.len, items.capacity) }
    }
}

impl<T: Copy> Drop for Items<T> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_in_cell() {
            // SAFETY: the three parts came from a vector; nothing uses them after this.
            drop(unsafe { Vec::from_raw_parts(self.ptr.as_ptr(), self.len, self.capacity) });
        }
    }
}

impl<T: Copy> Clone for Items<T> {
    fn clone(&self) -> Items<T> {
        self.to_vec().into()
    }
}

impl<T: Copy> AsRef<[T]> for Items<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T: Copy> Deref for Items<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: `len` values from `ptr` on are initialised.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl<T: Copy> DerefMut for Items<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: `len` values from `ptr` on are initialised, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}
