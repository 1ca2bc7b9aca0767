//! The builder: from tokens to values, with the open forms on a stack of its own.

use super::error::Error;
use super::name::{self, Key};
use super::scan::Scanner;
use super::token::{Bracket, Literal, Result, StringPart, Token};
use crate::heap::{Heap, HeapData, Items};
use crate::object::{Array, Bytes, Gene, Map, PropMap, Quote, Unquote};
use crate::source::Pos;
use crate::symbol::sym;
use crate::value::Value;
use rustc_hash::FxHashMap;

/// A form that is not complete. Its values so far are on the builder's stack of values.
struct Open {
    kind: Kind,
    /// Offset of its first character.
    offset: usize,
    /// Where its values start.
    base: usize,
    /// Properties and the name that waits for its value, if there was any.
    named: Option<Box<Named>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A bracket, and whether its value is sealed.
    Bracket(Bracket, bool),
    Quote,
    Unquote {
        discard: bool,
    },
    /// `#@`, with the name and then the form as values.
    Decorator,
    /// An interpolated string with its parts as values.
    Interpolation {
        triple: bool,
    },
    /// `#{form}` inside of it.
    Hole,
}

#[derive(Default)]
struct Named {
    props: PropMap,
    pending: Option<Key>,
    /// Children when the last property was read: a property after more children is in the wrong place.
    children: usize,
}

const SECOND_IN_HOLE: &str = "Expect } after the form in #{…}: put an expression in parentheses";

/// Makes values of tokens.
pub struct Builder<'a> {
    heap: &'a mut Heap,
    text: &'a str,
    scanner: Scanner<'a>,
    /// Position of the text's first byte.
    first: Pos,
    open: Vec<Open>,
    values: Vec<Value>,
    /// What each spelling of a symbol reads as.
    symbols: FxHashMap<&'a str, Value>,
}

impl<'a> Builder<'a> {
    /// A builder at the start of `text`, which lies at `first`.
    pub fn new(heap: &'a mut Heap, text: &'a str, first: Pos) -> Builder<'a> {
        Builder {
            heap,
            text,
            scanner: Scanner::new(text),
            first,
            open: Vec::new(),
            values: Vec::new(),
            symbols: FxHashMap::default(),
        }
    }

    /// Reads all forms, or only the first, which must be there then.
    pub fn read(&mut self, only_first: bool) -> Result<Vec<Value>> {
        loop {
            if self.open.is_empty() && only_first && !self.values.is_empty() {
                break;
            }
            if let Some(&Open {
                kind: Kind::Interpolation { triple },
                base,
                ..
            }) = self.open.last()
            {
                self.string_part(triple, base)?;
                continue;
            }
            let (offset, token) = self.scanner.next()?;
            if let Token::End = token {
                if let Some(open) = self.open.last() {
                    return Err(self.unclosed(open));
                }
                if only_first && self.values.is_empty() {
                    return Err(Error::new(offset, "EOF while reading (1, 1)"));
                }
                break;
            }
            self.token(offset, token)?;
        }
        Ok(std::mem::take(&mut self.values))
    }

    fn token(&mut self, offset: usize, token: Token<'a>) -> Result<()> {
        if let Some(Open {
            kind: Kind::Bracket(bracket, _),
            base,
            ..
        }) = self.open.last()
        {
            let takes_names = match bracket {
                Bracket::Round => self.values.len() > *base,
                Bracket::Curly => true,
                _ => false,
            };
            if takes_names && self.named_token(offset, &token)? {
                return Ok(());
            }
        }
        let kind = match token {
            Token::Open(bracket, sealed) => Kind::Bracket(bracket, sealed),
            Token::Quote => Kind::Quote,
            Token::Unquote { discard } => Kind::Unquote { discard },
            Token::Decorator => Kind::Decorator,
            Token::Interpolation { triple } => Kind::Interpolation { triple },
            Token::Close(bracket) => return self.close(offset, bracket),
            Token::Semicolon => return self.semicolon(offset),
            atom => {
                let value = self.atom(atom);
                return self.deliver(offset, value);
            }
        };
        self.push(kind, offset);
        Ok(())
    }

    /// The value of a token that is a whole form.
    fn atom(&mut self, token: Token<'a>) -> Value {
        match token {
            Token::Symbol(spelling) => self.symbol(spelling),
            Token::Int(i) => self.heap.int(i),
            Token::Float(f) => Value::float(f),
            Token::Char(c) => Value::char(c),
            Token::Str(text) => self.heap.string(text),
            Token::Literal(literal) => match *literal {
                Literal::Date(date) => self.heap.value(date),
                Literal::Time(time) => self.heap.value(time),
                Literal::DateTime(both) => self.heap.value(both),
                Literal::Bytes(bytes) => self.heap.value(Bytes { bytes }),
                Literal::Regex(regex) => self.heap.value(regex),
            },
            _ => unreachable!("the other tokens are parts of forms"),
        }
    }

    fn push(&mut self, kind: Kind, offset: usize) {
        let base = self.values.len();
        self.open.push(Open {
            kind,
            offset,
            base,
            named: None,
        });
    }

    /// Adds a complete value to the innermost open form, and completes the prefixes that wait for it.
    fn deliver(&mut self, offset: usize, mut value: Value) -> Result<()> {
        while let Some(open) = self.open.last_mut() {
            let start = open.offset;
            value = match open.kind {
                Kind::Quote => self.form(start, false, Quote { form: value }),
                Kind::Unquote { discard } => {
                    let form = value;
                    self.form(start, false, Unquote { form, discard })
                }
                Kind::Decorator if self.values.len() > open.base => {
                    let name = self.values.pop().expect("its length was tested");
                    self.gene(start, false, name, PropMap::default(), vec![value].into())
                }
                Kind::Hole if self.values.len() > open.base => {
                    return Err(Error::new(offset, SECOND_IN_HOLE));
                }
                Kind::Bracket(Bracket::Round | Bracket::Curly, _) => {
                    if let Some(named) = &mut open.named
                        && let Some(key) = named.pending.take()
                    {
                        return self.insert(key, value);
                    }
                    break;
                }
                _ => break,
            };
            self.open.pop();
        }
        self.values.push(value);
        Ok(())
    }

    fn gene(
        &mut self,
        offset: usize,
        sealed: bool,
        head: Value,
        props: PropMap,
        children: Items,
    ) -> Value {
        self.heap.note_external(children.bytes() + props.len() * 32);
        let gene = Gene {
            head,
            props,
            children,
        };
        self.form(offset, sealed, gene)
    }

    /// Puts a form on the heap, with its position in the header.
    fn form<T: HeapData>(&mut self, offset: usize, sealed: bool, data: T) -> Value {
        let mut object = self.heap.alloc(data);
        let header = object.header_mut();
        header.aux = self.first.offset(offset).0;
        header.sealed = sealed;
        Value::object(object)
    }

    // ── Symbols and properties ─────────────────────────────────────────────

    fn symbol(&mut self, spelling: &'a str) -> Value {
        if let Some(&value) = self.symbols.get(spelling) {
            return value;
        }
        let value = name::symbol(self.heap, spelling);
        self.symbols.insert(spelling, value);
        value
    }

    /// Handles a token where a property may stand; false if it is to be handled as everywhere.
    fn named_token(&mut self, offset: usize, token: &Token<'a>) -> Result<bool> {
        let open = self.open.last_mut().expect("the caller saw it");
        let is_map = matches!(open.kind, Kind::Bracket(Bracket::Curly, _));
        let pending = open.named.as_ref().and_then(|named| named.pending.as_ref());
        let name = match token {
            Token::Symbol(spelling) if spelling.starts_with('^') => *spelling,
            Token::Close(_) | Token::Semicolon if pending.is_none() => return Ok(false),
            Token::Close(_) | Token::Semicolon => "",
            _ if is_map && pending.is_none() => {
                return Err(Error::expect_key(self.text, offset));
            }
            _ => return Ok(false),
        };
        if let Some(key) = pending {
            return Err(Error::new(offset, format!("Expect value for {}", key.text)));
        }
        let Some(key) = Key::parse(name, offset) else {
            return Err(Error::expect_key(self.text, offset));
        };
        let children = self.values.len();
        let named = open.named.get_or_insert_with(|| {
            Box::new(Named {
                children,
                ..Default::default()
            })
        });
        if named.children != children {
            let message = format!(
                "properties found in wrong place: {name}; all properties of a gene must stand together"
            );
            return Err(Error::new(offset, message));
        }
        match key.value {
            Some(value) => self.insert(key, value)?,
            None => named.pending = Some(key),
        }
        Ok(true)
    }

    fn insert(&mut self, key: Key, value: Value) -> Result<()> {
        let open = self.open.last_mut().expect("the caller saw it");
        let named = open.named.as_mut().expect("the name was put there");
        if key.insert(self.heap, &mut named.props, value) {
            return Ok(());
        }
        Err(Error::second_value(self.text, key.offset, &key.text))
    }

    // ── Ends ───────────────────────────────────────────────────────────────

    fn close(&mut self, offset: usize, bracket: Bracket) -> Result<()> {
        let Some(open) = self.open.pop() else {
            return Err(Error::unmatched(self.text, offset));
        };
        let start = open.offset;
        let value = match (open.kind, bracket) {
            (Kind::Bracket(Bracket::Round, sealed), Bracket::Round) => {
                self.close_gene(open, sealed)
            }
            (Kind::Bracket(Bracket::Square, sealed), Bracket::Square) => {
                let items = self.take_values(open.base);
                self.heap.note_external(items.bytes());
                self.form(open.offset, sealed, Array { items })
            }
            (Kind::Bracket(Bracket::Curly, sealed), Bracket::Curly) => {
                let entries = open.named.map(|named| named.props).unwrap_or_default();
                self.heap.note_external(entries.len() * 32);
                self.form(open.offset, sealed, Map { entries })
            }
            (Kind::Bracket(Bracket::DoubleCurly, sealed), Bracket::Curly)
                if self.scanner.eat(b'}') =>
            {
                let children = self.take_values(open.base);
                let head = Value::symbol(sym::HASH_MAP);
                self.gene(open.offset, sealed, head, PropMap::default(), children)
            }
            (Kind::Hole, Bracket::Curly) => {
                if self.values.len() == open.base {
                    return Err(Error::new(open.offset, "Expect a form between #{ and }"));
                }
                return Ok(());
            }
            _ => return Err(Error::unmatched(self.text, offset)),
        };
        self.deliver(start, value)
    }

    fn take_values(&mut self, base: usize) -> Items {
        let items = Items::from(&self.values[base..]);
        self.values.truncate(base);
        items
    }

    fn close_gene(&mut self, open: Open, sealed: bool) -> Value {
        let head = self.values.get(open.base).copied().unwrap_or(Value::NIL);
        let children = match self.values.get(open.base + 1..) {
            Some(children) => Items::from(children),
            None => Items::new(),
        };
        self.values.truncate(open.base);
        let props = open.named.map(|named| named.props).unwrap_or_default();
        self.gene(open.offset, sealed, head, props, children)
    }

    /// `;` makes what was read of a gene the head of the next.
    fn semicolon(&mut self, offset: usize) -> Result<()> {
        match self.open.pop() {
            Some(open) if matches!(open.kind, Kind::Bracket(Bracket::Round, _)) => {
                let (kind, offset) = (open.kind, open.offset);
                let head = self.close_gene(open, false);
                self.push(kind, offset);
                self.values.push(head);
                Ok(())
            }
            _ => Err(Error::new(
                offset,
                "; is only allowed directly inside of parentheses",
            )),
        }
    }

    // ── Interpolated strings ───────────────────────────────────────────────

    fn string_part(&mut self, triple: bool, base: usize) -> Result<()> {
        let offset = self.scanner.offset();
        let is_first = self.values.len() == base;
        match self.scanner.string_part(triple, is_first)? {
            StringPart::Text(text) => {
                if !text.is_empty() {
                    let text = self.heap.string(text);
                    self.values.push(text);
                }
            }
            StringPart::Open(bracket) => self.push(Kind::Bracket(bracket, false), offset),
            StringPart::Hole => {
                let at = self.scanner.skip()?;
                let kind = match self.text.as_bytes().get(at) {
                    Some(b'^') => Kind::Bracket(Bracket::Curly, false),
                    _ => Kind::Hole,
                };
                self.push(kind, offset);
            }
            StringPart::Close => {
                let open = self.open.pop().expect("the caller saw it");
                let parts = self.take_values(open.base);
                let value = match parts.iter().map(Value::as_str).collect::<Option<String>>() {
                    Some(text) => self.heap.string(text),
                    None => self.gene(
                        open.offset,
                        false,
                        Value::symbol(sym::STR),
                        PropMap::default(),
                        parts,
                    ),
                };
                return self.deliver(open.offset, value);
            }
        }
        Ok(())
    }

    fn unclosed(&self, open: &Open) -> Error {
        let what = match open.kind {
            Kind::Bracket(Bracket::Round, _) => "list )",
            Kind::Bracket(Bracket::Square, _) => "list ]",
            Kind::Bracket(Bracket::Curly, _) => "map }",
            Kind::Bracket(Bracket::DoubleCurly, _) => "hash map }}",
            Kind::Quote => "the form after `",
            Kind::Unquote { .. } => "the form after %",
            Kind::Decorator => "the form after #@",
            Kind::Hole | Kind::Interpolation { .. } => "}",
        };
        Error::unclosed(self.text, open.offset, what)
    }
}
