//! What must hold of the operands of an instruction together is checked where rules emit it.

mod support;

/// An instruction that loads two registers, which must not be one, nor the base that it changes.
const MACHINE: &str = r#"
(registers Reg 32)
(view X Reg 64 "x{}")
(view Xsp Reg 64 "x{}" (31 "sp"))
(immediate Pair8 i16 7 (encode v (ashr v 3)) (decode f (shl (sext 64 (low 7 f)) 3)))
(define (can_change base moved) (or (ne base moved) (eq base 31)))
(inst ldp_pre (rt X out) (rt2 X out) (rn Xsp inout) (offset Pair8)
  (bits "10 101 0 011 1 offset rt2 rn rt")
  (where (and (ne rt rt2) (and (can_change rn rt) (can_change rn rt2))))
  (asm "ldp {rt}, {rt2}, [{rn}, {offset}]!")
  (does (set rt (load 64 (add rn offset))) (set rt2 (load 64 (add (add rn offset) 8)))
        (set rn (add rn offset))))
(decl f (Reg Reg Reg) Unit)
"#;

fn report(body: &str) -> Option<String> {
    support::ours(&format!("{MACHINE}(rule r (f x y z) {body})")).err()
}

#[test]
fn registers_that_may_differ_are_accepted() {
    assert_eq!(report("(ldp_pre x y z 16)"), None);
}

#[test]
fn one_register_for_two_operands_is_refused() {
    for body in [
        "(ldp_pre x x z 16)",
        "(ldp_pre x y x 16)",
        "(ldp_pre x y y 16)",
    ] {
        let report = report(body).unwrap_or_else(|| panic!("{body} is accepted"));
        let message = "error[E0405]: these operands of `ldp_pre` do not suit each other";
        assert!(report.starts_with(message), "{report}");
        assert!(
            report.contains("what must hold is said here, in `where`"),
            "{report}"
        );
    }
}
