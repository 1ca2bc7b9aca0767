//! `gene explain`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gene_jit::explain::{Explanation, explain};
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
    /// The program; it is compiled, not run
    file: PathBuf,
}

/// Prints source lines, bytecode, rules and machine code side by side.
pub fn run(options: Options) -> Outcome {
    let Options {
        execution,
        function,
        file,
    } = options;
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
        match explain(code) {
            Ok(explanation) => print(&explanation, &session.vm.sources),
            Err(reason) => outln!("{}: stays interpreted: {reason}", code.name),
        }
        outln!("");
    }
    match function {
        Some(function) if !found => Err(format!("No function is called {function} in {name}")),
        _ => Ok(ExitCode::SUCCESS),
    }
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
