//! From instructions to machine words.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use super::simulate::expr;
use super::{Bits, Inst, Kind, Machine, Operand, semantics};
use crate::generate::names::ident;

/// Where bits of an operand stand: position, highest and lowest bit.
pub(super) fn places(inst: &Inst, operand: usize) -> Vec<(u32, u32, u32)> {
    let mut at = 32;
    let mut places = Vec::new();
    for part in &inst.bits {
        at -= part.width();
        if let Bits::Operand { index, high, low } = *part
            && index == operand
        {
            places.push((at, high, low));
        }
    }
    places
}

/// The expression that puts bits `high` to `low` of `value` at a position.
fn put(value: &TokenStream, (at, high, low): (u32, u32, u32), whole: u32) -> TokenStream {
    let mask = semantics::low(high - low + 1, u64::MAX) as u32;
    let shifted = if low == 0 {
        value.clone()
    } else {
        quote! { (#value >> #low) }
    };
    let masked = if high - low + 1 == whole {
        shifted
    } else {
        quote! { (#shifted & #mask) }
    };
    if at == 0 {
        masked
    } else {
        quote! { (#masked << #at) }
    }
}

impl Machine {
    /// How to put the field of an offset into a word; all instructions with offsets of one kind
    /// have them in the same place.
    pub(super) fn offset_place(&self, offset: usize) -> TokenStream {
        for inst in &self.insts {
            let Some(index) = inst
                .operands
                .iter()
                .position(|operand| operand.kind == Kind::Offset(offset))
            else {
                continue;
            };
            let places = places(inst, index);
            let mut mask = 0;
            for &(at, high, low) in &places {
                mask |= (semantics::low(high - low + 1, u64::MAX) as u32) << at;
            }
            let field = quote! { field };
            let parts = places.iter().map(|&place| put(&field, place, 32));
            return quote! { (word & !#mask) #(| #parts)* };
        }
        quote! { word }
    }
}

pub(super) fn generate(machine: &Machine) -> TokenStream {
    let words = machine.insts.iter().map(|inst| word(machine, inst));
    let mut fixups: BTreeMap<usize, Vec<(proc_macro2::Ident, proc_macro2::Ident)>> =
        BTreeMap::new();
    for inst in &machine.insts {
        for operand in &inst.operands {
            if let Kind::Offset(offset) = operand.kind {
                fixups
                    .entry(offset)
                    .or_default()
                    .push((inst.variant(), ident(&operand.name)));
            }
        }
    }
    let targets = fixups.iter().map(|(&offset, insts)| {
        let kind = ident(&machine.offsets[offset].name);
        let (variants, operands): (Vec<_>, Vec<_>) = insts.iter().cloned().unzip();
        quote! { #(Inst::#variants { #operands: target, .. })|* => Some((target, Fixup::#kind)), }
    });
    let labels = (!machine.offsets.is_empty()).then(|| {
        quote! {
            /// Where the instruction goes, if it goes somewhere, and how that is encoded.
            #[inline(always)]
            pub fn target(&self) -> Option<(Target, Fixup)> {
                match *self {
                    #(#targets)*
                    #[allow(unreachable_patterns)]
                    _ => None,
                }
            }
        }
    });
    let conditions = machine.insts.iter().filter_map(|inst| {
        let condition = expr(inst.condition.as_ref()?, None);
        let variant = inst.variant();
        let numbered = inst.operands.iter().filter(|operand| operand.has_number());
        let (names, numbers): (Vec<_>, Vec<_>) = numbered.map(number).unzip();
        Some(quote! { Inst::#variant { #(#names,)* .. } => { #(#numbers)* #condition != 0 } })
    });
    let (note_label, use_label, whole_word) = if machine.offsets.is_empty() {
        (
            TokenStream::new(),
            TokenStream::new(),
            quote! { Some(self.word()) },
        )
    } else {
        let note_label = quote! {
            if let Some((Target::Label(label), fixup)) = self.target() {
                sink.use_label(label, fixup);
            }
        };
        let use_label = quote! {
            /// Notes that the next word needs the distance from itself to a label.
            fn use_label(&mut self, label: Label, fixup: Fixup);
        };
        let whole_word = quote! {
            match self.target() {
                Some((Target::Offset(offset), fixup)) => fixup.patch(self.word(), offset),
                _ => Some(self.word()),
            }
        };
        (note_label, use_label, whole_word)
    };
    quote! {
        /// Takes encoded instructions.
        pub trait Sink {
            /// Appends a word.
            fn put4(&mut self, word: u32);
            #use_label
        }

        /// An instruction whose operands do not suit each other, or whose distance is too large.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct NotEncodable(pub Inst);

        impl core::fmt::Display for NotEncodable {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "`{}` cannot be encoded", self.0)
            }
        }

        impl core::error::Error for NotEncodable {}

        // Most callers know which instruction it is: these functions become what they do for that one.
        impl Inst {
            /// Encodes the instruction.
            ///
            /// # Errors
            /// The operands do not suit each other, or a distance given as a number does not fit.
            pub fn encode(&self, sink: &mut impl Sink) -> Result<(), NotEncodable> {
                if !self.is_encodable() {
                    return Err(NotEncodable(*self));
                }
                let word = self.whole_word().ok_or(NotEncodable(*self))?;
                #note_label
                sink.put4(word);
                Ok(())
            }

            /// The machine word with its distance, if that is a number and fits.
            fn whole_word(&self) -> Option<u32> { #whole_word }

            /// Whether the operands suit each other.
            #[inline(always)]
            #[allow(unused_variables, clippy::match_single_binding)]
            pub fn is_encodable(&self) -> bool {
                match *self {
                    #(#conditions)*
                    #[allow(unreachable_patterns)]
                    _ => true,
                }
            }

            #labels

            /// The machine word, with zeros for the distance to where it goes.
            #[inline(always)]
            #[allow(unused_parens, clippy::identity_op)]
            pub fn word(&self) -> u32 {
                match *self { #(#words)* }
            }
        }
    }
}

fn word(machine: &Machine, inst: &Inst) -> TokenStream {
    let (_, fixed) = inst.fixed();
    let fixed = proc_macro2::Literal::u32_unsuffixed(fixed);
    let mut parts = Vec::new();
    for (index, operand) in inst.operands.iter().enumerate() {
        let name = ident(&operand.name);
        let value = match operand.kind {
            Kind::View(_) => quote! { u32::from(#name.number()) },
            Kind::Code(_) => quote! { #name.number() },
            Kind::Immediate(_) => quote! { #name.field() },
            Kind::Offset(_) => continue,
        };
        let whole = machine.field_width(operand.kind);
        parts.extend(
            places(inst, index)
                .into_iter()
                .map(|place| put(&value, place, whole)),
        );
    }
    let mut at = 32;
    for part in &inst.bits {
        at -= part.width();
        if let Bits::Field { index, .. } = part {
            let value = expr(&inst.fields[*index].1, Some((machine, inst)));
            parts.push(quote! { ((#value as u32) << #at) });
        }
    }
    // Computed fields see the values of immediates.
    let values = if inst.fields.is_empty() {
        Vec::new()
    } else {
        operand_values(inst)
    };
    let variant = inst.variant();
    let names = inst
        .operands
        .iter()
        .filter(|operand| !matches!(operand.kind, Kind::Offset(_)));
    let names = names.map(|operand| ident(&operand.name));
    quote! { Inst::#variant { #(#names,)* .. } => { #(#values)* #fixed #(| #parts)* } }
}

/// Variables for the values of an instruction's immediates.
fn operand_values(inst: &Inst) -> Vec<TokenStream> {
    let immediates = inst
        .operands
        .iter()
        .filter(|operand| matches!(operand.kind, Kind::Immediate(_)));
    immediates
        .map(|operand| {
            let (name, value) = (
                ident(&operand.name),
                super::simulate::value_ident(&operand.name),
            );
            quote! { let #value = #name.value() as u64; }
        })
        .collect()
}

/// An operand's name, and the same as a variable for its value or number.
fn number(operand: &Operand) -> (proc_macro2::Ident, TokenStream) {
    let name = ident(&operand.name);
    let number = match operand.kind {
        Kind::View(_) => quote! { let #name = u64::from(#name.number()); },
        _ => quote! { let #name = #name.value() as u64; },
    };
    (name, number)
}
