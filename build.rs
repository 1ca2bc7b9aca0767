//! How the executable is linked.

use std::env;

/// A position-independent executable of this size has 20,000 addresses to be relocated at each start, which
/// touches 90 pages and is a fifth of the time that a short program takes. Libraries, heap and stack are
/// still placed at random. A static executable is left as the target's own options make it.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let is_static = features.split(',').any(|feature| feature == "crt-static");
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !is_static {
        println!("cargo::rustc-link-arg-bin=gene=-no-pie");
    }
}
