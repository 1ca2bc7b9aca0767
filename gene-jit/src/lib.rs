//! The Gene JIT.

pub mod buffer;
pub mod memory;
pub mod tree;
