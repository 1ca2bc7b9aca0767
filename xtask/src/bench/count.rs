//! Executed arm64 instructions, counted by a plugin of the emulator: the same
//! number on every machine, so that a small change of generated code shows.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use super::programs::Program;
use super::subject::Subject;
use super::table::{Row, Table};
use crate::arm64;
use crate::counting::{Counted, FOLDER, Plugin};

/// Debian packages with arm64 builds of the peers, and the libraries they need.
const PEER_PACKAGES: [&str; 10] = [
    "lua5.4:arm64",
    "liblua5.4-0:arm64",
    "luajit:arm64",
    "libluajit-5.1-2:arm64",
    "libluajit-5.1-common",
    "libreadline8:arm64",
    "libtinfo6:arm64",
    "libc6:arm64",
    "libgcc-s1:arm64",
    "libstdc++6:arm64",
];

/// Counts the programs; a value is what a run takes beyond that of an empty program.
pub fn measure(shell: &Shell, programs: &[&Program], peers_root: Option<&Path>) -> Result<Table> {
    let toolchain = arm64::setup(shell)?;
    let plugin = Plugin::build(shell)?;
    let folder = shell.current_dir().join(FOLDER);
    toolchain
        .cargo(shell, "build")
        .args(["--release", "--package=gene"])
        .run()?;
    let gene = format!("target/arm64/{}/release/gene", arm64::TARGET);
    let mut counters = ["auto", "off"]
        .map(|jit| {
            let name = if jit == "off" {
                "gene --jit=off"
            } else {
                "gene"
            };
            Counter::new(Subject::gene(name, Path::new(&gene), jit), &plugin, None)
        })
        .into_iter()
        .collect::<Vec<_>>();
    let root = match peers_root {
        Some(root) => Ok(root.to_owned()),
        None => fetch_peers(shell, &folder),
    };
    match root {
        Ok(root) => {
            let peers = peers(&root).into_iter();
            counters.extend(peers.map(|peer| Counter::new(peer, &plugin, Some(&root))));
        }
        Err(error) => eprintln!("arm64 builds of the peers are left out: {error:#}"),
    }

    let base = counters
        .iter()
        .map(|counter| {
            let empty = folder.join(format!("empty.{}", counter.subject.extension));
            shell.write_file(&empty, "")?;
            Ok(counter.count(&empty, 0)?.instructions)
        })
        .collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for program in programs {
        eprintln!("counting {}", program.name);
        let mut expected: Option<String> = None;
        let mut values = Vec::new();
        for (counter, base) in counters.iter().zip(&base) {
            let file = super::program_file(program, counter.subject.extension);
            let run = counter.count(&file, program.small)?;
            let expected = expected.get_or_insert_with(|| run.output.clone());
            ensure!(
                *expected == run.output,
                "{}: {} wrote {:?}, not {expected:?}",
                program.name,
                counter.subject.name,
                run.output
            );
            values.push(Some((run.instructions - base) / 1e6));
        }
        rows.push(Row {
            program: program.name,
            values,
        });
    }
    Ok(Table {
        title: "Executed arm64 instructions".to_owned(),
        unit: "millions",
        subjects: counters
            .iter()
            .map(|counter| counter.subject.name.to_owned())
            .collect(),
        rows,
    })
}

/// A subject under the counting emulator.
struct Counter<'a> {
    subject: Subject,
    plugin: &'a Plugin,
    /// For the emulator.
    options: Vec<PathBuf>,
}

impl<'a> Counter<'a> {
    /// `root` holds the shared libraries of the program, if it needs any.
    fn new(subject: Subject, plugin: &'a Plugin, root: Option<&Path>) -> Counter<'a> {
        let mut options = Vec::new();
        if let Some(root) = root {
            let libraries = ["lib", "usr/lib"]
                .map(|folder| root.join(folder).join("aarch64-linux-gnu"))
                .map(|folder| folder.display().to_string())
                .join(":");
            options.extend(["-L".into(), root.to_owned()]);
            options.extend(["-E".into(), format!("LD_LIBRARY_PATH={libraries}").into()]);
        }
        Counter {
            subject,
            plugin,
            options,
        }
    }

    fn count(&self, file: &Path, argument: u32) -> Result<Counted> {
        let command = self.subject.command(file, argument);
        self.plugin.count(arm64::EMULATOR, &self.options, &command)
    }
}

/// Unpacks the peers' packages into a folder, without installing them.
fn fetch_peers(shell: &Shell, folder: &Path) -> Result<PathBuf> {
    let root = folder.join("root");
    if root.join("usr/bin/lua5.4").exists() {
        return Ok(root);
    }
    let packages = folder.join("packages");
    shell.create_dir(&packages)?;
    {
        let _there = shell.push_dir(&packages);
        cmd!(shell, "apt-get download -q {PEER_PACKAGES...}")
            .run()
            .context("`dpkg --add-architecture arm64 && apt-get update` makes them known")?;
    }
    for package in shell.read_dir(&packages)? {
        cmd!(shell, "dpkg -x {package} {root}").quiet().run()?;
    }
    Ok(root)
}

fn peers(root: &Path) -> Vec<Subject> {
    let bin = root.join("usr/bin");
    let options = [
        ("lua5.4", "lua5.4", None),
        ("luajit -joff", "luajit", Some("-joff")),
        ("luajit", "luajit", None),
    ];
    options
        .into_iter()
        .filter(|(_, program, _)| bin.join(program).exists())
        .map(|(name, program, option)| Subject {
            name,
            command: [Some(bin.join(program)), option.map(PathBuf::from)]
                .into_iter()
                .flatten()
                .collect(),
            extension: "lua",
        })
        .collect()
}
