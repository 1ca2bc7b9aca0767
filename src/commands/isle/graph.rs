//! `gene isle graph`.

use std::path::Path;

use clap::Args;
use gene_isle_tools::graph::graph;

use super::Outcome;

/// Options of `gene isle graph`.
#[derive(Args)]
pub struct Options {
    /// The term
    #[arg(value_name = "TERM")]
    name: String,
}

/// Draws a decision tree.
pub fn run(rules: &Path, options: &Options) -> Outcome {
    super::print(rules, |analysis| graph(&analysis, &options.name))
}
