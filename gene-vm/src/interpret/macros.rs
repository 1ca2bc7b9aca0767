//! Macro calls, `$caller_eval`, `eval`, `$render` (5.8, 5.9).

use super::call::Arguments;
use crate::compile::Environment;
use crate::heap::{Gc, Kind};
use crate::object::*;
use crate::session::{Session, Surroundings};
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

/// Where code is evaluated: what is visible there.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub environment: &'a Environment,
    /// The innermost scope, or nil.
    pub scope: Value,
    /// The function around.
    pub function: Gc<Function>,
}

impl Vm {
    /// Calls a macro function with the parts of `form` as they were read.
    pub(super) fn call_macro(&mut self, callee: Value, form: Value, place: Place) -> Result {
        let gene: Option<Gc<Gene>> = form.get();
        let gene = gene.expect("a call is a gene").into_ref();
        let is_spread =
            |child: &&Value| child.as_symbol().is_some_and(|s| s.name().ends_with("..."));
        if gene.children.iter().any(|child| is_spread(&child)) {
            return Err(self.raise(
                ErrorClass::Exception,
                "... can only spread arrays in gene children context, got VkSymbol",
            ));
        }
        if !self.has_room(gene.children.len() + 2) {
            return Err(self.stack_overflow());
        }
        let top = self.context.stack_top;
        self.root(callee);
        let base = self.context.stack_top;
        for &child in gene.children.iter() {
            self.root(child);
        }
        let keywords = if gene.props.is_empty() {
            Value::NIL
        } else {
            self.heap.map(gene.props.clone())
        };
        self.root(keywords);
        let context = self.heap.value(CallerContext {
            environment: place.environment.clone(),
            scope: place.scope,
            function: Value::object(place.function),
        });
        self.macro_contexts.push(context);
        let arguments = Arguments {
            keywords,
            ..Arguments::positional(gene.children.len())
        };
        let result = self.call_prepared(base, arguments);
        self.macro_contexts.pop();
        self.context.stack_top = top;
        result
    }

    /// `$caller_eval`: evaluates code where the innermost macro call stands.
    pub(super) fn caller_eval(&mut self, form: Value) -> Result {
        let Some(context) = self.macro_contexts.pop() else {
            return Err(self.raise(
                ErrorClass::Exception,
                "$caller_eval can only be used within macros or macro-like functions",
            ));
        };
        // What is evaluated belongs to the caller: there, the macro call around the caller is the innermost one.
        self.root(context);
        let caller: Option<Gc<CallerContext>> = context.get();
        let caller = caller.expect("the stack holds caller contexts").into_ref();
        let function: Option<Gc<Function>> = caller.function.get();
        let place = Place {
            environment: &caller.environment,
            scope: caller.scope,
            function: function.expect("a function made the call"),
        };
        let result = match form.as_symbol() {
            Some(name) if !self.is_known(name, place) => {
                let message = format!("Unknown symbol in caller context: {name}");
                Err(self.raise(ErrorClass::Exception, message))
            }
            _ => self.evaluate(form, place),
        };
        self.macro_contexts.push(context);
        result
    }

    /// `eval`: the value of a value taken as code.
    pub(super) fn eval(&mut self, value: Value, place: Place) -> Result {
        if let Some(name) = value.as_symbol() {
            if !self.is_known(name, place) {
                let message = format!("Unknown symbol: {name}");
                return Err(self.raise(ErrorClass::Exception, message));
            }
            return self.evaluate(value, place);
        }
        if let Some(gene) = value.get::<Gene>() {
            return if gene.head.is_symbol(sym::REPL) {
                Ok(self.converse(place))
            } else {
                self.evaluate(value, place)
            };
        }
        match value.heap_kind() {
            Some(Kind::Quote) => {
                let quote: Option<Gc<Quote>> = value.get();
                self.evaluate(quote.expect("the kind was tested").form, place)
            }
            _ => Ok(value),
        }
    }

    /// `($repl)`: an interactive session at this place.
    fn converse(&mut self, place: Place) -> Value {
        let surroundings = Surroundings {
            environment: place.environment.clone(),
            scope: place.scope,
            namespace: place.function.namespace,
        };
        let session = Session::within(self, surroundings);
        if let (Some(converse), Some(session)) = (self.converse.clone(), session) {
            converse(self, session);
        }
        Value::NIL
    }

    fn evaluate(&mut self, form: Value, place: Place) -> Result {
        let prototype = crate::compile::evaluated(self, form, place.environment)
            .map_err(|error| self.raise_compile_error(&error))?;
        let function = self.heap.value(Function {
            scope: place.scope,
            code: prototype.code.as_ptr().into(),
            namespace: place.function.namespace,
            class: place.function.class,
            prototype,
        });
        self.call(function, &[])
    }

    fn is_known(&self, name: Symbol, place: Place) -> bool {
        name.name().starts_with('$')
            || matches!(name, sym::SELF | sym::PLACEHOLDER)
            || place.environment.find(name).is_some()
            || self.name_in(place.function.namespace, name).is_some()
    }

    /// `$render`: a copy of a template with its holes filled.
    pub(super) fn render(&mut self, template: Value, place: Place) -> Result {
        Ok(self.rendered(template, place)?.unwrap_or(Value::NIL))
    }

    /// The copy of a part of a template; `None` for what is evaluated and dropped.
    fn rendered(&mut self, part: Value, place: Place) -> Result<Option<Value>> {
        let here = 0u8;
        if (&raw const here).addr() < self.native_stack_limit || !self.has_room(1) {
            return Err(self.stack_overflow());
        }
        if let Some(hole) = part.get::<Unquote>() {
            return self.filled(hole, place);
        }
        let top = self.context.stack_top;
        let result = match part.heap_kind() {
            Some(Kind::Array) => {
                let array: Option<Gc<Array>> = part.get();
                let items = array.expect("the kind was tested").items.to_vec();
                self.render_all(&items, place, true)
                    .map(|items| self.heap.array(items))
            }
            Some(Kind::Map) => {
                let map: Option<Gc<Map>> = part.get();
                let entries = map.expect("the kind was tested").entries.clone();
                self.render_entries(entries, place)
                    .map(|entries| self.heap.map(entries))
            }
            Some(Kind::Gene) => {
                let gene: Option<Gc<Gene>> = part.get();
                self.render_gene(gene.expect("the kind was tested"), place)
            }
            _ => Ok(part),
        };
        self.context.stack_top = top;
        result.map(Some)
    }

    fn filled(&mut self, hole: Gc<Unquote>, place: Place) -> Result<Option<Value>> {
        let form = hole.form;
        let value = match form.as_symbol() {
            Some(name) if !self.is_known(name, place) => form,
            _ => self.evaluate(form, place)?,
        };
        Ok((!hole.discard).then_some(value))
    }

    fn render_gene(&mut self, gene: Gc<Gene>, place: Place) -> Result {
        let head = self.rendered(gene.head, place)?.unwrap_or(Value::NIL);
        self.root(head);
        let props = self.render_entries(gene.props.clone(), place)?;
        for &value in props.values() {
            if !self.has_room(1) {
                return Err(self.stack_overflow());
            }
            self.root(value);
        }
        let children = self.render_all(&gene.into_ref().children, place, false)?;
        let mut copy = self.heap.alloc(Gene {
            head,
            props,
            children: children.into(),
        });
        copy.header_mut().aux = gene.header().aux;
        Ok(Value::object(copy))
    }

    /// The copies of several parts, which stay on the value stack.
    fn render_all(&mut self, parts: &[Value], place: Place, drops: bool) -> Result<Vec<Value>> {
        let mut copies = Vec::with_capacity(parts.len());
        for &part in parts {
            let copy = match self.rendered(part, place)? {
                Some(copy) => copy,
                None if drops => continue,
                None => Value::NIL,
            };
            if !self.has_room(1) {
                return Err(self.stack_overflow());
            }
            self.root(copy);
            copies.push(copy);
        }
        Ok(copies)
    }

    fn render_entries(&mut self, mut entries: PropMap, place: Place) -> Result<PropMap> {
        let values: Vec<Value> = entries.values().copied().collect();
        let copies = self.render_all(&values, place, false)?;
        for (value, copy) in entries.values_mut().zip(copies) {
            *value = copy;
        }
        Ok(entries)
    }
}
