//! `gene isle`: tools for people who write rules.

mod check;
mod coverage;
mod expand;
mod explain;
mod fmt;
mod graph;
mod lsp;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use gene_isle_core::diagnostic::Diagnostic;
use gene_isle_core::source::Sources;
use gene_isle_tools::analysis::{self, Analysis};

use super::Outcome;

/// Options of `gene isle`.
#[derive(Args)]
pub struct Options {
    /// The rules: a file, or a folder with the files common to all targets and a folder for each
    #[arg(long, global = true, value_name = "PATH", default_value = "rules")]
    rules: PathBuf,
    #[command(subcommand)]
    tool: Tool,
}

#[derive(Subcommand)]
enum Tool {
    /// Report everything that is wrong with the rules
    Check,
    /// Settle indentation and spaces of rule files in place
    Fmt(fmt::Options),
    /// Show the Rust that is generated for a term or a rule
    Expand(expand::Options),
    /// Tell what a rule matches, what it does and which rules it competes with
    Explain(explain::Options),
    /// Tell which rules no test reaches
    Coverage(coverage::Options),
    /// Draw the decision tree of a term, in Graphviz's language
    Graph(graph::Options),
    /// Serve editors: speaks the language server protocol on standard input and output
    Lsp,
}

/// Runs a tool.
pub fn run(options: Options) -> Outcome {
    let rules = &options.rules;
    match options.tool {
        Tool::Check => check::run(rules),
        Tool::Fmt(options) => fmt::run(rules, &options),
        Tool::Expand(options) => expand::run(rules, &options),
        Tool::Explain(options) => explain::run(rules, &options),
        Tool::Coverage(options) => coverage::run(rules, &options),
        Tool::Graph(options) => graph::run(rules, &options),
        Tool::Lsp => lsp::run(),
    }
}

/// Reads and compiles the rules, once for each target.
fn read(rules: &Path) -> Result<Vec<Analysis>, String> {
    let programs = analysis::programs(rules)
        .map_err(|error| format!("Cannot read the rules in {}: {error}", rules.display()))?;
    Ok(programs.iter().map(|files| Analysis::read(files)).collect())
}

/// Prints what a tool tells of rules that compile, for each target where it tells something.
fn print(rules: &Path, tell: impl Fn(Analysis) -> Result<String, String>) -> Outcome {
    let programs = read(rules)?;
    if let Some(failure) = report(&programs) {
        return Ok(failure);
    }
    let mut told = Vec::new();
    let mut failed = None;
    for program in programs {
        match tell(program) {
            Ok(text) => told.push(text),
            Err(why) => failed = Some(why),
        }
    }
    if let (Some(why), true) = (failed, told.is_empty()) {
        return Err(why);
    }
    out!("{}", told.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// Shows what is wrong with the rules, each mistake in common files once; nothing if all is well.
fn report(programs: &[Analysis]) -> Option<ExitCode> {
    let shown: Vec<(&Sources, &Diagnostic)> = programs
        .iter()
        .flat_map(|program| {
            program
                .diagnostics
                .iter()
                .map(|one| (&program.sources, one))
        })
        .collect();
    show(&shown)
}

/// Shows diagnostics on standard error and gives the status that follows; none without them.
fn show(diagnostics: &[(&Sources, &Diagnostic)]) -> Option<ExitCode> {
    let mut texts = Vec::new();
    for (sources, diagnostic) in diagnostics {
        let text = diagnostic.render(sources);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let plural = match texts.len() {
        0 => return None,
        1 => "",
        _ => "s",
    };
    errln!(
        "{}\n{} error{plural} in the rules",
        texts.join("\n"),
        texts.len()
    );
    Some(ExitCode::FAILURE)
}
