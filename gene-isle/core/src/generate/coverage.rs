//! The coverage of rules: which have been chosen, for a report.

use proc_macro2::TokenStream;
use quote::quote;

use crate::compile::Program;

/// The type `Coverage`.
pub(super) fn generate(program: &Program) -> TokenStream {
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
