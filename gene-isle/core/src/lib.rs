//! The rule compiler: parse, check, generate.
//!
//! [`compile::compile`] is the pipeline and fits on a screen; each pass is a module:
//!
//! | Pass | Module | What it makes |
//! |---|---|---|
//! | read | [`reader`] | top-level forms |
//! | parse | [`parse`] | the syntax, [`ast`] |
//! | types | [`types`] | the type environment |
//! | machine | [`machine`] | instructions and their operands |
//! | terms | [`terms`] | the term environment |
//! | check | [`check`] | rules with types and resolved names |
//! | normal form | [`rule_set`] | bindings and constraints shared by the rules of a term |
//! | overlap, recursion, flags | [`overlap`], [`recursion`], [`flags`] | errors only |
//! | decide | [`decision`] | a decision tree for each term |
//! | generate | [`mod@generate`] | Rust |
//!
//! Errors are collected as [`diagnostic::Diagnostic`]s, so that one run reports them all.

// The parser that pest derives without its feature "std" names it.
extern crate alloc;

pub mod ast;
pub mod check;
pub mod compile;
pub mod decision;
pub mod diagnostic;
pub mod flags;
pub mod generate;
pub mod load;
pub mod machine;
pub mod overlap;
pub mod parse;
pub mod reader;
pub mod recursion;
pub mod rule_set;
pub mod source;
pub mod terms;
pub mod tests;
pub mod types;
