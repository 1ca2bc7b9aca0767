//! Iteration: `for`, and the built-in iterators (4.3, 6.7, 6.8).
//!
//! A loop keeps its state in four locals, see [`crate::bytecode::Op::IterStart`]. The second local tells the cases
//! apart: a small int is the position in an array or a range, `nil` goes with an iterator.

use crate::heap::{Gc, Kind};
use crate::object::{Array, Generator, Iterator, Range};
use crate::symbol::sym;
use crate::value::{SMALL_INT_MAX, SMALL_INT_MIN, Value};
use crate::vm::{ErrorClass, Result, Vm};

impl Vm {
    /// Starts a loop over `source` with its state in the locals from `slots` on.
    ///
    /// # Safety
    /// Four locals of a live frame begin at `slots`.
    pub(crate) unsafe fn iter_start(
        &mut self,
        slots: *mut Value,
        source: Value,
        pairs: bool,
    ) -> Result<()> {
        let zero = Value::int32(0);
        let state = match source.heap_kind() {
            Some(Kind::Array) => [source, zero, Value::NIL, zero],
            Some(Kind::Map | Kind::HashMap | Kind::HashSet) => {
                let snapshot = self.iterator(source)?.unwrap_or(Value::NIL);
                match snapshot.get::<Iterator>().map(|i| i.into_ref()) {
                    Some(Iterator::Array { array, keys, .. }) if !pairs || keys.is_none() => {
                        [*array, zero, Value::NIL, zero]
                    }
                    _ => [snapshot, Value::NIL, Value::NIL, zero],
                }
            }
            Some(Kind::Range) => {
                let range = source.get().expect("the kind was tested");
                self.range_state(range)?
            }
            Some(Kind::Iterator | Kind::Generator) => [source, Value::NIL, Value::NIL, zero],
            _ => {
                if source.is_nil() {
                    return Err(self.no_such_method(source, sym::ITER));
                }
                let iterator = self.call_method(source, sym::ITER, &[])?;
                if iterator.is_small_int() || iterator.heap_kind() == Some(Kind::Array) {
                    // These would look like the state of a loop over an array or a range.
                    let name = if pairs { sym::NEXT_PAIR } else { sym::NEXT };
                    return Err(self.no_such_method(iterator, name));
                }
                [iterator, Value::NIL, Value::NIL, zero]
            }
        };
        // SAFETY: the caller's promise.
        unsafe { slots.cast::<[Value; 4]>().write(state) };
        Ok(())
    }

    /// The state of a loop over a range: small ints, if all its numbers and the one behind the last are, else an
    /// iterator.
    fn range_state(&mut self, range: Gc<Range>) -> Result<[Value; 4]> {
        let (start, end, step) = self.range_bounds(range)?;
        let zero = Value::int32(0);
        if step == 0 {
            return Ok([zero, Value::int32(1), Value::int32(1), zero]);
        }
        let small = |i: i64| (SMALL_INT_MIN..=SMALL_INT_MAX).contains(&i);
        let behind = end.checked_add(step);
        if let (Some(first), Some(last), Some(step)) = (
            Value::small_int(start),
            Value::small_int(end),
            Value::small_int(step),
        ) && behind.is_some_and(small)
        {
            return Ok([last, first, step, zero]);
        }
        let iterator = self.iterator(Value::object(range))?;
        Ok([iterator.unwrap_or(Value::NIL), Value::NIL, Value::NIL, zero])
    }

    /// How many rounds `repeat` makes.
    pub(super) fn repeat_count(&mut self, count: Value) -> Result {
        if count.is_float() {
            return Err(self.raise(ErrorClass::Exception, "Value is not an integer"));
        }
        Ok(match count.as_int() {
            Some(_) => count,
            None => Value::int32(count.is_truthy() as i32),
        })
    }

    /// The next element of the loop whose state is at `slots`; `None` at the end.
    ///
    /// # Safety
    /// The state was made by [`Vm::iter_start`].
    pub(crate) unsafe fn iterate(&mut self, slots: *mut Value) -> Result<Option<Value>> {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(element) = next_in_place(slots) {
                return Ok(element.map(|(_, value)| value));
            }
            let source = slots.read();
            if let Some(iterator) = source.get::<Iterator>() {
                return Ok(self.advance(iterator).map(|(_, value)| value));
            }
            if let Some(generator) = source.get::<Generator>() {
                return self.generator_next(generator);
            }
            let next = self.call_method(source, sym::NEXT, &[])?;
            Ok((next != Value::NOT_FOUND).then_some(next))
        }
    }

    /// As [`Vm::iterate`], with the key.
    ///
    /// # Safety
    /// As for [`Vm::iterate`].
    pub(crate) unsafe fn iterate_pairs(
        &mut self,
        slots: *mut Value,
    ) -> Result<Option<(Value, Value)>> {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(pair) = next_in_place(slots) {
                return Ok(pair);
            }
            let source = slots.read();
            if let Some(iterator) = source.get::<Iterator>() {
                return Ok(self.advance(iterator));
            }
            if let Some(generator) = source.get::<Generator>() {
                return self.generator_next_pair(generator);
            }
            let next = self.call_method(source, sym::NEXT_PAIR, &[])?;
            if next == Value::NOT_FOUND {
                return Ok(None);
            }
            match next.get::<Array>().map(|array| array.into_ref()) {
                Some(Array { items }) if items.len() == 2 => Ok(Some((items[0], items[1]))),
                _ => Err(self.raise(
                    ErrorClass::Exception,
                    "next_pair must answer a [key value] array or not_found",
                )),
            }
        }
    }
}

/// The next key and element of a loop over an array or a range of small ints; the outer `None` for other loops.
///
/// # Safety
/// As for [`Vm::iterate`].
#[inline(always)]
pub(super) unsafe fn next_in_place(slots: *mut Value) -> Option<Option<(Value, Value)>> {
    // SAFETY: the caller's promise.
    unsafe {
        let position = slots.add(1).read();
        if !position.is_small_int() {
            return None;
        }
        let next = position.small_int_payload();
        let source = slots.read();
        if source.is_small_int() {
            let step = slots.add(2).read().small_int_payload();
            let last = source.small_int_payload();
            let done = if step > 0 { next > last } else { next < last };
            if done {
                return Some(None);
            }
            let round = slots.add(3).read();
            slots
                .add(3)
                .write(Value::len(round.small_int_payload() as usize + 1));
            // The sum is a small int, as `range_state` made sure.
            slots.add(1).write(Value::small_int(next + step)?);
            return Some(Some((round, position)));
        }
        let array: Gc<Array> = Gc::from_address(source.bits() & crate::value::PAYLOAD_MASK);
        let Some(&element) = array.items.get(next as usize) else {
            return Some(None);
        };
        slots.add(1).write(Value::len(next as usize + 1));
        Some(Some((position, element)))
    }
}
