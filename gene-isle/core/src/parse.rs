//! From text to syntax: runs the grammar of `rule_file.pest` over each form.

mod errors;
mod machine;

use pest::Parser;
use pest::iterators::Pair;

use crate::ast::*;
use crate::diagnostic::{self, Diagnostic, Errors, did_you_mean};
use crate::reader::{self, ANNOTATIONS, Form};
use crate::source::{Sources, Span};

mod grammar {
    #![allow(
        missing_docs,
        reason = "generated from the grammar, which documents itself"
    )]
    #[derive(pest_derive::Parser)]
    #[grammar = "rule_file.pest"]
    pub struct RuleFile;
}
use errors::syntax_error;
use grammar::{Rule as G, RuleFile};

type Parsed<T> = Result<T, Box<Diagnostic>>;

/// The forms and the grammar's entry rule for each.
const FORMS: &[(&str, G)] = &[
    ("type", G::type_form),
    ("decl", G::decl_form),
    ("rule", G::rule_form),
    ("extractor", G::extractor_form),
    ("extern", G::extern_form),
    ("convert", G::convert_form),
    ("pragma", G::pragma_form),
    ("registers", G::registers_form),
    ("view", G::view_form),
    ("sized", G::sized_form),
    ("code", G::code_form),
    ("immediate", G::immediate_form),
    ("offset", G::offset_form),
    ("define", G::define_form),
    ("inst", G::inst_form),
    ("flags", G::flags_form),
    ("helper", G::helper_form),
    ("test", G::test_form),
];

/// Parses all files.
pub fn parse(sources: &Sources, errors: &mut Errors) -> Vec<Item> {
    let mut items = Vec::new();
    for file in 0..sources.files().len() as u32 {
        for form in reader::read(sources, file, errors) {
            if errors.is_full() {
                return items;
            }
            match parse_form(sources, form) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => {}
                Err(error) => errors.push(*error),
            }
        }
    }
    items
}

fn parse_form(sources: &Sources, form: Form) -> Parsed<Option<Item>> {
    if ANNOTATIONS.contains(&form.head.as_str()) {
        return Ok(None);
    }
    let Some(&(_, entry)) = FORMS.iter().find(|(head, _)| *head == form.head) else {
        let known = FORMS.iter().map(|(head, _)| *head);
        let message = if form.head == "(" || form.head == ")" {
            "a form begins with a word that says what it is".to_string()
        } else {
            format!("unknown form `{}`", form.head)
        };
        return Err(Box::new(
            Diagnostic::new(diagnostic::Code::UnknownForm, form.head_span, message)
                .maybe_help(did_you_mean(&form.head, known)),
        ));
    };
    let text = sources.text(form.span);
    let pair = RuleFile::parse(entry, text)
        .map_err(|error| Box::new(syntax_error(sources, &form, error)))?
        .next();
    let Some(pair) = pair else { return Ok(None) };
    let cx = Cx {
        file: form.span.file,
        base: form.span.start,
    };
    let kind = cx.item(pair)?;
    Ok(Some(Item {
        kind,
        span: form.span,
        doc: form.doc,
    }))
}

/// Reads the number of an integer token.
fn integer(text: &str, span: Span) -> Parsed<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (radix, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    let value = u128::from_str_radix(&digits, radix).ok();
    let value = match (negative, value) {
        (false, Some(value)) => Some(value as i128),
        (true, Some(value)) => i128::try_from(value).ok().map(|value| -value),
        (_, None) => None,
    };
    value.ok_or_else(|| {
        Box::new(
            Diagnostic::new(
                diagnostic::Code::BadInteger,
                span,
                format!("`{text}` is not an integer that fits"),
            )
            .help("integers go from -2^127+1 to 2^128-1"),
        )
    })
}

/// Where the text given to the grammar stands in its file.
struct Cx {
    file: u32,
    base: u32,
}

/// The parts of a node that carry information, without keywords.
fn parts(pair: Pair<G>) -> impl Iterator<Item = Pair<G>> {
    pair.into_inner().filter(|part| {
        !matches!(
            part.as_rule(),
            G::kw_primitive
                | G::kw_enum
                | G::kw_struct
                | G::kw_constructor
                | G::kw_extractor
                | G::kw_const
                | G::kw_let
                | G::kw_if_let
                | G::kw_if
                | G::kw_and
                | G::kw_asm
                | G::kw_bits
                | G::kw_field
                | G::kw_does
                | G::kw_where
                | G::kw_from
                | G::kw_may
                | G::kw_rules
                | G::kw_value
                | G::EOI
        )
    })
}

/// The next part, which the grammar guarantees to be there.
fn next<'i>(parts: &mut impl Iterator<Item = Pair<'i, G>>) -> Pair<'i, G> {
    parts.next().expect("the grammar demands this part")
}

/// Whether the next part is of this rule; takes it if so.
fn take<'i>(
    parts: &mut std::iter::Peekable<impl Iterator<Item = Pair<'i, G>>>,
    rule: G,
) -> Option<Pair<'i, G>> {
    parts.next_if(|part| part.as_rule() == rule)
}

impl Cx {
    fn span(&self, pair: &Pair<G>) -> Span {
        let span = pair.as_span();
        Span {
            file: self.file,
            start: self.base + span.start() as u32,
            end: self.base + span.end() as u32,
        }
    }

    fn ident(&self, pair: Pair<G>) -> Ident {
        Ident {
            name: pair.as_str().to_string(),
            span: self.span(&pair),
        }
    }

    fn constant(&self, pair: Pair<G>) -> Ident {
        let mut ident = self.ident(pair);
        ident.name.remove(0);
        ident
    }

    fn names(&self, pair: Pair<G>) -> Vec<Ident> {
        parts(pair).map(|part| self.ident(part)).collect()
    }

    fn string(&self, pair: Pair<G>) -> Str {
        let quoted = pair.as_str();
        Str {
            text: quoted[1..quoted.len() - 1].to_string(),
            span: self.span(&pair),
        }
    }

    fn int(&self, pair: Pair<G>) -> Parsed<i128> {
        integer(pair.as_str(), self.span(&pair))
    }

    fn item(&self, pair: Pair<G>) -> Parsed<ItemKind> {
        let rule = pair.as_rule();
        let mut parts = parts(pair).peekable();
        let parts = &mut parts;
        Ok(match rule {
            G::type_form => {
                let name = self.ident(next(parts));
                let (mut is_extern, mut nodebug) = (false, false);
                while let Some(flag) = take(parts, G::type_flag) {
                    match flag.as_str() {
                        "extern" => is_extern = true,
                        _ => nodebug = true,
                    }
                }
                let value = self.type_value(next(parts));
                ItemKind::Type(Type {
                    name,
                    is_extern,
                    nodebug,
                    value,
                })
            }
            G::decl_form => {
                let mut flags = Flags::default();
                for flag in next(parts).into_inner() {
                    match flag.as_rule() {
                        G::kw_pure => flags.pure = true,
                        G::kw_multi => flags.multi = true,
                        G::kw_partial => flags.partial = true,
                        _ => flags.rec = true,
                    }
                }
                let name = self.ident(next(parts));
                let args = self.names(next(parts));
                ItemKind::Decl(Decl {
                    name,
                    flags,
                    args,
                    ret: self.ident(next(parts)),
                })
            }
            G::extern_form => ItemKind::Extern(self.extern_(next(parts))),
            G::extractor_form => ItemKind::Extractor(Extractor {
                term: self.ident(next(parts)),
                params: self.names(next(parts)),
                template: self.pattern(next(parts))?,
            }),
            G::convert_form => ItemKind::Convert(Convert {
                inner: self.ident(next(parts)),
                outer: self.ident(next(parts)),
                term: self.ident(next(parts)),
            }),
            G::rule_form => {
                let name = take(parts, G::rule_name).map(|name| self.ident(name));
                let priority = match take(parts, G::priority) {
                    None => None,
                    Some(priority) => {
                        let span = self.span(&priority);
                        let value =
                            i64::try_from(integer(priority.as_str(), span)?).map_err(|_| {
                                let message = "a priority is a 64-bit integer";
                                Box::new(Diagnostic::new(
                                    diagnostic::Code::BadInteger,
                                    span,
                                    message,
                                ))
                            })?;
                        Some((value, span))
                    }
                };
                let pattern = self.pattern(next(parts))?;
                let mut guards = Vec::new();
                while let Some(guard) = take(parts, G::guard) {
                    guards.push(self.guard(guard)?);
                }
                let body = self.body(next(parts))?;
                ItemKind::Rule(Rule {
                    name,
                    priority,
                    pattern,
                    guards,
                    body,
                })
            }
            G::pragma_form => {
                let name = self.ident(next(parts));
                let message = format!("unknown pragma `{}`", name.name);
                let error = Diagnostic::new(diagnostic::Code::UnknownPragma, name.span, message);
                return Err(Box::new(
                    error.help("no pragmas are defined; remove the form"),
                ));
            }
            G::registers_form => ItemKind::Registers(Registers {
                name: self.ident(next(parts)),
                count: self.int(next(parts))?,
            }),
            G::view_form => ItemKind::View(View {
                name: self.ident(next(parts)),
                file: self.ident(next(parts)),
                width: self.int(next(parts))?,
                asm: self.string(next(parts)),
                special: match parts.next() {
                    None => None,
                    Some(special) => {
                        let mut parts = special.into_inner();
                        Some(ViewSpecial {
                            number: self.int(next(&mut parts))?,
                            asm: self.string(next(&mut parts)),
                            zero: parts.next().is_some(),
                        })
                    }
                },
            }),
            G::sized_form => {
                let name = self.ident(next(parts));
                let field = self.ident(next(parts));
                let choices = parts
                    .map(|choice| {
                        let mut parts = choice.into_inner();
                        (self.ident(next(&mut parts)), self.string(next(&mut parts)))
                    })
                    .collect();
                ItemKind::Sized(Sized {
                    name,
                    field,
                    choices,
                })
            }
            G::code_form => {
                let name = self.ident(next(parts));
                let width = self.int(next(parts))?;
                let mut cases = Vec::new();
                for case in parts {
                    let mut parts = case.into_inner();
                    cases.push(CodeCase {
                        name: self.ident(next(&mut parts)),
                        number: self.int(next(&mut parts))?,
                        asm: self.string(next(&mut parts)),
                        meaning: parts.next().map(|datum| self.datum(datum)).transpose()?,
                    });
                }
                ItemKind::Code(Code { name, width, cases })
            }
            G::immediate_form => self.immediate(parts)?,
            G::offset_form => ItemKind::Offset(Offset {
                name: self.ident(next(parts)),
                bits: self.int(next(parts))?,
                unit: self.int(next(parts))?,
            }),
            G::define_form => ItemKind::Define(Define {
                name: self.ident(next(parts)),
                params: self.names(next(parts)),
                body: self.datum(next(parts))?,
            }),
            G::inst_form => ItemKind::Inst(self.inst(parts)?),
            G::flags_form => ItemKind::Flags(FlagsForm {
                term: self.ident(next(parts)),
                usage: match next(parts).as_str() {
                    "keeps" => FlagUse::Keeps,
                    "reads" => FlagUse::Reads,
                    _ => FlagUse::Sets,
                },
            }),
            G::helper_form => ItemKind::Helper(Helper {
                name: self.ident(next(parts)),
                path: self.ident(next(parts)),
                args: self.names(next(parts)),
                ret: self.ident(next(parts)),
                effects: parts
                    .next()
                    .map_or(Vec::new(), |effects| self.names(effects)),
            }),
            _ => ItemKind::Test(self.test(parts)?),
        })
    }

    fn type_value(&self, pair: Pair<G>) -> TypeValue {
        let value = next(&mut parts(pair));
        match value.as_rule() {
            G::primitive => TypeValue::Primitive(self.ident(next(&mut parts(value)))),
            G::enumeration => TypeValue::Enum(
                parts(value)
                    .map(|variant| {
                        let mut parts = parts(variant);
                        let name = self.ident(next(&mut parts));
                        Variant {
                            name,
                            fields: parts.next().map_or(Fields::Unit, |f| self.fields(f)),
                        }
                    })
                    .collect(),
            ),
            _ => TypeValue::Struct(self.fields(next(&mut parts(value)))),
        }
    }

    fn fields(&self, pair: Pair<G>) -> Fields {
        let fields: Vec<_> = parts(pair).collect();
        match fields.first().map(|field| field.as_rule()) {
            None => Fields::Unit,
            Some(G::named_field) => Fields::Named(
                fields
                    .into_iter()
                    .map(|field| {
                        let mut parts = parts(field);
                        (self.ident(next(&mut parts)), self.ident(next(&mut parts)))
                    })
                    .collect(),
            ),
            Some(_) => Fields::Tuple(fields.into_iter().map(|ty| self.ident(ty)).collect()),
        }
    }

    fn extern_(&self, pair: Pair<G>) -> Extern {
        let rule = pair.as_rule();
        let mut parts = parts(pair).peekable();
        match rule {
            G::extern_constructor => Extern::Constructor {
                term: self.ident(next(&mut parts)),
                func: self.ident(next(&mut parts)),
            },
            G::extern_extractor => Extern::Extractor {
                infallible: take(&mut parts, G::kw_infallible).is_some(),
                term: self.ident(next(&mut parts)),
                func: self.ident(next(&mut parts)),
            },
            _ => Extern::Const {
                name: self.constant(next(&mut parts)),
                ty: self.ident(next(&mut parts)),
            },
        }
    }

    fn guard(&self, pair: Pair<G>) -> Parsed<Guard> {
        let guard = next(&mut parts(pair));
        let span = self.span(&guard);
        let is_let = guard.as_rule() == G::if_let;
        let mut parts = parts(guard);
        let pattern = if is_let {
            self.pattern(next(&mut parts))?
        } else {
            Pattern {
                kind: PatternKind::Wildcard,
                span,
            }
        };
        Ok(Guard {
            pattern,
            expr: self.expr(next(&mut parts))?,
        })
    }

    fn pattern(&self, pair: Pair<G>) -> Parsed<Pattern> {
        let span = self.span(&pair);
        let inner = next(&mut parts(pair));
        let kind = match inner.as_rule() {
            G::integer => PatternKind::Int(self.int(inner)?),
            G::const_name => PatternKind::Const(self.constant(inner).name),
            G::wildcard => PatternKind::Wildcard,
            G::boolean => PatternKind::Bool(inner.as_str() == "true"),
            G::binding => {
                let mut parts = parts(inner);
                let name = self.ident(next(&mut parts));
                PatternKind::Bind(name, Box::new(self.pattern(next(&mut parts))?))
            }
            G::variable => PatternKind::Var(inner.as_str().to_string()),
            G::conjunction => PatternKind::And(
                parts(inner)
                    .map(|part| self.pattern(part))
                    .collect::<Parsed<_>>()?,
            ),
            _ => {
                let mut parts = parts(inner);
                let term = self.ident(next(&mut parts));
                PatternKind::Term(
                    term,
                    parts
                        .map(|part| self.pattern(part))
                        .collect::<Parsed<_>>()?,
                )
            }
        };
        Ok(Pattern { kind, span })
    }

    fn body(&self, pair: Pair<G>) -> Parsed<Vec<Expr>> {
        parts(pair).map(|part| self.expr(part)).collect()
    }

    fn expr(&self, pair: Pair<G>) -> Parsed<Expr> {
        let span = self.span(&pair);
        let inner = next(&mut parts(pair));
        let kind = match inner.as_rule() {
            G::integer => ExprKind::Int(self.int(inner)?),
            G::const_name => ExprKind::Const(self.constant(inner).name),
            G::boolean => ExprKind::Bool(inner.as_str() == "true"),
            G::variable => ExprKind::Var(inner.as_str().to_string()),
            G::let_expr => {
                let mut defs = Vec::new();
                let mut parts = parts(inner).peekable();
                while let Some(def) = take(&mut parts, G::let_def) {
                    let mut parts = self::parts(def);
                    defs.push(LetDef {
                        name: self.ident(next(&mut parts)),
                        ty: self.ident(next(&mut parts)),
                        value: self.expr(next(&mut parts))?,
                    });
                }
                ExprKind::Let(defs, self.body(next(&mut parts))?)
            }
            _ => {
                let mut parts = parts(inner);
                let term = self.ident(next(&mut parts));
                ExprKind::Term(
                    term,
                    parts.map(|part| self.expr(part)).collect::<Parsed<_>>()?,
                )
            }
        };
        Ok(Expr { kind, span })
    }

    fn datum(&self, pair: Pair<G>) -> Parsed<Datum> {
        let span = self.span(&pair);
        let inner = next(&mut parts(pair));
        let kind = match inner.as_rule() {
            G::integer => DatumKind::Int(self.int(inner)?),
            G::string => DatumKind::Str(self.string(inner).text),
            G::list => DatumKind::List(
                parts(inner)
                    .map(|part| self.datum(part))
                    .collect::<Parsed<_>>()?,
            ),
            _ => DatumKind::Atom(inner.as_str().to_string()),
        };
        Ok(Datum { kind, span })
    }
}
