//! The Rust types of operands.

use proc_macro2::TokenStream;
use quote::quote;

use super::simulate::expr;
use super::{Code, Immediate, Machine, Offset, Registers, semantics};
use crate::compile::Program;
use crate::generate::names::ident;

pub(super) fn generate(machine: &Machine, program: &Program) -> TokenStream {
    let registers = machine.registers.iter().map(self::registers);
    let codes = machine.codes.iter().map(code);
    let immediates = machine.immediates.iter().map(immediate);
    let labels = labels(machine, program);
    quote! { #(#registers)* #(#codes)* #(#immediates)* #labels }
}

fn registers(registers: &Registers) -> TokenStream {
    let name = ident(&registers.name);
    let count = registers.count as u8;
    let doc = format!("A register of the file `{}`.", registers.name);
    let message = format!("there are {count} registers");
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct #name(u8);

        impl #name {
            /// The register with a number; use it for constants, where a wrong number does not compile.
            pub const fn new(number: u8) -> #name {
                assert!(number < #count, #message);
                #name(number)
            }

            /// The number in encodings.
            pub const fn number(self) -> u8 { self.0 }
        }
    }
}

fn code(code: &Code) -> TokenStream {
    let name = ident(&code.name);
    let doc = format!("A code of the kind `{}`.", code.name);
    let cases: Vec<_> = code.cases.iter().map(|case| ident(&case.name)).collect();
    let numbers: Vec<_> = code.cases.iter().map(|case| case.number).collect();
    let texts: Vec<_> = code.cases.iter().map(|case| &case.asm).collect();
    let docs = texts.iter().map(|text| format!("`{text}`"));
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #name { #(#[doc = #docs] #cases),* }

        impl #name {
            /// The number in encodings.
            pub const fn number(self) -> u32 {
                match self { #(#name::#cases => #numbers),* }
            }

            /// The code with a number, if there is one.
            pub const fn from_number(number: u32) -> Option<#name> {
                match number {
                    #(#numbers => Some(#name::#cases),)*
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for #name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self { #(#name::#cases => #texts),* })
            }
        }
    }
}

fn immediate(immediate: &Immediate) -> TokenStream {
    let name = ident(&immediate.name);
    let ty = immediate.rust_type();
    let mask = semantics::low(immediate.bits, u64::MAX);
    let (encode_var, decode_var) = (ident(&immediate.encode.0), ident(&immediate.decode.0));
    let (encode, decode) = (
        expr(&immediate.encode.1, None),
        expr(&immediate.decode.1, None),
    );
    let doc = format!("An immediate operand of the kind `{}`.", immediate.name);
    let (before, after) = immediate
        .asm
        .split_once('{')
        .unwrap_or((&immediate.asm, "}"));
    let (format, after) = after.split_once('}').unwrap_or(("", ""));
    let print = match format {
        "f64" => quote! { write!(f, "{}{:?}{}", #before, f64::from_bits(self.0 as u64), #after) },
        "x" => quote! { write!(f, "{}{:#x}{}", #before, self.0, #after) },
        _ => quote! { write!(f, "{}{}{}", #before, self.0, #after) },
    };
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct #name(#ty);

        impl #name {
            /// The value as an operand, if it can be encoded.
            pub fn new(value: #ty) -> Option<#name> {
                let operand = #name(value);
                (#name::decode(operand.field()) == operand).then_some(operand)
            }

            /// A constant that the rule compiler has checked.
            const fn constant(value: #ty) -> #name { #name(value) }

            /// The value.
            pub const fn value(self) -> #ty { self.0 }

            /// The field for the value.
            #[allow(unused_parens)]
            pub fn field(self) -> u32 {
                let #encode_var = self.0 as i128 as u64;
                (#encode & #mask) as u32
            }

            #[allow(unused_parens)]
            fn decode(field: u32) -> #name {
                let #decode_var = u64::from(field);
                #name((#decode) as #ty)
            }
        }

        impl core::fmt::Display for #name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                #print
            }
        }
    }
}

/// Labels, and how the distance to them gets into an instruction.
fn labels(machine: &Machine, program: &Program) -> TokenStream {
    let label = program
        .types
        .by_name("Label")
        .map(|ty| program.types.get(ty));
    // A program may have labels of its own.
    let label = label.is_some_and(|ty| ty.span.is_none()).then(|| {
        quote! {
            /// A place in the code that branches go to.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct Label(pub u32);
        }
    });
    if machine.offsets.is_empty() {
        return quote! { #label };
    }
    let kinds: Vec<_> = machine
        .offsets
        .iter()
        .map(|offset| ident(&offset.name))
        .collect();
    let docs = machine.offsets.iter().map(|offset| {
        format!(
            "Signed, {} bits, in units of {} bytes.",
            offset.bits, offset.unit
        )
    });
    let limits: Vec<_> = machine
        .offsets
        .iter()
        .map(|Offset { bits, unit, .. }| {
            let limit = (1i64 << (bits - 1)) * i64::from(*unit);
            (-limit, limit - i64::from(*unit), i64::from(*unit))
        })
        .collect();
    let (lows, highs) = (
        limits.iter().map(|limit| limit.0),
        limits.iter().map(|limit| limit.1),
    );
    let units: Vec<_> = limits.iter().map(|limit| limit.2).collect();
    let places = machine
        .offsets
        .iter()
        .enumerate()
        .map(|(index, _)| machine.offset_place(index));
    let kinds = &kinds;
    quote! {
        #label

        /// Where a branch goes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Target {
            /// To a label.
            Label(Label),
            /// So many bytes on from the instruction.
            Offset(i64),
        }

        impl core::fmt::Display for Target {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    Target::Label(label) => write!(f, "{label:?}"),
                    Target::Offset(offset) => write!(f, ".{offset:+}"),
                }
            }
        }

        /// How the distance to a label gets into an instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fixup { #(#[doc = #docs] #kinds),* }

        impl Fixup {
            /// The smallest and the largest distance in bytes.
            pub const fn range(self) -> (i64, i64) {
                match self { #(Fixup::#kinds => (#lows, #highs)),* }
            }

            /// The instruction word with a distance put in, if the distance fits.
            pub const fn patch(self, word: u32, offset: i64) -> Option<u32> {
                let (low, high) = self.range();
                let unit = match self { #(Fixup::#kinds => #units),* };
                if offset < low || offset > high || offset % unit != 0 {
                    return None;
                }
                let field = (offset / unit) as u32;
                Some(match self { #(Fixup::#kinds => #places),* })
            }
        }
    }
}
