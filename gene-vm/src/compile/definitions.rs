//! Definitions: names they bind, classes, namespaces, enums, type aliases.

use super::environment::{Binding, Place};
use super::functions::split_generics;
use super::module::Body;
use super::{Compile, Compiler, EnumVariant, SideEntry, Want, scan};
use crate::bytecode::{Instr, Op};
use crate::code::FunctionKind;
use crate::heap::Gc;
use crate::object::*;
use crate::print::{kind_name, written};
use crate::symbol::{Symbol, sym};
use crate::types::Type;
use crate::value::Value;
use std::rc::Rc;

/// The part of a module variable whose declaration is still to come.
const UNDECLARED: u32 = u32::MAX;

impl Compiler<'_> {
    // ── Names ──────────────────────────────────────────────────────────────

    /// Makes sure that the innermost scope declares a name, before the definition that binds it is compiled.
    pub(super) fn declare_definition(&mut self, name: Symbol) {
        let scope = &self.scopes.last().expect("a body has a scope").scope;
        if self.defines_members() || scope.declared_everywhere(name).is_some() {
            return;
        }
        self.declare(
            name,
            Binding {
                is_definition: true,
                may_be_undefined: self.conditional.part() != 0,
                ..Binding::variable(Place::Local(0))
            },
        );
    }

    /// Binds the value on the stack, which stays there, to the name of a definition.
    pub(super) fn bind_definition(&mut self, name: Symbol) -> Compile {
        if self.defines_members() {
            return self.bind_member(name);
        }
        let scope = &self.scopes.last().expect("a body has a scope").scope;
        let found = match scope.declared_everywhere(name) {
            Some(binding) => {
                let scope = scope.clone();
                super::environment::Found {
                    binding,
                    scope,
                    depth: 0,
                }
            }
            None => self.find(name).expect("the definition was declared"),
        };
        self.store_found(&found);
        if self.scopes.len() == 1 && self.body == Body::Imported {
            self.bind_member(name)?;
        }
        Ok(())
    }

    /// Evaluated code puts its definitions into the namespace.
    fn defines_members(&self) -> bool {
        self.body == Body::Evaluated && self.scopes.len() == 1
    }

    /// Stores the value on the stack, which stays there, as a member of the current namespace.
    fn bind_member(&mut self, name: Symbol) -> Compile {
        self.e.op(Op::GetNamespace, 0, 1);
        self.e.op(Op::Swap, 2, 2);
        let cache = self.e.cache(name);
        self.e.op_c(Op::SetMember, cache, 2, 1);
        Ok(())
    }

    /// A definition whose name is a path: `make` pushes what becomes a member.
    pub(super) fn define_member(
        &mut self,
        parts: &[Symbol],
        make: impl FnOnce(&mut Self, Symbol) -> Compile,
    ) -> Compile {
        let (&name, container) = parts.split_last().expect("a path has parts");
        if container == [sym::EMPTY] {
            self.e.op(Op::GetNamespace, 0, 1);
        } else {
            self.path_or_name(container)?;
        }
        make(self, name)?;
        let cache = self.e.cache(name);
        self.e.op_c(Op::SetMember, cache, 2, 1);
        Ok(())
    }

    /// Compiles a definition whose target is a name or a path.
    fn define(
        &mut self,
        target: Value,
        what: &str,
        make: impl FnOnce(&mut Self, Symbol) -> Compile,
    ) -> Compile {
        if let Some(path) = target.get::<ComplexSymbol>() {
            return self.define_member(&path.into_ref().parts, make);
        }
        let Some(name) = target.as_symbol() else {
            return self.error(format!(
                "{what} name must be a symbol, got {}",
                kind_name(target)
            ));
        };
        self.declare_definition(name);
        make(self, name)?;
        self.bind_definition(name)
    }

    /// The place of a module variable whose declaration this is.
    pub(super) fn module_variable(&mut self, name: Symbol) -> Option<super::environment::Found> {
        if self.scopes.len() != 1 || !self.module_variables.remove(&name) {
            return None;
        }
        let scope = self.scopes[0].scope.clone();
        let binding = scope.declared_everywhere(name)?;
        binding.part.set(self.conditional.part());
        Some(super::environment::Found {
            binding,
            scope,
            depth: 0,
        })
    }

    /// Is this the name of a module variable whose declaration is still to come?
    pub(super) fn is_pending_module_variable(&self, name: Symbol) -> bool {
        self.scopes.len() == 1 && self.module_variables.contains(&name)
    }

    // ── Classes ────────────────────────────────────────────────────────────

    /// `(class NAME [< PARENT] BODY…)`
    pub(super) fn class(&mut self, gene: &Gc<Gene>, want: Want) -> Compile {
        let Some((&name, parts)) = gene.into_ref().children.split_first() else {
            return self.error("class requires a name");
        };
        let (parent, body) = self.class_head(parts)?;
        self.define(name, "class", |c, name| c.class_value(name, parent, body))?;
        self.finish(want)
    }

    /// Splits `[< PARENT] [implements I] BODY…`.
    fn class_head<'a>(&self, parts: &'a [Value]) -> Compile<(Option<Value>, &'a [Value])> {
        let (parent, rest) = match parts {
            [less, parent, rest @ ..] if less.is_symbol(sym::LT) => (Some(*parent), rest),
            _ => (None, parts),
        };
        if parent.is_some_and(|p| p.as_symbol().is_none() && p.get::<ComplexSymbol>().is_none()) {
            return self.error("Invalid superclass");
        }
        let rest = match rest {
            [implements, _, rest @ ..] if implements.is_symbol(sym::IMPLEMENTS) => rest,
            _ => rest,
        };
        Ok((parent, rest))
    }

    /// Pushes a new class after running its body.
    fn class_value(&mut self, name: Symbol, parent: Option<Value>, body: &[Value]) -> Compile {
        let is_constructor = |form: &&Value| {
            form.get::<Gene>()
                .is_some_and(|gene| gene.head.is_symbol(sym::CTOR))
        };
        if body.iter().filter(is_constructor).count() > 1 {
            return self.error(format!("Class '{name}' already has a constructor"));
        }
        match parent {
            Some(parent) => self.expression(parent, Want::Value)?,
            None => self.e.constant(Value::UNDEFINED),
        }
        let entry = self.e.side(SideEntry::Class { name });
        self.e.op_c(Op::MakeClass, entry, 1, 1);
        if body.is_empty() {
            return Ok(());
        }
        // The body sees the class by its name.
        if self
            .find(name)
            .is_some_and(|found| found.binding.is_definition)
        {
            self.bind_definition(name)?;
        }
        self.closure(
            Value::NIL,
            Some(sym::CLASS_BODY),
            Value::NIL,
            body,
            FunctionKind::Body,
            true,
        )?;
        self.e.op(Op::RunBody, 2, 1);
        Ok(())
    }

    /// `(object NAME [< PARENT] BODY…)`
    pub(super) fn object(&mut self, gene: &Gc<Gene>, want: Want) -> Compile {
        let Some((&target, parts)) = gene.into_ref().children.split_first() else {
            return self.error("object requires a name");
        };
        let (parent, body) = self.class_head(parts)?;
        self.define(target, "object", |c, name| {
            let text = name.name();
            let class = if text.ends_with("Class") {
                name
            } else {
                Symbol::intern(&format!("{text}Class"))
            };
            if class != name {
                c.declare_definition(class);
            }
            c.class_value(class, parent, body)?;
            if class != name {
                c.bind_definition(class)?;
            }
            c.e.new_instance(super::calls::plain_shape(0));
            Ok(())
        })?;
        self.finish(want)
    }

    /// `ctor`, `method`, `field`, `on_method_missing` in a class body
    pub(super) fn class_member(
        &mut self,
        head: Symbol,
        form: Value,
        gene: Gc<Gene>,
        want: Want,
    ) -> Compile {
        self.push_self();
        let parts = &gene.into_ref().children[..];
        match head {
            sym::FIELD => self.field(parts)?,
            sym::CTOR | sym::ON_METHOD_MISSING => {
                let Some((list, body)) = parts
                    .split_first()
                    .filter(|(list, _)| list.get::<Array>().is_some())
                else {
                    let what = if head == sym::CTOR {
                        "Constructor"
                    } else {
                        "Method"
                    };
                    return self.error(format!(
                        "{what} requires an array argument list; use [] for no arguments"
                    ));
                };
                self.method(form, head, *list, body)?;
            }
            _ => {
                let Some((&name, parts)) = parts.split_first() else {
                    return self.error("Method requires a name");
                };
                let name = name.as_str().map(Symbol::intern).or(name.as_symbol());
                let Some(name) = name else {
                    return self.error("Method name must be a symbol or a string");
                };
                if scan::is_macro_name(name) {
                    return self.error(format!(
                        "Macro-like class methods are not supported; rename {name}"
                    ));
                }
                let Some((list, body)) = parts
                    .split_first()
                    .filter(|(list, _)| list.get::<Array>().is_some())
                else {
                    return self
                        .error("Method requires an array argument list; use [] for no arguments");
                };
                self.method(form, name, *list, body)?;
            }
        }
        self.finish(want)
    }

    fn method(&mut self, form: Value, name: Symbol, list: Value, body: &[Value]) -> Compile {
        self.closure(form, Some(name), list, body, FunctionKind::Function, true)?;
        let a = (name == sym::CTOR) as u8;
        let c = self.e.constant_index(Value::symbol(name));
        self.e.emit(
            Instr {
                op: Op::DefineMethod,
                a,
                b: 0,
                c,
            },
            2,
            1,
        );
        Ok(())
    }

    /// `(field NAME TYPE)`, `(field NAME: TYPE)`
    fn field(&mut self, parts: &[Value]) -> Compile {
        let [name, of, ..] = parts else {
            return self.error("field requires a name and a type");
        };
        let Some(name) = name.as_symbol() else {
            return self.error("field name must be a symbol");
        };
        let name = Symbol::intern(name.name().trim_end_matches(':'));
        let of = self.annotation(*of);
        let entry = self.e.side(SideEntry::Field {
            name,
            of: of.clone(),
        });
        self.e.op_c(Op::DefineField, entry, 1, 1);
        self.link_types(&[of])
    }

    /// Gives the enum or class on the stack the values of the names in its types.
    fn link_types(&mut self, types: &[Rc<Type>]) -> Compile {
        let mut count = 0;
        for of in types {
            count += self.push_references(of)?;
        }
        if count > 0 {
            self.e.op_bc(Op::LinkTypes, count as u16, 0, count + 1, 1);
        }
        Ok(())
    }

    // ── Namespaces ─────────────────────────────────────────────────────────

    /// `(ns NAME form…)`
    pub(super) fn namespace(&mut self, gene: &Gc<Gene>, want: Want) -> Compile {
        let Some((&name, body)) = gene.into_ref().children.split_first() else {
            return self.error("ns requires a name");
        };
        self.define(name, "ns", |c, name| {
            let index = c.e.constant_index(Value::symbol(name));
            c.e.op_c(Op::MakeNamespace, index as usize, 0, 1);
            if !body.is_empty() {
                c.closure(
                    Value::NIL,
                    Some(sym::NS),
                    Value::NIL,
                    body,
                    FunctionKind::Body,
                    true,
                )?;
                c.e.op(Op::RunBody, 2, 1);
            }
            Ok(())
        })?;
        self.finish(want)
    }

    // ── Enums and types ────────────────────────────────────────────────────

    /// `(enum Name variant…)`
    pub(super) fn enum_form(&mut self, gene: &Gc<Gene>, want: Want) -> Compile {
        let Some((&head, parts)) = gene.into_ref().children.split_first() else {
            return self.error("enum expects at least a name");
        };
        let Some(full) = head.as_symbol() else {
            return self.error("enum name must be a symbol");
        };
        let (name, generics) = split_generics(full);
        if full.name().contains(':') && generics.iter().any(|g| g.name().is_empty())
            || full.name().ends_with(':')
        {
            return self.error(format!(
                "enum generic declaration '{full}' has invalid generic parameter syntax"
            ));
        }
        if let Some(twice) = generics
            .iter()
            .enumerate()
            .find(|(i, g)| generics[..*i].contains(g))
        {
            return self.error(format!(
                "enum {name} has duplicate generic parameter {}",
                twice.1
            ));
        }
        self.declare_definition(name);
        if let Some(found) = self.find(name) {
            let _ = found.binding.variants.set(scan::enum_variants(gene));
        }
        self.generics.extend(&generics);
        let mut variants = Vec::new();
        if let Some(&values) = gene.props.get(&sym::VALUES) {
            let Some(list) = values.get::<Array>() else {
                return self.error("enum ^values must be an array");
            };
            for &member in list.items.iter() {
                let Some(variant) = member.as_symbol() else {
                    return self.error("enum ^values member must be a symbol");
                };
                variants.push(EnumVariant {
                    name: variant,
                    fields: None,
                });
            }
        }
        for &part in parts {
            let variant = self.enum_variant(name, part)?;
            variants.push(variant);
        }
        self.generics.truncate(self.generics.len() - generics.len());
        for (i, variant) in variants.iter().enumerate() {
            if variants[..i]
                .iter()
                .any(|before| before.name == variant.name)
            {
                return self.error(format!(
                    "enum {name} has duplicate variant {}",
                    variant.name
                ));
            }
        }
        let types: Vec<Rc<Type>> = variants
            .iter()
            .flat_map(|v| v.fields.iter().flatten())
            .filter_map(|(_, of)| of.clone())
            .collect();
        let entry = self.e.side(SideEntry::Enum { name, variants });
        self.e.op_c(Op::MakeEnum, entry, 0, 1);
        self.bind_definition(name)?;
        if self.scopes.len() == 1 && self.body == Body::Main {
            self.bind_member(name)?;
        }
        self.link_types(&types)?;
        self.finish(want)
    }

    fn enum_variant(&self, of: Symbol, form: Value) -> Compile<EnumVariant> {
        if let Some(name) = form.as_symbol() {
            return Ok(EnumVariant { name, fields: None });
        }
        let variant = form
            .get::<Gene>()
            .and_then(|gene| Some((gene, gene.head.as_symbol()?)));
        let Some((gene, name)) = variant else {
            return self.error("enum member must be a symbol or data variant (Name field1 field2)");
        };
        let of = format!("enum variant {of}/{name}");
        if !gene.props.is_empty() {
            return self.error(format!(
                "{of} field declarations must be positional, not properties"
            ));
        }
        let mut fields: Vec<(Symbol, Option<Rc<Type>>)> = Vec::new();
        let mut parts = gene.children.iter();
        while let Some(&part) = parts.next() {
            let Some(field) = part.as_symbol() else {
                return self.error(format!("{of} field must be a symbol"));
            };
            let (field, annotation) = match field.name().strip_suffix(':') {
                None => (field, None),
                Some(plain) => match parts.next() {
                    None => {
                        return self
                            .error(format!("{of} field {plain} is missing a type after ':'"));
                    }
                    Some(form)
                        if form.as_symbol().is_none()
                            && form.get::<Gene>().is_none()
                            && form.get::<ComplexSymbol>().is_none() =>
                    {
                        return self
                            .error(format!("{of} field {plain} has an invalid type annotation"));
                    }
                    Some(&form) => (Symbol::intern(plain), Some(self.annotation(form))),
                },
            };
            if fields.iter().any(|&(before, _)| before == field) {
                return self.error(format!("{of} has duplicate field {field}"));
            }
            fields.push((field, annotation));
        }
        Ok(EnumVariant {
            name,
            fields: Some(fields),
        })
    }

    /// `(type Name T)`
    pub(super) fn type_form(&mut self, parts: &[Value], want: Want) -> Compile {
        let [name, of] = parts else {
            return self.error("type requires a name and a type");
        };
        self.define(*name, "type", |c, _| c.type_value(*of, Want::Value))?;
        self.finish(want)
    }

    /// `(export [a b])`, `(export a b)`
    pub(super) fn export(&mut self, parts: &[Value], want: Want) -> Compile {
        let list = match parts {
            [list] if list.get::<Array>().is_some() => {
                list.get::<Array>().expect("just tested").items.to_vec()
            }
            _ => parts.to_vec(),
        };
        if list.is_empty() {
            return self.error("export requires at least one name");
        }
        let mut names = Vec::new();
        for item in list {
            match item.as_str().map(Symbol::intern).or(item.as_symbol()) {
                Some(name) => names.push(name),
                None => {
                    return self.error(format!(
                        "export requires simple names, got {}",
                        written(item)
                    ));
                }
            }
        }
        // A module variable is no member of the namespace: make it one.
        for &name in &names {
            if self
                .find(name)
                .is_some_and(|found| self.is_module_scope(&found))
            {
                self.load(name);
                self.bind_member(name)?;
                self.e.pop();
            }
        }
        let entry = self.e.side(SideEntry::Export(names.into()));
        self.e.op_c(Op::Export, entry, 0, 1);
        self.finish(want)
    }

    fn is_module_scope(&self, found: &super::environment::Found) -> bool {
        Rc::ptr_eq(&found.scope, &self.scopes[0].scope)
    }

    /// Declares the variables of a module, which exist from the start.
    pub(super) fn declare_module_variables(&mut self, forms: &[Value]) {
        let definitions: Vec<Symbol> = forms
            .iter()
            .filter_map(|f| scan::definition_name(&*f.get::<Gene>()?))
            .collect();
        let scan::Declared {
            variables,
            definitions: nested,
        } = scan::declarations(forms);
        let mut declared: Vec<Symbol> = variables.union(&nested).copied().collect();
        declared.sort_unstable();
        for declared in declared {
            let name = Symbol::intern(declared.name().trim_end_matches(':'));
            if definitions.contains(&name) {
                continue;
            }
            if !variables.contains(&declared) {
                self.declare_nested_definition(name);
                continue;
            }
            let template = self.module_variable_template(name, forms);
            let binding = self.declare_everywhere(name, template);
            self.module_variables.insert(name);
            binding.part.set(UNDECLARED);
            let is_local = matches!(binding.place, Place::Local(_));
            if !is_local || self.conditional.in_advance.contains(&name) {
                self.e.constant(Value::NIL);
                self.store_in(binding.place);
            }
        }
    }

    /// Declares the name of a definition that stands inside of another form of the module.
    fn declare_nested_definition(&mut self, name: Symbol) {
        let template = Binding {
            is_definition: true,
            may_be_undefined: true,
            ..Binding::variable(Place::Local(0))
        };
        let binding = self.declare_everywhere(name, template);
        self.e.constant(Value::UNDEFINED);
        self.store_in(binding.place);
    }

    /// What the first `var` or `let` of a name says about it.
    fn module_variable_template(&mut self, name: Symbol, forms: &[Value]) -> Binding {
        let mut template = Binding::variable(Place::Local(0));
        for gene in forms.iter().filter_map(|form| form.get::<Gene>()) {
            let Some(target) = gene.children.first().and_then(|t| t.as_symbol()) else {
                continue;
            };
            let annotated = target.name().strip_suffix(':') == Some(name.name());
            if matches!(gene.head.as_symbol(), Some(sym::VAR | sym::LET))
                && (target == name || annotated)
            {
                template.is_let = gene.head.is_symbol(sym::LET);
                if annotated && let Some(&form) = gene.children.get(1) {
                    template.annotation = Some(self.annotation(form));
                }
                break;
            }
        }
        template
    }
}
