//! Telling the user what went wrong, on standard error.

use std::process::ExitCode;

/// Reports that a command failed and gives the status to end with.
pub fn failure(text: &str) -> ExitCode {
    eprintln!("Error: {text}");
    ExitCode::FAILURE
}
