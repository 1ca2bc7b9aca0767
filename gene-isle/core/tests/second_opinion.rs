//! Cranelift's compiler as the second opinion.

mod support;

use gene_isle_core::diagnostic::render_all;
use gene_isle_core::generate::generate;

#[test]
fn the_rule_files_of_cranelift_compile() {
    let folder = std::env::temp_dir().join(format!("gene-isle-clif-{}", std::process::id()));
    for (name, paths) in support::cranelift_backends(&folder) {
        let (sources, program) = support::ours_files(&paths);
        match program {
            Err(errors) => panic!("{name}: {}", render_all(&errors, &sources)),
            Ok(program) => {
                assert!(program.checked.rules.len() > 100, "{name}");
                let code = generate(&program, &sources);
                syn::parse2::<syn::File>(code).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Small programs and what both compilers say of them.
const PROGRAMS: &[(bool, &str)] = &[
    (true, ""),
    (true, "; nothing but a comment"),
    (true, "(type T (enum))"),
    (
        true,
        "(type A (enum (B (c u8)) D)) (type E (struct)) (type F (struct u8 A))",
    ),
    (false, "(type T (enum A A))"),
    (false, "(type T (enum (A (x u8) (x u8))))"),
    (false, "(type u8 (primitive u8))"),
    (false, "(type T (primitive T)) (type T (primitive T))"),
    (false, "(type T (enum (A (x U))))"),
    (false, "(decl f (u8) u8)"),
    (true, "(decl f (u8) u8) (rule (f x) x)"),
    (false, "(decl f (u8) u8) (decl f (u8) u8) (rule (f x) x)"),
    (false, "(decl f (T) u8) (rule (f x) 1)"),
    (false, "(decl multi partial f (u8) u8) (rule (f x) x)"),
    (false, "(decl partial pure f (u8) u8) (rule (f x) x)"),
    (
        true,
        "(decl pure multi f (u8) u8) (rule (f x) x) (rule (f x) 2)",
    ),
    (false, "(decl pure multi f (u8) u8) (rule 1 (f x) x)"),
    (false, "(decl f (u8) u8) (rule (f x y) x)"),
    (false, "(decl f (u8) u8) (rule (f x) y)"),
    (false, "(decl f (u8) u8) (rule (f x) (g x))"),
    (false, "(decl f (u8) u8) (rule (g x) x)"),
    (false, "(decl f (u8) u8) (rule x x)"),
    (false, "(decl f (u8) u16) (rule (f x) x)"),
    (true, "(decl f (u8) u8) (rule (f 1) 2) (rule (f 2) 3)"),
    (false, "(decl f (u8) u8) (rule (f 1) 2) (rule (f x) 3)"),
    (true, "(decl f (u8) u8) (rule 1 (f 1) 2) (rule (f x) 3)"),
    (false, "(decl f (u8) u8) (rule (f 1) 2) (rule 1 (f x) 3)"),
    (
        false,
        "(decl f (u8 u8) u8) (rule (f 1 _) 2) (rule (f _ 1) 3)",
    ),
    (
        true,
        "(decl f (u8 u8) u8) (rule 1 (f 1 _) 2) (rule (f _ 1) 3)",
    ),
    (
        true,
        "(decl f (u8 u8) u8) (rule 1 (f x x) 2) (rule (f _ _) 3)",
    ),
    (
        false,
        "(decl f (u8 u8) u8) (rule (f x x) 2) (rule (f 1 2) 3)",
    ),
    (false, "(decl f (u8 u8) u8) (rule (f x @ 1 (and x 2)) 3)"),
    (false, "(decl f (u8) u8) (rule (f (and 1 2)) 3)"),
    (true, "(decl f (u8) u8) (rule (f (and 1 x)) x)"),
    (false, "(decl f (u8) u8) (rule (f x @ x) 3)"),
    (false, "(decl f (u8) u8) (rule (f x) (f x))"),
    (true, "(decl rec f (u8) u8) (rule (f x) (f x))"),
    (
        false,
        "(decl rec f (u8) u8) (decl g (u8) u8) (rule (f x) (g x)) (rule (g x) (f x))",
    ),
    (false, "(decl f (u8) u8) (rule n (f 1) 1) (rule n (f 2) 1)"),
    (
        false,
        "(decl pure f (u8) u8) (decl g (u8) u8) (rule (g x) x) (rule (f x) (g x))",
    ),
    (
        false,
        "(decl f (u8) u8) (decl g (u8) u8) (rule (g x) x) (rule (f x) (if-let y (g x)) y)",
    ),
    (
        false,
        "(decl f (u8) u8) (decl pure partial g (u8) u8) (rule (g 1) 1) (rule (f x) (g x))",
    ),
    (
        true,
        "(decl f (u8) u8) (decl pure partial g (u8) u8) (rule (g 1) 1) (rule (f x) (if-let y (g x)) y)",
    ),
    (
        true,
        "(decl f (u8) u8) (decl pure partial g (u8) u8) (rule (g 1) 1) (rule (f x) (if (g x)) x)",
    ),
    (
        false,
        "(decl f (u8) u8) (decl pure multi g (u8) u8) (rule (g 1) 1) (rule (f x) (g x))",
    ),
    (false, "(decl f (u8) u8) (rule (f x) (let ((y u16 x)) x))"),
    (
        true,
        "(decl f (u8) u8) (rule (f x) (let ((x u8 x) (x u8 x)) x))",
    ),
    (false, "(decl f (u8) bool) (rule (f x) 1)"),
    (false, "(decl f (u8) bool) (rule (f true) true)"),
    (
        true,
        "(decl f (bool) bool) (rule (f true) false) (rule (f false) true)",
    ),
    (false, "(decl f (u8) u8) (rule (f x) (if-let y 5) y)"),
    (
        false,
        "(decl f (u8) u8) (rule (f (g x)) x) (decl g (u8) u8) (rule (g x) x)",
    ),
    (
        true,
        "(decl f (u8) u8) (rule (f (g x)) x) (decl g (u8) u8) (extractor (g x) x)",
    ),
    (false, "(decl g (u8) u8) (extractor (g x) (g x))"),
    (
        false,
        "(decl g (u8) u8) (decl h (u8) u8) (extractor (g x) (h x)) (extractor (h x) (g x))",
    ),
    (
        false,
        "(decl g (u8) u8) (extractor (g x) x) (extractor (g x) x)",
    ),
    (
        false,
        "(decl g (u8) u8) (extractor (g x) x) (extern extractor g g)",
    ),
    (
        false,
        "(decl g (u8) u8) (extern constructor g g) (rule (g x) x)",
    ),
    (
        false,
        "(decl g (u8) u8) (extern constructor g g) (extern constructor g h)",
    ),
    (false, "(extern constructor g g)"),
    (false, "(extern const X u8)"),
    (
        true,
        "(extern const $X u8) (decl f (u8) u8) (rule (f $X) $X)",
    ),
    (
        false,
        "(extern const $X u16) (decl f (u8) u8) (rule (f $X) 1)",
    ),
    (false, "(decl f (u8) u8) (rule (f $Y) 1)"),
    (false, "(type T (enum A)) (extern constructor T.A a)"),
    (false, "(type T (enum A)) (decl T.A () T)"),
    (false, "(type T (enum A)) (rule (T.A) 1)"),
    (false, "(pragma x)"),
    (false, "(rule"),
    (false, ")"),
    (false, "(frobnicate)"),
    (false, "(decl f-g (u8) u8)"),
    (
        true,
        "(decl f () i128) (rule (f) -0x7fff_ffff_ffff_ffff_ffff_ffff_ffff_ffff)",
    ),
    (
        false,
        "(decl f () i128) (rule (f) -0x80000000000000000000000000000000)",
    ),
    (
        false,
        "(decl f () u128) (rule (f) 0x100000000000000000000000000000000)",
    ),
    (
        true,
        "(decl f () u128) (rule (f) 340282366920938463463374607431768211455)",
    ),
    (false, "(decl f () u8) (rule 9223372036854775808 (f) 1)"),
];

#[test]
fn both_compilers_accept_and_refuse_the_same_programs() {
    let mut wrong = Vec::new();
    for &(good, text) in PROGRAMS {
        let (ours, theirs) = (support::ours(text), support::theirs(text));
        if ours.is_ok() != good || theirs.is_ok() != good {
            wrong.push(format!(
                "{text}\n ours: {:?}\n theirs: {theirs:?}",
                ours.err()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words and parentheses of a text.
fn tokens(text: &str) -> Vec<String> {
    let text: String = text
        .lines()
        .map(|line| line.split(';').next().unwrap_or(""))
        .collect::<Vec<_>>()
        .join(" ");
    text.replace('(', " ( ")
        .replace(')', " ) ")
        .split_whitespace()
        .map(str::to_string)
        .collect()
}

#[test]
fn both_compilers_agree_on_mutated_programs() {
    let original = tokens(include_str!("corpus/tree.isle"));
    assert_eq!(support::ours(&original.join(" ")).err(), None);
    let mut random = support::Random(7);
    let mut wrong = Vec::new();
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..2000 {
        let mut mutant = original.clone();
        for _ in 0..1 + random.below(2) {
            let at = random.below(mutant.len());
            let other = original[random.below(original.len())].clone();
            match random.below(4) {
                0 => drop(mutant.remove(at)),
                1 => mutant.insert(at, other),
                2 if mutant[at] != "(" && mutant[at] != ")" => mutant[at] = other,
                _ => {
                    // A whole form twice, or two words of a kind exchanged.
                    let to = random.below(mutant.len());
                    let is_word = |word: &str| word != "(" && word != ")";
                    if is_word(&mutant[at]) && is_word(&mutant[to]) {
                        mutant.swap(at, to);
                    }
                }
            }
        }
        let text = mutant.join(" ");
        let (ours, theirs) = (support::ours(&text), support::theirs(&text));
        if ours.is_ok() {
            accepted += 1
        } else {
            refused += 1
        }
        let differ = match (&ours, &theirs) {
            // Our bodies are sequences.
            (Ok(_), Err(error)) => !error.contains("Unexpected token"),
            // We want the parameters of an extractor to be those of its term.
            (Err(error), Ok(())) => !error.contains("parameters, but the term has"),
            _ => false,
        };
        if differ {
            wrong.push(format!("ours: {:?}\n theirs: {theirs:?}", ours.err()));
        }
    }
    assert!(
        accepted > 50 && refused > 50,
        "{accepted} accepted, {refused} refused"
    );
    assert!(
        wrong.is_empty(),
        "{}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(25)].join("\n")
    );
}
