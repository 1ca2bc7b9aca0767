//! Code that all functions of a VM share: the ways between compiled code and the runtime.

use crate::arm64::emit::Saved;
use crate::arm64::isle::ClassId;
use crate::arm64::{self, Cond, FRAME, Fixup, Inst, LINK, Reg, SLOT, X0, X1, X2, X16};
use crate::buffer::{CodeBuffer, Label};
use crate::look_up;
use crate::memory::{Arena, Block};
use crate::runtime::{Helper, Place};
use gene_vm::object::Function;
use gene_vm::tier::{NATIVE_ENTRIES, NativeEntries};
use gene_vm::value::{POINTER_TAG, SMALL_INT_TAG, SPECIAL_TAG, Value};
use std::mem::offset_of;
use std::rc::Rc;

/// Shared code that other code calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SharedCode {
    /// The way to a function of the runtime.
    Helper(Helper),
    /// See [`look_up::ask_table`].
    LookUp,
    /// See [`look_up::search_ways`].
    SearchWays,
    /// See [`look_up::search_map`].
    SearchMap,
}

impl SharedCode {
    /// What listings call it.
    pub fn name(self) -> &'static str {
        match self {
            SharedCode::Helper(helper) => helper.info().name,
            SharedCode::LookUp => "look_up",
            SharedCode::SearchWays => "search_ways",
            SharedCode::SearchMap => "search_map",
        }
    }
}

/// The shared code.
pub struct Thunks {
    _block: Block,
    helpers: [usize; Helper::ALL.len()],
    look_up: usize,
    search_ways: usize,
    search_map: usize,
    /// `fn(vm, base, address) -> result`: the way from Rust into compiled code.
    pub enter: usize,
    /// Where an exception that no compiled code catches goes on, below the frame of `enter`.
    pub uncaught: usize,
    /// Leaves a native frame that holds nothing but the return address and goes to the address in `x1`.
    pub jump_exit: usize,
    /// Returns what lies in the callee's slot.
    pub return_value: usize,
    /// Calls the native function below the frame, with so many arguments.
    pub natives: NativeEntries,
}

/// Registers that `enter` saves: the pinned ones. Functions save what they use of the others that calls keep.
const PINNED: u32 = {
    let pinned = [
        arm64::SINGLETON_TAG,
        arm64::POINTER_TAG,
        arm64::SMALL_INT_TAG,
        arm64::CONTEXT,
        FRAME,
    ];
    let (mut set, mut i) = (0, 0);
    while i < pinned.len() {
        set |= 1 << pinned[i].number();
        i += 1;
    }
    set
};

impl Thunks {
    /// Emits the shared code. `shared` is an address that the runtime's functions get. `None` if there is no memory for it.
    pub fn new(arena: &Rc<Arena>, shared: usize) -> Option<Thunks> {
        let mut buffer = CodeBuffer::<Fixup>::default();
        let saved = Saved::new(PINNED, 0);
        let link = Saved::new(0, 0);

        let enter = buffer.here();
        buffer.enter_frame(&saved);
        buffer.mov(arm64::CONTEXT, X0);
        buffer.mov(FRAME, X1);
        buffer.constant(arm64::SMALL_INT_TAG, SMALL_INT_TAG);
        buffer.constant(arm64::POINTER_TAG, POINTER_TAG);
        buffer.constant(arm64::SINGLETON_TAG, SPECIAL_TAG);
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
        buffer.load(X0, FRAME, -SLOT);
        buffer.ret();

        let helpers = Helper::ALL.map(|_| buffer.label());
        let unwind = helpers[Helper::Unwind as usize];
        for (helper, label) in Helper::ALL.into_iter().zip(helpers) {
            buffer.bind(label);
            call_sequence(&mut buffer, helper, shared, unwind);
        }

        let natives: [Label; NATIVE_ENTRIES] = std::array::from_fn(|count| {
            let entry = buffer.here();
            buffer.constant(X2, count as u64);
            buffer.branch(helpers[Helper::Native as usize]);
            entry
        });

        let search_ways = buffer.here();
        look_up::search_ways(&mut buffer);
        let look_up = buffer.here();
        look_up::ask_table(&mut buffer);
        let search_map = buffer.here();
        look_up::search_map(&mut buffer);

        let finished = buffer.finish(&[], enter);
        let block = arena.place(&finished.code, |_, _| {})?;
        let address = |label: Label| block.address() + finished.offset(label);
        Some(Thunks {
            helpers: helpers.map(address),
            look_up: address(look_up),
            search_ways: address(search_ways),
            search_map: address(search_map),
            natives: natives.map(address),
            enter: address(enter),
            uncaught: address(uncaught),
            jump_exit: address(jump_exit),
            return_value: address(return_value),
            _block: block,
        })
    }

    /// The address of shared code.
    pub fn address(&self, code: SharedCode) -> usize {
        match code {
            SharedCode::Helper(helper) => self.of(helper),
            SharedCode::LookUp => self.look_up,
            SharedCode::SearchWays => self.search_ways,
            SharedCode::SearchMap => self.search_map,
        }
    }

    /// The address of the code that calls a function of the runtime.
    pub fn of(&self, helper: Helper) -> usize {
        self.helpers[helper as usize]
    }
}

/// The way from compiled code to a function of the runtime and back, as the function's declaration says.
/// Compiled code passes what only it knows: the instruction and the operands on the stack.
fn call_sequence(buffer: &mut CodeBuffer<Fixup>, helper: Helper, shared: usize, unwind: Label) {
    let link = Saved::new(0, 0);
    let info = helper.info();
    buffer.enter_frame(&link);
    for (number, class) in (0..).zip(info.args) {
        let reg = Reg::new(number);
        match class {
            ClassId::Vm => buffer.mov(reg, arm64::CONTEXT),
            ClassId::Shared => buffer.load_literal(reg, shared as u64),
            ClassId::CodeObject => {
                buffer.load(reg, FRAME, -SLOT);
                buffer.inst(Inst::Eor {
                    rd: reg,
                    rn: reg,
                    rm: arm64::POINTER_TAG,
                });
                buffer.load(reg, reg, Function::CODE_OFFSET as i64);
            }
            ClassId::Frame => buffer.mov(reg, FRAME),
            ClassId::ReturnAddress => buffer.mov(reg, LINK),
            _ => {}
        }
    }
    buffer.call_address(helper.address());
    buffer.leave_frame(&link);
    if info.may_raise {
        buffer.constant(X16, Value::EXCEPTION.bits());
        buffer.compare(X0, X16);
        buffer.branch_if(Cond::Eq, unwind);
    }
    if info.result == ClassId::Place {
        buffer.load(FRAME, X0, offset_of!(Place, base) as i64);
        buffer.load(X1, X0, offset_of!(Place, then) as i64);
        buffer.load(X0, X0, offset_of!(Place, address) as i64);
        buffer.branch_register(X0);
    } else {
        buffer.ret();
    }
}
