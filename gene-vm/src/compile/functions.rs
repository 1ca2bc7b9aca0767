//! Functions: parameter lists, definitions, prologues, contracts.

use super::scopes::OWN_SCOPE;
use super::{Compile, Compiler, SideEntry, Want, position, scan};
use crate::bytecode::{Instr, Op};
use crate::code::{CodeSlot, FunctionKind, Param, ParamKind, Prototype};
use crate::heap::Gc;
use crate::object::*;
use crate::print::written;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use std::cell::OnceCell;

/// Scopes that a function may stand in. What handles code recurses over functions in functions, and each of them is
/// searched for the variables that it captures: without a limit, deep nesting would take quadratic time.
const MAX_NESTING: u32 = 500;

/// A parameter list as read.
pub(super) struct Parameters {
    pub params: Vec<Param>,
    /// Defaults by parameter.
    pub defaults: Vec<Option<Value>>,
    /// Constructor parameters written `/x`: they set the field.
    pub fields: Vec<(usize, Symbol)>,
}

impl Compiler<'_> {
    /// Reads a parameter list (5.2).
    pub(super) fn parameters(&mut self, form: Value, is_method: bool) -> Compile<Parameters> {
        let mut list = Parameters {
            params: Vec::new(),
            defaults: Vec::new(),
            fields: Vec::new(),
        };
        if is_method {
            list.push(Param {
                name: sym::SELF,
                kind: ParamKind::Positional,
                optional: false,
                annotation: None,
            });
        }
        let items: Vec<Value> = form
            .get::<Array>()
            .map(|array| array.items.to_vec())
            .unwrap_or_default();
        let mut items = items.into_iter().peekable();
        while let Some(item) = items.next() {
            let mut annotation = None;
            let (name, mut kind) = if let Some(symbol) = item.as_symbol() {
                let text = symbol.name();
                let (keyword, text) = text
                    .strip_prefix('^')
                    .map_or((false, text), |plain| (true, plain));
                let (annotated, text) = text
                    .strip_suffix(':')
                    .map_or((false, text), |plain| (true, plain));
                let (rest, text) = text
                    .strip_suffix("...")
                    .map_or((false, text), |plain| (true, plain));
                if annotated {
                    let Some(form) = items.next() else {
                        return self.error(format!("Missing type of parameter {text}"));
                    };
                    annotation = Some(self.annotation(form));
                }
                if rest && text.is_empty() {
                    return self.error("Positional rest must follow a named parameter");
                }
                let kind = match (keyword, rest) {
                    (false, false) => ParamKind::Positional,
                    (false, true) => ParamKind::Rest,
                    (true, false) => ParamKind::Keyword,
                    (true, true) => ParamKind::KeywordRest,
                };
                (Symbol::intern(text), kind)
            } else if let Some(field) = field_parameter(item) {
                list.fields.push((list.params.len(), field));
                (field, ParamKind::Positional)
            } else {
                return self.error("Unsupported destructuring pattern");
            };
            if items
                .peek()
                .is_some_and(|next| next.is_symbol(sym::ELLIPSIS))
                && kind == ParamKind::Positional
            {
                items.next();
                kind = ParamKind::Rest;
            }
            if kind == ParamKind::Rest {
                if name == sym::PLACEHOLDER {
                    return self.error("Positional rest must bind to a named parameter");
                }
                if list.params.iter().any(|p| p.kind == ParamKind::Rest) {
                    return self.error("Only one positional rest parameter is allowed");
                }
                // The elements of a rest parameter are never checked.
                annotation = None;
            }
            let mut default = None;
            if items.peek().is_some_and(|next| next.is_symbol(sym::ASSIGN)) {
                items.next();
                default = items.next();
                if default.is_none() {
                    return self.error(format!("Missing default value of parameter {name}"));
                }
            }
            list.push(Param {
                name,
                kind,
                optional: default.is_some(),
                annotation,
            });
            *list.defaults.last_mut().expect("it was just pushed") = default;
        }
        Ok(list)
    }

    /// `(fn name [params] body…)` and its other forms
    pub(super) fn fn_form(&mut self, form: Value, gene: Gc<Gene>, want: Want) -> Compile {
        let mut parts = &gene.into_ref().children[..];
        let Some(&first) = parts.first() else {
            return self.error("fn requires a name or argument list");
        };
        let mut target = None;
        if first.get::<Array>().is_none() {
            target = Some(first);
            parts = &parts[1..];
            if parts
                .first()
                .is_none_or(|list| list.get::<Array>().is_none())
            {
                let wrong = !parts.is_empty();
                return self.error(if wrong {
                    "fn argument list must be an array, e.g. [a b]"
                } else {
                    "fn requires an argument list after the name"
                });
            }
        }
        let named = |value: Value| match value.as_str() {
            Some(text) => Some(Symbol::intern(text)),
            None => value.as_symbol(),
        };
        let (parameters, body) = (parts[0], &parts[1..]);
        match target {
            None => self.closure(form, None, parameters, body, FunctionKind::Function, false)?,
            Some(target) if named(target).is_some() => {
                let name = named(target).expect("it was just looked at");
                let (plain, generics) = split_generics(name);
                self.declare_definition(plain);
                self.generics.extend(&generics);
                self.closure(
                    form,
                    Some(plain),
                    parameters,
                    body,
                    FunctionKind::Function,
                    false,
                )?;
                self.generics.truncate(self.generics.len() - generics.len());
                self.bind_definition(plain)?;
            }
            Some(target) => {
                let Some(path) = target.get::<ComplexSymbol>() else {
                    return self.error("fn requires a name or argument list");
                };
                self.define_member(&path.into_ref().parts, |c, name| {
                    c.closure(
                        form,
                        Some(name),
                        parameters,
                        body,
                        FunctionKind::Function,
                        false,
                    )
                })?;
            }
        }
        self.finish(want)
    }

    /// `(block [params] body…)`
    pub(super) fn block(&mut self, form: Value, gene: Gc<Gene>, want: Want) -> Compile {
        let parts = &gene.into_ref().children[..];
        match parts.split_first() {
            Some((&list, body)) if list.get::<Array>().is_some() => {
                self.function_value(form, list, body, true, want)
            }
            _ => self.function_value(form, Value::NIL, parts, true, want),
        }
    }

    /// An anonymous function or block.
    pub(super) fn function_value(
        &mut self,
        form: Value,
        parameters: Value,
        body: &[Value],
        is_block: bool,
        want: Want,
    ) -> Compile {
        let kind = if is_block {
            FunctionKind::Block
        } else {
            FunctionKind::Function
        };
        self.closure(form, None, parameters, body, kind, false)?;
        self.finish(want)
    }

    /// Pushes a closure.
    pub(super) fn closure(
        &mut self,
        form: Value,
        name: Option<Symbol>,
        parameters: Value,
        body: &[Value],
        kind: FunctionKind,
        is_method: bool,
    ) -> Compile {
        let prototype = self.prototype(form, name, parameters, body, kind, is_method)?;
        self.push_closure(prototype);
        Ok(())
    }

    pub(super) fn push_closure(&mut self, prototype: Prototype) {
        let prototype = self.vm.heap.alloc(prototype);
        self.findings.functions.push(prototype);
        let entry = self.e.side(SideEntry::Prototype(prototype));
        let scope = self.innermost_heap_local();
        debug_assert!(
            scope == OWN_SCOPE || self.scopes.iter().any(|s| s.heap_local == Some(scope))
        );
        self.e.op_bc(Op::MakeClosure, scope, entry, 0, 1);
    }

    fn prototype(
        &mut self,
        form: Value,
        name: Option<Symbol>,
        parameters: Value,
        body: &[Value],
        kind: FunctionKind,
        is_method: bool,
    ) -> Compile<Prototype> {
        let environment = self.environment();
        if environment.scope.nesting > MAX_NESTING {
            return self.error("function nested too deeply");
        }
        let list = self.parameters(parameters, is_method)?;
        let gene = form.get::<Gene>();
        let flag =
            |key: Symbol| gene.is_some_and(|g| g.props.get(&key).is_some_and(|v| v.is_truthy()));
        let kind = match name.map_or("", |name| name.name()) {
            _ if kind != FunctionKind::Function || is_method => kind,
            text if text.len() > 1 && text.ends_with('!') => FunctionKind::Macro,
            text if text.len() > 1 && text.ends_with('*') => FunctionKind::Generator,
            _ if flag(sym::GENERATOR) => FunctionKind::Generator,
            _ if flag(sym::ASYNC) => FunctionKind::Async,
            _ => kind,
        };
        if let Some(intent) = gene.and_then(|g| g.props.get(&sym::INTENT).copied())
            && intent.as_str().is_none()
        {
            let name = name.map_or("<unnamed>", |name| name.name());
            return self.error(format!(
                "Invalid ^intent for function {name}: expected a string"
            ));
        }
        let (return_type, body) = match body {
            [arrow, of, rest @ ..] if arrow.is_symbol(sym::ARROW) => {
                (Some(self.annotation(*of)), rest)
            }
            _ => (None, body),
        };
        Ok(Prototype {
            name,
            kind,
            generics: self.generics.clone(),
            params: list.params,
            is_method,
            body: body.to_vec(),
            captures: OnceCell::new(),
            parameter_form: parameters,
            form,
            environment,
            return_type,
            pos: gene.map_or(self.e.pos(), position),
            code: CodeSlot::default(),
        })
    }

    // ── The compiled body ──────────────────────────────────────────────────

    /// Compiles the body of the prototype: prologue, contracts, forms.
    pub(super) fn function_body(&mut self) -> Compile {
        let prototype = self.prototype;
        self.e.at(prototype.pos);
        let list = self.parameters(prototype.parameter_form, prototype.is_method)?;
        self.note_repeated(&list.params);
        self.e.new_locals(list.params.len());
        let contract = |key: Symbol| -> Vec<Value> {
            let conditions = prototype
                .form
                .get::<Gene>()
                .and_then(|g| g.props.get(&key).copied());
            conditions
                .and_then(|c| c.get::<Array>())
                .map(|a| a.items.to_vec())
                .unwrap_or_default()
        };
        let (pre, post) = (contract(sym::PRE), contract(sym::POST));
        let mut names = scan::declared(&prototype.body);
        names.extend(list.params.iter().map(|p| p.name));
        let has_heap_scope = names.iter().any(|&name| self.captured.contains(name));
        self.open_scope(has_heap_scope);
        for (i, param) in list.params.iter().enumerate() {
            let local = i as u16;
            if let Some(default) = list.defaults[i] {
                self.default(local, default)?;
            }
            if let Some(of) = &param.annotation {
                self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
                self.check_type(of, param.name.name(), true)?;
                self.e.op_bc(Op::SetLocal, local, 0, 1, 0);
            }
            if param.name != sym::PLACEHOLDER {
                self.declare_parameter(param.name, local, param.annotation.clone());
            }
        }
        for &(index, field) in &list.fields {
            self.set_field_from(index as u16, field);
        }
        self.declare_definitions(&prototype.body);
        self.contract(&pre, "pre")?;
        self.post = post;
        self.sequence(&prototype.body, Want::Return)?;
        self.close_scope();
        Ok(())
    }

    fn note_repeated(&mut self, params: &[Param]) {
        for (i, param) in params.iter().enumerate() {
            let is_repeated = params[..i].iter().any(|before| before.name == param.name);
            if is_repeated && param.name != sym::PLACEHOLDER {
                self.warn(
                    format!(
                        "duplicate parameter '{}': only the last one counts",
                        param.name
                    ),
                    "give each parameter a name of its own, or ignore an argument with _",
                );
            }
        }
    }

    /// A constructor parameter `/x`: sets the field unless the argument is nil.
    fn set_field_from(&mut self, local: u16, field: Symbol) {
        let unset = self.e.label();
        self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
        self.e.constant(Value::NIL);
        self.e.jump(Op::JumpIfEq, unset, 2);
        self.push_self();
        self.e.op_bc(Op::GetLocal, local, 0, 0, 1);
        let cache = self.e.cache(field);
        self.e.op_c(Op::SetMember, cache, 2, 1);
        self.e.pop();
        self.e.bind(unset);
    }

    // ── Contracts (12.5) ───────────────────────────────────────────────────

    fn contract(&mut self, conditions: &[Value], kind: &str) -> Compile {
        if conditions.is_empty() || !self.vm.options.contracts {
            return Ok(());
        }
        for (i, &condition) in conditions.iter().enumerate() {
            let holds = self.e.label();
            self.expression(condition, Want::Value)?;
            self.e.branch(holds, true);
            let condition = condition_text(condition);
            let entry = self.e.side(SideEntry::Contract {
                condition: condition.into(),
                number: i + 1,
            });
            let depth = self.e.depth;
            if kind == "post" {
                self.load(sym::RESULT);
                self.e.emit(
                    Instr {
                        op: Op::ContractFail,
                        a: 1,
                        b: 0,
                        c: entry as i32,
                    },
                    1,
                    0,
                );
            } else {
                self.e.op_c(Op::ContractFail, entry, 0, 0);
            }
            self.e.depth = depth;
            self.e.bind(holds);
        }
        Ok(())
    }

    /// Checks the postconditions of the value on the stack, which stays there.
    pub(super) fn postconditions(&mut self) -> Compile {
        let post = std::mem::take(&mut self.post);
        let names = [sym::RESULT];
        self.scope_with(&names, &post, |c| {
            c.declare_variable(sym::RESULT, false, None);
            let found = c.find(sym::RESULT).expect("it was just declared");
            c.store_found(&found);
            c.contract(&post, "post")
        })?;
        self.post = post;
        Ok(())
    }
}

impl Parameters {
    fn push(&mut self, param: Param) {
        self.params.push(param);
        self.defaults.push(None);
    }
}

/// The source form of a condition, with `/x` as `self/x`.
fn condition_text(condition: Value) -> String {
    let mut text = String::new();
    let mut previous = ' ';
    let written = written(condition);
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        let starts_word = matches!(previous, ' ' | '(' | '[');
        if c == '/'
            && starts_word
            && rest
                .peek()
                .is_some_and(|next| !matches!(next, ' ' | ')' | ']' | '='))
        {
            text.push_str("self");
        }
        text.push(c);
        previous = c;
    }
    text
}

/// `/x` as a parameter.
fn field_parameter(item: Value) -> Option<Symbol> {
    let path = item.get::<ComplexSymbol>()?;
    match path.parts[..] {
        [sym::EMPTY, field] => Some(field),
        _ => None,
    }
}

/// `name:T:U`: the name, and the generic parameters.
pub(super) fn split_generics(name: Symbol) -> (Symbol, Vec<Symbol>) {
    let plain = scan::without_generics(name);
    if plain == name {
        return (name, Vec::new());
    }
    (
        plain,
        name.name().split(':').skip(1).map(Symbol::intern).collect(),
    )
}
