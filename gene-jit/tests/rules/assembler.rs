//! From trees to bytecode.
//!
//! `Op.NAME` and `Stmt.NAME` stand for what `rules/bytecode.isle` declares. Other words are literals and variables:
//! variables that are written before they are read are locals, the others are parameters, in the order in which they
//! appear. `docs/rules.md` has the forms around them.

use super::program::{Found, Program, Side, UNDEFINED};
use gene_isle_core::ast::{Datum, DatumKind};
use gene_jit::tree::OWN_SCOPE;
use gene_vm::bytecode::{Instr, Op, Operands};
use gene_vm::code::CallShape;
use gene_vm::symbol::Symbol;
use std::collections::BTreeSet;

/// What is wrong, and where.
pub type Result<T, E = (Datum, String)> = std::result::Result<T, E>;

fn wrong<T>(at: &Datum, message: impl Into<String>) -> Result<T> {
    Err((at.clone(), message.into()))
}

struct Variable {
    name: String,
    /// Written before it is read.
    is_local: bool,
    /// Number of its slots.
    slots: usize,
}

/// Makes bytecode of trees.
#[derive(Default)]
pub struct Assembler {
    variables: Vec<Variable>,
    instrs: Vec<Instr>,
    constants: Vec<String>,
    caches: Vec<Symbol>,
    side: Vec<Side>,
    calls: Vec<CallShape>,
    /// Instructions whose guess was wrong, and what they found.
    found: Vec<(usize, Vec<Found>)>,
    in_namespace: bool,
    /// As in [`Program`].
    pub earlier: Vec<String>,
    /// The instructions of the part that is tested, if it has come up.
    pub focus: Option<BTreeSet<usize>>,
    /// Instructions that do not belong to it.
    hidden: BTreeSet<usize>,
    /// Where the tested part ends, if not with what was emitted last.
    focus_end: Option<usize>,
    /// The loops around, innermost last: where each begins, and the jumps to its end.
    loops: Vec<(usize, Vec<usize>)>,
}

impl Assembler {
    /// The whole function: answers the value of the tree, if it has one.
    pub fn body(&mut self, tree: &Datum) -> Result<()> {
        if !self.tree(tree)? {
            self.push(Op::Nil);
        }
        self.push(Op::Return);
        Ok(())
    }

    /// What has been made.
    pub fn finish(self, focus: BTreeSet<usize>) -> Program {
        // Parameters come first.
        let mut slots = vec![0; self.variables.len()];
        let mut count = 0;
        let params = self.variables.iter().filter(|v| !v.is_local).count();
        for is_local in [false, true] {
            for (slot, variable) in slots.iter_mut().zip(&self.variables) {
                if variable.is_local == is_local {
                    *slot = count;
                    count += variable.slots;
                }
            }
        }
        let mut instrs = self.instrs;
        for instr in &mut instrs {
            if let Operands::Local
            | Operands::LocalJump
            | Operands::NewScope
            | Operands::ScopeSlot = instr.op.operands()
            {
                instr.b = slots[instr.b as usize] as u16;
            }
            match instr.op {
                Op::MakeClosure if instr.b != OWN_SCOPE => {
                    instr.b = slots[instr.b as usize] as u16;
                }
                Op::NewScope if instr.a == 1 => {
                    let parent = slots[(instr.c >> 16) as usize] as i32;
                    instr.c = parent << 16 | instr.c & 0xFFFF;
                }
                _ => {}
            }
        }
        Program {
            params,
            locals: count,
            instrs,
            constants: self.constants,
            caches: self.caches,
            side: self.side,
            calls: self.calls,
            found: self.found,
            in_namespace: self.in_namespace,
            earlier: self.earlier,
            focus,
        }
    }

    // ── Instructions ───────────────────────────────────────────────────────

    fn emit(&mut self, op: Op, a: u8, b: usize, c: usize) -> usize {
        let (b, c) = (b as u16, c as i32);
        self.instrs.push(Instr { op, a, b, c });
        self.instrs.len() - 1
    }

    fn push(&mut self, op: Op) {
        self.emit(op, 0, 0, 0);
    }

    fn here(&self) -> usize {
        self.instrs.len()
    }

    /// Makes a jump lead to what comes next.
    fn land(&mut self, jump: usize) {
        self.instrs[jump].c = self.here() as i32;
    }

    fn constant(&mut self, text: &str) {
        self.constants.push(text.to_string());
        self.emit(Op::Const, 0, 0, self.constants.len() - 1);
    }

    fn cache(&mut self, name: &str) -> usize {
        self.caches.push(Symbol::intern(name));
        self.caches.len() - 1
    }

    /// A name that stands for a function, whose check is not in the tree.
    fn name(&mut self, name: &str) {
        let cache = self.cache(name);
        let at = self.emit(Op::GetName, 0, 0, cache);
        self.hidden.insert(at);
    }

    /// A call of the callee below so many arguments.
    fn call(&mut self, count: usize) {
        let cache = self.cache("");
        self.emit(Op::Call, 0, count, cache);
    }

    /// The number of a variable.
    fn variable(&mut self, at: &Datum, slots: usize, is_written: bool) -> Result<usize> {
        let DatumKind::Atom(name) = &at.kind else {
            return wrong(at, "expected the name of a variable");
        };
        let known = self.variables.iter().position(|v| v.name == *name);
        Ok(known.unwrap_or_else(|| {
            self.variables.push(Variable {
                name: name.clone(),
                is_local: is_written,
                slots,
            });
            self.variables.len() - 1
        }))
    }

    // ── Trees ──────────────────────────────────────────────────────────────

    /// A tree that must have a value, which is left on the operand stack.
    fn node(&mut self, tree: &Datum) -> Result<()> {
        match self.tree(tree)? {
            true => Ok(()),
            false => wrong(tree, "this has no value"),
        }
    }

    /// Nodes in order; `(times N NODE)` is a node repeated, whose code is not shown. Answers how many there are.
    fn nodes(&mut self, trees: &[Datum]) -> Result<usize> {
        let mut count = 0;
        for tree in trees {
            match list(tree) {
                Some(("times", [number, node])) => {
                    let start = self.here();
                    for _ in 0..natural(number)? {
                        self.node(node)?;
                        count += 1;
                    }
                    self.hidden.extend(start..self.here());
                }
                _ => {
                    self.node(tree)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    fn shaped_call(&mut self, op: Op, tail: u8, callee: &Datum, args: &[Datum]) -> Result<()> {
        self.node(callee)?;
        let positionals = self.nodes(args)?;
        let shape = CallShape {
            name: None,
            cache: self.cache("") as u32,
            positionals,
            spread: false,
            keywords: Box::default(),
            keyword_map: false,
        };
        self.calls.push(shape);
        self.emit(op, tail, 0, self.calls.len() - 1);
        Ok(())
    }

    /// A tree whose value is not wanted.
    fn effect(&mut self, tree: &Datum) -> Result<()> {
        if self.tree(tree)? {
            self.push(Op::Pop);
        }
        Ok(())
    }

    fn effects(&mut self, trees: &[Datum]) -> Result<()> {
        trees.iter().try_for_each(|tree| self.effect(tree))
    }

    /// A tree. Tells whether it leaves a value.
    fn tree(&mut self, tree: &Datum) -> Result<bool> {
        match &tree.kind {
            DatumKind::Int(i) => match i32::try_from(*i) {
                Ok(i) => drop(self.emit(Op::Int, 0, 0, i as usize)),
                Err(_) => self.constant(&i.to_string()),
            },
            DatumKind::Str(text) => self.constant(&format!("\"{text}\"")),
            DatumKind::Atom(word) => match word.as_str() {
                "nil" => self.push(Op::Nil),
                "true" => self.push(Op::True),
                "false" => self.push(Op::False),
                UNDEFINED => self.constant(word),
                _ if word.parse::<f64>().is_ok() => self.constant(word),
                _ => {
                    let variable = self.variable(tree, 1, false)?;
                    self.emit(Op::GetLocal, 0, variable, 0);
                }
            },
            DatumKind::List(_) => {
                let Some((head, args)) = list(tree) else {
                    return wrong(tree, "expected a word that says what this is");
                };
                if let Some(name) = head.strip_prefix("Op.") {
                    self.operator(tree, name, args)?;
                } else if let Some(name) = head.strip_prefix("Stmt.") {
                    return self.statement(tree, name, args);
                } else {
                    return self.form(tree, head, args);
                }
            }
        }
        Ok(true)
    }

    /// A call of a method, which is not in the tree.
    fn method(&mut self, of: &Datum, name: &str, args: &[&Datum]) -> Result<()> {
        self.push(Op::Nil);
        self.node(of)?;
        args.iter().try_for_each(|arg| self.node(arg))?;
        let cache = self.cache(name);
        self.emit(Op::CallMethod, 0, args.len(), cache);
        Ok(())
    }

    /// The forms that hold trees together.
    fn form(&mut self, tree: &Datum, head: &str, args: &[Datum]) -> Result<bool> {
        match (head, args) {
            ("lower" | "statement", [inner]) => self.tested(tree, |this| this.tree(inner)),
            ("test", [inner]) => {
                let jump = self.tested(tree, |this| this.branch(inner))?;
                self.answer(jump);
                Ok(false)
            }
            ("found", [operands, node]) => {
                let has_value = self.tree(node)?;
                let operands = operands_found(operands)?;
                self.found.push((self.here() - 1, operands));
                Ok(has_value)
            }
            ("do", [first @ .., last]) => {
                self.effects(first)?;
                self.tree(last)
            }
            ("if", [test, body @ ..]) => {
                let jump = self.branch(test)?;
                self.effects(body)?;
                self.land(jump);
                Ok(false)
            }
            ("loop", body) => {
                self.loops.push((self.here(), Vec::new()));
                self.effects(body)?;
                let (start, exits) = self.loops.pop().expect("it was pushed above");
                if self.instrs.last().map(|last| last.op) != Some(Op::JumpBack) {
                    self.emit(Op::JumpBack, 0, 0, start);
                }
                exits.into_iter().for_each(|jump| self.land(jump));
                Ok(false)
            }
            _ => wrong(
                tree,
                format!("`{head}` is not a form of trees, or does not have its parts"),
            ),
        }
    }

    /// Emits the part that is tested.
    fn tested<T>(&mut self, at: &Datum, emit: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.focus.is_some() {
            return wrong(at, "another part of this tree is tested already");
        }
        let start = self.here();
        let result = emit(self)?;
        let end = self.focus_end.take().unwrap_or(self.here());
        let shown = (start..end).filter(|pc| !self.hidden.contains(pc));
        self.focus = Some(shown.collect());
        Ok(result)
    }

    /// A test; the jump to where it fails is still open.
    fn branch(&mut self, test: &Datum) -> Result<usize> {
        match list(test) {
            Some(("Op.Truthy", [x])) => self.node(x)?,
            Some(("Op.Defined", [x])) => {
                let variable = self.variable(x, 1, false)?;
                let defined = self.emit(Op::JumpIfDefined, 0, variable, 0);
                self.focus_end = Some(self.here());
                let undefined = self.emit(Op::Jump, 0, 0, 0);
                self.land(defined);
                return Ok(undefined);
            }
            _ => self.node(test)?,
        }
        Ok(self.emit(Op::JumpIfFalse, 0, 0, 0))
    }

    /// Answers false at the end of a jump, and true here.
    fn answer(&mut self, jump: usize) {
        self.push(Op::True);
        self.push(Op::Return);
        self.land(jump);
        self.push(Op::False);
        self.push(Op::Return);
    }

    fn operator(&mut self, tree: &Datum, name: &str, args: &[Datum]) -> Result<()> {
        match (name, args) {
            ("Scoped", [scope, slot]) => {
                let scope = self.variable(scope, 1, false)?;
                self.emit(Op::GetScoped, 0, scope, natural(slot)?);
            }
            ("Captured", [depth, slot]) => {
                self.emit(Op::GetCaptured, 0, natural(depth)?, natural(slot)?);
            }
            ("Function", []) => self.push(Op::GetFunction),
            ("Element", [of, key]) => {
                self.node(of)?;
                self.keyed(key, Op::GetIndex, Op::GetDynamic, |_| Ok(()))?;
            }
            ("Size", [of]) => {
                self.method(of, "size", &[])?;
            }
            ("SetItem", [of, key, value]) => self.method(of, "set", &[key, value])?,
            ("PushItem", [of, value]) => self.method(of, "push", &[value])?,
            ("Entry", [of, key]) => self.method(of, "get", &[key])?,
            ("ByteAt", [of, key]) => self.method(of, "byte_at", &[key])?,
            ("PopItem", [of]) => self.method(of, "pop", &[])?,
            ("MemberOrElement", [of, key, name]) => {
                self.node(of)?;
                self.node(key)?;
                let cache = self.cache(word(name)?);
                self.emit(Op::GetMemberOrElement, 0, 0, cache);
            }
            ("MakeArray", elements) => {
                let count = self.nodes(elements)?;
                self.emit(Op::MakeArray, 0, 0, count);
            }
            // A function of the text, over the scope in a variable or that of the function.
            ("MakeClosure", [scope, text]) => {
                let DatumKind::Str(text) = &text.kind else {
                    return wrong(text, "expected the text of a function");
                };
                let scope = match word(scope)? {
                    "own" => OWN_SCOPE as usize,
                    _ => self.variable(scope, 1, false)?,
                };
                self.side.push(Side::Closure(text.clone()));
                self.emit(Op::MakeClosure, 0, scope, self.side.len() - 1);
            }
            ("Member", [of, name]) => {
                self.node(of)?;
                let cache = self.cache(word(name)?);
                self.emit(Op::GetMember, 0, 0, cache);
            }
            ("Name", [name]) => {
                let cache = self.cache(word(name)?);
                self.emit(Op::GetName, 0, 0, cache);
            }
            ("Exception", []) => self.push(Op::GetException),
            ("Namespace", []) => {
                self.in_namespace = true;
                self.push(Op::GetNamespace);
            }
            ("Copy", [x]) => {
                self.node(x)?;
                self.name("print");
                self.emit(Op::MoveDown, 0, 1, 0);
                let drop = self.emit(Op::Slide, 0, 1, 0);
                self.hidden.insert(drop);
            }
            ("Sqrt" | "Abs" | "Min" | "Max", _) => {
                self.name(&name.to_lowercase());
                let count = self.nodes(args)?;
                self.call(count);
            }
            ("Round", [x, to]) => {
                let Some(("Rounding", name)) = list(to).and_then(|(head, _)| head.split_once('.'))
                else {
                    return wrong(to, "a rounding is written (Rounding.NAME)");
                };
                self.name(&name.to_lowercase());
                self.node(x)?;
                self.call(1);
            }
            ("Neg" | "Not", [x]) => {
                self.node(x)?;
                self.push(opcode(tree, name)?);
            }
            (_, [x, y]) => {
                self.node(x)?;
                self.node(y)?;
                self.push(opcode(tree, name)?);
            }
            _ => return wrong(tree, format!("`Op.{name}` does not have its operands")),
        }
        Ok(())
    }

    /// An instruction with a key: a number in the instruction, or a node.
    fn keyed(
        &mut self,
        key: &Datum,
        number: Op,
        other: Op,
        then: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        match key.kind {
            DatumKind::Int(i) => {
                then(self)?;
                self.emit(number, 0, 0, i as usize);
            }
            _ => {
                self.node(key)?;
                then(self)?;
                self.push(other);
            }
        }
        Ok(())
    }

    /// A statement. Tells whether it leaves a value.
    fn statement(&mut self, tree: &Datum, name: &str, args: &[Datum]) -> Result<bool> {
        let tail = u8::from(name.starts_with("Tail"));
        match (name, args) {
            ("Evaluate", [node]) => {
                self.node(node)?;
                self.push(Op::Pop);
                return Ok(false);
            }
            ("SetLocal", [variable, value]) => {
                self.node(value)?;
                let variable = self.variable(variable, 1, true)?;
                self.emit(Op::SetLocal, 0, variable, 0);
                return Ok(false);
            }
            ("NewScope", [variable, count]) => {
                let variable = self.variable(variable, 1, true)?;
                self.emit(Op::NewScope, 0, variable, natural(count)?);
                return Ok(false);
            }
            // Inside of that in another variable.
            ("NewScope", [variable, count, parent]) => {
                let variable = self.variable(variable, 1, true)?;
                let parent = self.variable(parent, 1, false)?;
                self.emit(Op::NewScope, 1, variable, parent << 16 | natural(count)?);
                return Ok(false);
            }
            ("SetScoped", [scope, slot, value]) => {
                self.node(value)?;
                let scope = self.variable(scope, 1, false)?;
                self.emit(Op::SetScoped, 0, scope, natural(slot)?);
            }
            ("SetCaptured", [depth, slot, value]) => {
                self.node(value)?;
                self.emit(Op::SetCaptured, 0, natural(depth)?, natural(slot)?);
            }
            ("CheckDefined", [value]) => {
                self.node(value)?;
                self.constants.push("\"it\"".into());
                self.emit(Op::CheckDefined, 0, 0, self.constants.len() - 1);
            }
            ("CheckNames", [name]) => {
                let cache = self.cache(word(name)?);
                self.emit(Op::GetName, 0, 0, cache);
            }
            ("CallNative", [name, args @ ..]) => {
                self.name(word(name)?);
                let count = self.nodes(args)?;
                self.call(count);
            }
            ("CheckType", [value, of]) => {
                self.node(value)?;
                let Some(name) = list(of).and_then(|(name, _)| name.strip_prefix("Checked."))
                else {
                    return wrong(of, "a type is written (Checked.NAME)");
                };
                self.side.push(Side::Check(name.into()));
                self.emit(Op::CheckType, 0, 0, self.side.len() - 1);
            }
            ("CheckClass", [value, class]) => {
                self.node(value)?;
                self.node(class)?;
                self.side.push(Side::Check(String::new()));
                self.emit(Op::CheckType, 0, 1, self.side.len() - 1);
            }
            ("Return", [value]) => {
                self.node(value)?;
                self.push(Op::Return);
                return Ok(false);
            }
            ("Jump", []) => {
                let jump = self.emit(Op::Jump, 0, 0, 0);
                self.innermost(tree)?.1.push(jump);
                return Ok(false);
            }
            ("JumpBack", []) => {
                let start = self.innermost(tree)?.0;
                self.emit(Op::JumpBack, 0, 0, start);
                return Ok(false);
            }
            ("IterStart", [variable, of]) => {
                self.node(of)?;
                let variable = self.variable(variable, 4, true)?;
                self.emit(Op::IterStart, 0, variable, 0);
                return Ok(false);
            }
            ("IterNext", [variable]) => {
                let variable = self.variable(variable, 4, false)?;
                let next = self.emit(Op::IterNext, 0, variable, 0);
                self.innermost(tree)?.1.push(next);
            }
            ("SetElement", [of, key, value]) => {
                self.node(of)?;
                self.keyed(key, Op::SetIndex, Op::SetDynamic, |this| this.node(value))?;
            }
            ("Push", [of, value]) => {
                self.method(of, "push", &[value])?;
                self.push(Op::Pop);
                return Ok(false);
            }
            ("SetException", [value]) => {
                self.node(value)?;
                self.push(Op::SetException);
                return Ok(false);
            }
            ("SetName", [name, value]) => {
                self.node(value)?;
                let cache = self.cache(word(name)?);
                self.emit(Op::SetName, 0, 0, cache);
            }
            ("CheckMember", [of, name]) => {
                self.node(of)?;
                let cache = self.cache(word(name)?);
                self.emit(Op::GetMember, 0, 0, cache);
            }
            ("SetEntry", [of, key, value]) => self.method(of, "set", &[key, value])?,
            ("SetMember", [of, name, value]) => {
                self.node(of)?;
                self.node(value)?;
                let cache = self.cache(word(name)?);
                self.emit(Op::SetMember, 0, 0, cache);
            }
            ("Call" | "TailCall", [callee, args @ ..]) => {
                self.node(callee)?;
                let count = self.nodes(args)?;
                let cache = self.cache("");
                self.emit(Op::Call, tail, count, cache);
            }
            ("CallSelf" | "TailCallSelf", args) => {
                self.push(Op::GetFunction);
                let count = self.nodes(args)?;
                self.emit(Op::CallSelf, tail, count, 0);
            }
            ("CallMethod" | "TailCallMethod", [receiver, name, args @ ..]) => {
                self.push(Op::Nil);
                self.node(receiver)?;
                let count = self.nodes(args)?;
                let cache = self.cache(word(name)?);
                self.emit(Op::CallMethod, tail, count, cache);
            }
            ("CallSuper", [name, receiver, args @ ..]) => {
                self.push(Op::Nil);
                self.shaped_call(Op::CallSuper, tail, receiver, args)?;
                let name = word(name)?;
                let cache = self.cache(name) as u32;
                let shape = self.calls.last_mut().expect("just pushed");
                (shape.name, shape.cache) = (Some(Symbol::intern(name)), cache);
            }
            ("New", [class, args @ ..]) => self.shaped_call(Op::New, tail, class, args)?,
            ("CallEx", [callee, args @ ..]) => self.shaped_call(Op::CallEx, tail, callee, args)?,
            ("CallOther", [callee, spread]) => {
                self.shaped_call(Op::CallEx, tail, callee, std::slice::from_ref(spread))?;
                self.calls.last_mut().expect("just pushed").spread = true;
            }
            ("TailCallOther", [callee, args @ ..]) => {
                self.shaped_call(Op::CallEx, tail, callee, args)?;
            }
            ("Plain", [op, args @ ..]) => {
                let op = opcode(tree, word(op)?)?;
                let count = self.nodes(args)?;
                self.emit(op, 0, 0, count);
            }
            ("BranchPlain", [op, x]) => {
                let op = opcode(tree, word(op)?)?;
                self.node(x)?;
                let jump = self.emit(op, 0, 0, 0);
                self.focus_end = Some(self.here());
                // What does not jump answers nothing.
                self.push(Op::Pop);
                self.push(Op::Nil);
                self.push(Op::Return);
                self.land(jump);
            }
            _ => {
                let message = format!("`Stmt.{name}` is no statement, or does not have its parts");
                return wrong(tree, message);
            }
        }
        Ok(tail == 0)
    }

    fn innermost(&mut self, at: &Datum) -> Result<&mut (usize, Vec<usize>)> {
        match self.loops.last_mut() {
            Some(innermost) => Ok(innermost),
            None => wrong(at, "there is no loop around this"),
        }
    }
}

/// The first word of a list, and the rest.
pub fn list(tree: &Datum) -> Option<(&str, &[Datum])> {
    let DatumKind::List(parts) = &tree.kind else {
        return None;
    };
    let (head, args) = parts.split_first()?;
    match &head.kind {
        DatumKind::Atom(head) => Some((head, args)),
        _ => None,
    }
}

/// Operands of the kinds that a list names.
fn operands_found(kinds: &Datum) -> Result<Vec<Found>> {
    let DatumKind::List(words) = &kinds.kind else {
        return wrong(
            kinds,
            "expected a list of `int`, `float`, `object`, `string` and `other`, or of `many`",
        );
    };
    let found = words.iter().map(|kind| match word(kind)? {
        "int" => Ok(Found::Int),
        "float" => Ok(Found::Float),
        "object" => Ok(Found::Object),
        "string" => Ok(Found::String),
        "other" => Ok(Found::Other),
        "many" => Ok(Found::Many),
        _ => wrong(
            kind,
            "expected `int`, `float`, `object`, `string`, `other` or `many`",
        ),
    });
    found.collect()
}

fn word(at: &Datum) -> Result<&str> {
    match &at.kind {
        DatumKind::Atom(word) => Ok(word),
        _ => wrong(at, "expected a name"),
    }
}

fn natural(at: &Datum) -> Result<usize> {
    match at.kind {
        DatumKind::Int(i) if i >= 0 => Ok(i as usize),
        _ => wrong(at, "expected a number"),
    }
}

fn opcode(at: &Datum, name: &str) -> Result<Op> {
    match Op::ALL.iter().find(|op| op.name() == name) {
        Some(&op) => Ok(op),
        None => wrong(at, format!("there is no opcode `{name}`")),
    }
}
