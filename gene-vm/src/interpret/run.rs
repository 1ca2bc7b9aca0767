//! The loop.

use super::arithmetic::Comparison;
use super::call::{Arguments, Prepared, fill_locals};
use super::fast::*;
use super::frames::{Frame, Mark};
use super::iterate::next_in_place;
use super::placement::Passed;
use crate::bytecode::{Instr, Op};
use crate::code::Code;
use crate::heap::{Gc, header_word};
use crate::object::{Function, Instance};
use crate::tier::Resumed;
use crate::value::{PAYLOAD_MASK, Value};
use crate::vm::{Raise, Result, Vm};

impl Vm {
    /// Runs from `pc` on, in the frame at `base`, until that frame returns or an exception leaves it.
    ///
    /// # Safety
    /// The frame is complete: `base[-1]` is the function with this code, the locals are set, the operands
    /// lie behind them up to `context.stack_top`, and the value stack has room for the whole frame.
    pub(crate) unsafe fn run(
        &mut self,
        code: *const Code,
        pc: *const Instr,
        base: *mut Value,
    ) -> Result {
        if self.native_stack_left() == 0 {
            return Err(self.stack_overflow());
        }
        self.frames.push(Frame::mark(Mark::Entry));
        // SAFETY: this function's promise.
        unsafe { self.enter_loop(code, pc, base) }
    }

    /// Runs the loop, with an observer if there is one.
    ///
    /// # Safety
    /// As for [`Vm::run`]; in addition, an entry mark is on the frame stack.
    unsafe fn enter_loop(
        &mut self,
        code: *const Code,
        pc: *const Instr,
        base: *mut Value,
    ) -> Result {
        // SAFETY: this function's promise.
        unsafe {
            match self.observer {
                None => self.run_loop::<false>(code, pc, base),
                Some(_) => self.run_loop::<true>(code, pc, base),
            }
        }
    }

    /// Tells the observer of the instruction at `pc`.
    ///
    /// # Safety
    /// As for [`Vm::run`]; `sp` is the top of the frame's operands.
    unsafe fn observe(&self, code: &Code, pc: *const Instr, base: *mut Value, sp: *mut Value) {
        if let Some(observer) = &self.observer {
            let pc = (pc.addr() - code.instrs.as_ptr().addr()) / size_of::<Instr>();
            // SAFETY: the operands lie between the locals and the top.
            let operands = unsafe {
                let first = base.add(code.locals as usize);
                let count = (sp.addr() - first.addr()) / size_of::<Value>();
                std::slice::from_raw_parts(first, count)
            };
            observer.instruction(code, pc, operands);
        }
    }

    /// Runs the frame at `base` from instruction `pc` on, on behalf of compiled code, until the function returns or
    /// compiled code can take over.
    ///
    /// # Safety
    /// As for [`Vm::run`].
    pub unsafe fn resume(
        &mut self,
        code: *const Code,
        pc: usize,
        base: *mut Value,
    ) -> Result<Resumed> {
        if self.native_stack_left() == 0 {
            return Err(self.stack_overflow());
        }
        self.frames.push(Frame::mark(Mark::Resumed));
        // SAFETY: this function's promise.
        let value = unsafe { self.enter_loop(code, (*code).instrs.as_ptr().add(pc), base)? };
        Ok(match self.takeover.take() {
            Some(address) => Resumed::Compiled(address),
            None => Resumed::Returned(value),
        })
    }

    /// # Safety
    /// As for [`Vm::enter_loop`].
    unsafe fn run_loop<const OBSERVED: bool>(
        &mut self,
        mut code: *const Code,
        mut pc: *const Instr,
        mut base: *mut Value,
    ) -> Result {
        let mut sp = self.context.stack_top;

        // SAFETY: the compiler emits code whose jumps, slots, constants and operand counts are in range; the functions
        // of all frames are on the value stack and keep their code alive; each frame's room is checked before it is
        // entered. `sp` is written back before anything outside of the loop may look.
        unsafe {
            loop {
                // Is the current frame left at once, because the exception comes from its callee's compiled code?
                let leave = 'run: loop {
                    if OBSERVED {
                        self.observe(&*code, pc, base, sp);
                    }
                    let instr = *pc;
                    pc = pc.add(1);

                    macro_rules! push {
                        ($v:expr) => {{
                            let v = $v;
                            sp.write(v);
                            sp = sp.add(1);
                        }};
                    }
                    macro_rules! pop {
                        () => {{
                            sp = sp.sub(1);
                            sp.read()
                        }};
                    }
                    macro_rules! local {
                        ($i:expr) => {
                            *base.add($i as usize)
                        };
                    }
                    /// Something outside of the loop that may raise.
                    macro_rules! outside {
                        ($e:expr) => {{
                            self.context.stack_top = sp;
                            match $e {
                                Ok(v) => v,
                                Err(Raise) => break 'run false,
                            }
                        }};
                    }
                    macro_rules! jump {
                        () => {
                            pc = (*code).instrs.as_ptr().add(instr.c as usize)
                        };
                    }
                    /// `[x y] → [result]`: small ints by `$on_ints`, floats by `$on_floats`, others outside.
                    macro_rules! arithmetic {
                        ($x:expr, $y:expr, $checked:ident, $on_floats:tt, $slow:ident) => {{
                            let (x, y) = ($x, $y);
                            'done: {
                                if both_small_ints(x, y) {
                                    if let Some(sum) = high(x).$checked(high(y)) {
                                        break 'done from_high(sum);
                                    }
                                } else if let Some((x, y)) = both_floats(x, y) {
                                    break 'done Value::float(x $on_floats y);
                                }
                                outside!(self.$slow(x, y))
                            }
                        }};
                    }
                    macro_rules! compare {
                        ($x:expr, $y:expr, $op:tt, $comparison:ident) => {{
                            let (x, y) = ($x, $y);
                            if both_small_ints(x, y) {
                                high(x) $op high(y)
                            } else if let Some((x, y)) = both_floats(x, y) {
                                x $op y
                            } else {
                                outside!(self.compare(Comparison::$comparison, x, y))
                            }
                        }};
                    }
                    macro_rules! equals {
                        ($x:expr, $y:expr) => {{
                            let (x, y) = ($x, $y);
                            match quick_equals(x, y) {
                                Some(equal) => equal,
                                None => outside!(self.equals(x, y)),
                            }
                        }};
                    }
                    /// Two operands, taken after the instruction succeeded, so that they stay visible to the collector.
                    macro_rules! binary {
                        ($operation:ident!($($args:tt)*) => $result:expr) => {{
                            let result = $operation!(sp.sub(2).read(), sp.sub(1).read() $($args)*);
                            sp = sp.sub(1);
                            sp.sub(1).write($result(result));
                        }};
                    }
                    macro_rules! compare_and_jump {
                        ($op:tt, $comparison:ident) => {{
                            let holds =
                                compare!(sp.sub(2).read(), sp.sub(1).read(), $op, $comparison);
                            sp = sp.sub(2);
                            if !holds {
                                jump!();
                            }
                        }};
                    }
                    macro_rules! compare_locals_and_jump {
                        ($y:expr, $op:tt, $comparison:ident) => {{
                            if !compare!(local!(instr.a), $y, $op, $comparison) {
                                jump!();
                            }
                        }};
                    }
                    /// The current frame ends with `$v`.
                    macro_rules! finish {
                        ($v:expr) => {{
                            let v = $v;
                            let mut frame = self.frames.pop();
                            sp = base.sub(1);
                            if frame.code.is_null() {
                                match frame.as_mark() {
                                    Mark::Entry | Mark::Resumed => return Ok(v),
                                    Mark::Construct => frame = self.frames.pop(),
                                }
                            } else {
                                push!(v);
                            }
                            code = frame.code;
                            pc = frame.pc;
                            base = frame.base;
                        }};
                    }
                    /// Goes on in the callee at `$base`, whose parameters are bound. `$link` tells where it returns to.
                    macro_rules! enter {
                        ($callee:expr, $base:expr, $link:block) => {{
                            let callee: *const Code = $callee;
                            let callee_base: *mut Value = $base;
                            let end = callee_base.wrapping_add((*callee).frame_size());
                            if end > self.context.stack_limit {
                                self.context.stack_top = sp;
                                self.stack_overflow();
                                break 'run false;
                            }
                            $link;
                            code = callee;
                            base = callee_base;
                            pc = (*code).instrs.as_ptr();
                            sp = fill_locals(code, base);
                            let budget = (*code).budget.get() - 1;
                            if budget >= 0 {
                                (*code).budget.set(budget);
                            } else {
                                self.context.stack_top = sp;
                                match self.hot_call(code, base) {
                                    Ok(None) => {}
                                    Ok(Some(v)) => {
                                        finish!(v);
                                        continue 'run;
                                    }
                                    Err(Raise) => break 'run true,
                                }
                            }
                            if self.heap.poll.is_due() {
                                outside!(self.safepoint());
                            }
                        }};
                    }
                    macro_rules! enter_call {
                        ($callee:expr, $base:expr) => {
                            enter!($callee, $base, {
                                self.frames.push(Frame { code, pc, base })
                            })
                        };
                    }
                    /// A call in tail position: callee and arguments move down to this frame's place.
                    macro_rules! enter_tail {
                        ($callee:expr, $base:expr) => {{
                            let callee: *const Code = $callee;
                            let count = (*callee).params as usize + 1;
                            std::ptr::copy($base.sub(1), base.sub(1), count);
                            enter!(callee, base, {})
                        }};
                    }
                    /// Any call that was prepared.
                    macro_rules! go_on {
                        ($prepared:expr, $base:expr, $tail:expr) => {{
                            let callee_base: *mut Value = $base;
                            match outside!($prepared) {
                                Prepared::Done(v) if $tail => finish!(v),
                                Prepared::Done(v) => {
                                    sp = callee_base.sub(1);
                                    push!(v);
                                }
                                Prepared::Frame(callee) if $tail => {
                                    enter_tail!(callee, callee_base)
                                }
                                Prepared::Frame(callee) => enter_call!(callee, callee_base),
                            }
                        }};
                    }

                    match instr.op {
                        Op::Const => push!(*(*code).constants.as_ptr().add(instr.c as usize)),
                        Op::Int => push!(Value::int32(instr.c)),
                        Op::Nil => push!(Value::NIL),
                        Op::True => push!(Value::TRUE),
                        Op::False => push!(Value::FALSE),
                        Op::Pop => sp = sp.sub(1),
                        Op::Dup => push!(sp.sub(1).read()),
                        Op::Swap => std::ptr::swap(sp.sub(1), sp.sub(2)),
                        Op::Slide => {
                            let top = pop!();
                            sp = sp.sub(instr.b as usize);
                            push!(top);
                        }
                        Op::MoveDown => {
                            let top = sp.sub(1).read();
                            let count = instr.b as usize;
                            let to = sp.sub(1 + count);
                            std::ptr::copy(to, to.add(1), count);
                            to.write(top);
                        }

                        Op::GetLocal => push!(local!(instr.b)),
                        Op::SetLocal => local!(instr.b) = pop!(),
                        Op::TeeLocal => local!(instr.b) = sp.sub(1).read(),
                        Op::CheckDefined => {
                            if sp.sub(1).read() == Value::UNDEFINED {
                                outside!(self.undefined_name(&*code, instr.c));
                            }
                        }
                        Op::GetScoped => {
                            let scope = scope_of(local!(instr.b));
                            push!(slot(scope, instr.c).read());
                        }
                        Op::SetScoped => {
                            let scope = scope_of(local!(instr.b));
                            slot(scope, instr.c).write(sp.sub(1).read());
                        }
                        Op::GetCaptured => {
                            let scope = captured(base.sub(1).read(), instr.b);
                            push!(slot(scope, instr.c).read());
                        }
                        Op::SetCaptured => {
                            let scope = captured(base.sub(1).read(), instr.b);
                            slot(scope, instr.c).write(sp.sub(1).read());
                        }
                        Op::GetFunction => push!(base.sub(1).read()),
                        Op::GetName => {
                            let cache = &*(*code).caches.as_ptr().add(instr.c as usize);
                            let function: Gc<Function> = object(base.sub(1).read());
                            let around = function.namespace;
                            let v = match self.cached_name(cache, around) {
                                Some(v) => v,
                                None => outside!(self.find_name(cache, around)),
                            };
                            push!(v);
                        }
                        Op::GetMember | Op::GetMemberStrict => {
                            let cache = &*(*code).caches.as_ptr().add(instr.c as usize);
                            let target = sp.sub(1).read();
                            let way = cache.latest();
                            let v = if target.is_object()
                                && header_word(target.bits() & PAYLOAD_MASK) == way.key()
                            {
                                *object::<Instance>(target).fields.as_ptr().add(way.slot())
                            } else {
                                outside!(if instr.op == Op::GetMember {
                                    self.get_member(cache, target)
                                } else {
                                    self.get_member_strict(cache, target)
                                })
                            };
                            sp.sub(1).write(v);
                        }

                        Op::GetIndex => {
                            let target = sp.sub(1).read();
                            let v = match element(target, Value::int32(instr.c)) {
                                Some(v) => v,
                                None => outside!(self.lookup(target, Value::int32(instr.c))),
                            };
                            sp.sub(1).write(v);
                        }
                        Op::GetDynamic => {
                            let (target, key) = (sp.sub(2).read(), sp.sub(1).read());
                            let v = match element(target, key) {
                                Some(v) => v,
                                None => outside!(self.lookup(target, key)),
                            };
                            sp = sp.sub(1);
                            sp.sub(1).write(v);
                        }
                        Op::GetMemberOrElement => {
                            let (target, key) = (sp.sub(2).read(), sp.sub(1).read());
                            let cache = &*(*code).caches.as_ptr().add(instr.c as usize);
                            let v = match element(target, key) {
                                Some(v) => v,
                                None => outside!(self.member_or_element(cache, target, key)),
                            };
                            sp = sp.sub(1);
                            sp.sub(1).write(v);
                        }
                        Op::SetMember => {
                            let (target, v) = (sp.sub(2).read(), sp.sub(1).read());
                            let cache = &*(*code).caches.as_ptr().add(instr.c as usize);
                            let way = cache.latest();
                            let v = if target.is_object()
                                && header_word(target.bits() & PAYLOAD_MASK) == way.key()
                                && !way.grows()
                            {
                                let mut instance = object::<Instance>(target);
                                *instance.fields.as_mut_ptr().add(way.slot()) = v;
                                v
                            } else {
                                outside!(self.set_member_cached(cache, target, v))
                            };
                            sp = sp.sub(1);
                            sp.sub(1).write(v);
                        }
                        Op::SetDynamic => {
                            let (target, key) = (sp.sub(3).read(), sp.sub(2).read());
                            let v = sp.sub(1).read();
                            let v = match element_place(target, key) {
                                Some(place) => {
                                    place.write(v);
                                    v
                                }
                                None => outside!(self.set_member(target, key, v)),
                            };
                            sp = sp.sub(2);
                            sp.sub(1).write(v);
                        }

                        Op::Add => {
                            binary!(arithmetic!(, checked_add, +, add) => std::convert::identity)
                        }
                        Op::Sub => {
                            binary!(arithmetic!(, checked_sub, -, subtract) => std::convert::identity)
                        }
                        Op::Mul => {
                            let (x, y) = (sp.sub(2).read(), sp.sub(1).read());
                            let v = 'done: {
                                if both_small_ints(x, y) {
                                    let product = high(x).checked_mul(y.small_int_payload());
                                    if let Some(product) = product {
                                        break 'done from_high(product);
                                    }
                                } else if let Some((x, y)) = both_floats(x, y) {
                                    break 'done Value::float(x * y);
                                }
                                outside!(self.multiply(x, y))
                            };
                            sp = sp.sub(1);
                            sp.sub(1).write(v);
                        }
                        Op::Div => {
                            let (x, y) = (sp.sub(2).read(), sp.sub(1).read());
                            let v = match both_floats(x, y) {
                                Some((x, y)) => Value::float(x / y),
                                None => outside!(self.divide(x, y)),
                            };
                            sp = sp.sub(1);
                            sp.sub(1).write(v);
                        }
                        Op::Mod => {
                            let (x, y) = (sp.sub(2).read(), sp.sub(1).read());
                            let v = if both_small_ints(x, y) && y != Value::int32(0) {
                                // A remainder is no larger than its operands.
                                let rest = x.small_int_payload() % y.small_int_payload();
                                from_high(rest << 16)
                            } else {
                                outside!(self.modulo(x, y))
                            };
                            sp = sp.sub(1);
                            sp.sub(1).write(v);
                        }
                        Op::AddInt => {
                            let v = arithmetic!(sp.sub(1).read(), Value::int32(instr.c), checked_add, +, add);
                            sp.sub(1).write(v);
                        }
                        Op::SubInt => {
                            let v = arithmetic!(sp.sub(1).read(), Value::int32(instr.c), checked_sub, -, subtract);
                            sp.sub(1).write(v);
                        }
                        Op::LocalAddInt => {
                            push!(
                                arithmetic!(local!(instr.b), Value::int32(instr.c), checked_add, +, add)
                            )
                        }
                        Op::LocalSubInt => {
                            push!(
                                arithmetic!(local!(instr.b), Value::int32(instr.c), checked_sub, -, subtract)
                            )
                        }
                        Op::LocalAddLocal => {
                            push!(
                                arithmetic!(local!(instr.b), local!(instr.c), checked_add, +, add)
                            )
                        }
                        Op::LocalSubLocal => {
                            push!(
                                arithmetic!(local!(instr.b), local!(instr.c), checked_sub, -, subtract)
                            )
                        }
                        Op::IncLocal => {
                            local!(instr.b) = arithmetic!(local!(instr.b), Value::int32(instr.c), checked_add, +, add)
                        }
                        Op::DecLocal => {
                            local!(instr.b) = arithmetic!(local!(instr.b), Value::int32(instr.c), checked_sub, -, subtract)
                        }
                        Op::AddToLocal => {
                            local!(instr.b) =
                                arithmetic!(local!(instr.b), local!(instr.c), checked_add, +, add)
                        }
                        Op::Not => {
                            let x = sp.sub(1).read();
                            let v = match x {
                                Value::TRUE => Value::FALSE,
                                Value::FALSE | Value::NIL | Value::VOID => Value::TRUE,
                                _ => self.not(x),
                            };
                            sp.sub(1).write(v);
                        }
                        Op::Lt => binary!(compare!(, <, Lt) => Value::bool),
                        Op::Le => binary!(compare!(, <=, Le) => Value::bool),
                        Op::Gt => binary!(compare!(, >, Gt) => Value::bool),
                        Op::Ge => binary!(compare!(, >=, Ge) => Value::bool),
                        Op::Eq => binary!(equals!() => Value::bool),
                        Op::Ne => binary!(equals!() => |equal: bool| Value::bool(!equal)),

                        Op::Jump => jump!(),
                        Op::JumpBack => {
                            jump!();
                            let budget = (*code).budget.get() - 1;
                            if budget >= 0 {
                                (*code).budget.set(budget);
                            } else {
                                self.context.stack_top = sp;
                                match self.hot_loop(code, instr.c as usize, base) {
                                    Ok(None) => {}
                                    Ok(Some(v)) => {
                                        finish!(v);
                                        continue 'run;
                                    }
                                    Err(Raise) => break 'run true,
                                }
                            }
                            if self.heap.poll.is_due() {
                                outside!(self.safepoint());
                            }
                        }
                        Op::JumpIfFalse => {
                            if !pop!().is_truthy() {
                                jump!();
                            }
                        }
                        Op::JumpIfTrue => {
                            if pop!().is_truthy() {
                                jump!();
                            }
                        }
                        Op::JumpIfNotLt => compare_and_jump!(<, Lt),
                        Op::JumpIfNotLe => compare_and_jump!(<=, Le),
                        Op::JumpIfNotGt => compare_and_jump!(>, Gt),
                        Op::JumpIfNotGe => compare_and_jump!(>=, Ge),
                        Op::JumpIfNotEq => {
                            let equal = equals!(sp.sub(2).read(), sp.sub(1).read());
                            sp = sp.sub(2);
                            if !equal {
                                jump!();
                            }
                        }
                        Op::JumpIfEq => {
                            let equal = equals!(sp.sub(2).read(), sp.sub(1).read());
                            sp = sp.sub(2);
                            if equal {
                                jump!();
                            }
                        }
                        Op::JumpIfNotLocalLtInt => {
                            compare_locals_and_jump!(Value::int32(instr.literal() as i32), <, Lt)
                        }
                        Op::JumpIfNotLocalLeInt => {
                            compare_locals_and_jump!(Value::int32(instr.literal() as i32), <=, Le)
                        }
                        Op::JumpIfNotLocalGtInt => {
                            compare_locals_and_jump!(Value::int32(instr.literal() as i32), >, Gt)
                        }
                        Op::JumpIfNotLocalGeInt => {
                            compare_locals_and_jump!(Value::int32(instr.literal() as i32), >=, Ge)
                        }
                        Op::JumpIfNotLocalEqInt => {
                            if !equals!(local!(instr.a), Value::int32(instr.literal() as i32)) {
                                jump!();
                            }
                        }
                        Op::JumpIfLocalEqInt => {
                            if equals!(local!(instr.a), Value::int32(instr.literal() as i32)) {
                                jump!();
                            }
                        }
                        Op::JumpIfNotLocalLtLocal => {
                            compare_locals_and_jump!(local!(instr.b), <, Lt)
                        }
                        Op::JumpIfNotLocalLeLocal => {
                            compare_locals_and_jump!(local!(instr.b), <=, Le)
                        }
                        Op::JumpIfNotLocalGtLocal => {
                            compare_locals_and_jump!(local!(instr.b), >, Gt)
                        }
                        Op::JumpIfNotLocalGeLocal => {
                            compare_locals_and_jump!(local!(instr.b), >=, Ge)
                        }
                        Op::JumpIfDefined => {
                            if local!(instr.b) != Value::UNDEFINED {
                                jump!();
                            }
                        }
                        Op::JumpIfMacro => {
                            if is_macro(sp.sub(1).read()) {
                                jump!();
                            }
                        }

                        Op::Call => {
                            let count = instr.b as usize;
                            let callee_base = sp.sub(count);
                            match direct_code(callee_base.sub(1).read(), count) {
                                Some(callee) if instr.a == 0 => enter_call!(callee, callee_base),
                                Some(callee) => enter_tail!(callee, callee_base),
                                None => go_on!(
                                    self.prepare(callee_base, Arguments::positional(count)),
                                    callee_base,
                                    instr.a != 0
                                ),
                            }
                        }
                        Op::CallSelf => {
                            let count = instr.b as usize;
                            let callee_base = sp.sub(count);
                            if !(*code).fits(count) {
                                go_on!(
                                    self.prepare(callee_base, Arguments::positional(count)),
                                    callee_base,
                                    instr.a != 0
                                );
                            } else if instr.a == 0 {
                                enter_call!(code, callee_base)
                            } else {
                                enter_tail!(code, callee_base)
                            }
                        }
                        Op::CallMethod => {
                            let count = instr.b as usize + 1;
                            let callee_base = sp.sub(count);
                            let cache = &*(*code).caches.as_ptr().add(instr.c as usize);
                            let method = self.cached_method(cache, callee_base.read());
                            callee_base.sub(1).write(method);
                            match direct_code(method, count) {
                                Some(callee) if instr.a == 0 => enter_call!(callee, callee_base),
                                Some(callee) => enter_tail!(callee, callee_base),
                                None => go_on!(
                                    self.prepare_method(
                                        cache.name(),
                                        Some((cache, Some(Passed::positional(count)))),
                                        callee_base,
                                        Arguments::positional(count)
                                    ),
                                    callee_base,
                                    instr.a != 0
                                ),
                            }
                        }
                        Op::CallEx
                        | Op::CallMethodEx
                        | Op::CallMethodDynamic
                        | Op::CallSuper
                        | Op::CallSuperCtor => {
                            let shape = &(&(*code).calls)[instr.c as usize];
                            self.context.stack_top = sp;
                            let (callee_base, prepared) =
                                self.prepare_shaped(instr.op, &*code, shape, base);
                            go_on!(prepared, callee_base, instr.a != 0);
                        }
                        Op::New => {
                            let shape = &(&(*code).calls)[instr.c as usize];
                            self.context.stack_top = sp;
                            let (class_base, prepared) = match self.prepare_plain_new(&*code, shape)
                            {
                                Some(prepared) => prepared,
                                None => self.prepare_shaped(instr.op, &*code, shape, base),
                            };
                            match outside!(prepared) {
                                Prepared::Done(v) => {
                                    sp = class_base.sub(1);
                                    push!(v);
                                }
                                Prepared::Frame(callee) => {
                                    // The instance has taken the class's slot; constructor and self follow it.
                                    enter!(callee, class_base.add(1), {
                                        self.frames.push(Frame { code, pc, base });
                                        self.frames.push(Frame::mark(Mark::Construct));
                                    })
                                }
                            }
                        }
                        Op::Return => finish!(sp.sub(1).read()),

                        Op::IterNext => {
                            let slots = base.add(instr.b as usize);
                            let next = match next_in_place(slots) {
                                Some(next) => next.map(|(_, v)| v),
                                None => outside!(self.iterate(slots)),
                            };
                            match next {
                                Some(v) => push!(v),
                                None => jump!(),
                            }
                        }
                        Op::IterNextPair => {
                            let slots = base.add(instr.b as usize);
                            let next = match next_in_place(slots) {
                                Some(next) => next,
                                None => outside!(self.iterate_pairs(slots)),
                            };
                            match next {
                                Some((key, v)) => {
                                    push!(key);
                                    push!(v);
                                }
                                None => jump!(),
                            }
                        }
                        Op::Unwrap => {
                            if let Some(v) = self.unwrapped(sp.sub(1).read()) {
                                sp.sub(1).write(v);
                                jump!();
                            }
                        }
                        Op::Yield => {
                            let index = pc.offset_from_unsigned((*code).instrs.as_ptr());
                            self.context.stack_top = sp;
                            let v = outside!(self.suspend(base, index));
                            self.frames.pop();
                            return Ok(v);
                        }

                        outside_ops!() => {
                            let index = pc.offset_from_unsigned((*code).instrs.as_ptr()) - 1;
                            outside!(self.execute_plain(&*code, index, base));
                            sp = self.context.stack_top;
                        }
                    }
                };
                match self.unwind(code, pc, base, leave) {
                    Some(resume) => {
                        code = resume.code;
                        pc = resume.pc;
                        base = resume.base;
                        sp = resume.sp;
                    }
                    None => return Err(Raise),
                }
            }
        }
    }
}
