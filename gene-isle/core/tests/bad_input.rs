//! Whatever a rule file contains, the compiler ends with an answer.

mod support;

use support::{Random, ours};

/// The rule files of the tests and of the project.
fn corpus() -> Vec<String> {
    let mut texts = vec![include_str!("corpus/tree.isle").to_string()];
    for file in [
        "../../rules/arm64/inst.isle",
        "../tests/rules/arith.isle",
        "../tests/rules/helpers.isle",
    ] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        texts.push(std::fs::read_to_string(path).unwrap());
    }
    texts
}

#[test]
fn nothing_is_a_program() {
    assert!(ours("").is_ok());
    assert!(ours(" \n\t; only a comment").is_ok());
}

#[test]
fn files_truncated_anywhere_are_refused_or_fine() {
    for text in corpus() {
        let text: String = text.chars().take(6000).collect();
        for (at, _) in text.char_indices() {
            let cut = &text[..at];
            // Inside a form, something is missing.
            let open = cut.matches('(').count() > cut.matches(')').count();
            if ours(cut).is_ok() {
                assert!(!open || cut.contains(';'), "accepted: {cut}");
            }
        }
    }
}

#[test]
fn random_bytes_are_refused() {
    let mut random = Random(3);
    let alphabet: Vec<char> = "()();@\"\n _$.-0x9aé→\u{0}rule decl type (inst (bits \""
        .chars()
        .collect();
    for _ in 0..3000 {
        let length = random.below(60);
        let text: String = (0..length)
            .map(|_| alphabet[random.below(alphabet.len())])
            .collect();
        let _ = ours(&text);
    }
}

/// Texts that the fuzz target `rules` has made, one for each set of errors that it has come upon.
#[test]
fn what_a_fuzzer_has_made_is_answered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz-corpus");
    let files = std::fs::read_dir(folder).unwrap();
    let texts: Vec<_> = files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let refused = texts.iter().filter(|text| ours(text).is_err()).count();
    assert!(refused > 50, "{refused} of {}", texts.len());
}

#[test]
fn corrupted_files_do_not_break_the_compiler() {
    let mut random = Random(5);
    for text in corpus() {
        let chars: Vec<char> = text.chars().take(20_000).collect();
        for _ in 0..150 {
            let mut mutant = chars.clone();
            for _ in 0..1 + random.below(4) {
                let at = random.below(mutant.len());
                match random.below(3) {
                    0 => drop(mutant.remove(at)),
                    1 => mutant[at] = ['(', ')', ' ', '"', ';', '@', '9', 'é'][random.below(8)],
                    _ => mutant.insert(at, mutant[random.below(chars.len() / 2)]),
                }
            }
            let _ = ours(&mutant.into_iter().collect::<String>());
        }
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [
        ("(", ")"),
        ("(f ", ")"),
        ("(; ", ";)"),
        ("(rule (f (and ", ")))"),
        ("x @ (f ", ")"),
    ] {
        let text = format!(
            "(decl f (u8) u8) {} x {}",
            open.repeat(100_000),
            close.repeat(100_000)
        );
        let report = ours(&text).unwrap_err();
        assert!(report.contains("E000"), "{}", &report[..200]);
        let unclosed = open.repeat(100_000);
        assert!(ours(&unclosed).is_err());
    }
}

#[test]
fn extractors_that_multiply_are_an_error() {
    let mut text = "(decl e0 (u8) u8) (extractor (e0 x) (and x x))\n".to_string();
    for n in 1..60 {
        let before = n - 1;
        text += &format!(
            "(decl e{n} (u8) u8) (extractor (e{n} x) (and (e{before} x) (e{before} x)))\n"
        );
    }
    text += "(decl f (u8) u8) (rule (f (e59 x)) x)";
    assert!(ours(&text).unwrap_err().contains("E0009"));
}

#[test]
fn a_chain_of_ten_thousand_extractors_is_an_error() {
    let mut text = "(decl e0 (u8) u8) (extractor (e0 x) x)\n".to_string();
    for n in 1..10_000 {
        text += &format!("(decl e{n} (u8) u8) (extractor (e{n} x) (e{} x))\n", n - 1);
    }
    text += "(decl f (u8) u8) (rule (f (e9999 x)) x)";
    assert!(ours(&text).unwrap_err().contains("E0009"));
}

#[test]
fn a_long_chain_of_terms_compiles() {
    let mut text = "(decl f0 (u8) u8) (rule (f0 x) x)\n".to_string();
    for n in 1..5_000 {
        text += &format!("(decl f{n} (u8) u8) (rule (f{n} x) (f{} x))\n", n - 1);
    }
    assert_eq!(ours(&text).err(), None);
}

#[test]
fn types_may_refer_to_each_other() {
    let program = "(type A (enum (B (b B)) None)) (type B (struct (a A) (b B)))
                   (decl f (A) A) (rule (f (A.B (B a _))) a) (rule -1 (f x) x)";
    assert_eq!(ours(program).err(), None);
}

#[test]
fn huge_files_take_linear_time() {
    // Were any pass quadratic, these would take hours.
    let rules: String = (0..1_000_000)
        .map(|n| format!("(rule r{n} (f {n}) {n})\n"))
        .collect();
    assert_eq!(ours(&format!("(decl f (u32) u32)\n{rules}")).err(), None);
    let line = format!(
        "(decl f (u32) u32) (rule (f x) x) ; {}",
        "x".repeat(10_000_000)
    );
    assert_eq!(ours(&line).err(), None);
    let garbage = format!("(rule {}", "a ".repeat(1_000_000));
    assert!(ours(&garbage).is_err());
}

#[test]
fn thousands_of_errors_are_reported_in_part() {
    let rules: String = (0..100_000)
        .map(|n| format!("(rule r{n} (g {n}) {n})\n"))
        .collect();
    assert!(ours(&rules).unwrap_err().contains("100 errors"));
    let overlapping: String = (0..5_000)
        .map(|n| format!("(rule r{n} (f x) {n})\n"))
        .collect();
    assert!(
        ours(&format!("(decl f (u32) u32)\n{overlapping}"))
            .unwrap_err()
            .contains("E0301")
    );
}

#[test]
fn definitions_that_multiply_are_an_error() {
    let mut text =
        "(registers Reg 32) (view X Reg 64 \"x{}\") (define (d0 a) (add a a))\n".to_string();
    for n in 1..14 {
        text += &format!("(define (d{n} a) (add (d{} a) (d{} a)))\n", n - 1, n - 1);
    }
    text += "(inst i (rd X out) (rn X) (bits \"0000000000000000000000 rn rd\") (asm \"i {rd}, {rn}\") (does (set rd (d13 rn))))";
    assert!(ours(&text).unwrap_err().contains("E0403"));
}

#[test]
fn instructions_with_the_same_encoding_are_an_error() {
    let inst = |name| {
        format!(
            "(inst {name} (rn X) (bits \"000000000000000000000000000 rn\") (asm \"{name} {{rn}}\") (does))\n"
        )
    };
    let text = format!(
        "(registers Reg 32) (view X Reg 64 \"x{{}}\")\n{}{}",
        inst("a"),
        inst("b")
    );
    let report = ours(&text).unwrap_err();
    assert!(
        report.contains("error[E0401]: `a` and `b` have the same encoding"),
        "{report}"
    );
}

#[test]
fn definitions_that_nest_too_deeply_are_an_error() {
    let nested = |inner: &str| format!("{}{inner}{}", "(not ".repeat(80), ")".repeat(80));
    let mut text = format!(
        "(registers Reg 32) (view X Reg 64 \"x{{}}\") (define (d0 a) {})\n",
        nested("a")
    );
    for n in 1..14 {
        text += &format!("(define (d{n} a) {})\n", nested(&format!("(d{} a)", n - 1)));
    }
    text += "(inst i (rd X out) (rn X) (bits \"0000000000000000000000 rn rd\") (asm \"i {rd}, {rn}\") (does (set rd (d13 rn))))";
    assert!(ours(&text).unwrap_err().contains("E0403"));
}
