//! The Gene JIT: hot functions as machine code.
//!
//! ```text
//! bytecode ──tree──▶ trees ──lower, by rules/──▶ code buffer ──memory──▶ executable code ◀──tier── the VM
//! ```

pub mod arm64;
pub mod buffer;
mod lower;
mod runtime;
pub mod memory;
pub mod tree;
