//! The tree of a test as bytecode.

use super::assembler::{Assembler, list};
use gene_isle_tools::testing::Case;
use gene_jit::feedback::Feedback;
use gene_vm::Vm;
use gene_vm::bytecode::Instr;
use gene_vm::code::{Cache, CallShape, Code, Prototype};
use gene_vm::compile::SideEntry;
use gene_vm::reader::read_first;
use gene_vm::source::Pos;
use gene_vm::symbol::Symbol;
use gene_vm::types::{Type, TypeKind};
use gene_vm::value::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A tree as bytecode.
pub struct Program {
    pub params: usize,
    pub locals: usize,
    pub instrs: Vec<Instr>,
    /// What the literals say.
    pub constants: Vec<String>,
    pub caches: Vec<Symbol>,
    pub side: Vec<Side>,
    pub calls: Vec<CallShape>,
    pub found: Vec<(usize, Vec<Found>)>,
    /// The function belongs to a namespace in the module's.
    pub in_namespace: bool,
    /// Arguments of calls that are made before the code is compiled.
    pub earlier: Vec<String>,
    /// The instructions of the part that is tested.
    pub focus: BTreeSet<usize>,
}

/// An entry of the side table.
pub enum Side {
    /// The name of a type that a value is checked against; the empty name is a type on the operand stack.
    Check(String),
    /// The text of a function to make a closure of.
    Closure(String),
}

/// The literal that is no value of the language.
pub const UNDEFINED: &str = "undefined";

impl Program {
    /// The program for a test.
    pub fn of(case: &Case) -> Result<Program, String> {
        let mut assembler = Assembler::default();
        let mut input = &case.test.input;
        while let Some(("after", [args, tree])) = list(input) {
            assembler.earlier.push(case.inside(args).to_string());
            input = tree;
        }
        assembler
            .body(input)
            .map_err(|(at, message)| case.bad_input(&at, message))?;
        match assembler.focus.take() {
            Some(focus) => Ok(assembler.finish(focus)),
            None => {
                let message = "nothing in it is tested";
                let help = "wrap a part of it: (lower OP), (test OP) or (statement STMT)";
                Err(case.bad_input(input, format!("{message}; {help}")))
            }
        }
    }

    /// A function that the code can be given to: it has the parameters, and a scope of its own with two variables.
    pub fn shell(&self) -> String {
        let params: String = (0..self.params).map(|i| format!(" p{i}")).collect();
        let closures = self.side.iter().map(|entry| match entry {
            Side::Check(_) => "",
            Side::Closure(text) => text,
        });
        let closures: String = closures.collect();
        let (start, end, path) = match self.in_namespace {
            true => ("(ns inner ", ")", "inner/"),
            false => ("", "", ""),
        };
        let outer = format!("(fn /outer [a b] (fn [{params}] (a = b) {closures}))");
        format!("{start}{outer}{end}\n(var tested ({path}outer 7 8))")
    }

    /// What running the code is said to have shown.
    pub fn feedback(&self, vm: &mut Vm, code: &Code) -> Feedback {
        let mut feedback = Feedback::default();
        for (pc, operands) in &self.found {
            if let [Found::Many] = operands[..] {
                code.caches[code.instrs[*pc].c as usize].expect_many();
                continue;
            }
            let operands: Vec<Value> = operands.iter().map(|kind| kind.example(vm)).collect();
            feedback.note_site(code, *pc, &[], &operands);
        }
        feedback
    }

    /// The code. The shell has the prototypes of closures.
    pub fn code(&self, vm: &mut Vm, shell: &Prototype) -> Result<Code, String> {
        let shell = shell.code.get().expect("functions are compiled early");
        let mut prototypes = shell.side.iter().filter_map(|entry| match entry {
            SideEntry::Prototype(prototype) => Some(*prototype),
            _ => None,
        });
        let side = self.side.iter().map(|entry| match entry {
            Side::Check(name) => check(name),
            Side::Closure(_) => {
                let prototype = prototypes.next();
                SideEntry::Prototype(prototype.expect("the shell has all closures"))
            }
        });
        let side = side.collect();
        let constants = self.constants.iter().map(|text| match text.as_str() {
            UNDEFINED => Ok(Value::UNDEFINED),
            text => read_first(vm, text).map_err(|error| format!("{text}: {}", error.message)),
        });
        let constants: Vec<Value> = constants.collect::<Result<_, _>>()?;
        let caches = self.caches.iter().map(|&name| Cache::new(name));
        Ok(Code {
            params: self.params as u16,
            locals: self.locals as u16,
            // No instruction pushes more than one operand, and `new` needs room for two more.
            max_operands: self.instrs.len() as u16 + 2,
            least: self.params as u16,
            exact: self.params as u32,
            instrs: self.instrs.clone().into(),
            constants: constants.into(),
            side,
            calls: self.calls.clone().into(),
            caches: caches.collect(),
            positions: Box::new([(0, Pos::NONE)]),
            ..Code::empty(Symbol::intern("tested"), 0)
        })
    }
}

/// The check of a value against a built-in type, or one that is on the operand stack.
fn check(name: &str) -> SideEntry {
    let references = usize::from(name.is_empty());
    let of = Type {
        text: name.into(),
        kind: match name {
            "" => TypeKind::Reference(0, Value::NIL),
            _ => TypeKind::Builtin(Symbol::intern(name)),
        },
    };
    SideEntry::Check {
        of: Rc::new(of),
        context: "variable".into(),
        references,
        converts: false,
    }
}

/// What an operand was where a guess was wrong.
#[derive(Clone, Copy)]
pub enum Found {
    Int,
    Float,
    Object,
    String,
    Other,
    /// As many callees as a cache can know.
    Many,
}

impl Found {
    fn example(self, vm: &mut Vm) -> Value {
        match self {
            Found::Int => Value::int32(0),
            Found::Float => Value::float(0.5),
            Found::Object => vm.heap.array([].as_slice()),
            Found::String => vm.heap.string("text"),
            Found::Other | Found::Many => Value::NIL,
        }
    }
}
