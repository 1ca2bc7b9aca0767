//! The type environment.

use rustc_hash::FxHashMap;

use crate::ast::{self, Ident, Item, ItemKind, TypeValue};
use crate::diagnostic::{Code, Diagnostic, Errors, did_you_mean};
use crate::source::Span;

/// A type, as an index into [`TypeEnv::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// The type of `true` and `false`.
    pub const BOOL: TypeId = TypeId(0);

    /// The index into [`TypeEnv::types`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A type.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its name in rules, which is also its name in Rust.
    pub name: String,
    /// Where it is declared; built-in types are not.
    pub span: Option<Span>,
    /// The comment above its declaration.
    pub doc: String,
    /// Whether its Rust definition is made elsewhere.
    pub is_extern: bool,
    /// Whether it shall not implement `Debug`.
    pub nodebug: bool,
    /// What it is.
    pub kind: TypeKind,
}

/// The kinds of types.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// `bool`
    Bool,
    /// `u8`, `i128`, `usize`, …
    Int,
    /// A Rust type that rules only pass around.
    Primitive(String),
    /// One of several variants.
    Enum(Vec<Variant>),
    /// A record.
    Struct(Fields),
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The name, without the enum's.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// What it carries.
    pub fields: Fields,
}

/// Fields of a variant or struct.
#[derive(Clone, Debug)]
pub enum Fields {
    /// None.
    Unit,
    /// With names.
    Named(Vec<(String, TypeId)>),
    /// With numbers.
    Tuple(Vec<TypeId>),
}

impl Fields {
    /// The types of the fields in their order.
    pub fn types(&self) -> Vec<TypeId> {
        match self {
            Fields::Unit => Vec::new(),
            Fields::Named(fields) => fields.iter().map(|(_, ty)| *ty).collect(),
            Fields::Tuple(types) => types.clone(),
        }
    }
}

impl Type {
    /// Whether integer literals can have this type.
    pub fn takes_integers(&self) -> bool {
        matches!(self.kind, TypeKind::Int | TypeKind::Primitive(_))
    }

    /// Whether generated code passes values by reference: those that may be large. Primitive
    /// types and enums without fields are copied.
    pub fn by_reference(&self) -> bool {
        match &self.kind {
            TypeKind::Enum(variants) => !variants
                .iter()
                .all(|variant| matches!(variant.fields, Fields::Unit)),
            TypeKind::Struct(_) => true,
            _ => false,
        }
    }
}

/// A constant that Rust code defines.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Its type.
    pub ty: TypeId,
    /// Where it is declared.
    pub span: Span,
}

/// All types and constants.
#[derive(Debug, Default)]
pub struct TypeEnv {
    /// All types; [`TypeId`]s index them.
    pub types: Vec<Type>,
    /// The constants by name.
    pub constants: FxHashMap<String, Constant>,
    by_name: FxHashMap<String, TypeId>,
}

const INTEGERS: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
];

impl TypeEnv {
    /// Collects the types and constants that `items` declare.
    pub fn build(items: &[Item], errors: &mut Errors) -> TypeEnv {
        let mut env = TypeEnv::default();
        env.add_builtin("bool", TypeKind::Bool);
        for name in INTEGERS {
            env.add_builtin(name, TypeKind::Int);
        }
        for item in items {
            env.declare(item, errors);
        }
        env.add_machine_builtins(items);
        for item in items {
            env.define(item, errors);
        }
        env
    }

    fn add_builtin(&mut self, name: &str, kind: TypeKind) {
        let id = TypeId(self.types.len() as u32);
        let (name, doc) = (name.to_string(), String::new());
        self.by_name.insert(name.clone(), id);
        self.types.push(Type {
            name,
            span: None,
            doc,
            is_extern: true,
            nodebug: false,
            kind,
        });
    }

    /// The types that come with machine instructions: `Unit`, the value of those that give none,
    /// and `Label`, where branches go.
    fn add_machine_builtins(&mut self, items: &[Item]) {
        let has = |wanted: fn(&ItemKind) -> bool| items.iter().any(|item| wanted(&item.kind));
        if has(|kind| matches!(kind, ItemKind::Inst(_) | ItemKind::Helper(_)))
            && !self.by_name.contains_key("Unit")
        {
            self.add_builtin("Unit", TypeKind::Primitive("Unit".to_string()));
        }
        if has(|kind| matches!(kind, ItemKind::Offset(_))) && !self.by_name.contains_key("Label") {
            self.add_builtin("Label", TypeKind::Primitive("Label".to_string()));
        }
    }

    /// Enters the name of a type, so that types can refer to each other in any order.
    fn declare(&mut self, item: &Item, errors: &mut Errors) {
        let (name, is_extern, nodebug) = match &item.kind {
            ItemKind::Type(ty) => (&ty.name, ty.is_extern, ty.nodebug),
            ItemKind::Registers(registers) => (&registers.name, true, false),
            ItemKind::Code(code) => (&code.name, true, false),
            ItemKind::Immediate(immediate) => (&immediate.name, true, false),
            _ => return,
        };
        if let Some(&first) = self.by_name.get(&name.name) {
            let first = &self.types[first.index()];
            let message = format!("the type `{}` is declared twice", name.name);
            let mut error = Diagnostic::new(Code::DuplicateType, name.span, message);
            error = match first.span {
                Some(span) => error.label(span, "first declared here"),
                None => error.says("this type is built in"),
            };
            errors.push(error.help("remove or rename one of them"));
            return;
        }
        let id = TypeId(self.types.len() as u32);
        self.by_name.insert(name.name.clone(), id);
        self.types.push(Type {
            name: name.name.clone(),
            span: Some(name.span),
            doc: item.doc.clone(),
            is_extern,
            nodebug,
            kind: TypeKind::Primitive(name.name.clone()),
        });
    }

    /// Fills in what a type is, and enters constants.
    fn define(&mut self, item: &Item, errors: &mut Errors) {
        let (name, kind) = match &item.kind {
            ItemKind::Type(ty) => {
                let kind = match &ty.value {
                    TypeValue::Primitive(rust) => TypeKind::Primitive(rust.name.clone()),
                    TypeValue::Enum(variants) => TypeKind::Enum(self.variants(variants, errors)),
                    TypeValue::Struct(fields) => TypeKind::Struct(self.fields(fields, errors)),
                };
                (&ty.name, kind)
            }
            ItemKind::Code(code) => {
                let unit = |case: &ast::CodeCase| ast::Variant {
                    name: case.name.clone(),
                    fields: ast::Fields::Unit,
                };
                let variants: Vec<_> = code.cases.iter().map(unit).collect();
                (&code.name, TypeKind::Enum(self.variants(&variants, errors)))
            }
            ItemKind::Extern(ast::Extern::Const { name, ty }) => {
                self.constant(name, ty, errors);
                return;
            }
            _ => return,
        };
        if let Some(id) = self.by_name.get(&name.name) {
            let ty = &mut self.types[id.index()];
            if ty.span == Some(name.span) {
                ty.kind = kind;
            }
        }
    }

    fn constant(&mut self, name: &Ident, ty: &Ident, errors: &mut Errors) {
        let Some(ty) = self.require(ty, errors) else {
            return;
        };
        let constant = Constant {
            ty,
            span: name.span,
        };
        if let Some(first) = self.constants.insert(name.name.clone(), constant) {
            let message = format!("the constant `${}` is declared twice", name.name);
            errors.push(
                Diagnostic::new(Code::DuplicateConstant, name.span, message)
                    .label(first.span, "first declared here")
                    .help("remove one of the declarations"),
            );
        }
    }

    fn variants(&self, variants: &[ast::Variant], errors: &mut Errors) -> Vec<Variant> {
        let mut seen = FxHashMap::default();
        let mut out = Vec::new();
        for variant in variants {
            if let Some(first) = seen.insert(&variant.name.name, variant.name.span) {
                let message = format!("the variant `{}` is declared twice", variant.name.name);
                errors.push(duplicate_field(message, variant.name.span, first));
            }
            out.push(Variant {
                name: variant.name.name.clone(),
                span: variant.name.span,
                fields: self.fields(&variant.fields, errors),
            });
        }
        out
    }

    fn fields(&self, fields: &ast::Fields, errors: &mut Errors) -> Fields {
        match fields {
            ast::Fields::Unit => Fields::Unit,
            ast::Fields::Tuple(types) => Fields::Tuple(
                types
                    .iter()
                    .filter_map(|ty| self.require(ty, errors))
                    .collect(),
            ),
            ast::Fields::Named(fields) => {
                let mut seen = FxHashMap::default();
                let mut out = Vec::new();
                for (name, ty) in fields {
                    if let Some(first) = seen.insert(&name.name, name.span) {
                        let message = format!("the field `{}` is declared twice", name.name);
                        errors.push(duplicate_field(message, name.span, first));
                    }
                    out.extend(self.require(ty, errors).map(|ty| (name.name.clone(), ty)));
                }
                Fields::Named(out)
            }
        }
    }

    /// The type with this id.
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.index()]
    }

    /// The name of a type.
    pub fn name(&self, id: TypeId) -> &str {
        &self.get(id).name
    }

    /// The type with this name.
    pub fn by_name(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// The type with this name; reports where there is none.
    pub fn require(&self, name: &Ident, errors: &mut Errors) -> Option<TypeId> {
        let found = self.by_name(&name.name);
        if found.is_none() && !errors.is_full() {
            let message = format!("unknown type `{}`", name.name);
            let known = self.types.iter().map(|ty| ty.name.as_str());
            let help = did_you_mean(&name.name, known)
                .unwrap_or_else(|| format!("declare it: (type {0} (primitive {0}))", name.name));
            errors.push(Diagnostic::new(Code::UnknownType, name.span, message).help(help));
        }
        found
    }

    /// The variants of an enum type; none for other types.
    pub fn variants_of(&self, id: TypeId) -> &[Variant] {
        match &self.get(id).kind {
            TypeKind::Enum(variants) => variants,
            _ => &[],
        }
    }
}

fn duplicate_field(message: String, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::DuplicateField, span, message)
        .label(first, "first declared here")
        .help("remove or rename one of them")
}
