//! The instructions of AArch64 against independent tools.

mod encoding;
mod execution;

use std::collections::BTreeMap;

use gene_isle_core::compile::compile;
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

/// Words of every instruction, by its name: all zeros and all ones in the operands, single bits
/// of them, and random ones.
fn words() -> BTreeMap<String, Vec<u32>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/arm64/inst.isle");
    let mut sources = Sources::new();
    sources.add("inst.isle", std::fs::read_to_string(path).unwrap());
    let machine = compile(&sources).unwrap().machine;
    let mut random = Random(1);
    let mut words: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for inst in &machine.insts {
        let (mask, value) = inst.fixed();
        let mut candidates = vec![0, u32::MAX];
        candidates.extend((0..32).flat_map(|bit| [1 << bit, !(1u32 << bit)]));
        candidates.extend((0..4000).map(|_| random.next() as u32));
        let own = words.entry(inst.name.clone()).or_default();
        for candidate in candidates {
            let word = candidate & !mask | value;
            if Inst::decode(word).is_some_and(|decoded| decoded.name() == inst.name)
                && own.len() < 2000
            {
                own.push(word);
            }
        }
        own.sort_unstable();
        own.dedup();
    }
    words
}
