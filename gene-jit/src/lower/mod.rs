//! Lowering: from trees to machine code, by the rules.
//!
//! Code relies on what it has checked: facts flow along its branches, and what a loop keeps using stays in registers
//! in the form it is used in. What is not known is guessed. Where a guess is wrong, control *leaves* for the interpreter,
//! which goes on in the same frame: all values are in their home slots, so nothing is translated. It comes back at the
//! next back edge or call. What the guess should have been is noted ([`Feedback`]), and a body that is left
//! too often is compiled again.

mod alloc;
mod arrivals;
mod branches;
mod by_slot;
mod calls;
mod context;
mod deferred;
mod facts;
mod growth;
mod holding;
mod loops;
mod nodes;
mod registers;
mod slow_paths;
mod stubs;
mod usage;
mod words;

use crate::arm64::SLOT;
use crate::arm64::{self, Fixup, RuleId};
use crate::buffer::{CodeBuffer, Label};
use crate::feedback::Feedback;
use crate::thunks::SharedCode;
use crate::tree::effect::is_inline;
use crate::tree::{Block, Flow, Line, MAX_PENDING, Node, Op, Stack, Stmt};
use arrayvec::ArrayVec;
use arrivals::Arrivals;
use deferred::Regions;
pub use facts::Fact;
use facts::{Locals, Ranges};
use gene_vm::bytecode::Op as Opcode;
use gene_vm::code::Code;
use growth::Growth;
use nodes::NodeState;
use registers::Registers;
use rustc_hash::FxHashMap;
use slow_paths::{Current, SlowPath};
use std::ops::Range;
use stubs::SlowPaths;

/// What the code for one body came to.
pub struct Compiled {
    /// The bytes.
    pub code: Vec<u8>,
    /// Where the code is entered.
    pub entry: usize,
    /// The header word of the receivers that may enter at the first byte, if the caller has checked that.
    pub receiver: Option<u64>,
    /// Where loops can be entered with all values in their home slots, by the target of the back edge.
    pub loop_entries: FxHashMap<usize, usize>,
    /// Where handlers begin.
    pub handlers: FxHashMap<usize, usize>,
    /// The calls, by the offset of the return address, ascending.
    pub sites: Vec<Site>,
    /// Leaves the native frame and goes to the address in `x1`; `None` if the frame holds nothing but the return
    /// address.
    pub jump_exit: Option<usize>,
    /// Branches to the code that all functions share, whose distance is still to be filled in.
    pub thunks: Vec<(u32, SharedCode)>,
    /// Where there are literals instead of instructions.
    pub pools: Vec<Range<usize>>,
    /// Which instruction the code from an offset on belongs to.
    pub map: Vec<(u32, Part)>,
    /// The rules that fired, in order.
    pub rules: Vec<Fired>,
}

/// A rule that fired.
#[derive(Clone, Copy, Debug)]
pub struct Fired {
    /// Offset of the code that it emitted; if it emitted none, of what comes next.
    pub offset: u32,
    /// The instruction that it fired for.
    pub pc: u32,
    /// The rule.
    pub rule: RuleId,
}

/// A call in compiled code.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Offset of the return address.
    pub offset: u32,
    /// The instruction; `None` before the first one.
    pub pc: Option<u32>,
    /// How far the callee's frame lies above this one, in bytes.
    pub above: u32,
    /// Operands before the instruction, for [`Helper::Leave`](crate::runtime::Helper::Leave).
    pub depth: u16,
    /// For [`Helper::Leave`](crate::runtime::Helper::Leave): a loop does not find what it expects, and it is not the
    /// instruction whose guess is wrong.
    pub at_header: bool,
}

/// What a stretch of code is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Part {
    /// Entry and exits.
    Frame,
    /// An instruction.
    Main(u32),
    /// A slow path of an instruction.
    Slow(u32),
}

impl Part {
    fn main(pc: usize) -> Part {
        Part::Main(pc as u32)
    }

    fn slow(pc: usize) -> Part {
        Part::Slow(pc as u32)
    }

    /// The instruction, if it is for one.
    pub fn pc(self) -> Option<usize> {
        match self {
            Part::Main(pc) | Part::Slow(pc) => Some(pc as usize),
            Part::Frame => None,
        }
    }
}

/// Why a body is not compiled.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub enum Declined {
    /// The bodies of generators are suspended in the middle, and those of async functions are run for a future: their
    /// frames are the interpreter's.
    NotDirect,
    /// The limit for the size of machine code is reached.
    NoRoom,
    /// A rule has emitted this instruction, whose operands do not suit each other.
    NotEncodable(String),
}

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Declined::NotDirect => f.write_str("a generator's or an async function's body"),
            Declined::NoRoom => f.write_str("the limit for machine code is reached"),
            Declined::NotEncodable(inst) => write!(f, "`{inst}` cannot be encoded"),
        }
    }
}

/// A loop.
struct Header {
    label: Label,
    /// What every back edge must establish.
    expects: Locals,
}

/// Compiles bodies, one after the other, in the same memory.
#[derive(Default)]
pub struct Compiler {
    flow: Flow,
    buffer: CodeBuffer<Fixup>,
    block: Block,
    nodes: Vec<NodeState>,
    shaped: Vec<Node>,
    locals: Locals,
    ranges: Ranges,
    arrivals: Arrivals,
    slow: SlowPaths,
    notes: Notes,
}

/// What is noted of the code while it is made; offsets are from the end of the prologue.
#[derive(Default)]
struct Notes {
    thunks: Vec<(u32, SharedCode)>,
    sites: Vec<Site>,
    map: Vec<(u32, Part)>,
    rules: Vec<Fired>,
}

/// Operands with their indices.
type Unsettled = ArrayVec<(usize, Node), { MAX_PENDING + 1 }>;

/// The lowering of one body.
pub(crate) struct Lowering<'a> {
    code: &'a Code,
    flow: &'a Flow,
    feedback: &'a Feedback,
    buffer: &'a mut CodeBuffer<Fixup>,
    /// The header word that the main code expects of the receiver.
    receiver: Option<u64>,
    /// The first instruction, and the one behind the saving of registers.
    entry: Label,
    start: Label,
    /// The same for those who have not checked the receiver.
    unchecked_entry: Label,
    unchecked_start: Label,
    exit: Label,
    jump_exit: Label,
    block: &'a mut Block,
    nodes: &'a mut Vec<NodeState>,
    /// Nodes whose shape is known, until other code runs.
    shaped: &'a mut Vec<Node>,
    locals: &'a mut Locals,
    ranges: &'a mut Ranges,
    ints: Registers,
    floats: Registers,
    current: Current,
    /// The variable that the node at hand is assigned to, if its register may be used for the result.
    hint: Option<u16>,
    /// Where the runtime makes the call at hand.
    slow_call: Option<SlowPath>,
    growth: Growth,
    line: Line,
    arrivals: &'a mut Arrivals,
    headers: FxHashMap<usize, Header>,
    /// Instructions that may still be looked through for what their loops expect.
    patience: usize,
    /// Where loops leave that do not find what they expect.
    loop_exits: FxHashMap<(usize, Option<usize>), Label>,
    regions: Regions,
    /// May loops defer stores?
    defers: bool,
    handlers: FxHashMap<usize, Label>,
    /// Control goes on from the block at hand to the code behind it.
    falls_through: bool,
    slow: &'a mut SlowPaths,
    notes: &'a mut Notes,
}

/// An instruction is looked at so often for the loops that it lies in, on average: at least twice for each. Loops that are
/// nested more deeply expect nothing of variables.
const MOST_LOOKS: usize = 20;
/// In large bodies so many slow paths are emitted together where no control passes: near to what branches there, as
/// long as the caches hold what is known of them.
const PORTION: usize = 256;
/// Room that the code for one statement takes at most, by far.
const STATEMENT_ROOM: usize = 8 << 10;

impl Compiler {
    /// Compiles a body.
    ///
    /// # Errors
    /// The body stays interpreted.
    pub fn compile(&mut self, code: &Code, feedback: &Feedback) -> Result<Compiled, Declined> {
        if !code.direct || code.instrs.iter().any(|instr| instr.op == Opcode::Yield) {
            return Err(Declined::NotDirect);
        }
        match self.attempt(code, feedback, true) {
            Some(compiled) => compiled,
            None => self
                .attempt(code, feedback, false)
                .expect("only deferring fails"),
        }
    }

    /// Compiles a body; `None` if the stores that loops defer, which `defers` allows, turn out not to be deferrable.
    fn attempt(
        &mut self,
        code: &Code,
        feedback: &Feedback,
        defers: bool,
    ) -> Option<Result<Compiled, Declined>> {
        self.clear(code);
        let Compiler {
            flow,
            buffer,
            block,
            ..
        } = self;
        let [entry, start, exit, jump_exit] = std::array::from_fn(|_| buffer.label());
        block.build(code, flow, 0, &|pc| feedback.is_varied(pc));
        let receiver = expected_receiver(code, block).filter(|_| !feedback.is_varied(0));
        let (unchecked_entry, unchecked_start) = match receiver {
            Some(_) => (buffer.label(), buffer.label()),
            None => (entry, start),
        };
        let line = Line {
            stmt: Stmt::Plain,
            pc: 0,
            stack: block.end,
        };
        let mut lowering = Lowering {
            code,
            flow,
            feedback,
            buffer,
            receiver,
            entry,
            start,
            unchecked_entry,
            unchecked_start,
            exit,
            jump_exit,
            block,
            nodes: &mut self.nodes,
            shaped: &mut self.shaped,
            locals: &mut self.locals,
            ranges: &mut self.ranges,
            ints: Registers::new(arm64::SCRATCH, arm64::KEPT),
            floats: Registers::new(arm64::FLOAT_SCRATCH, arm64::FLOAT_KEPT),
            current: Current::new(0, line.stack),
            hint: None,
            slow_call: None,
            growth: Growth::default(),
            line,
            arrivals: &mut self.arrivals,
            headers: FxHashMap::default(),
            patience: MOST_LOOKS * code.instrs.len(),
            loop_exits: FxHashMap::default(),
            regions: Regions::default(),
            defers,
            handlers: FxHashMap::default(),
            falls_through: false,
            slow: &mut self.slow,
            notes: &mut self.notes,
        };
        lowering.run();
        (lowering.defers == defers).then(|| lowering.finish())
    }

    /// Forgets the body before.
    fn clear(&mut self, code: &Code) {
        self.flow.follow(code);
        self.buffer.clear();
        self.locals.clear();
        self.arrivals.clear(code.instrs.len());
        self.slow.clear();
        self.notes.clear();
    }
}

impl Notes {
    fn clear(&mut self) {
        self.thunks.clear();
        self.sites.clear();
        self.map.clear();
        self.rules.clear();
    }
}

/// The header word of the receiver, argument 0, if the code begins with a field of it that was met on one shape only.
fn expected_receiver(code: &Code, first: &Block) -> Option<u64> {
    if !(1..=code.params).contains(&code.least) {
        return None;
    }
    let is_receiver = |node| first.op(node) == Op::Local { slot: 0 };
    let gets = first.nodes().filter_map(|node| match first.op(node) {
        Op::Member { of, cache } if is_receiver(of) => Some((first.pc(node), cache)),
        _ => None,
    });
    let sets = first.lines.iter().filter_map(|line| match line.stmt {
        Stmt::SetMember { of, cache, .. } if is_receiver(of) => Some((line.pc as usize, cache)),
        _ => None,
    });
    // Later ones may find another shape.
    let (pc, cache) = sets.chain(gets).min_by_key(|&(pc, _)| pc)?;
    let mut before = code.instrs[..pc].iter();
    let is_first = before.all(|&instr| is_inline(code, instr));
    let way = code.caches[cache as usize].sole().filter(|_| is_first)?;
    Some(way.key())
}

impl Lowering<'_> {
    fn run(&mut self) {
        self.function_entry();
        for handler in &self.code.handlers {
            // Nothing is known where an exception is caught.
            let label = self.arrive(handler.target as usize);
            self.handlers.insert(handler.target as usize, label);
        }
        let mut pc = Some(0);
        while let Some(at) = pc {
            self.block_from(at);
            if !self.falls_through && self.slow.stubs.len() >= PORTION {
                self.emit_stubs();
            }
            pc = self.arrivals.next(at + 1);
        }
        self.emit_stubs();
    }

    fn begin_block(&mut self, pc: usize) {
        self.ints.clear();
        self.floats.clear();
        self.own_locals();
        if pc > 0 {
            // The first block is there already.
            let feedback = self.feedback;
            let is_varied = |pc| feedback.is_varied(pc);
            self.block.build(self.code, self.flow, pc, &is_varied);
        }
        self.nodes.clear();
        self.nodes.extend(NodeState::of_block(self.block));
        self.shaped.clear();
        self.ranges.clear();
    }

    /// The code from a leader to the next.
    fn block_from(&mut self, pc: usize) {
        let Some(label) = self.arrivals.take(pc, self.locals) else {
            return;
        };
        self.locals.retain(|slot| self.flow.is_live(slot, pc));
        self.falls_through = false;
        self.mark(Part::main(pc));
        self.buffer.bind(label);
        self.enter_region_at(pc);
        if self.flow.loop_end(pc).is_some() {
            self.enter_loop_header(pc);
        }
        self.begin_block(pc);
        self.lines();
        if let Some(next) = self.block.next {
            self.flush(self.block.end);
            let label = self.arrive(next as usize);
            self.go_to_block(next as usize, label);
        }
    }

    /// Notes that control comes to a later instruction with what is known now.
    fn arrive(&mut self, pc: usize) -> Label {
        self.arrivals.note(pc, self.locals, || self.buffer.label())
    }

    fn lines(&mut self) {
        let mut index = 0;
        while let Some(&line) = self.block.lines.get(index) {
            self.buffer.keep_in_reach(STATEMENT_ROOM);
            let pc = line.pc as usize;
            self.mark(Part::main(pc));
            self.line = line;
            self.lower_statement(line);
            index += 1;
        }
    }

    /// Where the next instruction goes, for notes.
    fn offset(&self) -> u32 {
        self.buffer.offset() as u32
    }

    fn mark(&mut self, part: Part) {
        let offset = self.offset();
        let map = &mut self.notes.map;
        match map.last_mut() {
            Some((last, place)) if *last == offset => *place = part,
            Some((_, place)) if *place == part => {}
            _ => map.push((offset, part)),
        }
    }

    /// Is this in a loop, where variables have registers that calls keep?
    fn keeps_variables(&self) -> bool {
        self.flow.in_loop(self.line.pc as usize)
    }

    /// The operands below `stack` that may not be in their home slots, from the bottom up.
    fn unsettled(&self, stack: Stack) -> Unsettled {
        let mut operands = Unsettled::new();
        for (index, node) in self.block.operands(stack).take(MAX_PENDING + 1) {
            if !self.is_home(index, node) {
                operands.push((index, node));
            }
        }
        operands.reverse();
        operands
    }

    fn finish(mut self) -> Result<Compiled, Declined> {
        self.mark(Part::Frame);
        let saved = arm64::emit::Saved::new(self.ints.kept_used, self.floats.kept_used);
        let loops = self.loop_entries(&saved);
        self.unchecked_entry(&saved);
        self.emit_stubs();
        self.exits(&saved);
        let jump_exit = self
            .buffer
            .is_bound(self.jump_exit)
            .then_some(self.jump_exit);
        if let Some(inst) = self.buffer.refused() {
            return Err(Declined::NotEncodable(inst.to_owned()));
        }
        let mut prologue = CodeBuffer::<Fixup>::default();
        prologue.enter_frame(&saved);
        let shift = prologue.offset() as u32;
        let prologue = prologue.code().to_vec();
        let finished = self.buffer.finish(&prologue, self.entry);
        let place = |(&pc, &label): (&usize, &Label)| (pc, finished.offset(label));
        let notes = self.notes;
        let sites = notes.sites.iter().map(|site| Site {
            offset: site.offset + shift,
            ..*site
        });
        let rules = notes.rules.iter().map(|fired| Fired {
            offset: fired.offset + shift,
            ..*fired
        });
        Ok(Compiled {
            entry: finished.offset(self.unchecked_entry),
            receiver: self.receiver,
            loop_entries: loops.iter().map(place).collect(),
            handlers: self.handlers.iter().map(place).collect(),
            sites: sites.collect(),
            jump_exit: jump_exit.map(|label| finished.offset(label)),
            thunks: shifted(&notes.thunks, shift).collect(),
            pools: finished.pools,
            map: [(0, Part::Frame)]
                .into_iter()
                .chain(shifted(&notes.map, shift))
                .collect(),
            rules: rules.collect(),
            code: finished.code,
        })
    }
}

/// What is noted of offsets, behind a prologue.
fn shifted<T: Copy>(notes: &[(u32, T)], shift: u32) -> impl Iterator<Item = (u32, T)> + '_ {
    notes
        .iter()
        .map(move |&(offset, note)| (offset + shift, note))
}
