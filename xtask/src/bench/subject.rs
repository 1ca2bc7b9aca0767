//! What is measured: Gene and the language implementations beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// A way to run programs of one language.
pub struct Subject {
    /// What tables call it.
    pub name: &'static str,
    /// The program and its first arguments.
    pub command: Vec<PathBuf>,
    /// Extension of the program files that it runs.
    pub extension: &'static str,
}

impl Subject {
    fn new(name: &'static str, command: &[&str], extension: &'static str) -> Subject {
        Subject {
            name,
            command: command.iter().map(PathBuf::from).collect(),
            extension,
        }
    }

    /// Gene, in one mode of the JIT.
    pub fn gene(name: &'static str, binary: &Path, jit: &str) -> Subject {
        Subject {
            name,
            command: [binary, Path::new("run"), Path::new("--jit"), Path::new(jit)]
                .map(PathBuf::from)
                .to_vec(),
            extension: "gene",
        }
    }

    /// The implementations of other languages that are installed here.
    pub fn installed_peers() -> Vec<Subject> {
        let mut peers = vec![
            Subject::new("lua5.4", &["lua5.4"], "lua"),
            Subject::new("luajit -joff", &["luajit", "-joff"], "lua"),
            Subject::new("luajit", &["luajit"], "lua"),
            Subject::new("node --jitless", &["node", "--jitless"], "js"),
            Subject::new(
                "node baseline",
                &["node", "--always-sparkplug", "--no-opt", "--no-maglev"],
                "js",
            ),
            Subject::new("node", &["node"], "js"),
            Subject::new("python3", &["python3"], "py"),
        ];
        peers.retain(|peer| {
            Command::new(&peer.command[0])
                .args(&peer.command[1..])
                .arg(if peer.extension == "lua" {
                    "-v"
                } else {
                    "--version"
                })
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        });
        peers
    }

    /// The command that runs a program file.
    pub fn command(&self, file: &Path, argument: u32) -> Command {
        let mut command = Command::new(&self.command[0]);
        command
            .args(&self.command[1..])
            .arg(file)
            .arg(argument.to_string())
            .stdin(Stdio::null());
        command
    }
}

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
