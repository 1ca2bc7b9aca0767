//! Standard output and standard error.

use std::fmt::Arguments;
use std::io::{self, Write};

/// `print!` that does not panic when the output cannot be written.
macro_rules! out {
    ($($text:tt)*) => { $crate::output::write(format_args!($($text)*)) };
}

/// `println!` that does not panic when the output cannot be written.
macro_rules! outln {
    ($($text:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($text)*))) };
}

/// `eprint!` that does not panic when standard error cannot be written.
macro_rules! err {
    ($($text:tt)*) => { $crate::output::tell(format_args!($($text)*)) };
}

/// `eprintln!` that does not panic when standard error cannot be written.
macro_rules! errln {
    ($($text:tt)*) => { $crate::output::tell(format_args!("{}\n", format_args!($($text)*))) };
}

/// Writes to standard error. If that is impossible, there is nobody left to tell, and the command goes on.
pub fn tell(text: Arguments) {
    let _ = io::stderr().write_fmt(text);
}

/// Writes to standard output. If that is impossible (a full disk), the process says so and ends.
pub fn write(text: Arguments) {
    if let Err(error) = io::stdout().write_fmt(text) {
        errln!("Error: Cannot write the output: {error}");
        std::process::exit(1);
    }
}
