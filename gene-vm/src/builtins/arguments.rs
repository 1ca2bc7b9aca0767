//! What natives share in reading their arguments and in reporting what is wrong with them.

use crate::code::FunctionKind;
use crate::heap::{Gc, HeapData, header_at};
use crate::object::{Args, Function, NativeFn, Str};
use crate::print::{Form, kind_name, write_value};
use crate::symbol::Symbol;
use crate::value::{PAYLOAD_MASK, Value};
use crate::vm::{ErrorClass, Raise, Result, Vm};

/// Is this a function, a native function or a block, and so fit for a callback?
pub(super) fn is_function(value: Value) -> bool {
    value.get::<Function>().is_some() || value.get::<NativeFn>().is_some()
}

/// Is this a block?
pub(super) fn is_block(value: Value) -> bool {
    value
        .get::<Function>()
        .is_some_and(|function| function.prototype.kind == FunctionKind::Block)
}

/// The text of a String or Symbol.
pub(super) fn name_text(value: &Value) -> Option<&str> {
    match value.as_symbol() {
        Some(symbol) => Some(symbol.name()),
        None => value.as_str(),
    }
}

/// The symbol that a String or Symbol names.
#[inline]
pub(super) fn name_symbol(value: Value) -> Option<Symbol> {
    match value.get::<Str>() {
        Some(string) => Some(string.symbol()),
        None => value.as_symbol(),
    }
}

/// The symbol that a String or Symbol names, if any value uses it: for look-ups.
#[inline]
pub(super) fn known_symbol(value: Value) -> Option<Symbol> {
    match value.get::<Str>() {
        Some(string) => string.known_symbol(),
        None => value.as_symbol(),
    }
}

/// Appends the text that a value contributes to a String (14.1): Strings and Symbols bare, `nil`
/// nothing, anything else in written form.
pub(super) fn push_text(out: &mut String, value: Value) {
    match name_text(&value) {
        Some(text) => out.push_str(text),
        None if value.is_nil() => {}
        None => write_value(out, value, Form::Written),
    }
}

/// Appends the texts of several values, one after the other.
pub(super) fn push_texts(out: &mut String, values: &[Value]) {
    for &value in values {
        push_text(out, value);
    }
}

impl Vm {
    /// Raises a plain `Exception`.
    pub(super) fn fail(&mut self, message: impl AsRef<str>) -> Raise {
        self.raise(ErrorClass::Exception, message)
    }

    /// Raises an `ArgumentException`.
    pub(super) fn bad_argument(&mut self, message: impl AsRef<str>) -> Raise {
        self.raise(ErrorClass::Argument, message)
    }

    /// The receiver of a method. It may be of another kind when a user's class extends a built-in one.
    #[inline]
    pub(super) fn receiver<T: HeapData>(&mut self, args: Args) -> Result<Gc<T>> {
        let receiver = args.get(0).unwrap_or(Value::VOID);
        receiver
            .get::<T>()
            .ok_or_else(|| self.wrong_receiver(receiver))
    }

    #[cold]
    fn wrong_receiver(&mut self, receiver: Value) -> Raise {
        let kind = kind_name(receiver);
        self.raise(
            ErrorClass::Type,
            format!("Unified method call not supported for {kind}"),
        )
    }

    /// Refuses other than `count` arguments after the receiver, and keywords.
    #[inline]
    pub(super) fn exactly(&mut self, args: Args, method: &str, count: usize) -> Result<()> {
        if args.len().saturating_sub(1) == count && args.keywords.is_nil() {
            return Ok(());
        }
        Err(self.wrong_count(args, method, count))
    }

    /// Refuses more than `count` arguments after the receiver, and keywords.
    #[inline]
    pub(super) fn at_most(&mut self, args: Args, method: &str, count: usize) -> Result<()> {
        if args.len() <= count + 1 && args.keywords.is_nil() {
            return Ok(());
        }
        Err(self.wrong_count(args, method, count))
    }

    #[cold]
    fn wrong_count(&mut self, args: Args, method: &str, count: usize) -> Raise {
        let given = args.len().saturating_sub(1);
        self.bad_argument(format!(
            "{method} expects {count} arguments after self, got {given}"
        ))
    }

    /// Argument `i`; `message` tells that it is missing.
    #[inline]
    pub(super) fn required(&mut self, args: Args, i: usize, message: &str) -> Result {
        args.get(i).ok_or_else(|| self.missing_argument(message))
    }

    #[cold]
    fn missing_argument(&mut self, message: &str) -> Raise {
        self.bad_argument(message)
    }

    /// Refuses to change a sealed or frozen container: `Cannot OPERATION sealed WHAT`.
    #[inline]
    pub(crate) fn check_mutable(
        &mut self,
        container: Value,
        operation: &str,
        what: &str,
    ) -> Result<()> {
        let header = header_at(container.bits() & PAYLOAD_MASK);
        if !header.sealed && !header.frozen {
            return Ok(());
        }
        Err(self.immutable(container, operation, what))
    }

    #[cold]
    fn immutable(&mut self, container: Value, operation: &str, what: &str) -> Raise {
        let message = if header_at(container.bits() & PAYLOAD_MASK).sealed {
            format!("Cannot {operation} sealed {what}")
        } else {
            let kind = kind_name(container);
            format!("cannot mutate frozen {kind} via {operation}")
        };
        self.fail(message)
    }

    /// A new array that stays alive until the running native returns.
    pub(super) fn rooted_array(&mut self, items: Vec<Value>) -> Gc<crate::object::Array> {
        let array = self.heap.alloc(crate::object::Array {
            items: items.into(),
        });
        self.root(Value::object(array));
        array
    }
}
