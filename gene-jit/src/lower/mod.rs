//! Lowering: from trees to machine code, by the rules.
//!
//! A body is compiled twice. The *main* code relies on what it has checked: facts flow along its branches, and what a
//! loop keeps using stays in registers in the form it is used in. Where a check fails, control leaves for the
//! *generic* code of the next instruction, which expects nothing: all values are in their home slots, and each block
//! starts without facts. Main code is lowered in one pass in order of the bytecode; of the generic code only what
//! something leads to.

mod calls;
mod context;
mod facts;
mod loops;
mod nodes;
mod registers;
mod stubs;

use crate::arm64::{self, Fixup, RuleId};
use crate::buffer::{CodeBuffer, Label};
use crate::tree::{Block, Flow, Line, Node, Stack, Stmt};
use facts::{Fact, Locals};
use gene_vm::bytecode::Op as Opcode;
use gene_vm::code::{Cache, Code};
use gene_vm::object::Instance;
use gene_vm::value::Value;
use nodes::NodeState;
use registers::Registers;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use stubs::{Current, Stub, Thunk};

/// What the code for one body came to.
pub struct Compiled {
    /// The bytes.
    pub code: Vec<u8>,
    /// Where the code is entered.
    pub entry: usize,
    /// The header word of the receivers that may enter at the first byte, if the caller has checked that.
    pub receiver: Option<u64>,
    /// Where loops can be entered with all values in their home slots, by the target of the back edge.
    pub loop_entries: HashMap<usize, usize>,
    /// Where handlers begin.
    pub handlers: HashMap<usize, usize>,
    /// The calls, by the offset of the return address, ascending.
    pub sites: Vec<Site>,
    /// Leaves the function with an exception.
    pub exception_exit: usize,
    /// Where there are literals instead of instructions.
    pub pools: Vec<Range<usize>>,
    /// Which instruction the code from an offset on belongs to.
    pub map: Vec<(usize, Part)>,
    /// Which rule emitted the code from an offset on.
    pub rules: Vec<(usize, RuleId)>,
}

/// A call in compiled code.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Offset of the return address.
    pub offset: usize,
    /// The instruction; `None` before the first one.
    pub pc: Option<usize>,
    /// How far the callee's frame lies above this one, in bytes.
    pub above: usize,
}

/// What a stretch of code is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Entry and exits.
    Frame,
    /// The main code of an instruction.
    Main(usize),
    /// The generic code of an instruction.
    Generic(usize),
    /// A slow path of an instruction.
    Slow(usize),
}

/// Why a body is not compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub enum Declined {
    /// The bodies of generators are suspended in the middle; their frames are the interpreter's.
    Generator,
    /// The limit for the size of machine code is reached.
    NoRoom,
}

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Declined::Generator => "a generator's body",
            Declined::NoRoom => "the limit for machine code is reached",
        })
    }
}

/// Which of the two codes is being made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum World {
    Main,
    Generic,
}

/// How control comes to an instruction of the main code.
struct Arrival {
    label: Label,
    locals: Locals,
}

/// A loop of the main code.
struct Header {
    label: Label,
    /// What every back edge must establish.
    expects: Locals,
}

/// The lowering of one body.
pub(crate) struct Lowering<'a> {
    code: &'a Code,
    /// An address that the runtime's functions get.
    shared: usize,
    flow: Flow,
    /// The values of the locals when the body became hot: a guess at what they will be.
    observed: Vec<Fact>,
    buffer: CodeBuffer<Fixup>,
    /// The header word that the main code expects of the receiver.
    receiver: Option<u64>,
    /// The first instruction, and the one behind the saving of registers.
    entry: Label,
    start: Label,
    /// The same for those who have not checked the receiver.
    unchecked_entry: Label,
    unchecked_start: Label,
    exit: Label,
    world: World,
    block: Block,
    nodes: Vec<NodeState>,
    locals: Locals,
    ints: Registers,
    floats: Registers,
    current: Current,
    /// The variable that the node at hand is assigned to, if its register may be used for the result.
    hint: Option<u16>,
    /// Where the runtime makes the call at hand.
    slow_call: Option<Label>,
    line: Line,
    arrivals: BTreeMap<usize, Arrival>,
    headers: HashMap<usize, Header>,
    generic: BTreeMap<usize, Label>,
    pending: BTreeSet<usize>,
    stubs: Vec<Stub>,
    thunks: Vec<(Thunk, Label)>,
    unwind: Label,
    sites: Vec<Site>,
    map: Vec<(usize, Part)>,
    rules: Vec<(usize, RuleId)>,
}

/// Room that the code for one statement takes at most, by far.
const STATEMENT_ROOM: usize = 8 << 10;

/// Compiles a body. `observed` are values of its first locals, typical as far as is known.
/// `shared` is an address that the runtime's functions get.
pub fn compile(code: &Code, observed: &[Value], shared: usize) -> Result<Compiled, Declined> {
    if code.instrs.iter().any(|instr| instr.op == Opcode::Yield) {
        return Err(Declined::Generator);
    }
    let flow = Flow::new(code);
    let mut buffer = CodeBuffer::default();
    let (entry, start, exit, unwind) = (
        buffer.label(),
        buffer.label(),
        buffer.label(),
        buffer.label(),
    );
    let receiver = expected_receiver(code, observed);
    let (unchecked_entry, unchecked_start) = match receiver {
        Some(_) => (buffer.label(), buffer.label()),
        None => (entry, start),
    };
    let block = Block::build(code, &flow, 0, |_| true);
    let line = Line {
        stmt: Stmt::Plain,
        pc: 0,
        stack: block.end,
    };
    let mut lowering = Lowering {
        code,
        shared,
        flow,
        observed: observed.iter().map(|&value| Fact::of(value)).collect(),
        buffer,
        receiver,
        entry,
        start,
        unchecked_entry,
        unchecked_start,
        exit,
        world: World::Main,
        block,
        nodes: Vec::new(),
        locals: Locals::default(),
        ints: Registers::new(arm64::SCRATCH, arm64::KEPT),
        floats: Registers::new(arm64::FLOAT_SCRATCH, arm64::FLOAT_KEPT),
        current: Current::new(0, line.stack),
        hint: None,
        slow_call: None,
        line,
        arrivals: BTreeMap::new(),
        headers: HashMap::new(),
        generic: BTreeMap::new(),
        pending: BTreeSet::new(),
        stubs: Vec::new(),
        thunks: Vec::new(),
        unwind,
        sites: Vec::new(),
        map: Vec::new(),
        rules: Vec::new(),
    };
    lowering.run();
    Ok(lowering.finish())
}

/// The header word of the receiver at hand, argument 0, if the code has met it as the only kind of instance in one of
/// its instructions.
fn expected_receiver(code: &Code, observed: &[Value]) -> Option<u64> {
    if code.params == 0 || !code.simple {
        return None;
    }
    let word = observed.first()?.get::<Instance>()?.shape().header_word();
    let met = |cache: &Cache| cache.sole().is_some_and(|way| way.key() == word);
    code.caches.iter().any(met).then_some(word)
}

impl Lowering<'_> {
    fn run(&mut self) {
        self.function_entry();
        if self.receiver.is_some() {
            self.generic_label(0);
        }
        for handler in &self.code.handlers {
            self.generic_label(handler.target as usize);
        }
        let mut pc = Some(0);
        while let Some(at) = pc {
            self.main_block(at);
            pc = self.arrivals.range(at + 1..).next().map(|(&pc, _)| pc);
        }
        self.emit_stubs();
        self.world = World::Generic;
        while let Some(pc) = self.pending.pop_first() {
            self.generic_code(pc);
            self.emit_stubs();
        }
    }

    fn begin_block(&mut self, pc: usize) {
        self.ints.clear();
        self.floats.clear();
        self.own_locals();
        let (world, generic) = (self.world, &self.generic);
        let stop = |pc: usize| world == World::Generic && generic.contains_key(&pc);
        self.block = Block::build(self.code, &self.flow, pc, stop);
        self.nodes = NodeState::of_block(&self.block);
    }

    /// The main code from a leader to the next.
    fn main_block(&mut self, pc: usize) {
        let Some(Arrival { label, locals }) = self.arrivals.remove(&pc) else {
            return;
        };
        self.mark(Part::Main(pc));
        self.buffer.bind(label);
        self.locals = locals;
        if self.flow.loop_end(pc).is_some() {
            self.enter_loop_header(pc);
        }
        self.begin_block(pc);
        self.lines();
        if let Some(next) = self.block.next {
            self.flush(self.block.end);
            let label = self.arrive(next as usize);
            // The next leader's code follows at once.
            if self
                .arrivals
                .keys()
                .next()
                .is_some_and(|&first| first != next as usize)
            {
                self.buffer.branch(label);
            }
        }
    }

    /// Notes that control comes to a later instruction with what is known now.
    fn arrive(&mut self, pc: usize) -> Label {
        match self.arrivals.get_mut(&pc) {
            Some(arrival) => {
                arrival.locals = arrival.locals.meet(&self.locals);
                arrival.label
            }
            None => {
                let label = self.buffer.label();
                self.arrivals.insert(
                    pc,
                    Arrival {
                        label,
                        locals: self.locals.clone(),
                    },
                );
                label
            }
        }
    }

    /// The label of the generic code from an instruction on, which is made if it is not there yet.
    fn generic_label(&mut self, pc: usize) -> Label {
        if let Some(&label) = self.generic.get(&pc) {
            return label;
        }
        let label = self.buffer.label();
        self.generic.insert(pc, label);
        self.pending.insert(pc);
        label
    }

    /// The generic code from an instruction on, up to where control does not go on or there is generic code.
    fn generic_code(&mut self, pc: usize) {
        let mut next = Some(pc);
        while let Some(pc) = next {
            let label = self.generic_label(pc);
            if self.buffer.is_bound(label) {
                self.buffer.branch(label);
                return;
            }
            self.pending.remove(&pc);
            self.mark(Part::Generic(pc));
            self.buffer.bind(label);
            self.locals = Locals::default();
            self.begin_block(pc);
            self.lines();
            next = self.block.next.map(|next| next as usize);
            if next.is_some() {
                self.flush(self.block.end);
            }
        }
    }

    fn lines(&mut self) {
        let mut index = 0;
        while let Some(&line) = self.block.lines.get(index) {
            self.buffer.keep_in_reach(STATEMENT_ROOM);
            let pc = line.pc as usize;
            self.mark(match self.world {
                World::Main => Part::Main(pc),
                World::Generic => Part::Generic(pc),
            });
            self.line = line;
            self.lower_statement(line);
            index += 1;
        }
    }

    fn mark(&mut self, part: Part) {
        let offset = self.buffer.offset();
        match self.map.last_mut() {
            Some((last, place)) if *last == offset => *place = part,
            Some((_, place)) if *place == part => {}
            _ => self.map.push((offset, part)),
        }
    }

    /// Is this main code in a loop, where variables have registers that calls keep?
    fn keeps_variables(&self) -> bool {
        self.world == World::Main && self.flow.in_loop(self.line.pc as usize)
    }

    /// The operands below `stack` that may not be in their home slots, from the bottom up.
    fn unsettled(&self, stack: Stack) -> Vec<(usize, Node)> {
        let pending = self
            .block
            .operands(stack)
            .take(crate::tree::MAX_PENDING + 1);
        let mut operands: Vec<_> = pending
            .filter(|&(index, node)| !self.is_home(index, node))
            .collect();
        operands.reverse();
        operands
    }

    fn finish(mut self) -> Compiled {
        self.mark(Part::Frame);
        let saved = arm64::emit::Saved::new(self.ints.kept_used, self.floats.kept_used);
        let loops = self.loop_entries(&saved);
        self.unchecked_entry(&saved);
        self.emit_stubs();
        let exception_exit = self.exits(&saved);
        let mut prologue = CodeBuffer::<Fixup>::default();
        prologue.enter_frame(&saved);
        let shift = prologue.offset();
        let prologue = prologue.code().to_vec();
        let finished = self.buffer.finish(&prologue, self.entry);
        let place = |(&pc, &label): (&usize, &Label)| (pc, finished.offset(label));
        let mut sites = self.sites;
        for site in &mut sites {
            site.offset += shift;
        }
        sites.sort_by_key(|site| site.offset);
        let targets = self
            .code
            .handlers
            .iter()
            .map(|handler| handler.target as usize);
        let mut map = vec![(0, Part::Frame)];
        map.extend(
            self.map
                .iter()
                .map(|&(offset, part)| (offset + shift, part)),
        );
        Compiled {
            entry: finished.offset(self.unchecked_entry),
            receiver: self.receiver,
            loop_entries: loops.iter().map(place).collect(),
            handlers: targets
                .map(|pc| (pc, finished.offset(self.generic[&pc])))
                .collect(),
            sites,
            exception_exit: finished.offset(exception_exit),
            pools: finished.pools,
            map,
            rules: self
                .rules
                .iter()
                .map(|&(offset, rule)| (offset + shift, rule))
                .collect(),
            code: finished.code,
        }
    }
}
