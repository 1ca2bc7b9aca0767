//! Time to match trees by generated code, against that of Cranelift's compiler for the same rules:
//! `cargo bench -p gene-isle-core --bench matching`.

use std::fmt::Write;
use std::process::Command;

use gene_isle_core::compile::compile;
use gene_isle_core::generate::generate;
use gene_isle_core::source::Sources;

/// How many operators the rules know.
const OPERATORS: usize = 40;

fn main() {
    let rules = rules();
    let mut sources = Sources::new();
    sources.add("bench.isle", rules.as_str());
    let program = compile(&sources).expect("the rules compile");
    let ours = generate(&program, &sources).to_string();

    let folder = std::env::temp_dir().join(format!("gene-isle-matching-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let rule_file = folder.join("bench.isle");
    std::fs::write(&rule_file, &rules).expect("a file");
    let options = cranelift_isle::codegen::CodegenOptions {
        exclude_global_allow_pragmas: true,
        ..Default::default()
    };
    let theirs =
        cranelift_isle::compile::from_files([&rule_file], &options).expect("the rules compile");

    let variants: String = (0..OPERATORS)
        .map(|n| format!("O{n} {{ a: Node, b: Node }}, "))
        .collect();
    let source = folder.join("bench.rs");
    let text = PROGRAM
        .replace("VARIANTS", &variants)
        .replace("OPERATORS", &OPERATORS.to_string())
        .replace(
            "MAKE",
            &(0..OPERATORS)
                .map(|n| format!("{n} => Op::O{n} {{ a, b }}, "))
                .collect::<String>(),
        )
        .replace("THEIRS", &theirs)
        .replace("OURS", &ours);
    std::fs::write(&source, text).expect("a file");
    let binary = folder.join("bench");
    let built = Command::new("rustc")
        .args(["--edition=2024", "-O", "--cap-lints=allow", "-o"])
        .args([&binary, &source])
        .status()
        .expect("rustc runs");
    assert!(built.success(), "the generated code compiles");
    Command::new(&binary).status().expect("the program runs");
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// Rules as lowerings have them: a general one for each operator, one for a constant operand, and
/// one for an operator among the operands.
fn rules() -> String {
    let mut text =
        "(type Node (primitive Node))\n(type Op extern (enum (Const (value i64)) ".to_string();
    for n in 0..OPERATORS {
        let _ = write!(text, "(O{n} (a Node) (b Node)) ");
    }
    text += "))
        (decl op (Op) Node) (extern extractor infallible op op)
        (decl pure partial small (i64) i64) (extern constructor small small)
        (decl out (u32 Node Node) u32) (extern constructor out out)
        (decl imm (u32 Node i64) u32) (extern constructor imm imm)
        (decl lower (Node) u32)
        (rule (lower (op (Op.Const 0))) 0)
        (rule -1 (lower (op (Op.Const value))) 1)\n";
    for n in 0..OPERATORS {
        let other = (n * 7 + 3) % OPERATORS;
        let _ = write!(
            text,
            "(rule (lower (op (Op.O{n} a b))) (out {n} a b))
             (rule 1 (lower (op (Op.O{n} a (op (Op.Const k))))) (if-let s (small k)) (imm {n} a s))
             (rule 2 (lower (op (Op.O{n} a (op (Op.O{other} b c))))) (out {other} b c))
             (rule 3 (lower (op (Op.O{n} a a))) (imm {other} a 0))\n"
        );
    }
    text
}

const PROGRAM: &str = r#"
extern crate alloc;
pub type Node = u32;
#[derive(Clone, Debug)]
pub enum Op { Const { value: i64 }, VARIANTS }
mod ours { use super::{Node, Op}; OURS }
mod theirs { THEIRS }
struct Trees { nodes: Vec<Op>, sum: u64 }
macro_rules! context {
    ($($path:tt)*) => {
        impl $($path)*::Context for Trees {
            fn op(&mut self, node: Node) -> Op { self.nodes[node as usize].clone() }
            fn small(&mut self, value: i64) -> Option<i64> { (value < 4096).then_some(value) }
            fn out(&mut self, n: u32, a: Node, b: Node) -> u32 { self.sum += u64::from(n ^ a ^ b); n }
            fn imm(&mut self, n: u32, a: Node, k: i64) -> u32 { self.sum += u64::from(n ^ a) ^ k as u64; n }
        }
    };
}
context!(ours);
context!(theirs);
fn main() {
    let mut seed = 1u64;
    let mut random = |limit: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % limit
    };
    let mut nodes = Vec::new();
    for n in 0..10_000u64 {
        let (a, b) = (random(n.max(1)) as Node, random(n.max(1)) as Node);
        let op = match random(OPERATORS + 10) { MAKE _ => Op::Const { value: random(8192) as i64 } };
        nodes.push(if n == 0 { Op::Const { value: 0 } } else { op });
    }
    let mut trees = Trees { nodes, sum: 0 };
    let mut times = [Vec::new(), Vec::new()];
    let mut sums = [0, 0];
    for round in 0..40 {
        for which in [round % 2, 1 - round % 2] {
            trees.sum = 0;
            let start = std::time::Instant::now();
            for _ in 0..20 {
                for node in 0..10_000 {
                    std::hint::black_box(if which == 0 {
                        ours::constructor_lower(&mut trees, node)
                    } else {
                        theirs::constructor_lower(&mut trees, node)
                    });
                }
            }
            times[which].push(start.elapsed());
            sums[which] = trees.sum;
        }
    }
    assert_eq!(sums[0], sums[1], "both choose the same rules");
    times.iter_mut().for_each(|times| times.sort_unstable());
    let [ours, theirs] = times.map(|times| times[times.len() / 2]);
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("200,000 trees: {ours:.1?}, Cranelift's compiler {theirs:.1?}, ratio {ratio:.2}");
}
"#;
