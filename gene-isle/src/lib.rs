//! Placeholder of the procedural macro crate.
