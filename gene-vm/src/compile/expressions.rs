//! Expressions: what a form means by its shape (page 3).

use super::{Compile, Compiler, Want, position, scan, shapes};
use crate::bytecode::{Instr, Op};
use crate::code::FunctionKind;
use crate::heap::Gc;
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// A body with more instructions is refused: forms that are compiled several times, as those of a `finally`, can
/// double it with each level of nesting.
const MAX_INSTRUCTIONS: u32 = 1 << 24;

impl Compiler<'_> {
    /// Compiles a form.
    pub(super) fn expression(&mut self, form: Value, want: Want) -> Compile {
        let here = std::ptr::from_ref(&form) as usize;
        if here < self.vm.native_stack_limit {
            return self.error("Stack overflow: expression nested too deeply");
        }
        if let Some(gene) = form.get::<Gene>() {
            if self.e.here() > MAX_INSTRUCTIONS {
                return self.error("function too large: make several functions of it");
            }
            let place = position(gene);
            let before = self.e.at(place);
            self.gene(form, gene, want)
                .map_err(|error| shapes::advise(error, &gene, place))?;
            self.e.at(before);
            return Ok(());
        }
        if let Some(symbol) = form.as_symbol() {
            return self.symbol(symbol, want);
        }
        if let Some(path) = form.get::<ComplexSymbol>() {
            return self.path(&path.parts, want);
        }
        if let Some(array) = form.get::<Array>() {
            self.array(&array.items, array.header().sealed)?;
            return self.finish(want);
        }
        if let Some(map) = form.get::<Map>() {
            self.map(&map.entries, map.header().sealed)?;
            return self.finish(want);
        }
        if let Some(quote) = form.get::<Quote>() {
            let value = super::quote::unquoted(quote.form);
            return self.constant(value, want);
        }
        self.constant(form, want)
    }

    /// Compiles forms in sequence; the last one gives the value, `nil` if there is none.
    pub(super) fn sequence(&mut self, forms: &[Value], want: Want) -> Compile {
        let Some((&last, before)) = forms.split_last() else {
            return self.constant(Value::NIL, want);
        };
        for &form in before {
            self.expression(form, Want::Nothing)?;
        }
        self.expression(last, want)
    }

    /// Compiles forms that each leave a value.
    pub(super) fn values(&mut self, forms: &[Value]) -> Compile {
        forms
            .iter()
            .try_for_each(|&form| self.expression(form, Want::Value))
    }

    fn symbol(&mut self, symbol: Symbol, want: Want) -> Compile {
        let name = symbol.name();
        match symbol {
            sym::PLACEHOLDER => return self.constant(Value::PLACEHOLDER, want),
            sym::SELF => {
                self.push_self();
                return self.finish(want);
            }
            sym::NS_VAR => {
                self.e.op(Op::GetNamespace, 0, 1);
                return self.finish(want);
            }
            sym::SUPER if self.find(symbol).is_none() => {
                return self.error("super can only be used in call form: (super .member ...)");
            }
            sym::EX_VAR => {
                self.e.op(Op::GetException, 0, 1);
                return self.finish(want);
            }
            _ => {}
        }
        if name.len() > 3 && name.ends_with("...") {
            return self.error(
                "Spread operator (...) can only be used in arrays, maps, or gene expressions",
            );
        }
        if let Some(global) = name.strip_prefix('$').filter(|rest| !rest.is_empty()) {
            // The bare name is the function.
            let global = if global == "cwd" { "$cwd" } else { global };
            let cache = self.e.cache(Symbol::intern(global));
            self.e.op_c(Op::GetGlobal, cache, 0, 1);
        } else if let Some(segment) = name.strip_prefix('@').filter(|rest| !rest.is_empty()) {
            self.selector(&[Symbol::intern(segment)])?;
        } else {
            self.load(symbol);
        }
        self.finish(want)
    }

    fn gene(&mut self, form: Value, gene: Gc<Gene>, want: Want) -> Compile {
        let first = gene.children.first().copied();
        let first_symbol = first.and_then(|first| first.as_symbol());
        if gene.children.is_empty() && (gene.head.is_float() || gene.head.is_int()) {
            return self.constant(gene.head, want);
        }
        let is_method_call = first_symbol.is_some_and(|s| {
            s.name().starts_with('.')
                && s != sym::DOTDOT
                && s != sym::DOT_SLASH
                && s != sym::ELLIPSIS
        }) || first
            .and_then(|f| f.get::<ComplexSymbol>())
            .is_some_and(|path| path.parts[0].name().starts_with(".@"));
        if gene.head.is_symbol(sym::HASH_MAP) {
            self.hash_map(&gene.children, gene.header().sealed)?;
            return self.finish(want);
        }
        if gene.header().sealed || gene.head.is_symbol(sym::PLACEHOLDER) {
            self.build_gene(&gene, gene.head)?;
            return self.finish(want);
        }
        if let Some(quote) = gene.head.get::<Quote>()
            && !is_method_call
        {
            self.build_gene(&gene, quote.form)?;
            return self.finish(want);
        }
        if first_symbol.is_some_and(scan::is_infix_operator) && takes_infix(gene.head) {
            return self.infix(&gene, want);
        }
        if is_method_call && !gene.head.is_symbol(sym::SUPER) {
            return self.method_call(&gene, want);
        }
        if let Some(op) = gene.head.as_symbol().and_then(prefix_operator) {
            return self.prefix(op, &gene.children, want);
        }
        if let Some(first) = first_symbol
            && !matches!(gene.head.as_symbol(), Some(sym::VAR | sym::LET | sym::FN))
        {
            if scan::is_assignment(Value::symbol(first)) {
                return self.assignment(gene.head, first, &gene.children[1..], want);
            }
            match first {
                sym::QUESTION => return self.unwrap(gene.head, want),
                sym::DOTDOT => {
                    return self.range(&[&[gene.head], &gene.children[1..]].concat(), want);
                }
                sym::ARROW if gene.head.get::<Array>().is_some() => {
                    return self.function_value(form, gene.head, &gene.children[1..], true, want);
                }
                _ => {}
            }
        }
        if let Some(head) = gene.head.as_symbol() {
            if self.special(head, form, gene, want)? {
                return Ok(());
            }
            if head.name().starts_with('.')
                && head != sym::DOTDOT
                && head != sym::ELLIPSIS
                && head.name().len() > 1
            {
                return self.self_method_call(&gene, head, want);
            }
        }
        if self.is_type_expression(form) {
            return self.type_value(form, want);
        }
        self.call(form, gene, want)
    }

    /// Compiles a special form; false if `head` names none.
    fn special(&mut self, head: Symbol, form: Value, gene: Gc<Gene>, want: Want) -> Compile<bool> {
        let children = &gene.into_ref().children;
        match head {
            sym::DO => self.sequence(children, want)?,
            sym::IF => self.if_form(children, want)?,
            sym::IFEL => self.ifel(children, want)?,
            sym::IF_NOT => self.if_not(children, want)?,
            sym::VAR => self.var(children, false, want)?,
            sym::LET => self.var(children, true, want)?,
            sym::WHILE => self.while_loop(&gene, want)?,
            sym::LOOP => self.endless_loop(&gene, want)?,
            sym::FOR => self.for_loop(&gene, want)?,
            sym::REPEAT => self.repeat(&gene, want)?,
            sym::BREAK => self.break_form(&gene, want)?,
            sym::CONTINUE => self.continue_form(&gene, want)?,
            sym::CASE => self.case(children, want)?,
            sym::RETURN => self.return_form(children, want)?,
            sym::FN => self.fn_form(form, gene, want)?,
            sym::BLOCK => self.block(form, gene, want)?,
            sym::ARROW => self.function_value(form, Value::NIL, children, true, want)?,
            sym::EVAL => self.eval(children, want)?,
            sym::REPL => self.repl(form, want)?,
            sym::CALLER_EVAL => self.caller_eval(children, want)?,
            sym::RENDER => self.render(children, want)?,
            sym::RANGE => self.range(children, want)?,
            sym::CLASS => self.class(&gene, want)?,
            sym::OBJECT => self.object(&gene, want)?,
            sym::NEW => self.new_form(&gene, want)?,
            sym::SUPER => self.super_call(&gene, want)?,
            sym::ENUM => self.enum_form(&gene, want)?,
            sym::YIELD => {
                if self.prototype.kind != FunctionKind::Generator {
                    self.warn(
                        "yield used outside of generator function",
                        "end the function's name in *, as in (fn name* [] …), or give it ^^generator",
                    );
                }
                self.sequence_first(children)?;
                self.e.op(Op::Yield, 1, 1);
                self.finish(want)?;
            }
            sym::NS => self.namespace(&gene, want)?,
            sym::IMPORT => {
                return self.error(
                    "import is compile-time only; place imports at module top level or emit them from (comptime ...)",
                );
            }
            sym::EXPORT => self.export(children, want)?,
            sym::IF_MAIN => self.if_main(children, want)?,
            sym::COMPTIME => self.constant(Value::NIL, want)?,
            sym::TRY => self.try_form(children, want)?,
            sym::THROW => {
                self.sequence_first(children)?;
                self.e.op(Op::Throw, 1, 0);
                self.unreachable_value(want);
            }
            sym::TYPEOF => {
                let [operand] = children[..] else {
                    return self.error("typeof expects exactly 1 argument");
                };
                self.expression(operand, Want::Value)?;
                self.e.op(Op::TypeOf, 1, 1);
                self.finish(want)?;
            }
            sym::TYPE => self.type_form(children, want)?,
            sym::TAP => self.tap(children, want)?,
            sym::ASYNC => self.async_form(children, want)?,
            sym::AWAIT => self.await_form(&gene, want)?,
            sym::AT => self.selector_form(children, want)?,
            sym::DOT_SLASH => self.look_up_prefix(children, want)?,
            sym::SET => self.set_form(children, want)?,
            sym::MATCH => {
                return self.error(
                    "match has been removed; use (var pattern value) for binding or (case ...) for branching",
                );
            }
            head if head.name() == "ctor!" && self.in_class_body() => {
                return self.error("Macro-like constructors are not supported; use ctor");
            }
            sym::METHOD | sym::CTOR | sym::FIELD | sym::ON_METHOD_MISSING
                if self.in_class_body() =>
            {
                self.class_member(head, form, gene, want)?;
            }
            sym::STR => {
                self.values(children)?;
                self.e
                    .op_bc(Op::Interpolate, children.len() as u16, 0, children.len(), 1);
                self.finish(want)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Compiles the first form, `nil` if there is none.
    pub(super) fn sequence_first(&mut self, forms: &[Value]) -> Compile {
        self.expression(forms.first().copied().unwrap_or(Value::NIL), Want::Value)
    }

    /// After an instruction behind which control never comes: keeps the operand count as the caller expects.
    pub(super) fn unreachable_value(&mut self, want: Want) {
        if want == Want::Value {
            self.e.depth += 1;
        }
    }

    fn prefix(&mut self, op: Prefix, operands: &[Value], want: Want) -> Compile {
        let name = op.name;
        match (op.arity, operands.len()) {
            (Arity::Exactly(n), given) if given != n => {
                let what = if n == 1 {
                    "not expects exactly 1 argument".into()
                } else {
                    format!("{name} requires exactly {n} arguments")
                };
                return self.error(what);
            }
            (Arity::AtLeast(1), 0) => {
                return self.error(format!("{name} requires at least one argument"));
            }
            (Arity::AtLeast(n), given) if given < n => {
                return self.error(format!("{name} requires at least {n} arguments"));
            }
            (Arity::Any(neutral), 0) => return self.constant(Value::int32(neutral), want),
            _ => {}
        }
        match (op.op, operands) {
            (Op::Sub, [operand]) => {
                self.expression(*operand, Want::Value)?;
                self.e.op(Op::Neg, 1, 1);
            }
            (Op::Div, [operand]) => {
                self.e.constant(Value::int32(1));
                self.expression(*operand, Want::Value)?;
                self.e.binary(Op::Div);
            }
            (Op::Not, [operand]) => {
                self.expression(*operand, Want::Value)?;
                self.e.op(Op::Not, 1, 1);
            }
            _ => {
                self.expression(operands[0], Want::Value)?;
                for &operand in &operands[1..] {
                    self.expression(operand, Want::Value)?;
                    self.e.binary(op.op);
                }
            }
        }
        self.finish(want)
    }

    fn unwrap(&mut self, operand: Value, want: Want) -> Compile {
        self.expression(operand, Want::Value)?;
        let go_on = self.e.label();
        self.e.jump(Op::Unwrap, go_on, 0);
        let depth = self.e.depth;
        self.leave_and_return()?;
        self.e.depth = depth;
        self.e.bind(go_on);
        self.finish(want)
    }

    /// Pushes the value of `self`.
    pub(super) fn push_self(&mut self) {
        match self.find(sym::SELF) {
            Some(_) => self.load(sym::SELF),
            None => self.e.op(Op::GetNamespace, 0, 1),
        }
    }

    fn eval(&mut self, forms: &[Value], want: Want) -> Compile {
        if forms.is_empty() {
            return self.constant(Value::NIL, want);
        }
        for (i, &form) in forms.iter().enumerate() {
            if i > 0 {
                self.e.pop();
            }
            self.expression(form, Want::Value)?;
            let (scope, environment) = self.environment_operands();
            self.e.op_bc(Op::Eval, scope, environment, 1, 1);
        }
        self.finish(want)
    }

    /// `($repl)` is evaluated as data, which knows the place.
    fn repl(&mut self, form: Value, want: Want) -> Compile {
        self.e.constant(form);
        let (scope, environment) = self.environment_operands();
        self.e.op_bc(Op::Eval, scope, environment, 1, 1);
        self.finish(want)
    }

    fn caller_eval(&mut self, forms: &[Value], want: Want) -> Compile {
        let [form] = forms else {
            return self.error("$caller_eval expects exactly 1 argument");
        };
        self.expression(*form, Want::Value)?;
        self.e.op(Op::CallerEval, 1, 1);
        self.finish(want)
    }

    fn render(&mut self, forms: &[Value], want: Want) -> Compile {
        let [form] = forms else {
            return self.error("$render expects exactly 1 argument");
        };
        self.expression(*form, Want::Value)?;
        let (scope, environment) = self.environment_operands();
        self.e.op_bc(Op::Render, scope, environment, 1, 1);
        self.finish(want)
    }

    /// The operands of an instruction that looks names up at run time: the local of the innermost heap scope
    /// and the side table entry of the environment.
    pub(super) fn environment_operands(&mut self) -> (u16, usize) {
        let environment = self.environment();
        let entry = self.e.side(super::SideEntry::Environment(environment));
        (self.innermost_heap_local(), entry)
    }

    fn range(&mut self, parts: &[Value], want: Want) -> Compile {
        if parts.len() < 2 {
            return self.error("range requires at least 2 arguments");
        }
        self.values(&parts[..parts.len().min(3)])?;
        if parts.len() == 2 {
            self.e.constant(Value::NIL);
        }
        self.e.op(Op::MakeRange, 3, 1);
        self.finish(want)
    }

    fn tap(&mut self, parts: &[Value], want: Want) -> Compile {
        let [value, name, forms @ ..] = parts else {
            return self.error("$tap requires a value and a name");
        };
        let plain = name
            .as_symbol()
            .and_then(|n| n.name().strip_prefix(':'))
            .map(Symbol::intern);
        let Some(name) = plain else {
            return self.error("$tap requires a name such as :x");
        };
        self.expression(*value, Want::Value)?;
        self.e.op(Op::Dup, 1, 2);
        self.scope(forms, |c| {
            c.declare_variable(name, false, None);
            c.store_new(name);
            c.sequence(forms, Want::Nothing)
        })?;
        self.finish(want)
    }

    fn async_form(&mut self, forms: &[Value], want: Want) -> Compile {
        let [form] = forms else {
            return self.error("async expects exactly 1 argument");
        };
        let succeed = |c: &mut Self| {
            c.expression(*form, Want::Value)?;
            c.e.op(Op::MakeFuture, 1, 1);
            Ok(())
        };
        let fail = |c: &mut Self| {
            let instr = Instr {
                a: 1,
                ..Instr::new(Op::MakeFuture)
            };
            c.e.emit(instr, 1, 1);
            Ok(())
        };
        self.part(forms, |c| c.guarded(succeed, fail))?;
        self.finish(want)
    }

    fn await_form(&mut self, gene: &Gene, want: Want) -> Compile {
        let timeout = match gene.props.get(&sym::TIMEOUT) {
            None => -1,
            Some(value) => {
                let micros = match (value.as_int(), value.as_float()) {
                    (Some(millis), _) => millis as f64 * 1e3,
                    (_, Some(seconds)) => seconds * 1e6,
                    _ => {
                        return self
                            .error("await ^timeout must be int milliseconds or float seconds");
                    }
                };
                micros.clamp(0.0, i32::MAX as f64) as i32
            }
        };
        if gene.children.is_empty() {
            return self.error("await expects at least 1 argument");
        }
        for &future in gene.children.iter() {
            self.expression(future, Want::Value)?;
            self.e.emit(
                Instr {
                    c: timeout,
                    ..Instr::new(Op::Await)
                },
                1,
                1,
            );
        }
        if gene.children.len() > 1 {
            self.e
                .op_c(Op::MakeArray, gene.children.len(), gene.children.len(), 1);
        }
        self.finish(want)
    }
}

/// May a form with this head be an infix expression? These heads keep their own syntax.
pub(super) fn takes_infix(head: Value) -> bool {
    !matches!(
        head.as_symbol(),
        Some(
            sym::VAR
                | sym::LET
                | sym::IF
                | sym::IFEL
                | sym::FN
                | sym::DO
                | sym::LOOP
                | sym::WHILE
                | sym::FOR
                | sym::NS
                | sym::CLASS
                | sym::TRY
                | sym::THROW
                | sym::IMPORT
                | sym::EXPORT
                | sym::INTERFACE
                | sym::IMPLEMENT
                | sym::FIELD
                | sym::DOLLAR
                | sym::ARROW
                | sym::AT
        )
    )
}

enum Arity {
    Any(i32),
    AtLeast(usize),
    Exactly(usize),
}

struct Prefix {
    op: Op,
    arity: Arity,
    name: &'static str,
}

fn prefix_operator(head: Symbol) -> Option<Prefix> {
    let (op, arity) = match head {
        sym::ADD => (Op::Add, Arity::Any(0)),
        sym::MUL => (Op::Mul, Arity::Any(1)),
        sym::SUB => (Op::Sub, Arity::AtLeast(1)),
        sym::DIV => (Op::Div, Arity::AtLeast(1)),
        sym::MOD => (Op::Mod, Arity::AtLeast(2)),
        sym::AND => (Op::And, Arity::AtLeast(1)),
        sym::OR => (Op::Or, Arity::AtLeast(1)),
        sym::XOR => (Op::Xor, Arity::AtLeast(1)),
        sym::BANG | sym::NOT => (Op::Not, Arity::Exactly(1)),
        sym::LT => (Op::Lt, Arity::Exactly(2)),
        sym::LE => (Op::Le, Arity::Exactly(2)),
        sym::GT => (Op::Gt, Arity::Exactly(2)),
        sym::GE => (Op::Ge, Arity::Exactly(2)),
        sym::EQ => (Op::Eq, Arity::Exactly(2)),
        sym::NE => (Op::Ne, Arity::Exactly(2)),
        sym::IS => (Op::Is, Arity::Exactly(2)),
        sym::SHL => (Op::Shl, Arity::Exactly(2)),
        sym::SHR => (Op::Shr, Arity::Exactly(2)),
        _ => return None,
    };
    Some(Prefix {
        op,
        arity,
        name: head.name(),
    })
}
