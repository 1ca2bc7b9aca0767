//! Makes a program smaller while it keeps a property.
//!
//! A program is a tree of bracketed forms. One step leaves a form out, or puts one of its parts or `nil` in its place. What
//! no longer compiles has lost the property by itself, so no step needs to know the language.

use std::fmt;

/// A form: an atom, or forms in brackets.
#[derive(Clone)]
pub enum Form {
    Atom(String),
    Group {
        open: char,
        parts: Vec<Form>,
        close: char,
    },
}

/// Reads the forms of a program. Those in `whole` are atoms.
pub fn read(source: &str, whole: &[&str]) -> Vec<Form> {
    let mut reader = Reader {
        rest: source,
        whole,
    };
    reader.forms()
}

struct Reader<'a> {
    rest: &'a str,
    whole: &'a [&'a str],
}

impl Reader<'_> {
    /// The forms up to a closing bracket or the end.
    fn forms(&mut self) -> Vec<Form> {
        let mut forms = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            let whole = self.whole.iter().find(|form| self.rest.starts_with(**form));
            match (whole, self.rest.chars().next()) {
                (Some(form), _) => forms.push(Form::Atom(self.take(form.len()))),
                (None, None | Some(')' | ']' | '}')) => return forms,
                (None, Some(open @ ('(' | '[' | '{'))) => {
                    self.take(1);
                    let parts = self.forms();
                    let close = self.take(1).remove(0);
                    forms.push(Form::Group { open, parts, close });
                }
                (None, Some(_)) => {
                    let length = self.atom_length();
                    forms.push(Form::Atom(self.take(length)));
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> String {
        let (taken, left) = self.rest.split_at(length);
        self.rest = left;
        taken.to_string()
    }

    /// The length of the atom at the start. Strings are atoms, and so are paths, with the expressions in them.
    fn atom_length(&self) -> usize {
        let (mut quoted, mut depth) = (false, 0);
        let end = self.rest.char_indices().find(|&(_, c)| {
            match c {
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth > 0 => {
                    depth -= 1;
                    return false;
                }
                _ => {}
            }
            !quoted && depth == 0 && (c.is_whitespace() || matches!(c, ')' | ']' | '}'))
        });
        end.map_or(self.rest.len(), |(index, _)| index)
    }
}

impl Form {
    fn parts(&self) -> &[Form] {
        match self {
            Form::Atom(_) => &[],
            Form::Group { parts, .. } => parts,
        }
    }

    fn parts_mut(&mut self) -> &mut Vec<Form> {
        match self {
            Form::Atom(_) => unreachable!("paths lead through groups"),
            Form::Group { parts, .. } => parts,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Form::Atom(text) => f.write_str(text),
            Form::Group { open, parts, close } => {
                let parts: Vec<String> = parts.iter().map(Form::to_string).collect();
                write!(f, "{open}{}{close}", parts.join(" "))
            }
        }
    }
}

/// The text of a program, a line per form.
pub fn text(program: &[Form]) -> String {
    let lines: Vec<String> = program.iter().map(Form::to_string).collect();
    lines.join("\n")
}

/// Makes the program smaller as long as `keeps` says that it has the property; `whole` forms go with what is around them.
pub fn shrink(
    mut program: Vec<Form>,
    whole: &[&str],
    keeps: impl Fn(&[Form]) -> bool,
) -> Vec<Form> {
    let (mut index, mut changed) = (0, false);
    loop {
        let mut paths = Vec::new();
        collect_paths(&program, &[], &mut paths);
        let edited = paths
            .get(index)
            .map(|path| edits(&program, path, whole).find(|edited| keeps(edited)));
        match edited {
            // Another form may stand in this place now.
            Some(Some(edited)) => (program, changed) = (edited, true),
            Some(None) => index += 1,
            None if changed => (index, changed) = (0, false),
            None => return program,
        }
    }
}

/// The path of indices to each form that may be changed, in the order of the text.
fn collect_paths(forms: &[Form], outer: &[usize], paths: &mut Vec<Vec<usize>>) {
    for (index, form) in forms.iter().enumerate() {
        // A loop with another condition may have no end.
        if index == 1 && matches!(&forms[0], Form::Atom(first) if first == "while") {
            continue;
        }
        let path = [outer, &[index]].concat();
        paths.push(path.clone());
        collect_paths(form.parts(), &path, paths);
    }
}

/// The programs with the form at a path changed.
fn edits<'a>(
    program: &'a [Form],
    path: &'a [usize],
    whole: &[&str],
) -> impl Iterator<Item = Vec<Form>> + use<'a> {
    let (&index, outer) = path.split_last().expect("no path is empty");
    let siblings = outer.iter().fold(program, |forms, &at| forms[at].parts());
    let replacements: Vec<Option<Form>> = match &siblings[index] {
        Form::Atom(text) if whole.contains(&text.as_str()) => Vec::new(),
        Form::Atom(_) => vec![None],
        Form::Group { parts, .. } => [None, Some(Form::Atom("nil".into()))]
            .into_iter()
            .chain(parts.iter().cloned().map(Some))
            .collect(),
    };
    replacements.into_iter().map(move |replacement| {
        let mut edited = program.to_vec();
        let siblings = outer
            .iter()
            .fold(&mut edited, |forms, &at| forms[at].parts_mut());
        siblings.splice(index..=index, replacement);
        edited
    })
}
