//! `gene isle explain`.

use std::path::Path;

use clap::Args;
use gene_isle_tools::explain::explain;

use super::Outcome;

/// Options of `gene isle explain`.
#[derive(Args)]
pub struct Options {
    /// The rule
    #[arg(value_name = "RULE")]
    name: String,
}

/// Explains a rule.
pub fn run(rules: &Path, options: &Options) -> Outcome {
    super::print(rules, |analysis| explain(&analysis, &options.name))
}
