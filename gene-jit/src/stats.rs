//! What `--stats` shows.

use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the JIT has done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Statistics {
    /// The functions that became hot, in order.
    pub functions: Vec<FunctionStatistics>,
    /// Time spent in compiling, in microseconds.
    pub compile_microseconds: u64,
    /// Calls of the runtime by the opcode that they were for, and of native functions.
    pub helper_calls: BTreeMap<&'static str, u64>,
    /// Instructions that the simulator carried out.
    pub instructions: Option<u64>,
}

/// What came of a function that became hot.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionStatistics {
    /// Its name.
    pub name: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a function that became hot.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It was compiled.
    Compiled {
        /// Number of bytecode instructions.
        instructions: usize,
        /// Bytes of machine code.
        bytes: usize,
    },
    /// It stays interpreted.
    Declined {
        /// Why.
        reason: String,
    },
}

impl Statistics {
    pub(crate) fn note(&mut self, name: &str, outcome: Outcome, elapsed: Duration) {
        self.functions.push(FunctionStatistics {
            name: name.to_string(),
            outcome,
        });
        self.compile_microseconds += elapsed.as_micros() as u64;
    }

    /// Bytes of machine code made.
    pub fn code_bytes(&self) -> usize {
        let bytes = |function: &FunctionStatistics| match function.outcome {
            Outcome::Compiled { bytes, .. } => bytes,
            Outcome::Declined { .. } => 0,
        };
        self.functions.iter().map(bytes).sum()
    }
}

impl std::fmt::Display for Statistics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for function in &self.functions {
            match &function.outcome {
                Outcome::Compiled {
                    instructions,
                    bytes,
                } => {
                    writeln!(
                        f,
                        "compiled {}: {instructions} instructions, {bytes} bytes",
                        function.name
                    )?;
                }
                Outcome::Declined { reason } => {
                    writeln!(f, "declined {}: {reason}", function.name)?
                }
            }
        }
        writeln!(f, "machine code: {} bytes", self.code_bytes())?;
        writeln!(f, "compile time: {} µs", self.compile_microseconds)?;
        for (name, count) in &self.helper_calls {
            writeln!(f, "helper calls for {name}: {count}")?;
        }
        if let Some(count) = self.instructions {
            writeln!(f, "arm64 instructions executed: {count}")?;
        }
        Ok(())
    }
}
