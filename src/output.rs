//! Standard output.

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

/// Writes to standard output. If that is impossible (a full disk), the process says so and ends.
pub fn write(text: Arguments) {
    if let Err(error) = io::stdout().write_fmt(text) {
        eprintln!("Error: Cannot write the output: {error}");
        std::process::exit(1);
    }
}
