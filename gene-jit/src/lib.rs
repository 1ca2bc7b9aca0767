//! The Gene JIT.
