//! The types of heap objects, by topic.

mod callable;
mod class;
mod data;
mod members;
mod prop_map;
mod string;
mod time;

pub use callable::{Args, CallerContext, Function, Native, NativeFn, NativeFunction, Scope};
pub use class::{
    Class, Enum, EnumValue, FieldNames, Instance, Namespace, PayloadField, Shape, TypeValue,
    Variant,
};
pub use data::{
    Array, Bytes, ComplexSymbol, Future, FutureState, Gene, Generator, HashKey, HashMap, HashSet,
    Iterator, Map, Quote, Range, Regex, RegexMatch, Selector, Unquote,
};
pub(crate) use members::is_definition;
pub use members::{MemberCell, Members};
pub use prop_map::{Entry, PropMap};
pub use string::{Str, Text};
pub use time::{Date, DateTime, Offset, Time};

/// Implements [`crate::heap::HeapData`]: which fields hold values, and how many bytes lie outside of the cell.
macro_rules! heap_data {
    ($type:ident, |$object:ident, $tracer:ident| $trace:expr $(, external: $external:expr)?) => {
        // SAFETY: the trace expression visits every value that the type holds.
        unsafe impl crate::heap::HeapData for $type {
            const KIND: crate::heap::Kind = crate::heap::Kind::$type;
            #[allow(unused_variables, reason = "some types hold no values")]
            fn trace(&self, $tracer: &mut crate::heap::Tracer) {
                let $object = self;
                $trace
            }
            $(fn external_size(&self) -> usize {
                let $object = self;
                $external
            })?
        }
    };
}
pub(crate) use heap_data;

// SAFETY: a boxed Int holds no values.
unsafe impl crate::heap::HeapData for i64 {
    const KIND: crate::heap::Kind = crate::heap::Kind::Int;
    fn trace(&self, _: &mut crate::heap::Tracer) {}
}
