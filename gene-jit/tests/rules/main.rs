//! The tests in the rule files: each `(test …)` form in `rules/` is one test here.
//!
//! The tree of a test becomes bytecode, that is lowered, and the code runs; `docs/rules.md` describes the notation.
//! `GENE_BLESS=asm` rewrites the assembly that tests expect, `GENE_BLESS=all` the rules, too.

mod assembler;
mod bad_trees;
mod listing;
mod program;
mod run;

use gene_isle_tools::coverage::record;
use gene_isle_tools::testing::{BLESS, Bless, Case, Edit, Outcome, Suite};
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

/// What the tests have found out so far.
#[derive(Default)]
struct Findings {
    fired: BTreeSet<String>,
    edits: Vec<Edit>,
}

fn main() -> ExitCode {
    match tests() {
        Ok(code) => code,
        Err(report) => {
            eprintln!("{report}");
            ExitCode::FAILURE
        }
    }
}

fn tests() -> Result<ExitCode, String> {
    let arguments = Arguments::from_args();
    let bless = Bless::from_env()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("it is in the workspace");
    let suite = Arc::new(Suite::read(root, "rules", "arm64", bless)?);
    let findings = Arc::new(Mutex::new(Findings::default()));
    let mut trials: Vec<Trial> = suite
        .cases()
        .enumerate()
        .map(|(index, case)| {
            let (suite, findings) = (suite.clone(), findings.clone());
            Trial::test(case.name(), move || {
                let case = suite.cases().nth(index).expect("the suite stays the same");
                check(&case, bless, &findings).map_err(Failed::from)
            })
        })
        .collect();
    trials.push(Trial::test("trees_that_mean_nothing_are_refused", || {
        bad_trees::are_refused().map_err(Failed::from)
    }));
    // A blessing may yet name the rules that are missing.
    if !bless.rules {
        let suite = suite.clone();
        trials.push(Trial::test("every_rule_has_a_test", move || {
            suite.untested().map_or(Ok(()), |report| Err(report.into()))
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);

    let findings = std::mem::take(&mut *findings.lock().expect("no test panics while it writes"));
    record(findings.fired.iter().map(String::as_str)).map_err(|error| error.to_string())?;
    if conclusion.num_filtered_out == 0 {
        let (fired, all) = (findings.fired.len(), suite.rules().len());
        println!("rules: {fired} of {all} fired");
    }
    if !findings.edits.is_empty() {
        let count = findings.edits.len();
        let plural = if count == 1 { "" } else { "s" };
        println!("{count} expectation{plural} rewritten ({BLESS})");
        suite
            .rewrite(findings.edits)
            .map_err(|error| error.to_string())?;
    }
    Ok(conclusion.exit_code())
}

fn check(case: &Case, bless: Bless, findings: &Mutex<Findings>) -> Result<(), String> {
    let outcome: Outcome = run::outcome(case)?;
    let mut findings = findings.lock().expect("no test panics while it writes");
    findings.fired.extend(outcome.rules.iter().cloned());
    findings.edits.extend(case.edits(&outcome, bless));
    drop(findings);
    case.judge(&outcome, bless)
}
