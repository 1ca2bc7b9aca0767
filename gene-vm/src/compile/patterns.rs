//! Destructuring patterns of `var`, `let`, `for` and `catch` (page 9).

use super::{Compile, Compiler, PatternElement, SideEntry, Want};
use crate::bytecode::Op;
use crate::code::ParamKind;
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// What an element of an array pattern binds.
enum Target {
    Name(Symbol),
    Nested(Value),
    Ignored,
}

struct Element {
    kind: ParamKind,
    key: Symbol,
    target: Target,
    default: Option<Value>,
}

/// The elements of an array pattern with the locals that hold their parts, and the parts of nested patterns.
struct Parts(Vec<(Element, u16, Option<Parts>)>);

impl Compiler<'_> {
    /// Binds the names of a pattern to parts of the top operand, which is dropped.
    pub(super) fn destructure(&mut self, pattern: Value, is_let: bool) -> Compile {
        if let Some(map) = pattern.get::<Map>() {
            return self.destructure_map(&map, is_let);
        }
        let parts = self.take_apart(pattern)?;
        self.bind_parts(parts, is_let)
    }

    /// Takes the top operand and its parts apart, by an array pattern: a mismatch shows before any name is bound.
    fn take_apart(&mut self, pattern: Value) -> Compile<Parts> {
        let array = pattern.get::<Array>().expect("patterns are arrays or maps");
        let elements = self.pattern_elements(&array.items)?;
        let shape = elements.iter().map(|e| PatternElement {
            kind: e.kind,
            name: e.key,
            optional: e.default.is_some(),
        });
        let entry = self.e.side(SideEntry::Pattern(shape.collect()));
        self.e.op_c(Op::Destructure, entry, 1, elements.len());
        // The parts are stored last first, so that the initialisers of defaults see the elements before them.
        let first = self.e.new_locals(elements.len());
        for i in (0..elements.len()).rev() {
            self.e.op_bc(Op::SetLocal, first + i as u16, 0, 1, 0);
        }
        let mut parts = Vec::with_capacity(elements.len());
        for (element, local) in elements.into_iter().zip(first..) {
            let nested = match element.target {
                Target::Nested(pattern) if element.default.is_none() => {
                    self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
                    Some(self.take_apart(pattern)?)
                }
                _ => None,
            };
            parts.push((element, local, nested));
        }
        Ok(Parts(parts))
    }

    fn bind_parts(&mut self, Parts(parts): Parts, is_let: bool) -> Compile {
        for (element, local, nested) in parts {
            if let Some(default) = element.default {
                self.default(local, default)?;
            }
            match (element.target, nested) {
                (_, Some(nested)) => self.bind_parts(nested, is_let)?,
                (Target::Ignored, None) => {}
                (Target::Name(name), None) => {
                    self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
                    self.bind_name(name, is_let);
                }
                (Target::Nested(pattern), None) => {
                    self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
                    self.destructure(pattern, is_let)?;
                }
            }
        }
        Ok(())
    }

    /// Gives a local that is undefined the value of its default.
    pub(super) fn default(&mut self, local: u16, default: Value) -> Compile {
        self.part(&[default], |c| {
            let defined = c.e.label();
            c.e.jump_local(Op::JumpIfDefined, local, defined);
            c.expression(default, Want::Value)?;
            c.e.op_bc(Op::SetLocal, local, 0, 1, 0);
            c.e.bind(defined);
            Ok(())
        })
    }

    /// Stores the top operand in a new variable, or in the module variable that this declares.
    fn bind_name(&mut self, name: Symbol, is_let: bool) {
        if let Some(found) = self.module_variable(name) {
            self.store_found(&found);
            self.e.pop();
            return;
        }
        self.declare_variable(name, is_let, None);
        self.store_new(name);
    }

    fn destructure_map(&mut self, map: &Map, is_let: bool) -> Compile {
        let mut names = Vec::new();
        for &target in map.entries.values() {
            match target.as_symbol() {
                Some(name) => names.push(name),
                None => {
                    return self
                        .error("Unsupported map destructuring pattern: expected symbol bindings");
                }
            }
        }
        let entry = self
            .e
            .side(SideEntry::MapPattern(map.entries.keys().copied().collect()));
        self.e.op_c(Op::DestructureMap, entry, 1, names.len());
        for &name in names.iter().rev() {
            match name {
                sym::PLACEHOLDER => self.e.pop(),
                name => self.bind_name(name, is_let),
            }
        }
        Ok(())
    }

    fn pattern_elements(&self, items: &[Value]) -> Compile<Vec<Element>> {
        let mut elements: Vec<Element> = Vec::new();
        let mut items = items.iter().copied().peekable();
        let mut has_rest = false;
        while let Some(item) = items.next() {
            let mut element = match item.as_symbol() {
                Some(sym::ELLIPSIS) => {
                    return self.error("Positional rest must follow a named parameter");
                }
                Some(symbol) => named_element(symbol),
                None if item.get::<Array>().is_some() => Element {
                    kind: ParamKind::Positional,
                    key: sym::EMPTY,
                    target: Target::Nested(item),
                    default: None,
                },
                None => return self.error("Unsupported destructuring pattern"),
            };
            if items
                .peek()
                .is_some_and(|next| next.is_symbol(sym::ELLIPSIS))
            {
                items.next();
                element.kind = ParamKind::Rest;
            }
            if items.peek().is_some_and(|next| next.is_symbol(sym::ASSIGN)) {
                items.next();
                let Some(default) = items.next() else {
                    return self.error("Missing default value in pattern");
                };
                element.default = Some(default);
            }
            if element.kind == ParamKind::Rest {
                if has_rest || matches!(element.target, Target::Ignored) {
                    return self.error("Only one named positional rest parameter is allowed");
                }
                has_rest = true;
            }
            elements.push(element);
        }
        Ok(elements)
    }
}

fn named_element(symbol: Symbol) -> Element {
    let name = symbol.name();
    let (keyed, name) = name
        .strip_prefix('^')
        .map_or((false, name), |plain| (true, plain));
    let (rest, name) = name
        .strip_suffix("...")
        .map_or((false, name), |plain| (true, plain));
    let kind = match (keyed, rest) {
        (false, false) => ParamKind::Positional,
        (false, true) => ParamKind::Rest,
        (true, false) => ParamKind::Keyword,
        (true, true) => ParamKind::KeywordRest,
    };
    let name = Symbol::intern(name);
    let target = if name == sym::PLACEHOLDER {
        Target::Ignored
    } else {
        Target::Name(name)
    };
    Element {
        kind,
        key: name,
        target,
        default: None,
    }
}
