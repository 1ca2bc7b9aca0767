//! What every name in rule files refers to: for going to definitions, finding uses and renaming.
//!
//! This works on the forms as written, so it also serves files that are half typed.

use std::collections::HashMap;

use gene_isle_core::ast::{
    Datum, DatumKind, Expr, ExprKind, Extern, Extractor, Fields, Ident, Inst, Item, ItemKind,
    Pattern, PatternKind, Rule, TypeValue,
};
use gene_isle_core::generate::names::snake;
use gene_isle_core::source::Span;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A type, or a kind of operands.
    Type,
    /// A variant of an enum.
    Variant,
    /// A term.
    Term,
    /// A machine instruction.
    Instruction,
    /// A runtime function.
    Helper,
    /// A constant that Rust defines.
    Constant,
    /// An abbreviation in meanings.
    Define,
    /// A rule.
    Rule,
    /// A test.
    Test,
    /// A variable of a rule, a parameter, an operand.
    Variable,
}

/// A definition, as an index into [`Names::definitions`].
pub type DefinitionId = usize;

/// Where a name is defined.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The name; a variant's without its type's.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// Where the name is.
    pub span: Span,
    /// The whole form around it.
    pub form: Span,
    /// The comment above the form.
    pub doc: String,
}

/// How a use writes a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As it is.
    Plain,
    /// `add_to`: the instruction `add` with a given result register.
    WithResult,
    /// `to_imm12`: the test whether a value is an `Imm12`.
    Conversion,
}

impl Spelling {
    /// A name in this spelling.
    pub fn of(self, name: &str) -> String {
        match self {
            Spelling::Plain => name.to_string(),
            Spelling::WithResult => format!("{name}_to"),
            Spelling::Conversion => format!("to_{}", snake(name)),
        }
    }
}

/// A place where a name stands; its definition is one of them.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// The place.
    pub span: Span,
    /// What the name refers to.
    pub definition: DefinitionId,
    /// How it is written there.
    pub spelling: Spelling,
}

/// All names of some rule files.
#[derive(Debug, Default)]
pub struct Names {
    /// The definitions.
    pub definitions: Vec<Definition>,
    /// The uses, in the order of the files.
    pub uses: Vec<Use>,
}

impl Names {
    /// Finds the names in forms.
    pub fn of(items: &[Item]) -> Names {
        let mut finder = Finder::default();
        for item in items {
            finder.define(item);
        }
        for item in items {
            finder.item(item);
        }
        let mut names = finder.names;
        names.uses.sort_by_key(|one| one.span);
        names
    }

    /// The use at a place: the one that contains the offset or ends there.
    pub fn at(&self, file: u32, offset: u32) -> Option<&Use> {
        self.uses
            .iter()
            .filter(|one| {
                one.span.file == file && one.span.start <= offset && offset <= one.span.end
            })
            .min_by_key(|one| one.span.end == offset)
    }

    /// All uses of a definition.
    pub fn uses_of(&self, definition: DefinitionId) -> impl Iterator<Item = &Use> {
        self.uses
            .iter()
            .filter(move |one| one.definition == definition)
    }

    /// The definitions that rules in all files see: all but variables.
    pub fn global(&self) -> impl Iterator<Item = (DefinitionId, &Definition)> {
        self.definitions
            .iter()
            .enumerate()
            .filter(|(_, definition)| definition.kind != Kind::Variable)
    }
}

/// A name that is looked up, and how it spells the name of its definition.
type Entry = (DefinitionId, Spelling);

#[derive(Default)]
struct Finder {
    names: Names,
    types: HashMap<String, Entry>,
    terms: HashMap<String, Entry>,
    constants: HashMap<String, Entry>,
    defines: HashMap<String, Entry>,
    rules: HashMap<String, Entry>,
    /// The variables in scope, innermost last.
    scope: Vec<(String, DefinitionId)>,
}

impl Finder {
    fn add(&mut self, name: &str, kind: Kind, span: Span, item: &Item) -> Entry {
        let id = self.names.definitions.len();
        self.names.definitions.push(Definition {
            name: name.to_string(),
            kind,
            span,
            form: item.span,
            doc: item.doc.clone(),
        });
        self.refer(span, (id, Spelling::Plain));
        (id, Spelling::Plain)
    }

    fn refer(&mut self, span: Span, (definition, spelling): Entry) {
        self.names.uses.push(Use {
            span,
            definition,
            spelling,
        });
    }

    // ------------------------------------------------------------ definitions

    fn define(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Type(ty) => {
                let id = self.define_type(&ty.name, item);
                match &ty.value {
                    TypeValue::Enum(variants) => {
                        for variant in variants {
                            let (name, span) = (&variant.name.name, variant.name.span);
                            let entry = self.add(name, Kind::Variant, span, item);
                            let term = format!("{}.{name}", ty.name.name);
                            self.terms.entry(term).or_insert(entry);
                        }
                    }
                    TypeValue::Struct(_) => {
                        self.terms.entry(ty.name.name.clone()).or_insert(id);
                    }
                    TypeValue::Primitive(_) => {}
                }
            }
            ItemKind::Code(code) => {
                self.define_type(&code.name, item);
                for case in &code.cases {
                    let entry = self.add(&case.name.name, Kind::Variant, case.name.span, item);
                    let term = format!("{}.{}", code.name.name, case.name.name);
                    self.terms.entry(term).or_insert(entry);
                }
            }
            ItemKind::Immediate(immediate) => {
                let (id, _) = self.define_type(&immediate.name, item);
                let term = Spelling::Conversion.of(&immediate.name.name);
                self.terms.entry(term).or_insert((id, Spelling::Conversion));
            }
            ItemKind::Registers(registers) => {
                self.define_type(&registers.name, item);
            }
            ItemKind::View(view) => {
                self.define_type(&view.name, item);
            }
            ItemKind::Sized(sized) => {
                self.define_type(&sized.name, item);
            }
            ItemKind::Offset(offset) => {
                self.define_type(&offset.name, item);
            }
            ItemKind::Decl(decl) => self.define_term(&decl.name, Kind::Term, item),
            ItemKind::Helper(helper) => self.define_term(&helper.name, Kind::Helper, item),
            ItemKind::Inst(inst) => {
                for name in &inst.names {
                    self.define_term(name, Kind::Instruction, item);
                    if let Some(&(id, _)) = self.terms.get(&name.name) {
                        let term = Spelling::WithResult.of(&name.name);
                        self.terms.entry(term).or_insert((id, Spelling::WithResult));
                    }
                }
            }
            ItemKind::Define(define) => {
                let entry = self.add(&define.name.name, Kind::Define, define.name.span, item);
                self.defines
                    .entry(define.name.name.clone())
                    .or_insert(entry);
            }
            ItemKind::Extern(Extern::Const { name, .. }) => {
                let entry = self.add(&name.name, Kind::Constant, after_dollar(name.span), item);
                self.constants.entry(name.name.clone()).or_insert(entry);
            }
            ItemKind::Rule(Rule {
                name: Some(name), ..
            }) => {
                let entry = self.add(&name.name, Kind::Rule, name.span, item);
                self.rules.entry(name.name.clone()).or_insert(entry);
            }
            ItemKind::Test(test) => {
                self.add(&test.name.name, Kind::Test, test.name.span, item);
            }
            ItemKind::Rule(_)
            | ItemKind::Extractor(_)
            | ItemKind::Extern(_)
            | ItemKind::Convert(_)
            | ItemKind::Flags(_) => {}
        }
    }

    fn define_type(&mut self, name: &Ident, item: &Item) -> Entry {
        let entry = self.add(&name.name, Kind::Type, name.span, item);
        *self.types.entry(name.name.clone()).or_insert(entry)
    }

    fn define_term(&mut self, name: &Ident, kind: Kind, item: &Item) {
        let entry = self.add(&name.name, kind, name.span, item);
        self.terms.entry(name.name.clone()).or_insert(entry);
    }

    // ------------------------------------------------------------ uses

    fn item(&mut self, item: &Item) {
        self.scope.clear();
        match &item.kind {
            ItemKind::Type(ty) => match &ty.value {
                TypeValue::Enum(variants) => {
                    variants
                        .iter()
                        .for_each(|variant| self.fields(&variant.fields));
                }
                TypeValue::Struct(fields) => self.fields(fields),
                TypeValue::Primitive(_) => {}
            },
            ItemKind::Decl(decl) => self.signature(&decl.args, &decl.ret),
            ItemKind::Helper(helper) => self.signature(&helper.args, &helper.ret),
            ItemKind::Rule(rule) => self.rule(rule, item),
            ItemKind::Extractor(extractor) => self.extractor(extractor, item),
            ItemKind::Extern(Extern::Constructor { term, .. } | Extern::Extractor { term, .. }) => {
                self.term(term);
            }
            ItemKind::Extern(Extern::Const { ty, .. }) => self.ty(ty),
            ItemKind::Convert(convert) => {
                self.ty(&convert.inner);
                self.ty(&convert.outer);
                self.term(&convert.term);
            }
            ItemKind::View(view) => self.ty(&view.file),
            ItemKind::Sized(sized) => sized.choices.iter().for_each(|(kind, _)| self.ty(kind)),
            ItemKind::Immediate(immediate) => {
                self.ty(&immediate.ty);
                for coding in [&immediate.encode, &immediate.decode] {
                    self.scope.clear();
                    self.bind(&coding.param, item);
                    self.meaning(&coding.body);
                }
            }
            ItemKind::Define(define) => {
                define
                    .params
                    .iter()
                    .for_each(|param| self.bind(param, item));
                self.meaning(&define.body);
            }
            ItemKind::Inst(inst) => self.inst(inst, item),
            ItemKind::Flags(flags) => self.term(&flags.term),
            ItemKind::Test(test) => {
                for rule in test.rules() {
                    if let Some(&entry) = self.rules.get(&rule.name) {
                        self.refer(rule.span, entry);
                    }
                }
            }
            ItemKind::Code(_) | ItemKind::Registers(_) | ItemKind::Offset(_) => {}
        }
    }

    fn fields(&mut self, fields: &Fields) {
        match fields {
            Fields::Unit => {}
            Fields::Named(fields) => fields.iter().for_each(|(_, ty)| self.ty(ty)),
            Fields::Tuple(types) => types.iter().for_each(|ty| self.ty(ty)),
        }
    }

    fn signature(&mut self, args: &[Ident], ret: &Ident) {
        args.iter().for_each(|arg| self.ty(arg));
        self.ty(ret);
    }

    fn ty(&mut self, name: &Ident) {
        if let Some(&entry) = self.types.get(&name.name) {
            self.refer(name.span, entry);
        }
    }

    fn term(&mut self, name: &Ident) {
        let Some(&(id, spelling)) = self.terms.get(&name.name) else {
            return;
        };
        let definition = &self.names.definitions[id];
        if definition.kind != Kind::Variant {
            self.refer(name.span, (id, spelling));
            return;
        }
        // `Op.Add` names the type and its variant.
        let (start, end) = (name.span.start, name.span.end);
        let dot = end - definition.name.len() as u32 - 1;
        let ty = name.name[..(dot - start) as usize].to_string();
        self.refer(
            Span {
                start: dot + 1,
                ..name.span
            },
            (id, spelling),
        );
        if let Some(&entry) = self.types.get(&ty) {
            self.refer(
                Span {
                    end: dot,
                    ..name.span
                },
                entry,
            );
        }
    }

    fn constant(&mut self, name: &str, span: Span) {
        if let Some(&entry) = self.constants.get(name) {
            self.refer(after_dollar(span), entry);
        }
    }

    fn lookup(&self, name: &str) -> Option<DefinitionId> {
        let found = self.scope.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, id)| *id)
    }

    fn bind(&mut self, name: &Ident, item: &Item) {
        let (id, _) = self.add(&name.name, Kind::Variable, name.span, item);
        self.scope.push((name.name.clone(), id));
    }

    fn variable(&mut self, name: &str, span: Span) {
        if let Some(id) = self.lookup(name) {
            self.refer(span, (id, Spelling::Plain));
        }
    }

    fn rule(&mut self, rule: &Rule, item: &Item) {
        self.pattern(&rule.pattern, item);
        for guard in &rule.guards {
            self.expr(&guard.expr, item);
            self.pattern(&guard.pattern, item);
        }
        rule.body.iter().for_each(|expr| self.expr(expr, item));
    }

    fn extractor(&mut self, extractor: &Extractor, item: &Item) {
        self.term(&extractor.term);
        for param in &extractor.params {
            self.bind(param, item);
        }
        self.pattern(&extractor.template, item);
    }

    fn pattern(&mut self, pattern: &Pattern, item: &Item) {
        match &pattern.kind {
            PatternKind::Var(name) => match self.lookup(name) {
                Some(id) => self.refer(pattern.span, (id, Spelling::Plain)),
                None => {
                    let (name, span) = (name.clone(), pattern.span);
                    self.bind(&Ident { name, span }, item);
                }
            },
            PatternKind::Bind(name, inner) => {
                self.pattern(inner, item);
                self.bind(name, item);
            }
            PatternKind::Const(name) => self.constant(name, pattern.span),
            PatternKind::And(parts) => parts.iter().for_each(|part| self.pattern(part, item)),
            PatternKind::Term(name, args) => {
                self.term(name);
                args.iter().for_each(|arg| self.pattern(arg, item));
            }
            PatternKind::Int(_) | PatternKind::Bool(_) | PatternKind::Wildcard => {}
        }
    }

    fn expr(&mut self, expr: &Expr, item: &Item) {
        match &expr.kind {
            ExprKind::Var(name) => self.variable(name, expr.span),
            ExprKind::Const(name) => self.constant(name, expr.span),
            ExprKind::Term(name, args) => {
                self.term(name);
                args.iter().for_each(|arg| self.expr(arg, item));
            }
            ExprKind::Let(definitions, body) => {
                let outer = self.scope.len();
                for definition in definitions {
                    self.ty(&definition.ty);
                    self.expr(&definition.value, item);
                    self.bind(&definition.name, item);
                }
                body.iter().for_each(|expr| self.expr(expr, item));
                self.scope.truncate(outer);
            }
            ExprKind::Int(_) | ExprKind::Bool(_) => {}
        }
    }

    fn inst(&mut self, inst: &Inst, item: &Item) {
        for operand in &inst.operands {
            self.ty(&operand.kind);
            self.bind(&operand.name, item);
        }
        for (name, _) in &inst.fields {
            self.bind(name, item);
        }
        let from = inst
            .operands
            .iter()
            .filter_map(|operand| operand.from.as_ref());
        let fields = inst.fields.iter().map(|(_, value)| value);
        for datum in from.chain(fields).chain(&inst.condition).chain(&inst.does) {
            self.meaning(datum);
        }
    }

    /// The names in a meaning: operands, and abbreviations at the head of a list.
    fn meaning(&mut self, datum: &Datum) {
        match &datum.kind {
            DatumKind::Atom(name) => self.variable(name, datum.span),
            DatumKind::List(parts) => {
                let Some((head, rest)) = parts.split_first() else {
                    return;
                };
                match &head.kind {
                    DatumKind::Atom(name) => {
                        if let Some(&entry) = self.defines.get(name) {
                            self.refer(head.span, entry);
                        }
                    }
                    _ => self.meaning(head),
                }
                rest.iter().for_each(|part| self.meaning(part));
            }
            DatumKind::Int(_) | DatumKind::Str(_) => {}
        }
    }
}

/// The name of a constant without its dollar.
fn after_dollar(span: Span) -> Span {
    Span {
        start: span.start + 1,
        ..span
    }
}
