//! Compiles sums and products for the machine that `calculator.isle` declares, and runs them
//! there: `cargo run -p calculator '2 * 3 + 4'`.

#[allow(dead_code, reason = "a machine has more than one program needs")]
mod rules {
    use super::Node;
    gene_isle::rules!("calculator.isle");
}
use rules::{Context, Expr, Imm, Inst, Machine, Reg, constructor_lower};

/// An expression, as an index into those read.
pub type Node = usize;

/// The expressions and the code so far; each result is in a register of its own.
#[derive(Default)]
struct Code {
    exprs: Vec<Expr>,
    insts: Vec<Inst>,
    used: u8,
}

impl Context for Code {
    fn expr(&mut self, node: Node) -> Expr {
        self.exprs[node].clone()
    }
    fn emit(&mut self, inst: Inst) {
        self.insts.push(inst);
    }
    fn fresh_reg(&mut self) -> Reg {
        self.used += 1;
        Reg::new(self.used - 1)
    }
}

/// The machine while it runs: its registers, and the address of the next instruction.
struct Cpu<'a>([u64; 32], u64, &'a [u32]);

impl Machine for Cpu<'_> {
    type Stop = ();
    fn reg(&self, number: u8) -> u64 {
        self.0[usize::from(number)]
    }
    fn set_reg(&mut self, number: u8, value: u64) {
        self.0[usize::from(number)] = value;
    }
    fn pc(&self) -> u64 {
        self.1
    }
    fn set_pc(&mut self, address: u64) {
        self.1 = address;
    }
    fn fetch(&mut self, address: u64) -> Result<Inst, ()> {
        self.2
            .get(address as usize / 4)
            .and_then(|&word| Inst::decode(word))
            .ok_or(())
    }
}

impl Code {
    /// Reads products and sums of numbers; products bind closer.
    fn read(&mut self, text: &str) -> Option<Node> {
        let sides = |sign| text.rsplit_once(sign);
        let expr = match (sides('+'), sides('*')) {
            (Some((a, b)), _) => Expr::Add {
                a: self.read(a)?,
                b: self.read(b)?,
            },
            (_, Some((a, b))) => Expr::Mul {
                a: self.read(a)?,
                b: self.read(b)?,
            },
            _ => Expr::Num {
                n: Imm::new(text.trim().parse().ok()?)?,
            },
        };
        self.exprs.push(expr);
        Some(self.exprs.len() - 1)
    }
}

fn main() {
    let text = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let mut code = Code::default();
    let Some(root) = code.read(&text).filter(|_| code.exprs.len() < 32) else {
        println!("usage: calculator '2 * 3 + 4', at most 16 numbers");
        return;
    };
    let result = constructor_lower(&mut code, root);
    let words: Vec<u32> = code.insts.iter().map(Inst::word).collect();
    let mut cpu = Cpu([0; 32], 0, &words);
    while rules::step(&mut cpu).is_ok() {}
    code.insts.iter().for_each(|inst| println!("{inst}"));
    println!("= {}", cpu.reg(result.number()));
}
