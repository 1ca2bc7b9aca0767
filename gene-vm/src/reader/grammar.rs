//! The written grammar of Gene, as a parser.

#![allow(missing_docs, reason = "each rule is documented in the grammar")]

/// Parses by the rules of `gene.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "reader/gene.pest"]
pub struct Grammar;
