//! Telling the user what went wrong, on standard error.

use std::io::IsTerminal;
use std::ops::Range;
use std::process::ExitCode;
use std::rc::Rc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use clap::ValueEnum;
use gene_vm::Vm;
use gene_vm::program::{Failure, Report};
use gene_vm::source::Location;
use serde_json::{Value, json};

/// Reports that a command failed and gives the status to end with.
pub fn failure(text: &str) -> ExitCode {
    errln!("Error: {text}");
    ExitCode::FAILURE
}

/// How the errors of a program are written.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum ErrorFormat {
    /// With the source line and the calls, for reading
    Human,
    /// One line that holds a Gene map
    Gene,
    /// One line that holds a JSON object
    Json,
}

impl Default for ErrorFormat {
    fn default() -> Self {
        if std::io::stderr().is_terminal() {
            ErrorFormat::Human
        } else {
            ErrorFormat::Gene
        }
    }
}

/// What is wrong with a program, as it is told.
struct Problem<'a> {
    severity: Severity,
    stage: Stage,
    report: Report,
    /// The text of the file where it happened, if that can be shown.
    source: Option<&'a str>,
}

/// Does it keep the program from going on?
#[derive(Clone, Copy, PartialEq)]
enum Severity {
    Error,
    Warning,
}

/// When an error was found.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Parse,
    Compile,
    Runtime,
}

/// Tells why a program failed, and gives the status to end with.
pub fn program(vm: &Vm, failure: &Failure, format: ErrorFormat) -> ExitCode {
    for report in vm.reports(failure) {
        let problem = problem(vm, report, Severity::Error, stage(failure));
        errln!("{}", render(&problem, format));
    }
    ExitCode::FAILURE
}

/// What is done with the warnings of the compiler.
pub fn warn(format: ErrorFormat) -> gene_vm::program::Warn {
    Rc::new(move |vm, report| {
        let problem = problem(vm, report.clone(), Severity::Warning, Stage::Compile);
        let text = render(&problem, format);
        vm.io.print_error(&format!("{text}\n"));
    })
}

/// Why a program failed, as a JSON object.
pub fn diagnostic(vm: &Vm, failure: &Failure) -> String {
    let problem = problem(vm, vm.report(failure), Severity::Error, stage(failure));
    render(&problem, ErrorFormat::Json)
}

fn stage(failure: &Failure) -> Stage {
    match failure {
        Failure::Read(_) => Stage::Parse,
        Failure::Compile(_) => Stage::Compile,
        Failure::Exception => Stage::Runtime,
    }
}

fn problem(vm: &Vm, report: Report, severity: Severity, stage: Stage) -> Problem<'_> {
    Problem {
        severity,
        stage,
        source: vm
            .sources
            .source(report.pos)
            .map(|(source, _)| &*source.text),
        report,
    }
}

fn render(problem: &Problem, format: ErrorFormat) -> String {
    match format {
        ErrorFormat::Human => human(problem),
        ErrorFormat::Gene => gene(problem),
        ErrorFormat::Json => json(problem).to_string(),
    }
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        }
    }
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Stage::Parse => "parse",
            Stage::Compile => "compile",
            Stage::Runtime => "runtime",
        }
    }
}

/// A stable name for the kind of error, for tools.
fn code(message: &str) -> &'static str {
    const BY_TEXT: [(&str, &str); 8] = [
        ("division by zero", "GENE.ARITH.DIV_ZERO"),
        ("divide", "GENE.ARITH.DIV_ZERO"),
        ("method not found", "GENE.OOP.METHOD_NOT_FOUND"),
        ("no method", "GENE.OOP.METHOD_NOT_FOUND"),
        ("undefined variable", "GENE.SCOPE.UNDEFINED_VAR"),
        ("not defined", "GENE.SCOPE.UNDEFINED_VAR"),
        ("stack overflow", "GENE.VM.STACK_OVERFLOW"),
        ("failed to load extension", "GENE.EXT.LOAD_FAILED"),
    ];
    let message = message.to_lowercase();
    BY_TEXT
        .iter()
        .find(|(text, _)| message.contains(text))
        .map_or("GENE.RUNTIME.ERROR", |(_, code)| code)
}

/// The one-line form of the language reference. Errors found before execution have no envelope.
fn gene(problem: &Problem) -> String {
    let Report {
        message, location, ..
    } = &problem.report;
    if problem.stage != Stage::Runtime {
        let kind = problem.severity.word();
        return match location {
            Some(Location { file, line, .. }) => format!("{kind}: {message} {file} {line}"),
            None => format!("{kind}: {message}"),
        };
    }
    let nowhere = Location {
        file: "".into(),
        line: 0,
        column: 0,
    };
    let Location { file, line, column } = location.as_ref().unwrap_or(&nowhere);
    let quote = |text: &str| Value::from(text).to_string();
    format!(
        "Error: {{^message {} ^code {} ^severity \"error\" ^stage \"runtime\" \
         ^span {{^file {} ^line {line} ^column {column}}} ^hints [] \
         ^repair_tags [\"runtime\"]}}",
        quote(message),
        quote(code(message)),
        quote(file),
    )
}

fn json(problem: &Problem) -> Value {
    let Problem {
        severity,
        stage,
        report,
        ..
    } = problem;
    let span = |place: &Location| json!({"file": &*place.file, "line": place.line, "column": place.column});
    let stack: Vec<Value> = report
        .stack
        .iter()
        .map(|(function, place)| json!({"function": function.name(), "span": place.as_ref().map(span)}))
        .collect();
    json!({
        "message": report.message,
        "code": code(&report.message),
        "severity": severity.word().to_lowercase(),
        "stage": stage.name(),
        "span": report.location.as_ref().map(span),
        "hints": Vec::from_iter(report.help),
        "repair_tags": [stage.name()],
        "class": report.class,
        "stack": stack,
    })
}

/// Class and message, source line with a caret, calls.
fn human(problem: &Problem) -> String {
    let report = &problem.report;
    let title = match &report.class {
        Some(class) => format!("{class}: {}", report.message),
        None => report.message.clone(),
    };
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(title));
    if let Some(Location { file, line, column }) = &report.location {
        group = match source_line(problem.source, *line) {
            Some(text) => group.element(
                Snippet::source(text)
                    .path(&**file)
                    .line_start(*line)
                    .annotation(AnnotationKind::Primary.span(character(text, *column))),
            ),
            None => group.element(Origin::path(&**file).line(*line).char_column(*column)),
        };
    }
    if let Some(help) = report.help {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = if std::io::stderr().is_terminal() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = renderer.render(&[group]);
    for (function, place) in &report.stack {
        text += &format!("\n  at {}", function.name());
        if let Some(Location { file, line, .. }) = place {
            text += &format!(" ({file}:{line})");
        }
    }
    text
}

fn source_line(source: Option<&str>, line: usize) -> Option<&str> {
    source?.lines().nth(line.checked_sub(1)?)
}

/// The byte range of the character in a column of a line.
fn character(line: &str, column: usize) -> Range<usize> {
    let offset = |index| {
        line.char_indices()
            .nth(index)
            .map_or(line.len(), |(offset, _)| offset)
    };
    let index = column.saturating_sub(1);
    offset(index)..offset(index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gene_vm::Symbol;
    use gene_vm::source::Pos;

    fn at(line: usize, column: usize) -> Option<Location> {
        Some(Location {
            file: "a.gene".into(),
            line,
            column,
        })
    }

    fn sample(message: &str) -> Problem<'_> {
        Problem {
            severity: Severity::Error,
            stage: Stage::Runtime,
            report: Report {
                class: Some("RuntimeException".to_owned()),
                message: message.to_owned(),
                pos: Pos::NONE,
                location: at(2, 4),
                stack: vec![(Symbol::intern("f"), at(2, 4)), (Symbol::intern("g"), None)],
                help: None,
            },
            source: Some("(fn f []\n  (1 % 0))\n(f)"),
        }
    }

    #[test]
    fn the_gene_form_is_one_line_with_quoted_strings() {
        assert_eq!(
            gene(&sample("no \"x\"\nhere")),
            r#"Error: {^message "no \"x\"\nhere" ^code "GENE.RUNTIME.ERROR" ^severity "error" ^stage "runtime" ^span {^file "a.gene" ^line 2 ^column 4} ^hints [] ^repair_tags ["runtime"]}"#
        );
    }

    #[test]
    fn a_parse_error_names_file_and_line() {
        let problem = Problem {
            stage: Stage::Parse,
            ..sample("EOF while reading list )")
        };
        assert_eq!(gene(&problem), "Error: EOF while reading list ) a.gene 2");
    }

    #[test]
    fn the_json_form_has_class_and_stack() {
        let value = json(&sample("Modulo by zero"));
        assert_eq!(value["class"], "RuntimeException");
        assert_eq!(value["span"]["line"], 2);
        assert_eq!(value["stack"][0]["function"], "f");
        assert_eq!(value["stack"][1]["span"], Value::Null);
    }

    #[test]
    fn the_human_form_shows_the_line_and_the_calls() {
        insta::assert_snapshot!(human(&sample("Modulo by zero")), @r"
        error: RuntimeException: Modulo by zero
         --> a.gene:2:4
          |
        2 |   (1 % 0))
          |    ^
          at f (a.gene:2)
          at g
        ");
    }

    #[test]
    fn codes_follow_the_message() {
        for (message, expected) in [
            ("Division by zero", "GENE.ARITH.DIV_ZERO"),
            ("Method not found", "GENE.OOP.METHOD_NOT_FOUND"),
            ("x is not defined", "GENE.SCOPE.UNDEFINED_VAR"),
            ("Stack overflow: 1000 calls", "GENE.VM.STACK_OVERFLOW"),
            ("boom", "GENE.RUNTIME.ERROR"),
        ] {
            assert_eq!(code(message), expected);
        }
    }

    #[test]
    fn a_huge_line_is_cut_around_the_column() {
        let line = "é".repeat(5_000_000);
        let mut problem = sample("boom");
        problem.report.location = at(1, 2_500_000);
        problem.source = Some(&line);
        let text = human(&problem);
        assert!(text.contains("a.gene:1:2500000"));
        assert!(text.len() < 2_000);
    }

    #[test]
    fn places_outside_the_source_are_named_without_a_snippet() {
        for (line, column) in [(0, 0), (9, 1), (1, 99)] {
            let mut problem = sample("boom");
            problem.report.location = at(line, column);
            assert!(human(&problem).contains("a.gene:"), "{line}:{column}");
        }
    }
}
