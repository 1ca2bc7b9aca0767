//! Growable storage of values with a fixed layout, so that compiled code can
//! read it: address, length, capacity.

use crate::value::Value;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// A vector of values. It dereferences to a slice.
#[repr(C)]
pub struct Items {
    ptr: *mut Value,
    len: usize,
    capacity: usize,
}

impl Items {
    /// Offset of the address of the first value, for compiled code.
    pub const PTR_OFFSET: usize = std::mem::offset_of!(Items, ptr);
    /// Offset of the length, for compiled code.
    pub const LEN_OFFSET: usize = std::mem::offset_of!(Items, len);
    /// Offset of the capacity, for compiled code.
    pub const CAPACITY_OFFSET: usize = std::mem::offset_of!(Items, capacity);

    /// No values.
    pub fn new() -> Items {
        Vec::new().into()
    }

    /// Runs `change` on the values as a vector.
    pub fn with_vec<R>(&mut self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        let mut vec: Vec<Value> = std::mem::take(self).into();
        let result = change(&mut vec);
        *self = vec.into();
        result
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: Value) {
        if self.len == self.capacity {
            self.with_vec(|vec| vec.reserve(1));
        }
        // SAFETY: there is room for one more after `len` values.
        unsafe { self.ptr.add(self.len).write(value) };
        self.len += 1;
    }

    /// Removes the last value.
    #[inline]
    pub fn pop(&mut self) -> Option<Value> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: `len` values were initialised, this was the last of them.
        Some(unsafe { self.ptr.add(self.len).read() })
    }

    /// Bytes of the storage.
    pub fn bytes(&self) -> usize {
        self.capacity * size_of::<Value>()
    }
}

impl Default for Items {
    fn default() -> Items {
        Items::new()
    }
}

impl From<Vec<Value>> for Items {
    fn from(vec: Vec<Value>) -> Items {
        let mut vec = ManuallyDrop::new(vec);
        Items {
            ptr: vec.as_mut_ptr(),
            len: vec.len(),
            capacity: vec.capacity(),
        }
    }
}

impl From<&[Value]> for Items {
    fn from(values: &[Value]) -> Items {
        values.to_vec().into()
    }
}

impl FromIterator<Value> for Items {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Items {
        Vec::from_iter(values).into()
    }
}

impl From<Items> for Vec<Value> {
    fn from(items: Items) -> Vec<Value> {
        let items = ManuallyDrop::new(items);
        // SAFETY: the three parts came from a vector, which `ManuallyDrop` did not free.
        unsafe { Vec::from_raw_parts(items.ptr, items.len, items.capacity) }
    }
}

impl Drop for Items {
    fn drop(&mut self) {
        // SAFETY: the three parts came from a vector; nothing uses them after this.
        drop(unsafe { Vec::from_raw_parts(self.ptr, self.len, self.capacity) });
    }
}

impl Clone for Items {
    fn clone(&self) -> Items {
        self.to_vec().into()
    }
}

impl Deref for Items {
    type Target = [Value];
    #[inline]
    fn deref(&self) -> &[Value] {
        // SAFETY: `len` values from `ptr` on are initialised.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

impl DerefMut for Items {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Value] {
        // SAFETY: `len` values from `ptr` on are initialised, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.len) }
    }
}
