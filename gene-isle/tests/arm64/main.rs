//! The encodings of AArch64's instructions against independent tools.

mod encoding;
mod text;

use std::collections::BTreeMap;

use gene_isle_core::compile::compile;
use gene_isle_core::machine::Bits;
use gene_isle_core::source::Sources;

#[allow(dead_code, reason = "the tests use a part")]
mod generated {
    gene_isle::rules!("rules/arm64/inst.isle");
}
use generated::Inst;

/// A reproducible source of random numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 29)
    }
}

/// How many random words of each instruction are tried.
const RANDOM_WORDS: usize = 4000;

/// Words of every instruction, by its name: the edge values of each operand, with zeros, with ones
/// and with random bits in the others, and random ones.
///
/// Edge values are zero, all ones, each single bit, all bits but one, and the low bits up to each.
fn words() -> BTreeMap<String, Vec<u32>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/arm64/inst.isle");
    let mut sources = Sources::new();
    sources.add("inst.isle", std::fs::read_to_string(path).unwrap());
    let machine = compile(&sources).unwrap().machine;
    let mut random = Random(1);
    let mut words = BTreeMap::new();
    for inst in &machine.insts {
        let mut candidates = vec![0, u32::MAX];
        let mut at = 32;
        for part in &inst.bits {
            at -= part.width();
            if matches!(part, Bits::Fixed { .. }) {
                continue;
            }
            let ones = ((1u64 << part.width()) - 1) as u32;
            let edges = (0..part.width())
                .flat_map(|bit| [1 << bit, !(1 << bit), (1 << bit) - 1])
                .chain([0, ones]);
            for edge in edges {
                for others in [0, u32::MAX, random.next() as u32] {
                    candidates.push(others & !(ones << at) | (edge & ones) << at);
                }
            }
        }
        candidates.extend((0..RANDOM_WORDS).map(|_| random.next() as u32));
        let (mask, value) = inst.fixed();
        let is_its =
            |word: &u32| Inst::decode(*word).is_some_and(|found| found.name() == inst.name);
        let own = candidates.iter().map(|bits| bits & !mask | value);
        let mut own: Vec<u32> = own.filter(is_its).collect();
        own.sort_unstable();
        own.dedup();
        words.insert(inst.name.clone(), own);
    }
    words
}
