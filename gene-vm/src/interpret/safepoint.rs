//! Safepoints: where collections happen and interrupts arrive.

use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Result, Vm};

impl Vm {
    /// Does what is due: an interrupt, the step limit, a collection. Called at function entries and back edges when
    /// the poll word is not 0. Every live value must be on the value stack below `context.stack_top`
    /// or reachable otherwise.
    #[cold]
    #[inline(never)]
    pub fn safepoint(&mut self) -> Result<()> {
        self.heap.poll.clear(self.context.stack_limit.addr());
        if self.interrupter.take() {
            self.interrupted()?;
        }
        if let Some(steps) = self.steps {
            self.heap.request_safepoint();
            let Some(left) = steps.checked_sub(1) else {
                // The limit stays used up: a program that catches this gets no further.
                return Err(self.raise(ErrorClass::Runtime, "Step limit exceeded"));
            };
            self.steps = Some(left);
        }
        if self.heap.wants_collection() {
            self.collect();
            if self.heap.over_limit() {
                return Err(self.raise(ErrorClass::Runtime, "Memory limit exceeded"));
            }
        }
        Ok(())
    }

    /// Does a safepoint have something to do?
    #[inline]
    pub fn is_safepoint_due(&self) -> bool {
        self.heap.poll.is_due()
    }

    /// The exception for running out of the value stack or the native stack.
    #[cold]
    #[inline(never)]
    pub(crate) fn stack_overflow(&mut self) -> Raise {
        self.raise(
            ErrorClass::Runtime,
            "Stack overflow: too many calls are under way; check that the recursion ends",
        )
    }

    /// Ends the value stack elsewhere.
    pub fn set_stack_limit(&mut self, limit: *mut Value) {
        self.context.stack_limit = limit;
        self.heap.poll.set_stack_limit(limit.addr());
    }

    /// Is there room on the value stack for `slots` more?
    #[inline]
    pub(crate) fn has_room(&self, slots: usize) -> bool {
        self.context.stack_top.wrapping_add(slots) <= self.context.stack_limit
    }
}
