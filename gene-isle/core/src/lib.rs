//! The rule compiler.
