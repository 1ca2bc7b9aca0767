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

fn main() -> ExitCode {
    // Ends quietly when whoever reads the output has seen enough.
    sigpipe::reset();
    let worker = thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(|| match cli::parse(std::env::args_os()) {
            Ok(command) => commands::run(command),
            Err(answer) => answer,
        });
    match worker {
        // A panic has been reported by the thread.
        Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
        Err(error) => report::failure(&format!("cannot start the main thread: {error}")),
    }
}
