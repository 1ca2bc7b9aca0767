//! Definitions: classes, namespaces, enums, types.

use super::check::linked;
use crate::compile::SideEntry;
use crate::heap::Gc;
use crate::object::*;
use crate::print::kind_name;
use crate::symbol::{Symbol, sym};
use crate::types::Type;
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use std::rc::Rc;

impl Vm {
    /// A new class; an undefined parent stands for `Object`.
    pub(super) fn make_class(&mut self, name: Symbol, parent: Value, around: Value) -> Result {
        let parent = if parent == Value::UNDEFINED {
            self.builtins.classes.object
        } else {
            match parent.get::<Class>() {
                Some(parent) => parent,
                None => {
                    let message = format!("Parent must be a class, got {}", kind_name(parent));
                    return Err(self.raise(ErrorClass::Exception, message));
                }
            }
        };
        let mut class = Class::new(name, Some(parent));
        class.namespace = around;
        self.names_changed();
        Ok(self.heap.value(class))
    }

    /// Gives a class a method or its constructor.
    pub(super) fn define_method(
        &mut self,
        class: Value,
        name: Symbol,
        method: Value,
        is_constructor: bool,
    ) -> Result<()> {
        let Some(mut class) = class.get::<Class>() else {
            let message = format!("A method belongs into a class, got {}", kind_name(class));
            return Err(self.raise(ErrorClass::Exception, message));
        };
        if is_constructor {
            class.constructor = Some(method);
        } else {
            class.methods.insert(name, method);
            self.context.has_equality_methods |= u32::from(name == sym::EQ);
        }
        self.methods_changed();
        Ok(())
    }

    /// Declares the type of a field of a class.
    pub(super) fn define_field(&mut self, class: Value, name: Symbol, of: &Rc<Type>) -> Result<()> {
        let Some(mut class) = class.get::<Class>() else {
            let message = format!("A field belongs into a class, got {}", kind_name(class));
            return Err(self.raise(ErrorClass::Exception, message));
        };
        class.fields.insert(name, of.clone());
        Ok(())
    }

    /// An enum with its variants.
    pub(super) fn make_enum(&mut self, entry: &SideEntry) -> Value {
        let SideEntry::Enum { name, variants } = entry else {
            unreachable!("the side entry of an enum describes one")
        };
        let variants = variants.iter().map(|v| (v.name, v.fields.clone()));
        Value::object(self.heap.new_enum(*name, variants))
    }

    /// Puts the values of names into the types of an enum's payload fields or a class's fields.
    pub(super) fn link_types(&mut self, holder: Value, mut references: &[Value]) {
        if let Some(of) = holder.get::<Enum>() {
            for variant in of.variants.values() {
                let variant: Option<Gc<Variant>> = variant.get();
                let mut variant = variant.expect("an enum holds variants");
                for (_, of) in variant.fields.iter_mut().flatten() {
                    if let Some(of) = of {
                        *of = linked(of, &mut references);
                    }
                }
            }
        } else if let Some(mut class) = holder.get::<Class>() {
            // All but the last declared field were linked before.
            for of in class.fields.values_mut() {
                *of = linked(of, &mut references);
            }
        }
    }

    /// Runs the body of a class or namespace with it as `self`. Both are on the value stack.
    pub(super) fn run_body(&mut self, holder: Value, body: Value) -> Result<()> {
        let function: Option<Gc<Function>> = body.get();
        let mut function = function.expect("a body is a closure");
        function.namespace = holder;
        if holder.get::<Class>().is_some() {
            function.class = holder;
        }
        self.call(body, &[holder])?;
        Ok(())
    }
}
