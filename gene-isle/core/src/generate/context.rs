//! The trait through which generated code reaches the program that uses it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::names::ident;
use super::types::{param_type, rust_type};
use crate::compile::Program;
use crate::terms::{Constructor, Extractor, Term, TermKind};

pub(super) fn generate(program: &Program) -> TokenStream {
    let externs = program
        .terms
        .terms
        .iter()
        .map(|term| methods(program, term));
    let machine = program.machine.context_methods();
    let helper = super::helpers::context_methods(program);
    quote! {
        /// What the rules need from the program that uses them: the extern constructors and
        /// extractors.
        #[allow(clippy::too_many_arguments, clippy::wrong_self_convention, clippy::unused_unit)]
        pub trait Context {
            /// Called whenever a rule was chosen, before its effects.
            #[inline]
            fn rule_fired(&mut self, _rule: RuleId) {}
            #machine
            #helper
            #(#externs)*
        }
    }
}

fn methods(program: &Program, term: &Term) -> TokenStream {
    let TermKind::Declared {
        flags,
        constructor,
        extractor,
    } = &term.kind
    else {
        return TokenStream::new();
    };
    let extractor = match extractor {
        Some(Extractor::Extern {
            func, infallible, ..
        }) => {
            let name = ident(func);
            let doc = format!("Extractor of `{}`.{}", term.name, doc_of(term));
            let input = param_type(program, term.ret);
            let outputs: Vec<_> = term.args.iter().map(|&ty| rust_type(program, ty)).collect();
            let output = match outputs.as_slice() {
                [one] => one.clone(),
                _ => quote! { (#(#outputs),*) },
            };
            let output = if flags.multi {
                quote! { impl IntoIterator<Item = #output> + use<Self> }
            } else if *infallible {
                output
            } else {
                quote! { Option<#output> }
            };
            quote! { #[doc = #doc] fn #name(&mut self, arg0: #input) -> #output; }
        }
        _ => TokenStream::new(),
    };
    let constructor = match constructor {
        Some(Constructor::Extern(func, _)) => {
            let name = ident(func);
            let doc = format!("Constructor of `{}`.{}", term.name, doc_of(term));
            let params = term.args.iter().enumerate().map(|(index, &ty)| {
                let (name, ty) = (format_ident!("arg{index}"), param_type(program, ty));
                quote! { #name: #ty }
            });
            let output = rust_type(program, term.ret);
            let output = if flags.multi {
                quote! { impl IntoIterator<Item = #output> + use<Self> }
            } else if flags.partial {
                quote! { Option<#output> }
            } else {
                output
            };
            quote! { #[doc = #doc] fn #name(&mut self, #(#params),*) -> #output; }
        }
        _ => TokenStream::new(),
    };
    quote! { #extractor #constructor }
}

fn doc_of(term: &Term) -> String {
    if term.doc.is_empty() {
        String::new()
    } else {
        format!("\n\n{}", term.doc)
    }
}
