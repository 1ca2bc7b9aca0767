//! The instructions of AArch64.

mod generated {
    gene_isle::rules!("rules/arm64/inst.isle");
}
use generated::{Inst, Reg};

#[test]
fn encodes() {
    let r = |n| Reg::new(n);
    let inst = Inst::Add {
        rd: r(0),
        rn: r(1),
        rm: r(2),
    };
    assert_eq!(inst.word(), 0x8b02_0020);
    assert_eq!(inst.to_string(), "add x0, x1, x2");
    assert_eq!(Inst::decode(0x8b02_0020), Some(inst));
}
