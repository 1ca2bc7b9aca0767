//! `gene isle lsp`.

use std::process::ExitCode;

use gene_isle_tools::lsp;

use super::Outcome;

/// Serves an editor until it says goodbye.
pub fn run() -> Outcome {
    lsp::serve().map_err(|error| format!("The language server ended: {error}"))?;
    Ok(ExitCode::SUCCESS)
}
