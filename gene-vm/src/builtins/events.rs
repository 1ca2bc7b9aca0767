//! The event loop: timers, file operations and due callbacks (page 15). The program runs on one thread; only while
//! it waits do timers fire and callbacks run.

use crate::heap::{Gc, Tracer};
use crate::object::{Future, FutureState};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// How long to wait at once, so that interrupts are noticed.
pub(super) const SLICE: Duration = Duration::from_millis(100);

/// The state of a VM's event loop.
#[derive(Default)]
pub(crate) struct Events {
    driver: Option<Driver>,
    /// The futures of operations under way, by number.
    pending: FxHashMap<u64, Value>,
    next_number: u64,
    /// Callbacks that were registered on settled futures, with these.
    callbacks: VecDeque<(Value, Value)>,
    /// File operations under way that write.
    writes: usize,
}

/// What makes operations progress, made with the first one.
struct Driver {
    runtime: Runtime,
    operations: JoinSet<Completion>,
}

/// The end of an operation.
struct Completion {
    number: u64,
    /// When it was due: those that are found together settle in this order.
    due: Instant,
    outcome: Outcome,
}

/// How an operation ended.
pub(super) enum Outcome {
    Slept,
    Read(std::result::Result<String, String>),
    Written(std::result::Result<(), String>),
}

impl Events {
    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        for &future in self.pending.values() {
            tracer.value(future);
        }
        for &(future, callback) in &self.callbacks {
            tracer.value(future);
            tracer.value(callback);
        }
    }

    /// Has a callback to wait for the next turn.
    pub(super) fn enqueue(&mut self, future: Gc<Future>, callback: Value) {
        self.callbacks.push_back((Value::object(future), callback));
    }

    fn driver(&mut self) -> std::io::Result<&mut Driver> {
        if self.driver.is_none() {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()?;
            self.driver = Some(Driver {
                runtime,
                operations: JoinSet::new(),
            });
        }
        Ok(self.driver.as_mut().expect("it was made above"))
    }

    /// Waits until an operation ends or the time is over. Answers all that have ended, in order.
    fn wait(&mut self, limit: Duration) -> Vec<Completion> {
        let Some(driver) = self.driver.as_mut().filter(|d| !d.operations.is_empty()) else {
            std::thread::sleep(limit);
            return Vec::new();
        };
        let Driver {
            runtime,
            operations,
        } = driver;
        let mut completions = Vec::new();
        runtime.block_on(async {
            let first = tokio::time::timeout(limit, operations.join_next()).await;
            let mut next = first.ok().flatten();
            while let Some(completion) = next {
                completions.extend(completion);
                next = operations.try_join_next();
            }
        });
        completions.sort_by_key(|completion| (completion.due, completion.number));
        completions
    }
}

impl Vm {
    /// A pending future for an operation, which the event loop settles at the operation's end.
    fn start_operation(&mut self, spawn: impl FnOnce(&mut Driver, u64)) -> Result<Gc<Future>> {
        let events = &mut self.builtins.events;
        let number = events.next_number;
        events.next_number += 1;
        match events.driver() {
            Ok(driver) => spawn(driver, number),
            Err(error) => {
                return Err(self.raise(
                    ErrorClass::Io,
                    format!("Failed to start the event loop: {error}"),
                ));
            }
        }
        let future = self.new_future(FutureState::Pending, Value::NIL);
        let pending = &mut self.builtins.events.pending;
        pending.insert(number, Value::object(future));
        Ok(future)
    }

    /// A future that succeeds with `nil` after some time.
    pub(super) fn start_timer(&mut self, duration: Duration) -> Result<Gc<Future>> {
        let due = Instant::now() + duration;
        self.start_operation(|driver, number| {
            let timer = async move {
                tokio::time::sleep_until(due.into()).await;
                Completion {
                    number,
                    due,
                    outcome: Outcome::Slept,
                }
            };
            driver.operations.spawn_on(timer, driver.runtime.handle());
        })
    }

    /// A future for an operation that blocks a thread of its own.
    pub(super) fn start_blocking(
        &mut self,
        operation: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Result<Gc<Future>> {
        self.start_operation(|driver, number| {
            let run = move || Completion {
                number,
                outcome: operation(),
                due: Instant::now(),
            };
            driver
                .operations
                .spawn_blocking_on(run, driver.runtime.handle());
        })
    }

    /// As [`Vm::start_blocking`], for an operation that the end of the program waits for.
    pub(super) fn start_writing(
        &mut self,
        operation: impl FnOnce() -> std::result::Result<(), String> + Send + 'static,
    ) -> Result<Gc<Future>> {
        let future = self.start_blocking(move || Outcome::Written(operation()))?;
        self.builtins.events.writes += 1;
        Ok(future)
    }

    /// Runs the callbacks that are due, then waits at most `limit` for an operation to end, and settles its future.
    pub fn run_event_loop_turn(&mut self, limit: Duration) {
        self.run_due_callbacks();
        // What is shown should be seen before the program falls silent.
        self.io.flush();
        for Completion {
            number, outcome, ..
        } in self.builtins.events.wait(limit)
        {
            self.complete_operation(number, outcome);
        }
        self.run_due_callbacks();
    }

    fn complete_operation(&mut self, number: u64, outcome: Outcome) {
        let events = &mut self.builtins.events;
        events.writes -= usize::from(matches!(outcome, Outcome::Written(_)));
        let future = events.pending.remove(&number);
        let Some(future) = future.and_then(|future| future.get::<Future>()) else {
            return;
        };
        if future.state != FutureState::Pending {
            return;
        }
        let top = self.context.stack_top;
        self.root(Value::object(future));
        match outcome {
            Outcome::Slept | Outcome::Written(Ok(())) => {
                self.settle(future, FutureState::Success, Value::NIL);
            }
            Outcome::Read(Ok(text)) => {
                let text = self.heap.string(text);
                self.settle(future, FutureState::Success, text);
            }
            Outcome::Read(Err(message)) | Outcome::Written(Err(message)) => {
                let error = self.new_exception(ErrorClass::Io, &message);
                self.settle(future, FutureState::Failure, error);
            }
        }
        self.context.stack_top = top;
    }

    /// Runs the callbacks that wait now; those that they register wait for the next turn.
    fn run_due_callbacks(&mut self) {
        for _ in 0..self.builtins.events.callbacks.len() {
            let due = self.builtins.events.callbacks.pop_front();
            let Some((future, callback)) = due else {
                return;
            };
            let top = self.context.stack_top;
            self.root(future);
            if let Some(future) = future.get::<Future>() {
                self.run_callback(future, callback);
            }
            self.context.stack_top = top;
        }
    }

    /// Waits until a future is settled; answers its value or raises its exception. After `timeout` it fails.
    pub fn await_future(&mut self, future: Gc<Future>, timeout: Option<Duration>) -> Result {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            match future.state {
                FutureState::Pending => {}
                FutureState::Success => return Ok(future.value),
                FutureState::Failure | FutureState::Cancelled => {
                    return Err(self.throw(future.value));
                }
            }
            let remaining = deadline.map_or(SLICE, |deadline| {
                deadline.saturating_duration_since(Instant::now())
            });
            if remaining.is_zero() {
                let exception = self.new_exception(ErrorClass::Timeout, "await timed out");
                self.set_exception_code(exception, "GENE.ASYNC.TIMEOUT");
                self.settle(future, FutureState::Failure, exception);
            } else {
                self.run_event_loop_turn(remaining.min(SLICE));
                self.safepoint_while_waiting()?;
            }
        }
    }

    /// Runs the event loop for some time.
    pub(super) fn run_events_for(&mut self, duration: Duration) -> Result<()> {
        let deadline = Instant::now() + duration;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            self.run_event_loop_turn(remaining.min(SLICE));
            self.safepoint_while_waiting()?;
            if remaining.is_zero() {
                return Ok(());
            }
        }
    }

    /// At the end of the program: runs the callbacks of settled futures and lets writes end. Timers are not waited for.
    pub fn finish_events(&mut self) {
        while self.builtins.events.writes > 0 {
            self.run_event_loop_turn(Duration::from_millis(100));
        }
        while !self.builtins.events.callbacks.is_empty() {
            self.run_due_callbacks();
        }
        // Reads may go on in their threads; nobody waits for them.
        if let Some(driver) = self.builtins.events.driver.take() {
            driver.runtime.shutdown_background();
        }
    }
}
