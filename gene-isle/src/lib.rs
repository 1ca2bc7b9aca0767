//! Compiles rule files into Rust while a crate is built.
//!
//! ```text
//! mod rules {
//!     gene_isle::rules!("rules/prelude.isle", "rules/lower.isle");
//! }
//! ```
//!
//! The macro expands to the types, instructions, helpers and terms that the files declare, and to
//! a trait `Context` with what they need from the crate. Mistakes in the rules are compile errors
//! that show file, line and column. The notation is described in `docs/rules.md`.
//!
//! A helper whose Rust function is not what its declaration says does not compile, either. Here `half` is declared to
//! take a `Count`, which is a `u32`:
//!
//! ```compile_fail,E0308
//! mod generated {
//!     use super::{Count, Flag, RAISED, Value};
//!     gene_isle::rules!("tests/rules/helpers.isle");
//! }
//! # use generated::HelperClass;
//! mod runtime {
//!     pub extern "C" fn half(count: u64) -> u64 { count / 2 }
//!     # pub extern "C" fn slow_add(a: u64, b: u64) -> u64 { a + b }
//!     # pub extern "C" fn note(_flag: bool) {}
//! }
//! # #[derive(Clone, Copy)] pub struct Value;
//! # #[derive(Clone, Copy)] pub struct Flag;
//! # const RAISED: Flag = Flag;
//! #[derive(Clone, Copy)]
//! pub struct Count;
//! impl HelperClass for Count {
//!     type Native = u32;
//!     // …
//! #   fn of_word(word: u64) -> u32 { word as u32 }
//! #   fn into_word(value: u32) -> u64 { value.into() }
//! }
//! # impl HelperClass for Value {
//! #   type Native = u64;
//! #   fn of_word(word: u64) -> u64 { word }
//! #   fn into_word(value: u64) -> u64 { value }
//! # }
//! # impl HelperClass for Flag {
//! #   type Native = bool;
//! #   fn of_word(word: u64) -> bool { word != 0 }
//! #   fn into_word(value: bool) -> u64 { value.into() }
//! # }
//! ```

use std::path::PathBuf;

use gene_isle_core::compile::compile;
use gene_isle_core::generate;
use gene_isle_core::load::{Loaded, load};
use proc_macro::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{LitStr, Token};

/// Expands to the Rust code for rule files, which are given by their paths relative to the crate
/// or to a folder above it. A change of any of them builds the crate anew.
#[proc_macro]
pub fn rules(input: TokenStream) -> TokenStream {
    let parser = Punctuated::<LitStr, Token![,]>::parse_terminated;
    let names = match syn::parse::Parser::parse(parser, input) {
        Ok(names) => names,
        Err(error) => return error.to_compile_error().into(),
    };
    let root =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let Loaded {
        sources,
        paths,
        errors,
    } = load(&root, names.iter().map(LitStr::value));
    let items = if errors.is_empty() {
        match compile(&sources) {
            Ok(program) => generate::generate(&program, &sources),
            Err(errors) => generate::compile_error(&errors, &sources),
        }
    } else {
        generate::compile_error(&errors, &sources)
    };
    let paths = paths
        .iter()
        .filter_map(|path| Some(path.canonicalize().ok()?.to_str()?.to_string()));
    // Mentioning the files makes the compiler watch them.
    quote! {
        #(const _: &[u8] = include_bytes!(#paths);)*
        #items
    }
    .into()
}
