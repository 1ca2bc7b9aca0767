//! What instructions do, in the simulator and on an AArch64 processor or in its emulator.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::generated::{Inst, Machine};
use super::{Random, words};

/// Where the code and the data of a case lie.
const CODE: u64 = 0x7000_0000;
const DATA: u64 = 0x7100_0000;
const DATA_SIZE: usize = 4096;

/// After the instruction comes one that a branch may skip, and the return.
const AFTER: [u32; 2] = [0x9100_079c, 0xd65f_03c0];

/// The state of a processor before or after an instruction: x0 to x28, d0 to d31 and memory.
#[derive(Clone, PartialEq)]
struct State {
    word: u32,
    nzcv: u8,
    x: [u64; 29],
    d: [u64; 32],
    memory: Vec<u8>,
    pc: u64,
}

impl State {
    fn new(word: u32) -> State {
        let memory = (0..DATA_SIZE).map(|at| (at * 7 + at / 64) as u8).collect();
        State {
            word,
            nzcv: 0,
            x: [0; 29],
            d: [0; 32],
            memory,
            pc: CODE,
        }
    }

    /// As the program that runs it reads and writes it.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.word.to_le_bytes().to_vec();
        bytes.extend((u32::from(self.nzcv) << 28).to_le_bytes());
        bytes.extend(
            self.x
                .iter()
                .chain(&self.d)
                .flat_map(|value| value.to_le_bytes()),
        );
        bytes
    }

    fn place(&self, address: u64, bytes: u8) -> Result<usize, ()> {
        let at = address.wrapping_sub(DATA);
        let fits = at <= (DATA_SIZE - usize::from(bytes)) as u64;
        if fits { Ok(at as usize) } else { Err(()) }
    }
}

impl Machine for State {
    type Stop = ();
    fn reg(&self, number: u8) -> u64 {
        self.x[usize::from(number)]
    }
    fn set_reg(&mut self, number: u8, value: u64) {
        self.x[usize::from(number)] = value;
    }
    fn freg(&self, number: u8) -> u64 {
        self.d[usize::from(number)]
    }
    fn set_freg(&mut self, number: u8, value: u64) {
        self.d[usize::from(number)] = value;
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
    fn load(&mut self, address: u64, bytes: u8) -> Result<u64, ()> {
        let at = self.place(address, bytes)?;
        let mut value = [0; 8];
        value[..usize::from(bytes)].copy_from_slice(&self.memory[at..at + usize::from(bytes)]);
        Ok(u64::from_le_bytes(value))
    }
    fn store(&mut self, address: u64, bytes: u8, value: u64) -> Result<(), ()> {
        let at = self.place(address, bytes)?;
        let value = value.to_le_bytes();
        self.memory[at..at + usize::from(bytes)].copy_from_slice(&value[..usize::from(bytes)]);
        Ok(())
    }
    fn fetch(&mut self, address: u64) -> Result<Inst, ()> {
        let word = match address.wrapping_sub(CODE) {
            0 => self.word,
            4 => AFTER[0],
            _ => return Err(()),
        };
        Inst::decode(word).ok_or(())
    }
    fn trap(&mut self, _code: u64) -> Result<(), ()> {
        Err(())
    }
}

/// Values at the edges of integers and floats of 32 and 64 bits.
const EDGES: &[u64] = &[
    0,
    1,
    2,
    63,
    64,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    i64::MAX as u64,
    i64::MIN as u64,
    u64::MAX,
    // -0.0, 1.0, -1.5, 0.5, 2.5, infinities, quiet and signaling NaNs, the smallest subnormal.
    0x8000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff8_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0x4004_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_1234,
    0xfff0_0000_0000_0001,
    0x7ff4_0000_2000_0000,
    // 2^63, the double below it, 1e300, 2^53 + 1.
    0x43e0_0000_0000_0000,
    0x43df_ffff_ffff_ffff,
    0x7e37_e43c_8800_759c,
    0x0020_0000_0000_0001,
    // The same in 32 bits.
    0x3f80_0000,
    0xbfc0_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0123,
    0x7fa0_0001,
    0xffc0_0000,
    0x4f00_0000,
    0x3f00_0000,
];

fn value(random: &mut Random) -> u64 {
    match random.next() % 4 {
        0 => random.next(),
        1 => random.next() % 100,
        _ => EDGES[(random.next() % EDGES.len() as u64) as usize],
    }
}

/// States before an instruction, as many of each instruction as `most`.
fn cases(most: usize) -> Vec<State> {
    let mut random = Random(11);
    let mut cases = Vec::new();
    for (name, words) in words() {
        // These leave the code, stop, or read the code as data.
        if ["bl", "blr", "br", "ret", "brk", "ldr_literal"].contains(&name.as_str()) {
            continue;
        }
        let mut found = 0;
        for attempt in 0..16_000 {
            let word = words[(random.next() % words.len() as u64) as usize];
            let mut inst = Inst::decode(word).unwrap();
            let mut word = word;
            if let (Some((_, fixup)), true) = (inst.target(), name != "adr") {
                word = fixup.patch(inst.word(), 8).unwrap();
                inst = Inst::decode(word).unwrap();
            }
            // The program that runs the cases needs these for itself.
            let text = inst.to_string();
            if ["x29", "x30", "w29", "w30", "sp"]
                .iter()
                .any(|register| text.contains(register))
            {
                continue;
            }
            // What a load of two values into one register gives, or one that also changes its
            // base, the manual leaves open.
            let mut registers: Vec<_> = text
                .split(|c: char| !c.is_alphanumeric())
                .filter(|part| part.starts_with(['x', 'w', 'd']) && part[1..].parse::<u8>().is_ok())
                .map(|part| part.replace('w', "x"))
                .collect();
            let all = registers.len();
            registers.sort_unstable();
            registers.dedup();
            let writes_base = name.ends_with("_pre") || name.ends_with("_post");
            if registers.len() < all && (name.starts_with("ldp") || writes_base) {
                continue;
            }
            let mut state = State::new(word);
            state.nzcv = (random.next() % 16) as u8;
            state.x = std::array::from_fn(|_| value(&mut random));
            state.d = std::array::from_fn(|_| value(&mut random));
            if text.contains('[') {
                // Most registers point into the data, the others are small.
                let near = |random: &mut Random| DATA + 256 + random.next() % 3000;
                let far = attempt % 2 == 0;
                for register in 0..29 {
                    state.x[register] = if far || register % 2 == 0 {
                        near(&mut random)
                    } else {
                        random.next() % 64
                    };
                }
            }
            let mut after = state.clone();
            if simulate(&mut after).is_ok() {
                cases.push(state);
                found += 1;
                if found == most {
                    break;
                }
            }
        }
        assert!(found > 0, "no case for {name}");
    }
    cases
}

/// Runs the code of a case up to its return.
fn simulate(state: &mut State) -> Result<(), ()> {
    while state.pc != CODE + 8 {
        let inst = state.fetch(state.pc)?;
        inst.execute(state)?;
    }
    Ok(())
}

#[test]
fn the_simulator_does_what_the_processor_does() {
    let folder = std::env::temp_dir().join(format!("gene-isle-run-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("run");
    let Some(mut runner) = runner(&folder, &program) else {
        eprintln!("skipped: no C compiler for AArch64, or no way to run its programs");
        return;
    };
    let cases = cases(60);
    let mut child = runner
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes: Vec<u8> = cases.iter().flat_map(State::to_bytes).collect();
    let writer = std::thread::spawn(move || input.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let size = State::new(0).to_bytes().len();
    assert_eq!(output.stdout.len(), cases.len() * (size + DATA_SIZE));
    let mut wrong = Vec::new();
    for (case, theirs) in cases.iter().zip(output.stdout.chunks(size + DATA_SIZE)) {
        let mut ours = case.clone();
        simulate(&mut ours).unwrap();
        let inst = Inst::decode(case.word).unwrap();
        let mut bytes = ours.to_bytes();
        bytes.extend(&ours.memory);
        if bytes != theirs {
            let at = bytes.iter().zip(theirs).position(|(a, b)| a != b).unwrap() & !7;
            let word = |bytes: &[u8]| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
            let place = match at {
                0 => "flags".to_string(),
                8..240 => format!("x{}", (at - 8) / 8),
                240..496 => format!("d{}", (at - 240) / 8),
                _ => format!("memory at {}", at - 496),
            };
            let before = if at < 496 { word(&case.to_bytes()) } else { 0 };
            let (ours, theirs) = (word(&bytes), word(theirs));
            wrong.push(format!(
                "{inst}: {place} was {before:x}, ours {ours:x}, theirs {theirs:x}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong[..wrong.len().min(60)].join("\n")
    );
}

/// The command that runs cases, if this machine can build and execute it.
fn runner(folder: &Path, program: &Path) -> Option<Command> {
    let source = folder.join("run.c");
    std::fs::write(&source, RUNNER).unwrap();
    let native = cfg!(target_arch = "aarch64");
    let compiler = if native {
        "cc"
    } else {
        "aarch64-linux-gnu-gcc"
    };
    let built = Command::new(compiler)
        .args(["-O1", "-static", "-o"])
        .args([program, &source])
        .status();
    if !built.is_ok_and(|status| status.success()) {
        return None;
    }
    if native {
        return Some(Command::new(program));
    }
    let emulator = ["qemu-aarch64", "qemu-aarch64-static"]
        .into_iter()
        .find(|emulator| Command::new(emulator).arg("--version").output().is_ok())?;
    let mut command = Command::new(emulator);
    command.arg(program);
    Some(command)
}

/// Reads cases, runs each instruction in a page of code, and writes the states after.
const RUNNER: &str = r#"
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct state { uint32_t word, nzcv; uint64_t x[29], d[32]; };

void run(struct state *state, void *code);
__asm__(
".global run\nrun:\n"
"stp x29, x30, [sp, #-96]!\nstp x19, x20, [sp, #16]\nstp x21, x22, [sp, #32]\n"
"stp x23, x24, [sp, #48]\nstp x25, x26, [sp, #64]\nstp x27, x28, [sp, #80]\n"
"stp d8, d9, [sp, #-64]!\nstp d10, d11, [sp, #16]\nstp d12, d13, [sp, #32]\nstp d14, d15, [sp, #48]\n"
"mov x29, x0\nmov x30, x1\nldr w2, [x29, #4]\nmsr nzcv, x2\n"
"ldp d0, d1, [x29, #240]\nldp d2, d3, [x29, #256]\nldp d4, d5, [x29, #272]\nldp d6, d7, [x29, #288]\n"
"ldp d8, d9, [x29, #304]\nldp d10, d11, [x29, #320]\nldp d12, d13, [x29, #336]\nldp d14, d15, [x29, #352]\n"
"ldp d16, d17, [x29, #368]\nldp d18, d19, [x29, #384]\nldp d20, d21, [x29, #400]\nldp d22, d23, [x29, #416]\n"
"ldp d24, d25, [x29, #432]\nldp d26, d27, [x29, #448]\nldp d28, d29, [x29, #464]\nldp d30, d31, [x29, #480]\n"
"ldp x0, x1, [x29, #8]\nldp x2, x3, [x29, #24]\nldp x4, x5, [x29, #40]\nldp x6, x7, [x29, #56]\n"
"ldp x8, x9, [x29, #72]\nldp x10, x11, [x29, #88]\nldp x12, x13, [x29, #104]\nldp x14, x15, [x29, #120]\n"
"ldp x16, x17, [x29, #136]\nldp x18, x19, [x29, #152]\nldp x20, x21, [x29, #168]\nldp x22, x23, [x29, #184]\n"
"ldp x24, x25, [x29, #200]\nldp x26, x27, [x29, #216]\nldr x28, [x29, #232]\n"
"blr x30\n"
"stp x0, x1, [x29, #8]\nstp x2, x3, [x29, #24]\nstp x4, x5, [x29, #40]\nstp x6, x7, [x29, #56]\n"
"stp x8, x9, [x29, #72]\nstp x10, x11, [x29, #88]\nstp x12, x13, [x29, #104]\nstp x14, x15, [x29, #120]\n"
"stp x16, x17, [x29, #136]\nstp x18, x19, [x29, #152]\nstp x20, x21, [x29, #168]\nstp x22, x23, [x29, #184]\n"
"stp x24, x25, [x29, #200]\nstp x26, x27, [x29, #216]\nstr x28, [x29, #232]\nmrs x2, nzcv\nstr w2, [x29, #4]\n"
"stp d0, d1, [x29, #240]\nstp d2, d3, [x29, #256]\nstp d4, d5, [x29, #272]\nstp d6, d7, [x29, #288]\n"
"stp d8, d9, [x29, #304]\nstp d10, d11, [x29, #320]\nstp d12, d13, [x29, #336]\nstp d14, d15, [x29, #352]\n"
"stp d16, d17, [x29, #368]\nstp d18, d19, [x29, #384]\nstp d20, d21, [x29, #400]\nstp d22, d23, [x29, #416]\n"
"stp d24, d25, [x29, #432]\nstp d26, d27, [x29, #448]\nstp d28, d29, [x29, #464]\nstp d30, d31, [x29, #480]\n"
"ldp d10, d11, [sp, #16]\nldp d12, d13, [sp, #32]\nldp d14, d15, [sp, #48]\nldp d8, d9, [sp], #64\n"
"ldp x19, x20, [sp, #16]\nldp x21, x22, [sp, #32]\nldp x23, x24, [sp, #48]\nldp x25, x26, [sp, #64]\n"
"ldp x27, x28, [sp, #80]\nldp x29, x30, [sp], #96\nret\n");

int main(void) {
    int all = PROT_READ | PROT_WRITE | PROT_EXEC, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    uint32_t *code = mmap((void *)0x70000000, 4096, all, flags, -1, 0);
    uint8_t *data = mmap((void *)0x71000000, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (code == MAP_FAILED || data == MAP_FAILED) return 1;
    static struct state state;
    while (fread(&state, sizeof state, 1, stdin) == 1) {
        for (int at = 0; at < 4096; at++) data[at] = (uint8_t)(at * 7 + at / 64);
        code[0] = state.word;
        code[1] = 0x9100079c;
        code[2] = 0xd65f03c0;
        __builtin___clear_cache((char *)code, (char *)(code + 3));
        run(&state, code);
        fwrite(&state, sizeof state, 1, stdout);
        fwrite(data, 4096, 1, stdout);
    }
    return 0;
}
"#;
