//! Generators (page 10): a suspended body keeps the slots of its own frame.

use super::call::fill_locals;
use crate::code::{Code, FunctionKind};
use crate::heap::Gc;
use crate::object::{Array, Function, Generator};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

impl Vm {
    /// The generator that a call of a generator function answers; the parameters are bound from `base` on.
    pub(super) fn new_generator(
        &mut self,
        function: Gc<Function>,
        code: *const Code,
        base: *mut Value,
    ) -> Value {
        // SAFETY: the parameters were bound, which checked the room for the whole frame.
        let frame = unsafe {
            let end = fill_locals(code, base);
            std::slice::from_raw_parts(base, end.offset_from_unsigned(base)).to_vec()
        };
        self.heap.note_external(frame.len() * size_of::<Value>());
        self.heap.value(Generator {
            function: Value::object(function),
            frame,
            pc: 0,
            ahead: None,
            running: false,
            done: false,
            started: false,
        })
    }

    /// Leaves the running generator body at a `yield`; the top of the stack is the delivered value, in whose place the
    /// body goes on with nil.
    pub(super) fn suspend(&mut self, base: *mut Value, pc: usize) -> Result {
        // SAFETY: the function lies below its locals, the delivered value on top.
        let (function, value) = unsafe {
            let top = self.context.stack_top.sub(1);
            (base.sub(1).read(), top.replace(Value::NIL))
        };
        let is_generator = function
            .get::<Function>()
            .is_some_and(|f| f.prototype.kind == FunctionKind::Generator);
        if !is_generator {
            return Err(self.raise(
                ErrorClass::Exception,
                "yield used outside of generator function",
            ));
        }
        self.suspended = Some(pc);
        Ok(value)
    }

    /// The next value of a generator; `None` when it is exhausted.
    pub(crate) fn generator_next(&mut self, mut generator: Gc<Generator>) -> Result<Option<Value>> {
        if let Some(ahead) = generator.ahead.take() {
            return Ok(Some(ahead));
        }
        if generator.running {
            return Err(self.raise(ErrorClass::Exception, "Generator is already running"));
        }
        if generator.done {
            return Ok(None);
        }
        let function: Gc<Function> = generator
            .function
            .get()
            .expect("a generator has a function");
        let code = self.code_of(function)?;
        // SAFETY: the generator keeps the function and so its code alive; the room is checked before the frame is written.
        unsafe {
            if !self.has_room((*code).frame_size() + 2) {
                return Err(self.stack_overflow());
            }
            let top = self.context.stack_top;
            self.root(Value::object(generator));
            self.root(generator.function);
            let base = self.context.stack_top;
            let frame = std::mem::take(&mut generator.frame);
            std::ptr::copy_nonoverlapping(frame.as_ptr(), base, frame.len());
            self.context.stack_top = base.add(frame.len());
            generator.running = true;
            generator.started = true;
            let pc = (*code).instrs.as_ptr().add(generator.pc);
            let result = self.run(code, pc, base);
            generator.running = false;
            let result = match (result, self.suspended.take()) {
                (Ok(value), Some(pc)) => {
                    let used = self.context.stack_top.offset_from_unsigned(base);
                    generator.frame = frame;
                    generator.frame.clear();
                    generator
                        .frame
                        .extend_from_slice(std::slice::from_raw_parts(base, used));
                    generator.pc = pc;
                    Ok(Some(value))
                }
                (result, _) => {
                    generator.done = true;
                    result.map(|_| None)
                }
            };
            self.context.stack_top = top;
            result
        }
    }

    /// Runs the body up to its next value, if need be, and keeps that.
    pub(crate) fn generator_has_next(&mut self, mut generator: Gc<Generator>) -> Result<bool> {
        if generator.ahead.is_none() {
            let next = self.generator_next(generator)?;
            generator.ahead = next;
        }
        Ok(generator.ahead.is_some())
    }

    /// The next value of a generator as key and value.
    pub(crate) fn generator_next_pair(
        &mut self,
        generator: Gc<Generator>,
    ) -> Result<Option<(Value, Value)>> {
        let Some(value) = self.generator_next(generator)? else {
            return Ok(None);
        };
        match value.get::<Array>().map(|array| array.into_ref()) {
            Some(Array { items }) if items.len() == 2 => Ok(Some((items[0], items[1]))),
            _ => Err(self.raise(
                ErrorClass::Exception,
                "Generator.next_pair expects yielded [key value] arrays",
            )),
        }
    }
}
