//! The simulator against the machine: every declared instruction is executed on this processor,
//! which may be an emulated one, and by its simulator step, from the same registers, flags and
//! memory, and must leave the same behind.

#[path = "arm64_execution/inputs.rs"]
mod inputs;
#[path = "arm64_execution/native.rs"]
mod native;
#[path = "arm64_execution/simulated.rs"]
mod simulated;

use std::collections::{BTreeMap, BTreeSet};

use gene_jit::arm64::isle::Inst;
use inputs::Random;
use native::{Exit, Memory, Trial};
use simulated::Outcome;

/// How many different operands of each instruction are tried, and how many states for each.
const WORDS: usize = 250;
const STATES: usize = 6;

#[test]
fn the_simulator_does_what_the_machine_does() {
    if !cfg!(all(target_arch = "aarch64", target_os = "linux")) {
        eprintln!("skipped: this machine does not execute AArch64 instructions");
        return;
    }
    let mut random = Random(11);
    let words: Vec<u32> = inputs::words(WORDS, &mut random);
    let code = native::Code::new(&words);
    let inputs = inputs::Inputs::new(&mut random);
    let mut memory = Memory::new();
    let mut exits: BTreeMap<&str, BTreeSet<Exit>> = BTreeMap::new();
    let (mut trials, mut wrong) = (0, Vec::new());
    for trial in code.trials() {
        for _ in 0..STATES {
            let Some((before, expected)) =
                agreeable_state(&inputs, trial, &code, &memory, &mut random)
            else {
                continue;
            };
            let actual = code.run(trial, &before, &mut memory);
            exits
                .entry(trial.inst.name())
                .or_default()
                .insert(actual.exit);
            trials += 1;
            let difference = expected.difference(&actual, trial, &memory);
            if let Some(difference) = difference {
                wrong.push(format!("{:08x} {}: {difference}", trial.word, trial.inst));
            }
            memory.restore(&expected.stores);
        }
    }
    println!("{trials} executions of {} instructions", exits.len());
    assert!(
        wrong.is_empty(),
        "{} of {trials} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    assert!(
        memory.is_original(),
        "something was stored far from where it should be"
    );
    for &(name, ..) in Inst::PATTERNS {
        let seen = exits.get(name).map_or(0, BTreeSet::len);
        match name {
            // It would end this program.
            "brk" => assert_eq!(seen, 0),
            // Taken forwards, taken backwards and not taken.
            "b_cond" | "cbz" | "cbz_w" | "cbnz" | "cbnz_w" | "tbz" | "tbnz" => {
                assert_eq!(seen, 3, "{name} has not gone all ways")
            }
            _ => assert!(seen > 0, "{name} was never executed"),
        }
    }
}

/// A state in which the instruction stays within the memory and the code made for it, and what
/// the simulator makes of it.
fn agreeable_state(
    inputs: &inputs::Inputs,
    trial: &Trial,
    code: &native::Code,
    memory: &Memory,
    random: &mut Random,
) -> Option<(native::State, Outcome)> {
    let mut hint = inputs::Hint::None;
    for _ in 0..8 {
        let state = inputs.state(trial, memory, hint, random);
        match simulated::execute(trial, &state, code, memory) {
            Ok(outcome) => return Some((state, outcome)),
            Err(simulated::Stop::Memory) => hint = inputs::Hint::Pointers,
            Err(simulated::Stop::Jump) => hint = inputs::Hint::Jumps,
            Err(simulated::Stop::Trap) => return None,
        }
    }
    None
}
