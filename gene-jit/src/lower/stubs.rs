//! Code out of line: slow paths and what rules want there.

use super::facts::Word;
use super::{Lowering, Part, Site};
use crate::arm64::emit::Saved;
use crate::arm64::isle::{self, ClassId, Cold, Inst};
use crate::arm64::{Cond, FRAME, FReg, Reg, X0, X1, X16};
use crate::buffer::Label;
use crate::runtime::Helper;
use crate::thunks::SharedCode;
use crate::tree::effect::{Effect, effect};
use crate::tree::{Node, Stack};
use gene_vm::bytecode::Op as Opcode;
use gene_vm::value::Value;
use std::ops::Range;

/// Where an operand is that a path puts into its home slot.
#[derive(Clone, Copy)]
pub enum Source {
    Boxed(Reg),
    High(Reg),
    Double(FReg),
    Slot(i64),
    Constant(u64),
}

/// The slow paths that are still to be emitted.
#[derive(Default)]
pub struct SlowPaths {
    /// The paths.
    pub stubs: Vec<Stub>,
    /// What paths put where: operands into the slots with these indices, then registers from these offsets.
    pub stores: Vec<(usize, Source)>,
    pub reloads: Vec<(Reload, i64)>,
    /// Nodes that checks of the node at hand have learned of.
    pub learned: Vec<Node>,
}

impl SlowPaths {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.stubs.clear();
        self.stores.clear();
        self.reloads.clear();
        self.learned.clear();
    }
}

/// A slow path that is still to be emitted.
pub enum Stub {
    /// The runtime runs an instruction.
    Instruction {
        label: Label,
        stores: Range<usize>,
        pc: usize,
        depth: usize,
        resume: Resume,
        /// The loop whose deferred variables are to be stored.
        region: Option<usize>,
    },
    /// A jump out of a loop with deferred variables.
    Exit {
        label: Label,
        region: Option<usize>,
        target: Label,
    },
    /// The runtime makes a call.
    Call {
        label: Label,
        stores: Range<usize>,
        pc: usize,
        depth: usize,
        joined: Label,
    },
    /// The runtime makes a call in tail position.
    TailCall {
        label: Label,
        pc: usize,
        depth: usize,
    },
    /// A loop does not find what it expects.
    LeaveAt {
        label: Label,
        pc: usize,
        region: Option<usize>,
    },
    /// A frame does not fit, or a safepoint has something to do at the entry.
    Begin { label: Label, joined: Label },
    /// What a rule wants out of line.
    Cold {
        label: Label,
        pc: usize,
        stack: Stack,
        cold: Cold,
        joined: Label,
    },
}

/// Where control goes on after a slow path.
pub enum Resume {
    /// In the interpreter, which runs the instruction.
    Leave,
    /// Behind the fast path, which expects these registers, in [`SlowPaths::reloads`].
    Join { label: Label, reloads: Range<usize> },
    /// The same behind a test, which the condition tells the outcome of. The jump of a test that is an instruction with a
    /// jump is made when the condition is so.
    Test {
        label: Label,
        reloads: Range<usize>,
        cond: Cond,
        when: bool,
    },
    /// Nowhere.
    Never,
}

/// A register that a slow path loads.
#[derive(Clone, Copy)]
pub enum Reload {
    Boxed(Reg),
    High(Reg),
    Double(FReg),
    Address(Reg),
    Index(Reg),
    Word(Reg, Word),
}

impl Lowering<'_> {
    /// Emits the slow paths that have come up.
    pub(super) fn emit_stubs(&mut self) {
        let mut stubs = std::mem::take(&mut self.slow.stubs);
        for stub in stubs.drain(..) {
            self.buffer.keep_in_reach(super::STATEMENT_ROOM);
            self.emit_stub(stub);
        }
        self.slow.clear();
        self.slow.stubs = stubs;
    }

    fn emit_stub(&mut self, stub: Stub) {
        match stub {
            Stub::Instruction {
                label,
                stores,
                pc,
                depth,
                resume,
                region,
            } => {
                self.mark(Part::slow(pc));
                self.buffer.bind(label);
                self.store_deferred(region);
                self.store_operands(stores);
                match resume {
                    Resume::Leave => self.leave(pc, depth, false),
                    Resume::Never => self.call_runtime(Helper::Plain, pc, depth),
                    Resume::Join { label, reloads } => {
                        self.run_instruction(pc, depth);
                        self.reload_all(reloads);
                        self.buffer.branch(label);
                    }
                    Resume::Test {
                        label,
                        reloads,
                        cond,
                        when,
                    } => {
                        self.run_test(pc, depth, cond, when);
                        self.reload_all(reloads);
                        self.buffer.branch(label);
                    }
                }
            }
            Stub::Exit {
                label,
                region,
                target,
            } => {
                self.buffer.bind(label);
                self.store_deferred(region);
                self.buffer.branch(target);
            }
            Stub::LeaveAt { label, pc, region } => {
                self.mark(Part::slow(pc));
                self.buffer.bind(label);
                self.store_deferred(region);
                self.leave(pc, self.flow.depth(pc).unwrap_or(0), true);
            }
            Stub::TailCall { label, pc, depth } => {
                self.mark(Part::slow(pc));
                self.buffer.bind(label);
                self.tail_call_by_thunk(pc, depth);
            }
            Stub::Call {
                label,
                stores,
                pc,
                depth,
                joined,
            } => {
                self.mark(Part::slow(pc));
                self.buffer.bind(label);
                self.store_operands(stores);
                self.call_runtime(Helper::Call, pc, depth);
                self.buffer.branch(joined);
            }
            Stub::Begin { label, joined } => {
                self.mark(Part::Frame);
                self.buffer.bind(label);
                self.call_thunk(Helper::Begin, None);
                if self.receiver.is_some() {
                    self.load_receiver();
                }
                self.buffer.branch(joined);
            }
            Stub::Cold {
                label,
                pc,
                stack,
                cold,
                joined,
            } => {
                self.mark(Part::slow(pc));
                self.buffer.bind(label);
                self.begin_out_of_line(pc, stack);
                isle::constructor_cold(self, &cold);
                self.buffer.branch(joined);
            }
        }
    }

    fn store_operands(&mut self, stores: Range<usize>) {
        for at in stores {
            let (index, source) = self.slow.stores[at];
            self.store_operand(index, source);
        }
    }

    fn store_operand(&mut self, index: usize, source: Source) {
        let offset = self.operand_offset(index);
        match source {
            Source::Boxed(reg) => self.buffer.store(reg, FRAME, offset),
            Source::High(reg) => self.store_high(reg, offset),
            Source::Double(reg) => self.buffer.store_double(reg, FRAME, offset),
            Source::Slot(slot) => {
                self.buffer.load(X16, FRAME, slot);
                self.buffer.store(X16, FRAME, offset);
            }
            Source::Constant(bits) => {
                self.load_constant(X16, bits);
                self.buffer.store(X16, FRAME, offset);
            }
        }
    }

    fn reload_all(&mut self, reloads: Range<usize>) {
        for at in reloads {
            let (register, offset) = self.slow.reloads[at];
            self.reload_register(register, offset);
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
            Reload::Word(reg, word) => self.make_word(reg, word),
            Reload::Index(reg) => {
                self.buffer.load(reg, FRAME, offset);
                self.buffer.payload(reg, reg);
            }
            Reload::Address(reg) => {
                self.buffer.load(reg, FRAME, offset);
                self.buffer.strip_pointer(reg, reg);
            }
        }
    }

    /// Lets the runtime run an instruction, whose result it leaves on the operand stack.
    fn run_instruction(&mut self, pc: usize, depth: usize) {
        let instr = self.code.instrs[pc];
        if !matches!(instr.op, Opcode::Call | Opcode::CallMethod) {
            return self.call_runtime(Helper::Plain, pc, depth);
        }
        self.call_runtime(Helper::Call, pc, depth);
        let below = depth - effect(self.code, instr).pops as usize;
        let offset = self.operand_offset(below);
        self.buffer.store(X0, FRAME, offset);
    }

    /// Lets the runtime run a comparison, which may have a jump that is made when the outcome is `when`, and sets the flags
    /// so that the condition tells the outcome.
    fn run_test(&mut self, pc: usize, depth: usize, cond: Cond, when: bool) {
        let Effect { pops, pushes, .. } = effect(self.code, self.code.instrs[pc]);
        let is_jump = pushes == 0;
        if is_jump {
            self.call_runtime(Helper::Branch, pc, depth);
        } else {
            self.call_runtime(Helper::Plain, pc, depth);
            let offset = self.operand_offset(depth - pops as usize);
            self.buffer.load(X0, FRAME, offset);
            self.buffer.value(X16, Value::FALSE.bits());
            self.buffer.inst(Inst::SubW {
                rd: X0,
                rn: X0,
                rm: X16,
            });
        }
        self.buffer.condition_of_word(cond, X0, is_jump && !when);
    }

    /// Calls the runtime for an instruction.
    pub(super) fn call_runtime(&mut self, helper: Helper, pc: usize, depth: usize) {
        for (number, class) in (0..).zip(helper.info().args) {
            match class {
                ClassId::Pc => self.buffer.constant(Reg::new(number), pc as u64),
                ClassId::Depth => self.buffer.constant(Reg::new(number), depth as u64),
                _ => {}
            }
        }
        self.call_thunk(helper, Some(pc));
    }

    /// Calls the runtime for the instruction at hand; answers the register with what that answers.
    pub(super) fn run_at_hand(&mut self, helper: Helper) -> Reg {
        let depth = self.current.stack().depth.into();
        self.call_runtime(helper, self.current.pc(), depth);
        X0
    }

    /// Leaves for the interpreter, which runs the instruction and goes on.
    fn leave(&mut self, pc: usize, depth: usize, at_header: bool) {
        self.call_thunk(Helper::Leave, Some(pc));
        let site = self.notes.sites.last_mut().expect("just noted");
        (site.depth, site.at_header) = (depth as u16, at_header);
    }

    /// Lets the runtime make a call in tail position, and goes where it says.
    pub(super) fn tail_call_by_thunk(&mut self, pc: usize, depth: usize) {
        self.call_runtime(Helper::TailCall, pc, depth);
        self.buffer.mov(X1, X0);
        self.jump_out();
    }

    /// Leaves the native frame and goes to the address in `x1`.
    pub(super) fn jump_out(&mut self) {
        if self.flow.has_loops() {
            self.buffer.branch(self.jump_exit);
        } else {
            self.buffer.leave_frame(&Saved::new(0, 0));
            self.buffer.branch_register(X1);
        }
    }

    pub(super) fn call_shared(&mut self, code: SharedCode) {
        self.notes.thunks.push((self.offset(), code));
        self.buffer.call_elsewhere();
    }

    fn call_thunk(&mut self, helper: Helper, pc: Option<usize>) {
        self.call_shared(SharedCode::Helper(helper));
        self.notes.sites.push(Site {
            offset: self.offset(),
            pc: pc.map(|pc| pc as u32),
            above: 0,
            depth: 0,
            at_header: false,
        });
    }

    /// The ways out of a function whose native frame is only known at the end.
    pub(super) fn exits(&mut self, saved: &Saved) {
        if !self.flow.has_loops() {
            return;
        }
        self.buffer.bind(self.exit);
        self.buffer.leave_frame(saved);
        self.buffer.ret();
        self.buffer.bind(self.jump_exit);
        self.buffer.leave_frame(saved);
        self.buffer.branch_register(X1);
    }

    /// Emits code later, for a label, that comes back here.
    pub(super) fn emit_later(&mut self, label: Label, cold: Cold) {
        let joined = self.buffer.label();
        self.buffer.bind(joined);
        self.slow.stubs.push(Stub::Cold {
            label,
            pc: self.current.pc(),
            stack: self.current.stack(),
            cold,
            joined,
        });
    }
}
