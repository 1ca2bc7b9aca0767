//! How often the simulator has carried out each instruction of compiled code, for `gene explain`.

use crate::explain::Explanation;
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
    /// Where its body begins: file, line and column.
    pub place: String,
    /// The code that ran. What inline caches knew when it was made is gone with the process, so it cannot be made again.
    pub code: Explanation,
    /// How often the instruction at each offset was carried out, if it was.
    pub counts: BTreeMap<usize, u64>,
}
