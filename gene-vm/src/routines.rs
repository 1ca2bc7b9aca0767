//! The loops of built-in methods that call back, as bytecode.
//!
//! A native function that calls back enters the interpreter, or compiled code, anew for each element. So the natives
//! only check their arguments, and leave the loop to a *routine*: a function of the runtime's own, which runs, gets hot and
//! is compiled like those of the program. It is made when it is first used, and names nothing that a program can change.
//! Having no source, it is left out of stack traces.

use crate::bytecode::{Instr, Op};
use crate::code::{Cache, Code, FunctionKind, Param, ParamKind, Prototype};
use crate::compile::Environment;
use crate::heap::Tracer;
use crate::object::Function;
use crate::source::Pos;
use crate::symbol::Symbol;
use crate::value::Value;
use crate::vm::{Result, Vm};
use std::cell::OnceCell;

/// A loop over the elements of an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Routine {
    /// Calls back for each element; answers the array.
    Each,
    /// Appends what the callback answers to `result`.
    Map,
    /// Appends the elements that the callback answers something truthy for to `result`.
    Filter,
    /// Calls back with the result so far, `result` at first, and each element.
    Reduce,
    /// The first element that the callback answers something truthy for, or `nil`.
    Find,
    /// Does the callback answer something truthy for any element?
    Any,
    /// Does it for all?
    All,
}

/// The number of routines.
const COUNT: usize = Routine::All as usize + 1;

/// The routines that have been used, or `nil`.
pub(crate) struct Routines([Value; COUNT]);

impl Default for Routines {
    fn default() -> Routines {
        Routines([Value::NIL; COUNT])
    }
}

impl Routines {
    pub fn trace(&self, tracer: &mut Tracer) {
        tracer.values(&self.0);
    }
}

// The local slots of all routines, of which the first three are parameters.
const ARRAY: u16 = 0;
const CALLBACK: u16 = 1;
const RESULT: u16 = 2;
/// The state of the iteration: four slots.
const STATE: u16 = 3;
const ELEMENT: u16 = 7;
const ANSWER: u16 = 8;
const LOCALS: u16 = 9;

const PARAMETERS: [&str; 3] = ["array", "callback", "result"];

/// What a routine does besides going through the array and calling back.
struct Body {
    name: &'static str,
    /// The variables that the callback gets.
    arguments: &'static [u16],
    /// The jump that ends the round, if it takes what the callback answers.
    skip: Option<Op>,
    /// What follows in the round; without `skip`, it begins with what the callback answers.
    then: &'static [Instr],
    /// What pushes the result behind the last round.
    result: Instr,
}

const fn op(op: Op) -> Instr {
    local(op, 0)
}

const fn local(op: Op, slot: u16) -> Instr {
    Instr {
        op,
        a: 0,
        b: slot,
        c: 0,
    }
}

const fn get(slot: u16) -> Instr {
    local(Op::GetLocal, slot)
}

impl Routine {
    fn body(self) -> Body {
        const ELEMENT_ALONE: &[u16] = &[ELEMENT];
        match self {
            Routine::Each => Body {
                name: "each",
                arguments: ELEMENT_ALONE,
                skip: None,
                then: const { &[op(Op::Pop)] },
                result: get(ARRAY),
            },
            Routine::Map => Body {
                name: "map",
                arguments: ELEMENT_ALONE,
                skip: None,
                then: const {
                    &[
                        local(Op::SetLocal, ANSWER),
                        get(RESULT),
                        get(ANSWER),
                        op(Op::ArrayPush),
                        op(Op::Pop),
                    ]
                },
                result: get(RESULT),
            },
            Routine::Filter => Body {
                name: "filter",
                arguments: ELEMENT_ALONE,
                skip: Some(Op::JumpIfFalse),
                then: const { &[get(RESULT), get(ELEMENT), op(Op::ArrayPush), op(Op::Pop)] },
                result: get(RESULT),
            },
            Routine::Reduce => Body {
                name: "reduce",
                arguments: &[RESULT, ELEMENT],
                skip: None,
                then: const { &[local(Op::SetLocal, RESULT)] },
                result: get(RESULT),
            },
            Routine::Find => Body {
                name: "find",
                arguments: ELEMENT_ALONE,
                skip: Some(Op::JumpIfFalse),
                then: const { &[get(ELEMENT), op(Op::Return)] },
                result: op(Op::Nil),
            },
            Routine::Any => Body {
                name: "any",
                arguments: ELEMENT_ALONE,
                skip: Some(Op::JumpIfFalse),
                then: const { &[op(Op::True), op(Op::Return)] },
                result: op(Op::False),
            },
            Routine::All => Body {
                name: "all",
                arguments: ELEMENT_ALONE,
                skip: Some(Op::JumpIfTrue),
                then: const { &[op(Op::False), op(Op::Return)] },
                result: op(Op::True),
            },
        }
    }
}

impl Body {
    fn instrs(&self) -> Box<[Instr]> {
        /// The instruction that begins a round, and is gone back to.
        const ROUND: usize = 2;
        let to = |instr: Instr, target: usize| Instr {
            c: target as i32,
            ..instr
        };
        let call = local(Op::Call, self.arguments.len() as u16);
        let back_at = ROUND
            + 3
            + self.arguments.len()
            + 1
            + usize::from(self.skip.is_some())
            + self.then.len();
        let mut instrs = vec![
            get(ARRAY),
            local(Op::IterStart, STATE),
            to(local(Op::IterNext, STATE), back_at + 1),
            local(Op::SetLocal, ELEMENT),
            get(CALLBACK),
        ];
        instrs.extend(self.arguments.iter().map(|&slot| get(slot)));
        instrs.push(call);
        instrs.extend(self.skip.map(|skip| to(op(skip), back_at)));
        instrs.extend(self.then);
        debug_assert_eq!(instrs.len(), back_at);
        instrs.extend([to(op(Op::JumpBack), ROUND), self.result, op(Op::Return)]);
        instrs.into()
    }

    fn code(&self, budget: i32) -> Code {
        let callees = Cache::default();
        callees.expect_many();
        Code {
            params: PARAMETERS.len() as u16,
            locals: LOCALS,
            max_operands: 3,
            least: PARAMETERS.len() as u16,
            exact: PARAMETERS.len() as u32,
            instrs: self.instrs(),
            caches: [callees].into(),
            ..Code::empty(Symbol::intern(self.name), budget)
        }
    }

    fn prototype(&self, budget: i32) -> Prototype {
        let param = |name: &&str| Param {
            name: Symbol::intern(name),
            kind: ParamKind::Positional,
            optional: false,
            annotation: None,
        };
        Prototype {
            name: Some(Symbol::intern(self.name)),
            kind: FunctionKind::Function,
            params: PARAMETERS.iter().map(param).collect(),
            generics: Vec::new(),
            is_method: false,
            body: Vec::new(),
            captures: OnceCell::new(),
            parameter_form: Value::NIL,
            form: Value::NIL,
            environment: Environment::empty(),
            return_type: None,
            pos: Pos::NONE,
            code: self.code(budget).into(),
        }
    }
}

impl Vm {
    /// Runs a routine with an array, a callback, and what the result begins with.
    pub(crate) fn run_routine(
        &mut self,
        routine: Routine,
        array: Value,
        callback: Value,
        result: Value,
    ) -> Result {
        let index = routine as usize;
        if self.routines.0[index].is_nil() {
            let tier = self.tier.as_ref();
            let budget = tier.map_or(i32::MAX, |tier| tier.threshold());
            let prototype = self.heap.alloc(routine.body().prototype(budget));
            self.routines.0[index] = self.heap.value(Function {
                scope: Value::NIL,
                code: prototype.code.as_ptr().into(),
                namespace: Value::NIL,
                class: Value::NIL,
                prototype,
            });
        }
        self.call(self.routines.0[index], &[array, callback, result])
    }
}
