//! Encodings against an independent disassembler and, where they are installed, GNU's tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

use super::generated::{self, Inst};
use super::text::Line;
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

/// What the Arm manual calls CONSTRAINED UNPREDICTABLE can be neither encoded nor decoded.
#[test]
fn what_the_manual_leaves_open_is_refused() {
    use generated::{NotEncodable, Pair8, Reg, Simm9, Sink};

    struct Words(Vec<u32>);
    impl Sink for Words {
        fn put4(&mut self, word: u32) {
            self.0.push(word);
        }
        fn use_label(&mut self, _: generated::Label, _: generated::Fixup) {}
    }
    let encode = |inst: Inst| {
        let mut words = Words(Vec::new());
        inst.encode(&mut words).map(|()| words.0[0])
    };
    let [a, b, zero_or_sp] = [1, 2, 31].map(Reg::new);
    let load = |rt, rn| Inst::LdrPost {
        rt,
        rn,
        offset: Simm9::new(8).unwrap(),
    };
    let pair = |rt, rt2, rn| Inst::LdpPre {
        rt,
        rt2,
        rn,
        offset: Pair8::new(16).unwrap(),
    };
    for inst in [load(a, a), pair(a, a, b), pair(a, b, a), pair(a, b, b)] {
        assert_eq!(encode(inst), Err(NotEncodable(inst)));
        assert_eq!(Inst::decode(inst.word()), None, "{inst}");
    }
    for inst in [
        load(a, b),
        load(zero_or_sp, zero_or_sp),
        pair(a, b, zero_or_sp),
    ] {
        assert_eq!(encode(inst).map(Inst::decode), Ok(Some(inst)));
    }
}

/// The GNU assembler makes the same words of the printed instructions, and the GNU disassembler
/// reads the same instructions out of the words.
#[test]
fn the_gnu_tools_agree() {
    if Command::new(gnu("as")).arg("--version").output().is_err() {
        eprintln!("skipped: no GNU assembler for AArch64");
        return;
    }
    let folder = std::env::temp_dir().join(format!("gene-isle-as-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let words: Vec<u32> = words().into_values().flatten().collect();
    let ours: Vec<String> = words
        .iter()
        .map(|&word| Inst::decode(word).unwrap().to_string())
        .collect();
    let object = folder.join("t.o");
    let assembled = assemble(&folder, &object, &ours);
    let listed = disassemble(&object);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!((assembled.len(), listed.len()), (words.len(), words.len()));
    let mut wrong = Vec::new();
    for (index, ours) in ours.iter().enumerate() {
        let (word, theirs) = (words[index], &listed[index]);
        if assembled[index] != word {
            wrong.push(format!(
                "{word:08x}, {:08x} by as: {ours}",
                assembled[index]
            ));
        }
        if !Line::new(ours).agrees(&Line::new(theirs)) {
            wrong.push(format!("{word:08x}: {ours} | {theirs}"));
        }
    }
    report(&wrong, words.len());
}

fn gnu(name: &str) -> String {
    format!("aarch64-linux-gnu-{name}")
}

/// The output of a tool.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let first: Vec<_> = errors.lines().take(40).collect();
    assert!(output.status.success(), "{}", first.join("\n"));
    output.stdout
}

/// The words that the assembler makes of each line.
fn assemble(folder: &Path, object: &PathBuf, lines: &[String]) -> Vec<u32> {
    let (source, binary) = (folder.join("t.s"), folder.join("t.bin"));
    std::fs::write(&source, lines.join("\n") + "\n").unwrap();
    let assembler = &mut Command::new(gnu("as"));
    run(assembler
        .args(["-march=armv8-a", "-o"])
        .args([object, &source]));
    run(Command::new(gnu("objcopy"))
        .args(["-O", "binary"])
        .args([object, &binary]));
    let bytes = std::fs::read(&binary).unwrap();
    let words = bytes.chunks(4).map(|word| word.try_into().unwrap());
    words.map(u32::from_le_bytes).collect()
}

/// The text of each instruction in an object file, with distances instead of targets.
fn disassemble(object: &Path) -> Vec<String> {
    let output = run(Command::new(gnu("objdump")).args(["-d", "-z"]).arg(object));
    let text = String::from_utf8(output).unwrap();
    let lines = text.lines().filter_map(|line| {
        let (address, rest) = line.trim_start().split_once(":\t")?;
        let address = i64::from_str_radix(address, 16).ok()?;
        let text = rest.split_once('\t')?.1;
        // Behind a target stands the symbol that it belongs to.
        let Some((before, _)) = text.split_once(" <") else {
            return Some(text.to_string());
        };
        let (operands, target) = before.rsplit_once([' ', '\t'])?;
        let target = u64::from_str_radix(target.trim_start_matches("0x"), 16).ok()? as i64;
        Some(format!("{operands} {}", target.wrapping_sub(address)))
    });
    lines.collect()
}

/// An independent disassembler reads the same instructions out of the words.
#[test]
fn the_disassembler_agrees() {
    let decoder = InstDecoder::default();
    let mut wrong = Vec::new();
    let words: Vec<u32> = words().into_values().flatten().collect();
    for &word in &words {
        let ours = Inst::decode(word).unwrap().to_string();
        let bytes = word.to_le_bytes();
        let theirs = match decoder.decode(&mut U8Reader::new(&bytes)) {
            Ok(inst) => inst.to_string(),
            Err(error) => format!("{error}"),
        };
        if !Line::new(&ours).agrees(&Line::new(&theirs)) {
            wrong.push(format!("{word:08x}: {ours} | {theirs}"));
        }
    }
    report(&wrong, words.len());
}

fn report(wrong: &[String], all: usize) {
    println!("{all} words");
    let shown = &wrong[..wrong.len().min(60)];
    assert!(
        wrong.is_empty(),
        "{} of {all}:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}
