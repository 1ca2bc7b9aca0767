//! Compiled functions: their code is put into its place, linked, and told of.

use super::Shared;
use crate::adapter::adapter;
use crate::arm64::Fixup;
use crate::buffer::LabelUse;
use crate::expose::{Exposed, Line, Piece, Tools};
use crate::feedback::Feedback;
use crate::lower::{Compiled, Declined};
use crate::memory::Block;
use crate::runtime::Helper;
use gene_vm::code::Code;
use gene_vm::source::SourceMap;
use gene_vm::tier::Source;
use std::rc::Rc;

/// One compilation of a body.
pub struct Version {
    /// The code.
    pub(crate) compiled: Compiled,
    /// Where it lies.
    pub(super) block: Block,
    pub(super) code: *const Code,
    _exposed: Exposed,
}

/// The machine code of one body. It belongs to the body's [`Code`] and goes with it.
pub struct CompiledFunction {
    pub(super) shared: Rc<Shared>,
    /// All compilations, the last of which is in use; the others may still be on the native stack.
    pub(super) versions: Vec<Rc<Version>>,
    /// Code before the last version, for calls that put arguments elsewhere than it wants them.
    pub(super) adapters: Vec<Adapter>,
    pub(super) feedback: Feedback,
    /// Wrong guesses of the last version, and how many it may make.
    pub(super) left: u32,
    pub(super) patience: u32,
}

/// Code that brings the arguments of a kind of calls to the places of a function's parameters.
pub(super) struct Adapter {
    pub(super) placement: Box<[Source]>,
    pub(super) block: Block,
    _exposed: Exposed,
}

impl CompiledFunction {
    /// The code in use.
    pub fn current(&self) -> &Rc<Version> {
        self.versions.last().expect("a function has a version")
    }
}

impl Drop for CompiledFunction {
    fn drop(&mut self) {
        let mut versions = self.shared.versions.borrow_mut();
        for version in &self.versions {
            versions.remove(&version.block.address());
        }
    }
}

impl Shared {
    /// Compiles a body and puts the code where calls enter it.
    pub(super) fn place_code(
        &self,
        code: &Code,
        feedback: &Feedback,
        sources: &SourceMap,
    ) -> Result<Rc<Version>, Declined> {
        let compiled = self.compiler.borrow_mut().compile(code, feedback)?;
        let block = self.arena.place(&compiled.code, |memory, address| {
            for &(offset, code) in &compiled.thunks {
                let offset = offset as usize;
                let distance = self.thunks().address(code) as i64 - (address + offset) as i64;
                LabelUse::patch(Fixup::Branch26, memory, offset, distance);
            }
        });
        let block = block.ok_or(Declined::NoRoom)?;
        self.forget_former(&block);
        let version = Rc::new(Version {
            _exposed: self.expose(code, &compiled, &block, sources),
            compiled,
            block,
            code,
        });
        let mut versions = self.versions.borrow_mut();
        versions.insert(version.block.address(), Rc::downgrade(&version));
        let start = version.block.address();
        code.entry.set(start + version.compiled.entry);
        code.receiver.set(version.compiled.receiver.unwrap_or(0));
        code.receiver_entry.set(start);
        Ok(version)
    }

    /// Makes the simulator forget what was in a block before.
    fn forget_former(&self, block: &Block) {
        if let Some(simulator) = self.simulator {
            let start = block.address();
            // SAFETY: the simulator lives as long as `self`, and is borrowed during its calls only.
            unsafe { (*simulator).forget(start..start + block.bytes().len()) };
        }
    }

    /// Code that brings arguments to the places of a function's parameters.
    pub(super) fn adapter(&self, code: &Code, placement: &[Source]) -> Option<Adapter> {
        let collect = self.thunks().of(Helper::Collect);
        let bytes = adapter(placement, code.entry.get(), collect)?;
        let block = self.arena.place(&bytes, |_, _| {})?;
        self.forget_former(&block);
        let exposed = match self.options.tools == Tools::default() {
            true => Exposed::default(),
            false => self.exposure.publish(Piece {
                name: &format!("{} (adapter)", code.name.name()),
                address: block.address(),
                code: block.bytes(),
                lines: &[],
            }),
        };
        Some(Adapter {
            placement: placement.into(),
            block,
            _exposed: exposed,
        })
    }

    /// Tells tools of code that has been put in its place.
    fn expose(
        &self,
        code: &Code,
        compiled: &Compiled,
        block: &Block,
        sources: &SourceMap,
    ) -> Exposed {
        if self.options.tools == Tools::default() {
            return Exposed::default();
        }
        let mut name = code.name.name().to_string();
        if let Some(place) = sources.location(code.position(0)) {
            name = format!("{name} ({}:{})", place.file, place.line);
        }
        let mut lines: Vec<Line> = Vec::new();
        if self.exposure.wants_lines() {
            for &(offset, part) in &compiled.map {
                let place = part.pc().and_then(|pc| sources.location(code.position(pc)));
                lines.extend(place.map(|place| Line {
                    offset: offset as usize,
                    file: place.file,
                    line: place.line,
                }));
            }
        }
        self.exposure.publish(Piece {
            name: &name,
            address: block.address(),
            code: block.bytes(),
            lines: &lines,
        })
    }
}

/// Calls `look` with the machine code of a body, if it is compiled.
pub(crate) fn with_compiled<T>(code: &Code, look: impl FnOnce(&Compiled) -> T) -> Option<T> {
    let data = code.tier_data.borrow();
    let function = data.as_ref()?.downcast_ref::<CompiledFunction>()?;
    Some(look(&function.current().compiled))
}
