//! Entry points: modules, functions at their first call, evaluated code.

use super::check::{self, Findings};
use super::conditional::Conditional;
use super::environment::{Environment, StaticScope, Unit};
use super::expressions::takes_infix;
use super::scan::{self, Captured};
use super::{Compile, Compiler, Emitter, Error, ScopeState, Want};
use crate::code::{Code, CodeSlot, FunctionKind, Prototype};
use crate::heap::Gc;
use crate::object::*;
use crate::source::Pos;
use crate::symbol::{Symbol, sym};
use crate::value::Value;
use crate::vm::{Raise, Vm};
use rustc_hash::FxHashSet;
use std::cell::OnceCell;
use std::rc::Rc;

/// What the body being compiled is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Body {
    /// The program's main file.
    Main,
    /// An imported module: its definitions are members of its namespace.
    Imported,
    /// A unit of an interactive session: later units see its variables.
    Session,
    /// Evaluated code: its definitions go into the namespace.
    Evaluated,
    /// A function, or the body of a class or namespace.
    Function,
}

/// Which module is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModuleKind {
    /// The program's main file.
    Main,
    /// An imported file.
    Imported,
    /// A unit of an interactive session.
    Session,
}

/// A compiled module.
pub struct Module {
    /// Its body, compiled.
    pub prototype: Gc<Prototype>,
    /// Slots of the heap scope that its function needs as its scope.
    pub slots: usize,
    /// The names that code after it sees.
    pub environment: Environment,
    /// Mistakes in functions, which are exceptions when the functions are called, and other oddities.
    pub warnings: Vec<Error>,
}

/// So many mistakes of one module are told.
const MAX_MISTAKES: usize = 50;

impl Module {
    /// A module whose code was compiled before; nothing if there is none.
    pub(crate) fn of_code(name: Symbol, prototype: Gc<Prototype>, slots: usize) -> Option<Module> {
        let is_named = prototype.name == Some(name);
        let is_complete = prototype.code.get().is_some();
        (is_named && is_complete).then(|| Module {
            prototype,
            slots,
            environment: Environment::empty(),
            warnings: Vec::new(),
        })
    }
}

/// Compiles the forms of a module. `outer` is what was declared before it: in a session, the
/// units before it.
pub fn module(
    vm: &mut Vm,
    forms: &[Value],
    name: Symbol,
    kind: ModuleKind,
    outer: Option<Environment>,
) -> Result<Module, Vec<Error>> {
    let mut unit = scan::unit(forms);
    unit.is_open |= kind == ModuleKind::Session;
    let captured = if kind == ModuleKind::Session {
        Captured::everything()
    } else {
        Captured::of(forms, &unit)
    };
    let unit = Rc::new(unit);
    let captured = Rc::new(captured);
    let body = match kind {
        ModuleKind::Main => Body::Main,
        ModuleKind::Imported => Body::Imported,
        ModuleKind::Session => Body::Session,
    };
    attempts(|in_advance| {
        let scope = StaticScope::new(unit.clone(), outer.clone(), true);
        let prototype = body_prototype(Some(name), forms.to_vec(), scope.environment());
        let prototype = vm.heap.alloc(prototype);
        let mut compiler = Compiler::new(vm, prototype, unit.clone(), captured.clone(), body);
        compiler.conditional = Conditional::new(in_advance);
        // What stands outside of any bracket has no position of its own.
        let start = compiler.vm.sources.latest();
        compiler.e.at(start);
        // The module's heap scope is made by whoever runs it: to the code it is the function's own scope.
        compiler.scopes.push(ScopeState {
            scope: scope.clone(),
            heap_local: None,
            new_scope_at: 0,
            local_mark: 0,
        });
        compiler.note_visible();
        compiler.module_body(forms)?;
        let missing = compiler.conditional.missing();
        let findings = std::mem::take(&mut compiler.findings);
        let code = compiler.finish_code(name).map_err(|error| vec![error])?;
        prototype.code.set(code);
        let module = Module {
            prototype,
            slots: scope.heap_slots.get() as usize,
            environment: scope.environment(),
            warnings: Vec::new(),
        };
        Ok(((module, findings), missing))
    })
    .and_then(|(module, findings)| {
        let warnings = match vm.options.type_checks {
            true => check::functions(vm, findings)?,
            false => Vec::new(),
        };
        Ok(Module { warnings, ..module })
    })
}

/// Compiles a body, and again as long as that shows variables that have to be set in advance.
fn attempts<T, E>(
    mut compile: impl FnMut(FxHashSet<Symbol>) -> Result<(T, FxHashSet<Symbol>), E>,
) -> Result<T, E> {
    let mut in_advance = FxHashSet::default();
    loop {
        let (result, missing) = compile(in_advance.clone())?;
        if missing.is_empty() {
            return Ok(result);
        }
        in_advance.extend(missing);
    }
}

fn body_prototype(name: Option<Symbol>, body: Vec<Value>, environment: Environment) -> Prototype {
    Prototype {
        name,
        kind: FunctionKind::Body,
        params: Vec::new(),
        captures: OnceCell::new(),
        generics: Vec::new(),
        is_method: false,
        body,
        parameter_form: Value::NIL,
        form: Value::NIL,
        environment,
        return_type: None,
        pos: Pos::NONE,
        code: CodeSlot::default(),
    }
}

/// The code of a function, compiled at its first call. Mistakes in it are exceptions.
pub fn code_of(vm: &mut Vm, function: Gc<Function>) -> Result<*const Code, Raise> {
    let prototype = function.prototype;
    if prototype.code.get().is_none() {
        let code =
            compile_function(vm, prototype).map_err(|error| vm.raise_compile_error(&error))?;
        prototype.code.set(code);
    }
    let code = prototype.code.as_ptr();
    function.code.set(code);
    Ok(code)
}

pub(super) fn compile_function(vm: &mut Vm, prototype: Gc<Prototype>) -> Result<Code, Error> {
    compile_and_check(vm, prototype, &mut Findings::default())
}

/// Compiles a function, and tells what there is to say of it.
pub(super) fn compile_and_check(
    vm: &mut Vm,
    prototype: Gc<Prototype>,
    findings: &mut Findings,
) -> Result<Code, Error> {
    let unit = prototype.environment.scope.unit.clone();
    let mut forms = prototype.body.clone();
    forms.push(prototype.parameter_form);
    if let Some(form) = prototype.form.get::<Gene>() {
        forms.extend(
            [sym::PRE, sym::POST]
                .iter()
                .filter_map(|key| form.props.get(key)),
        );
    }
    let captured = Rc::new(Captured::of(&forms, &unit));
    let name = prototype
        .name
        .unwrap_or_else(|| Symbol::intern("<unnamed>"));
    attempts(|in_advance| {
        let (unit, captured) = (unit.clone(), captured.clone());
        let mut compiler = Compiler::new(vm, prototype, unit, captured, Body::Function);
        compiler.conditional = Conditional::new(in_advance);
        compiler.generics = prototype.generics.clone();
        compiler.own_binding = prototype
            .name
            .and_then(|name| prototype.environment.find(name))
            .map(|found| found.binding)
            .filter(|binding| binding.is_constant);
        let compiled = compiler.function_body();
        *findings = std::mem::take(&mut compiler.findings);
        compiled?;
        let missing = compiler.conditional.missing();
        Ok((compiler.finish_code(name)?, missing))
    })
}

/// Compiles a form to be evaluated in `environment`. Variables that it declares vanish.
pub fn evaluated(
    vm: &mut Vm,
    form: Value,
    environment: &Environment,
) -> Result<Gc<Prototype>, Error> {
    if scan::is_cyclic(form) {
        let message = "Cannot evaluate a value that contains itself";
        return Err(Error::new(message, Pos::NONE));
    }
    let mut unit = scan::unit(&[form]);
    unit.is_open = true;
    let captured = Rc::new(Captured::of(&[form], &unit));
    let unit = Rc::new(unit);
    let prototype = body_prototype(None, vec![form], environment.clone());
    let prototype = vm.heap.alloc(prototype);
    let code = attempts(|in_advance| {
        let (unit, captured) = (unit.clone(), captured.clone());
        let mut compiler = Compiler::new(vm, prototype, unit, captured, Body::Evaluated);
        compiler.conditional = Conditional::new(in_advance);
        compiler.function_body()?;
        let missing = compiler.conditional.missing();
        Ok((compiler.finish_code(Symbol::intern("<eval>"))?, missing))
    })?;
    prototype.code.set(code);
    Ok(prototype)
}

impl<'v> Compiler<'v> {
    fn new(
        vm: &'v mut Vm,
        prototype: Gc<Prototype>,
        unit: Rc<Unit>,
        captured: Rc<Captured>,
        body: Body,
    ) -> Compiler<'v> {
        Compiler {
            e: Emitter::default(),
            prototype,
            unit,
            captured: if vm.options.inspectable {
                Rc::new(Captured::everything())
            } else {
                captured
            },
            vm,
            body,
            scopes: Vec::new(),
            exits: Vec::new(),
            own_binding: None,
            generics: Vec::new(),
            module_variables: Default::default(),
            conditional: Conditional::default(),
            findings: Findings::default(),
            post: Vec::new(),
        }
    }

    fn finish_code(self, name: Symbol) -> Compile<Code> {
        let budget = self
            .vm
            .tier
            .as_ref()
            .map_or(i32::MAX, |tier| tier.threshold());
        self.e.finish(&self.prototype, name, budget)
    }

    /// The body of a module: definitions first, then statements (11.1).
    fn module_body(&mut self, forms: &[Value]) -> Result<(), Vec<Error>> {
        let (definitions, statements) = split_module(forms).map_err(|error| vec![error])?;
        self.declare_definitions(forms);
        self.declare_module_variables(forms);
        let ordered: Vec<Value> = definitions.into_iter().chain(statements).collect();
        let Some((&last, others)) = ordered.split_last() else {
            return self
                .constant(Value::NIL, Want::Return)
                .map_err(|error| vec![error]);
        };
        let wants = std::iter::repeat_n(Want::Nothing, others.len());
        let forms = others.iter().copied().zip(wants);
        let mut mistakes = Vec::new();
        for (form, want) in forms.chain([(last, Want::Return)]) {
            if let Err(error) = self.module_form(form, want) {
                mistakes.push(error);
                if mistakes.len() == MAX_MISTAKES {
                    break;
                }
            }
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(mistakes)
        }
    }

    /// Compiles a form of a module's top level. A mistake leaves the compiler ready for the next form.
    fn module_form(&mut self, form: Value, want: Want) -> Compile {
        let mark = self.e.mark();
        let is_import = |gene: &Gc<Gene>| gene.head.is_symbol(sym::IMPORT) && is_definition(gene);
        let result = match form.get::<Gene>().filter(is_import) {
            Some(_) => self.import(form, want),
            None => self.expression(form, want),
        };
        if result.is_err() {
            self.e.roll_back(mark);
            self.scopes.truncate(1);
            self.exits.clear();
            self.generics.clear();
        }
        result
    }

    fn import(&mut self, form: Value, want: Want) -> Compile {
        let before = self.e.at(Pos(form
            .get::<Gene>()
            .expect("an import form")
            .header()
            .aux));
        let entry = self.e.side(super::SideEntry::Import(form));
        self.e.op_c(crate::bytecode::Op::Import, entry, 0, 1);
        self.e.at(before);
        self.finish(want)
    }
}

/// Splits a module's forms into definitions and statements. Functions come first, so that the bodies of classes and
/// namespaces can call them; a function whose name something else defines, too, keeps its place.
fn split_module(forms: &[Value]) -> Compile<(Vec<Value>, Vec<Value>)> {
    let mut definitions = Vec::new();
    let mut statements = Vec::new();
    let mut init: Option<Value> = None;
    for &form in forms {
        let Some(gene) = form.get::<Gene>().filter(|gene| is_definition(gene)) else {
            statements.push(form);
            continue;
        };
        if scan::definition_name(&gene) == Some(sym::INIT) && gene.head.is_symbol(sym::FN) {
            if init.replace(form).is_some() {
                let pos = Pos(gene.header().aux);
                let message = "Duplicate __init__ definition in module";
                return Err(Error::new(message, pos));
            }
            continue;
        }
        definitions.push(form);
    }
    if let Some(gene) = init.and_then(|form| form.get::<Gene>()) {
        let body = gene.children.iter().skip(2).copied();
        statements = body.chain(statements).collect();
    }
    let counts = scan::binding_counts(&definitions);
    let is_function = |form: &Value| {
        let gene = form.get::<Gene>().expect("definitions are genes");
        let name = scan::definition_name(&gene);
        gene.head.is_symbol(sym::FN) && name.is_some_and(|name| counts[&name] == 1)
    };
    let (mut ordered, others): (Vec<Value>, Vec<Value>) =
        definitions.iter().partition(|form| is_function(form));
    ordered.extend(others);
    Ok((ordered, statements))
}

fn is_definition(gene: &Gene) -> bool {
    let is_operand = gene.children.first().is_some_and(|&child| {
        let is_infix = child.as_symbol().is_some_and(scan::is_infix_operator);
        scan::is_assignment(child) || is_infix && takes_infix(gene.head)
    });
    if is_operand {
        return false;
    }
    matches!(
        gene.head.as_symbol(),
        Some(
            sym::FN
                | sym::CLASS
                | sym::NS
                | sym::ENUM
                | sym::TYPE
                | sym::OBJECT
                | sym::IMPORT
                | sym::INTERFACE
                | sym::IMPLEMENT
                | sym::COMPTIME
                | sym::DEP
        )
    )
}
