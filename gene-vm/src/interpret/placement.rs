//! Where the arguments of a call that says all about itself belong in the callee's frame.

use super::bind::allocate;
use crate::code::{CallShape, ParamKind, Prototype};
use crate::heap::Gc;
use crate::object::{Array, Function, PropMap};
use crate::symbol::Symbol;
use crate::tier::Source;
use crate::value::Value;
use crate::vm::Vm;

/// What a call passes: a receiver for methods, the values of keywords, positionals, in this order on the stack.
#[derive(Clone, Copy)]
pub(crate) struct Passed<'a> {
    /// 1 with a receiver, else 0.
    pub receivers: usize,
    /// The names of the keywords.
    pub keywords: &'a [Symbol],
    /// The number of positionals, without the receiver.
    pub positionals: usize,
}

impl Passed<'_> {
    /// Positionals alone.
    pub fn positional(count: usize) -> Passed<'static> {
        Passed {
            receivers: 0,
            keywords: &[],
            positionals: count,
        }
    }

    /// What a shaped call passes, if that does not depend on values.
    pub fn of_shape(shape: &CallShape, receivers: usize) -> Option<Passed<'_>> {
        shape.is_static().then_some(Passed {
            receivers,
            keywords: &shape.keywords,
            positionals: shape.positionals,
        })
    }

    /// The number of all operands.
    pub fn count(&self) -> usize {
        self.receivers + self.keywords.len() + self.positionals
    }
}

impl Vm {
    /// Where compiled code enters a function with what a call passes, in the order in which it lies on the stack; the
    /// receiver, if it is an instance, has the header word `key`. 0: nowhere.
    pub(super) fn entry_of_call(
        &mut self,
        function: Gc<Function>,
        key: u64,
        passed: Passed<'_>,
    ) -> usize {
        // SAFETY: a code that is not null lives as long as the function, which is on the value stack.
        let Some(code) = (unsafe { function.code.get().as_ref() }) else {
            return 0;
        };
        if passed.keywords.is_empty() && code.fits(passed.count()) {
            return code.entry_for(key);
        }
        if code.entry.get() == 0 || !code.direct {
            return 0;
        }
        let placement = self.placement(&function.into_ref().prototype, passed);
        match (placement, self.tier.clone()) {
            (Some(placement), Some(tier)) => tier.adapter(code, &placement),
            _ => 0,
        }
    }

    /// What each parameter gets; `None` if the arguments do not fit, or an object is needed for keywords.
    fn placement(&mut self, prototype: &Prototype, passed: Passed<'_>) -> Option<Vec<Source>> {
        let params = &prototype.params;
        if params.iter().any(|p| p.kind == ParamKind::KeywordRest) {
            return None;
        }
        // Binding numbers instead of values shows where each one goes.
        let number = |i: usize| Value::len(i);
        let first_positional = passed.receivers + passed.keywords.len();
        let args: Vec<Value> = (0..passed.receivers)
            .chain(first_positional..passed.count())
            .map(number)
            .collect();
        let numbers = (passed.receivers..).map(number);
        let keywords: PropMap = passed.keywords.iter().copied().zip(numbers).collect();
        let bound = allocate(&mut self.heap, params, &args, Some(&keywords), 0).ok()?;
        let operand = |value: Value| value.as_small_int().and_then(|i| u16::try_from(i).ok());
        let source = |value: &Value| {
            if let Some(rest) = value.get::<Array>() {
                let items = &rest.into_ref().items;
                return Some(Source::Rest {
                    first: items.first().map_or(Some(0), |&first| operand(first))?,
                    count: items.len() as u16,
                });
            }
            match *value {
                Value::UNDEFINED => Some(Source::Undefined),
                value => operand(value).map(Source::Operand),
            }
        };
        bound.iter().map(source).collect()
    }
}
