//! The Gene JIT: hot functions as machine code.
//!
//! ```text
//! bytecode ──tree──▶ trees ──lower, by rules/──▶ code buffer ──memory──▶ executable code ◀──tier── the VM
//! ```

mod adapter;
pub mod arm64;
pub mod buffer;
pub mod explain;
pub mod expose;
pub mod feedback;
mod look_up;
pub mod lower;
pub mod memory;
pub mod profile;
mod runtime;
pub mod sim;
pub mod stats;
mod thunks;
pub mod tier;
pub mod tree;
