//! `gene isle check`.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use super::Outcome;

/// Reports everything that is wrong, or that nothing is.
pub fn run(rules: &Path) -> Outcome {
    let programs = super::read(rules)?;
    if let Some(failure) = super::report(&programs) {
        return Ok(failure);
    }
    let files: HashSet<_> = programs.iter().flat_map(|program| &program.paths).collect();
    let rules = programs.iter().flat_map(|program| {
        let place = |rule: &gene_isle_core::check::Rule| program.sources.place(rule.span);
        program
            .program
            .checked
            .rules
            .iter()
            .map(move |rule| (&rule.name, place(rule)))
    });
    let rules: HashSet<_> = rules.collect();
    outln!("{} files, {} rules: no errors", files.len(), rules.len());
    Ok(ExitCode::SUCCESS)
}
