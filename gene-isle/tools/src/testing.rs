//! Runs the tests in rule files.
//!
//! A test says what is lowered and what comes of it. How to lower and run it only the crate knows whose rules they
//! are; it gives an [`Outcome`] for each [`Case`] and gets a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use gene_isle_core::ast::{Clause, Datum, ItemKind, Test};
use gene_isle_core::check::Rule;
use gene_isle_core::diagnostic::{Code, Diagnostic, render_all};
use gene_isle_core::load::load;
use gene_isle_core::source::{Sources, Span};
use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::analysis::{Analysis, programs};
use crate::format::format;

/// The environment variable that asks for expectations to be rewritten: `asm`, or `all` for the rules, too.
pub const BLESS: &str = "GENE_BLESS";

/// The rules of one target and their tests.
pub struct Suite {
    analysis: Analysis,
}

/// A test.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    suite: &'a Suite,
    /// What it says.
    pub test: &'a Test,
}

/// What came of a test's input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The rules that fired, in order.
    pub rules: Vec<String>,
    /// The assembly, line by line.
    pub asm: Vec<String>,
    /// The result for each value clause.
    pub values: Vec<String>,
}

/// Which expectations are rewritten instead of compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bless {
    /// The assembly.
    pub asm: bool,
    /// The rules that fire.
    pub rules: bool,
}

impl Bless {
    /// What the environment asks for.
    ///
    /// # Errors
    /// It asks for something that there is not.
    pub fn from_env() -> Result<Bless, String> {
        match std::env::var(BLESS).as_deref() {
            Err(_) | Ok("") => Ok(Bless::default()),
            Ok("asm") => Ok(Bless {
                asm: true,
                rules: false,
            }),
            Ok("all") => Ok(Bless {
                asm: true,
                rules: true,
            }),
            Ok(other) => Err(format!("{BLESS} is `asm` or `all`, not `{other}`")),
        }
    }
}

/// A new text for a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    span: Span,
    text: String,
}

impl Suite {
    /// The rules and tests for one target: those of the files in `folder` and, below it, in the folder of the target.
    /// Reports show places from `root` on. Where the rules that fire are to be blessed, tests may name rules that there
    /// are no more.
    ///
    /// # Errors
    /// They cannot be read, or something is wrong with them.
    pub fn read(root: &Path, folder: &str, target: &str, bless: Bless) -> Result<Suite, String> {
        let path = root.join(folder);
        let programs = programs(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let own = path.join(target);
        let files = programs
            .into_iter()
            .find(|files| files.iter().any(|file| file.starts_with(&own)))
            .ok_or_else(|| format!("{}: there are no rules in it", own.display()))?;
        let names = files.iter().map(|file| {
            let name = file.strip_prefix(root).unwrap_or(file);
            name.display().to_string()
        });
        let mut analysis = Analysis::of(load(root, names));
        if bless.rules {
            let mistakes = &mut analysis.diagnostics;
            mistakes.retain(|mistake| mistake.code != Code::BadTest);
        }
        if analysis.diagnostics.is_empty() {
            Ok(Suite { analysis })
        } else {
            Err(render_all(&analysis.diagnostics, &analysis.sources))
        }
    }

    /// The tests, in the order of the files.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        let items = self.analysis.program.items.iter();
        items.filter_map(|item| match &item.kind {
            ItemKind::Test(test) => Some(Case { suite: self, test }),
            _ => None,
        })
    }

    /// All rules.
    pub fn rules(&self) -> &[Rule] {
        &self.analysis.program.checked.rules
    }

    /// What to say of each rule that no test names.
    pub fn untested(&self) -> Option<String> {
        let tests = self.cases().flat_map(|case| case.test.rules());
        let tested: BTreeSet<&str> = tests.map(|rule| rule.name.as_str()).collect();
        let rules = self.rules().iter();
        let reports: Vec<Diagnostic> = rules
            .filter(|rule| !tested.contains(rule.name.as_str()))
            .map(|rule| {
                let message = format!("the rule `{}` has no test", rule.name);
                Diagnostic::new(Code::Untested, rule.span, message)
                    .help("add a `test` form whose `rules` clause names it")
            })
            .collect();
        (!reports.is_empty()).then(|| render_all(&reports, &self.analysis.sources))
    }

    /// Puts new texts into the files. Files that were formatted are formatted after.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn rewrite(&self, edits: Vec<Edit>) -> std::io::Result<()> {
        let mut files: BTreeMap<u32, Vec<Edit>> = BTreeMap::new();
        for edit in edits {
            files.entry(edit.span.file).or_default().push(edit);
        }
        for (file, edits) in files {
            let old = &self.analysis.sources.file(file).text;
            let new = edited(old, edits);
            let text = if formatted(old) == *old {
                formatted(&new)
            } else {
                new
            };
            std::fs::write(&self.analysis.paths[file as usize], text)?;
        }
        Ok(())
    }
}

impl<'a> Case<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.test.name.name
    }

    /// The arguments and the expected result of each value clause, as written.
    pub fn values(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let sources = &self.suite.analysis.sources;
        self.test.values.iter().map(|value| {
            let args = value.args.map_or("", |args| sources.text(args));
            (args, sources.text(value.result))
        })
    }

    /// What stands between the parentheses of a list, as written.
    pub fn inside(&self, list: &Datum) -> &'a str {
        let text = self.suite.analysis.sources.text(list.span);
        let text = text.strip_prefix('(').unwrap_or(text);
        text.strip_suffix(')').unwrap_or(text)
    }

    /// What to say of an input, or a part of it, that cannot be lowered.
    pub fn bad_input(&self, at: &Datum, message: impl Into<String>) -> String {
        let diagnostic = Diagnostic::new(Code::BadInput, at.span, message.into());
        diagnostic.render(&self.suite.analysis.sources)
    }

    /// Compares what came out with what the test expects, but for what is to be blessed.
    ///
    /// # Errors
    /// They differ: both, side by side.
    pub fn judge(&self, outcome: &Outcome, bless: Bless) -> Result<(), String> {
        let mut report = String::new();
        if let Some(rules) = &self.test.rules
            && !bless.rules
        {
            let expected: Vec<&str> = rules.items.iter().map(|rule| rule.name.as_str()).collect();
            compare(&mut report, "rules", &expected, &texts(&outcome.rules));
        }
        if let Some(asm) = &self.test.asm
            && !bless.asm
        {
            let expected: Vec<&str> = asm.items.iter().map(|line| line.text.as_str()).collect();
            compare(&mut report, "assembly", &expected, &texts(&outcome.asm));
        }
        for ((args, expected), actual) in self.values().zip(&outcome.values) {
            let what = format!("value for ({args})");
            // The formatter breaks long clauses into lines.
            let lines: Vec<&str> = expected.lines().map(str::trim).collect();
            compare(&mut report, &what, &[&lines.join(" ")], &[actual]);
        }
        if report.is_empty() {
            return Ok(());
        }
        let message = format!("the test `{}` fails", self.name());
        let diagnostic = Diagnostic::new(Code::TestFailed, self.test.name.span, message);
        let place = diagnostic.render(&self.suite.analysis.sources);
        Err(format!("{place}{report}"))
    }

    /// What makes the test expect what came out, where that is to be blessed.
    pub fn edits(&self, outcome: &Outcome, bless: Bless) -> Vec<Edit> {
        let mut edits = Vec::new();
        if let Some(clause) = &self.test.rules
            && bless.rules
        {
            let text = format!("(rules {})", outcome.rules.join(" "));
            edits.extend(self.edit(clause, text));
        }
        if let Some(clause) = &self.test.asm
            && bless.asm
        {
            let separator = format!(
                "\"\n{}\"",
                " ".repeat(self.column(clause.span) + "(asm ".len())
            );
            let text = match outcome.asm.as_slice() {
                [] => "(asm)".to_string(),
                lines => format!("(asm \"{}\")", lines.join(&separator)),
            };
            edits.extend(self.edit(clause, text));
        }
        edits
    }

    /// The number of characters before something on its line.
    fn column(&self, span: Span) -> usize {
        let file = self.suite.analysis.sources.file(span.file);
        file.position(span.start as usize).column - 1
    }

    /// The new text of a clause, unless only its layout would change.
    fn edit<T>(&self, clause: &Clause<T>, text: String) -> Option<Edit> {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_string)
                .collect::<Vec<_>>()
        };
        let old = self.suite.analysis.sources.text(clause.span);
        let span = clause.span;
        (words(old) != words(&text)).then_some(Edit { span, text })
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    let mut text = text.to_string();
    // What stands in front keeps its place.
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    for Edit { span, text: new } in edits {
        text.replace_range(span.start as usize..span.end as usize, &new);
    }
    text
}

/// A file as the formatter has it; as it is if it cannot be formatted.
fn formatted(text: &str) -> String {
    let mut sources = Sources::default();
    let file = sources.add(String::new(), text.to_string());
    format(&sources, file).unwrap_or_else(|_| text.to_string())
}

/// Reports two lists side by side if they differ.
fn compare(report: &mut String, what: &str, expected: &[&str], actual: &[&str]) {
    if expected == actual {
        return;
    }
    let widths = expected.iter().map(|line| line.chars().count());
    let width = widths.max().unwrap_or(0).max("expected".len());
    let _ = writeln!(report, "\n{what}:\n    {:width$} | actual", "expected");
    for change in capture_diff_slices(Algorithm::Myers, expected, actual) {
        let (_, old, new) = change.as_tag_tuple();
        let mark = if change.tag() == DiffTag::Equal {
            ' '
        } else {
            '!'
        };
        for row in 0..old.len().max(new.len()) {
            let left = expected[old.clone()].get(row).unwrap_or(&"");
            let right = actual[new.clone()].get(row).unwrap_or(&"");
            let line = format!("  {mark} {left:width$} | {right}");
            let _ = writeln!(report, "{}", line.trim_end());
        }
    }
}
