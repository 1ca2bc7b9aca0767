//! Modules: files, their namespaces, import and export.

use crate::heap::{Gc, Tracer};
use crate::object::Namespace;
use std::path::PathBuf;

/// The modules that were loaded.
#[derive(Default)]
pub struct Modules {
    /// By absolute path; each file runs once.
    pub(crate) loaded: Vec<(PathBuf, Gc<Namespace>)>,
    /// Files whose import is under way, outermost first.
    pub(crate) loading: Vec<PathBuf>,
}

impl Modules {
    pub(crate) fn trace(&self, tracer: &mut Tracer) {
        for (_, namespace) in &self.loaded {
            tracer.object(*namespace);
        }
    }
}
