//! Interrupting a running VM from another thread or a signal handler's thread.

use crate::heap::Poll;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What the VM's safepoints look at.
struct PollWord(NonNull<Poll>);

// SAFETY: the word is atomic; it is only reached under the lock that the VM takes before it goes away.
unsafe impl Send for PollWord {}

#[derive(Default)]
struct State {
    requested: AtomicBool,
    /// `None` once the VM is gone.
    poll: Mutex<Option<PollWord>>,
}

/// Interrupts a VM: the running program gets a `RuntimeException` with the message `Interrupted` at its
/// next call or loop round.
#[derive(Clone, Default)]
pub struct Interrupter(Arc<State>);

impl Interrupter {
    /// Interrupts the VM, or the next program that it runs.
    pub fn interrupt(&self) {
        self.0.requested.store(true, Ordering::Relaxed);
        if let Some(poll) = &*self
            .0
            .poll
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
        {
            // SAFETY: the VM is alive: it takes the word back, under the lock, when it is dropped.
            unsafe { poll.0.as_ref() }.request();
        }
    }

    /// Was an interrupt requested? It counts once.
    pub(crate) fn take(&self) -> bool {
        self.0.requested.swap(false, Ordering::Relaxed)
    }

    /// Connects the interrupter with the poll word of a VM. [`Interrupter::disconnect`] must be called before the
    /// word goes away.
    pub(crate) fn connect(&self, poll: &Poll) {
        *self
            .0
            .poll
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(PollWord(NonNull::from(poll)));
    }

    pub(crate) fn disconnect(&self) {
        *self
            .0
            .poll
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }
}
