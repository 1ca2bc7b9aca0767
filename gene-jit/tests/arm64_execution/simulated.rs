//! Executing one instruction by its simulator step.

use gene_jit::arm64::isle::{self, Inst};

use super::native::{Code, Exit, Memory, Result as Native, State, Trial};

/// What an instruction has done.
pub struct Outcome {
    state: State,
    exit: Exit,
    /// Address and bytes of each store.
    pub stores: Vec<(u64, Vec<u8>)>,
}

/// Why a state does not suit an instruction.
pub enum Stop {
    /// It reaches outside of the memory.
    Memory,
    /// It goes where nothing is prepared.
    Jump,
    /// It traps.
    Trap,
}

struct Simulator<'a> {
    state: State,
    pc: u64,
    code: &'a Code,
    memory: &'a Memory,
    stores: Vec<(u64, Vec<u8>)>,
}

impl isle::Machine for Simulator<'_> {
    type Stop = Stop;

    fn reg(&self, number: u8) -> u64 {
        *self
            .state
            .x
            .get(usize::from(number))
            .unwrap_or(&self.state.sp)
    }
    fn set_reg(&mut self, number: u8, value: u64) {
        let State { x, sp, .. } = &mut self.state;
        *x.get_mut(usize::from(number)).unwrap_or(sp) = value;
    }
    fn freg(&self, number: u8) -> u64 {
        self.state.d[usize::from(number)]
    }
    fn set_freg(&mut self, number: u8, value: u64) {
        self.state.d[usize::from(number)] = value;
    }
    fn nzcv(&self) -> u8 {
        (self.state.nzcv >> 28) as u8
    }
    fn set_nzcv(&mut self, flags: u8) {
        self.state.nzcv = u64::from(flags) << 28;
    }
    fn pc(&self) -> u64 {
        self.pc
    }
    fn set_pc(&mut self, address: u64) {
        self.pc = address;
    }
    fn load(&mut self, address: u64, bytes: u8) -> Result<u64, Stop> {
        let bytes = usize::from(bytes);
        let found = self.memory.get(address, bytes);
        let found = found
            .or_else(|| self.code.get(address, bytes))
            .ok_or(Stop::Memory)?;
        Ok(found
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }
    fn store(&mut self, address: u64, bytes: u8, value: u64) -> Result<(), Stop> {
        self.memory
            .get(address, usize::from(bytes))
            .ok_or(Stop::Memory)?;
        let bytes = value.to_le_bytes()[..usize::from(bytes)].to_vec();
        self.stores.push((address, bytes));
        Ok(())
    }
    fn fetch(&mut self, _: u64) -> Result<Inst, Stop> {
        Err(Stop::Jump)
    }
    fn trap(&mut self, _: u64) -> Result<(), Stop> {
        Err(Stop::Trap)
    }
}

/// Executes the instruction of a trial.
pub fn execute(
    trial: &Trial,
    before: &State,
    code: &Code,
    memory: &Memory,
) -> Result<Outcome, Stop> {
    let (state, stores) = (before.clone(), Vec::new());
    let mut simulator = Simulator {
        state,
        pc: trial.address,
        code,
        memory,
        stores,
    };
    trial.inst.execute(&mut simulator)?;
    let exit = trial.exit_at(simulator.pc).ok_or(Stop::Jump)?;
    Ok(Outcome {
        state: simulator.state,
        exit,
        stores: simulator.stores,
    })
}

impl Outcome {
    /// How the machine has done something else, if it has.
    pub fn difference(&self, actual: &Native, trial: &Trial, memory: &Memory) -> Option<String> {
        let (ours, theirs) = (&self.state, &actual.state);
        let differ = |what: &str, ours: u64, theirs: u64| {
            (ours != theirs).then(|| format!("{what} is {ours:#x}, on the machine {theirs:#x}"))
        };
        let general = (0..31)
            .filter(|&number| !trial.borrows(number))
            .find_map(|number| differ(&format!("x{number}"), ours.x[number], theirs.x[number]));
        let floating = (0..32)
            .find_map(|number| differ(&format!("d{number}"), ours.d[number], theirs.d[number]));
        general
            .or(floating)
            .or_else(|| differ("sp", ours.sp, theirs.sp))
            .or_else(|| differ("nzcv", ours.nzcv >> 28, theirs.nzcv >> 28))
            .or_else(|| (self.exit != actual.exit).then(|| "it goes elsewhere".to_string()))
            .or_else(|| {
                let stored = memory.differs_from(&self.stores)?;
                Some(format!("the memory at {stored:#x} differs"))
            })
    }
}
