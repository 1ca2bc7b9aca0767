//! Lays out generated Rust for people to read.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// The tokens as text: a line for each statement, indented.
pub fn rust_text(tokens: TokenStream) -> String {
    let mut printer = Printer {
        out: String::new(),
        indent: 0,
        glued: true,
    };
    printer.stream(tokens);
    let lines = printer.out.lines().map(str::trim_end);
    let mut text: String = lines.map(|line| format!("{line}\n")).collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

struct Printer {
    out: String,
    indent: usize,
    /// Whether what comes next follows without a space.
    glued: bool,
}

impl Printer {
    fn new_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.glued = true;
    }

    fn word(&mut self, text: &str) {
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.out.push_str(&"    ".repeat(self.indent));
        } else if !self.glued {
            self.out.push(' ');
        }
        self.out.push_str(text);
        self.glued = false;
    }

    fn stream(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        // Joins the characters of an operator.
        let mut joint = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    self.group(group.delimiter(), group.stream());
                    if group.delimiter() == Delimiter::Brace && !is_pattern(&group.stream()) {
                        let goes_on = matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if ",;.?)".contains(punct.as_char()))
                            || matches!(tokens.peek(), Some(TokenTree::Ident(ident)) if *ident == "else");
                        if !goes_on && tokens.peek().is_some() {
                            self.new_line();
                        }
                    }
                    joint = false;
                }
                TokenTree::Punct(punct) => {
                    let c = punct.as_char();
                    if c == '#' && matches!(tokens.peek(), Some(TokenTree::Group(_))) {
                        self.attribute(&mut tokens);
                        continue;
                    }
                    let before = self.out.chars().next_back().unwrap_or(' ');
                    // There are no comparisons by size in the rules' functions.
                    let generic = (c == '<' && before.is_alphanumeric()) || c == '>' && !joint;
                    self.glued |= joint || ",;:.?".contains(c) || generic;
                    self.word(&c.to_string());
                    let conjunction = joint && c == '&';
                    joint = punct.spacing() == Spacing::Joint;
                    let unary = c == '-' && !joint && "(,=".contains(before);
                    let prefix = "&.!'".contains(c) && !conjunction;
                    self.glued = joint || prefix || unary || c == '<' || self.out.ends_with("::");
                    // Commas end a line after a body.
                    if c == ';' || (c == ',' && self.out.ends_with("},")) {
                        self.new_line();
                    }
                }
                TokenTree::Ident(ident) => {
                    self.word(&ident.to_string());
                    joint = false;
                }
                TokenTree::Literal(literal) => {
                    self.word(&literal.to_string());
                    joint = false;
                }
            }
        }
    }

    fn group(&mut self, delimiter: Delimiter, content: TokenStream) {
        match delimiter {
            Delimiter::Brace if content.is_empty() => self.word("{}"),
            Delimiter::Brace if is_pattern(&content) => {
                self.word("{");
                self.stream(content);
                self.glued = false;
                self.word("}");
            }
            Delimiter::Brace => {
                self.word("{");
                self.indent += 1;
                self.new_line();
                self.stream(content);
                self.indent -= 1;
                self.new_line();
                self.word("}");
            }
            Delimiter::Parenthesis | Delimiter::Bracket => {
                let (open, close) = if delimiter == Delimiter::Bracket {
                    ("[", "]")
                } else {
                    ("(", ")")
                };
                let callee = self
                    .out
                    .ends_with(|c: char| c.is_alphanumeric() || "_>!".contains(c));
                self.glued |= callee && !self.out.ends_with("=>") && !self.out.ends_with("in");
                self.word(open);
                self.glued = true;
                self.stream(content);
                self.glued = true;
                self.word(close);
            }
            Delimiter::None => self.stream(content),
        }
    }

    /// A documentation comment as such, other attributes on a line of their own.
    fn attribute(&mut self, tokens: &mut std::iter::Peekable<impl Iterator<Item = TokenTree>>) {
        let Some(TokenTree::Group(group)) = tokens.next() else {
            return;
        };
        self.new_line();
        let mut inner = group.stream().into_iter();
        let is_doc = matches!(inner.next(), Some(TokenTree::Ident(ident)) if ident == "doc");
        let text = inner.nth(1).map(|literal| literal.to_string());
        match (
            is_doc,
            text.and_then(|text| syn::parse_str::<syn::LitStr>(&text).ok()),
        ) {
            (true, Some(text)) => {
                for line in text.value().lines() {
                    self.word(&format!("/// {line}"));
                    self.new_line();
                }
            }
            _ => {
                self.word("#");
                self.glued = true;
                self.group(Delimiter::Bracket, group.stream());
                self.new_line();
            }
        }
    }
}

/// Whether braces hold fields rather than statements.
fn is_pattern(content: &TokenStream) -> bool {
    content.clone().into_iter().all(|token| match token {
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Punct(punct) => !matches!(punct.as_char(), ';' | '#' | '='),
        _ => true,
    }) && content.clone().into_iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Alone))
}
