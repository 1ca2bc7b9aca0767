//! The Gene command line.

#[macro_use]
mod output;

mod cache;
mod cli;
mod commands;
mod editor;
mod execution;
mod metadata;
mod observation;
mod report;
mod session;
mod source;

use std::process::ExitCode;
use std::thread;

/// Programs, and data read by them, may nest deeply; what recurses over them gets
/// room. The system commits only the part that is used.
pub const STACK_SIZE: usize = 256 << 20;

/// Has all threads take memory from one arena. The program's own thread would else get one that grows page by page, with
/// a system call each time, which is a good part of the time that a small program takes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn use_one_arena() {
    // SAFETY: settings of the allocator may change at any time; no other thread runs yet.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn use_one_arena() {}

fn main() -> ExitCode {
    // Ends quietly when whoever reads the output has seen enough.
    sigpipe::reset();
    use_one_arena();
    let worker = thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(|| {
            let ended = match cli::parse(std::env::args_os()) {
                Ok(command) => commands::run(command),
                Err(answer) => answer,
            };
            if ended == ExitCode::SUCCESS {
                // There is nothing to wait for: the thread and its stack go with the process.
                std::process::exit(0);
            }
            ended
        });
    match worker {
        // A panic has been reported by the thread.
        Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
        Err(error) => report::failure(&format!("cannot start the main thread: {error}")),
    }
}
