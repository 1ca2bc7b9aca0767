//! Calls with keywords, spreads or computed names, which a [`CallShape`] describes.

use super::call::{Arguments, Prepared};
use super::placement::Passed;
use crate::bytecode::Op;
use crate::code::{CallShape, Code};
use crate::heap::Gc;
use crate::object::{Array, Class, Function, Map, PropMap};
use crate::value::Value;
use crate::vm::{Result, Vm};

impl Vm {
    /// Begins the call of a shaped call instruction. Answers the base of the callee as well: `base[-1]` of the callee is
    /// the slot where the result goes.
    pub(super) fn prepare_shaped(
        &mut self,
        op: Op,
        code: &Code,
        shape: &CallShape,
        frame: *mut Value,
    ) -> (*mut Value, Result<Prepared>) {
        // SAFETY: the operands that the shape describes are on the stack; the running function is below its frame.
        let (first, function) = unsafe {
            let first = self.context.stack_top.sub(shape.operands());
            let function: Option<Gc<Function>> = frame.sub(1).read().get();
            (first, function.expect("a frame belongs to a function"))
        };
        let is_method = !matches!(op, Op::CallEx | Op::New);
        // A method's receiver is its first argument.
        let base = if is_method {
            first.wrapping_sub(1)
        } else {
            first
        };
        let mut arguments = match self.arrange(shape, first) {
            Ok(arguments) => arguments,
            Err(raise) => return (base, Err(raise)),
        };
        arguments.count += is_method as usize;
        let name = shape.name.unwrap_or(crate::symbol::sym::EMPTY);
        let prepared = match op {
            Op::CallMethodEx => {
                let cache = &code.caches[shape.cache as usize];
                let cache = Some((cache, Passed::of_shape(shape, 1)));
                self.prepare_method(name, cache, base, arguments)
            }
            Op::CallMethodDynamic => self.prepare_dynamic_method(base, arguments),
            Op::CallSuper | Op::CallSuperCtor => {
                let prepared = match op {
                    Op::CallSuper => self.prepare_super(function, name, base, arguments),
                    _ => self.prepare_super_constructor(function, base, arguments),
                };
                if prepared.is_ok() {
                    // SAFETY: the method lies below its receiver.
                    let method = unsafe { base.sub(1).read() };
                    // Constructors may take keywords for positionals.
                    let passed = Passed::of_shape(shape, 1)
                        .filter(|passed| op == Op::CallSuper || passed.keywords.is_empty());
                    let cache = &code.caches[shape.cache as usize];
                    self.remember_super(cache, function, method, passed);
                }
                prepared
            }
            Op::New => {
                // SAFETY: the class lies below the arguments on the stack.
                let class = unsafe { base.sub(1).read() };
                if let Some(class) = class.get::<Class>() {
                    self.remember_constructor(&code.caches[shape.cache as usize], class, shape);
                }
                self.prepare_new(base, arguments)
            }
            _ => {
                if let Some(passed) = Passed::of_shape(shape, 0) {
                    // SAFETY: the callee lies below its arguments on the stack.
                    let callee = unsafe { base.sub(1).read() };
                    self.remember_callee(&code.caches[shape.cache as usize], callee, passed);
                }
                self.prepare(base, arguments)
            }
        };
        (base, prepared)
    }

    /// Puts the positionals where the callee expects them, from `first` on, and the keywords in a map above them.
    fn arrange(&mut self, shape: &CallShape, first: *mut Value) -> Result<Arguments> {
        // SAFETY: the operands that the shape describes lie from `first` to the top of the stack.
        unsafe {
            let (keywords, used) = if shape.keyword_map {
                (first.read(), 1)
            } else if shape.keywords.is_empty() {
                (Value::NIL, 0)
            } else {
                let values = std::slice::from_raw_parts(first, shape.keywords.len());
                let names = shape.keywords.iter().copied();
                let entries: PropMap = names.zip(values.iter().copied()).collect();
                (self.heap.map(entries), values.len())
            };
            let is_empty = |map: Gc<Map>| map.entries.is_empty();
            let keywords = if keywords.get().is_none_or(is_empty) {
                Value::NIL
            } else {
                keywords
            };
            let positionals = first.add(used);
            let count = if shape.spread {
                let array: Option<Gc<Array>> = positionals.read().get();
                let items = &array
                    .expect("spread arguments are collected in an array")
                    .into_ref()
                    .items;
                if !self.has_room(items.len() + 1) {
                    return Err(self.stack_overflow());
                }
                std::ptr::copy_nonoverlapping(items.as_ptr(), first, items.len());
                items.len()
            } else {
                std::ptr::copy(positionals, first, shape.positionals);
                shape.positionals
            };
            first.add(count).write(keywords);
            self.context.stack_top = first.add(count + 1);
            Ok(Arguments {
                keywords,
                ..Arguments::positional(count)
            })
        }
    }
}
