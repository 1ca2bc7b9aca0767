//! What `gene explain` shows: source, bytecode, rules, bytes and assembly side by side.

use crate::feedback::Feedback;
use crate::lower::{Compiled, Compiler, Declined, Part};
use crate::profile::FunctionProfile;
use crate::tier::with_compiled;
use gene_vm::code::Code;
use gene_vm::source::Pos;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

/// The machine code of a function, in order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// The function's name.
    pub name: String,
    /// The stretches of code.
    pub stretches: Vec<Stretch>,
    /// Bytes of machine code.
    pub bytes: usize,
}

impl Explanation {
    /// The code of a profile, with each instruction's share of `executed` and the places of the body that it was made of.
    pub fn of_profile(profile: &FunctionProfile, executed: u64, code: &Code) -> Explanation {
        let mut explanation = profile.code.clone();
        explanation.mark(profile, executed);
        for stretch in &mut explanation.stretches {
            stretch.pos = position(code, stretch.part);
        }
        explanation
    }

    /// Notes how often each instruction was carried out, as a share of `executed`.
    fn mark(&mut self, profile: &FunctionProfile, executed: u64) {
        let stretches = self.stretches.iter_mut();
        for instruction in stretches.flat_map(|stretch| &mut stretch.instructions) {
            let count = profile.counts.get(&instruction.offset);
            instruction.share = count.map(|&count| count as f64 / executed.max(1) as f64);
        }
    }
}

/// Code for one instruction, or of the frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stretch {
    /// What the code is for.
    pub part: Part,
    /// The bytecode instruction.
    pub instr: Option<String>,
    /// Where the instruction comes from. A profile does not tell: it is found in the program.
    #[serde(skip)]
    pub pos: Pos,
    /// The machine instructions.
    pub instructions: Vec<Instruction>,
}

/// A machine instruction.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instruction {
    /// Offset in the function's code.
    pub offset: usize,
    /// Its bytes, as one little-endian word; `None` for half of a literal, most of which are addresses.
    pub word: Option<u32>,
    /// As assembly, by a disassembler that knows nothing of this project.
    pub assembly: String,
    /// The rules that fired before it.
    pub rules: Vec<Rule>,
    /// Its share of all instructions that were carried out, if it was and that is known.
    #[serde(skip)]
    pub share: Option<f64>,
}

/// A rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The file and line that it begins in.
    pub place: String,
}

/// Compiles a body and explains the code.
///
/// # Errors
/// The body is not compiled.
pub fn explain(code: &Code) -> Result<Explanation, Declined> {
    match with_compiled(code, |compiled| explain_compiled(code, compiled)) {
        Some(explanation) => Ok(explanation),
        None => explain_with(code, &Feedback::default()),
    }
}

/// Compiles a body with what running it has shown, and explains the code.
///
/// # Errors
/// The body is not compiled.
pub fn explain_with(code: &Code, feedback: &Feedback) -> Result<Explanation, Declined> {
    Ok(explain_compiled(
        code,
        &Compiler::default().compile(code, feedback)?,
    ))
}

pub(crate) fn explain_compiled(code: &Code, compiled: &Compiled) -> Explanation {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut rules = compiled.rules.iter().peekable();
    for (index, &(start, part)) in compiled.map.iter().enumerate() {
        let end = compiled
            .map
            .get(index + 1)
            .map_or(compiled.code.len(), |&(next, _)| next as usize);
        let start = start as usize;
        let mut instructions = Vec::new();
        for (i, word) in compiled.code[start..end].chunks_exact(4).enumerate() {
            let offset = start + 4 * i;
            let mut fired = Vec::new();
            while let Some(one) = rules.next_if(|one| one.offset as usize <= offset) {
                let info = one.rule.info();
                fired.push(Rule {
                    name: info.name.to_string(),
                    place: format!("{}:{}", info.file, info.line),
                });
            }
            let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            let is_literal = compiled.pools.iter().any(|pool| pool.contains(&offset));
            instructions.push(Instruction {
                offset,
                word: (!is_literal).then_some(word),
                assembly: match compiled
                    .thunks
                    .iter()
                    .find(|&&(at, _)| at as usize == offset)
                {
                    Some((_, code)) => format!("bl {}", code.name()),
                    None if is_literal => "literal".into(),
                    None => disassemble(word),
                },
                rules: fired,
                share: None,
            });
        }
        let instr = part.pc().map(|pc| code.instrs[pc].to_string());
        let pos = position(code, part);
        if !instructions.is_empty() {
            stretches.push(Stretch {
                part,
                instr,
                pos,
                instructions,
            });
        }
    }
    Explanation {
        name: code.name.name().to_string(),
        stretches,
        bytes: compiled.code.len(),
    }
}

/// Where the instruction comes from that code is for.
fn position(code: &Code, part: Part) -> Pos {
    part.pc().map_or(Pos::NONE, |pc| code.position(pc))
}

/// One instruction word as assembly text.
pub fn disassemble(word: u32) -> String {
    let bytes = word.to_le_bytes();
    match InstDecoder::default().decode(&mut U8Reader::new(&bytes)) {
        Ok(instruction) => instruction.to_string(),
        Err(_) => format!(".word {word:#010x}"),
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {} bytes", self.name, self.bytes)?;
        self.stretches.iter().try_for_each(|stretch| stretch.fmt(f))
    }
}

impl std::fmt::Display for Stretch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.part, &self.instr) {
            (Part::Main(pc), Some(instr)) => writeln!(f, "{pc:4} {instr}")?,
            (Part::Slow(pc), Some(instr)) => writeln!(f, "{pc:4} {instr}  (slow path)")?,
            _ => writeln!(f, "     frame")?,
        }
        for instruction in &self.instructions {
            let mut rules = String::new();
            for rule in &instruction.rules {
                let _ = write!(rules, " {} ({})", rule.name, rule.place);
            }
            let Instruction {
                offset,
                word,
                assembly,
                share,
                ..
            } = instruction;
            let share = share.map_or(String::new(), |share| format!("{:.1}%", 100.0 * share));
            let word = word.map_or("--------".into(), |word| format!("{word:08x}"));
            let line = format!("{share:>6} {offset:04x}  {word}  {assembly:<36}{rules}");
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
