//! Damaged programs are refused or taken for what they now say: never a panic, never a crash.

mod support;

use gene_vm::format::{Style, format_source, forms};
use gene_vm::reader::read_all;
use gene_vm::vm::{Options, Vm};

/// Pieces that change much where they stand.
const PIECES: [&str; 24] = [
    "(", ")", "[", "]", "{", "}", "\"", "#\"", "#{", "`", "%", "^", ";", "#<", "'", "\\", "...",
    "/", "0x", "\n", "\r\n", "=", "#(", "^a ",
];

/// Ways to spoil a program: cut off, a byte changed, a piece put in, a stretch taken out or doubled.
fn damage(program: &str, random: &mut fastrand::Rng) -> String {
    let mut bytes = program.as_bytes().to_vec();
    for _ in 0..random.usize(1..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.usize(..bytes.len());
        let end = (at + random.usize(1..40)).min(bytes.len());
        match random.u8(..6) {
            0 => bytes.truncate(at),
            1 => bytes[at] = random.u8(..),
            2 | 3 => drop(bytes.splice(at..at, random.choice(PIECES).expect("not empty").bytes())),
            4 => drop(bytes.drain(at..end)),
            _ => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn each_damaged(times: usize, mut check: impl FnMut(&str)) {
    let mut random = fastrand::Rng::with_seed(7);
    for program in support::corpus() {
        for _ in 0..times {
            check(&damage(&program, &mut random));
        }
    }
}

#[test]
fn what_is_read_is_printed_and_reads_back() {
    let mut vm = Vm::new(Options::default());
    each_damaged(10, |text| {
        if let Ok(values) = read_all(&mut vm, "<damaged>", text) {
            let printed = forms(&values, Style::Compact);
            let again = read_all(&mut vm, "<printed>", &printed);
            let again = again.unwrap_or_else(|error| panic!("{error}: {printed}"));
            if !values.is_empty() {
                assert_eq!(forms(&again, Style::Compact), printed);
            }
        }
    });
}

#[test]
fn formatting_is_idempotent_and_keeps_the_meaning() {
    let mut vm = Vm::new(Options::default());
    let mut meaning = |text: &str| {
        let values = read_all(&mut vm, "<text>", text).ok()?;
        Some(forms(&values, Style::Compact))
    };
    each_damaged(10, |text| {
        let formatted = format_source(text);
        assert_eq!(format_source(&formatted), formatted, "{text}");
        let text = text.replace("\r\n", "\n");
        assert_eq!(meaning(&text), meaning(&formatted), "{text}");
    });
}

#[test]
fn what_cannot_be_compiled_is_refused() {
    each_damaged(5, |text| {
        let mut vm = Vm::new(Options::default());
        if let Err(failure) = vm.compile_bodies("<damaged>", text) {
            assert!(!vm.report(&failure).message.is_empty());
        }
    });
}

#[test]
fn deep_nesting_is_compiled_or_refused() {
    let mut vm = Vm::new(Options::default());
    for (open, close) in [
        ("(do ", ")"),
        ("[", "]"),
        ("{^a ", "}"),
        ("{{1 ", "}}"),
        ("(1 + ", ")"),
        ("(f ", ")"),
        ("(fn g [] ", ")"),
        ("(fn [x = ", "] x)"),
        ("(if true ", ")"),
        ("(var [", "] 1)"),
        ("`(a ", ")"),
        ("`", ""),
        ("#\"#{", "}\""),
        ("(class A ", ")"),
        ("(try ", " catch * 2)"),
        ("(case ", " when 1 2)"),
        ("(x; ", ")"),
        ("(var x: (Array ", ") [])"),
        ("(not ", ")"),
    ] {
        let text = format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
        if let Err(failure) = vm.compile_bodies("<deep>", &text) {
            assert!(!vm.report(&failure).message.is_empty(), "{open}");
        }
    }
}
