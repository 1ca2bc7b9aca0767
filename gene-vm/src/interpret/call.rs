//! Calls: what happens to a callee and its arguments, from bytecode and from native code.

use crate::code::{Code, FunctionKind};
use crate::heap::{Gc, Kind};
use crate::object::*;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};

/// What came of a call that was prepared.
pub(crate) enum Prepared {
    /// The callee is a Gene function: its parameters are bound, its code is to be run.
    Frame(*const Code),
    /// The call is over, with this result.
    Done(Value),
}

/// The arguments of a call, besides the positionals on the value stack.
#[derive(Clone, Copy)]
pub(crate) struct Arguments {
    /// Number of positionals, from the callee's base on.
    pub count: usize,
    /// A Map that is reachable, or `nil`.
    pub keywords: Value,
    /// Positionals that messages do not count: the instance in constructor calls.
    pub uncounted: usize,
}

impl Arguments {
    pub fn positional(count: usize) -> Arguments {
        Arguments {
            count,
            keywords: Value::NIL,
            uncounted: 0,
        }
    }
}

impl Vm {
    /// Calls a value with positional arguments. The arguments are rooted during the call; other values
    /// that the caller still needs afterwards must be reachable or kept with [`Vm::root`].
    #[inline]
    pub fn call<const N: usize>(&mut self, callee: Value, args: &[Value; N]) -> Result {
        let entry = callee.get::<Function>().map_or(0, |f| f.entry_for(N));
        if entry == 0 || !self.has_room(N + 1) {
            return self.call_keywords(callee, args, Value::NIL);
        }
        let top = self.context.stack_top;
        // SAFETY: there is room for callee and arguments, and the code, which is the callee's, takes so many; it clears its
        // other variables, and checks that there is room for them.
        let result = unsafe {
            let base = top.add(1);
            top.write(callee);
            base.cast::<[Value; N]>().write(*args);
            self.context.stack_top = base.add(N);
            self.run_compiled(entry, base)
        };
        self.context.stack_top = top;
        result
    }

    /// Calls a value with positional arguments and keywords, a Map or `nil`.
    pub fn call_keywords(&mut self, callee: Value, args: &[Value], keywords: Value) -> Result {
        if !self.has_room(args.len() + 2) {
            return Err(self.stack_overflow());
        }
        let top = self.context.stack_top;
        self.root(callee);
        let base = self.context.stack_top;
        for &arg in args {
            self.root(arg);
        }
        self.root(keywords);
        let arguments = Arguments {
            keywords,
            ..Arguments::positional(args.len())
        };
        let result = self.call_prepared(base, arguments);
        self.context.stack_top = top;
        result
    }

    /// Calls a method with positional arguments.
    pub fn call_method(&mut self, receiver: Value, name: Symbol, args: &[Value]) -> Result {
        if !self.has_room(args.len() + 3) {
            return Err(self.stack_overflow());
        }
        let top = self.context.stack_top;
        self.root(Value::NIL);
        let base = self.context.stack_top;
        self.root(receiver);
        for &arg in args {
            self.root(arg);
        }
        let arguments = Arguments::positional(args.len() + 1);
        let result = match self.prepare_method(name, None, base, arguments) {
            Ok(prepared) => self.complete(prepared, base),
            Err(raise) => Err(raise),
        };
        self.context.stack_top = top;
        result
    }

    /// Calls `base[-1]` with arguments that are on the value stack and runs it to its end.
    pub(crate) fn call_prepared(&mut self, base: *mut Value, arguments: Arguments) -> Result {
        let prepared = self.prepare(base, arguments)?;
        self.complete(prepared, base)
    }

    /// Runs what [`Vm::prepare`] has prepared.
    pub(crate) fn complete(&mut self, prepared: Prepared, base: *mut Value) -> Result {
        match prepared {
            Prepared::Done(value) => Ok(value),
            Prepared::Frame(code) => self.run_frame(code, base),
        }
    }

    /// Runs the function at `base[-1]`, whose parameters are bound, to its end.
    pub(crate) fn run_frame(&mut self, code: *const Code, base: *mut Value) -> Result {
        // SAFETY: the code belongs to the function at `base[-1]`, which is on the value stack; room for the frame is
        // checked before it is written.
        unsafe {
            if base.wrapping_add((*code).frame_size()) > self.context.stack_limit {
                return Err(self.stack_overflow());
            }
            self.context.stack_top = fill_locals(code, base);
            self.count_call(&*code, base);
            match (*code).entry.get() {
                0 => self.run(code, (*code).instrs.as_ptr(), base),
                entry => self.run_compiled(entry, base),
            }
        }
    }

    /// The code of a function, compiled at the first call.
    #[inline]
    pub(crate) fn code_of(&mut self, function: Gc<Function>) -> Result<*const Code> {
        let code = function.code.get();
        if code.is_null() {
            return crate::compile::code_of(self, function);
        }
        Ok(code)
    }

    /// Begins the call of `base[-1]`: binds the parameters of a Gene function, carries out anything else.
    ///
    /// The positionals lie on the value stack from `base` on; the top of the stack is above them.
    pub(crate) fn prepare(
        &mut self,
        base: *mut Value,
        mut arguments: Arguments,
    ) -> Result<Prepared> {
        loop {
            // SAFETY: the callee lies below its arguments on the value stack.
            let callee = unsafe { base.sub(1).read() };
            match callee.heap_kind() {
                Some(Kind::Function) => {
                    let function = callee.get().expect("the kind was tested");
                    return self.prepare_function(function, base, arguments);
                }
                Some(Kind::NativeFn) => {
                    let native: Gc<NativeFn> = callee.get().expect("the kind was tested");
                    let args = Args {
                        first: base,
                        count: arguments.count,
                        keywords: arguments.keywords,
                    };
                    return (native.run)(self, args).map(Prepared::Done);
                }
                Some(Kind::Variant) => {
                    let variant = callee.get().expect("the kind was tested");
                    return self
                        .construct_variant(variant, base, arguments)
                        .map(Prepared::Done);
                }
                Some(Kind::Selector) => {
                    let selector = callee.get().expect("the kind was tested");
                    let args = Args {
                        first: base,
                        count: arguments.count,
                        keywords: arguments.keywords,
                    };
                    return self
                        .apply_selector(selector, args.as_slice())
                        .map(Prepared::Done);
                }
                Some(Kind::Instance) => {
                    let class = self.class_of(callee);
                    let Some(method) = class.find_method(sym::CALL) else {
                        let message = format!(
                            "Instance of {} is not callable (no 'call' method)",
                            class.name
                        );
                        return Err(self.raise(ErrorClass::Exception, message));
                    };
                    self.insert_argument(base, callee)?;
                    // SAFETY: the callee's slot is below the arguments.
                    unsafe { base.sub(1).write(method) };
                    arguments.count += 1;
                }
                // A String alone in parentheses is that String, like a number.
                Some(Kind::Str) if arguments.count == 0 && arguments.keywords.is_nil() => {
                    return Ok(Prepared::Done(callee));
                }
                _ => {
                    let kind = crate::print::kind_name(callee);
                    return Err(self.raise(
                        ErrorClass::Argument,
                        format!("Call requires a callable, got {kind}"),
                    ));
                }
            }
        }
    }

    fn prepare_function(
        &mut self,
        function: Gc<Function>,
        base: *mut Value,
        arguments: Arguments,
    ) -> Result<Prepared> {
        let code = self.code_of(function)?;
        self.bind(function, code, base, arguments)?;
        match function.prototype.kind {
            FunctionKind::Generator => Ok(Prepared::Done(self.new_generator(function, code, base))),
            FunctionKind::Async => {
                let result = self.run_frame(code, base);
                Ok(Prepared::Done(self.settled_future(result)))
            }
            FunctionKind::Function
            | FunctionKind::Macro
            | FunctionKind::Block
            | FunctionKind::Body => Ok(Prepared::Frame(code)),
        }
    }

    /// Puts a value before the first argument at `base`; what lies above moves up by one.
    pub(crate) fn insert_argument(&mut self, base: *mut Value, value: Value) -> Result<()> {
        if !self.has_room(1) {
            return Err(self.stack_overflow());
        }
        // SAFETY: `base` is at or below the top of the value stack, and there is room for one more.
        unsafe {
            let count = self.context.stack_top.offset_from_unsigned(base);
            std::ptr::copy(base, base.add(1), count);
            base.write(value);
            self.context.stack_top = self.context.stack_top.add(1);
        }
        Ok(())
    }

    /// Makes an instance as `new` does and runs the constructor.
    pub fn construct(&mut self, class: Value, args: &[Value]) -> Result {
        if !self.has_room(args.len() + 4) {
            return Err(self.stack_overflow());
        }
        let top = self.context.stack_top;
        self.root(class);
        let base = self.context.stack_top;
        for &arg in args {
            self.root(arg);
        }
        let result = self.new_prepared(base, Arguments::positional(args.len()));
        self.context.stack_top = top;
        result
    }

    /// Makes an instance of the class at `base[-1]` and runs the constructor to its end.
    pub(crate) fn new_prepared(&mut self, base: *mut Value, arguments: Arguments) -> Result {
        match self.prepare_new(base, arguments)? {
            Prepared::Done(value) => Ok(value),
            Prepared::Frame(code) => {
                // SAFETY: the constructor's base lies two slots higher than the class's, the instance on its slot.
                unsafe {
                    self.run_frame(code, base.add(1))?;
                    Ok(base.sub(1).read())
                }
            }
        }
    }
}

/// Sets the locals behind the parameters to nil and answers the first operand's slot.
///
/// # Safety
/// The value stack has room for the frame.
#[inline(always)]
pub(super) unsafe fn fill_locals(code: *const Code, base: *mut Value) -> *mut Value {
    // SAFETY: the caller's promise.
    unsafe {
        let end = base.add((*code).locals as usize);
        let mut slot = base.add((*code).params as usize);
        while slot < end {
            slot.write(Value::NIL);
            slot = slot.add(1);
        }
        end
    }
}
