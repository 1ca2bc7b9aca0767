//! The instructions that neither jump nor change frames: functions of the operand stack.

use super::arithmetic::Comparison;
use super::macros::Place;
use crate::bytecode::{Instr, Op};
use crate::code::Code;
use crate::compile::SideEntry;
use crate::heap::Gc;
use crate::object::{Array, Function, Map, Namespace, Range, TypeValue};
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{ErrorClass, Raise, Result, Vm};

/// Is the instruction a function of the operand stack, run by [`Vm::execute_plain`]?
pub fn is_plain(instr: Instr) -> bool {
    use Op::*;
    instr.target().is_none()
        && !matches!(
            instr.op,
            Call | CallSelf
                | CallEx
                | CallMethod
                | CallMethodEx
                | CallMethodDynamic
                | CallSuper
                | CallSuperCtor
                | New
                | Return
                | Yield
        )
}

impl Vm {
    /// The operand `depth` below the top.
    fn operand(&self, depth: usize) -> Value {
        // SAFETY: the compiler counts operands; so many are on the stack.
        unsafe { self.context.stack_top.sub(depth + 1).read() }
    }

    /// The topmost operands, the last on top.
    fn operands<'a>(&self, count: usize) -> &'a [Value] {
        // SAFETY: as in `operand`. They stay there until the instruction replaces them.
        unsafe { std::slice::from_raw_parts(self.context.stack_top.sub(count), count) }
    }

    /// Puts a value in the place of the topmost operands.
    fn replace(&mut self, count: usize, value: Value) {
        self.drop_operands(count);
        self.push_operand(value);
    }

    fn drop_operands(&mut self, count: usize) {
        // SAFETY: as in `operand`.
        self.context.stack_top = unsafe { self.context.stack_top.sub(count) };
    }

    fn push_operand(&mut self, value: Value) {
        // SAFETY: the frame has room for as many operands as the compiler counted.
        unsafe {
            self.context.stack_top.write(value);
            self.context.stack_top = self.context.stack_top.add(1);
        }
    }

    /// Carries out one instruction that neither jumps nor changes frames. The operands are on the stack, up to
    /// `context.stack_top`; so is the result afterwards.
    ///
    /// # Safety
    /// The instruction at `pc` of `code` is plain ([`is_plain`]), and the frame at `base` runs this code.
    pub unsafe fn execute_plain(
        &mut self,
        code: &Code,
        pc: usize,
        base: *mut Value,
    ) -> std::result::Result<(), Raise> {
        let instr = code.instrs[pc];
        let Instr { a, b, c, .. } = instr;
        let index = c as usize;
        let side = || &code.side[index];
        let constant_name = || symbol(code.constants[index]);
        // SAFETY: the running function is below its locals.
        let running = || unsafe { function_below(base) };
        // SAFETY: the compiler emits numbers of locals.
        let local = |i: usize| unsafe { base.add(i).read() };
        let scope_at = |i: u16| {
            if i == OWN_SCOPE {
                running().scope
            } else {
                local(i as usize)
            }
        };
        match instr.op {
            // ── Constants, variables, names ────────────────────────────────
            Op::Const => self.push_operand(code.constants[index]),
            Op::Int => self.push_operand(Value::int32(c)),
            Op::Nil => self.push_operand(Value::NIL),
            Op::True => self.push_operand(Value::TRUE),
            Op::False => self.push_operand(Value::FALSE),
            Op::Pop => self.drop_operands(1),
            Op::Dup => self.push_operand(self.operand(0)),
            Op::Swap => {
                let (v, w) = (self.operand(1), self.operand(0));
                self.drop_operands(2);
                self.push_operand(w);
                self.push_operand(v);
            }
            Op::Slide => self.replace(b as usize + 1, self.operand(0)),
            Op::MoveDown => {
                let moved = self.operand(0);
                let rest = self.operands(b as usize + 1)[..b as usize].to_vec();
                self.drop_operands(b as usize + 1);
                self.push_operand(moved);
                rest.into_iter().for_each(|v| self.push_operand(v));
            }
            Op::GetLocal => self.push_operand(local(b as usize)),
            Op::SetLocal | Op::TeeLocal => {
                // SAFETY: the compiler emits numbers of locals.
                unsafe { base.add(b as usize).write(self.operand(0)) };
                if instr.op == Op::SetLocal {
                    self.drop_operands(1);
                }
            }
            Op::CheckDefined => {
                if self.operand(0) == Value::UNDEFINED {
                    self.undefined_name(code, c)?;
                }
            }
            Op::NewScope => {
                let parent = if a == 1 {
                    local((c >> 16) as usize)
                } else {
                    running().scope
                };
                let scope = self.heap.scope(parent, (c & 0xFFFF) as usize);
                // SAFETY: as above.
                unsafe { base.add(b as usize).write(Value::object(scope)) };
            }
            Op::GetScoped => {
                let value = scope(local(b as usize)).get_slot(index);
                self.push_operand(value);
            }
            Op::SetScoped => scope(local(b as usize)).set_slot(index, self.operand(0)),
            Op::GetCaptured => {
                let value = scope_above(running().scope, b).get_slot(index);
                self.push_operand(value);
            }
            Op::SetCaptured => scope_above(running().scope, b).set_slot(index, self.operand(0)),
            Op::GetName => {
                let cache = &code.caches[index];
                let around = running().namespace;
                let value = match self.cached_name(cache, around) {
                    Some(value) => value,
                    None => self.find_name(cache, around)?,
                };
                self.push_operand(value);
            }
            Op::GetTypeName => {
                let value = self.type_name_value(&code.caches[index], running().namespace);
                self.push_operand(value);
            }
            Op::SetName => {
                self.set_name(&code.caches[index], running().namespace, self.operand(0));
            }
            Op::GetGlobal => {
                let value = self.global(&code.caches[index]);
                self.push_operand(value);
            }
            Op::GetNamespace => self.push_operand(running().namespace),
            Op::GetFunction => self.push_operand(Value::object(running())),
            Op::GetException => self.push_operand(self.handled),
            Op::SetException => {
                self.handled = self.operand(0);
                self.drop_operands(1);
            }

            // ── Members ────────────────────────────────────────────────────
            Op::GetMember => {
                let value = self.get_member(&code.caches[index], self.operand(0))?;
                self.replace(1, value);
            }
            Op::GetIndex => {
                let value = self.lookup(self.operand(0), Value::int32(c))?;
                self.replace(1, value);
            }
            Op::GetDynamic => {
                let value = self.lookup(self.operand(1), self.operand(0))?;
                self.replace(2, value);
            }
            Op::GetMemberOrElement => {
                let (target, key) = (self.operand(1), self.operand(0));
                let value = if target.get::<Array>().is_some() {
                    self.lookup(target, key)?
                } else {
                    self.get_member(&code.caches[index], target)?
                };
                self.replace(2, value);
            }
            Op::GetDefault => {
                let found = self.lookup(self.operand(2), self.operand(1))?;
                let value = if found.is_void() {
                    self.operand(0)
                } else {
                    found
                };
                self.replace(3, value);
            }
            Op::GetMemberStrict => {
                let value = self.get_member_strict(&code.caches[index], self.operand(0))?;
                self.replace(1, value);
            }
            Op::GetIndexStrict => {
                let value = self.get_index_strict(self.operand(0), c as i64)?;
                self.replace(1, value);
            }
            Op::GetDynamicStrict => {
                let value = self.lookup_strict(self.operand(1), self.operand(0))?;
                self.replace(2, value);
            }
            Op::SetMember => {
                let cache = &code.caches[index];
                let value = self.set_member_cached(cache, self.operand(1), self.operand(0))?;
                self.replace(2, value);
            }
            Op::SetIndex => {
                let value = self.set_index(self.operand(1), c as i64, self.operand(0))?;
                self.replace(2, value);
            }
            Op::SetDynamic => {
                let value = self.set_member(self.operand(2), self.operand(1), self.operand(0))?;
                self.replace(3, value);
            }
            Op::AssertFound => {
                self.assert_found(self.operand(0))?;
            }

            // ── Arithmetic, comparison, logic ──────────────────────────────
            Op::Add => self.binary(Vm::add)?,
            Op::Sub => self.binary(Vm::subtract)?,
            Op::Mul => self.binary(Vm::multiply)?,
            Op::Div => self.binary(Vm::divide)?,
            Op::Mod => self.binary(Vm::modulo)?,
            Op::Shl => self.binary(Vm::shift_left)?,
            Op::Shr => self.binary(Vm::shift_right)?,
            Op::And => self.binary(|vm, x, y| Ok(vm.and(x, y)))?,
            Op::Or => self.binary(|vm, x, y| Ok(vm.or(x, y)))?,
            Op::Xor => self.binary(|vm, x, y| Ok(vm.exclusive_or(x, y)))?,
            Op::Lt => self.binary(|vm, x, y| vm.compare(Comparison::Lt, x, y).map(Value::bool))?,
            Op::Le => self.binary(|vm, x, y| vm.compare(Comparison::Le, x, y).map(Value::bool))?,
            Op::Gt => self.binary(|vm, x, y| vm.compare(Comparison::Gt, x, y).map(Value::bool))?,
            Op::Ge => self.binary(|vm, x, y| vm.compare(Comparison::Ge, x, y).map(Value::bool))?,
            Op::Eq => self.binary(|vm, x, y| vm.equals(x, y).map(Value::bool))?,
            Op::Ne => self.binary(|vm, x, y| vm.equals(x, y).map(|e| Value::bool(!e)))?,
            Op::Is => self.binary(|vm, x, y| vm.is(x, y).map(Value::bool))?,
            Op::Neg => {
                let value = self.negate(self.operand(0))?;
                self.replace(1, value);
            }
            Op::Not => {
                let value = self.not(self.operand(0));
                self.replace(1, value);
            }
            Op::AddInt | Op::SubInt => {
                let x = self.operand(0);
                let value = self.add_or_subtract(instr.op == Op::AddInt, x, Value::int32(c))?;
                self.replace(1, value);
            }
            Op::LocalAddInt | Op::LocalSubInt => {
                let x = local(b as usize);
                let value =
                    self.add_or_subtract(instr.op == Op::LocalAddInt, x, Value::int32(c))?;
                self.push_operand(value);
            }
            Op::LocalAddLocal | Op::LocalSubLocal => {
                let (x, y) = (local(b as usize), local(index));
                let value = self.add_or_subtract(instr.op == Op::LocalAddLocal, x, y)?;
                self.push_operand(value);
            }
            Op::IncLocal | Op::DecLocal | Op::AddToLocal => {
                let x = local(b as usize);
                let y = if instr.op == Op::AddToLocal {
                    local(index)
                } else {
                    Value::int32(c)
                };
                let value = self.add_or_subtract(instr.op != Op::DecLocal, x, y)?;
                // SAFETY: the compiler emits numbers of locals.
                unsafe { base.add(b as usize).write(value) };
            }

            // ── Building values ────────────────────────────────────────────
            Op::MakeArray => {
                let items = self.operands(index);
                let array = self.heap.array(items);
                self.replace(index, array);
            }
            Op::ArrayPush => {
                let mut array: Gc<Array> = expect(self.operand(1));
                array.items.push(self.operand(0));
                self.heap.note_external(size_of::<Value>());
                self.drop_operands(1);
            }
            Op::ArraySpread => {
                self.spread_into(self.operand(1), self.operand(0), a == 1)?;
                self.drop_operands(1);
            }
            Op::MakeMap => {
                let SideEntry::Keys(keys) = side() else {
                    unreachable!("the side entry of a map literal is its keys")
                };
                let values = self.operands(keys.len()).iter().copied();
                let entries = keys.iter().copied().zip(values).collect();
                let map = self.heap.map(entries);
                self.replace(keys.len(), map);
            }
            Op::MapSet => {
                let mut map: Gc<Map> = expect(self.operand(1));
                map.entries.insert(constant_name(), self.operand(0));
                self.heap.note_external(32);
                self.drop_operands(1);
            }
            Op::MapSpread => {
                self.spread_entries_into(self.operand(1), self.operand(0), a == 1)?;
                self.drop_operands(1);
            }
            Op::MakeHashMap => {
                let top = self.context.stack_top;
                let map = self.new_hash_map(self.operands(index));
                self.context.stack_top = top;
                self.replace(index, map?);
            }
            Op::MakeGene => {
                let (head, props, children) = (self.operand(2), self.operand(1), self.operand(0));
                let gene = self.make_gene(head, props, children, a == 1);
                self.replace(3, gene);
            }
            Op::Seal => super::construct::seal(self.operand(0)),
            Op::MakeRange => {
                let range = Range {
                    start: self.operand(2),
                    end: self.operand(1),
                    step: self.operand(0),
                };
                let range = self.heap.value(range);
                self.replace(3, range);
            }
            Op::Interpolate => {
                let text = self.interpolate(self.operands(b as usize));
                self.replace(b as usize, text);
            }
            Op::MakeSelector => {
                let selector = self.make_selector(self.operands(b as usize))?;
                self.replace(b as usize, selector);
            }
            Op::MakeClosure => {
                let closure = self.make_closure(side(), running(), scope_at(b));
                self.push_operand(closure);
            }

            // ── Definitions ────────────────────────────────────────────────
            Op::MakeClass => {
                let SideEntry::Class { name } = side() else {
                    unreachable!("the side entry of a class is its name")
                };
                let class = self.make_class(*name, self.operand(0), running().namespace)?;
                self.replace(1, class);
            }
            Op::DefineMethod => {
                let (class, method) = (self.operand(1), self.operand(0));
                self.define_method(class, constant_name(), method, a == 1)?;
                self.drop_operands(1);
            }
            Op::DefineField => {
                let SideEntry::Field { name, of } = side() else {
                    unreachable!("the side entry of a field is its name and type")
                };
                self.define_field(self.operand(0), *name, of)?;
            }
            Op::MakeNamespace => {
                let namespace = Namespace::new(constant_name(), running().namespace);
                let namespace = self.heap.value(namespace);
                self.names_changed();
                self.push_operand(namespace);
            }
            Op::RunBody => {
                self.run_body(self.operand(1), self.operand(0))?;
                self.drop_operands(1);
            }
            Op::MakeEnum => {
                let of = self.make_enum(side());
                self.push_operand(of);
            }
            Op::MakeType => {
                let SideEntry::Type(of) = side() else {
                    unreachable!("the side entry of a type value is a type")
                };
                let mut references = self.operands(b as usize);
                let of = super::check::linked(of, &mut references);
                let of = self.heap.value(TypeValue { of });
                self.replace(b as usize, of);
            }
            Op::LinkTypes => {
                let references = self.operands(b as usize);
                self.link_types(self.operand(b as usize), references);
                self.drop_operands(b as usize);
            }

            Op::Import => {
                let SideEntry::Import(form) = side() else {
                    unreachable!("the side entry of an import is its form")
                };
                self.import(*form, running().namespace)?;
                self.push_operand(Value::NIL);
            }
            Op::Export => {
                let SideEntry::Export(names) = side() else {
                    unreachable!("the side entry of an export is its names")
                };
                self.export(names, running().namespace)?;
                self.push_operand(Value::NIL);
            }

            // ── Iteration, patterns ────────────────────────────────────────
            Op::IterStart => {
                // SAFETY: the compiler reserves four locals for a loop.
                unsafe { self.iter_start(base.add(b as usize), self.operand(0), a == 1)? };
                self.drop_operands(1);
            }
            Op::RepeatCount => {
                let rounds = self.repeat_count(self.operand(0))?;
                self.replace(1, rounds);
            }
            Op::Destructure => {
                let SideEntry::Pattern(elements) = side() else {
                    unreachable!("the side entry of an array pattern is its elements")
                };
                let values = self.destructure(elements, self.operand(0))?;
                self.drop_operands(1);
                values.into_iter().for_each(|v| self.push_operand(v));
            }
            Op::DestructureMap => {
                let SideEntry::MapPattern(keys) = side() else {
                    unreachable!("the side entry of a map pattern is its keys")
                };
                let values = self.destructure_map(keys, self.operand(0));
                self.drop_operands(1);
                values.into_iter().for_each(|v| self.push_operand(v));
            }
            Op::MatchVariant => {
                let SideEntry::Variant { text, binders } = side() else {
                    unreachable!("the side entry of an enum pattern is one")
                };
                let (subject, variant) = (self.operand(1), self.operand(0));
                let matches = self.match_variant(subject, variant, text, *binders)?;
                self.replace(2, Value::bool(matches));
            }
            Op::GetPayload => {
                let value: Gc<crate::object::EnumValue> = expect(self.operand(0));
                self.replace(1, value.payload[b as usize]);
            }
            Op::CheckType => {
                let SideEntry::Check {
                    of,
                    context,
                    references,
                    converts,
                } = side()
                else {
                    unreachable!("the side entry of a check is a type")
                };
                let value = self.operand(*references);
                let values = self.operands(*references);
                let value = self.check_type(of, values, context, *converts, value)?;
                self.replace(references + 1, value);
            }

            // ── Exceptions ─────────────────────────────────────────────────
            Op::Throw => return Err(self.throw_at(self.operand(0), code.position(pc))),
            Op::Rethrow => {
                self.resume_exception(self.operand(0));
                return Err(Raise);
            }
            Op::CatchMatches => {
                let matches = self.catch_matches(self.operand(1), self.operand(0))?;
                self.replace(2, Value::bool(matches));
            }
            Op::ContractFail => {
                let SideEntry::Contract { condition, number } = side() else {
                    unreachable!("the side entry of a contract is its condition")
                };
                let result = (a == 1).then(|| self.operand(0));
                let locals = running().prototype.params.len();
                // SAFETY: the parameters are the first locals.
                let arguments = unsafe { std::slice::from_raw_parts(base, locals) };
                return Err(self.contract_failed(running(), condition, *number, arguments, result));
            }
            Op::RaiseError => {
                let SideEntry::Error(error) = side() else {
                    unreachable!("the side entry of an error is one")
                };
                return Err(self.raise_compile_error(error));
            }

            // ── Evaluation, futures ────────────────────────────────────────
            Op::Eval | Op::Render => {
                let SideEntry::Environment(environment) = side() else {
                    unreachable!("the side entry of an evaluation is its environment")
                };
                let place = Place {
                    environment,
                    scope: scope_at(b),
                    function: running(),
                };
                let value = if instr.op == Op::Eval {
                    self.eval(self.operand(0), place)?
                } else {
                    self.render(self.operand(0), place)?
                };
                self.replace(1, value);
            }
            Op::CallMacro => {
                let SideEntry::MacroCall { form, environment } = side() else {
                    unreachable!("the side entry of a macro call is its form")
                };
                let place = Place {
                    environment,
                    scope: scope_at(b),
                    function: running(),
                };
                let value = self.call_macro(self.operand(0), *form, place)?;
                self.replace(1, value);
            }
            Op::CallerEval => {
                let top = self.context.stack_top;
                let value = self.caller_eval(self.operand(0));
                self.context.stack_top = top;
                self.replace(1, value?);
            }
            Op::MakeFuture => {
                let state = if a == 0 {
                    crate::object::FutureState::Success
                } else {
                    crate::object::FutureState::Failure
                };
                let future = self.new_future(state, self.operand(0));
                self.replace(1, Value::object(future));
            }
            Op::Await => {
                let value = self.await_value(self.operand(0), c)?;
                self.replace(1, value);
            }
            Op::TypeOf => {
                let name = self.type_name(self.operand(0));
                let name = self.heap.string(name);
                self.replace(1, name);
            }
            op => {
                let message = format!("{} is not a plain instruction", op.name());
                return Err(self.raise(ErrorClass::Exception, message));
            }
        }
        Ok(())
    }

    fn binary(&mut self, operation: impl FnOnce(&mut Vm, Value, Value) -> Result) -> Result<()> {
        let value = operation(self, self.operand(1), self.operand(0))?;
        self.replace(2, value);
        Ok(())
    }

    fn add_or_subtract(&mut self, adds: bool, x: Value, y: Value) -> Result {
        if adds {
            self.add(x, y)
        } else {
            self.subtract(x, y)
        }
    }
}

/// The scope operand that stands for the scope of the running function.
const OWN_SCOPE: u16 = 0xFFFF;

/// # Safety
/// A function is below its first local.
unsafe fn function_below(base: *mut Value) -> Gc<Function> {
    // SAFETY: the caller's promise.
    expect(unsafe { base.sub(1).read() })
}

fn expect<T: crate::heap::HeapData>(value: Value) -> Gc<T> {
    value.get().expect("the compiler knows the operand's kind")
}

fn scope(value: Value) -> Gc<crate::object::Scope> {
    expect(value)
}

fn scope_above(value: Value, depth: u16) -> Gc<crate::object::Scope> {
    (0..depth).fold(scope(value), |inner, _| scope(inner.parent()))
}

fn symbol(value: Value) -> Symbol {
    value.as_symbol().expect("the compiler put a symbol there")
}
