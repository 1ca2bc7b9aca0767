//! The simulator: runs arm64 code on any host, in this process.
//!
//! The code lies in this process's memory and works on the VM's own objects; only its instructions are carried out by
//! the step function that their declarations generate. A branch to a function of the runtime calls that function.

use crate::arm64::isle::{Inst, Machine};
use crate::runtime::Helper;
use std::alloc::Layout;
use std::collections::HashMap;
use std::ops::Range;
use std::ptr::NonNull;

/// Bytes of the simulated native stack. Pages that nothing touches cost nothing.
const STACK_BYTES: usize = 160 << 20;
/// The return address at which the simulation ends.
const END: u64 = 0xE0D0;
/// Registers that pass arguments.
const ARGUMENTS: usize = 8;
/// Decoded instructions that are remembered.
const DECODED: usize = 1 << 14;

/// What the simulated program did that no program of the JIT does.
#[derive(Debug)]
pub enum Fault {
    /// There is no such instruction.
    Undeclared {
        /// Where.
        address: u64,
        /// Its word.
        word: u32,
    },
    /// A trap instruction.
    Trap(u64),
}

/// The machine.
pub struct Simulator {
    x: [u64; 32],
    d: [u64; 32],
    nzcv: u8,
    pc: u64,
    stack: NonNull<u8>,
    /// Addresses of the runtime's functions.
    helpers: Vec<(u64, Helper)>,
    decoded: Box<[(u32, Inst)]>,
    /// Instructions carried out so far.
    pub executed: u64,
    /// How often the instruction at each address was carried out, if that is to be known.
    counts: Option<HashMap<u64, u64>>,
}

fn stack_layout() -> Layout {
    Layout::from_size_align(STACK_BYTES, 16).expect("a constant")
}

impl Simulator {
    /// A machine, which counts by address what it carries out if `counting`.
    pub fn new(counting: bool) -> Simulator {
        // SAFETY: the size is not zero.
        let stack = NonNull::new(unsafe { std::alloc::alloc_zeroed(stack_layout()) });
        let stack = stack.unwrap_or_else(|| std::alloc::handle_alloc_error(stack_layout()));
        let mut x = [0; 32];
        x[31] = stack.as_ptr() as u64 + STACK_BYTES as u64;
        let nop = Inst::Nop {};
        Simulator {
            x,
            d: [0; 32],
            nzcv: 0,
            pc: 0,
            stack,
            helpers: Helper::ALL
                .map(|helper| (helper.address() as u64, helper))
                .to_vec(),
            decoded: vec![(nop.word(), nop); DECODED].into(),
            executed: 0,
            counts: counting.then(HashMap::new),
        }
    }

    /// Begins to count anew at some addresses, where there is other code now.
    pub fn forget(&mut self, addresses: Range<usize>) {
        if let Some(counts) = &mut self.counts {
            counts.retain(|&address, _| !addresses.contains(&(address as usize)));
        }
    }

    /// How often the instruction at an address was carried out, if it was and that is known.
    pub fn count_at(&self, address: usize) -> Option<u64> {
        self.counts.as_ref()?.get(&(address as u64)).copied()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { std::alloc::dealloc(self.stack.as_ptr(), stack_layout()) };
    }
}

/// Calls the code at `address` with up to three arguments and answers its result. Code that it calls in the runtime
/// may call the simulator again.
///
/// # Safety
/// `simulator` is alive and not borrowed, here and in what the runtime's functions do, and the code at `address` is code of
/// the JIT with its arguments.
pub unsafe fn call(simulator: *mut Simulator, address: usize, args: [u64; 3]) -> u64 {
    // SAFETY: no borrow of the simulator lives across a call of the runtime; code of the JIT passes what its functions
    // take.
    unsafe {
        let saved_link = (*simulator).x[30];
        let saved_pc = (*simulator).pc;
        (&mut (*simulator).x)[..3].copy_from_slice(&args);
        (*simulator).x[30] = END;
        (*simulator).pc = address as u64;
        loop {
            let pc = (*simulator).pc;
            if pc == END {
                break;
            }
            let step = {
                let machine = &mut *simulator;
                machine.fetch(pc).and_then(|inst| {
                    machine.executed += 1;
                    if let Some(counts) = &mut machine.counts {
                        *counts.entry(pc).or_default() += 1;
                    }
                    inst.execute(machine)
                })
            };
            let Err(fault) = step else { continue };
            let Some(helper) = (*simulator).helper_at(pc) else {
                unreachable!("the JIT emits declared instructions only: {fault:?}");
            };
            let x = (*simulator).x;
            (*simulator).x[0] = helper.invoke(&x[..ARGUMENTS]);
            (*simulator).pc = (*simulator).x[30];
        }
        (*simulator).pc = saved_pc;
        (*simulator).x[30] = saved_link;
        (*simulator).x[0]
    }
}

impl Simulator {
    /// The function of the runtime at an address.
    fn helper_at(&self, address: u64) -> Option<Helper> {
        let mut helpers = self.helpers.iter();
        helpers
            .find(|(at, _)| *at == address)
            .map(|&(_, helper)| helper)
    }
}

impl Machine for Simulator {
    type Stop = Fault;

    fn reg(&self, number: u8) -> u64 {
        self.x[number as usize]
    }

    fn set_reg(&mut self, number: u8, value: u64) {
        self.x[number as usize] = value;
    }

    fn freg(&self, number: u8) -> u64 {
        self.d[number as usize]
    }

    fn set_freg(&mut self, number: u8, value: u64) {
        self.d[number as usize] = value;
    }

    fn nzcv(&self) -> u8 {
        self.nzcv
    }

    fn set_nzcv(&mut self, flags: u8) {
        self.nzcv = flags;
    }

    fn pc(&self) -> u64 {
        self.pc
    }

    fn set_pc(&mut self, address: u64) {
        self.pc = address;
    }

    fn load(&mut self, address: u64, bytes: u8) -> Result<u64, Fault> {
        let mut buffer = [0; 8];
        // SAFETY: code of the JIT reads the VM's objects and stacks, as it would natively.
        unsafe {
            std::ptr::copy_nonoverlapping(
                address as *const u8,
                buffer.as_mut_ptr(),
                bytes as usize,
            );
        }
        Ok(u64::from_le_bytes(buffer))
    }

    fn store(&mut self, address: u64, bytes: u8, value: u64) -> Result<(), Fault> {
        let buffer = value.to_le_bytes();
        // SAFETY: code of the JIT writes the VM's objects and stacks, as it would natively.
        unsafe {
            std::ptr::copy_nonoverlapping(buffer.as_ptr(), address as *mut u8, bytes as usize);
        }
        Ok(())
    }

    fn fetch(&mut self, address: u64) -> Result<Inst, Fault> {
        if self.helper_at(address).is_some() {
            // The host's code is not for this machine.
            return Err(Fault::Undeclared { address, word: 0 });
        }
        // SAFETY: the program counter is in code of the JIT.
        let word = u32::from_le_bytes(unsafe { (address as *const [u8; 4]).read() });
        let slot = (word.wrapping_mul(0x9E37_79B1) >> 18) as usize;
        if self.decoded[slot].0 != word {
            let inst = Inst::decode(word).ok_or(Fault::Undeclared { address, word })?;
            self.decoded[slot] = (word, inst);
        }
        Ok(self.decoded[slot].1)
    }

    fn trap(&mut self, code: u64) -> Result<(), Fault> {
        Err(Fault::Trap(code))
    }
}
