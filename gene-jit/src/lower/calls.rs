//! Entry, calls, returns, jumps.

use super::facts::{Fact, Known};
use super::slow_paths::SlowPath;
use super::stubs::Stub;
use super::{Lowering, SLOT, Site};
use crate::arm64::emit::Saved;
use crate::arm64::{self, Cond, FRAME, Reg, X0, X1, X16, X17};
use crate::buffer::Label;
use crate::runtime::Helper;
use crate::thunks::SharedCode;
use crate::tree::effect::written_locals;
use crate::tree::{self, Node};
use gene_vm::vm::Vm;

impl Lowering<'_> {
    /// What a function does before its first instruction, and what is known then.
    pub(super) fn function_entry(&mut self) {
        let code = self.code;
        self.buffer.bind(self.start);
        self.prepare_frame();
        let nil = Known {
            fact: Fact::Other,
            ..Known::default()
        };
        for slot in code.params..code.locals {
            *self.locals.get_mut(slot) = nil;
        }
        if let Some(word) = self.receiver {
            let receiver = self.locals.get_mut(0);
            receiver.fact = Fact::Instance(word);
            receiver.address = Some(arm64::RECEIVER);
        }
        self.arrive(0);
        self.locals.clear();
    }

    /// Checks the stack and polls, with one comparison, and clears variables. A function that neither calls nor loops
    /// needs no check: the slack above the stack's limit is enough for its caller's operands and its frame, and its
    /// caller polls.
    fn prepare_frame(&mut self) {
        let code = self.code;
        if !tree::is_leaf(code) || code.frame_beyond_slack() > 0 {
            self.check_frame();
        }
        let (params, locals) = (code.params as usize, code.locals as usize);
        if locals > params {
            self.buffer
                .fill_slots(arm64::SINGLETON_TAG, params, locals - params);
        }
    }

    fn check_frame(&mut self) {
        let (label, joined) = (self.buffer.label(), self.buffer.label());
        let beyond = self.code.frame_beyond_slack();
        self.buffer
            .load(X16, arm64::CONTEXT, Vm::FRAME_LIMIT_OFFSET as i64);
        if beyond > 0 {
            self.buffer.add_constant(X17, FRAME, beyond as i64 * SLOT);
            self.buffer.compare(X17, X16);
        } else {
            self.buffer.compare(FRAME, X16);
        }
        self.buffer.branch_if(Cond::Hi, label);
        self.buffer.bind(joined);
        self.slow.stubs.push(Stub::Begin { label, joined });
    }

    /// Loads the address of the receiver to where the main code expects it.
    pub(super) fn load_receiver(&mut self) {
        self.buffer.load(arm64::RECEIVER, FRAME, 0);
        self.buffer.strip_pointer(arm64::RECEIVER, arm64::RECEIVER);
    }

    /// The entry for callers that have not checked the receiver, if the main code relies on that: goes to the main
    /// code if it is the one expected, else leaves.
    pub(super) fn unchecked_entry(&mut self, saved: &Saved) {
        let Some(word) = self.receiver else { return };
        self.buffer.bind(self.unchecked_entry);
        self.buffer.enter_frame(saved);
        self.buffer.bind(self.unchecked_start);
        let other = self.buffer.label();
        self.load_receiver();
        self.buffer.shift_out_address(X16, arm64::RECEIVER);
        self.buffer.branch_if_not_zero(X16, other);
        self.buffer.load(X16, arm64::RECEIVER, 0);
        self.buffer.load_literal(X17, word);
        self.buffer.compare(X16, X17);
        self.buffer.branch_if(Cond::Eq, self.start);
        self.buffer.bind(other);
        self.prepare_frame();
        let leave = self.leave_at(0);
        self.buffer.branch(leave);
    }

    // ── Calls ──────────────────────────────────────────────────────────────

    /// Does this call of the running function pass what its parameters want?
    fn fits_self(&self, count: u16) -> bool {
        self.code.fits(count.into())
    }

    pub(super) fn self_call(&mut self, count: u16, result: Node) {
        if !self.fits_self(count) {
            return self.runtime_call(result);
        }
        self.flush(self.line.stack);
        let above = self.enter_callee(count);
        self.buffer.call_label(self.unchecked_entry);
        self.leave_callee(above, result);
    }

    /// Makes the arguments the callee's frame; answers how far that is above.
    fn enter_callee(&mut self, count: u16) -> usize {
        self.sync();
        let first = self.line.stack.depth as usize - count as usize;
        let above = self.operand_offset(first);
        self.buffer.add_constant(FRAME, FRAME, above);
        above as usize
    }

    /// Calls the constructor in the frame that begins with the instance, which is the result.
    pub(super) fn call_constructor(&mut self, entry: Reg, count: u16, result: Node) {
        let depth = self.line.stack.depth as usize;
        // The instance is in the class's slot, the constructor in the next.
        let instance = self.operand_offset(depth - count as usize - 1);
        let above = instance + 2 * SLOT;
        self.buffer.add_constant(FRAME, FRAME, above);
        self.buffer.call_register(entry);
        self.come_back(above as usize);
        self.clobber_scratch();
        self.buffer.load(X0, FRAME, instance);
        self.bind_result(result);
        self.join_slow_call();
    }

    /// Calls the native function below the arguments.
    pub(super) fn native_call(&mut self, count: u16, result: Node) {
        self.flush(self.line.stack);
        let above = self.enter_callee(count);
        self.buffer.constant(arm64::X2, count.into());
        self.call_shared(SharedCode::Helper(Helper::Native));
        self.leave_callee(above, result);
    }

    fn leave_callee(&mut self, above: usize, result: Node) {
        self.come_back(above);
        self.clobber_scratch();
        self.bind_result(result);
    }

    /// A call returns here; the frame becomes this function's again.
    fn come_back(&mut self, above: usize) {
        let pc = Some(self.line.pc);
        self.notes.sites.push(Site {
            offset: self.offset(),
            pc,
            above: above as u32,
            depth: 0,
            at_header: false,
        });
        self.buffer.add_constant(FRAME, FRAME, -(above as i64));
    }

    pub(super) fn tail_self_call(&mut self, count: u16) {
        if !self.fits_self(count) {
            return self.runtime_tail_call();
        }
        self.flush(self.line.stack);
        self.move_arguments(count, 0);
        self.buffer.branch(self.unchecked_start);
    }

    /// Moves the arguments, and `callee` = 1 the callee, to the beginning of this frame.
    fn move_arguments(&mut self, count: u16, callee: usize) {
        let first = self.line.stack.depth as usize - count as usize - callee;
        for i in 0..count as usize + callee {
            let from = self.operand_offset(first + i);
            self.buffer.load(X16, FRAME, from);
            self.buffer
                .store(X16, FRAME, (i as i64 - callee as i64) * SLOT);
        }
    }

    /// Where the runtime makes the call at hand.
    pub(super) fn slow_call_label(&mut self) -> Label {
        let label = || SlowPath {
            label: self.buffer.label(),
            stores: 0..0,
        };
        self.slow_call.get_or_insert_with(label).label
    }

    /// Calls code at an address; the runtime's way joins behind.
    pub(super) fn call_entry(&mut self, entry: Reg, count: u16, result: Node) {
        let above = self.enter_callee(count);
        self.buffer.call_register(entry);
        self.leave_callee(above, result);
        self.join_slow_call();
    }

    /// Goes to code at an address, which returns to this function's caller.
    pub(super) fn tail_call_entry(&mut self, entry: Reg, count: u16) {
        self.move_arguments(count, 1);
        self.buffer.mov(X1, entry);
        self.jump_out();
        self.tail_call_slowly();
    }

    /// Calls code in tail position without leaving the frame before, and returns what it answers.
    pub(super) fn return_from_entry(&mut self, entry: Reg, count: u16) {
        let above = self.enter_callee(count);
        self.buffer.call_register(entry);
        self.come_back(above);
        self.leave_function();
        self.tail_call_slowly();
    }

    fn tail_call_slowly(&mut self) {
        if let Some(SlowPath { label, .. }) = self.slow_call.take() {
            let (pc, depth) = (self.line.pc as usize, self.line.stack.depth as usize);
            self.slow.stubs.push(Stub::TailCall { label, pc, depth });
        }
    }

    fn join_slow_call(&mut self) {
        if let Some(SlowPath { label, stores }) = self.slow_call.take() {
            let (pc, depth) = (self.line.pc as usize, self.line.stack.depth as usize);
            let joined = self.buffer.label();
            self.buffer.bind(joined);
            self.slow.stubs.push(Stub::Call {
                label,
                stores,
                pc,
                depth,
                joined,
            });
        }
    }

    /// Offset of the argument `i` of `count`, from the frame; -1 is the callee.
    pub(super) fn argument_offset(&self, count: u16, i: isize) -> i64 {
        let first = self.line.stack.depth as isize - count as isize;
        self.operand_offset((first + i) as usize)
    }

    pub(super) fn runtime_call(&mut self, result: Node) {
        self.flush(self.line.stack);
        self.sync();
        self.call_runtime(
            Helper::Call,
            self.line.pc as usize,
            self.line.stack.depth as usize,
        );
        self.clobber_scratch();
        self.bind_result(result);
    }

    pub(super) fn runtime_tail_call(&mut self) {
        self.flush(self.line.stack);
        self.tail_call_by_thunk(self.line.pc as usize, self.line.stack.depth as usize);
    }

    /// Returns with the result in its register.
    pub(super) fn leave_function(&mut self) {
        if self.flow.has_loops() {
            // What the frame saves is only known at the end.
            self.buffer.branch(self.exit);
        } else {
            self.buffer.leave_frame(&Saved::new(0, 0));
            self.buffer.ret();
        }
    }

    // ── Instructions that the runtime runs ─────────────────────────────────

    pub(super) fn plain_by_runtime(&mut self, helper: Helper) {
        self.flush(self.line.stack);
        self.sync();
        let pc = self.line.pc as usize;
        self.call_runtime(helper, pc, self.line.stack.depth as usize);
        self.clobber_scratch();
        for slot in written_locals(self.code.instrs[pc]) {
            self.forget_local(slot);
        }
    }

    pub(super) fn branch_by_runtime(&mut self, target: u32) {
        self.plain_by_runtime(Helper::Branch);
        let label = self.arrive(target as usize);
        self.buffer.branch_if_not_zero_word(X0, label);
    }

    /// Makes the element the result of an iteration's step.
    pub(super) fn finish_step(&mut self, element: Reg, result: Node) {
        for slot in written_locals(self.code.instrs[self.line.pc as usize]) {
            self.forget_local(slot);
        }
        self.buffer.mov(X0, element);
        self.clobber_scratch();
        self.bind_result(result);
    }

    // ── Jumps ──────────────────────────────────────────────────────────────

    pub(super) fn jump_to(&mut self, target: usize) {
        self.sync_for(target);
        let label = self.arrive(target);
        self.go_to_block(target, label);
    }

    /// Goes to a later block, unless its code follows at once.
    pub(super) fn go_to_block(&mut self, target: usize, label: Label) {
        self.falls_through = self.arrivals.next(self.line.pc as usize) == Some(target);
        if !self.falls_through {
            self.buffer.branch(label);
        }
    }

    pub(super) fn branch_to(&mut self, cond: Cond, target: usize) {
        let label = self.arrive(target);
        let label = self.exit_label(target, label);
        self.buffer.branch_if(cond, label);
    }

    /// A loop's back edge, which is a safepoint.
    pub(super) fn back_edge(&mut self, target: usize) {
        let Some(header) = self.establish_header(target) else {
            return;
        };
        self.buffer.load_context_word(X16, Vm::POLL_OFFSET);
        self.buffer.branch_if_zero_word(X16, header);
        self.sync();
        self.call_runtime(
            Helper::Safepoint,
            self.line.pc as usize,
            self.line.stack.depth as usize,
        );
        if self.headers[&target].expects.names_hold {
            self.check_names_at(target);
        }
        self.buffer.branch(header);
    }
}
