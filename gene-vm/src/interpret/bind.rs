//! Binding of arguments to parameters (5.2, 5.3).

use super::call::Arguments;
use crate::code::{Code, Param, ParamKind, Prototype};
use crate::heap::{Gc, Heap};
use crate::object::{Array, ComplexSymbol, Function, Map, PropMap};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

impl Vm {
    /// Binds the arguments from `base` on to the parameters' slots, which begin there, too. An optional
    /// parameter without an argument is left undefined for the code of its default.
    pub(super) fn bind(
        &mut self,
        function: Gc<Function>,
        code: *const Code,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<()> {
        // SAFETY: the function, which is on the value stack, keeps its code alive; the room is checked at once.
        unsafe {
            if base.wrapping_add((*code).frame_size()) > self.context.stack_limit {
                return Err(self.stack_overflow());
            }
            let plain = arguments.keywords.is_nil();
            if plain && (*code).takes(arguments.count) {
                for slot in arguments.count..(*code).params as usize {
                    base.add(slot).write(Value::UNDEFINED);
                }
                return Ok(());
            }
            let prototype = &function.into_ref().prototype;
            let params = &prototype.params;
            let args = std::slice::from_raw_parts(base, arguments.count);
            let keywords = arguments.keywords.get::<Map>();
            let entries = keywords.map(|map| &map.into_ref().entries);
            let by_name;
            let params = if !plain && arguments.uncounted > 0 {
                by_name = fields_by_name(prototype, entries);
                &by_name
            } else {
                params
            };
            let bound = allocate(&mut self.heap, params, args, entries, arguments.uncounted)
                .map_err(|message| self.raise(ErrorClass::Exception, message))?;
            std::ptr::copy_nonoverlapping(bound.as_ptr(), base, bound.len());
            Ok(())
        }
    }
}

/// The parameters of a constructor; those written `/x` that the keywords name take these instead of positionals (7.2).
fn fields_by_name(prototype: &Prototype, keywords: Option<&PropMap>) -> Vec<Param> {
    let list: Option<Gc<Array>> = prototype.parameter_form.get();
    let is_field = |name: Symbol| {
        let items = list.as_ref().map_or(&[][..], |list| &list.items);
        items.iter().any(|item| {
            item.get::<ComplexSymbol>()
                .is_some_and(|path| *path.parts == [sym::EMPTY, name])
        })
    };
    let mut params = prototype.params.clone();
    for param in &mut params {
        let is_named = keywords.is_some_and(|keywords| keywords.contains_key(&param.name));
        if param.kind == ParamKind::Positional && is_named && is_field(param.name) {
            param.kind = ParamKind::Keyword;
        }
    }
    params
}

/// What takes arguments: a parameter, or an element of a pattern.
pub(super) trait Taker {
    fn name(&self) -> Symbol;
    fn kind(&self) -> ParamKind;
    fn optional(&self) -> bool;
}

impl Taker for Param {
    fn name(&self) -> Symbol {
        self.name
    }
    fn kind(&self) -> ParamKind {
        self.kind
    }
    fn optional(&self) -> bool {
        self.optional
    }
}

/// Gives each taker its value, undefined where a default is needed, or tells what does not fit. `uncounted` positionals
/// are left out of the numbers in messages.
pub(super) fn allocate<T: Taker>(
    heap: &mut Heap,
    takers: &[T],
    args: &[Value],
    keywords: Option<&PropMap>,
    uncounted: usize,
) -> std::result::Result<Vec<Value>, String> {
    let wrong_count = |expected: usize| {
        let (expected, got) = (expected - uncounted, args.len() - uncounted);
        format!("Expected {expected} arguments, got {got}")
    };
    let is_positional = |t: &&T| t.kind() == ParamKind::Positional;
    let is_named = |name: &Symbol| {
        takers
            .iter()
            .any(|t| t.kind() == ParamKind::Keyword && t.name() == *name)
    };
    let others = || {
        let entries = keywords.into_iter().flatten();
        entries.filter(|(name, _)| !is_named(name))
    };
    let mut required = takers
        .iter()
        .filter(|t| is_positional(t) && !t.optional())
        .count();
    let mut positional = takers.iter().filter(is_positional).count();
    let mut left = args;
    let mut values = Vec::with_capacity(takers.len());
    for (i, taker) in takers.iter().enumerate() {
        let value = match taker.kind() {
            ParamKind::Positional => {
                positional -= 1;
                required -= !taker.optional() as usize;
                let kept_back = if taker.optional() { required } else { 0 };
                match left.split_first() {
                    Some((&first, rest)) if left.len() > kept_back => {
                        left = rest;
                        first
                    }
                    _ if taker.optional() => Value::UNDEFINED,
                    _ => return Err(wrong_count(i + 1)),
                }
            }
            ParamKind::Rest => {
                let (rest, behind) = left.split_at(left.len().saturating_sub(positional));
                left = behind;
                heap.array(rest)
            }
            ParamKind::Keyword => match keywords.and_then(|k| k.get(&taker.name())) {
                Some(&value) => value,
                None if taker.optional() => Value::UNDEFINED,
                None => return Err(format!("Missing keyword argument: {}", taker.name())),
            },
            ParamKind::KeywordRest => {
                let entries = others().map(|(&name, &value)| (name, value)).collect();
                heap.map(entries)
            }
        };
        values.push(value);
    }
    let takes_others = takers.iter().any(|t| t.kind() == ParamKind::KeywordRest);
    if let Some((name, _)) = others().next()
        && !takes_others
    {
        return Err(format!("Unexpected keyword argument: {name}"));
    }
    if !left.is_empty() {
        return Err(wrong_count(args.len() - left.len()));
    }
    Ok(values)
}
