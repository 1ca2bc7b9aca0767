//! Rust names for the names of rule files.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The Rust identifier for a name; dots and dollars become underscores.
pub fn ident(name: &str) -> Ident {
    let name: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if matches!(name.as_str(), "_" | "self" | "Self" | "super" | "crate") {
        return Ident::new(&format!("{name}_"), Span::call_site());
    }
    syn::parse_str::<Ident>(&name).unwrap_or_else(|_| Ident::new_raw(&name, Span::call_site()))
}

/// A name after a prefix.
pub fn prefixed(prefix: &str, name: &str) -> Ident {
    ident(&format!("{prefix}{name}"))
}

/// The path for a name with dots: `$layout.TAG` is the Rust constant `layout::TAG`.
pub fn path(name: &str) -> TokenStream {
    let parts = name.split('.').map(ident);
    quote! { #(#parts)::* }
}

/// The variant of `RuleId` for a rule.
pub fn rule_ident(name: &str) -> Ident {
    ident(name)
}

/// `adds_imm` as `AddsImm`.
pub fn camel(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or(String::new(), |first| {
                first.to_uppercase().chain(chars).collect()
            })
        })
        .collect()
}

/// `Imm12` as `imm12`, `LogicImm` as `logic_imm`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before: Option<char> = None;
    for c in name.chars() {
        let starts_word =
            c.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || b.is_numeric());
        if starts_word {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        before = Some(c);
    }
    out
}
