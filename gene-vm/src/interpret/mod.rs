//! The interpreter.
//!
//! [`Vm::run`](crate::vm::Vm::run) is one loop over the instructions of all frames. What is frequent stands in the loop; every other
//! instruction that neither jumps nor changes frames is a function of the operand stack, reached
//! through [`Vm::execute_plain`](crate::vm::Vm::execute_plain), which compiled code calls, too. A call of Gene code from Gene
//! code pushes a [`frames::Frame`] and stays in the loop; native code enters the loop anew.

mod arithmetic;
mod bind;
mod call;
mod check;
mod construct;
mod define;
mod fast;
mod frames;
mod futures;
mod generator;
mod iterate;
mod macros;
mod members;
mod methods;
mod names;
mod patterns;
mod placement;
mod plain;
mod run;
mod safepoint;
mod shaped;
mod throw;
mod tier_support;
mod unwind;

pub(crate) use frames::FrameStack;
pub(crate) use members::ENTRY_BYTES;
pub use plain::is_plain;
