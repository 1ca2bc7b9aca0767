//! Code that all functions of a VM share: the ways between compiled code and the runtime.

use crate::arm64::emit::Saved;
use crate::arm64::{self, Cond, FRAME, Fixup, Inst, LINK, X0, X1, X2, X3, X5, X16};
use crate::buffer::{CodeBuffer, Label};
use crate::memory::{Arena, Block};
use crate::runtime::{Answer, Helper, Place};
use gene_vm::object::Function;
use gene_vm::value::{POINTER_TAG, SMALL_INT_TAG, Value};
use std::mem::offset_of;
use std::rc::Rc;

/// The shared code.
pub struct Thunks {
    _block: Block,
    helpers: [usize; Helper::ALL.len()],
    /// `fn(vm, base, address) -> result`: the way from Rust into compiled code.
    pub enter: usize,
    /// Where an exception that no compiled code catches goes on, below the frame of `enter`.
    pub uncaught: usize,
    /// Leaves a native frame that holds nothing but the return address and goes to the address in `x1`.
    pub jump_exit: usize,
    /// Returns what lies in the callee's slot.
    pub return_value: usize,
}

/// Registers that `enter` saves: all that compiled code changes and the C calling convention keeps.
const KEPT_INTS: u32 = 0x3ff8_0000;
const KEPT_FLOATS: u32 = 0xff00;

impl Thunks {
    /// Emits the shared code. `shared` is an address that the runtime's functions get. `None` if there is no memory for it.
    pub fn new(arena: &Rc<Arena>, shared: usize) -> Option<Thunks> {
        let mut buffer = CodeBuffer::<Fixup>::default();
        let saved = Saved::new(KEPT_INTS, KEPT_FLOATS);
        let link = Saved::new(0, 0);

        let enter = buffer.here();
        buffer.enter_frame(&saved);
        buffer.mov(arm64::CONTEXT, X0);
        buffer.mov(FRAME, X1);
        buffer.constant(arm64::SMALL_INT_TAG, SMALL_INT_TAG);
        buffer.constant(arm64::POINTER_TAG, POINTER_TAG);
        buffer.call_register(X2);
        buffer.leave_frame(&saved);
        buffer.ret();
        let uncaught = buffer.here();
        buffer.constant(X0, Value::EXCEPTION.bits());
        buffer.leave_frame(&saved);
        buffer.ret();

        let jump_exit = buffer.here();
        buffer.leave_frame(&link);
        buffer.branch_register(X1);

        let return_value = buffer.here();
        buffer.load(X0, FRAME, -8);
        buffer.ret();

        let unwind = buffer.label();
        let helpers = Helper::ALL.map(|helper| {
            let label = buffer.here();
            match helper.answer() {
                Answer::Value => {
                    buffer.enter_frame(&link);
                    buffer.mov(X0, arm64::CONTEXT);
                    buffer.load(X1, FRAME, -8);
                    buffer.inst(Inst::Eor {
                        rd: X1,
                        rn: X1,
                        rm: arm64::POINTER_TAG,
                    });
                    buffer.load(X1, X1, Function::CODE_OFFSET as i64);
                    buffer.mov(X3, FRAME);
                    buffer.load_literal(X5, shared as u64);
                    buffer.call_address(helper.address());
                    buffer.leave_frame(&link);
                    buffer.constant(X16, Value::EXCEPTION.bits());
                    buffer.compare(X0, X16);
                    buffer.branch_if(Cond::Eq, unwind);
                    buffer.ret();
                }
                Answer::Place => {
                    if helper == Helper::Unwind {
                        buffer.bind(unwind);
                    }
                    // The return address is passed on in the link register, which the frames below have saved.
                    let keeps_link = helper == Helper::Interpret;
                    buffer.mov(X1, LINK);
                    if keeps_link {
                        buffer.enter_frame(&link);
                    }
                    buffer.mov(X0, arm64::CONTEXT);
                    buffer.mov(X2, FRAME);
                    buffer.load_literal(X3, shared as u64);
                    buffer.call_address(helper.address());
                    if keeps_link {
                        buffer.leave_frame(&link);
                    }
                    buffer.load(FRAME, X0, offset_of!(Place, base) as i64);
                    buffer.load(X1, X0, offset_of!(Place, then) as i64);
                    buffer.load(X0, X0, offset_of!(Place, address) as i64);
                    buffer.branch_register(X0);
                }
            }
            label
        });

        let finished = buffer.finish(&[], enter);
        let block = arena.place(&finished.code, |_, _| {})?;
        let address = |label: Label| block.address() + finished.offset(label);
        Some(Thunks {
            helpers: helpers.map(address),
            enter: address(enter),
            uncaught: address(uncaught),
            jump_exit: address(jump_exit),
            return_value: address(return_value),
            _block: block,
        })
    }

    /// The address of the code that calls a function of the runtime.
    pub fn of(&self, helper: Helper) -> usize {
        self.helpers[helper as usize]
    }
}
