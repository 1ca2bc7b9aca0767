//! `gene explain`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use gene_jit::explain::{Explanation, explain};
use gene_jit::lower::Declined;
use gene_jit::profile::{FunctionProfile, Profile};
use gene_vm::code::Code;
use gene_vm::source::{Pos, SourceMap};

use super::Outcome;
use crate::execution::Execution;
use crate::session::Session;
use crate::source;

/// Options of `gene explain`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    execution: Execution,
    /// Explain only the functions of this name
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Mark each instruction with its share of all that were carried out, by a profile that
    /// `gene run --jit=sim --jit-profile` has written
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The program; it is compiled, not run
    file: PathBuf,
}

/// Prints source lines, bytecode, rules and machine code side by side.
pub fn run(options: Options) -> Outcome {
    let Options {
        execution,
        function,
        profile,
        file,
    } = options;
    let profile = profile.map(|path| read_profile(&path)).transpose()?;
    let text = source::read_file(&file)?;
    let name = file.display().to_string();
    let mut session = Session::new(&execution, &name, Vec::new())?;
    let bodies = match session.compile(&name, &text) {
        Ok(bodies) => bodies,
        Err(ended) => return Ok(ended),
    };
    let mut found = false;
    for code in bodies.iter().filter_map(|body| body.code.get()) {
        if function
            .as_ref()
            .is_some_and(|name| code.name.name() != name)
        {
            continue;
        }
        found = true;
        let sources = &session.vm.sources;
        let place = sources.location(code.position(0));
        let place = place.map_or(String::new(), |place| place.to_string());
        let explanations = match &profile {
            None => vec![explain(code)],
            Some(profile) => explain_profiled(code, &place, profile),
        };
        for explanation in explanations {
            match explanation {
                Ok(explanation) => print(&explanation, sources),
                Err(reason) => outln!("{}: stays interpreted: {reason}", code.name),
            }
            outln!("");
        }
    }
    match function {
        Some(function) if !found => Err(format!("No function is called {function} in {name}")),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn read_profile(path: &Path) -> Result<Profile, String> {
    let text = source::read_file(path)?;
    let cannot_read = |error| format!("{} is no profile: {error}", path.display());
    serde_json::from_str(&text).map_err(cannot_read)
}

/// The code of each compilation of a body that ran.
fn explain_profiled(
    code: &Code,
    place: &str,
    profile: &Profile,
) -> Vec<Result<Explanation, Declined>> {
    let same = |one: &&FunctionProfile| one.code.name == code.name.name() && one.place == place;
    let ran = profile.functions.iter().filter(same);
    ran.map(|function| Ok(Explanation::of_profile(function, profile.executed, code)))
        .collect()
}

fn print(explanation: &Explanation, sources: &SourceMap) {
    outln!("{}: {} bytes", explanation.name, explanation.bytes);
    let mut shown = 0;
    for stretch in &explanation.stretches {
        if let Some((number, line)) = source_line(sources, stretch.pos)
            && number != shown
        {
            outln!("{number} | {line}");
            shown = number;
        }
        out!("{stretch}");
    }
}

fn source_line(sources: &SourceMap, pos: Pos) -> Option<(usize, &str)> {
    let (source, _) = sources.source(pos)?;
    let number = sources.location(pos)?.line;
    Some((number, source.text.lines().nth(number - 1)?))
}
