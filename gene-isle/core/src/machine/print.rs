//! From instructions to assembly text.

use proc_macro2::TokenStream;
use quote::quote;

use super::{AsmPart, Inst, Kind, Machine};
use crate::generate::names::{ident, snake};

pub(super) fn generate(machine: &Machine) -> TokenStream {
    let views = machine.views.iter().map(|view| {
        let name = ident(&format!("print_{}", snake(&view.name)));
        let ty = ident(&machine.registers[view.file].name);
        let (before, after) = view.asm.split_once("{}").unwrap_or((&view.asm, ""));
        let special = view.special.as_ref().map(|(number, text, _)| {
            quote! { if register.number() == #number { return f.write_str(#text); } }
        });
        quote! {
            fn #name(f: &mut core::fmt::Formatter<'_>, register: #ty) -> core::fmt::Result {
                #special
                write!(f, "{}{}{}", #before, register.number(), #after)
            }
        }
    });
    let insts = machine.insts.iter().map(|inst| inst_arm(machine, inst));
    quote! {
        #(#[allow(dead_code)] #views)*

        impl core::fmt::Display for Inst {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match *self { #(#insts)* }
            }
        }
    }
}

fn inst_arm(machine: &Machine, inst: &Inst) -> TokenStream {
    let variant = inst.variant();
    let mut used: Vec<usize> = Vec::new();
    let parts = inst.asm.iter().map(|part| match part {
        AsmPart::Text(text) => quote! { f.write_str(#text)?; },
        AsmPart::Operand(index) => {
            used.push(*index);
            let operand = &inst.operands[*index];
            let name = ident(&operand.name);
            match operand.kind {
                Kind::View(view) => {
                    let print = ident(&format!("print_{}", snake(&machine.views[view].name)));
                    quote! { #print(f, #name)?; }
                }
                _ => quote! { core::fmt::Display::fmt(&#name, f)?; },
            }
        }
    });
    let parts: Vec<_> = parts.collect();
    let names = inst
        .operands
        .iter()
        .enumerate()
        .filter(|(index, _)| used.contains(index));
    let names = names.map(|(_, operand)| ident(&operand.name));
    quote! { Inst::#variant { #(#names,)* .. } => { #(#parts)* Ok(()) } }
}
