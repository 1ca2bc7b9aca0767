//! The main code of some instructions: its assembly, and the rules that it comes from.

use gene_jit::explain::disassemble;
use gene_jit::lower::{Compiled, Part};
use std::collections::BTreeSet;
use std::ops::Range;

/// The code of the instructions in a range.
pub struct Listing {
    /// The names of the rules that fired, in order.
    pub rules: Vec<String>,
    /// The assembly. Branches name what they lead to.
    pub asm: Vec<String>,
}

impl Listing {
    /// The main code of the instructions `pcs`.
    pub fn new(compiled: &Compiled, pcs: &BTreeSet<usize>) -> Listing {
        let map = &compiled.map;
        let ends = map.iter().skip(1).map(|&(offset, _)| offset as usize);
        let stretches = map.iter().zip(ends.chain([compiled.code.len()]));
        let stretches: Vec<Range<usize>> = stretches
            .filter(
                |((_, part), _)| matches!(part, Part::Main(pc) if pcs.contains(&(*pc as usize))),
            )
            .map(|(&(start, _), end)| start as usize..end)
            .collect();
        let inside = |offset: usize| stretches.iter().any(|stretch| stretch.contains(&offset));
        let offsets: Vec<usize> = stretches
            .iter()
            .flat_map(|stretch| stretch.clone().step_by(4))
            .filter(|&offset| !is_literal(compiled, offset))
            .collect();
        let mut labels: Vec<usize> = offsets
            .iter()
            .filter_map(|&offset| target(compiled, offset))
            .filter(|&target| inside(target))
            .collect();
        labels.sort_unstable();
        labels.dedup();
        let mut asm = Vec::new();
        for offset in offsets {
            if let Ok(label) = labels.binary_search(&offset) {
                asm.push(format!("L{}:", label + 1));
            }
            asm.push(instruction(compiled, offset, &labels));
        }
        let rules = compiled.rules.iter();
        let rules = rules.filter(|fired| pcs.contains(&(fired.pc as usize)));
        Listing {
            rules: rules
                .map(|fired| fired.rule.info().name.to_string())
                .collect(),
            asm,
        }
    }
}

fn is_literal(compiled: &Compiled, offset: usize) -> bool {
    compiled.pools.iter().any(|pool| pool.contains(&offset))
}

fn assembly(compiled: &Compiled, offset: usize) -> String {
    if let Some((_, code)) = compiled
        .thunks
        .iter()
        .find(|&&(at, _)| at as usize == offset)
    {
        return format!("bl {}", code.name());
    }
    let word = &compiled.code[offset..offset + 4];
    disassemble(u32::from_le_bytes(word.try_into().expect("four bytes")))
}

/// Splits `b.lo $+0x38` into its parts.
fn branch(text: &str) -> Option<(&str, i64)> {
    let (head, distance) = text.split_once('$')?;
    let (sign, digits) = distance.split_at_checked(1)?;
    let distance = i64::from_str_radix(digits.strip_prefix("0x")?, 16).ok()?;
    Some((head, if sign == "-" { -distance } else { distance }))
}

fn target(compiled: &Compiled, offset: usize) -> Option<usize> {
    let text = assembly(compiled, offset);
    let (_, distance) = branch(&text)?;
    offset.checked_add_signed(distance as isize)
}

/// The rule for the cold code that begins at an offset.
fn cold_rule(compiled: &Compiled, offset: usize) -> Option<&'static str> {
    let fired = compiled.rules.iter();
    let mut infos = fired
        .filter(|fired| fired.offset as usize == offset)
        .map(|fired| fired.rule.info());
    infos.find(|info| info.term == "cold").map(|info| info.name)
}

/// One instruction. How far it branches depends on all code between; so its target is named instead: cold code by its rule,
/// slow paths by the function of the runtime that they call.
fn instruction(compiled: &Compiled, offset: usize, labels: &[usize]) -> String {
    let text = assembly(compiled, offset);
    let (Some((head, _)), Some(target)) = (branch(&text), target(compiled, offset)) else {
        return text;
    };
    if let Ok(label) = labels.binary_search(&target) {
        return format!("{head}L{}", label + 1);
    }
    let at = compiled
        .map
        .partition_point(|&(start, _)| start as usize <= target);
    let mut thunks = compiled
        .thunks
        .iter()
        .filter(|&&(at, _)| at as usize >= target);
    let name = match compiled.map[at.saturating_sub(1)].1 {
        _ if is_literal(compiled, target) => "literal",
        Part::Slow(_) => match cold_rule(compiled, target) {
            Some(name) => name,
            None => thunks.next().map_or("slow", |(_, code)| code.name()),
        },
        Part::Main(_) if target <= offset => "loop",
        Part::Main(_) => "on",
        Part::Frame if head == "bl " => "entry",
        Part::Frame => "exit",
    };
    format!("{head}{name}")
}
