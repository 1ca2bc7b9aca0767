//! What tools show of rules.

mod support;

use gene_isle_core::compile::compile;
use gene_isle_core::explain::{explain, graph};
use gene_isle_core::format::format;
use gene_isle_core::generate::generate_term;
use gene_isle_core::rust_text::rust_text;
use gene_isle_core::source::Sources;

const RULES: &str = include_str!("../../tests/rules/arith.isle");

fn sources() -> Sources {
    let mut sources = Sources::new();
    sources.add("arith.isle", RULES);
    sources
}

#[test]
fn formatting_sees_to_indentation_and_keeps_comments() {
    let ugly = "\n\n;; one\n( rule   add ; why\n(lower (Op.Add a b))\n\n\n(let ((x Reg (high a)) ; left\n(y   Reg (high b)))\n(check)\n(box x y\n)\n) )  \n(; block\n   stays ;)\n(decl pure f (Reg)\nReg)   ; end\n(type Op (enum\n(Add (a Reg))\nNop))\n";
    let neat = ";; one
(rule   add ; why
      (lower (Op.Add a b))

      (let ((x Reg (high a)) ; left
            (y   Reg (high b)))
        (check)
        (box x y)))
(; block
   stays ;)
(decl pure f (Reg)
  Reg)   ; end
(type Op (enum
  (Add (a Reg))
  Nop))
";
    assert_eq!(format(ugly), neat);
    assert_eq!(format(neat), neat);
}

#[test]
fn formatting_changes_white_space_only_and_nothing_the_second_time() {
    let words = |text: &str| -> String { text.split_whitespace().collect() };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = gene_isle_core::load::rule_files(&folder.join("rules")).unwrap();
    files.extend(gene_isle_core::load::rule_files(&folder.join("gene-isle")).unwrap());
    assert!(files.len() > 2);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let once = format(&text);
        assert_eq!(words(&once), words(&text), "{}", file.display());
        assert_eq!(format(&once), once, "{}", file.display());
    }
    for broken in ["(", ")", "(a (b", "\"open", "(; open", "a ; b", "\u{e9}@(x"] {
        assert_eq!(format(&format(broken)), format(broken), "{broken}");
    }
}

#[test]
fn a_rule_is_explained_with_its_rivals_and_tests() {
    let sources = sources();
    let program = compile(&sources).unwrap();
    insta::assert_snapshot!(explain(&program, &sources, "add_imm").unwrap());
    let error = explain(&program, &sources, "add_im").unwrap_err();
    assert_eq!(error, "there is no rule `add_im`; did you mean `add_imm`?");
}

#[test]
fn the_code_of_a_term_is_readable_rust() {
    let sources = sources();
    let program = compile(&sources).unwrap();
    let term = program.terms.by_name("lower").unwrap();
    let text = rust_text(generate_term(&program, &sources, term).unwrap());
    syn::parse_file(&text).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn the_decision_tree_of_a_term_is_drawn() {
    let sources = sources();
    let program = compile(&sources).unwrap();
    let term = program.terms.by_name("lower").unwrap();
    insta::assert_snapshot!(graph(&program, term).unwrap());
    assert_eq!(
        graph(&program, program.terms.by_name("small").unwrap()),
        None
    );
}
