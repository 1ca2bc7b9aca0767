//! `gene isle`: tools over the rules of the code generator.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use gene_isle_core::compile::{Program, compile};
use gene_isle_core::diagnostic::{did_you_mean, render_all};
use gene_isle_core::load::{Loaded, load, rule_files};
use gene_isle_core::source::Sources;
use gene_isle_core::terms::TermId;
use gene_isle_core::{explain, format, generate, rust_text};

use super::Outcome;

/// Options of `gene isle`.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    tool: Tool,
}

/// The rule files that a tool works on.
#[derive(Args)]
struct Rules {
    /// A rule file, or a folder with rule files
    #[arg(
        long = "rules",
        value_name = "PATH",
        default_value = "rules",
        global = true
    )]
    paths: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum Tool {
    /// Report everything that is wrong with the rules
    Check {
        #[command(flatten)]
        rules: Rules,
    },
    /// Indent rule files in place
    Fmt {
        /// Change nothing; fail if a file is not formatted
        #[arg(long)]
        check: bool,
        /// The files, or folders with rule files
        #[arg(value_name = "PATH", default_value = "rules")]
        paths: Vec<PathBuf>,
    },
    /// Show the Rust code of a term or of the term of a rule
    Expand {
        /// The term or rule
        name: String,
        #[command(flatten)]
        rules: Rules,
    },
    /// Tell about a rule: its text, its rivals, its tests
    Explain {
        /// The rule
        rule: String,
        #[command(flatten)]
        rules: Rules,
    },
    /// Draw the decision tree of a term in the language of Graphviz
    Graph {
        /// The term or rule
        name: String,
        #[command(flatten)]
        rules: Rules,
    },
}

/// Runs a tool.
pub fn run(options: Options) -> Outcome {
    match options.tool {
        Tool::Check { rules } => with_rules(&rules.paths, |program, sources| {
            let files = sources.files().len();
            println!(
                "{files} files: {} rules, {} terms, {} instructions",
                program.checked.rules.len(),
                program.terms.terms.len(),
                program.machine.insts.len()
            );
            Ok(())
        }),
        Tool::Fmt { check, paths } => fmt(check, &paths),
        Tool::Expand { name, rules } => with_rules(&rules.paths, |program, sources| {
            let term = term(program, &name)?;
            let code = generate::generate_term(program, sources, term)
                .ok_or_else(|| format!("`{name}` has no rules: Rust code defines it"))?;
            print!("{}", rust_text::rust_text(code));
            Ok(())
        }),
        Tool::Explain { rule, rules } => with_rules(&rules.paths, |program, sources| {
            print!("{}", explain::explain(program, sources, &rule)?);
            Ok(())
        }),
        Tool::Graph { name, rules } => with_rules(&rules.paths, |program, _| {
            let term = term(program, &name)?;
            let graph =
                explain::graph(program, term).ok_or_else(|| format!("`{name}` has no rules"))?;
            print!("{graph}");
            Ok(())
        }),
    }
}

/// Compiles the rules and goes on with them, or reports what is wrong.
fn with_rules(
    paths: &[PathBuf],
    go_on: impl FnOnce(&Program, &Sources) -> Result<(), String>,
) -> Outcome {
    let Loaded {
        sources, errors, ..
    } = load(Path::new("."), names(paths)?);
    let compiled = if errors.is_empty() {
        compile(&sources)
    } else {
        Err(errors)
    };
    match compiled {
        Ok(program) => {
            go_on(&program, &sources)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            eprint!("{}", render_all(&errors, &sources));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The rule files under some paths.
fn names(paths: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for path in paths {
        if path.is_dir() {
            let files = rule_files(path)
                .map_err(|error| format!("Cannot read {}: {error}", path.display()))?;
            names.extend(files.iter().map(|file| file.display().to_string()));
        } else {
            names.push(path.display().to_string());
        }
    }
    if names.is_empty() {
        return Err("There are no rule files: give a folder with --rules".to_owned());
    }
    Ok(names)
}

/// The term of this name, or that of the rule of this name.
fn term(program: &Program, name: &str) -> Result<TermId, String> {
    if let Some(term) = program.terms.by_name(name) {
        return Ok(term);
    }
    if let Some(rule) = program.checked.rules.iter().find(|rule| rule.name == name) {
        return Ok(rule.term);
    }
    let known = program.terms.terms.iter().map(|term| term.name.as_str());
    let help = did_you_mean(name, known).map_or(String::new(), |help| format!("; {help}"));
    Err(format!("There is no term or rule `{name}`{help}"))
}

fn fmt(check: bool, paths: &[PathBuf]) -> Outcome {
    for name in names(paths)? {
        let text = std::fs::read_to_string(&name)
            .map_err(|error| format!("Cannot read {name}: {error}"))?;
        let formatted = format::format(&text);
        if formatted == text {
            continue;
        }
        if check {
            return Err(format!("File is not canonically formatted: {name}"));
        }
        std::fs::write(&name, formatted)
            .map_err(|error| format!("Cannot write {name}: {error}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
