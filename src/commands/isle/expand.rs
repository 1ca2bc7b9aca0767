//! `gene isle expand`.

use std::path::Path;

use clap::Args;
use gene_isle_tools::expand::expand;

use super::Outcome;

/// Options of `gene isle expand`.
#[derive(Args)]
pub struct Options {
    /// The term or rule
    #[arg(value_name = "NAME")]
    name: String,
}

/// Shows generated code.
pub fn run(rules: &Path, options: &Options) -> Outcome {
    super::print(rules, |analysis| expand(analysis, &options.name))
}
