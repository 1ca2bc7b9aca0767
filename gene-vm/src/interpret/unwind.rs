//! Exceptions on their way: handlers, frames that are left, the stack trace.

use super::frames::Mark;
use crate::bytecode::{Instr, Op};
use crate::code::Code;
use crate::object::Function;
use crate::session::Surroundings;
use crate::value::Value;
use crate::vm::Vm;

/// Where the loop goes on.
pub(super) struct Resume {
    pub code: *const Code,
    pub pc: *const Instr,
    pub base: *mut Value,
    pub sp: *mut Value,
}

impl Vm {
    /// Finds the handler for the exception on its way, which was raised by the instruction before `pc`.
    /// `leave`: the exception comes from the callee in this frame, which has run as compiled code.
    /// Leaves frames up to the one that native code entered; `None` when that is left, too.
    #[cold]
    #[inline(never)]
    pub(super) fn unwind(
        &mut self,
        mut code: *const Code,
        mut pc: *const Instr,
        mut base: *mut Value,
        leave: bool,
    ) -> Option<Resume> {
        if leave {
            (code, pc, base) = self.leave_frame()?;
        }
        loop {
            // SAFETY: the code belongs to the function at `base[-1]` of a frame that is still on the value stack; `pc`
            // points into its instructions or just behind them, the stack has room for an exception.
            unsafe {
                let instrs = &(*code).instrs;
                let index =
                    ((pc.addr() - instrs.as_ptr().addr()) / size_of::<Instr>()).saturating_sub(1);
                if instrs[index].op != Op::Rethrow {
                    if self.stack_trace().is_empty() {
                        self.note_surroundings(&*code, index, base);
                    }
                    self.note_trace(&*code, index);
                }
                if let Some(handler) = (*code).handler(index) {
                    if handler.suspends {
                        self.suspend_trace();
                    }
                    let sp = base.add((*code).locals as usize + handler.operands as usize);
                    sp.write(self.take_exception());
                    return Some(Resume {
                        code,
                        pc: instrs.as_ptr().add(handler.target as usize),
                        base,
                        sp: sp.add(1),
                    });
                }
            }
            (code, pc, base) = self.leave_frame()?;
        }
    }

    /// Remembers where an exception was raised, if that was recorded for the code.
    ///
    /// # Safety
    /// `base` is the first local slot of a frame that runs the code.
    unsafe fn note_surroundings(&mut self, code: &Code, pc: usize, base: *mut Value) {
        let Some(visible) = code.visible(pc) else {
            return;
        };
        // SAFETY: the function stands below the frame, and the slot is one of its locals.
        let (function, local) = unsafe {
            let local = visible.scope.map(|slot| base.add(slot as usize).read());
            (base.sub(1).read().get::<Function>(), local)
        };
        self.failing = function.map(|function| Surroundings {
            environment: visible.environment.clone(),
            scope: local.unwrap_or(function.scope),
            namespace: function.namespace,
        });
    }

    /// The caller's place; `None` if that is native code.
    fn leave_frame(&mut self) -> Option<(*const Code, *const Instr, *mut Value)> {
        let mut frame = self.frames.pop();
        while frame.code.is_null() {
            match frame.as_mark() {
                Mark::Entry | Mark::Resumed => return None,
                Mark::Construct => frame = self.frames.pop(),
            }
        }
        Some((frame.code, frame.pc, frame.base))
    }
}
