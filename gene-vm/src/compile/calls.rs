//! Calls: functions, macro functions, methods, `super`, `new`.

use super::quote::call_as_data;
use super::{Compile, Compiler, SideEntry, Want, scan};
use crate::bytecode::{Instr, Op};
use crate::code::{CallShape, FunctionKind};
use crate::heap::Gc;
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;

/// The shape of a call with plain positional arguments.
pub(super) fn plain_shape(positionals: usize) -> CallShape {
    CallShape {
        name: None,
        cache: 0,
        positionals,
        spread: false,
        keywords: [].into(),
        keyword_map: false,
    }
}

impl Compiler<'_> {
    /// `(callee arg… ^k v…)`
    pub(super) fn call(&mut self, form: Value, gene: Gc<Gene>, want: Want) -> Compile {
        if let Some(path) = gene
            .children
            .first()
            .and_then(|first| first.get::<ComplexSymbol>())
            && path.parts[0] == sym::DOT
        {
            return self.look_up_literal(&gene, &path, want);
        }
        self.expression(gene.head, Want::Value)?;
        if !scan::may_be_macro(gene.head, &self.unit) {
            return self.call_pushed(&gene, want);
        }
        let is_macro = self.e.label();
        let end = self.e.label();
        self.e.jump(Op::JumpIfMacro, is_macro, 0);
        let depth = self.e.depth;
        let findings = std::mem::take(&mut self.findings);
        self.or_raise(want, |c| match macro_like(gene.head) {
            true => c.scope(&gene.into_ref().children, |c| c.call_pushed(&gene, want)),
            false => c.call_pushed(&gene, want),
        })?;
        // What a macro will make of its arguments cannot be judged.
        self.findings = findings;
        let after = self.e.depth;
        if want != Want::Return {
            self.e.jump(Op::Jump, end, 0);
        }
        self.e.bind(is_macro);
        self.e.depth = depth;
        let environment = self.environment();
        let form = call_as_data(self.vm, form);
        let entry = self.e.side(SideEntry::MacroCall { form, environment });
        let scope = self.innermost_heap_local();
        self.e.op_bc(Op::CallMacro, scope, entry, 1, 1);
        self.finish(want)?;
        self.e.bind(end);
        self.e.depth = after;
        Ok(())
    }

    /// Compiles the call of a callee that evaluates its arguments. For a macro function they may be anything: a
    /// mistake in them counts only when control comes here.
    fn or_raise(&mut self, want: Want, call: impl FnOnce(&mut Self) -> Compile) -> Compile {
        let mark = self.e.mark();
        let (scopes, exits) = (self.scopes.len(), self.exits.len());
        let Err(error) = call(self) else {
            return Ok(());
        };
        self.e.roll_back(mark);
        self.scopes.truncate(scopes);
        self.exits.truncate(exits);
        self.e.pop();
        self.raise_error(error.message, want)
    }

    /// Emits the arguments and the call of the callee on the stack.
    fn call_pushed(&mut self, gene: &Gene, want: Want) -> Compile {
        let tail = self.is_tail(want);
        if gene.props.is_empty() && !has_spread(&gene.children) {
            let count = gene.children.len();
            let recursive = self.own_binding.is_some() && self.e.ends_with(Op::GetFunction);
            self.values(&gene.children)?;
            let Ok(b) = u16::try_from(count) else {
                return self.error("too many arguments in a call");
            };
            if recursive {
                let call = Instr {
                    op: Op::CallSelf,
                    a: tail as u8,
                    b,
                    c: 0,
                };
                self.e.emit(call, count + 1, 1);
            } else {
                self.e.call(b, tail);
            }
        } else {
            let shape = CallShape {
                cache: self.e.cache(sym::EMPTY) as u32,
                ..self.arguments(&gene.props, &gene.children)?
            };
            let operands = shape.operands();
            let shape = self.e.call_shape(shape);
            self.e.emit(
                Instr {
                    op: Op::CallEx,
                    a: tail as u8,
                    b: 0,
                    c: shape as i32,
                },
                operands + 1,
                1,
            );
        }
        self.finish_call(tail, want)
    }

    /// May a call whose value is wanted like this reuse the frame?
    fn is_tail(&self, want: Want) -> bool {
        want == Want::Return
            && self.exits.is_empty()
            && self.post.is_empty()
            && self.prototype.return_type.is_none()
            && matches!(
                self.prototype.kind,
                FunctionKind::Function | FunctionKind::Block | FunctionKind::Macro
            )
    }

    fn finish_call(&mut self, tail: bool, want: Want) -> Compile {
        if tail {
            // The call itself returns.
            self.e.depth -= 1;
            return Ok(());
        }
        self.finish(want)
    }

    /// Pushes keyword values, then positionals, and describes them.
    fn arguments(&mut self, props: &PropMap, positionals: &[Value]) -> Compile<CallShape> {
        let mut shape = plain_shape(positionals.len());
        if props.keys().any(|&key| is_spread_key(key)) {
            self.spread_map(props, 1)?;
            shape.keyword_map = true;
        } else {
            for &value in props.values() {
                self.expression(value, Want::Value)?;
            }
            shape.keywords = props.keys().copied().collect();
        }
        if has_spread(positionals) {
            self.spread_array(positionals, 1)?;
            shape.spread = true;
        } else {
            self.values(positionals)?;
        }
        Ok(shape)
    }

    /// `(receiver .name arg…)`, `(receiver . expr arg…)`, `(receiver .@a/b)`
    pub(super) fn method_call(&mut self, gene: &Gene, want: Want) -> Compile {
        let receiver = gene.head;
        if let Some(path) = gene.children[0].get::<ComplexSymbol>() {
            let first = Symbol::intern(path.parts[0].name().trim_start_matches(".@"));
            let segments: Vec<Symbol> = std::iter::once(first)
                .chain(path.parts[1..].iter().copied())
                .collect();
            self.selector(&segments)?;
            self.values(&[receiver])?;
            self.e.call(1, false);
            return self.finish(want);
        }
        let name = gene.children[0]
            .as_symbol()
            .expect("method calls start with a symbol or path");
        let arguments = &gene.children[1..];
        match name.name() {
            "." => {
                let Some((&computed, arguments)) = arguments.split_first() else {
                    return self.error("Dynamic method call requires a method name");
                };
                self.expression(receiver, Want::Value)?;
                self.expression(computed, Want::Value)?;
                self.e.op(Op::Swap, 2, 2);
                let shape = self.arguments(&gene.props, arguments)?;
                let operands = shape.operands();
                let shape = self.e.call_shape(shape);
                self.e.op_c(Op::CallMethodDynamic, shape, operands + 2, 1);
                self.finish(want)
            }
            ".@" => {
                self.selector_segments(arguments)?;
                self.expression(receiver, Want::Value)?;
                self.e.call(1, false);
                self.finish(want)
            }
            text if text.starts_with(".@") => {
                self.selector(&[Symbol::intern(&text[2..])])?;
                self.expression(receiver, Want::Value)?;
                self.e.call(1, false);
                self.finish(want)
            }
            text => {
                self.e.op(Op::Nil, 0, 1);
                self.expression(receiver, Want::Value)?;
                self.method_arguments(Symbol::intern(&text[1..]), &gene.props, arguments, want)
            }
        }
    }

    /// `(.name arg…)`
    pub(super) fn self_method_call(&mut self, gene: &Gene, head: Symbol, want: Want) -> Compile {
        self.e.op(Op::Nil, 0, 1);
        self.push_self();
        self.method_arguments(
            Symbol::intern(&head.name()[1..]),
            &gene.props,
            &gene.children,
            want,
        )
    }

    fn method_arguments(
        &mut self,
        name: Symbol,
        props: &PropMap,
        arguments: &[Value],
        want: Want,
    ) -> Compile {
        let tail = self.is_tail(want);
        let cache = self.e.cache(name);
        if props.is_empty() && !has_spread(arguments) {
            self.values(arguments)?;
            let Ok(b) = u16::try_from(arguments.len()) else {
                return self.error("too many arguments in a call");
            };
            let instr = Instr {
                op: Op::CallMethod,
                a: tail as u8,
                b,
                c: cache as i32,
            };
            self.e.emit(instr, arguments.len() + 2, 1);
        } else {
            let shape = CallShape {
                name: Some(name),
                cache: cache as u32,
                ..self.arguments(props, arguments)?
            };
            let operands = shape.operands();
            let shape = self.e.call_shape(shape);
            let instr = Instr {
                op: Op::CallMethodEx,
                a: tail as u8,
                b: 0,
                c: shape as i32,
            };
            self.e.emit(instr, operands + 2, 1);
        }
        self.finish_call(tail, want)
    }

    /// `(super .m arg…)`, `(super .ctor arg…)`
    pub(super) fn super_call(&mut self, gene: &Gene, want: Want) -> Compile {
        let name = gene
            .children
            .first()
            .and_then(|c| c.as_symbol())
            .and_then(|s| s.name().strip_prefix('.'));
        let Some(name) = name.filter(|name| !name.is_empty()).map(Symbol::intern) else {
            return self.error("super can only be used in call form: (super .member ...)");
        };
        self.e.op(Op::Nil, 0, 1);
        self.push_self();
        let shape = self.arguments(&gene.props, &gene.children[1..])?;
        let cache = self.e.cache(name) as u32;
        let operands = shape.operands();
        let shape = self.e.call_shape(CallShape {
            name: Some(name),
            cache,
            ..shape
        });
        let op = if name == sym::CTOR {
            Op::CallSuperCtor
        } else {
            Op::CallSuper
        };
        self.e.op_c(op, shape, operands + 2, 1);
        self.finish(want)
    }

    /// `(new Class arg…)`
    pub(super) fn new_form(&mut self, gene: &Gene, want: Want) -> Compile {
        let Some((&class, arguments)) = gene.children.split_first() else {
            return self.error("new requires a class");
        };
        self.expression(class, Want::Value)?;
        let shape = self.arguments(&gene.props, arguments)?;
        self.e.new_instance(shape);
        self.finish(want)
    }
}

/// Does the head end in `!`? What stands in such a call declares nothing for the code around it.
fn macro_like(head: Value) -> bool {
    let path = head.get::<ComplexSymbol>();
    let last = path.map(|path| *path.parts.last().expect("a path has parts"));
    head.as_symbol().or(last).is_some_and(scan::is_macro_name)
}

/// Is the key that of a map spread: `...`, `...1` …?
pub(super) fn is_spread_key(key: Symbol) -> bool {
    key.name()
        .strip_prefix("...")
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// Does any of the forms spread: `xs...`, or a detached `...`?
pub(super) fn has_spread(forms: &[Value]) -> bool {
    forms
        .iter()
        .any(|&form| form.is_symbol(sym::ELLIPSIS) || spread_operand(form).is_some())
}

/// `xs` of an attached spread `xs...`.
pub(super) fn spread_operand(form: Value) -> Option<Vec<Symbol>> {
    if let Some(symbol) = form.as_symbol() {
        let plain = symbol
            .name()
            .strip_suffix("...")
            .filter(|plain| !plain.is_empty())?;
        return Some(vec![Symbol::intern(plain)]);
    }
    let path = form.get::<ComplexSymbol>()?;
    let (last, before) = path.parts.split_last()?;
    let plain = last
        .name()
        .strip_suffix("...")
        .filter(|plain| !plain.is_empty())?;
    Some(
        before
            .iter()
            .copied()
            .chain([Symbol::intern(plain)])
            .collect(),
    )
}
