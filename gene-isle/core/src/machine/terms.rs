//! The terms by which rules emit instructions.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Inst, Kind, Machine, Operand};
use crate::ast::{Direction, Flags};
use crate::compile::Program;
use crate::generate::names::{ident, prefixed, snake};
use crate::terms::{Constructor, Term, TermKind};
use crate::types::{TypeEnv, TypeId};

impl Machine {
    /// The terms that come with instructions and immediates.
    ///
    /// An instruction with one result is a term that gives it, in a register that the context
    /// chooses, and another, with `_to` after its name, whose arguments include the result
    /// register. Other instructions have the second form only, under their own name.
    pub(crate) fn terms(&self, types: &TypeEnv) -> Vec<Term> {
        let mut terms = Vec::new();
        let unit = types.by_name("Unit");
        for (index, inst) in self.insts.iter().enumerate() {
            let forms: &[bool] = if inst.gives_result() {
                &[false, true]
            } else {
                &[true]
            };
            for &to in forms {
                let args: Option<Vec<_>> = inst
                    .arguments(to)
                    .map(|operand| self.rule_type(operand.kind, types))
                    .collect();
                let result = inst.outputs().next().filter(|_| !to);
                let ret = match result {
                    Some(result) => self.rule_type(result.kind, types),
                    None => unit,
                };
                let (Some(args), Some(ret)) = (args, ret) else {
                    continue;
                };
                let flags = Flags::default();
                let constructor = Some(Constructor::Inst { inst: index, to });
                terms.push(Term {
                    name: inst.term_name(to),
                    span: inst.span,
                    doc: inst.doc.clone(),
                    args,
                    ret,
                    kind: TermKind::Declared {
                        flags,
                        constructor,
                        extractor: None,
                    },
                });
            }
        }
        for (index, immediate) in self.immediates.iter().enumerate() {
            let Some(ret) = types.by_name(&immediate.name) else {
                continue;
            };
            let flags = Flags {
                pure: true,
                partial: true,
                ..Flags::default()
            };
            terms.push(Term {
                name: immediate.term_name(),
                span: immediate.span,
                doc: format!("The value as `{}`, if it can be encoded.", immediate.name),
                args: vec![immediate.ty],
                ret,
                kind: TermKind::Declared {
                    flags,
                    constructor: Some(Constructor::Immediate(index)),
                    extractor: None,
                },
            });
        }
        terms
    }

    /// The type that rules see of an operand.
    fn rule_type(&self, kind: Kind, types: &TypeEnv) -> Option<TypeId> {
        match kind {
            Kind::View(view) => types.by_name(&self.registers[self.views[view].file].name),
            Kind::Code(code) => types.by_name(&self.codes[code].name),
            Kind::Immediate(immediate) => types.by_name(&self.immediates[immediate].name),
            Kind::Offset(_) => types.by_name("Label"),
        }
    }

    /// The function of one of an instruction's terms.
    pub(crate) fn generate_constructor(
        &self,
        _program: &Program,
        inst: usize,
        to: bool,
    ) -> TokenStream {
        self.constructor(&self.insts[inst], to)
    }

    fn constructor(&self, inst: &Inst, to: bool) -> TokenStream {
        let name = prefixed("constructor_", &inst.term_name(to));
        let variant = inst.variant();
        let params = inst.arguments(to).map(|operand| {
            let name = ident(&operand.name);
            let ty = match operand.kind {
                Kind::Offset(_) => quote! { Label },
                kind => self.operand_type(kind),
            };
            quote! { #name: #ty }
        });
        let operands = inst.operands.iter().map(|operand| {
            let name = ident(&operand.name);
            match operand.kind {
                Kind::Offset(_) => quote! { #name: Target::Label(#name) },
                _ => quote! { #name },
            }
        });
        let emit = quote! { ctx.emit(Inst::#variant { #(#operands),* }); };
        let result = inst.outputs().next().filter(|_| !to);
        let doc = format!("Emits `{}`.", inst.name);
        match result {
            Some(Operand {
                name: result,
                kind: Kind::View(view),
                ..
            }) => {
                let registers = &self.registers[self.views[*view].file];
                let (result, ty, fresh) =
                    (ident(result), ident(&registers.name), registers.fresh());
                quote! {
                    #[doc = #doc]
                    #[allow(clippy::too_many_arguments)]
                    pub fn #name<C: Context>(ctx: &mut C, #(#params),*) -> #ty {
                        let #result = ctx.#fresh();
                        #emit
                        #result
                    }
                }
            }
            _ => quote! {
                #[doc = #doc]
                #[allow(clippy::too_many_arguments)]
                pub fn #name<C: Context>(ctx: &mut C, #(#params),*) { #emit }
            },
        }
    }
}

/// The functions of all terms of instructions and immediates.
pub(super) fn generate(machine: &Machine) -> TokenStream {
    let insts = machine.insts.iter().map(|inst| {
        let by_result = inst
            .gives_result()
            .then(|| machine.constructor(inst, false));
        let to = machine.constructor(inst, true);
        quote! { #by_result #to }
    });
    let immediates = machine.immediates.iter().map(|immediate| {
        let name = prefixed("constructor_", &immediate.term_name());
        let (ty, value) = (ident(&immediate.name), immediate.rust_type());
        let doc = format!("The value as [`{}`], if it can be encoded.", immediate.name);
        quote! {
            #[doc = #doc]
            pub fn #name<C: Context>(_ctx: &mut C, value: #value) -> Option<#ty> { #ty::new(value) }
        }
    });
    quote! { #(#insts)* #(#immediates)* }
}

impl super::Immediate {
    /// The term that makes one of a value: `to_imm12` for `Imm12`.
    pub(crate) fn term_name(&self) -> String {
        format!("to_{}", snake(&self.name))
    }

    /// The integer type of the values.
    pub(super) fn rust_type(&self) -> proc_macro2::Ident {
        let letter = if self.signed { 'i' } else { 'u' };
        format_ident!("{letter}{}", self.value_bits)
    }
}

impl Inst {
    /// Whether there is exactly one result, which a rule can use as the value.
    pub(crate) fn gives_result(&self) -> bool {
        self.outputs().count() == 1
    }

    /// The name of one of its terms.
    pub(crate) fn term_name(&self, to: bool) -> String {
        if to && self.gives_result() {
            format!("{}_to", self.name)
        } else {
            self.name.clone()
        }
    }

    /// The operands that are arguments of one of its terms.
    pub(super) fn arguments(&self, to: bool) -> impl Iterator<Item = &Operand> {
        self.operands
            .iter()
            .filter(move |operand| to || operand.direction != Direction::Out)
    }
}
