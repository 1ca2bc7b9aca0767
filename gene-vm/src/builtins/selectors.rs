//! Selector values and their application (17.7, 17.8).

use super::arguments::is_function;
use super::arrays::member_key;
use crate::heap::{Gc, Kind};
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{Result, Vm};

pub(super) fn install(vm: &mut Vm) {
    let class = vm.builtins.classes.selector;
    vm.define_methods(class, &[("call", call)]);
}

fn call(vm: &mut Vm, args: Args) -> Result {
    let selector: Gc<Selector> = vm.receiver(args)?;
    vm.apply_selector(selector, &args.as_slice()[1..])
}

/// How far a selector has come. Items are in arrays that are kept alive.
enum State {
    /// One value, the only item.
    Value(Gc<Array>),
    /// A stream of values.
    Values(Gc<Array>),
    /// A stream of entries: the keys, and the values.
    Entries(Vec<Symbol>, Gc<Array>),
}

impl Vm {
    /// Applies a selector to a target with an optional default. The selector and the arguments must be reachable.
    pub fn apply_selector(&mut self, selector: Gc<Selector>, args: &[Value]) -> Result {
        let Some(&target) = args.first() else {
            return Err(self.bad_argument("Selector.call expects a target value"));
        };
        let top = self.context.stack_top;
        let result = self.run_segments(selector, target, args.get(1).copied());
        self.context.stack_top = top;
        result
    }

    fn run_segments(
        &mut self,
        selector: Gc<Selector>,
        target: Value,
        default: Option<Value>,
    ) -> Result {
        let mut state = State::Value(self.rooted_array(vec![target]));
        let mut collected = false;
        for &segment in selector.into_ref().segments.iter() {
            collected |= segment.is_symbol(sym::AT) || segment.is_symbol(sym::AT_AT);
            state = self.run_segment(state, segment)?;
        }
        let missing = match &state {
            State::Value(value) => value.items[0].is_void(),
            State::Values(items) | State::Entries(_, items) => items.items.is_empty(),
        };
        if let Some(default) = default.filter(|_| missing && !collected) {
            return Ok(default);
        }
        Ok(self.gather(state))
    }

    /// The state as a value: streams become arrays.
    fn gather(&mut self, state: State) -> Value {
        match state {
            State::Value(value) => value.items[0],
            State::Values(items) => Value::object(items),
            State::Entries(keys, values) => {
                let pairs = keys.iter().zip(values.items.iter());
                let pairs: Vec<Value> = pairs
                    .map(|(&key, &value)| self.heap.array([Value::symbol(key), value].as_slice()))
                    .collect();
                self.heap.array(pairs)
            }
        }
    }

    fn run_segment(&mut self, state: State, segment: Value) -> Result<State> {
        if let Some(symbol) = segment.as_symbol() {
            match symbol {
                sym::MUL => return self.expand_values(state),
                sym::STAR_STAR => return self.expand_entries(state),
                sym::AT => {
                    let collected = match state {
                        State::Value(value) if value.items[0].is_void() => {
                            self.heap.array(Vec::new())
                        }
                        State::Value(value) => Value::object(value),
                        stream => self.gather(stream),
                    };
                    return Ok(State::Value(self.rooted_array(vec![collected])));
                }
                sym::AT_AT => return self.collect_map(state),
                sym::BANG => return self.assert_items(state),
                _ => {}
            }
        }
        match state {
            State::Value(value) => {
                let mut value = value;
                value.items[0] = self.step(value.items[0], segment)?;
                Ok(State::Value(value))
            }
            State::Values(items) => {
                let mut results = self.rooted_array(Vec::new());
                for &item in items.into_ref().items.iter() {
                    let result = self.step(item, segment)?;
                    if !result.is_void() {
                        results.items.push(result);
                    }
                }
                Ok(State::Values(results))
            }
            State::Entries(keys, values) => self.step_entries(keys, values, segment),
        }
    }

    /// One segment on one value: a look-up, or the call of a function.
    fn step(&mut self, value: Value, segment: Value) -> Result {
        if is_function(segment) {
            if value.is_void() {
                return Ok(value);
            }
            return self.call(segment, &[value]);
        }
        let is_indexable = value.get::<Array>().is_some() || value.get::<Gene>().is_some();
        if segment.is_int() && !is_indexable {
            return Ok(if value.is_nil() { value } else { Value::VOID });
        }
        self.lookup(value, segment)
    }

    fn step_entries(
        &mut self,
        keys: Vec<Symbol>,
        values: Gc<Array>,
        segment: Value,
    ) -> Result<State> {
        let mut new_keys = Vec::with_capacity(keys.len());
        let mut new_values = self.rooted_array(Vec::new());
        for (mut key, &value) in keys.into_iter().zip(values.into_ref().items.iter()) {
            let mut result = if is_function(segment) {
                self.call(segment, &[Value::symbol(key), value])?
            } else {
                self.step(value, segment)?
            };
            if is_function(segment)
                && let Some(pair) = result.get::<Array>()
            {
                let &[new_key, new_value] = &*pair.into_ref().items else {
                    return Err(self.fail("Entry transform must return [key value]"));
                };
                key = self.entry_key(new_key)?;
                result = new_value;
            }
            if !result.is_void() {
                new_keys.push(key);
                new_values.items.push(result);
            }
        }
        Ok(State::Entries(new_keys, new_values))
    }

    fn entry_key(&mut self, key: Value) -> Result<Symbol> {
        member_key(key).ok_or_else(|| {
            let kind = kind_name(key);
            self.fail(format!("Entry key must be string/symbol/int, got {kind}"))
        })
    }

    fn collect_map(&mut self, state: State) -> Result<State> {
        let State::Entries(keys, values) = state else {
            return Err(self.fail("@@ requires an entry stream (use ** to expand entries first)"));
        };
        let entries = keys.into_iter().zip(values.items.iter().copied());
        let map = self.heap.map(entries.collect());
        Ok(State::Value(self.rooted_array(vec![map])))
    }

    /// `!`
    fn assert_items(&mut self, state: State) -> Result<State> {
        let (State::Value(items) | State::Values(items) | State::Entries(_, items)) = &state;
        if items.items.is_empty() {
            return Err(self.fail("Selector did not match (empty)"));
        }
        for &item in items.items.iter() {
            self.assert_found(item)?;
        }
        Ok(state)
    }

    // ── Expansion ──────────────────────────────────────────────────────────

    fn items_of(state: State) -> Gc<Array> {
        match state {
            State::Value(items) | State::Values(items) | State::Entries(_, items) => items,
        }
    }

    /// `*`
    fn expand_values(&mut self, state: State) -> Result<State> {
        let mut results = self.rooted_array(Vec::new());
        for &item in Vm::items_of(state).into_ref().items.iter() {
            if let Some(array) = item.get::<Array>() {
                push_found(&mut results, array.items.iter());
            } else if let Some(gene) = item.get::<Gene>() {
                push_found(&mut results, gene.children.iter());
            } else if let Some(map) = item.get::<Map>() {
                push_found(&mut results, map.entries.values());
            } else if let Some(map) = item.get::<HashMap>() {
                push_found(&mut results, map.entries.values());
            } else if is_iterable(item) {
                self.drain(item, sym::NEXT, |_, value| {
                    push_found(&mut results, [value].iter());
                    Ok(())
                })?;
            }
        }
        Ok(State::Values(results))
    }

    /// `**`
    fn expand_entries(&mut self, state: State) -> Result<State> {
        let mut keys = Vec::new();
        let mut values = self.rooted_array(Vec::new());
        for &item in Vm::items_of(state).into_ref().items.iter() {
            if is_iterable(item) {
                self.drain(item, sym::NEXT_PAIR, |vm, pair| {
                    let pair = pair.get::<Array>();
                    if let Some(&[key, value]) = pair.as_ref().map(|pair| &*pair.items) {
                        keys.push(vm.entry_key(key)?);
                        values.items.push(value);
                    }
                    Ok(())
                })?;
                continue;
            }
            for (key, value) in entries_of(item) {
                if !value.is_void() {
                    keys.push(self.entry_key(key)?);
                    values.items.push(value);
                }
            }
        }
        Ok(State::Entries(keys, values))
    }

    /// Hands out what an iterable delivers by `method`.
    fn drain(
        &mut self,
        iterable: Value,
        method: Symbol,
        mut take: impl FnMut(&mut Vm, Value) -> Result<()>,
    ) -> Result<()> {
        let iterator = self.call_method(iterable, sym::ITER, &[])?;
        self.root(iterator);
        loop {
            let next = self.call_method(iterator, method, &[])?;
            if next == Value::NOT_FOUND {
                return Ok(());
            }
            take(self, next)?;
        }
    }
}

/// Adds values other than `void`.
fn push_found<'a>(results: &mut Gc<Array>, values: impl std::iter::Iterator<Item = &'a Value>) {
    for &value in values.filter(|value| !value.is_void()) {
        results.items.push(value);
    }
}

/// Is this delivered by `.iter`? User-defined iterables are not asked.
fn is_iterable(value: Value) -> bool {
    matches!(
        value.heap_kind(),
        Some(Kind::HashSet | Kind::Range | Kind::Iterator | Kind::Generator)
    )
}

/// The entries of a keyed container.
fn entries_of(value: Value) -> Vec<(Value, Value)> {
    fn named(entries: &PropMap) -> Vec<(Value, Value)> {
        let entries = entries.iter();
        entries
            .map(|(&key, &value)| (Value::symbol(key), value))
            .collect()
    }
    if let Some(array) = value.get::<Array>() {
        let items = array.items.iter().enumerate();
        items.map(|(i, &item)| (Value::len(i), item)).collect()
    } else if let Some(gene) = value.get::<Gene>() {
        named(&gene.props)
    } else if let Some(map) = value.get::<Map>() {
        named(&map.entries)
    } else if let Some(map) = value.get::<HashMap>() {
        let entries = map.entries.iter();
        entries.map(|(key, &value)| (key.value, value)).collect()
    } else if let Some(instance) = value.get::<Instance>() {
        let shape = instance.shape();
        let fields = shape.names.iter().zip(instance.fields.iter());
        fields
            .map(|(&name, &field)| (Value::symbol(name), field))
            .collect()
    } else if let Some(class) = value.get::<Class>() {
        named(&class.members)
    } else if let Some(namespace) = value.get::<Namespace>() {
        named(&namespace.members)
    } else {
        Vec::new()
    }
}
