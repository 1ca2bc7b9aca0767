//! Cuts a rule file into its top-level forms.
//!
//! This runs before the grammar and without recursion, so that any text whatsoever is either cut
//! into forms that nest at most [`MAX_DEPTH`] deep or reported. Where a parenthesis or a string is
//! not closed, reading goes on at the next form that starts a line.

use crate::diagnostic::{Code, Diagnostic, Errors};
use crate::source::{Sources, Span};

/// How deeply forms may nest. Hand-written rules stay below twenty; the grammar and the passes
/// behind it recurse on nesting, so this also bounds the stack they need.
pub const MAX_DEPTH: usize = 96;

/// Forms of Cranelift's verifier. They say nothing about the code to generate and are skipped, so
/// they may nest as deeply as they like.
pub const ANNOTATIONS: &[&str] = &[
    "attr",
    "spec",
    "macro",
    "state",
    "model",
    "form",
    "instantiate",
];

/// One top-level form.
#[derive(Clone, Debug)]
pub struct Form {
    /// From its opening to its closing parenthesis.
    pub span: Span,
    /// Its first word.
    pub head: String,
    /// Where the first word is.
    pub head_span: Span,
    /// The comment right above it, without the semicolons.
    pub doc: String,
}

/// Cuts `file` into forms.
pub fn read(sources: &Sources, file: u32, errors: &mut Errors) -> Vec<Form> {
    let text = &sources.file(file).text;
    if u32::try_from(text.len()).is_err() {
        let at = Span {
            file,
            start: 0,
            end: 0,
        };
        errors.push(Diagnostic::new(
            Code::TooLarge,
            at,
            "rule files must be smaller than 4 GiB",
        ));
        return Vec::new();
    }
    Reader {
        text,
        file,
        at: 0,
        doc: String::new(),
        line_start: true,
    }
    .forms(errors)
}

struct Reader<'a> {
    text: &'a str,
    file: u32,
    at: usize,
    /// Comment lines seen since the last form or empty line.
    doc: String,
    /// Whether only white space precedes on this line.
    line_start: bool,
}

impl Reader<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: start as u32,
            end: end as u32,
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn starts_with(&self, prefix: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(prefix.as_bytes())
    }

    fn forms(mut self, errors: &mut Errors) -> Vec<Form> {
        let mut forms = Vec::new();
        loop {
            match self.skip_blank() {
                Err(error) => {
                    errors.push(error);
                    return forms;
                }
                Ok(false) => return forms,
                Ok(true) => {}
            }
            let start = self.at;
            if self.byte() != Some(b'(') {
                self.skip_stray();
                let span = self.span(start, self.at);
                let found = if self.text[start..].starts_with(')') {
                    "this parenthesis closes nothing"
                } else {
                    "expected a form in parentheses"
                };
                let code = if found.starts_with("this") {
                    Code::Unbalanced
                } else {
                    Code::Syntax
                };
                errors.push(Diagnostic::new(code, span, found).help("remove it"));
                continue;
            }
            let doc = std::mem::take(&mut self.doc);
            match self.form(start, doc) {
                Ok(form) => forms.push(form),
                Err(error) => {
                    errors.push(error);
                    // Going on may mean to read the same text again.
                    if errors.is_full() {
                        return forms;
                    }
                }
            }
        }
    }

    /// Skips white space and comments, keeping comments as documentation; false at the end.
    fn skip_blank(&mut self) -> Result<bool, Diagnostic> {
        let mut breaks = 0;
        while let Some(byte) = self.byte() {
            match byte {
                b'\n' => {
                    breaks += 1;
                    if breaks > 1 {
                        self.doc.clear();
                    }
                    self.line_start = true;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | 0x0c => self.at += 1,
                b';' => {
                    let start = self.at;
                    self.skip_line_comment();
                    if self.line_start {
                        let line = self.text[start..self.at].trim_start_matches(';').trim();
                        if !self.doc.is_empty() {
                            self.doc.push('\n');
                        }
                        self.doc.push_str(line);
                    }
                    breaks = 0;
                }
                b'(' if self.starts_with("(;") => {
                    self.skip_block_comment()?;
                    breaks = 0;
                }
                _ => {
                    self.line_start = false;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn skip_line_comment(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest
            .iter()
            .position(|&b| b == b'\n' || b == b'\r')
            .unwrap_or(rest.len());
    }

    /// Skips a block comment; they nest.
    fn skip_block_comment(&mut self) -> Result<(), Diagnostic> {
        let start = self.at;
        let mut depth = 0;
        loop {
            if self.starts_with("(;") {
                depth += 1;
                self.at += 2;
                if depth > MAX_DEPTH {
                    let span = self.span(start, start + 2);
                    self.at = self.text.len();
                    return Err(too_deep(span, "comments"));
                }
            } else if self.starts_with(";)") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else if self.at >= self.text.len() {
                let span = self.span(start, start + 2);
                return Err(Diagnostic::new(
                    Code::Unbalanced,
                    span,
                    "this comment is never closed",
                )
                .help("close it with `;)`"));
            } else {
                self.at += 1;
            }
        }
    }

    /// Skips what cannot begin a form, up to the next one.
    fn skip_stray(&mut self) {
        self.at += 1;
        if self.text.as_bytes()[self.at - 1] == b')' {
            return;
        }
        while self.byte().is_some_and(|b| !b" \t\r\n\x0c();".contains(&b)) {
            self.at += 1;
        }
    }

    /// Skips to the next form that starts a line, where the one at hand is beyond understanding.
    fn skip_to_line_start(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find("\n(").map_or(rest.len(), |at| at + 1);
    }

    fn form(&mut self, start: usize, doc: String) -> Result<Form, Diagnostic> {
        let mut open = Vec::new();
        let mut too_deep_at = None;
        let mut head = None;
        // A form that starts a line inside another is how a missing parenthesis shows.
        let mut suspect = None;
        loop {
            let Some(byte) = self.byte() else {
                let unclosed = *open.last().unwrap_or(&start);
                let at = self.span(unclosed, unclosed + 1);
                let message = "this parenthesis is never closed";
                let mut error = Diagnostic::new(Code::Unbalanced, at, message).help("add `)`");
                if let Some(suspect) = suspect {
                    let span = self.span(suspect, suspect + 1);
                    error = error.label(span, "perhaps before this form, which starts a line");
                    self.at = suspect;
                }
                return Err(error);
            };
            match byte {
                b'(' if self.starts_with("(;") => {
                    self.skip_block_comment()?;
                    continue;
                }
                b'(' => {
                    let first_column = self.at > 0 && self.text.as_bytes()[self.at - 1] == b'\n';
                    if first_column && !open.is_empty() {
                        suspect.get_or_insert(self.at);
                    }
                    open.push(self.at);
                    if open.len() > MAX_DEPTH {
                        too_deep_at.get_or_insert(self.at);
                    }
                }
                b')' => {
                    open.pop();
                    if open.is_empty() {
                        self.at += 1;
                        break;
                    }
                }
                b';' => {
                    self.skip_line_comment();
                    continue;
                }
                b'"' => {
                    let begin = self.at;
                    let rest = &self.text.as_bytes()[begin + 1..];
                    match rest.iter().position(|&b| b == b'"' || b == b'\n') {
                        Some(length) if rest[length] == b'"' => self.at += length + 2,
                        _ => {
                            self.skip_to_line_start();
                            let span = self.span(begin, begin + 1);
                            let message = "this string is not closed on its line";
                            return Err(Diagnostic::new(Code::Unbalanced, span, message)
                                .help("close it with `\"`"));
                        }
                    }
                    continue;
                }
                b' ' | b'\t' | b'\r' | b'\n' | 0x0c => {}
                _ if head.is_none() => {
                    let begin = self.at;
                    while self
                        .byte()
                        .is_some_and(|b| !b" \t\r\n\x0c();@\"".contains(&b))
                    {
                        self.at += 1;
                    }
                    self.at = self.at.max(begin + 1);
                    head = Some((begin, self.at));
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        let span = self.span(start, self.at);
        let (begin, end) = head.unwrap_or((start, start + 1));
        let head = self.text[begin..end].to_string();
        if let Some(at) = too_deep_at
            && !ANNOTATIONS.contains(&head.as_str())
        {
            return Err(too_deep(self.span(at, at + 1), "forms"));
        }
        Ok(Form {
            span,
            head,
            head_span: self.span(begin, end),
            doc,
        })
    }
}

fn too_deep(span: Span, what: &str) -> Diagnostic {
    let message = format!("{what} may nest at most {MAX_DEPTH} deep");
    Diagnostic::new(Code::TooDeep, span, message)
        .help("name an inner part with `let`, or move it to a term of its own")
}
