//! What is reported about rule files, and how it is shown.

use std::fmt::Write;

use crate::source::{Sources, Span};

/// Declares the codes once, each with the title under which `docs/rules-errors.md` explains it.
macro_rules! codes {
    ($($name:ident = $text:literal, $title:literal;)*) => {
        /// A stable code; `docs/rules-errors.md` has a section on each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as it is printed.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// One line on what the code stands for.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    NotUtf8 = "E0001", "a rule file is not UTF-8 text";
    Unbalanced = "E0002", "parentheses, comments or strings do not balance";
    TooDeep = "E0003", "forms are nested too deeply";
    UnknownForm = "E0004", "an unknown form";
    Syntax = "E0005", "a form is not written as the grammar says";
    BadInteger = "E0006", "an integer is out of range";
    Unreadable = "E0007", "a rule file cannot be read";
    UnknownPragma = "E0008", "an unknown pragma";
    TooLarge = "E0009", "a file, form or expansion is too large";

    UnknownType = "E0101", "an unknown type";
    DuplicateType = "E0102", "a type is declared twice";
    DuplicateField = "E0103", "a field or variant is declared twice";
    UnknownTerm = "E0104", "an unknown term";
    DuplicateTerm = "E0105", "a term is declared twice";
    DuplicateExtern = "E0106", "a term has two definitions";
    WrongKind = "E0107", "a definition does not suit the kind of its term";
    Undefined = "E0108", "a term is declared and never defined";
    UnknownConstant = "E0109", "an unknown constant";
    DuplicateConstant = "E0110", "a constant is declared twice";
    DuplicateConversion = "E0111", "two conversions between the same types";
    RecursiveExtractor = "E0112", "an extractor expands to itself";
    DuplicateRule = "E0113", "two rules have the same name";
    BadFlags = "E0114", "flags of a declaration exclude each other";

    Mismatch = "E0201", "types do not match";
    Arity = "E0202", "wrong number of arguments";
    UnknownVariable = "E0203", "an unknown variable";
    Rebound = "E0204", "a variable is bound twice";
    NoExtractor = "E0205", "a term without extractor in a pattern";
    NoConstructor = "E0206", "a term without constructor in an expression";
    BadLiteral = "E0207", "a literal does not suit its type";
    UntypedLiteral = "E0208", "an integer whose type nothing says";
    Impure = "E0209", "an impure term where only pure terms may stand";
    MisplacedMulti = "E0210", "a multi term outside of a multi rule";
    MisplacedPartial = "E0211", "a partial term where failing is not allowed";
    RulePattern = "E0212", "a rule must match a declared term";
    PriorityInMulti = "E0213", "a priority in a multi term";

    Overlap = "E0301", "two rules of equal priority overlap";
    Shadowed = "E0302", "a rule can never be chosen";
    Unreachable = "E0303", "a pattern can never match";
    Recursion = "E0304", "a recursive term without `rec`";

    Encoding = "E0401", "the bits of an instruction do not add up";
    UnknownOperand = "E0402", "an unknown operand or operand kind";
    Meaning = "E0403", "the meaning of an instruction is not well-formed";
    Assembly = "E0404", "the assembly text of an instruction is not well-formed";
    NotEncodable = "E0405", "a constant operand cannot be encoded";
    FlagsLost = "E0406", "flags are read where nothing has just set them";
    UnknownEffect = "E0407", "an unknown effect of a helper";
    BadTest = "E0408", "a test names something that does not exist";
    BadInput = "E0409", "the input of a test is not what can be lowered";
    TestFailed = "E0410", "a test fails";
    Untested = "E0411", "a rule without a test";
}

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// One thing that is wrong with the rule files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of mistake this is.
    pub code: Code,
    /// What is wrong, in one line.
    pub message: String,
    /// Where; the first label is the main one.
    pub labels: Vec<Label>,
    /// How to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic about one place.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let label = Label {
            span,
            text: String::new(),
        };
        Diagnostic {
            code,
            message: message.into(),
            labels: vec![label],
            help: None,
        }
    }

    /// Says something about the main place.
    pub fn says(mut self, text: impl Into<String>) -> Diagnostic {
        self.labels[0].text = text.into();
        self
    }

    /// Points to another place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says how to mend it.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// Says how to mend it where a mend is known.
    pub fn maybe_help(mut self, text: Option<String>) -> Diagnostic {
        self.help = text;
        self
    }

    /// The main place.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }

    /// The diagnostic with the lines it is about, for people.
    pub fn render(&self, sources: &Sources) -> String {
        let mut out = format!("error[{}]: {}\n", self.code.as_str(), self.message);
        let positions = self.labels.iter().map(|label| {
            sources
                .file(label.span.file)
                .position(label.span.start as usize)
                .line
        });
        let gutter = positions.max().unwrap_or(1).to_string().len();
        let mut last_file = None;
        for label in &self.labels {
            let arrow = if last_file.is_none() { "-->" } else { ":::" };
            last_file = Some(label.span.file);
            render_label(&mut out, sources, label, gutter, arrow);
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "{:gutter$} = help: {help}", "");
        }
        out
    }
}

/// Shows the line of one label with the place underlined.
fn render_label(out: &mut String, sources: &Sources, label: &Label, gutter: usize, arrow: &str) {
    /// Longer lines are shown in part: a rule file may be one line of megabytes.
    const WIDEST: usize = 160;

    let file = sources.file(label.span.file);
    let at = file.position(label.span.start as usize);
    let line: Vec<char> = file.line(at.line).chars().collect();
    let start = at.column - 1;
    let cut = if start > WIDEST / 2 && line.len() > WIDEST {
        start - WIDEST / 2
    } else {
        0
    };
    let shown: String = line
        .iter()
        .skip(cut)
        .take(WIDEST)
        .map(|&c| if c == '\t' { ' ' } else { c })
        .collect();
    let end = file.position(label.span.end as usize);
    let end = if end.line == at.line {
        end.column - 1
    } else {
        line.len()
    };
    let width = end
        .saturating_sub(start)
        .clamp(1, WIDEST.saturating_sub(start - cut).max(1));
    let _ = writeln!(
        out,
        "{:gutter$}{arrow} {}:{}:{}",
        "", file.name, at.line, at.column
    );
    let _ = writeln!(out, "{:gutter$} |", "");
    let _ = writeln!(out, "{:>gutter$} | {shown}", at.line);
    let marks = "^".repeat(width);
    let line = format!(
        "{:gutter$} | {:indent$}{marks} {}",
        "",
        "",
        label.text,
        indent = start - cut
    );
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Shows all diagnostics and counts them.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&diagnostic.render(sources));
        out.push('\n');
    }
    let count = diagnostics.len();
    let plural = if count == 1 { "" } else { "s" };
    let _ = writeln!(out, "{count} error{plural} in the rules");
    out
}

/// The diagnostics collected so far.
///
/// A broken file can give rise to any number of errors; past [`Errors::MOST`] they help nobody,
/// so passes stop early once [`Errors::is_full`].
#[derive(Debug, Default)]
pub struct Errors {
    list: Vec<Diagnostic>,
}

impl Errors {
    /// At most so many are reported.
    pub const MOST: usize = 100;

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.is_full() {
            self.list.push(diagnostic);
        }
    }

    /// Whether looking for more is pointless.
    pub fn is_full(&self) -> bool {
        self.list.len() >= Self::MOST
    }

    /// Whether nothing was wrong so far.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them in the order of the files.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
        self.list.dedup();
        self.list
    }
}

/// The name among `known` that `name` was probably meant to be.
pub fn similar<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    known
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit)
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A `did you mean` line for an unknown name.
pub fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    similar(name, known).map(|found| format!("did you mean `{found}`?"))
}

/// How many characters to insert, delete, replace or swap with their neighbour.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(a[i] != b[j]);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                let before: &Vec<usize> = &before_last;
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
