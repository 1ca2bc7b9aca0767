//! From machine words to instructions.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::encode::places;
use super::simulate::expr;
use super::{Bits, Inst, Kind, Machine, Operand, semantics};
use crate::generate::names::ident;

pub(super) fn generate(machine: &Machine) -> TokenStream {
    // The more bits are fixed, the more special the instruction.
    let mut order: Vec<&Inst> = machine.insts.iter().collect();
    order.sort_by_key(|inst| std::cmp::Reverse(inst.fixed().0.count_ones()));
    // A first look at the four bits that every declaration fixes, if there are such.
    let common = order
        .iter()
        .fold(u32::MAX, |mask, inst| mask & inst.fixed().0);
    let selector = (0..29)
        .rev()
        .find(|&low| (common >> low) & 0b1111 == 0b1111);
    let attempts = match selector {
        None => {
            let attempts = order.iter().map(|inst| attempt(machine, inst));
            quote! { #(#attempts)* }
        }
        Some(low) => {
            let arms = (0..16).filter_map(|value| {
                let own: Vec<_> = order
                    .iter()
                    .filter(|inst| (inst.fixed().1 >> low) & 0b1111 == value)
                    .collect();
                let attempts = own.iter().map(|inst| attempt(machine, inst));
                (!own.is_empty()).then(|| quote! { #value => { #(#attempts)* } })
            });
            quote! { match (word >> #low) & 0b1111 { #(#arms)* _ => {} } }
        }
    };
    let patterns = machine.insts.iter().map(|inst| {
        let (name, (mask, value)) = (&inst.name, inst.fixed());
        let (mask, value) = (hex(mask), hex(value));
        quote! { (#name, #mask, #value) }
    });
    quote! {
        impl Inst {
            /// The bits that are fixed in each instruction: its name, which bits, and their values.
            pub const PATTERNS: &'static [(&'static str, u32, u32)] = &[#(#patterns),*];

            /// The instruction that a word encodes, if one is declared.
            #[allow(unused_parens, clippy::identity_op)]
            pub fn decode(word: u32) -> Option<Inst> {
                #attempts
                None
            }
        }
    }
}

fn hex(value: u32) -> Literal {
    format!("0x{value:08x}")
        .parse()
        .unwrap_or(Literal::u32_unsuffixed(value))
}

/// Gives the instruction if the word encodes it.
fn attempt(machine: &Machine, inst: &Inst) -> TokenStream {
    let (mask, value) = inst.fixed();
    let (mask, value) = (hex(mask), hex(value));
    let mut steps = Vec::new();
    let mut conditions = Vec::new();
    // Fields that operands are computed from.
    let computed = inst.operands.iter().any(|operand| operand.from.is_some());
    if computed {
        let mut at = 32;
        for part in &inst.bits {
            at -= part.width();
            if let Bits::Field { index, width } = part {
                let name = ident(&inst.fields[*index].0);
                let mask = semantics::low(*width, u64::MAX) as u32;
                steps.push(quote! { let #name = u64::from((word >> #at) & #mask); });
            }
        }
    }
    for (index, operand) in inst
        .operands
        .iter()
        .enumerate()
        .filter(|(_, operand)| operand.from.is_none())
    {
        let (raw, name) = (
            format_ident!("{}_field", operand.name.replace('.', "_")),
            ident(&operand.name),
        );
        let parts = places(inst, index).into_iter().map(|(at, high, low)| {
            let mask = semantics::low(high - low + 1, u64::MAX) as u32;
            let bits = if at == 0 {
                quote! { (word & #mask) }
            } else {
                quote! { ((word >> #at) & #mask) }
            };
            if low == 0 {
                bits
            } else {
                quote! { (#bits << #low) }
            }
        });
        steps.push(quote! { let #raw = #(#parts)|*; });
        let value = operand_value(machine, operand, quote! { #raw });
        if let Kind::Code(_) = operand.kind {
            conditions.push(quote! { let Some(#name) = #value });
        } else {
            steps.push(quote! { let #name = #value; });
        }
    }
    if computed {
        let mut values = Vec::new();
        for operand in inst
            .operands
            .iter()
            .filter(|operand| operand.from.is_none())
        {
            let name = ident(&operand.name);
            if let Kind::Immediate(_) = operand.kind {
                values.push(quote! { let #name = #name.value() as u64; });
            }
        }
        for operand in &inst.operands {
            let (Some(from), Kind::Immediate(immediate)) = (&operand.from, operand.kind) else {
                continue;
            };
            let (name, kind) = (
                ident(&operand.name),
                ident(&machine.immediates[immediate].name),
            );
            let ty = machine.immediates[immediate].rust_type();
            let from = expr(from, None);
            conditions.push(quote! { let Some(#name) = #kind::new({ #(#values)* #from } as #ty) });
        }
    }
    let variant = inst.variant();
    let names = inst.operands.iter().map(|operand| ident(&operand.name));
    // Reserved fields do not survive being encoded again; branches always do.
    let plain = inst.operands.iter().enumerate().all(|(index, operand)| {
        matches!(
            operand.kind,
            Kind::View(_) | Kind::Code(_) | Kind::Offset(_)
        ) && places(inst, index).len() == 1
            || matches!(operand.kind, Kind::Offset(_))
    }) && inst.fields.is_empty()
        && inst.condition.is_none();
    let build = quote! { let inst = Inst::#variant { #(#names),* }; };
    let give = if plain {
        quote! { #build return Some(inst); }
    } else {
        quote! { #build if inst.whole_word() == Some(word) && inst.is_encodable() { return Some(inst); } }
    };
    let give = if conditions.is_empty() {
        give
    } else {
        quote! { if #(#conditions)&&* { #give } }
    };
    quote! { if word & #mask == #value { #(#steps)* #give } }
}

fn operand_value(machine: &Machine, operand: &Operand, raw: TokenStream) -> TokenStream {
    match operand.kind {
        Kind::View(view) => {
            let name = ident(&machine.registers[machine.views[view].file].name);
            quote! { #name::new(#raw as u8) }
        }
        Kind::Code(code) => {
            let name = ident(&machine.codes[code].name);
            quote! { #name::from_number(#raw) }
        }
        Kind::Immediate(immediate) => {
            let name = ident(&machine.immediates[immediate].name);
            quote! { #name::decode(#raw) }
        }
        Kind::Offset(offset) => {
            let (bits, unit) = (
                machine.offsets[offset].bits,
                i64::from(machine.offsets[offset].unit),
            );
            quote! { Target::Offset(semantics::signed(#bits, u64::from(#raw)) * #unit) }
        }
    }
}
