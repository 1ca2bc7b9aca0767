//! Encodings against an independent disassembler and, where it is installed, the GNU assembler.

use std::process::Command;

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

use super::generated::{self, Inst};
use super::words;

#[test]
fn every_instruction_survives_encoding_and_decoding() {
    for (name, words) in words() {
        assert!(!words.is_empty(), "no word decodes as {name}");
        for word in words {
            let inst = Inst::decode(word).unwrap();
            let again = match inst.target() {
                Some((generated::Target::Offset(offset), fixup)) => {
                    fixup.patch(inst.word(), offset)
                }
                _ => Some(inst.word()),
            };
            assert_eq!(again, Some(word), "{inst}");
        }
    }
}

/// The GNU assembler makes the same words of the printed instructions.
#[test]
fn the_gnu_assembler_agrees() {
    let tool = |name: &str| format!("aarch64-linux-gnu-{name}");
    if Command::new(tool("as")).arg("--version").output().is_err() {
        eprintln!("skipped: no GNU assembler for AArch64");
        return;
    }
    let folder = std::env::temp_dir().join(format!("gene-isle-as-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (source, object, binary) = (folder.join("t.s"), folder.join("t.o"), folder.join("t.bin"));
    let words: Vec<u32> = words().into_values().flatten().collect();
    let lines: String = words
        .iter()
        .map(|&word| format!("{}\n", Inst::decode(word).unwrap()))
        .collect();
    std::fs::write(&source, lines).unwrap();
    let run = |command: &mut Command| {
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "{}",
            errors.lines().take(40).collect::<Vec<_>>().join("\n")
        );
    };
    run(Command::new(tool("as"))
        .args(["-march=armv8-a", "-o"])
        .args([&object, &source]));
    run(Command::new(tool("objcopy"))
        .args(["-O", "binary"])
        .args([&object, &binary]));
    let bytes = std::fs::read(&binary).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let assembled = bytes
        .chunks(4)
        .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
    let wrong: Vec<_> = words
        .iter()
        .zip(assembled)
        .filter(|(ours, theirs)| *ours != theirs)
        .map(|(ours, theirs)| format!("{ours:08x} {theirs:08x} {}", Inst::decode(*ours).unwrap()))
        .collect();
    assert_eq!(bytes.len(), 4 * words.len());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        words.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}

/// An independent disassembler reads the same instructions out of the words.
#[test]
fn the_disassembler_agrees() {
    let decoder = InstDecoder::default();
    let mut wrong = Vec::new();
    for word in words().into_values().flatten() {
        let ours = Inst::decode(word).unwrap().to_string();
        let bytes = word.to_le_bytes();
        let theirs = match decoder.decode(&mut U8Reader::new(&bytes)) {
            Ok(inst) => inst.to_string(),
            Err(error) => format!("{error}"),
        };
        if plain(&ours) != plain(&theirs) && !is_alias(&ours, &theirs) {
            wrong.push(format!("{word:08x}: {ours} | {theirs}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} words:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(60)].join("\n")
    );
}

/// Assembly text with its differences of taste removed: numbers in decimal, no offsets of zero.
fn plain(text: &str) -> String {
    let text = text.replace('$', ".").replace(".+", "+").replace(".-", "-");
    // A test of a low bit looks at the low half of the register.
    let text = if text.starts_with("tb") {
        text.replace(" w", " x")
    } else {
        text
    };
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("0x") {
        out.push_str(&rest[..at]);
        let digits = &rest[at + 2..];
        let end = digits
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        out.push_str(&u64::from_str_radix(&digits[..end], 16).unwrap().to_string());
        rest = &digits[end..];
    }
    out.push_str(rest);
    if let Some((before, twelve)) = out.rsplit_once(", ")
        && twelve == "lsl #12"
        && let Some((before, value)) = before.rsplit_once('#')
        && !before.starts_with("mov")
    {
        out = format!("{before}#{}", value.parse::<u64>().unwrap() << 12);
    }
    let out = out
        .replace(", #0]", "]")
        .replace(", lsl #0", "")
        .replace(" #0", "");
    out.trim_end_matches(',').to_string()
}

/// Other names for the same instruction, which the disassembler prefers.
fn is_alias(ours: &str, theirs: &str) -> bool {
    const ALIASES: &[(&str, &str)] = &[
        ("add", "mov"),
        ("bfi", "bfxil"),
        ("bfi", "bfc"),
        ("csinc", "cinc"),
        ("csinv", "cinv"),
        ("csneg", "cneg"),
        ("extr", "ror"),
        ("movz", "mov"),
        ("orr", "mov"),
        ("movn", "mov"),
        ("msub", "mneg"),
        ("negs", "cmp"),
        ("orn", "mvn"),
        ("sub", "neg"),
        ("subs", "negs"),
    ];
    let name = |text: &str| text.split(' ').next().unwrap_or("").to_string();
    ALIASES.contains(&(name(ours).as_str(), name(theirs).as_str()))
}
