//! The language, shown by programs: each `conformance/AREA/NAME.gene` must write
//! exactly `NAME.out` to standard output and end with the status in `NAME.exit`
//! (0 where there is no such file). A `.gene` file without an `.out` beside it
//! belongs to a program that imports it.
//!
//! Each program is one test, so `cargo test --test conformance -- strings/`
//! runs one area. The programs of `language/` show rules that the corpus leaves
//! out; their names start with that word. `GENE_TEST_JIT` chooses what
//! `gene run --jit` is given; with `GENE_TEST_GC=stress` all garbage is
//! collected at each safepoint after an allocation.

mod support;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use wait_timeout::ChildExt;

/// Far above what any program needs, even emulated on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(60);

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::from_args();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let corpus = tests.join("conformance");
    let workplace = Arc::new(Workplace::new()?);

    let mut programs = Vec::new();
    collect(&corpus, &corpus, &mut programs)?;
    collect(&tests, &tests.join("language"), &mut programs)?;
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    let trials = programs
        .into_iter()
        .map(|program| {
            let workplace = workplace.clone();
            Trial::test(program.name.clone(), move || {
                program.check(&workplace).map_err(Failed::from)
            })
        })
        .collect();

    let conclusion = libtest_mimic::run(&arguments, trials);
    println!(
        "{} passed, {} failed",
        conclusion.num_passed, conclusion.num_failed
    );
    Ok(conclusion.exit_code())
}

/// One program of the corpus.
struct Program {
    /// `AREA/NAME`
    name: String,
    source: PathBuf,
}

impl Program {
    fn check(&self, workplace: &Workplace) -> Result<(), String> {
        let expected = fs::read(self.source.with_extension("out")).map_err(|e| e.to_string())?;
        let status = match fs::read_to_string(self.source.with_extension("exit")) {
            Ok(text) => text.trim().parse().map_err(|_| "malformed .exit file")?,
            Err(_) => 0,
        };
        let run = workplace.run(self).map_err(|e| e.to_string())?;
        let Some(ended) = run.status else {
            return Err(format!("still running after {TIME_LIMIT:?}"));
        };
        let mut complaints = Vec::new();
        if run.stdout != expected {
            complaints.push(first_difference(&expected, &run.stdout));
        }
        if ended.code() != Some(status) {
            complaints.push(format!("expected exit status {status}, got {ended}"));
        }
        if complaints.is_empty() {
            return Ok(());
        }
        if !run.stderr.is_empty() {
            let stderr = String::from_utf8_lossy(&run.stderr);
            complaints.push(format!("standard error: {}", stderr.trim_end()));
        }
        Err(complaints.join("\n"))
    }
}

/// A scratch folder in which the programs run.
struct Workplace(tempfile::TempDir);

/// What came of running a program; no status when it had to be killed.
struct Run {
    status: Option<ExitStatus>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Workplace {
    fn new() -> io::Result<Self> {
        tempfile::Builder::new()
            .prefix("gene-conformance-")
            .tempdir()
            .map(Workplace)
    }

    fn run(&self, program: &Program) -> io::Result<Run> {
        // Output goes to files: a pipe would have to be drained while waiting.
        let stem = program.name.replace('/', "-");
        let [stdout, stderr] =
            ["stdout", "stderr"].map(|stream| self.0.path().join(format!("{stem}.{stream}")));
        let mut command = support::gene();
        command.arg("run");
        if let Some(jit) = std::env::var_os("GENE_TEST_JIT") {
            command.arg("--jit").arg(jit);
        }
        if std::env::var_os("GENE_TEST_GC").is_some_and(|mode| mode == "stress") {
            command.arg("--gc-stress");
        }
        let mut child = command
            .arg(&program.source)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(File::create(&stdout)?)
            .stderr(File::create(&stderr)?)
            .spawn()?;
        let status = child.wait_timeout(TIME_LIMIT)?;
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        Ok(Run {
            status,
            stdout: fs::read(stdout)?,
            stderr: fs::read(stderr)?,
        })
    }
}

/// The programs under `folder`, named relative to `root`.
fn collect(root: &Path, folder: &Path, programs: &mut Vec<Program>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, programs)?;
        } else if path.extension().is_some_and(|extension| extension == "out") {
            let base = path.with_extension("");
            let name = base.strip_prefix(root).expect("found below the root");
            programs.push(Program {
                name: name.to_string_lossy().replace('\\', "/"),
                source: path.with_extension("gene"),
            });
        }
    }
    Ok(())
}

/// Where two texts differ first, by line.
fn first_difference(expected: &[u8], got: &[u8]) -> String {
    let lines = |text| String::from_utf8_lossy(text).into_owned();
    let (expected, got) = (lines(expected), lines(got));
    let (mut expected, mut got) = (expected.split('\n'), got.split('\n'));
    let mut number = 1;
    loop {
        match (expected.next(), got.next()) {
            (Some(a), Some(b)) if a == b => number += 1,
            (a, b) => {
                let show = |line: Option<&str>| {
                    line.map_or("the end of the output".to_owned(), |line| {
                        format!("{line:?}")
                    })
                };
                return format!("line {number}: expected {}, got {}", show(a), show(b));
            }
        }
    }
}
