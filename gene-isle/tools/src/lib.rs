//! Tools for people who write rule files.
//!
//! They look at rules through the compiler in `gene-isle-core` and are a crate of their own so
//! that what is built from rules does not depend on them.

pub mod analysis;
pub mod coverage;
mod describe;
pub mod expand;
pub mod explain;
pub mod format;
pub mod graph;
pub mod lsp;
pub mod names;
pub mod testing;
