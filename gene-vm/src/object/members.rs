//! The members of namespaces and classes: names, and the cells that hold their values.

use super::PropMap;
use crate::heap::Kind;
use crate::symbol::Symbol;
use crate::value::Value;
use rustc_hash::FxHashSet;
use std::ops::Deref;
use std::ptr::NonNull;

/// The members of a namespace or class, in insertion order.
#[derive(Default)]
pub struct Members {
    values: PropMap,
    /// The members whose definitions are not relied on, see [`Members::make_variable`].
    variables: FxHashSet<Symbol>,
}

/// Where the value of a member lies. It stays there until a member is added or removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemberCell(NonNull<Value>);

impl MemberCell {
    /// The address, for compiled code.
    pub fn address(self) -> u64 {
        self.0.as_ptr() as u64
    }

    /// The value.
    ///
    /// # Safety
    /// The members are alive, and none was added or removed since the cell was looked up.
    #[inline(always)]
    pub unsafe fn get(self) -> Value {
        // SAFETY: what the caller promises.
        unsafe { self.0.read() }
    }

    /// Sets the value.
    ///
    /// # Safety
    /// As for [`MemberCell::get`].
    #[inline(always)]
    pub unsafe fn set(self, value: Value) {
        // SAFETY: what the caller promises.
        unsafe { self.0.write(value) }
    }
}

impl Members {
    /// Sets a member, adding it if it is new; answers its former value.
    pub fn insert(&mut self, name: Symbol, value: Value) -> Option<Value> {
        if let Some(member) = self.values.get_mut(&name) {
            return Some(std::mem::replace(member, value));
        }
        self.values.insert(name, value)
    }

    /// Removes a member; answers its value.
    pub fn remove(&mut self, name: Symbol) -> Option<Value> {
        self.values.shift_remove(&name)
    }

    /// Removes all members.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Where the value of a member lies.
    pub fn cell(&mut self, name: Symbol) -> Option<MemberCell> {
        self.values
            .get_mut(&name)
            .map(NonNull::from)
            .map(MemberCell)
    }

    /// The function, class or other definition that a member most likely stands for as long as it is there.
    pub fn definition(&self, name: Symbol) -> Option<Value> {
        let value = self.values.get(&name).copied();
        value.filter(|&value| is_definition(value) && !self.is_variable(name))
    }

    /// May the member be assigned without anybody being told?
    pub fn is_variable(&self, name: Symbol) -> bool {
        self.variables.contains(&name)
    }

    /// From now on, nobody is to rely on the member being a definition, even if it holds one. False if that was so before.
    pub fn make_variable(&mut self, name: Symbol) -> bool {
        self.variables.insert(name)
    }
}

/// What is only read is read as of a map.
impl Deref for Members {
    type Target = PropMap;

    fn deref(&self) -> &PropMap {
        &self.values
    }
}

/// Does a name with this value most likely keep it?
pub(crate) fn is_definition(value: Value) -> bool {
    matches!(
        value.heap_kind(),
        Some(
            Kind::Function
                | Kind::NativeFn
                | Kind::Class
                | Kind::Namespace
                | Kind::Enum
                | Kind::Variant
        )
    )
}
