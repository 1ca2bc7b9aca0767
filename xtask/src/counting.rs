//! Executed instructions, counted by a plugin of the emulator: nearly the same number each time, on every machine.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::process::run;

/// Where the plugin is kept.
pub const FOLDER: &str = "target/arm64-bench";

/// The plugin.
pub struct Plugin(PathBuf);

/// What a process has come to.
pub struct Counted {
    /// What it has written.
    pub output: String,
    /// The instructions that it has executed.
    pub instructions: f64,
}

impl Plugin {
    /// Builds it.
    pub fn build(shell: &Shell) -> Result<Plugin> {
        shell.create_dir(FOLDER)?;
        let library = shell.current_dir().join(FOLDER).join("libcount.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/count-plugin.c");
        cmd!(shell, "cc -shared -fPIC -O2 -o {library} {source}")
            .quiet()
            .run()?;
        Ok(Plugin(library))
    }

    /// Runs a command under an emulator that is told `options`.
    pub fn count(&self, emulator: &str, options: &[PathBuf], inner: &Command) -> Result<Counted> {
        let mut command = Command::new(emulator);
        command
            .arg("-plugin")
            .arg(&self.0)
            .args(options)
            .arg(inner.get_program())
            .args(inner.get_args());
        let (output, errors) = run(&mut command)?;
        let instructions = errors
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("instructions "))
            .with_context(|| format!("{command:?} reported no count"))?
            .parse()?;
        Ok(Counted {
            output,
            instructions,
        })
    }
}
