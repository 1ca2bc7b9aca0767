//! The Gene command line.
fn main() {}
