//! How running code learns that a safepoint has something to do.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// What safepoints look at. Other threads may set it.
#[repr(C)]
#[derive(Default)]
pub struct Poll {
    /// Not 0 when a safepoint has something to do: a collection, an interrupt, a count of steps.
    due: AtomicU32,
    /// Compiled functions whose frames lie above this have something to do before they begin: the limit of the value
    /// stack, or 0 when a safepoint has something to do. So one comparison at the entry is enough for both.
    frame_limit: AtomicUsize,
}

impl Poll {
    /// Offset of the word that is not 0 when something is due, for compiled code.
    pub const DUE_OFFSET: usize = std::mem::offset_of!(Poll, due);
    /// Offset of the limit of frames, for compiled code.
    pub const FRAME_LIMIT_OFFSET: usize = std::mem::offset_of!(Poll, frame_limit);

    /// Makes the next safepoint look for what there is to do.
    pub fn request(&self) {
        self.due.store(1, Ordering::SeqCst);
        self.frame_limit.store(0, Ordering::SeqCst);
    }

    /// Does a safepoint have something to do?
    #[inline]
    pub fn is_due(&self) -> bool {
        self.due.load(Ordering::Relaxed) != 0
    }

    /// A safepoint does what is due.
    pub fn clear(&self, stack_limit: usize) {
        self.due.store(0, Ordering::SeqCst);
        self.set_stack_limit(stack_limit);
    }

    /// The value stack ends elsewhere.
    pub fn set_stack_limit(&self, limit: usize) {
        self.frame_limit.store(limit, Ordering::SeqCst);
        // A request that came before that store is still to be seen.
        if self.due.load(Ordering::SeqCst) != 0 {
            self.frame_limit.store(0, Ordering::SeqCst);
        }
    }
}
