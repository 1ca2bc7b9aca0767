//! `gene isle coverage`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gene_isle_tools::coverage::Coverage;

use super::Outcome;
use crate::source;

/// Options of `gene isle coverage`.
#[derive(Args)]
pub struct Options {
    /// Lists of rules that have fired, one name on each line, besides those that tests in the
    /// rule files name
    #[arg(value_name = "FILE")]
    lists: Vec<PathBuf>,
}

/// Tells which rules no test reaches; fails if there are any.
pub fn run(rules: &Path, options: &Options) -> Outcome {
    let programs = super::read(rules)?;
    if let Some(failure) = super::report(&programs) {
        return Ok(failure);
    }
    let mut lists = Vec::new();
    for list in &options.lists {
        lists.push(source::read_file(list)?);
    }
    let mut status = ExitCode::SUCCESS;
    for program in &programs {
        let mut coverage = Coverage::default();
        coverage.tests(program);
        lists.iter().for_each(|list| coverage.list(list));
        let (report, complete) = coverage.report(program);
        out!("{report}");
        if !complete {
            status = ExitCode::FAILURE;
        }
    }
    Ok(status)
}
