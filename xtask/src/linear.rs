//! Is the work of compiling a body in proportion to its size? The instructions that the compiler executes are counted for a
//! small and a large body of each shape; so a pass that takes quadratic time shows, wherever it is.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::arm64;
use crate::counting::{Counted, Plugin};

/// The large body has so many times the instructions of the small one.
const GROWTH: usize = 16;
/// So much more work may each instruction of the large body take. A pass over the whole body for each of its parts, as
/// short as one comparison, exceeds it.
const MOST: f64 = 1.25;

/// Checks all shapes that `gene-jit/examples/compile_rate` knows.
pub fn check(shell: &Shell) -> Result<()> {
    let emulator = format!("qemu-{}", std::env::consts::ARCH);
    if !arm64::installed(&emulator) {
        println!("{emulator} is not installed, so nothing is counted");
        return Ok(());
    }
    cmd!(
        shell,
        "cargo build --quiet --package=gene-jit --example=compile_rate"
    )
    .run()?;
    let compiler = Compiler {
        plugin: Plugin::build(shell)?,
        emulator,
        program: Path::new("target/debug/examples/compile_rate").to_owned(),
    };
    let mut failed = Vec::new();
    for line in compiler.run(&["--shapes"])?.output.lines() {
        let (most, shape) = line.split_once(' ').context("a shape has a size")?;
        let most: usize = most.parse()?;
        let small = compiler.work_each(shape, most / GROWTH)?;
        let large = compiler.work_each(shape, most)?;
        let ratio = large / small;
        println!("{small:6.0} {large:6.0}  {ratio:5.2}  {shape}");
        if ratio > MOST {
            failed.push(format!("{shape} ({ratio:.2} times as much)"));
        }
    }
    ensure!(
        failed.is_empty(),
        "each instruction takes more work in a large body than in a small one: {}",
        failed.join(", ")
    );
    Ok(())
}

/// The compiler, under an emulator that counts.
struct Compiler {
    plugin: Plugin,
    emulator: String,
    program: PathBuf,
}

impl Compiler {
    /// What compiling a body of a shape executes for each of its instructions.
    fn work_each(&self, shape: &str, count: usize) -> Result<f64> {
        let count = count.to_string();
        let run = |rounds| self.run(&["--only", shape, &count, rounds]);
        // What comes before, reading for example, is part of both.
        let (before, with) = (run("0")?, run("1")?);
        let instructions: f64 = with.output.trim().parse()?;
        Ok((with.instructions - before.instructions) / instructions)
    }

    fn run(&self, arguments: &[&str]) -> Result<Counted> {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        self.plugin.count(&self.emulator, &[], &command)
    }
}
