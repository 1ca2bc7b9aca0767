//! The rule compiler: parse, check, generate.

pub mod ast;
pub mod check;
pub mod compile;
pub mod decision;
pub mod diagnostic;
pub mod generate;
pub mod machine;
pub mod overlap;
pub mod parse;
pub mod reader;
pub mod recursion;
pub mod rule_set;
pub mod source;
pub mod terms;
pub mod types;
