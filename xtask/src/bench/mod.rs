//! `cargo xtask bench`: Gene beside other languages on the same algorithms.

mod count;
mod page;
mod programs;
mod subject;
mod table;
mod time;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use xshell::{Shell, cmd};

use crate::arm64;
use programs::{PROGRAMS, Program};
use subject::Subject;

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub struct Options {
    /// Programs to run [default: all of them]
    programs: Vec<String>,
    /// What to measure [default: both; only time where arm64 is native]
    #[arg(long, value_enum)]
    only: Option<Measure>,
    /// Rounds of which the median time is taken
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Where the page with the plots is written
    #[arg(long, default_value = "target/bench.html")]
    page: PathBuf,
    /// A folder with arm64 builds of the peers, as `usr/bin/lua5.4` and `usr/bin/luajit`, and their libraries
    /// [default: unpacked from Debian's packages]
    #[arg(long, env = "GENE_BENCH_ARM64_ROOT")]
    arm64_root: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Measure {
    /// Wall time on this machine
    Time,
    /// Executed arm64 instructions, emulated
    Count,
}

/// Measures, prints the tables and writes the page.
pub fn run(shell: &Shell, options: &Options) -> Result<()> {
    for name in &options.programs {
        ensure!(
            PROGRAMS.iter().any(|program| program.name == name),
            "no benchmark is called {name}; there are: {}",
            PROGRAMS
                .iter()
                .map(|p| p.name)
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    let chosen: Vec<&Program> = PROGRAMS
        .iter()
        .filter(|p| options.programs.is_empty() || options.programs.iter().any(|n| n == p.name))
        .collect();
    let wanted = |measure| options.only.is_none_or(|only| only == measure);
    let mut tables = Vec::new();
    if wanted(Measure::Time) {
        cmd!(shell, "cargo build --release --package=gene").run()?;
        let gene = Path::new("target/release/gene");
        let mut subjects = vec![Subject::gene("gene", gene, "auto")];
        if arm64::NATIVE {
            subjects.push(Subject::gene("gene --jit=off", gene, "off"));
        }
        subjects.extend(Subject::installed_peers());
        tables.push(time::measure(&chosen, &subjects, options.rounds.into())?);
    }
    if wanted(Measure::Count) && !arm64::NATIVE {
        tables.push(count::measure(
            shell,
            &chosen,
            options.arm64_root.as_deref(),
        )?);
    }
    for table in &tables {
        println!("\n{table}");
    }
    shell.write_file(&options.page, page::render(&tables))?;
    println!("\nPlots: {}", options.page.display());
    Ok(())
}

/// A program's file for one language.
fn program_file(program: &Program, extension: &str) -> PathBuf {
    PathBuf::from(format!("benches/programs/{}.{extension}", program.name))
}
