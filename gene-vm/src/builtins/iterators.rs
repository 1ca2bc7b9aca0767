//! Ranges and the built-in iterators (6.7, 6.8).

use super::arrays::int;
use crate::heap::{Gc, Kind};
use crate::object::{Args, Array, HashMap, HashSet, Iterator, Map, Range};
use crate::value::Value;
use crate::vm::{Result, Vm};

const ITERATOR_METHODS: super::Natives = &[
    ("next", next),
    ("next_pair", next_pair),
    ("has_next", has_next),
    ("iter", itself),
];

pub(super) fn install(vm: &mut Vm) {
    let classes = &vm.builtins.classes;
    for class in [
        classes.array,
        classes.map,
        classes.hash_map,
        classes.hash_set,
        classes.range,
    ] {
        vm.define_methods(class, &[("iter", iter)]);
    }
    let classes = &vm.builtins.classes;
    for class in [
        classes.array_iterator,
        classes.map_iterator,
        classes.range_iterator,
    ] {
        vm.define_methods(class, ITERATOR_METHODS);
    }
}

fn iter(vm: &mut Vm, args: Args) -> Result {
    match vm.iterator(args[0])? {
        Some(iterator) => Ok(iterator),
        None => vm.receiver::<Array>(args).map(Value::object),
    }
}

impl Vm {
    /// A new iterator over a built-in collection; `None` for other values.
    pub fn iterator(&mut self, value: Value) -> Result<Option<Value>> {
        let iterator = match value.heap_kind() {
            Some(Kind::Array) => Iterator::Array {
                array: value,
                next: 0,
                keys: None,
            },
            Some(Kind::Range) => self.range_iterator(value.get().expect("the kind was tested"))?,
            _ => match self.snapshot(value) {
                Some(snapshot) => snapshot,
                None => return Ok(None),
            },
        };
        Ok(Some(self.heap.value(iterator)))
    }

    /// An iterator over the present contents of a map, hash map or hash set.
    fn snapshot(&mut self, value: Value) -> Option<Iterator> {
        let (values, keys): (Vec<Value>, _) = if let Some(map) = value.get::<Map>() {
            let keys = map.entries.keys().map(|&key| Value::symbol(key));
            (
                map.entries.values().copied().collect(),
                Some(keys.collect()),
            )
        } else if let Some(map) = value.get::<HashMap>() {
            let keys = map.entries.keys().map(|key| key.value);
            (
                map.entries.values().copied().collect(),
                Some(keys.collect()),
            )
        } else {
            let set = value.get::<HashSet>()?;
            (
                set.members.iter().map(|member| member.value).collect(),
                None,
            )
        };
        Some(Iterator::Array {
            array: self.heap.array(values),
            next: 0,
            keys,
        })
    }

    fn range_iterator(&mut self, range: Gc<Range>) -> Result<Iterator> {
        let (start, end, step) = self.range_bounds(range)?;
        Ok(Iterator::Range {
            next: Some(start).filter(|&first| within(first, end, step)),
            end,
            step,
            position: 0,
        })
    }

    /// Start, end and step of a range, which must be Ints to be iterated.
    pub fn range_bounds(&mut self, range: Gc<Range>) -> Result<(i64, i64, i64)> {
        let step = if range.step.is_nil() {
            1
        } else {
            int(self, range.step)?
        };
        Ok((int(self, range.start)?, int(self, range.end)?, step))
    }

    /// Advances a built-in iterator. Answers position or key, and element; `None` at the end.
    pub fn advance(&mut self, mut iterator: Gc<Iterator>) -> Option<(Value, Value)> {
        match &mut *iterator {
            Iterator::Array { array, next, keys } => {
                let i = *next;
                let array = array.get::<Array>()?;
                let item = *array.items.get(i)?;
                *next += 1;
                Some((keys.as_ref().map_or(Value::len(i), |keys| keys[i]), item))
            }
            Iterator::Range {
                next,
                end,
                step,
                position,
            } => {
                let current = (*next)?;
                let at = Value::len(*position);
                *position += 1;
                *next = current
                    .checked_add(*step)
                    .filter(|&following| within(following, *end, *step));
                Some((at, self.heap.int(current)))
            }
        }
    }
}

/// Is a number not yet behind the end of its range?
fn within(number: i64, end: i64, step: i64) -> bool {
    (step > 0 && number <= end) || (step < 0 && number >= end)
}

/// Number of elements of a range.
pub(super) fn range_len(start: i64, end: i64, step: i64) -> i128 {
    let distance = i128::from(end) - i128::from(start);
    let step = i128::from(step);
    if step == 0 || distance.signum() * step.signum() < 0 {
        return 0;
    }
    distance / step + 1
}

fn next(vm: &mut Vm, args: Args) -> Result {
    let iterator: Gc<Iterator> = vm.receiver(args)?;
    let next = vm.advance(iterator);
    Ok(next.map_or(Value::NOT_FOUND, |(_, item)| item))
}

fn next_pair(vm: &mut Vm, args: Args) -> Result {
    let iterator: Gc<Iterator> = vm.receiver(args)?;
    match vm.advance(iterator) {
        Some((key, item)) => Ok(vm.heap.array([key, item].as_slice())),
        None => Ok(Value::NOT_FOUND),
    }
}

fn has_next(vm: &mut Vm, args: Args) -> Result {
    let iterator: Gc<Iterator> = vm.receiver(args)?;
    Ok(Value::bool(match &*iterator {
        Iterator::Array { array, next, .. } => array
            .get::<Array>()
            .is_some_and(|array| *next < array.items.len()),
        Iterator::Range { next, .. } => next.is_some(),
    }))
}

fn itself(_: &mut Vm, args: Args) -> Result {
    Ok(args[0])
}

#[cfg(test)]
mod tests {
    use super::range_len;

    #[test]
    fn ranges_count_their_elements() {
        for ((start, end, step), len) in [
            ((2, 9, 1), 8),
            ((0, 10, 3), 4),
            ((3, 1, 1), 0),
            ((12, 3, -4), 3),
            ((6, 6, -1), 1),
            ((1, 5, 0), 0),
            ((1, 1, 0), 0),
            ((i64::MIN, i64::MAX, 1), 1 << 64),
        ] {
            assert_eq!(
                range_len(start, end, step),
                len,
                "{start} .. {end} by {step}"
            );
        }
    }
}
