//! The formatter.
//!
//! It keeps the line breaks and blank lines that the author chose, and all comments; it settles
//! indentation and spaces, and breaks lines that are too long. A form that is written over
//! several lines has its parts in the usual places: each guard and each step of a rule on a line
//! of its own, each definition of a `let`, each clause of an instruction.

use gene_isle_core::diagnostic::{Diagnostic, Errors};
use gene_isle_core::reader;
use gene_isle_core::source::Sources;

/// Lines are broken where they would be longer.
const WIDTH: usize = 100;

/// The formatted text of the file with this index.
///
/// # Errors
/// What is wrong with parentheses, strings or comments: such a file has no form to settle.
pub fn format(sources: &Sources, file: u32) -> Result<String, Vec<Diagnostic>> {
    let mut errors = Errors::default();
    reader::read(sources, file, &mut errors);
    if !errors.is_empty() {
        return Err(errors.into_sorted());
    }
    let nodes = Tokens::new(&sources.file(file).text).nodes();
    let mut printer = Printer::default();
    printer.file(&nodes);
    Ok(printer.out)
}

// ---------------------------------------------------------------- what is formatted

/// A word, a comment or a list, and how it stands in the source.
#[derive(Debug)]
struct Node<'a> {
    kind: Kind<'a>,
    /// Line breaks before it; more than two count as two.
    breaks: u8,
    /// Its width on one line; none if it cannot stand on one line.
    flat: Option<usize>,
}

#[derive(Debug)]
enum Kind<'a> {
    /// A name, a number, a string, `@`.
    Word(&'a str),
    /// `(; … ;)`
    BlockComment(&'a str),
    /// `; …`, without blanks at the end.
    LineComment(&'a str),
    List(Vec<Node<'a>>),
}

impl<'a> Node<'a> {
    fn new(kind: Kind<'a>, breaks: u8) -> Node<'a> {
        let flat = match &kind {
            Kind::Word(text) => Some(text.chars().count()),
            Kind::BlockComment(text) => (!text.contains('\n')).then(|| text.chars().count()),
            Kind::LineComment(_) => None,
            Kind::List(nodes) => flat_width(nodes),
        };
        Node { kind, breaks, flat }
    }

    fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment(_) | Kind::BlockComment(_))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word(text) if text == word)
    }

    fn is_list(&self) -> bool {
        matches!(self.kind, Kind::List(_))
    }

    /// The first word of a list; nothing for what is not a list or begins otherwise.
    fn head(&self) -> &'a str {
        match &self.kind {
            Kind::List(nodes) => first_word(nodes).unwrap_or(""),
            _ => "",
        }
    }
}

fn first_word<'a>(nodes: &[Node<'a>]) -> Option<&'a str> {
    match nodes.first()?.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

fn is_line_comment(node: &Node) -> bool {
    matches!(node.kind, Kind::LineComment(_))
}

/// The width of a list on one line; none if the author broke it.
fn flat_width(nodes: &[Node]) -> Option<usize> {
    let mut width = 2 + nodes.len().saturating_sub(1);
    for node in nodes {
        if node.breaks > 0 {
            return None;
        }
        width += node.flat?;
    }
    Some(width)
}

/// Cuts a text whose parentheses, strings and comments balance.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Tokens<'a> {
        Tokens { text, at: 0 }
    }

    /// The nodes up to the next closing parenthesis, which is taken, or to the end.
    fn nodes(&mut self) -> Vec<Node<'a>> {
        let mut nodes: Vec<Node<'a>> = Vec::new();
        loop {
            let breaks = self.skip_blank();
            let rest = &self.text[self.at..];
            let Some(first) = rest.chars().next() else {
                break;
            };
            let kind = if rest.starts_with("(;") {
                Kind::BlockComment(self.take(block_comment_length(rest)))
            } else if first == '(' {
                self.at += 1;
                Kind::List(self.nodes())
            } else if first == ')' {
                self.at += 1;
                break;
            } else if first == ';' {
                let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
                Kind::LineComment(self.take(length).trim_end())
            } else {
                Kind::Word(self.take(word_length(rest)))
            };
            nodes.push(Node::new(kind, breaks));
        }
        drop_odd_breaks(&mut nodes);
        if is_list_of_names(&nodes) {
            nodes.iter_mut().for_each(|node| node.breaks = 0);
        }
        nodes
    }

    fn take(&mut self, length: usize) -> &'a str {
        let start = self.at;
        self.at += length;
        &self.text[start..self.at]
    }

    /// Skips blanks and counts line breaks.
    fn skip_blank(&mut self) -> u8 {
        let rest = &self.text[self.at..];
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{0c}');
        let length = rest.find(|c| !blank(c)).unwrap_or(rest.len());
        self.take(length).matches('\n').count().min(2) as u8
    }
}

/// Breaks that mean nothing: before the first node, and around the `@` of a binding.
fn drop_odd_breaks(nodes: &mut [Node]) {
    for index in 0..nodes.len() {
        if index == 0 || glued(&nodes[index - 1], &nodes[index]) {
            nodes[index].breaks = 0;
        }
    }
}

/// Whether this is an enum whose variants have no fields: they fill lines like the words of a text.
fn is_list_of_names(nodes: &[Node]) -> bool {
    first_word(nodes) == Some("enum")
        && nodes
            .iter()
            .all(|node| matches!(node.kind, Kind::Word(_)) && node.breaks < 2)
}

/// Whether two neighbours belong to one `name @ pattern`.
fn glued(before: &Node, node: &Node) -> bool {
    !before.is_comment() && !node.is_comment() && (before.is_word("@") || node.is_word("@"))
}

/// The length of the block comment at the start of a text; they nest.
fn block_comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        if text[at..].starts_with("(;") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with(";)") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            match text[at..].chars().next() {
                Some(c) => at += c.len_utf8(),
                None => return at,
            }
        }
    }
}

/// The length of the word or string at the start of a text, with what adjoins it: values in tests are not cut apart.
fn word_length(text: &str) -> usize {
    let ends = |c: char| c.is_ascii_whitespace() || "();@\"".contains(c);
    let first = text.chars().next().map_or(0, char::len_utf8);
    let mut length = 0;
    loop {
        let rest = &text[length..];
        let part = match rest.strip_prefix('"') {
            Some(string) => string.find('"').map_or(rest.len(), |end| end + 2),
            None => rest.find(ends).unwrap_or(rest.len()),
        };
        if part == 0 {
            return length.max(first);
        }
        length += part;
    }
}

// ---------------------------------------------------------------- how it is laid out

/// Where the parts of a list go that do not stand on the line where it opens.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// Under the first argument if that stands beside the head: `(or a` over `b)`.
    Call,
    /// Two columns into the line where the list opens: declarations.
    Body,
    /// The same, and what is no clause twice as far: operands stand out before the clauses.
    Clauses,
    /// Two columns into the list: `let`, and its definitions.
    Block,
    /// Right behind the parenthesis: lists of lists.
    Plain,
}

/// How a list that does not stand on one line is laid out.
struct Layout {
    style: Style,
    /// Whether the node with this index begins a line, whatever the author did.
    begins_line: fn(&[Node], usize) -> bool,
}

/// What a list is a part of, which decides its layout along with its first word.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The file.
    Top,
    /// A type declaration.
    Type,
    /// A `let`, as its definitions.
    Let,
    /// The definitions of a `let`.
    Definitions,
    /// Anything else.
    Inner,
}

fn layout(nodes: &[Node], place: Place) -> Layout {
    let head = first_word(nodes);
    let names_only = is_list_of_names(nodes);
    let never: fn(&[Node], usize) -> bool = |_, _| false;
    let (style, begins_line) = match (place, head) {
        (Place::Let, _) => (Style::Plain, always as _),
        (Place::Definitions, _) => (Style::Block, never),
        (_, None) => (Style::Plain, never),
        (Place::Top, Some(form)) => match form {
            "rule" => (Style::Call, after_pattern as _),
            "inst" | "immediate" | "test" => (Style::Clauses, is_clause as _),
            "code" | "sized" => (Style::Body, each_list as _),
            _ => (Style::Body, never),
        },
        (Place::Type, Some("enum")) if names_only => (Style::Call, never),
        (Place::Type, Some("enum" | "struct")) => (Style::Body, after_head as _),
        (Place::Type, Some(_)) => (Style::Body, never),
        (Place::Inner, Some("let")) => (Style::Block, after_definitions as _),
        (Place::Inner, Some(_)) => (Style::Call, never),
    };
    Layout { style, begins_line }
}

fn always(_: &[Node], _: usize) -> bool {
    true
}

fn after_head(_: &[Node], index: usize) -> bool {
    index > 0
}

fn each_list(nodes: &[Node], index: usize) -> bool {
    nodes[index].is_list()
}

fn after_definitions(_: &[Node], index: usize) -> bool {
    index > 1
}

/// Whether a node comes after the pattern of a rule: a guard or a step.
fn after_pattern(nodes: &[Node], index: usize) -> bool {
    nodes[..index].iter().any(Node::is_list)
}

/// The clauses of an instruction, an immediate or a test.
const CLAUSES: [&str; 9] = [
    "bits", "asm", "field", "where", "does", "encode", "decode", "rules", "value",
];

/// Whether a node is a clause of an instruction, an immediate or a test.
fn is_clause(nodes: &[Node], index: usize) -> bool {
    // The second word is the name; an instruction may have the name of a clause.
    index > 1 && CLAUSES.contains(&nodes[index].head())
}

fn is_operand(node: &Node) -> bool {
    node.is_list() && !CLAUSES.contains(&node.head())
}

#[derive(Default)]
struct Printer {
    out: String,
    /// How many characters are on the line.
    column: usize,
    /// How far the line is indented.
    indent: usize,
    lines: usize,
}

impl Printer {
    fn file(&mut self, nodes: &[Node]) {
        for (index, node) in nodes.iter().enumerate() {
            let trails = node.is_comment() && node.breaks == 0 && index > 0;
            if trails {
                self.push(" ");
            } else if index > 0 {
                self.break_line(0, node.breaks);
            }
            self.node(node, 0, Place::Top);
        }
        if !nodes.is_empty() {
            self.out.push('\n');
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        match text.rsplit_once('\n') {
            None => self.column += text.chars().count(),
            Some((_, last)) => {
                self.column = last.chars().count();
                self.lines += 1;
            }
        }
    }

    /// Begins a line; two breaks leave a blank line between.
    fn break_line(&mut self, indent: usize, breaks: u8) {
        self.push(if breaks > 1 { "\n\n" } else { "\n" });
        self.push(&" ".repeat(indent));
        self.indent = indent;
    }

    /// Whether something fits on the line, followed by so many closing parentheses.
    fn fits(&self, node: &Node, closing: usize) -> bool {
        node.flat
            .is_some_and(|width| self.column + width + closing <= WIDTH)
    }

    /// Prints a node that `closing` parentheses follow at once.
    fn node(&mut self, node: &Node, closing: usize, place: Place) {
        match &node.kind {
            Kind::Word(text) | Kind::LineComment(text) => self.push(text),
            Kind::BlockComment(text) => self.push(&text.replace('\r', "")),
            Kind::List(nodes) if self.fits(node, closing) => self.flat(nodes),
            Kind::List(nodes) => self.broken(nodes, closing, place),
        }
    }

    fn flat(&mut self, nodes: &[Node]) {
        self.push("(");
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                self.push(" ");
            }
            match &node.kind {
                Kind::List(nodes) => self.flat(nodes),
                Kind::Word(text) | Kind::BlockComment(text) | Kind::LineComment(text) => {
                    self.push(text);
                }
            }
        }
        self.push(")");
    }

    /// Prints a list over several lines. Whether and where a line is broken depends only on
    /// breaks that are there already and on what does not fit, so that doing it again changes
    /// nothing.
    fn broken(&mut self, nodes: &[Node], closing: usize, place: Place) {
        let head = first_word(nodes);
        let Layout { style, begins_line } = layout(nodes, place);
        let (open, line) = (self.column, self.indent);
        self.push("(");
        if nodes.first().is_some_and(is_line_comment) {
            // Together they would open a block comment.
            self.push(" ");
        }
        let mut beside_head = None;
        let mut must_break = false;
        for (index, node) in nodes.iter().enumerate() {
            let closing = if index + 1 == nodes.len() {
                closing + 1
            } else {
                0
            };
            let indent = match style {
                Style::Call => beside_head.unwrap_or(open + 2),
                Style::Body => line + 2,
                Style::Clauses if is_operand(node) => line + 4,
                Style::Clauses => line + 2,
                Style::Block => open + 2,
                Style::Plain => open + 1,
            };
            if index > 0 {
                let trails = node.is_comment() && node.breaks == 0 && !must_break;
                let glued = glued(&nodes[index - 1], node);
                let begins_line = !node.is_comment() && begins_line(nodes, index);
                // A first argument stays beside its head and is broken itself.
                let too_long = index > 1 && node.flat.is_some() && !self.fits(node, closing + 1);
                if must_break || node.breaks > 0 || (!trails && !glued && (begins_line || too_long))
                {
                    self.break_line(indent, node.breaks);
                } else {
                    self.push(" ");
                    if index == 1 {
                        beside_head = Some(self.column);
                    }
                }
            }
            let lines = self.lines;
            let inner = match (place, head) {
                (Place::Top, Some("type")) => Place::Type,
                (Place::Inner, Some("let")) if index == 1 => Place::Let,
                (Place::Let, _) => Place::Definitions,
                _ => Place::Inner,
            };
            self.node(node, closing, inner);
            // What follows something that took several lines would be overlooked beside it.
            let next_is_trailing = nodes
                .get(index + 1)
                .is_some_and(|next| next.is_comment() && next.breaks == 0);
            must_break = is_line_comment(node) || (self.lines > lines && !next_is_trailing);
        }
        if nodes.last().is_some_and(is_line_comment) {
            self.break_line(open + 1, 1);
        }
        self.push(")");
    }
}
