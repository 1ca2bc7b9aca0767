//! What is wrong with the rules, for the editor to mark.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gene_isle_core::diagnostic::{self, Code};
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
};

use super::positions::range;
use super::workspace::{Checked, Workspace};

/// The diagnostics of every file of every program, also of files without any.
pub fn by_file(workspace: &Workspace) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
    let mut files: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for checked in &workspace.programs {
        for path in &checked.analysis.paths {
            files.entry(path.clone()).or_default();
        }
        let diagnostics = &checked.analysis.diagnostics;
        let half_read = diagnostics.iter().any(|one| is_unread(one.code));
        for one in diagnostics {
            if half_read && may_be_unread(one.code) {
                continue;
            }
            let path = &checked.analysis.paths[one.span().file as usize];
            let list = files.entry(path.clone()).or_default();
            let converted = convert(workspace, checked, one);
            // Files common to several targets are in several programs.
            if !list.contains(&converted) {
                list.push(converted);
            }
        }
    }
    files
}

/// Whether a mistake keeps a form, or the rest of a file, from being read.
fn is_unread(code: Code) -> bool {
    code <= Code::TooLarge
}

/// Whether something may be missed only because its definition was not read.
fn may_be_unread(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownType
            | Code::UnknownTerm
            | Code::UnknownConstant
            | Code::UnknownOperand
            | Code::Undefined
            | Code::NoExtractor
            | Code::NoConstructor
            | Code::BadTest
    )
}

fn convert(workspace: &Workspace, checked: &Checked, one: &diagnostic::Diagnostic) -> Diagnostic {
    let sources = &checked.analysis.sources;
    let span = one.span();
    let mut message = one.message.clone();
    if let Some(label) = one.labels.first().filter(|label| !label.text.is_empty()) {
        message = format!("{message}: {}", label.text);
    }
    if let Some(help) = &one.help {
        message = format!("{message}\nhelp: {help}");
    }
    let related = one.labels[1..].iter().filter_map(|label| {
        let path = &checked.analysis.paths[label.span.file as usize];
        let range = range(sources.file(label.span.file), label.span);
        Some(DiagnosticRelatedInformation {
            location: Location::new(workspace.uri(path)?, range),
            message: label.text.clone(),
        })
    });
    let related: Vec<_> = related.collect();
    Diagnostic {
        range: range(sources.file(span.file), span),
        severity: Some(DiagnosticSeverity::ERROR),
        code: Some(NumberOrString::String(one.code.as_str().to_string())),
        source: Some("gene isle".to_string()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..Diagnostic::default()
    }
}
