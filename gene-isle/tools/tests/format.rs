//! The formatter settles indentation and spaces, and changes nothing else.

mod support;

use gene_isle_core::diagnostic::render_all;
use gene_isle_core::source::Sources;
use gene_isle_tools::format;

fn format(text: &str) -> String {
    let mut sources = Sources::new();
    sources.add("a.isle", text);
    let formatted = format::format(&sources, 0);
    formatted.unwrap_or_else(|errors| panic!("{}", render_all(&errors, &sources)))
}

#[test]
fn a_rule_has_its_guards_and_steps_on_lines_of_their_own() {
    insta::assert_snapshot!(format("\
(rule add_small_int 1 (lower (Op.Add a b))
  (if-let (small_int) (known a)) (if (is_cheap b))
    (let ((x Reg (small_int_high a)) ; tag check, else fallback
  (y Reg (small_int_high   b)))

  (fallback_on_overflow) (box_small_int (adds x y))))"), @r"
    (rule add_small_int 1 (lower (Op.Add a b))
          (if-let (small_int) (known a))
          (if (is_cheap b))
          (let ((x Reg (small_int_high a)) ; tag check, else fallback
                (y Reg (small_int_high b)))

            (fallback_on_overflow)
            (box_small_int (adds x y))))
    ");
}

#[test]
fn what_is_on_one_line_stays_there() {
    let rule = "(rule neg 2 (lower (Op.Neg x)) (let ((a Reg x)) (negs a)))\n";
    assert_eq!(format(rule), rule);
}

#[test]
fn values_in_tests_are_not_cut_apart() {
    let test = "(test t (f x) (value ([\"a\" {^k \"b\"}]) [\"text\"]))\n";
    assert_eq!(format(test), test);
}

#[test]
fn long_lines_are_broken() {
    insta::assert_snapshot!(format("\
(rule compare_numbers 2 (test (Op.Lt x (a_float y))) (let ((first Reg (double_register x)) (_ Unit (compare_floats first y))) (Cond.Mi)))
(rule (lower (Op.Add (Op.Mul (Op.Local first_variable) (Op.Local second_variable)) (Op.Mul (Op.Local third_variable) other)))
 (first_term_of_the_sum (second_term_of_the_sum first_variable second_variable) third_variable (fourth_term_of_the_sum other)))
(inst (add_shifted add_shifted_w) (rd R out) (rn R) (rm R) (shift Shift) (bits \"sf 00 01011 shift\") (asm \"add {rd}\") (does (set rd rn)))
"), @r#"
    (rule compare_numbers 2 (test (Op.Lt x (a_float y)))
          (let ((first Reg (double_register x)) (_ Unit (compare_floats first y))) (Cond.Mi)))
    (rule (lower (Op.Add (Op.Mul (Op.Local first_variable) (Op.Local second_variable))
                         (Op.Mul (Op.Local third_variable) other)))
          (first_term_of_the_sum (second_term_of_the_sum first_variable second_variable) third_variable
                                 (fourth_term_of_the_sum other)))
    (inst (add_shifted add_shifted_w) (rd R out) (rn R) (rm R) (shift Shift)
      (bits "sf 00 01011 shift")
      (asm "add {rd}")
      (does (set rd rn)))
    "#);
}

#[test]
fn comments_and_groups_are_kept() {
    insta::assert_snapshot!(format("

;;;; Sums   \n\n\n
    ;; A sum.
(decl sum (A   B) C)   ; of two
(decl other (A) C)  (; a block
   of text ;) (decl third () C)
(type Op extern (enum
   ;; Nothing.
Nop
     (Add (x Node)(y Node))   ; the sum

  ( ; odd
  Neg (x Node) ; last
 )))
;; the end"), @r"
    ;;;; Sums

    ;; A sum.
    (decl sum (A B) C) ; of two
    (decl other (A) C) (; a block
       of text ;)
    (decl third () C)
    (type Op extern (enum
      ;; Nothing.
      Nop
      (Add (x Node) (y Node)) ; the sum

      ( ; odd
       Neg (x Node) ; last
       )))
    ;; the end
    ");
}

#[test]
fn the_operands_of_an_instruction_stand_out_before_its_clauses() {
    insta::assert_snapshot!(format("\
(inst ubfiz (rd X out) (rn X)
 (lsb Amount64 (from (and 63 (neg immr))))
  (bits \"1 immr:6\") (field immr (neg lsb)) (asm \"ubfiz {rd}\") (does (set rd rn)))"), @r#"
    (inst ubfiz (rd X out) (rn X)
        (lsb Amount64 (from (and 63 (neg immr))))
      (bits "1 immr:6")
      (field immr (neg lsb))
      (asm "ubfiz {rd}")
      (does (set rd rn)))
    "#);
}

#[test]
fn variants_without_fields_fill_lines_and_others_have_one_each() {
    insta::assert_snapshot!(format("\
(type Width (enum W8
  W16 W32))
(type Inst extern (enum Add AddImm AddShifted Sub SubImm SubShifted Mul Madd Msub Neg And AndImm AndShifted Orr
 OrrImm Orn))
(type Op (enum (Add (a Node)
  (b Node)) Nop (Neg Node)))"), @r"
    (type Width (enum W8 W16 W32))
    (type Inst extern
      (enum Add AddImm AddShifted Sub SubImm SubShifted Mul Madd Msub Neg And AndImm AndShifted Orr
            OrrImm Orn))
    (type Op (enum
      (Add (a Node)
           (b Node))
      Nop
      (Neg Node)))
    ");
}

#[test]
fn a_binding_stays_together() {
    insta::assert_snapshot!(
        format("(rule (f x@(A.B)\n y @\n 2) (g x\n y))"),
        @r"
    (rule (f x @ (A.B)
             y @ 2)
          (g x
             y))
    "
    );
}

#[test]
fn empty_files_and_line_ends() {
    assert_eq!(format(""), "");
    assert_eq!(format("\n \n"), "");
    assert_eq!(
        format("(decl a () B)\r\n\r\n\t(decl b () B)"),
        "(decl a () B)\n\n(decl b () B)\n"
    );
}

#[test]
fn a_file_that_does_not_balance_is_refused() {
    let mut sources = Sources::new();
    sources.add("a.isle", "(decl a (");
    assert!(format::format(&sources, 0).is_err());
}

/// The words, strings and comments of a text.
fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn formatting_twice_changes_nothing_whatever_the_line_breaks() {
    for path in support::rule_files_of_the_project() {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut random = support::Random(1);
        // Comments end at their line, so breaks are only moved in files without them.
        let code: String = text
            .lines()
            .filter(|line| !line.contains(';'))
            .fold(String::new(), |code, line| code + line + "\n");
        let mut variants = vec![text];
        for odds in [2, 5, 20, 1000] {
            let mut in_string = false;
            let shuffled = code.split_whitespace().map(|word| {
                in_string ^= word.matches('"').count() % 2 == 1;
                let broken = random.below(odds) == 0 && !in_string;
                format!("{word}{}", if broken { "\n" } else { " " })
            });
            variants.push(shuffled.collect());
        }
        for text in variants {
            let once = format(&text);
            assert_eq!(
                without_blanks(&once),
                without_blanks(&text),
                "{}",
                path.display()
            );
            assert_eq!(format(&once), once, "{}", path.display());
        }
    }
}
