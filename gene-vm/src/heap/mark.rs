//! Marking: an explicit stack of objects still to be traced, so that deep
//! structures cannot overflow the native stack.

use super::gc::{Gc, HeapData, Kind, Object};
use crate::code::Prototype;
use crate::object::*;
use crate::value::{PAYLOAD_MASK, Value};

/// Collects the objects that are reached.
pub struct Tracer {
    pending: Vec<u64>,
}

impl Tracer {
    pub(super) fn new() -> Tracer {
        Tracer {
            pending: Vec::new(),
        }
    }

    /// Visits a value.
    #[inline]
    pub fn value(&mut self, value: Value) {
        if value.is_object() {
            self.address(value.bits() & PAYLOAD_MASK);
        }
    }

    /// Visits several values.
    pub fn values(&mut self, values: &[Value]) {
        for &value in values {
            self.value(value);
        }
    }

    /// Visits an object.
    pub fn object<T>(&mut self, object: Gc<T>) {
        self.address(object.address());
    }

    #[inline]
    fn address(&mut self, address: u64) {
        let mut header: Gc<()> = Gc::from_address(address);
        if !header.header().marked {
            header.header_mut().marked = true;
            self.pending.push(address);
        }
    }

    pub(super) fn drain(&mut self) {
        while let Some(address) = self.pending.pop() {
            let operations = operations(super::header_at(address).kind);
            (operations.trace)(address, self);
        }
    }
}

/// What the collector does with objects of one kind.
pub(super) struct Operations {
    pub trace: fn(u64, &mut Tracer),
    /// Drops the object in place, if it holds anything outside of its cell, which remains.
    pub drop: Option<fn(u64)>,
    pub external_size: fn(u64) -> usize,
}

const fn of<T: HeapData>() -> Operations {
    Operations {
        trace: |address, tracer| Gc::<T>::from_address(address).trace(tracer),
        drop: if std::mem::needs_drop::<T>() {
            // SAFETY: the sweeper calls this once, for an object that nothing refers to.
            Some(|address| unsafe {
                std::ptr::drop_in_place(&mut (*(address as *mut Object<T>)).data)
            })
        } else {
            None
        },
        external_size: |address| Gc::<T>::from_address(address).external_size(),
    }
}

macro_rules! operations_by_kind {
    ($($kind:ident)*) => {
        static OPERATIONS: [Operations; KINDS] = {
            const NONE: Operations = Operations {
                trace: |_, _| unreachable!("a free cell is never reached"),
                drop: None,
                external_size: |_| 0,
            };
            let mut operations = [NONE; KINDS];
            operations[Kind::Int as usize] = of::<i64>();
            $(operations[Kind::$kind as usize] = of::<$kind>();)*
            operations
        };
    };
}

/// Number of kinds of cells.
const KINDS: usize = Kind::CallerContext as usize + 1;

/// What the collector does with objects of a kind. A free cell holds nothing.
#[inline]
pub(super) fn operations(kind: Kind) -> &'static Operations {
    &OPERATIONS[kind as usize]
}

operations_by_kind! {
    Str ComplexSymbol Array Map HashMap HashSet Gene Range Function Prototype NativeFn Scope Class Shape Instance Namespace
    Enum Variant EnumValue Regex RegexMatch Iterator Generator Future Selector Quote Unquote TypeValue
    Date Time DateTime Bytes Native CallerContext
}
