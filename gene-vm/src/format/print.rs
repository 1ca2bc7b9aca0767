//! Values as source text that reads back.

use super::spelling;
use crate::heap::{Gc, Header, Kind};
use crate::object::{Array, ComplexSymbol, Gene, Map, Quote, Unquote};
use crate::print::{Form, write_value};
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// How values are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// One element per line.
    Pretty,
    /// One line.
    Compact,
    /// One line, with `:key` for the properties of the outermost Gene value.
    Sexp,
}

/// Deeper forms are not broken into lines.
const MAX_INDENT: usize = 100;

/// The forms one after the other, with an empty line between them; `(empty)` when there are none.
pub fn forms(values: &[Value], style: Style) -> String {
    if values.is_empty() {
        return "(empty)\n".into();
    }
    let mut out = String::new();
    for (i, &value) in values.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        write(&mut out, value, style);
        out.push('\n');
    }
    out
}

/// What is still to be written, last first.
enum Piece {
    Form(Value, Place),
    Key(&'static str, Symbol),
    Text(&'static str),
    /// A line end and this many steps of indentation.
    Line(usize),
}

/// Where a form stands.
#[derive(Clone, Copy)]
struct Place {
    /// Steps of indentation; `None` on one line.
    indent: Option<usize>,
    /// A symbol that starts with `^` would be the name of a property here.
    may_be_key: bool,
}

impl Place {
    /// On one line with what surrounds it.
    const LINE: Place = Place {
        indent: None,
        may_be_key: false,
    };

    /// One step further in.
    fn inside(self) -> Place {
        let indent = self.indent.map(|steps| steps + 1);
        Place {
            indent: indent.filter(|&steps| steps < MAX_INDENT),
            may_be_key: false,
        }
    }

    /// The same place, among properties.
    fn child(self) -> Place {
        Place {
            may_be_key: true,
            ..self
        }
    }

    /// The same place, behind a quote.
    fn behind_mark(self) -> Place {
        Place {
            may_be_key: false,
            ..self
        }
    }

    /// What separates an element from what stands before it.
    fn gap(self, is_first: bool) -> Option<Piece> {
        match self.indent {
            Some(steps) => Some(Piece::Line(steps)),
            None => (!is_first).then_some(Piece::Text(" ")),
        }
    }

    /// What stands before the closing bracket of a form in this place.
    fn end(self, is_empty: bool) -> Option<Piece> {
        let broken = !is_empty && self.inside().indent.is_some();
        self.indent.filter(|_| broken).map(Piece::Line)
    }
}

fn write(out: &mut String, value: Value, style: Style) {
    let key_mark = if style == Style::Sexp { ":" } else { "^" };
    let place = Place {
        indent: (style == Style::Pretty).then_some(0),
        ..Place::LINE
    };
    let mut pending = Vec::new();
    let mut parts = Vec::new();
    push_form(out, &mut parts, value, place, key_mark);
    loop {
        pending.extend(parts.drain(..).rev());
        match pending.pop() {
            None => return,
            Some(Piece::Form(value, place)) => push_form(out, &mut parts, value, place, "^"),
            Some(Piece::Key(mark, name)) => {
                out.push_str(mark);
                spelling::key(out, name);
                out.push(' ');
            }
            Some(Piece::Text(text)) => out.push_str(text),
            Some(Piece::Line(steps)) => {
                out.push('\n');
                out.extend(std::iter::repeat_n("  ", steps));
            }
        }
    }
}

/// Writes the start of a form and leaves the rest in `parts`.
fn push_form(
    out: &mut String,
    parts: &mut Vec<Piece>,
    value: Value,
    place: Place,
    key_mark: &'static str,
) {
    let Some(kind) = value.heap_kind() else {
        return write_atom(out, value, place);
    };
    match kind {
        Kind::Array => {
            let array = value.get::<Array>().expect("the kind was tested");
            open(out, array.header(), "[");
            let elements = place.inside();
            for (i, &item) in array.items.iter().enumerate() {
                parts.extend(elements.gap(i == 0));
                parts.push(Piece::Form(item, elements));
            }
            parts.extend(place.end(array.items.is_empty()));
            parts.push(Piece::Text("]"));
        }
        Kind::Map => {
            let map = value.get::<Map>().expect("the kind was tested");
            open(out, map.header(), "{");
            let elements = place.inside();
            for (i, (&name, &entry)) in map.entries.iter().enumerate() {
                parts.extend(elements.gap(i == 0));
                parts.push(Piece::Key("^", name));
                parts.push(Piece::Form(entry, elements.child()));
            }
            parts.extend(place.end(map.entries.is_empty()));
            parts.push(Piece::Text("}"));
        }
        Kind::Gene => {
            let gene = value.get::<Gene>().expect("the kind was tested");
            if gene.head.is_symbol(sym::HASH_MAP) && gene.props.is_empty() {
                push_hash_map(out, parts, &gene, place);
            } else {
                push_gene(out, parts, &gene, place, key_mark);
            }
        }
        Kind::Quote => {
            out.push('`');
            let form = value.get::<Quote>().expect("the kind was tested").form;
            parts.push(Piece::Form(form, place.behind_mark()));
        }
        Kind::Unquote => {
            let unquote = value.get::<Unquote>().expect("the kind was tested");
            out.push_str(if unquote.discard { "%_" } else { "%" });
            let before = out.len();
            push_form(out, parts, unquote.form, place.behind_mark(), "^");
            // `%_` and `%=` would read as something else.
            if !unquote.discard && out[before..].starts_with(['_', '=']) {
                out.insert(before, '\\');
            }
        }
        _ => write_atom(out, value, place),
    }
}

fn push_gene(
    out: &mut String,
    parts: &mut Vec<Piece>,
    gene: &Gc<Gene>,
    place: Place,
    key_mark: &'static str,
) {
    open(out, gene.header(), "(");
    parts.push(Piece::Form(gene.head, Place::LINE));
    for (&name, &value) in &gene.props {
        parts.push(Piece::Text(" "));
        parts.push(Piece::Key(key_mark, name));
        parts.push(Piece::Form(value, Place::LINE.child()));
    }
    let elements = place.inside().child();
    for &child in gene.children.iter() {
        parts.extend(elements.gap(false));
        parts.push(Piece::Form(child, elements));
    }
    parts.extend(place.end(gene.children.is_empty()));
    parts.push(Piece::Text(")"));
}

/// A hash map literal: one entry per line.
fn push_hash_map(out: &mut String, parts: &mut Vec<Piece>, gene: &Gc<Gene>, place: Place) {
    open(out, gene.header(), "{{");
    let elements = place.inside();
    for (i, entry) in gene.children.chunks(2).enumerate() {
        parts.extend(elements.gap(i == 0));
        parts.push(Piece::Form(entry[0], Place::LINE));
        if let Some(&value) = entry.get(1) {
            parts.push(Piece::Text(" "));
            parts.push(Piece::Form(value, elements));
        }
    }
    parts.extend(place.end(gene.children.is_empty()));
    parts.push(Piece::Text("}}"));
}

fn open(out: &mut String, header: &Header, bracket: &str) {
    if header.sealed {
        out.push('#');
    }
    out.push_str(bracket);
}

fn write_atom(out: &mut String, value: Value, place: Place) {
    if let Some(text) = value.as_str() {
        spelling::string(out, text);
    } else if let Some(c) = value.as_char() {
        spelling::character(out, c);
    } else if let Some(symbol) = value.as_symbol() {
        spelling::symbol(out, symbol, place.may_be_key);
    } else if let Some(path) = value.get::<ComplexSymbol>() {
        spelling::path(out, &path, place.may_be_key);
    } else {
        write_value(out, value, Form::Written);
    }
}
