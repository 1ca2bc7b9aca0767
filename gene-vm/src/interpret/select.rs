//! Selector values applied to targets (17.7, 17.8).

use super::call::Arguments;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

impl Vm {
    /// `(selector target default)`
    pub(super) fn apply_selector(
        &mut self,
        _selector: Value,
        _base: *mut Value,
        arguments: Arguments,
    ) -> Result {
        let _ = arguments.count;
        Err(self.raise(ErrorClass::Argument, "Selector.call expects a target value"))
    }
}
