//! The options of the commands that execute code.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use gene_jit::expose::Tools;
use gene_jit::tier::LARGEST_CODE_LIMIT;
use gene_vm::vm;

use crate::report::ErrorFormat;

/// How code is executed.
#[derive(Args)]
pub struct Execution {
    /// Whether hot functions run as machine code
    #[arg(
        long,
        value_enum,
        env = "GENE_JIT",
        default_value = "auto",
        value_name = "MODE"
    )]
    pub jit: Jit,
    /// Calls and loop rounds after which a function is compiled
    #[arg(long, env = "GENE_JIT_THRESHOLD", value_name = "N")]
    pub jit_threshold: Option<u32>,
    /// Most memory for machine code, in bytes, or with K or M behind the number [default: 64M]; functions that
    /// do not fit stay interpreted
    #[arg(long, env = "GENE_JIT_CODE_LIMIT", value_name = "SIZE", value_parser = code_limit)]
    pub jit_code_limit: Option<usize>,
    /// Compile hot functions, as is the default
    #[arg(long, hide = true)]
    pub native_code: bool,
    /// Which functions are compiled; `never` is the same as --jit=off
    #[arg(long, value_enum, value_name = "TIER", hide = true)]
    pub native_tier: Option<NativeTier>,
    /// The package that the program belongs to; there are no packages yet
    #[arg(long = "pkg", value_name = "NAME", hide = true)]
    _package: Option<String>,
    /// Tell profilers and debuggers of compiled code
    #[arg(
        long,
        value_enum,
        env = "GENE_JIT_TOOLS",
        value_delimiter = ',',
        value_name = "TOOL,…"
    )]
    pub jit_tools: Vec<JitTool>,
    /// Write how often each instruction of compiled code was carried out, for `gene explain --profile`;
    /// with --jit=sim
    #[arg(long, value_name = "FILE")]
    pub jit_profile: Option<PathBuf>,
    /// Tell on standard error what was compiled, and why something was not
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "human"
    )]
    pub stats: Option<StatsFormat>,
    /// How errors are written [default: human on a terminal, else gene]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub error_format: Option<ErrorFormat>,
    /// Check contracts (^pre, ^post): on or off
    #[arg(long, value_name = "SWITCH", default_value = "on", action = ArgAction::Set, value_parser = switch)]
    pub contracts: bool,
    /// Check no types, neither before nor during execution
    #[arg(long, alias = "no-typecheck")]
    pub no_type_check: bool,
    /// Let typed positions take nil only where the type admits it
    #[arg(long)]
    pub strict_nil: bool,
    /// Collect garbage as often as possible, to find mistakes in the runtime
    #[arg(long)]
    pub gc_stress: bool,
    /// Is a session wanted where the program fails?
    #[arg(skip)]
    pub inspectable: bool,
}

/// When functions run as machine code.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Jit {
    /// Hot functions, where this machine can run what is generated
    Auto,
    /// Never
    Off,
    /// From the first call
    Always,
    /// From the first call, in the simulator
    Sim,
}

/// The policies of native compilation of the language reference. They do not change results.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum NativeTier {
    /// Nothing is compiled
    Never,
    /// Types are checked by guards
    Guarded,
    /// Annotated types are relied on
    FullyTyped,
}

/// Who is told of compiled code.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum JitTool {
    /// perf, by a map from addresses to names: /tmp/perf-PID.map
    PerfMap,
    /// perf inject --jit, by code and source lines: jit-PID.dump, here or in $JITDUMPDIR
    Jitdump,
    /// GDB, by its JIT interface
    Gdb,
}

/// How statistics are written.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum StatsFormat {
    /// For reading
    Human,
    /// One JSON object
    Json,
}

fn code_limit(text: &str) -> Result<usize, String> {
    let (number, shift) = match text.strip_suffix(['K', 'k']) {
        Some(number) => (number, 10),
        None => match text.strip_suffix(['M', 'm']) {
            Some(number) => (number, 20),
            None => (text, 0),
        },
    };
    let number = number.parse::<usize>().map_err(
        |_| "must be a number of bytes, with K or M behind it for larger units, as in 512K",
    )?;
    let limit = number.checked_mul(1 << shift);
    limit
        .filter(|&limit| limit <= LARGEST_CODE_LIMIT)
        .ok_or_else(|| {
            let most = LARGEST_CODE_LIMIT >> 20;
            format!("must be at most {most}M: so far one branch reaches")
        })
}

fn switch(word: &str) -> Result<bool, String> {
    match word {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

impl Execution {
    /// When functions run as machine code, by all options together.
    pub fn jit(&self) -> Jit {
        // A session in a failing scope finds variables in the interpreter's frames only.
        if self.inspectable || self.native_tier == Some(NativeTier::Never) {
            Jit::Off
        } else {
            self.jit
        }
    }

    /// Who is told of compiled code.
    pub fn tools(&self) -> Tools {
        Tools {
            perf_map: self.jit_tools.contains(&JitTool::PerfMap),
            jitdump: self.jit_tools.contains(&JitTool::Jitdump),
            gdb: self.jit_tools.contains(&JitTool::Gdb),
        }
    }

    /// The settings of the virtual machine.
    pub fn vm_options(&self, program: String, args: Vec<String>) -> vm::Options {
        vm::Options {
            environment: true,
            contracts: self.contracts,
            type_checks: !self.no_type_check,
            strict_nil: self.strict_nil,
            gc_stress: self.gc_stress,
            inspectable: self.inspectable,
            program,
            args,
        }
    }
}
