//! Iteration: `for`, and the built-in iterators (4.3, 6.7, 6.8).
//!
//! A loop keeps its state in four locals, see [`crate::bytecode::Op::IterStart`]. The second local tells the cases
//! apart: a small int is the position in an array or a range, `nil` goes with an iterator.

use crate::heap::{Gc, Kind};
use crate::object::{Array, Generator, HashMap, HashSet, Iterator, Map, Range};
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
            Some(Kind::HashSet) => {
                let set: Gc<HashSet> = source.get().expect("the kind was tested");
                let members: Vec<Value> = set.members.iter().map(|m| m.value).collect();
                [self.heap.array(members), zero, Value::NIL, zero]
            }
            Some(Kind::Map | Kind::HashMap) => {
                let snapshot = self.entries_iterator(source);
                if pairs {
                    [snapshot, Value::NIL, Value::NIL, zero]
                } else {
                    match snapshot.get::<Iterator>().map(|i| i.into_ref()) {
                        Some(Iterator::Array { array, .. }) => [*array, zero, Value::NIL, zero],
                        _ => unreachable!("entries are walked as an array"),
                    }
                }
            }
            Some(Kind::Range) => {
                let range = source.get().expect("the kind was tested");
                self.range_state(range)?
            }
            Some(Kind::Iterator | Kind::Generator) => {
                [source, Value::NIL, Value::NIL, zero]
            }
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
        let iterator = self.range_iterator(range)?;
        Ok([iterator, Value::NIL, Value::NIL, zero])
    }

    /// First number, last number and step of a range.
    pub fn range_bounds(&mut self, range: Gc<Range>) -> Result<(i64, i64, i64)> {
        let step = if range.step.is_nil() {
            Some(1)
        } else {
            range.step.as_int()
        };
        match (range.start.as_int(), range.end.as_int(), step) {
            (Some(start), Some(end), Some(step)) => Ok((start, end, step)),
            _ => Err(self.raise(ErrorClass::Exception, "Value is not an integer")),
        }
    }

    /// A `RangeIterator`.
    pub fn range_iterator(&mut self, range: Gc<Range>) -> Result {
        let (start, end, step) = self.range_bounds(range)?;
        Ok(self.heap.value(Iterator::Range {
            next: (step != 0).then_some(start),
            end,
            step,
            position: 0,
        }))
    }

    /// A `MapIterator` over a snapshot of a Map's or HashMap's entries.
    pub fn entries_iterator(&mut self, source: Value) -> Value {
        let (keys, values): (Vec<Value>, Vec<Value>) = if let Some(map) = source.get::<Map>() {
            let entries = map.entries.iter();
            entries.map(|(&k, &v)| (Value::symbol(k), v)).unzip()
        } else if let Some(map) = source.get::<HashMap>() {
            map.entries.iter().map(|(k, &v)| (k.value, v)).unzip()
        } else {
            Default::default()
        };
        let array = self.heap.array(values);
        self.heap.value(Iterator::Array {
            array,
            next: 0,
            keys: Some(keys.into()),
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
                return Ok(iterator_next(self, iterator).map(|(_, value)| value));
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
                return Ok(iterator_next(self, iterator));
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

/// The next key and element of a built-in iterator; `None` at the end.
pub fn iterator_next(vm: &mut Vm, mut iterator: Gc<Iterator>) -> Option<(Value, Value)> {
    match &mut *iterator {
        Iterator::Array { array, next, keys } => {
            let items = &array.get::<Array>()?.into_ref().items;
            let &element = items.get(*next)?;
            let key = match keys {
                Some(keys) => keys[*next],
                None => Value::len(*next),
            };
            *next += 1;
            Some((key, element))
        }
        Iterator::Range {
            next,
            end,
            step,
            position,
        } => {
            let number = (*next)?;
            let inside = if *step > 0 {
                number <= *end
            } else {
                number >= *end
            };
            if !inside {
                return None;
            }
            let key = Value::len(*position);
            *position += 1;
            *next = number.checked_add(*step);
            Some((key, vm.heap.int(number)))
        }
    }
}
