//! Our compiler and Cranelift's agree on programs that nobody wrote.

#[path = "support/programs.rs"]
mod programs;
mod support;

use std::collections::BTreeMap;

use support::{Random, ours, theirs};

/// What kinds of mistakes each compiler finds. Ours may find more of them: theirs does not look for
/// recursion where rules overlap.
const KINDS: &[(&str, &[&str])] = &[
    ("ParseError", &["E00"]),
    ("TypeError", &["E01", "E02"]),
    ("UnreachableError", &["E0303"]),
    ("OverlapError", &["E0301"]),
    ("ShadowedError", &["E0302"]),
    ("RecursionError", &["E0304"]),
];

#[test]
fn both_compilers_agree_on_generated_programs() {
    let mut random = Random(23);
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..4000 {
        let text = programs::program(&mut random);
        let (ours, theirs) = (ours(&text).err(), theirs(&text).err());
        let kind = KINDS
            .iter()
            .find(|(kind, _)| theirs.as_ref().is_some_and(|error| error.contains(kind)));
        *seen
            .entry(kind.map_or("accepted", |(kind, _)| kind))
            .or_default() += 1;
        let agree = match (&ours, kind) {
            (None, None) => true,
            (Some(ours), Some((_, codes))) => codes
                .iter()
                .any(|code| ours.contains(&format!("error[{code}"))),
            _ => false,
        };
        if !agree {
            wrong.push(format!(
                "{text}\nours: {}\ntheirs: {theirs:?}\n",
                ours.unwrap_or_default()
            ));
        }
    }
    println!("{seen:?}");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    for kind in [
        "accepted",
        "TypeError",
        "UnreachableError",
        "OverlapError",
        "ShadowedError",
        "RecursionError",
    ] {
        assert!(
            seen.get(kind).is_some_and(|&count| count > 20),
            "few are {kind}: {seen:?}"
        );
    }
}
