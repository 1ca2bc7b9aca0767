//! Destructuring and enum patterns (page 9).

use super::bind::{Taker, allocate};
use crate::code::ParamKind;
use crate::compile::PatternElement;
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

impl Taker for PatternElement {
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

impl Vm {
    /// The values for the elements of an array pattern; undefined where a default is needed.
    pub(super) fn destructure(
        &mut self,
        elements: &[PatternElement],
        value: Value,
    ) -> Result<Vec<Value>> {
        let itself = [value];
        let (positional, keyed): (&[Value], Option<&PropMap>) =
            if let Some(array) = value.get::<Array>() {
                (&array.into_ref().items, None)
            } else if let Some(gene) = value.get::<Gene>() {
                (&gene.into_ref().children, Some(&gene.into_ref().props))
            } else if let Some(map) = value.get::<Map>() {
                (&[], Some(&map.into_ref().entries))
            } else {
                (&itself, None)
            };
        allocate(&mut self.heap, elements, positional, keyed, 0).map_err(|mismatch| {
            let message = format!("Destructuring pattern mismatch: {mismatch}");
            self.raise(ErrorClass::Exception, message)
        })
    }

    /// The values of a map pattern's keys: `nil` has nothing but nil, others miss keys with void.
    pub(super) fn destructure_map(&mut self, keys: &[Symbol], value: Value) -> Vec<Value> {
        let get = |key: Symbol| match value.get::<Instance>() {
            Some(instance) => instance.field(key),
            None => match value.get::<Map>() {
                Some(map) => map.entries.get(&key).copied(),
                None => value.get::<Gene>()?.props.get(&key).copied(),
            },
        };
        let missing = if value.is_nil() {
            Value::NIL
        } else {
            Value::VOID
        };
        keys.iter()
            .map(|&key| get(key).unwrap_or(missing))
            .collect()
    }

    /// Is `subject` of the variant that an enum pattern names?
    pub(super) fn match_variant(
        &mut self,
        subject: Value,
        variant: Value,
        text: &str,
        binders: Option<usize>,
    ) -> Result<bool> {
        let Some(of) = variant.get::<Variant>() else {
            let message = format!(
                "Enum pattern expected VkEnumMember, got {}",
                kind_name(variant)
            );
            return Err(self.raise(ErrorClass::Exception, message));
        };
        let fields = of.into_ref().fields.as_deref().unwrap_or_default();
        let count = binders.unwrap_or(0);
        if count != fields.len() {
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.name()).collect();
            let message = format!(
                "variant {text} pattern expects {} binding(s) ({}), got {count}",
                fields.len(),
                names.join(", ")
            );
            return Err(self.raise(ErrorClass::Exception, message));
        }
        Ok(match subject.get::<EnumValue>() {
            Some(value) => value.variant == of,
            None => subject == variant,
        })
    }
}
