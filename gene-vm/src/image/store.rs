//! What bytecode consists of, as bytes.

use super::bytes::{Reader, Writer};
use super::values::{load_entries, store_entries};
use crate::bytecode::{Instr, Op};
use crate::code::{
    Cache, CallShape, Capture, Code, FunctionKind, Handler, Param, ParamKind, Prototype,
};
use crate::compile::{EnumVariant, Environment, PatternElement, SideEntry};
use crate::heap::{Gc, Items};
use crate::object::Gene;
use crate::source::Pos;
use crate::symbol::Symbol;
use crate::types::{Type, TypeKind};
use crate::value::Value;
use std::cell::OnceCell;
use std::rc::Rc;

/// What can be written and read back.
pub trait Store: Sized {
    fn store(&self, to: &mut Writer);
    fn load(from: &mut Reader) -> Option<Self>;
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Store for $type {
            fn store(&self, to: &mut Writer) {
                to.number(*self as u64);
            }
            fn load(from: &mut Reader) -> Option<Self> {
                from.number()?.try_into().ok()
            }
        }
    )*};
}

/// Types that are the sum of their fields.
macro_rules! structs {
    ($($type:ident { $($field:ident),* })*) => {$(
        impl Store for $type {
            fn store(&self, to: &mut Writer) {
                let $type { $($field),* } = self;
                $($field.store(to);)*
            }
            fn load(from: &mut Reader) -> Option<Self> {
                Some($type { $($field: Store::load(from)?),* })
            }
        }
    )*};
}

/// Enums whose variants have no fields.
macro_rules! plain_enums {
    ($($type:ident { $($variant:ident = $number:literal),* })*) => {$(
        impl Store for $type {
            fn store(&self, to: &mut Writer) {
                to.out.push(match self { $($type::$variant => $number),* });
            }
            fn load(from: &mut Reader) -> Option<Self> {
                Some(match from.byte()? {
                    $($number => $type::$variant,)*
                    _ => return None,
                })
            }
        }
    )*};
}

numbers! { u16 u32 usize }

structs! {
    Param { name, kind, optional, annotation }
    Capture { name, depth, slot }
    Handler { start, end, target, operands, suspends }
    CallShape { name, cache, positionals, spread, keywords, keyword_map }
    EnumVariant { name, fields }
    PatternElement { kind, name, optional }
    Type { text, kind }
}

plain_enums! {
    FunctionKind { Function = 0, Macro = 1, Generator = 2, Async = 3, Block = 4, Body = 5 }
    ParamKind { Positional = 0, Rest = 1, Keyword = 2, KeywordRest = 3 }
}

impl Store for bool {
    fn store(&self, to: &mut Writer) {
        to.out.push(*self as u8);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(from.byte()? != 0)
    }
}

impl Store for i32 {
    fn store(&self, to: &mut Writer) {
        // Small numbers of either sign take one byte.
        to.number(((self << 1) ^ (self >> 31)) as u32 as u64);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        let n = u32::load(from)?;
        Some((n >> 1) as i32 ^ -((n & 1) as i32))
    }
}

impl Store for Symbol {
    fn store(&self, to: &mut Writer) {
        to.name(*self);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        from.name()
    }
}

impl Store for Pos {
    fn store(&self, to: &mut Writer) {
        to.pos(*self);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        from.pos()
    }
}

impl Store for Box<str> {
    fn store(&self, to: &mut Writer) {
        to.text(self);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(from.text()?.into())
    }
}

impl<T: Store> Store for Option<T> {
    fn store(&self, to: &mut Writer) {
        self.is_some().store(to);
        if let Some(value) = self {
            value.store(to);
        }
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(match bool::load(from)? {
            true => Some(T::load(from)?),
            false => None,
        })
    }
}

impl<T: Store> Store for Vec<T> {
    fn store(&self, to: &mut Writer) {
        to.number(self.len() as u64);
        self.iter().for_each(|value| value.store(to));
    }
    fn load(from: &mut Reader) -> Option<Self> {
        let count = from.count()?;
        (0..count).map(|_| T::load(from)).collect()
    }
}

impl<T: Store> Store for Box<[T]> {
    fn store(&self, to: &mut Writer) {
        to.number(self.len() as u64);
        self.iter().for_each(|value| value.store(to));
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(Vec::load(from)?.into())
    }
}

// Types, which are held this way, hold others.
impl<T: Store> Store for Rc<T> {
    fn store(&self, to: &mut Writer) {
        to.nested(|to| (**self).store(to));
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(Rc::new(from.nested(T::load)?))
    }
}

impl<A: Store, B: Store> Store for (A, B) {
    fn store(&self, to: &mut Writer) {
        self.0.store(to);
        self.1.store(to);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some((A::load(from)?, B::load(from)?))
    }
}

impl Store for Instr {
    fn store(&self, to: &mut Writer) {
        to.out.extend([self.op as u8, self.a]);
        self.b.store(to);
        self.c.store(to);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(Instr {
            op: *Op::ALL.get(from.byte()? as usize)?,
            a: from.byte()?,
            b: Store::load(from)?,
            c: Store::load(from)?,
        })
    }
}

impl Store for Cache {
    fn store(&self, to: &mut Writer) {
        self.name().store(to);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(Cache::new(Store::load(from)?))
    }
}

impl Store for TypeKind {
    fn store(&self, to: &mut Writer) {
        let number = |to: &mut Writer, n: u8| to.out.push(n);
        match self {
            TypeKind::Any => number(to, 0),
            TypeKind::Builtin(name) => {
                number(to, 1);
                name.store(to);
            }
            TypeKind::Reference(at, path) => {
                number(to, 2);
                at.store(to);
                path.store(to);
            }
            TypeKind::Value(value) => {
                number(to, 3);
                value.store(to);
            }
            TypeKind::Union(members) => {
                number(to, 4);
                members.store(to);
            }
            TypeKind::Function { params, result } => {
                number(to, 5);
                params.store(to);
                result.store(to);
            }
            TypeKind::Unknown => number(to, 6),
        }
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(match from.byte()? {
            0 => TypeKind::Any,
            1 => TypeKind::Builtin(Store::load(from)?),
            2 => TypeKind::Reference(Store::load(from)?, Store::load(from)?),
            3 => TypeKind::Value(Store::load(from)?),
            4 => TypeKind::Union(Store::load(from)?),
            5 => TypeKind::Function {
                params: Store::load(from)?,
                result: Store::load(from)?,
            },
            6 => TypeKind::Unknown,
            _ => return None,
        })
    }
}

impl Store for SideEntry {
    fn store(&self, to: &mut Writer) {
        let number = |to: &mut Writer, n: u8| to.out.push(n);
        match self {
            SideEntry::Keys(keys) => {
                number(to, 0);
                keys.store(to);
            }
            SideEntry::Prototype(prototype) => {
                number(to, 1);
                prototype.store(to);
            }
            SideEntry::Class { name } => {
                number(to, 2);
                name.store(to);
            }
            SideEntry::Field { name, of } => {
                number(to, 3);
                name.store(to);
                of.store(to);
            }
            SideEntry::Enum { name, variants } => {
                number(to, 4);
                name.store(to);
                variants.store(to);
            }
            SideEntry::Type(of) => {
                number(to, 5);
                of.store(to);
            }
            SideEntry::Import(form) => {
                number(to, 6);
                form.store(to);
            }
            SideEntry::Export(names) => {
                number(to, 7);
                names.store(to);
            }
            SideEntry::Pattern(elements) => {
                number(to, 8);
                elements.store(to);
            }
            SideEntry::MapPattern(keys) => {
                number(to, 9);
                keys.store(to);
            }
            SideEntry::Variant { text, binders } => {
                number(to, 10);
                text.store(to);
                binders.store(to);
            }
            SideEntry::Check {
                of,
                context,
                references,
                converts,
            } => {
                number(to, 11);
                of.store(to);
                context.store(to);
                references.store(to);
                converts.store(to);
            }
            SideEntry::Contract {
                condition,
                number: n,
            } => {
                number(to, 12);
                condition.store(to);
                n.store(to);
            }
            // These need the names that are visible, or tell of mistakes.
            SideEntry::Error(_) | SideEntry::MacroCall { .. } | SideEntry::Environment(_) => {
                to.fail();
            }
        }
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(match from.byte()? {
            0 => SideEntry::Keys(Store::load(from)?),
            1 => SideEntry::Prototype(Store::load(from)?),
            2 => SideEntry::Class {
                name: Store::load(from)?,
            },
            3 => SideEntry::Field {
                name: Store::load(from)?,
                of: Store::load(from)?,
            },
            4 => SideEntry::Enum {
                name: Store::load(from)?,
                variants: Store::load(from)?,
            },
            5 => SideEntry::Type(Store::load(from)?),
            6 => SideEntry::Import(Store::load(from)?),
            7 => SideEntry::Export(Store::load(from)?),
            8 => SideEntry::Pattern(Store::load(from)?),
            9 => SideEntry::MapPattern(Store::load(from)?),
            10 => SideEntry::Variant {
                text: Store::load(from)?,
                binders: Store::load(from)?,
            },
            11 => SideEntry::Check {
                of: Store::load(from)?,
                context: Store::load(from)?,
                references: Store::load(from)?,
                converts: Store::load(from)?,
            },
            12 => SideEntry::Contract {
                condition: Store::load(from)?,
                number: Store::load(from)?,
            },
            _ => return None,
        })
    }
}

impl Store for Code {
    fn store(&self, to: &mut Writer) {
        self.params.store(to);
        self.locals.store(to);
        self.max_operands.store(to);
        self.least.store(to);
        self.exact.store(to);
        self.direct.store(to);
        self.instrs.store(to);
        self.constants.store(to);
        self.side.store(to);
        self.calls.store(to);
        self.caches.store(to);
        self.handlers.store(to);
        self.positions.store(to);
        self.name.store(to);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(Code {
            params: Store::load(from)?,
            locals: Store::load(from)?,
            max_operands: Store::load(from)?,
            least: Store::load(from)?,
            exact: Store::load(from)?,
            direct: Store::load(from)?,
            instrs: Store::load(from)?,
            constants: Store::load(from)?,
            side: Store::load(from)?,
            calls: Store::load(from)?,
            caches: Store::load(from)?,
            handlers: Store::load(from)?,
            positions: Store::load(from)?,
            // The name follows the other fields.
            ..Code::empty(Store::load(from)?, from.budget)
        })
    }
}

// Functions hold others.
impl Store for Gc<Prototype> {
    fn store(&self, to: &mut Writer) {
        to.nested(|to| (**self).store(to));
    }
    fn load(from: &mut Reader) -> Option<Self> {
        let prototype = from.nested(Prototype::load)?;
        Some(from.heap.as_mut()?.alloc(prototype))
    }
}

impl Store for Prototype {
    fn store(&self, to: &mut Writer) {
        let Some(code) = self.code.get() else {
            return to.fail();
        };
        self.name.store(to);
        self.kind.store(to);
        self.params.store(to);
        self.generics.store(to);
        self.is_method.store(to);
        self.captures().to_vec().store(to);
        self.parameter_form.store(to);
        // Of the defining form, programs see the properties alone.
        let form = self.form.get::<Gene>();
        form.is_some().store(to);
        if let Some(gene) = form {
            store_entries(&gene.props, to);
        }
        self.return_type.store(to);
        self.pos.store(to);
        code.store(to);
    }
    fn load(from: &mut Reader) -> Option<Self> {
        Some(Prototype {
            name: Store::load(from)?,
            kind: Store::load(from)?,
            params: Store::load(from)?,
            generics: Store::load(from)?,
            is_method: Store::load(from)?,
            body: Vec::new(),
            captures: OnceCell::from(Vec::load(from)?.into_boxed_slice()),
            parameter_form: Store::load(from)?,
            form: match bool::load(from)? {
                true => {
                    let gene = Gene {
                        head: Value::NIL,
                        props: load_entries(from)?,
                        children: Items::new(),
                    };
                    from.heap.as_mut()?.value(gene)
                }
                false => Value::NIL,
            },
            environment: Environment::empty(),
            return_type: Store::load(from)?,
            pos: Store::load(from)?,
            code: Code::load(from)?.into(),
        })
    }
}
