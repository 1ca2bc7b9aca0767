//! `cargo xtask test`: the test command.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;
use xshell::{Cmd, Shell, cmd};

use crate::{arm64, linear};

/// A part of the test command, in the order in which they run.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Step {
    /// rustfmt's check
    Fmt,
    /// clippy on everything, warnings denied
    Clippy,
    /// the rule files: without errors, and formatted
    Rules,
    /// all tests on this machine
    Host,
    /// the conformance programs with the JIT's code run by the simulator, and again with a collection at each safepoint
    /// after an allocation
    Sim,
    /// compiling takes work in proportion to the size of a body
    Linear,
    /// the documentation, warnings denied
    Docs,
    /// the tests of the runtime and the command line as an aarch64 binary
    Arm64,
}

/// What the aarch64 run leaves out runs at build time or in the workshop, never on a target.
const TARGET_PACKAGES: [&str; 3] = ["gene", "gene-vm", "gene-jit"];

/// Rule files and folders, each a program of its own.
const RULES: [&str; 6] = [
    "rules",
    "examples/calculator/calculator.isle",
    "gene-isle/bench/rules.isle",
    "gene-isle/core/tests/corpus",
    "gene-isle/tests/rules",
    "gene-isle/tools/tests/rules",
];

/// Runs the steps, all of them if none is named; a failing step does not keep
/// the later ones from running.
pub fn run(shell: &Shell, steps: &[Step]) -> Result<()> {
    // Tests compare with the snapshots in the repository and never write new ones.
    shell.set_var("INSTA_UPDATE", "no");
    shell.set_var("INSTA_WORKSPACE_ROOT", shell.current_dir());
    let mut failed = Vec::new();
    for &step in Step::value_variants() {
        if !steps.is_empty() && !steps.contains(&step) {
            continue;
        }
        let name = step.to_possible_value().expect("no step is hidden");
        let name = name.get_name();
        println!("\n==> {name}");
        let start = Instant::now();
        let verdict = match step.run(shell) {
            Ok(()) => "ok",
            Err(error) => {
                eprintln!("error: {error:#}");
                failed.push(name.to_owned());
                "FAILED"
            }
        };
        println!("<== {name}: {verdict} in {:.0?}", start.elapsed());
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    println!("\nAll steps passed.");
    Ok(())
}

impl Step {
    fn run(self, shell: &Shell) -> Result<()> {
        match self {
            Step::Fmt => cmd!(shell, "cargo fmt --all --check").run()?,
            Step::Clippy => cmd!(
                shell,
                "cargo clippy --workspace --all-targets -- -D warnings"
            )
            .run()?,
            Step::Rules => {
                for rules in RULES {
                    cmd!(shell, "cargo run --quiet -- isle check --rules {rules}").run()?;
                }
                cmd!(shell, "cargo run --quiet -- isle fmt --check")
                    .args(RULES)
                    .run()?;
            }
            Step::Host => cmd!(shell, "cargo test --workspace --no-fail-fast").run()?,
            Step::Sim => {
                let run = || conformance(cmd!(shell, "cargo test"), "sim");
                run().run()?;
                run().env("GENE_TEST_GC", "stress").run()?;
            }
            Step::Linear => linear::check(shell)?,
            Step::Docs => cmd!(
                shell,
                "cargo doc --workspace --no-deps --document-private-items"
            )
            // Private items are documented, too, so links to them lead somewhere.
            .env(
                "RUSTDOCFLAGS",
                "-D warnings -A rustdoc::private-intra-doc-links",
            )
            .run()?,
            // The host step has run everything natively but for one mode.
            Step::Arm64 if arm64::NATIVE => {
                conformance(cmd!(shell, "cargo test"), "always").run()?
            }
            Step::Arm64 => {
                let toolchain = arm64::setup(shell)?;
                let packages = TARGET_PACKAGES.map(|package| format!("--package={package}"));
                // Documentation tests would need a matching rustdoc, and add nothing here.
                toolchain
                    .cargo(shell, "test")
                    .args(packages)
                    .args(["--lib", "--bins", "--tests", "--no-fail-fast"])
                    .env("GENE_TEST_JIT", "always")
                    .env("GENE_TEST_RUNNER", arm64::EMULATOR)
                    .run()?;
            }
        }
        Ok(())
    }
}

/// Only the conformance programs, in one mode of the JIT.
fn conformance<'a>(cargo_test: Cmd<'a>, jit: &str) -> Cmd<'a> {
    cargo_test
        .args(["--package=gene", "--test=conformance"])
        .env("GENE_TEST_JIT", jit)
}
