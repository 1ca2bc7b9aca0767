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
