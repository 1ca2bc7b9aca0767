//! The Gene virtual machine: values, heap, reader, compiler, interpreter, built-ins.
//!
//! It knows nothing of machine code; [`tier`] is the hook for a second tier.

pub mod builtins;
pub mod bytecode;
pub mod code;
pub mod compile;
pub mod embed;
pub mod equality;
pub mod format;
pub mod heap;
pub mod image;
pub mod interpret;
pub mod interrupt;
pub mod lookups;
pub mod modules;
pub mod object;
pub mod print;
pub mod program;
pub mod reader;
mod routines;
pub mod session;
pub mod source;
pub mod symbol;
pub mod tier;
pub mod types;
pub mod value;
pub mod vm;

pub use symbol::Symbol;
pub use value::Value;
pub use vm::{Raise, Vm};
