//! The stack of suspended callers.

use crate::bytecode::Instr;
use crate::code::Code;
use crate::value::Value;

/// A suspended caller, or the mark of something that must happen when the callee returns.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// The caller's code; null for a [`Mark`].
    pub code: *const Code,
    /// Where the caller goes on; the number of a [`Mark`].
    pub pc: *const Instr,
    /// The caller's first local slot.
    pub base: *mut Value,
}

/// What a frame without code stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The loop was entered from native code: leave it.
    Entry,
    /// The callee is a constructor: the instance below it is the result, and the caller's frame is the next one.
    Construct,
    /// As [`Mark::Entry`], and the loop is also left when compiled code can take over in the frame above.
    Resumed,
}

impl Frame {
    pub fn mark(mark: Mark) -> Frame {
        Frame {
            code: std::ptr::null(),
            pc: std::ptr::without_provenance(mark as usize),
            base: std::ptr::null_mut(),
        }
    }

    /// What a frame without code stands for.
    pub fn as_mark(&self) -> Mark {
        const CONSTRUCT: usize = Mark::Construct as usize;
        const RESUMED: usize = Mark::Resumed as usize;
        match self.pc.addr() {
            CONSTRUCT => Mark::Construct,
            RESUMED => Mark::Resumed,
            _ => Mark::Entry,
        }
    }
}

/// Room for one frame per slot of the value stack: as each callee takes at least one slot of its own, and
/// constructors three, the check of the value stack's limit covers this stack, too.
pub(crate) struct FrameStack {
    top: *mut Frame,
    memory: Box<[std::mem::MaybeUninit<Frame>]>,
}

impl FrameStack {
    pub fn new(slots: usize) -> FrameStack {
        let mut memory = Box::new_uninit_slice(slots);
        FrameStack {
            top: memory.as_mut_ptr().cast(),
            memory,
        }
    }

    #[inline(always)]
    pub fn push(&mut self, frame: Frame) {
        debug_assert!(self.len() < self.memory.len());
        // SAFETY: there is a frame's room for each slot of the value stack, see the type.
        unsafe {
            self.top.write(frame);
            self.top = self.top.add(1);
        }
    }

    /// Takes the innermost frame. The loop pops only what it or its entry pushed.
    #[inline(always)]
    pub fn pop(&mut self) -> Frame {
        debug_assert!(self.len() > 0);
        // SAFETY: the frame was pushed, and pushes and pops are paired.
        unsafe {
            self.top = self.top.sub(1);
            self.top.read()
        }
    }

    /// Does the frame that runs now have this mark below it?
    pub fn is_above(&self, mark: Mark) -> bool {
        // SAFETY: what runs has at least the mark of its entry below it.
        let frame = unsafe { self.top.sub(1).read() };
        frame.code.is_null() && frame.as_mark() == mark
    }

    pub fn len(&self) -> usize {
        (self.top.addr() - self.memory.as_ptr().addr()) / size_of::<Frame>()
    }
}
