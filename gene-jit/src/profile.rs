//! How often the simulator has carried out each instruction of compiled code, for `gene explain`.

use crate::feedback::Feedback;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A profile of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Instructions carried out in all.
    pub executed: u64,
    /// The compilations that are in use at the end, or were.
    pub functions: Vec<FunctionProfile>,
}

/// The profile of one compilation of a function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FunctionProfile {
    /// The function's name.
    pub name: String,
    /// Where its body begins: file, line and column.
    pub place: String,
    /// What it was compiled with, so that it can be compiled again.
    pub feedback: Feedback,
    /// How often the instruction at each offset was carried out, if it was.
    pub counts: BTreeMap<usize, u64>,
}
