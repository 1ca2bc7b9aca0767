//! What a second tier asks of the interpreter: instructions that compiled code does not do inline.

use super::arithmetic::Comparison;
use super::call::{Arguments, Prepared, fill_locals};
use super::frames::Mark;
use super::iterate::next_in_place;
use super::methods::receiver_key;
use super::placement::Passed;
use crate::bytecode::Op;
use crate::code::{Code, FunctionKind};
use crate::heap::Gc;
use crate::object::{Args, Function, NativeFn};
use crate::tier::{NATIVE_PER_VALUE, NATIVE_RESERVE, TailCall, Tier};
use crate::value::Value;
use crate::vm::{Raise, Result, Vm};
use std::rc::Rc;

impl Vm {
    /// Carries out a jump instruction up to the jump and answers whether to jump. The operands are on the stack, up
    /// to `context.stack_top`; what the instruction leaves is there afterwards.
    ///
    /// # Safety
    /// The instruction at `pc` of `code` has a target, and the frame at `base` runs this code.
    pub unsafe fn execute_branch(
        &mut self,
        code: &Code,
        pc: usize,
        base: *mut Value,
    ) -> Result<bool> {
        let instr = code.instrs[pc];
        let top = self.context.stack_top;
        // SAFETY: the compiler emits numbers of locals, and counts operands.
        let (local, operand) = unsafe {
            (
                |i: usize| base.add(i).read(),
                |depth: usize| top.sub(depth + 1).read(),
            )
        };
        let literal = Value::int32(instr.literal() as i32);
        let (a, b) = (instr.a as usize, instr.b as usize);
        let (pops, jumps) = match instr.op {
            Op::Jump | Op::JumpBack => (0, true),
            Op::JumpIfFalse => (1, !operand(0).is_truthy()),
            Op::JumpIfTrue => (1, operand(0).is_truthy()),
            Op::JumpIfNotLt => (2, !self.compare(Comparison::Lt, operand(1), operand(0))?),
            Op::JumpIfNotLe => (2, !self.compare(Comparison::Le, operand(1), operand(0))?),
            Op::JumpIfNotGt => (2, !self.compare(Comparison::Gt, operand(1), operand(0))?),
            Op::JumpIfNotGe => (2, !self.compare(Comparison::Ge, operand(1), operand(0))?),
            Op::JumpIfNotEq => (2, !self.equals(operand(1), operand(0))?),
            Op::JumpIfEq => (2, self.equals(operand(1), operand(0))?),
            Op::JumpIfNotLocalLtInt => (0, !self.compare(Comparison::Lt, local(a), literal)?),
            Op::JumpIfNotLocalLeInt => (0, !self.compare(Comparison::Le, local(a), literal)?),
            Op::JumpIfNotLocalGtInt => (0, !self.compare(Comparison::Gt, local(a), literal)?),
            Op::JumpIfNotLocalGeInt => (0, !self.compare(Comparison::Ge, local(a), literal)?),
            Op::JumpIfNotLocalEqInt => (0, !self.equals(local(a), literal)?),
            Op::JumpIfLocalEqInt => (0, self.equals(local(a), literal)?),
            Op::JumpIfNotLocalLtLocal => (0, !self.compare(Comparison::Lt, local(a), local(b))?),
            Op::JumpIfNotLocalLeLocal => (0, !self.compare(Comparison::Le, local(a), local(b))?),
            Op::JumpIfNotLocalGtLocal => (0, !self.compare(Comparison::Gt, local(a), local(b))?),
            Op::JumpIfNotLocalGeLocal => (0, !self.compare(Comparison::Ge, local(a), local(b))?),
            Op::JumpIfDefined => (0, local(b) != Value::UNDEFINED),
            Op::JumpIfMacro => {
                let function = operand(0).get::<Function>();
                (
                    0,
                    function.is_some_and(|f| f.prototype.kind == FunctionKind::Macro),
                )
            }
            Op::Unwrap => match self.unwrapped(operand(0)) {
                Some(value) => {
                    self.put_operands(1, &[value]);
                    (0, true)
                }
                None => (0, false),
            },
            Op::IterNext | Op::IterNextPair => {
                // SAFETY: four locals hold the state of the iteration.
                let next = unsafe {
                    let slots = base.add(b);
                    match (next_in_place(slots), instr.op) {
                        (Some(next), _) => next,
                        (None, Op::IterNext) => {
                            self.iterate(slots)?.map(|value| (Value::NIL, value))
                        }
                        (None, _) => self.iterate_pairs(slots)?,
                    }
                };
                match next {
                    Some((_, value)) if instr.op == Op::IterNext => self.put_operands(0, &[value]),
                    Some((key, value)) => self.put_operands(0, &[key, value]),
                    None => {}
                }
                return Ok(next.is_none());
            }
            op => unreachable!("{} does not jump", op.name()),
        };
        self.put_operands(pops, &[]);
        Ok(jumps)
    }

    fn put_operands(&mut self, pops: usize, values: &[Value]) {
        // SAFETY: the compiler counts operands, and the frame has room for what it counts.
        unsafe {
            self.context.stack_top = self.context.stack_top.sub(pops);
            for &value in values {
                self.context.stack_top.write(value);
                self.context.stack_top = self.context.stack_top.add(1);
            }
        }
    }

    /// Makes the call that an instruction says and runs the callee to its end. Callee and arguments are on the
    /// stack, up to `context.stack_top`.
    ///
    /// # Safety
    /// The instruction at `pc` of `code` is a call, and the frame at `base` runs this code.
    pub unsafe fn execute_call(&mut self, code: &Code, pc: usize, base: *mut Value) -> Result {
        let op = code.instrs[pc].op;
        if op == Op::CallMacro {
            // SAFETY: this function's promise; macro calls are plain.
            unsafe { self.execute_plain(code, pc, base)? };
            // SAFETY: the result is on the stack.
            return Ok(unsafe { self.context.stack_top.sub(1).read() });
        }
        if let Some(result) = self.call_native(code, pc) {
            return result;
        }
        // SAFETY: this function's promise.
        let (callee_base, prepared) = unsafe { self.prepare_at(code, pc, base) };
        match prepared? {
            Prepared::Frame(callee) if op == Op::New => {
                // The instance has taken the class's slot; constructor and self follow it.
                self.finish_call(Prepared::Frame(callee), callee_base.wrapping_add(1))?;
                // SAFETY: the slot is on the stack.
                Ok(unsafe { callee_base.sub(1).read() })
            }
            prepared => self.finish_call(prepared, callee_base),
        }
    }

    /// Makes the call that an instruction says, if it is one of a native function: of the callee on the stack, or of the
    /// method that the inline cache knows for a receiver of this class.
    #[inline]
    fn call_native(&mut self, code: &Code, pc: usize) -> Option<Result> {
        let instr = code.instrs[pc];
        let count = instr.b as usize + usize::from(instr.op == Op::CallMethod);
        let first = self.context.stack_top.wrapping_sub(count);
        let callee = match instr.op {
            // SAFETY: the callee lies below its arguments on the stack.
            Op::Call => unsafe { first.sub(1).read() },
            Op::CallMethod => {
                // SAFETY: the receiver is the first argument.
                let receiver = unsafe { first.read() };
                let cache = &code.caches[instr.c as usize];
                if cache.enters_natives() {
                    // It does not know yet where.
                    return None;
                }
                cache
                    .find(receiver_key(receiver, self.class_of(receiver)))?
                    .method()
            }
            _ => return None,
        };
        let native: Gc<NativeFn> = callee.get()?;
        let args = Args {
            first,
            count,
            keywords: Value::NIL,
        };
        Some((native.run)(self, args))
    }

    /// Runs the native function at `base[-1]` with the arguments from `base` on.
    ///
    /// # Safety
    /// They are on the value stack, with nothing alive above.
    #[inline]
    pub unsafe fn run_native(&mut self, base: *mut Value, count: usize) -> Result {
        self.context.stack_top = base.wrapping_add(count);
        // SAFETY: what the caller promises.
        let callee: Option<Gc<NativeFn>> = unsafe { base.sub(1).read() }.get();
        let native = callee.expect("the callee is a native function");
        let args = Args {
            first: base,
            count,
            keywords: Value::NIL,
        };
        (native.run)(self, args)
    }

    /// Makes the call in tail position that an instruction says: the callee takes the frame's place, unless it is
    /// native and has returned. What is to be done with the frame then:
    /// run it from the callee's first instruction on, or return.
    ///
    /// # Safety
    /// As for [`Vm::execute_call`].
    pub unsafe fn execute_tail_call(
        &mut self,
        code: &Code,
        pc: usize,
        base: *mut Value,
    ) -> Result<TailCall> {
        if matches!(code.instrs[pc].op, Op::CallMacro | Op::New) {
            // SAFETY: this function's promise.
            let value = unsafe { self.execute_call(code, pc, base)? };
            return Ok(TailCall::Returned(value));
        }
        if let Some(result) = self.call_native(code, pc) {
            return result.map(TailCall::Returned);
        }
        // SAFETY: this function's promise.
        let (callee_base, prepared) = unsafe { self.prepare_at(code, pc, base) };
        let callee = match prepared? {
            Prepared::Done(value) => return Ok(TailCall::Returned(value)),
            // SAFETY: the callee belongs to the function at `callee_base[-1]`.
            Prepared::Frame(callee) => unsafe { &*callee },
        };
        self.count_call(callee, callee_base);
        if base.wrapping_add(callee.frame_size()) > self.context.stack_limit {
            return Err(self.stack_overflow());
        }
        // SAFETY: the frame has room for callee and parameters, and is not needed any more.
        unsafe {
            std::ptr::copy(callee_base.sub(1), base.sub(1), callee.params as usize + 1);
            self.context.stack_top = fill_locals(callee, base);
        }
        Ok(match callee.entry.get() {
            0 => TailCall::Interpret,
            address => TailCall::Compiled(address),
        })
    }

    /// Prepares the call that an instruction says; answers the callee's base, too.
    ///
    /// # Safety
    /// As for [`Vm::execute_call`].
    unsafe fn prepare_at(
        &mut self,
        code: &Code,
        pc: usize,
        base: *mut Value,
    ) -> (*mut Value, Result<Prepared>) {
        let instr = code.instrs[pc];
        let count = instr.b as usize;
        let top = self.context.stack_top;
        match instr.op {
            Op::Call | Op::CallSelf => {
                let callee_base = top.wrapping_sub(count);
                if instr.op == Op::Call {
                    // SAFETY: the callee lies below its arguments on the stack.
                    let callee = unsafe { callee_base.sub(1).read() };
                    let cache = &code.caches[instr.c as usize];
                    self.remember_callee(cache, callee, Passed::positional(count));
                }
                let prepared = self.prepare(callee_base, Arguments::positional(count));
                (callee_base, prepared)
            }
            Op::CallMethod => {
                let callee_base = top.wrapping_sub(count + 1);
                let cache = &code.caches[instr.c as usize];
                let arguments = Arguments::positional(count + 1);
                let cached = Some((cache, Some(Passed::positional(count + 1))));
                let prepared = self.prepare_method(cache.name(), cached, callee_base, arguments);
                (callee_base, prepared)
            }
            op => self.prepare_shaped(op, code, &code.calls[instr.c as usize], base),
        }
    }

    fn finish_call(&mut self, prepared: Prepared, base: *mut Value) -> Result {
        if let Prepared::Frame(callee) = prepared {
            // SAFETY: the callee belongs to the function at `base[-1]`.
            let callee = unsafe { &*callee };
            self.count_call(callee, base);
        }
        self.complete(prepared, base)
    }

    /// Counts a call from compiled or native code to code that is not compiled.
    pub(super) fn count_call(&mut self, callee: &Code, base: *mut Value) {
        if callee.entry.get() != 0 || !callee.direct {
            return;
        }
        let budget = callee.budget.get() - 1;
        if budget >= 0 {
            callee.budget.set(budget);
        } else if let Some(tier) = self.tier.clone() {
            // SAFETY: the parameters are bound.
            let params = unsafe { std::slice::from_raw_parts(base, callee.params as usize) };
            // SAFETY: the callee is below its frame.
            unsafe { self.resolve_names_at(callee, base) };
            tier.heat(self, callee, params);
        }
    }

    /// The budget of calls is used up: runs compiled code, or offers the function to the second tier.
    /// `None`: the interpreter is to run the frame.
    #[cold]
    #[inline(never)]
    pub(super) fn hot_call(
        &mut self,
        code: *const Code,
        base: *mut Value,
    ) -> Result<Option<Value>> {
        // SAFETY: the frame of this code was just set up.
        let code = unsafe { &*code };
        match self.heated(code, base) {
            Some(_) => self.go_compiled(code.entry.get(), base),
            None => Ok(None),
        }
    }

    /// As [`Vm::hot_call`], at the back edge to `target`.
    #[cold]
    #[inline(never)]
    pub(super) fn hot_loop(
        &mut self,
        code: *const Code,
        target: usize,
        base: *mut Value,
    ) -> Result<Option<Value>> {
        // SAFETY: the frame of this code is the running one.
        let code = unsafe { &*code };
        let Some(tier) = self.heated(code, base) else {
            return Ok(None);
        };
        match tier.loop_entry(code, target) {
            Some(address) => self.go_compiled(address, base),
            None => Ok(None),
        }
    }

    /// Runs compiled code in the frame at `base`, or leaves that to the compiled code on whose behalf the frame is
    /// run, so that tiers that alternate in one frame do not pile up on the native stack.
    fn go_compiled(&mut self, address: usize, base: *mut Value) -> Result<Option<Value>> {
        if self.frames.is_above(Mark::Resumed) {
            self.takeover = Some(address);
            return Ok(Some(Value::NIL));
        }
        // SAFETY: the address is of the code whose frame this is.
        unsafe { self.run_compiled(address, base).map(Some) }
    }

    /// Runs compiled code in the frame at `base` to the function's end.
    ///
    /// # Safety
    /// As for [`Tier::run`].
    #[inline]
    pub(super) unsafe fn run_compiled(&mut self, address: usize, base: *mut Value) -> Result {
        // Functions that neither call nor loop leave it to their callers.
        if self.is_safepoint_due() {
            self.safepoint()?;
        }
        // Compiled code checks the value stack alone; so that must run out first.
        let left = self.native_stack_left().saturating_sub(NATIVE_RESERVE);
        let enough = base.wrapping_byte_add(left / NATIVE_PER_VALUE);
        let limit = self.context.stack_limit;
        // SAFETY: what the caller promises.
        let result = unsafe {
            if limit <= enough {
                self.enter(address, base)
            } else {
                self.enter_below(enough, address, base)?
            }
        };
        if result == Value::EXCEPTION {
            return Err(Raise);
        }
        Ok(result)
    }

    /// Enters compiled code.
    ///
    /// # Safety
    /// As for [`Tier::run`].
    #[inline]
    unsafe fn enter(&mut self, address: usize, base: *mut Value) -> Value {
        let tier = self.tier.as_ref().map(Rc::as_ptr);
        let tier = tier.expect("compiled code comes from a tier");
        // SAFETY: what the caller promises; a VM keeps its tier, see `Vm::set_tier`.
        unsafe { (*tier).run(self, address, base) }
    }

    /// As [`Vm::enter`], with a value stack that ends at `limit`.
    ///
    /// # Safety
    /// As for [`Tier::run`].
    #[cold]
    #[inline(never)]
    unsafe fn enter_below(
        &mut self,
        limit: *mut Value,
        address: usize,
        base: *mut Value,
    ) -> Result {
        if limit <= base {
            return Err(self.stack_overflow());
        }
        let former = self.context.stack_limit;
        self.set_stack_limit(limit);
        // SAFETY: what the caller promises.
        let result = unsafe { self.enter(address, base) };
        self.set_stack_limit(former);
        Ok(result)
    }

    /// The second tier, if it has compiled the function at `base[-1]`. While compiled code exists the budget stays
    /// used up, so that every call comes here.
    fn heated(&mut self, code: &Code, base: *mut Value) -> Option<Rc<dyn Tier>> {
        let Some(tier) = self.tier.clone() else {
            code.budget.set(i32::MAX);
            return None;
        };
        if code.entry.get() == 0 {
            // SAFETY: the locals of the frame are set.
            let locals = unsafe { std::slice::from_raw_parts(base, code.locals as usize) };
            // SAFETY: the callee is below its frame.
            unsafe { self.resolve_names_at(code, base) };
            tier.heat(self, code, locals);
            if code.entry.get() == 0 {
                return None;
            }
            code.budget.set(0);
        }
        Some(tier)
    }

    /// As [`Vm::resolve_names`], for the function at `base[-1]`.
    ///
    /// # Safety
    /// It runs this code.
    pub unsafe fn resolve_names_at(&mut self, code: &Code, base: *mut Value) {
        // SAFETY: what the caller promises.
        let function: Option<Gc<Function>> = unsafe { base.sub(1).read() }.get();
        self.resolve_names(code, function.expect("a frame belongs to a function"));
    }

    /// Bytes of native stack that are left.
    #[inline]
    pub(super) fn native_stack_left(&self) -> usize {
        let here = 0u8;
        (&raw const here)
            .addr()
            .saturating_sub(self.native_stack_limit)
    }

    /// Raises the exception of a stack that is full.
    pub fn raise_stack_overflow(&mut self) {
        self.stack_overflow();
    }

    /// An exception comes through an instruction of compiled code: answers the instruction to go on at, if that is
    /// protected. The exception is then on the operand stack.
    ///
    /// # Safety
    /// The frame at `base` runs this code.
    pub unsafe fn catch(&mut self, code: &Code, pc: usize, base: *mut Value) -> Option<usize> {
        if code.instrs[pc].op != Op::Rethrow {
            self.note_trace(code, pc);
        }
        let handler = code.handler(pc)?;
        if handler.suspends {
            self.suspend_trace();
        }
        let exception = self.take_exception();
        // SAFETY: the frame has room for all operands.
        unsafe {
            let top = base.add(code.locals as usize + handler.operands as usize);
            top.write(exception);
            self.context.stack_top = top.add(1);
        }
        Some(handler.target as usize)
    }
}
