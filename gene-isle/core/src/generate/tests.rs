//! The tests in rule files, and the coverage of rules.

use proc_macro2::TokenStream;
use quote::quote;

use super::names::ident;
use crate::ast::{Datum, ItemKind, Test};
use crate::compile::Program;
use crate::source::Sources;

/// What rules have been chosen, for a report.
pub(super) fn coverage(program: &Program) -> TokenStream {
    let count = program.checked.rules.len();
    quote! {
        /// Which rules have been chosen.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Coverage {
            fired: [bool; #count],
        }

        impl Default for Coverage {
            fn default() -> Coverage { Coverage { fired: [false; #count] } }
        }

        impl Coverage {
            /// Notes that a rule was chosen.
            pub fn fire(&mut self, rule: RuleId) { self.fired[rule as usize] = true; }

            /// Notes that a rule was chosen, by its name; tells whether there is such a rule.
            pub fn fire_by_name(&mut self, name: &str) -> bool {
                let found = RULES.iter().position(|rule| rule.name == name);
                if let Some(index) = found { self.fired[index] = true; }
                found.is_some()
            }

            /// The rules that were chosen.
            pub fn fired(&self) -> impl Iterator<Item = &'static RuleInfo> + '_ {
                RULES.iter().zip(&self.fired).filter(|(_, fired)| **fired).map(|(rule, _)| rule)
            }

            /// The rules that were not.
            pub fn missed(&self) -> impl Iterator<Item = &'static RuleInfo> + '_ {
                RULES.iter().zip(&self.fired).filter(|(_, fired)| !**fired).map(|(rule, _)| rule)
            }
        }

        impl core::fmt::Display for Coverage {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "rules: {} of {} fired", self.fired().count(), RULES.len())?;
                for rule in self.missed() {
                    write!(f, "\n  not fired: {} ({}:{})", rule.name, rule.file, rule.line)?;
                }
                Ok(())
            }
        }
    }
}

/// A Rust test for each test in the rule files. The crate says in `lower_test` how to run one.
pub(super) fn generate(program: &Program, sources: &Sources) -> TokenStream {
    let tests: Vec<_> = program
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Test(test) => Some((test, sources.place(item.span))),
            _ => None,
        })
        .collect();
    if tests.is_empty() {
        return TokenStream::new();
    }
    let functions = tests
        .iter()
        .map(|(test, place)| function(test, place, sources));
    quote! {
        /// What a test in a rule file expects.
        #[derive(Clone, Copy, Debug)]
        pub struct TestCase {
            /// Its name.
            pub name: &'static str,
            /// Its file and line.
            pub place: &'static str,
            /// What is lowered, as written in the rule file.
            pub input: &'static str,
            /// The rules that must fire, in order.
            pub rules: Option<&'static [&'static str]>,
            /// The assembly that must come out, line by line.
            pub asm: Option<&'static [&'static str]>,
            /// The value that must come out.
            pub value: Option<&'static str>,
        }

        /// What came of lowering and running the input of a test.
        #[derive(Clone, Debug, Default)]
        pub struct TestOutcome {
            /// The rules that fired, in order.
            pub rules: Vec<String>,
            /// The assembly, line by line.
            pub asm: Vec<String>,
            /// The value.
            pub value: String,
        }

        impl TestCase {
            /// Compares what came out with what the test expects.
            ///
            /// # Errors
            /// They differ: both, side by side.
            pub fn check(&self, outcome: &TestOutcome) -> Result<(), String> {
                let mut report = String::new();
                let mut compare = |what: &str, expected: &[&str], actual: &[&str]| {
                    if expected == actual { return; }
                    let width = expected.iter().map(|line| line.chars().count()).max().unwrap_or(0).max(8);
                    report += &format!("\n{what}:\n    {:width$} | actual\n", "expected");
                    for line in 0..expected.len().max(actual.len()) {
                        let (left, right) = (expected.get(line).copied(), actual.get(line).copied());
                        let mark = if left == right { ' ' } else { '!' };
                        report += &format!("  {mark} {:width$} | {}\n", left.unwrap_or(""), right.unwrap_or(""));
                    }
                };
                fn lines(list: &[String]) -> Vec<&str> { list.iter().map(|line| line.trim()).collect() }
                if let Some(rules) = self.rules { compare("rules", rules, &lines(&outcome.rules)); }
                if let Some(asm) = self.asm { compare("assembly", asm, &lines(&outcome.asm)); }
                if let Some(value) = self.value { compare("value", &[value], &[outcome.value.as_str()]); }
                if report.is_empty() {
                    return Ok(());
                }
                Err(format!("{}: the test `{}` of\n    {}\nfails\n{report}", self.place, self.name, self.input))
            }
        }

        /// The tests of the rule files.
        #[cfg(test)]
        mod rule_tests {
            use super::{TestCase, lower_test};
            #(#functions)*
        }
    }
}

fn function(test: &Test, place: &str, sources: &Sources) -> TokenStream {
    let name = &test.name.name;
    let function = ident(name);
    let text = |datum: &Datum| {
        sources
            .text(datum.span)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let input = text(&test.input);
    let option =
        |value: Option<TokenStream>| value.map_or(quote! { None }, |value| quote! { Some(#value) });
    let rules = option(test.rules.as_ref().map(|rules| {
        let rules = rules.iter().map(|rule| &rule.name);
        quote! { &[#(#rules),*] }
    }));
    let asm = option(test.asm.as_ref().map(|lines| {
        let lines = lines.iter().map(|line| line.text.trim());
        quote! { &[#(#lines),*] }
    }));
    let value = option(test.value.as_ref().map(|value| {
        let value = text(value);
        quote! { #value }
    }));
    quote! {
        #[test]
        fn #function() {
            let case = TestCase { name: #name, place: #place, input: #input, rules: #rules, asm: #asm, value: #value };
            let outcome = lower_test(&case).unwrap_or_else(|error| panic!("{}: {error}", case.place));
            if let Err(report) = case.check(&outcome) {
                panic!("{report}");
            }
        }
    }
}
