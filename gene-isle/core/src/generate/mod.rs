//! From checked rules to Rust.

mod body;
mod context;
mod coverage;
mod helpers;
pub mod names;
mod types;

use proc_macro2::TokenStream;
use quote::quote;

use crate::compile::Program;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::terms::{Constructor, TermId};
use names::{ident, rule_ident};

/// All Rust items for a program.
pub fn generate(program: &Program, sources: &Sources) -> TokenStream {
    let rule_table = rule_table(program, sources);
    let types = types::generate(program, sources);
    let context = context::generate(program);
    let machine = program.machine.generate(program, sources);
    let helpers = helpers::generate(program, sources);
    let bodies = program
        .sets
        .iter()
        .map(|set| body::constructor(program, set, sources));
    let coverage = coverage::generate(program);
    quote! { #rule_table #coverage #types #context #machine #helpers #(#bodies)* }
}

/// The Rust function of one term that has rules.
pub fn generate_term(program: &Program, sources: &Sources, term: TermId) -> Option<TokenStream> {
    let set = program.sets.iter().find(|set| set.term == term);
    match (set, program.terms.get(term).constructor()) {
        (Some(set), _) => Some(body::constructor(program, set, sources)),
        (None, Some(Constructor::Inst { inst, to })) => {
            Some(program.machine.generate_constructor(program, *inst, *to))
        }
        _ => None,
    }
}

/// The names and places of all rules.
fn rule_table(program: &Program, sources: &Sources) -> TokenStream {
    let mut variants = Vec::new();
    let mut infos = Vec::new();
    for rule in &program.checked.rules {
        let variant = rule_ident(&rule.name);
        let (name, term) = (&rule.name, &program.terms.get(rule.term).name);
        let file = &sources.file(rule.span.file).name;
        let line = sources
            .file(rule.span.file)
            .position(rule.span.start as usize)
            .line as u32;
        let doc = format!("`{name}`, {}", sources.place(rule.span));
        variants.push(quote! { #[doc = #doc] #variant, });
        infos.push(quote! { RuleInfo { name: #name, term: #term, file: #file, line: #line }, });
    }
    let count = infos.len();
    let info_fn = if count == 0 {
        quote! { match self {} }
    } else {
        quote! { &RULES[self as usize] }
    };
    quote! {
        /// A rule, for coverage and explanations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(non_camel_case_types)]
        pub enum RuleId { #(#variants)* }

        impl RuleId {
            /// The name and place of the rule.
            pub fn info(self) -> &'static RuleInfo { #info_fn }
        }

        /// The name and place of a rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct RuleInfo {
            /// Its name.
            pub name: &'static str,
            /// The term that it belongs to.
            pub term: &'static str,
            /// The file it stands in.
            pub file: &'static str,
            /// The line it begins on.
            pub line: u32,
        }

        /// All rules; `RuleId`s index them.
        pub static RULES: [RuleInfo; #count] = [#(#infos)*];
    }
}

/// An item that makes the Rust compiler show what is wrong with the rules.
pub fn compile_error(diagnostics: &[Diagnostic], sources: &Sources) -> TokenStream {
    let report = crate::diagnostic::render_all(diagnostics, sources);
    let text = format!("the rules do not compile\n\n{report}");
    let ident = ident("compile_error");
    quote! { #ident! { #text } }
}
