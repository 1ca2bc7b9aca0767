//! Slow paths, out of line: what the fast path does not do, the runtime does.

use super::facts::{Fact, Known};
use super::registers::{Form, Owner};
use super::{Lowering, Part, Site, World};
use crate::arm64::emit::Saved;
use crate::arm64::{self, Cond, FRAME, FReg, LINK, Reg, X0, X16, X17};
use crate::buffer::Label;
use crate::runtime::Helper;
use crate::tree::effect::effect;
use crate::tree::{Node, Op, Stack};
use gene_vm::bytecode::Op as Opcode;
use gene_vm::code::{Cache, WAYS, Way};
use gene_vm::value::Value;

/// What compiled code calls in the runtime, all with the same arguments: the instruction and the operand depth.
pub type Thunk = Helper;

/// The node or statement at hand, and its ways to the runtime.
pub struct Current {
    pc: usize,
    stack: Stack,
    /// Control goes on in the generic code.
    leave: Option<SlowPath>,
    /// Control comes back.
    join: Option<SlowPath>,
    /// Control does not come back.
    raise: Option<SlowPath>,
    /// Nodes that checks have learned of.
    learned: Vec<Node>,
}

impl Current {
    /// The node or statement of an instruction, with the operands before it.
    pub fn new(pc: usize, stack: Stack) -> Current {
        Current {
            pc,
            stack,
            leave: None,
            join: None,
            raise: None,
            learned: Vec::new(),
        }
    }
}

struct SlowPath {
    label: Label,
    /// Operands that are not in their home slots.
    stores: Vec<(usize, Source)>,
}

/// Where an operand is.
pub enum Source {
    Register(Known),
    Slot(i64),
    Constant(u64),
}

/// A slow path that is still to be emitted.
pub enum Stub {
    /// The runtime runs an instruction.
    Instruction {
        label: Label,
        stores: Vec<(usize, Source)>,
        pc: usize,
        depth: usize,
        resume: Resume,
    },
    /// The runtime makes a call.
    Call {
        label: Label,
        pc: usize,
        depth: usize,
        joined: Label,
    },
    /// An iterator that is no array makes its step.
    Step {
        label: Label,
        pc: usize,
        depth: usize,
        end: Label,
        joined: Label,
    },
    /// A frame does not fit.
    Overflow { label: Label },
    /// A safepoint at the entry.
    Poll { label: Label, joined: Label },
    /// Looks through the other ways of an inline cache for the header word in x16.
    Ways {
        label: Label,
        /// The register with the address of the first way, which becomes that of the one that is found.
        way: Reg,
        found: Label,
        missed: Label,
    },
}

/// Where control goes on after a slow path.
pub enum Resume {
    /// In the generic code of the next instruction, or of the jump's target.
    Generic,
    /// Behind the fast path, which expects these registers; the first is the result.
    Join {
        label: Label,
        reload: Vec<(Reload, i64)>,
    },
    /// Nowhere.
    Never,
}

/// A register that a slow path loads from memory.
#[derive(Clone, Copy)]
pub enum Reload {
    Boxed(Reg),
    High(Reg),
    Double(FReg),
    Address(Reg),
}

impl Lowering<'_> {
    /// Begins a node or statement.
    pub(super) fn begin(&mut self, pc: usize, stack: Stack) {
        self.tick();
        self.mark(match self.world {
            World::Main => Part::Main(pc),
            World::Generic => Part::Generic(pc),
        });
        self.current = Current::new(pc, stack);
    }

    fn slow_path(&mut self) -> SlowPath {
        let label = self.buffer.label();
        let unsettled = self.unsettled(self.current.stack);
        let stores = unsettled
            .into_iter()
            .map(|(index, node)| (index, self.source(node)))
            .collect();
        SlowPath { label, stores }
    }

    fn source(&self, node: Node) -> Source {
        let known = self.known(node);
        match self.op(node) {
            // The register of a variable may already hold its new value.
            Op::Local { .. } if self.home_offset(node) < self.code.locals as i64 * 8 => {
                Source::Slot(self.home_offset(node))
            }
            _ if known.in_register() => Source::Register(known),
            Op::Const { bits } => Source::Constant(bits),
            _ => Source::Slot(self.home_offset(node)),
        }
    }

    /// Leaves for the generic code; from generic code, comes back.
    pub(super) fn leave_if(&mut self, cond: Cond) {
        let label = self.leave_label();
        self.buffer.branch_if(cond, label);
    }

    /// The way to the generic code; in generic code, the slow path.
    pub(super) fn leave_label(&mut self) -> Label {
        if self.world == World::Generic {
            return self.join_label();
        }
        match &self.current.leave {
            Some(path) => path.label,
            None => {
                let path = self.slow_path();
                self.current.leave.insert(path).label
            }
        }
    }

    /// The slow path that comes back.
    pub(super) fn join_label(&mut self) -> Label {
        match &self.current.join {
            Some(path) => path.label,
            None => {
                let path = self.slow_path();
                self.current.join.insert(path).label
            }
        }
    }

    /// Lets the runtime do it, always or under a condition.
    pub(super) fn join_if(&mut self, cond: Option<Cond>) {
        let label = self.join_label();
        match cond {
            Some(cond) => self.buffer.branch_if(cond, label),
            None => self.buffer.branch(label),
        }
    }

    /// Lets the runtime raise an exception.
    pub(super) fn raise_if(&mut self, cond: Cond) {
        let path = self.slow_path();
        self.buffer.branch_if(cond, path.label);
        self.current.raise = Some(path);
    }

    /// Notes that a check has shown something of a node.
    pub(super) fn learn(&mut self, node: Node, fact: Fact) {
        self.known_mut(node).fact = fact;
        // A slow path that begins after a check which leaves for good has passed it.
        if self.world == World::Generic || self.current.join.is_some() {
            self.current.learned.push(node);
        }
    }

    /// Goes through the other ways of a cache unless the first has the header word in x16.
    pub(super) fn search_ways(&mut self, way: Reg, missed: Label) {
        let (label, found) = (self.buffer.label(), self.buffer.label());
        self.buffer.branch_if(Cond::Ne, label);
        self.buffer.bind(found);
        self.stubs.push(Stub::Ways {
            label,
            way,
            found,
            missed,
        });
    }

    /// Does a slow path come back to the node at hand?
    pub(super) fn slow_path_joins(&self) -> bool {
        self.current.join.is_some()
    }

    /// Ends a statement: its slow paths come back here.
    pub(super) fn end_statement(&mut self) {
        self.end_node(None);
    }

    /// Ends a node, whose value is in a register: its slow paths come back here with it.
    pub(super) fn end_node(&mut self, result: Option<Node>) {
        let current = std::mem::replace(&mut self.current, Current::new(0, self.line.stack));
        let (pc, depth) = (current.pc, current.stack.depth as usize);
        let mut stub = |path: Option<SlowPath>, resume| {
            if let Some(SlowPath { label, stores }) = path {
                self.stubs.push(Stub::Instruction {
                    label,
                    stores,
                    pc,
                    depth,
                    resume,
                });
            }
        };
        stub(current.leave, Resume::Generic);
        stub(current.raise, Resume::Never);
        let Some(SlowPath { label, stores }) = current.join else {
            return;
        };
        let resume = if self.code.instrs[pc].target().is_some() {
            Resume::Generic
        } else {
            for node in current.learned {
                let known = self.known_mut(node);
                let former = std::mem::replace(
                    known,
                    Known {
                        boxed: known.boxed,
                        ..Known::default()
                    },
                );
                self.free_known(Known {
                    boxed: None,
                    ..former
                });
            }
            self.forget_shapes();
            let joined = self.buffer.label();
            self.buffer.bind(joined);
            Resume::Join {
                label: joined,
                reload: self.reload(pc, depth, result),
            }
        };
        self.stubs.push(Stub::Instruction {
            label,
            stores,
            pc,
            depth,
            resume,
        });
    }

    /// The registers that the code behind a node expects, and where the values are after the runtime has run the
    /// instruction.
    fn reload(&self, pc: usize, depth: usize, result: Option<Node>) -> Vec<(Reload, i64)> {
        let instr = self.code.instrs[pc];
        let below = depth - effect(self.code, instr).pops as usize;
        let place = |owner| match owner {
            Owner::Node(node, form) if Some(node) == result => {
                let offset = match instr.op {
                    Opcode::IncLocal | Opcode::DecLocal | Opcode::AddToLocal => instr.b as i64 * 8,
                    _ => self.operand_offset(below),
                };
                Some((form, offset))
            }
            Owner::Node(node, form) => {
                (self.block.home(node) < below).then(|| (form, self.home_offset(node)))
            }
            Owner::Local(slot, form) => Some((form, slot as i64 * 8)),
            _ => None,
        };
        let ints = self.ints.scratch().filter_map(|(number, owner)| {
            let (form, offset) = place(owner)?;
            let reg = Reg::new(number);
            Some((
                match form {
                    Form::High => Reload::High(reg),
                    Form::Address => Reload::Address(reg),
                    _ => Reload::Boxed(reg),
                },
                offset,
            ))
        });
        let floats = self.floats.scratch().filter_map(|(number, owner)| {
            let (_, offset) = place(owner)?;
            Some((Reload::Double(FReg::new(number)), offset))
        });
        ints.chain(floats).collect()
    }

    /// Emits the slow paths that have come up.
    pub(super) fn emit_stubs(&mut self) {
        for stub in std::mem::take(&mut self.stubs) {
            self.buffer.keep_in_reach(super::STATEMENT_ROOM);
            self.emit_stub(stub);
        }
    }

    fn emit_stub(&mut self, stub: Stub) {
        match stub {
            Stub::Instruction {
                label,
                stores,
                pc,
                depth,
                resume,
            } => {
                self.mark(Part::Slow(pc));
                self.buffer.bind(label);
                for (index, source) in stores {
                    self.store_operand(index, source);
                }
                let target = self.code.instrs[pc].target();
                let helper = if target.is_some() {
                    Helper::Branch
                } else {
                    Helper::Plain
                };
                self.call_runtime(helper, pc, depth);
                match (resume, target) {
                    (Resume::Never, _) => {}
                    (Resume::Generic, target) => {
                        if let Some(target) = target {
                            let label = self.generic_label(target);
                            self.buffer.branch_if_not_zero_word(X0, label);
                        }
                        let label = self.generic_label(pc + 1);
                        self.buffer.branch(label);
                    }
                    (Resume::Join { label, reload }, _) => {
                        for (register, offset) in reload {
                            self.reload_register(register, offset);
                        }
                        self.buffer.branch(label);
                    }
                }
            }
            Stub::Call {
                label,
                pc,
                depth,
                joined,
            } => {
                self.mark(Part::Slow(pc));
                self.buffer.bind(label);
                self.call_runtime(Helper::Call, pc, depth);
                self.buffer.branch(joined);
            }
            Stub::Step {
                label,
                pc,
                depth,
                end,
                joined,
            } => {
                self.mark(Part::Slow(pc));
                self.buffer.bind(label);
                let runtime = self.buffer.label();
                let slots = self.code.instrs[pc].b as i64 * 8;
                self.buffer.range_step(slots, end, joined, runtime);
                self.buffer.bind(runtime);
                self.call_runtime(Helper::Branch, pc, depth);
                self.buffer.branch_if_not_zero_word(X0, end);
                let offset = self.operand_offset(depth);
                self.buffer.load(X0, FRAME, offset);
                self.buffer.branch(joined);
            }
            Stub::Overflow { label } => {
                self.mark(Part::Frame);
                self.buffer.bind(label);
                self.call_at_entry(Helper::Overflow);
            }
            Stub::Poll { label, joined } => {
                self.mark(Part::Frame);
                self.buffer.bind(label);
                self.call_at_entry(Helper::Safepoint);
                if self.receiver.is_some() {
                    self.load_receiver();
                }
                self.buffer.branch(joined);
            }
            Stub::Ways {
                label,
                way,
                found,
                missed,
            } => {
                self.buffer.bind(label);
                for _ in 1..WAYS {
                    self.buffer.add_constant(way, way, size_of::<Way>() as i64);
                    self.buffer.load(X17, way, Cache::KEY_OFFSET as i64);
                    self.buffer.compare(X16, X17);
                    self.buffer.branch_if(Cond::Eq, found);
                }
                self.buffer.branch(missed);
            }
        }
    }

    fn store_operand(&mut self, index: usize, source: Source) {
        let offset = self.operand_offset(index);
        match source {
            Source::Register(known) => self.store_known(known, offset),
            Source::Slot(slot) => {
                self.buffer.load(X16, FRAME, slot);
                self.buffer.store(X16, FRAME, offset);
            }
            Source::Constant(bits) => {
                self.buffer.constant(X16, bits);
                self.buffer.store(X16, FRAME, offset);
            }
        }
    }

    fn reload_register(&mut self, register: Reload, offset: i64) {
        match register {
            Reload::Boxed(reg) => self.buffer.load(reg, FRAME, offset),
            Reload::High(reg) => {
                self.buffer.load(reg, FRAME, offset);
                self.buffer.unbox_small_int(reg, reg);
            }
            Reload::Double(reg) => self.buffer.load_double(reg, FRAME, offset),
            Reload::Address(reg) => {
                self.buffer.load(reg, FRAME, offset);
                self.buffer.strip_pointer(reg, reg);
            }
        }
    }

    /// Calls the runtime for an instruction.
    pub(super) fn call_runtime(&mut self, helper: Helper, pc: usize, depth: usize) {
        self.buffer.constant(arm64::X2, pc as u64);
        self.buffer.constant(arm64::X4, depth as u64);
        self.call_thunk(helper, Some(pc));
    }

    /// Calls the runtime before the first instruction.
    fn call_at_entry(&mut self, helper: Helper) {
        self.buffer.constant(arm64::X2, 0);
        self.buffer.constant(arm64::X4, 0);
        self.call_thunk(helper, None);
    }

    fn call_thunk(&mut self, helper: Helper, pc: Option<usize>) {
        let label = match self.thunks.iter().find(|(thunk, _)| *thunk == helper) {
            Some(&(_, label)) => label,
            None => {
                let label = self.buffer.label();
                self.thunks.push((helper, label));
                label
            }
        };
        self.buffer.call_label(label);
        self.sites.push(Site {
            offset: self.buffer.offset(),
            pc,
            above: 0,
        });
    }

    /// The ways out of the function, and the calls of the runtime that its code shares. Answers where an exception
    /// leaves the function.
    pub(super) fn exits(&mut self, saved: &Saved) -> Label {
        self.buffer.bind(self.exit);
        self.buffer.leave_frame(saved);
        self.buffer.ret();
        let exception_exit = self.buffer.label();
        self.buffer.bind(exception_exit);
        self.buffer.leave_frame(saved);
        // The runtime finds where the exception goes on by the return address.
        self.buffer.bind(self.unwind);
        self.buffer.mov(arm64::X0, arm64::CONTEXT);
        self.buffer.mov(arm64::X1, LINK);
        self.buffer.mov(arm64::X2, FRAME);
        self.buffer.load_literal(arm64::X3, self.shared as u64);
        self.buffer.call_address(Helper::Unwind.address());
        self.buffer.mov(FRAME, arm64::X1);
        self.buffer.branch_register(arm64::X0);
        let link = Saved::new(0, 0);
        for (helper, label) in std::mem::take(&mut self.thunks) {
            self.buffer.bind(label);
            self.buffer.enter_frame(&link);
            self.buffer.mov(arm64::X0, arm64::CONTEXT);
            self.buffer
                .load_literal(arm64::X1, std::ptr::from_ref(self.code) as u64);
            self.buffer.mov(arm64::X3, FRAME);
            self.buffer.load_literal(arm64::X5, self.shared as u64);
            self.buffer.call_address(helper.address());
            self.buffer.leave_frame(&link);
            if helper.may_raise() {
                self.buffer.constant(X16, Value::EXCEPTION.bits());
                self.buffer.compare(X0, X16);
                self.buffer.branch_if(Cond::Eq, self.unwind);
            }
            self.buffer.ret();
        }
        exception_exit
    }
}
