//! What running code has shown of values that the lowering knows nothing of, so that its next guess is better.

use crate::lower::Fact;
use crate::tree::operands::{Operand, guessed_operands, int_operands, is_equality};
use gene_vm::bytecode::{Instr, Op};
use gene_vm::code::Code;
use gene_vm::value::Value;
use rustc_hash::FxHashMap;

/// What is known of a body from running it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feedback {
    /// The first locals when the body became hot.
    locals: Vec<Fact>,
    /// The operands of instructions whose guess was wrong.
    sites: FxHashMap<usize, Site>,
    /// The locals at the headers of loops that did not find what they expected.
    loops: FxHashMap<usize, Vec<Fact>>,
    /// No guess is worth it any more.
    settled: bool,
}

/// Was a method's receiver, which lies below so many arguments, of the kind that was guessed, so that another guess was
/// wrong? Where nothing is known, arrays are guessed; code for strings carries out all calls with an index in range.
fn is_expected_kind(stack: &[Value], count: usize) -> bool {
    let below = stack.len().checked_sub(count + 1);
    let Some((&receiver, arguments)) = below.and_then(|at| stack[at..].split_first()) else {
        return true;
    };
    match (receiver.as_str(), arguments) {
        (Some(text), [index]) => {
            let index = index.as_small_int();
            !index.is_some_and(|index| (0..text.len() as i64).contains(&index))
        }
        _ => Fact::of(receiver).is_array(),
    }
}

/// Does an instruction use a name, or a member of the namespace or class that it was found in?
fn is_name(code: &Code, instr: Instr, stack: &[Value]) -> bool {
    let of = match instr.op {
        Op::GetName | Op::GetTypeName | Op::GetGlobal | Op::SetName => return true,
        Op::GetMember | Op::GetMemberStrict => 0,
        Op::GetMemberOrElement | Op::SetMember => 1,
        _ => return false,
    };
    let found = code.caches[instr.c as usize].found.get();
    found.is_some_and(|found| stack.iter().rev().nth(of) == Some(&found.from))
}

/// Is NaN among the operands or what arithmetic makes of them?
fn gives_nan(op: Op, x: f64, y: f64) -> bool {
    let is_quotient_nan = op == Op::Div && (x / y).is_nan();
    is_quotient_nan || [x + y, x - y, x * y].into_iter().any(f64::is_nan)
}

/// What an instruction has found.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Site {
    /// The same kinds of operands each time.
    Operands([Fact; 2]),
    /// Operands of several kinds.
    Varied,
    /// Ints that are not small, or do not give a small one.
    Wide,
}

impl Feedback {
    /// What a body starts with: the values of its first locals.
    pub fn new(locals: &[Value]) -> Feedback {
        Feedback {
            locals: locals.iter().copied().map(Fact::of).collect(),
            ..Feedback::default()
        }
    }

    /// Makes each instruction that could guess ready for anything.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// Should the instruction at `pc` be ready for several kinds of operands?
    pub fn is_varied(&self, pc: usize) -> bool {
        self.settled || matches!(self.sites.get(&pc), Some(Site::Varied | Site::Wide))
    }

    /// Should the instruction at `pc` be ready for ints of all sizes?
    pub fn is_wide(&self, pc: usize) -> bool {
        self.sites.get(&pc) == Some(&Site::Wide)
    }

    /// What operand `i` of the instruction at `pc` was, if a guess was wrong there.
    pub fn operand(&self, pc: usize, i: usize) -> Option<Fact> {
        match self.sites.get(&pc)? {
            Site::Operands(facts) => facts.get(i).copied(),
            Site::Varied | Site::Wide => None,
        }
    }

    /// What a variable of which nothing is known should be expected to be in the loop that begins at `pc`.
    pub fn variable(&self, pc: usize, slot: u16) -> Fact {
        if let Some(fact) = self.at_loop(pc, slot) {
            return fact.as_number();
        }
        match self.locals.get(slot as usize) {
            _ if self.settled => Fact::Unknown,
            Some(Fact::Float) => Fact::Float,
            _ => Fact::SmallInt,
        }
    }

    /// Was a variable a heap object when the loop that begins at `pc` was met?
    pub fn was_object(&self, pc: usize, slot: u16) -> bool {
        let locals = self.loops.get(&pc).unwrap_or(&self.locals);
        !self.settled
            && locals
                .get(slot as usize)
                .is_some_and(|fact| fact.is_object())
    }

    /// Is it worth a guess that a variable, of which nothing is known to the contrary, is of a kind in the loop that
    /// begins at `pc`?
    pub fn may_be(&self, kind: Fact, pc: usize, slot: u16) -> bool {
        let observed = self.locals.get(slot as usize).copied();
        let found = self.at_loop(pc, slot).or(observed);
        !self.settled && found.is_none_or(|found| found == kind)
    }

    /// What a variable was in the loop that begins at `pc`, if the loop did not find what it expected.
    pub fn at_loop(&self, pc: usize, slot: u16) -> Option<Fact> {
        self.loops.get(&pc)?.get(slot as usize).copied()
    }

    /// Notes that a guess was wrong: in the instruction at `pc` of the code, with these locals and operands on the stack.
    pub fn note_site(&mut self, code: &Code, pc: usize, locals: &[Value], stack: &[Value]) {
        let instr = code.instrs[pc];
        if is_name(code, instr, stack) {
            // The next version relies on what names stand for by then.
            return;
        }
        let value = |operand| match operand {
            Operand::Local(slot) => locals.get(slot as usize).copied(),
            Operand::Stack(depth) => stack.iter().rev().nth(depth).copied(),
            Operand::Int(i) => Value::small_int(i),
        };
        if let Some([Some(x), Some(y)]) = int_operands(instr).map(|operands| operands.map(value)) {
            let are_small = x.is_small_int() && y.is_small_int();
            // Small ints were guessed, so they do not give a small one.
            let were_guessed = are_small && !self.sites.contains_key(&pc);
            if x.is_int() && y.is_int() && (!are_small || were_guessed) {
                self.sites.insert(pc, Site::Wide);
                return;
            }
        }
        let is_method = instr.op == Op::CallMethod;
        let receiver = Operand::Stack(instr.b as usize);
        let found = guessed_operands(instr).or_else(|| is_method.then_some([receiver; 2]));
        let Some(found) = found else {
            self.sites.insert(pc, Site::Varied);
            return;
        };
        let values = found.map(value);
        let facts = values.map(|value| value.map_or(Fact::Unknown, Fact::of));
        let numbers = facts
            .iter()
            .all(|fact| matches!(fact, Fact::SmallInt | Fact::Float));
        let has_float = facts.contains(&Fact::Float);
        let is_equality = is_equality(instr.op);
        let are_strings = is_equality && facts == [Fact::String; 2];
        // Code is made for the first operand alone where that is a receiver, or an object that is no string.
        let is_receiver = is_method && !is_expected_kind(stack, instr.b as usize);
        let is_compared = is_equality && facts[0].is_object() && !facts.contains(&Fact::String);
        let facts = if is_receiver || is_compared {
            [facts[0], Fact::Unknown]
        } else {
            facts
        };
        // Code that takes operands for floats leaves where the result is NaN.
        let may_be_nan = values.map(|value| value.and_then(Value::as_number));
        let may_be_nan = matches!(may_be_nan, [Some(x), Some(y)] if gives_nan(instr.op, x, y));
        let is_handled = is_receiver || is_compared || are_strings || numbers && has_float;
        let site = self.sites.entry(pc).or_insert(Site::Operands(facts));
        if !is_handled || may_be_nan || *site != Site::Operands(facts) {
            *site = Site::Varied;
        }
    }

    /// Notes that the loop that begins at `pc` did not find what it expected, but these locals.
    pub fn note_loop(&mut self, pc: usize, locals: &[Value]) {
        let facts = locals.iter().copied().map(Fact::of);
        match self.loops.get_mut(&pc) {
            Some(former) => former
                .iter_mut()
                .zip(facts)
                .for_each(|(former, fact)| *former = former.meet(fact)),
            None => {
                self.loops.insert(pc, facts.collect());
            }
        }
    }
}
