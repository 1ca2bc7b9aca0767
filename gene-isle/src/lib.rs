//! Compiles rule files into Rust while a crate is built.
//!
//! ```ignore
//! mod rules {
//!     gene_isle::rules!("rules/prelude.isle", "rules/lower.isle");
//! }
//! ```
//!
//! The macro expands to the types, instructions, helpers and terms that the files declare, and to
//! a trait `Context` with what they need from the crate. Mistakes in the rules are compile errors
//! that show file, line and column. The notation is described in `docs/rules.md`.

use std::path::{Path, PathBuf};

use gene_isle_core::compile::compile;
use gene_isle_core::diagnostic::{Code, Diagnostic};
use gene_isle_core::generate;
use gene_isle_core::source::{Sources, Span};
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
    let mut sources = Sources::new();
    let mut errors = Vec::new();
    let mut paths = Vec::new();
    for name in &names {
        let path = locate(&root, &name.value());
        let (text, error) = match std::fs::read(&path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => (text, None),
                Err(_) => (
                    String::new(),
                    Some((Code::NotUtf8, "the file is not UTF-8 text".to_string())),
                ),
            },
            Err(error) => (
                String::new(),
                Some((Code::Unreadable, format!("cannot read the file: {error}"))),
            ),
        };
        let file = sources.add(name.value(), text);
        if let Some((code, message)) = error {
            let span = Span {
                file,
                start: 0,
                end: 0,
            };
            errors.push(Diagnostic::new(code, span, message));
        }
        paths.extend(
            path.canonicalize()
                .ok()
                .and_then(|path| path.to_str().map(str::to_string)),
        );
    }
    let items = if errors.is_empty() {
        match compile(&sources) {
            Ok(program) => generate::generate(&program, &sources),
            Err(errors) => generate::compile_error(&errors, &sources),
        }
    } else {
        generate::compile_error(&errors, &sources)
    };
    // Mentioning the files makes the compiler watch them.
    quote! {
        #(const _: &[u8] = include_bytes!(#paths);)*
        #items
    }
    .into()
}

/// The file in the crate's folder, or else in the nearest folder above that has it.
fn locate(root: &Path, name: &str) -> PathBuf {
    let found = root
        .ancestors()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| root.join(name))
}
