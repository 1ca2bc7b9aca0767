//! Running other programs.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Runs a command; answers what it wrote to standard output and standard error.
pub fn run(command: &mut Command) -> Result<(String, String)> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        stderr.trim_end()
    );
    Ok((stdout, stderr))
}
