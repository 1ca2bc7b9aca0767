//! Compiled programs as bytes, for files.
//!
//! An image holds the program's text and, where that is all there is to it, its bytecode. Some programs need
//! more than bytecode when they run: the names that `eval` and macros see, the forms of a function whose mistake
//! is raised at its first call. Their images hold the text alone and are compiled when they are loaded.
//!
//! ```text
//! magic  builder  checksum of the rest │ options  name  text  bytecode?
//! ```
//!
//! The builder is a fingerprint of this crate's sources: bytecode has a meaning only to the compiler that made it.
//! Bytes that are damaged, foreign, or of another builder are told apart from what is usable before any of them is
//! interpreted. An image is a program all the same: who can forge one can have it do anything.

mod bytes;
mod store;
mod values;

use crate::compile::Module;
use crate::program::Failure;
use crate::program::Program;
use crate::symbol::Symbol;
use crate::vm::Vm;
use bytes::{Reader, Writer};
use std::fmt;
use store::Store;

const MAGIC: &[u8; 8] = b"\x7fgeneir\n";
const BUILDER: &str = env!("GENE_VM_FINGERPRINT");
/// Magic, builder, checksum.
const HEADER: usize = 8 + 8 + 16;

/// Why bytes are no image that can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unusable {
    /// They are something else.
    Foreign,
    /// Another version of the compiler made them.
    OtherVersion,
    /// They are not what was written.
    Damaged,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unusable::Foreign => "it is not a compiled Gene program",
            Unusable::OtherVersion => {
                "another version of gene has compiled it; compile the source again"
            }
            Unusable::Damaged => "it is damaged; compile the source again",
        })
    }
}

impl std::error::Error for Unusable {}

/// An image that was checked to be what was written, by this version.
pub struct Image<'a> {
    options: u8,
    /// The program's name, as it was given to the compiler.
    pub name: &'a str,
    /// The program's text.
    pub text: &'a str,
    code: Option<&'a [u8]>,
}

impl Image<'_> {
    /// Looks at bytes.
    pub fn open(bytes: &[u8]) -> Result<Image<'_>, Unusable> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Unusable::Foreign)?;
        let (builder, rest) = rest.split_at_checked(8).ok_or(Unusable::Damaged)?;
        if builder != builder_bytes() {
            return Err(Unusable::OtherVersion);
        }
        let (sum, content) = rest.split_at_checked(16).ok_or(Unusable::Damaged)?;
        if sum != checksum(content) {
            return Err(Unusable::Damaged);
        }
        parts(content).ok_or(Unusable::Damaged)
    }

    /// Was it made with the settings of this machine that bytecode depends on?
    pub fn has_settings_of(&self, vm: &Vm) -> bool {
        self.options == options(vm)
    }

    /// The program. It is compiled where the image does not hold its bytecode, or that for other settings.
    pub fn program(&self, vm: &mut Vm) -> Result<Program, Failure> {
        let is_usable = self.has_settings_of(vm) && !vm.options.inspectable;
        let code = self.code.filter(|_| is_usable);
        match code.and_then(|code| load(vm, self.name, self.text, code)) {
            Some(module) => Ok(Program::of_module(vm, self.name, module)),
            None => Program::new(vm, self.name, self.text),
        }
    }
}

/// The image of a program that was compiled from a text under a name.
pub fn image(vm: &Vm, program: &Program, name: &str, text: &str) -> Vec<u8> {
    let mut content = Writer::default();
    content.number(options(vm) as u64);
    content.text(name);
    content.text(text);
    if let Some(code) = save(vm, program.module()) {
        content.bytes(&code);
    }
    let mut bytes = Vec::with_capacity(HEADER + content.out.len());
    bytes.extend(MAGIC);
    bytes.extend(builder_bytes());
    bytes.extend(checksum(&content.out));
    bytes.extend(content.out);
    bytes
}

fn parts(content: &[u8]) -> Option<Image<'_>> {
    let mut reader = Reader::new(content);
    Some(Image {
        options: reader.number()?.try_into().ok()?,
        name: reader.text()?,
        text: reader.text()?,
        code: match reader.is_at_end() {
            true => None,
            false => Some(reader.bytes()?),
        },
    })
}

/// The settings that bytecode depends on.
fn options(vm: &Vm) -> u8 {
    vm.options.contracts as u8 | (vm.options.type_checks as u8) << 1
}

fn builder_bytes() -> [u8; 8] {
    u64::from_str_radix(BUILDER, 16)
        .expect("the build script writes a number")
        .to_le_bytes()
}

fn checksum(bytes: &[u8]) -> [u8; 16] {
    twox_hash::XxHash3_128::oneshot(bytes).to_le_bytes()
}

/// The bytecode of a module; `None` if it needs more than that.
fn save(vm: &Vm, module: &Module) -> Option<Vec<u8>> {
    // Warnings are told each time that the program is run.
    if vm.options.inspectable || !module.warnings.is_empty() {
        return None;
    }
    let code = module.prototype.code.get()?;
    let (source, _) = vm.sources.source(code.position(0))?;
    let mut writer = Writer::of_source(source.first());
    writer.number(module.slots as u64);
    module.prototype.store(&mut writer);
    writer.finish()
}

fn load(vm: &mut Vm, name: &str, text: &str, code: &[u8]) -> Option<Module> {
    let first = vm.sources.add(name, text);
    let mut reader = Reader::with_heap(code, &mut vm.heap, first)?;
    reader.budget = vm.tier.as_ref().map_or(i32::MAX, |tier| tier.threshold());
    let slots = reader.number()? as usize;
    let prototype = Store::load(&mut reader)?;
    Module::of_code(Symbol::intern(name), prototype, slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "(fn f [x: Int ^k = [1 {^a \"b\"}]] (for [a b] in x (println a `(q %b)))) (class A (ctor [/x])) (f [])";

    /// Not even bytecode with a right checksum, as nobody has written it, brings the loader to panic.
    #[test]
    fn the_loader_survives_anything() {
        let mut vm = Vm::new(Default::default());
        let program = Program::new(&mut vm, "t", TEXT).expect("it compiles");
        let code = save(&vm, program.module()).expect("bytecode is all it needs");
        assert!(load(&mut vm, "t", TEXT, &code).is_some());
        for end in 0..code.len() {
            assert!(load(&mut vm, "t", TEXT, &code[..end]).is_none(), "{end}");
        }
        for at in 0..code.len() {
            for byte in [0, 1, 3, 0x7f, 0x80, 0xff] {
                let mut code = code.clone();
                code[at] = byte;
                // It may well be bytecode, only another.
                let _ = load(&mut vm, "t", TEXT, &code);
            }
        }
    }
}
