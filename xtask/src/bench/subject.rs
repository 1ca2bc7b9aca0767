//! What is measured: Gene and the language implementations beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
        let php =
            "php -d opcache.enable_cli=1 -d opcache.jit=tracing -d opcache.jit_buffer_size=64M";
        let php_has_a_jit = "exit(opcache_get_status()['jit']['on'] ? 0 : 1);";
        let peers = [
            ("lua5.4", "lua5.4", "lua", vec!["-v"]),
            ("luajit -joff", "luajit -joff", "lua", vec!["-v"]),
            ("luajit", "luajit", "lua", vec!["-v"]),
            ("node --jitless", "node --jitless", "js", vec!["--version"]),
            (
                "node baseline",
                "node --sparkplug --always-sparkplug --no-maglev --no-opt",
                "js",
                vec!["--version"],
            ),
            ("node", "node", "js", vec!["--version"]),
            ("python3", "python3", "py", vec!["--version"]),
            ("php jit", php, "php", vec!["-r", php_has_a_jit]),
        ];
        let installed = peers
            .into_iter()
            .filter_map(|(name, command, extension, test)| {
                let command: Vec<&str> = command.split(' ').collect();
                let subject = Subject::new(name, &command, extension);
                subject.succeeds_with(&test).then_some(subject)
            });
        installed.collect()
    }

    fn succeeds_with(&self, arguments: &[&str]) -> bool {
        Command::new(&self.command[0])
            .args(&self.command[1..])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
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
