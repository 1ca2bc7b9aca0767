//! Signals: `on_signal` (14.1), and writing to programs that have ended.

use super::arguments::{is_function, name_text};
use crate::object::Args;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use signal_hook::consts::{SIGINT, SIGPIPE};
use signal_hook::iterator::Signals;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

/// What the program does when it is interrupted from the keyboard.
pub(super) struct OnInterrupt {
    /// The handler.
    pub(super) handler: Value,
    /// The signal has come, and the handler has not been called yet.
    arrived: Arc<AtomicBool>,
}

pub(super) fn install(vm: &mut Vm) {
    vm.define_functions(vm.builtins.global, &[("on_signal", on_signal)]);
}

fn on_signal(vm: &mut Vm, args: Args) -> Result {
    let handler = vm.required(args, 1, "on_signal requires a signal name and a function")?;
    if name_text(&args[0]) != Some("INT") {
        return Err(vm.fail("on_signal currently supports only INT"));
    }
    if !is_function(handler) {
        return Err(vm.bad_argument("on_signal requires a function"));
    }
    if let Some(on_interrupt) = &mut vm.builtins.on_interrupt {
        on_interrupt.handler = handler;
        return Ok(Value::NIL);
    }
    let mut signals = match Signals::new([SIGINT]) {
        Ok(signals) => signals,
        Err(error) => {
            let message = format!("Failed to register a signal handler: {error}");
            return Err(vm.raise(ErrorClass::Io, message));
        }
    };
    let arrived = Arc::new(AtomicBool::new(false));
    let interrupter = vm.interrupter();
    let flag = arrived.clone();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            flag.store(true, Ordering::Relaxed);
            interrupter.interrupt();
        }
    });
    vm.builtins.on_interrupt = Some(OnInterrupt { handler, arrived });
    Ok(Value::NIL)
}

impl Vm {
    /// An interrupt has arrived: runs the handler of the program if it came from the keyboard, else raises.
    pub(crate) fn interrupted(&mut self) -> Result<()> {
        let on_interrupt = self.builtins.on_interrupt.as_ref();
        match on_interrupt.filter(|on| on.arrived.swap(false, Ordering::Relaxed)) {
            Some(on_interrupt) => self.call(on_interrupt.handler, &[]).map(drop),
            None => Err(self.raise(ErrorClass::Runtime, "Interrupted")),
        }
    }

    /// Does what is due while the program waits. What is live must be on the value stack.
    pub(super) fn safepoint_while_waiting(&mut self) -> Result<()> {
        if self.heap.poll.is_due() {
            self.safepoint()?;
        }
        Ok(())
    }
}

/// Makes writing to a closed pipe an error instead of the end of this process: a program that it talks to may end at
/// any time.
pub(super) fn survive_closed_pipes() -> std::io::Result<()> {
    static REGISTERED: Once = Once::new();
    let mut result = Ok(());
    REGISTERED.call_once(|| {
        // A signal with a handler does not end the process, and programs started later get the default back.
        result = signal_hook::flag::register(SIGPIPE, Arc::default()).map(drop);
    });
    result
}
