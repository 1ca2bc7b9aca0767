//! Building and running aarch64 binaries on a host of another kind.
//!
//! Three things are needed: a cross linker, an emulator and a Rust standard
//! library for the target. The first two are Debian packages. The third comes
//! from `rustup`; where that cannot download, Debian's own compiler and its
//! arm64 library stand in, which is why a [`Toolchain`] also names its `rustc`.
//!
//! Binaries are linked statically, so the emulator needs no arm64 system files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Cmd, Shell, cmd};

/// The target triple.
pub const TARGET: &str = "aarch64-unknown-linux-gnu";
/// The emulator that runs one aarch64 process.
pub const EMULATOR: &str = "qemu-aarch64";

const LINKER: &str = "aarch64-linux-gnu-gcc";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Debian packages by what shows that they are installed.
const TOOL_PACKAGES: [(&str, &str); 3] = [
    (LINKER, "gcc-aarch64-linux-gnu"),
    ("/usr/aarch64-linux-gnu/lib/libc.a", "libc6-dev-arm64-cross"),
    (EMULATOR, "qemu-user"),
];

/// Whether this machine runs aarch64 binaries by itself.
pub const NATIVE: bool = cfg!(target_arch = "aarch64");

/// A Rust compiler that can build for [`TARGET`].
pub struct Toolchain {
    /// Where this is not the `rustc` that cargo would pick by itself.
    rustc: Option<PathBuf>,
}

impl Toolchain {
    /// Finds an installed compiler with a standard library for the target.
    fn find(shell: &Shell) -> Option<Toolchain> {
        [None, Some(PathBuf::from(DEBIAN_RUSTC))]
            .into_iter()
            .find(|rustc| {
                let rustc = rustc.as_deref().unwrap_or(Path::new("rustc"));
                has_target_library(shell, rustc)
            })
            .map(|rustc| Toolchain { rustc })
    }

    /// A cargo command that builds for the target and runs through the emulator.
    pub fn cargo<'a>(&self, shell: &'a Shell, subcommand: &str) -> Cmd<'a> {
        // A directory of its own: with another compiler nothing could be shared.
        let mut command = cmd!(shell, "cargo {subcommand} --target {TARGET}")
            .env("CARGO_TARGET_DIR", "target/arm64")
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER)
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", EMULATOR)
            .env(
                "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
                "-C target-feature=+crt-static",
            );
        if let Some(rustc) = &self.rustc {
            command = command.env("RUSTC", rustc);
        }
        command
    }
}

/// Whether `rustc` exists and knows where the target's library is, and it is there.
fn has_target_library(shell: &Shell, rustc: &Path) -> bool {
    cmd!(shell, "{rustc} --print target-libdir --target {TARGET}")
        .quiet()
        .ignore_stderr()
        .read()
        .is_ok_and(|folder| Path::new(&folder).is_dir())
}

/// Installs what is missing and returns the compiler to use.
pub fn setup(shell: &Shell) -> Result<Toolchain> {
    ensure!(
        cfg!(target_os = "linux"),
        "building and emulating {TARGET} is supported on Linux hosts only"
    );
    let missing: Vec<&str> = TOOL_PACKAGES
        .iter()
        .filter(|(witness, _)| !installed(witness))
        .map(|(_, package)| *package)
        .collect();
    install(shell, &missing)?;
    let toolchain = match Toolchain::find(shell) {
        Some(toolchain) => toolchain,
        None => install_target_library(shell)?,
    };
    println!(
        "arm64: {LINKER}, {EMULATOR} and {} are ready",
        toolchain
            .rustc
            .as_deref()
            .unwrap_or(Path::new("rustc"))
            .display()
    );
    Ok(toolchain)
}

/// Whether a program is on the path, or a file exists.
pub fn installed(witness: &str) -> bool {
    // Joining an absolute path gives that path.
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(witness).is_file())
    })
}

fn install_target_library(shell: &Shell) -> Result<Toolchain> {
    println!("arm64: the Rust standard library for {TARGET} is missing");
    if installed("rustup") && cmd!(shell, "rustup target add {TARGET}").run().is_ok() {
        return Ok(Toolchain { rustc: None });
    }
    println!("arm64: rustup cannot provide it; taking Debian's compiler and library");
    as_root(shell, "dpkg")?
        .args(["--add-architecture", "arm64"])
        .run()?;
    install(shell, &["rustc-web", "libstd-rust-web-dev:arm64"])?;
    Toolchain::find(shell).with_context(|| {
        format!("{DEBIAN_RUSTC} is installed, but it has no standard library for {TARGET}")
    })
}

fn install(shell: &Shell, packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    println!("arm64: installing {}", packages.join(", "));
    ensure!(
        installed("apt-get"),
        "apt-get is not here; install by hand what stands for {}, then try again",
        packages.join(", ")
    );
    as_root(shell, "apt-get")?.args(["-q", "update"]).run()?;
    as_root(shell, "apt-get")?
        .args(["-q", "-y", "--no-install-recommends", "install"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()?;
    Ok(())
}

/// A command that runs as root: directly, or through `sudo` where that asks nothing.
fn as_root<'a>(shell: &'a Shell, program: &str) -> Result<Cmd<'a>> {
    if cmd!(shell, "id -u").quiet().read()? == "0" {
        return Ok(shell.cmd(program));
    }
    ensure!(
        cmd!(shell, "sudo -n true")
            .quiet()
            .ignore_stderr()
            .run()
            .is_ok(),
        "installing packages needs root: run `sudo cargo xtask setup-arm64` once"
    );
    Ok(cmd!(shell, "sudo -n {program}"))
}
