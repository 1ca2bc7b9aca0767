//! From meanings to a simulator.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::meaning::{Effect, Expr, ExprKind};
use super::{Inst, Kind, Machine};
use crate::ast::Direction;
use crate::generate::names::{ident, snake};

const SEMANTICS: &str = include_str!("semantics.rs");

pub(super) fn generate(machine: &Machine) -> TokenStream {
    let semantics: TokenStream = SEMANTICS
        .lines()
        .filter(|line| !line.starts_with("//!"))
        .collect::<Vec<_>>()
        .join("\n")
        .parse()
        .unwrap_or_else(|error| {
            let text = format!("the semantics of operations are not Rust: {error:?}");
            quote! { compile_error!(#text); }
        });
    let files = machine.registers.iter().map(|registers| {
        let (get, set) = (getter(&registers.name), setter(&registers.name));
        let doc = format!("The value of a register of `{}`.", registers.name);
        quote! {
            #[doc = #doc]
            fn #get(&self, number: u8) -> u64;
            /// Writes the register.
            fn #set(&mut self, number: u8, value: u64);
        }
    });
    let arms = machine.insts.iter().map(|inst| execute(machine, inst));
    // A machine has what its instructions use.
    let flags = machine
        .insts
        .iter()
        .any(|inst| inst.reads_flags() || inst.writes_flags())
        .then(|| {
            quote! {
                /// The flags negative, zero, carry and overflow, from bit 3 down.
                fn nzcv(&self) -> u8;
                /// Writes the flags.
                fn set_nzcv(&mut self, flags: u8);
            }
        });
    let is_load = |kind: &ExprKind| matches!(kind, ExprKind::Load(_));
    let memory = machine
        .any_effect(&|effect| effect.any(&is_load) || effect.stores())
        .then(|| {
            quote! {
                /// Reads 1, 2, 4 or 8 bytes.
                ///
                /// # Errors
                /// There is nothing to read at the address.
                fn load(&mut self, address: u64, bytes: u8) -> Result<u64, Self::Stop>;
                /// Writes 1, 2, 4 or 8 bytes.
                ///
                /// # Errors
                /// The address cannot be written.
                fn store(&mut self, address: u64, bytes: u8, value: u64) -> Result<(), Self::Stop>;
            }
        });
    let trap = machine.any_effect(&|effect| effect.traps()).then(|| {
        quote! {
            /// An instruction that stops with a number.
            ///
            /// # Errors
            /// Usually always.
            fn trap(&mut self, code: u64) -> Result<(), Self::Stop>;
        }
    });
    quote! {
        #[allow(dead_code, missing_docs, clippy::all)]
        mod semantics { #semantics }

        /// The state that instructions act on.
        pub trait Machine {
            /// What stops execution.
            type Stop;
            #(#files)*
            #flags
            /// The address of the instruction to execute.
            fn pc(&self) -> u64;
            /// Goes on elsewhere.
            fn set_pc(&mut self, address: u64);
            #memory
            /// Reads an instruction.
            ///
            /// # Errors
            /// There is no instruction at the address.
            fn fetch(&mut self, address: u64) -> Result<Inst, Self::Stop>;
            #trap
        }

        /// Executes the instruction at the machine's `pc`.
        ///
        /// # Errors
        /// What stops the machine; it is then as it was before the instruction, but for stores.
        pub fn step<M: Machine>(machine: &mut M) -> Result<(), M::Stop> {
            let inst = machine.fetch(machine.pc())?;
            inst.execute(machine)
        }

        impl Inst {
            /// Executes the instruction, which is at the machine's `pc`.
            ///
            /// # Errors
            /// What stops the machine.
            #[allow(unused_variables, unused_parens, clippy::all)]
            pub fn execute<M: Machine>(&self, machine: &mut M) -> Result<(), M::Stop> {
                let pc = machine.pc();
                let mut next = pc.wrapping_add(4);
                match *self { #(#arms)* }
                machine.set_pc(next);
                Ok(())
            }
        }
    }
}

impl Machine {
    fn any_effect(&self, test: &dyn Fn(&Effect) -> bool) -> bool {
        self.insts.iter().any(|inst| inst.effects.iter().any(test))
    }
}

fn getter(registers: &str) -> Ident {
    ident(&snake(registers))
}

fn setter(registers: &str) -> Ident {
    ident(&format!("set_{}", snake(registers)))
}

/// The variable for the value of an operand.
pub(super) fn value_ident(operand: &str) -> Ident {
    ident(&format!("{}_value", operand.replace('.', "_")))
}

fn execute(machine: &Machine, inst: &Inst) -> TokenStream {
    let variant = inst.variant();
    let names = inst.operands.iter().map(|operand| ident(&operand.name));
    // Operands are read before anything is written.
    let reads = inst.operands.iter().filter_map(|operand| {
        let (name, value) = (ident(&operand.name), value_ident(&operand.name));
        match operand.kind {
            Kind::View(_) if operand.direction == Direction::Out => None,
            Kind::View(view) => {
                let read = read(machine, view, quote! { #name.number() }, None);
                Some(quote! { let #value = #read; })
            }
            Kind::Immediate(_) => Some(quote! { let #value = #name.value() as u64; }),
            Kind::Code(_) => None,
            // A branch to a label has been given its distance before it can be decoded.
            Kind::Offset(_) => Some(quote! {
                let #value = match #name { Target::Offset(offset) => offset as u64, Target::Label(_) => 0 };
            }),
        }
    });
    let effects = inst
        .effects
        .iter()
        .map(|effect| self::effect(machine, inst, effect));
    quote! { Inst::#variant { #(#names),* } => { #(#reads)* #(#effects)* } }
}

/// Reads a register, given as an expression or, where known, as a number.
fn read(machine: &Machine, view: usize, number: TokenStream, known: Option<u8>) -> TokenStream {
    let view = &machine.views[view];
    let get = getter(&machine.registers[view.file].name);
    let mut value = quote! { machine.#get(#number) };
    if view.width < 64 {
        let width = view.width;
        value = quote! { semantics::low(#width, #value) };
    }
    match &view.special {
        Some((special, _, true)) if known.is_none() => {
            quote! { if #number == #special { 0 } else { #value } }
        }
        Some((special, _, true)) if known == Some(*special) => quote! { 0 },
        _ => value,
    }
}

fn write(
    machine: &Machine,
    view: usize,
    number: TokenStream,
    known: Option<u8>,
    value: TokenStream,
) -> TokenStream {
    let view = &machine.views[view];
    let set = setter(&machine.registers[view.file].name);
    match &view.special {
        Some((special, _, true)) if known.is_none() => {
            quote! { let value = #value; if #number != #special { machine.#set(#number, value); } }
        }
        Some((special, _, true)) if known == Some(*special) => quote! { let _ = #value; },
        _ => quote! { let value = #value; machine.#set(#number, value); },
    }
}

fn effect(machine: &Machine, inst: &Inst, effect: &Effect) -> TokenStream {
    let cx = Some((machine, inst));
    match effect {
        Effect::Set(index, value) => {
            let operand = &inst.operands[*index];
            let Kind::View(view) = operand.kind else {
                return TokenStream::new();
            };
            let name = ident(&operand.name);
            write(
                machine,
                view,
                quote! { #name.number() },
                None,
                expr(value, cx),
            )
        }
        Effect::SetRegister(view, number, value) => write(
            machine,
            *view,
            quote! { #number },
            Some(*number),
            expr(value, cx),
        ),
        Effect::SetNzcv(value) => {
            let value = expr(value, cx);
            quote! { let flags = #value as u8; machine.set_nzcv(flags); }
        }
        Effect::SetPc(value) => {
            let value = expr(value, cx);
            quote! { next = #value; }
        }
        Effect::Store(address, value) => {
            let bytes = (value.width / 8) as u8;
            let (address, value) = (expr(address, cx), expr(value, cx));
            quote! { let (address, value) = (#address, #value); machine.store(address, #bytes, value)?; }
        }
        Effect::Trap(value) => {
            let value = expr(value, cx);
            quote! { let code = #value; machine.trap(code)?; }
        }
        Effect::Let(defs, effects) => {
            let defs = defs.iter().map(|(name, value)| {
                let (name, value) = (ident(name), expr(value, cx));
                quote! { let #name = #value; }
            });
            let effects = effects
                .iter()
                .map(|effect| self::effect(machine, inst, effect));
            quote! { { #(#defs)* #(#effects)* } }
        }
        Effect::When(condition, effects) => {
            let condition = expr(condition, cx);
            let effects = effects
                .iter()
                .map(|effect| self::effect(machine, inst, effect));
            quote! { if #condition != 0 { #(#effects)* } }
        }
    }
}

/// An expression in Rust, of type `u64`. Without an instruction it depends on variables alone.
pub(super) fn expr(expr: &Expr, cx: Option<(&Machine, &Inst)>) -> TokenStream {
    let part = |part: &Expr| self::expr(part, cx);
    match &expr.kind {
        ExprKind::Const(value) => {
            let value = Literal::u64_unsuffixed(*value);
            quote! { #value }
        }
        ExprKind::Var(name) => {
            let name = ident(name);
            quote! { #name }
        }
        ExprKind::Operand(index) => {
            let Some((_, inst)) = cx else {
                return TokenStream::new();
            };
            let operand = &inst.operands[*index];
            match operand.kind {
                Kind::Code(_) => {
                    let name = ident(&operand.name);
                    quote! { u64::from(#name.number()) }
                }
                _ => {
                    let value = value_ident(&operand.name);
                    quote! { #value }
                }
            }
        }
        ExprKind::Nzcv => quote! { u64::from(machine.nzcv()) },
        ExprKind::Flag(bit) => quote! { semantics::extract(#bit, #bit, u64::from(machine.nzcv())) },
        ExprKind::Pc => quote! { pc },
        ExprKind::Register(view, number) => match cx {
            Some((machine, _)) => read(machine, *view, quote! { #number }, Some(*number)),
            None => TokenStream::new(),
        },
        ExprKind::Op(op, args) => {
            let name = ident(op.name);
            let width = args[0].width;
            let values = args.iter().map(part);
            if op.is_sized() {
                quote! { semantics::#name(#(#values),*) }
            } else {
                quote! { semantics::#name(#width #(, #values)*) }
            }
        }
        ExprKind::If(parts) => {
            let [condition, then, other] = &**parts;
            let (condition, then, other) = (part(condition), part(then), part(other));
            quote! { (if #condition != 0 { #then } else { #other }) }
        }
        ExprKind::Match(index, cases) => {
            let Some((machine, inst)) = cx else {
                return TokenStream::new();
            };
            let Kind::Code(code) = inst.operands[*index].kind else {
                return TokenStream::new();
            };
            let (code, name) = (&machine.codes[code], ident(&inst.operands[*index].name));
            let ty = ident(&code.name);
            let arms = code.cases.iter().zip(cases).map(|(case, value)| {
                let (case, value) = (ident(&case.name), part(value));
                quote! { #ty::#case => #value }
            });
            quote! { (match #name { #(#arms),* }) }
        }
        ExprKind::Load(address) => {
            let (bytes, address) = ((expr.width / 8) as u8, part(address));
            quote! { { let address = #address; machine.load(address, #bytes)? } }
        }
        ExprKind::Resize(value) => {
            let (to, from, value) = (expr.width, value.width, part(value));
            if to < from {
                quote! { semantics::low(#to, #value) }
            } else {
                value
            }
        }
        ExprKind::Sext(value) => {
            let (to, from, value) = (expr.width, value.width, part(value));
            quote! { semantics::sext(#from, #to, #value) }
        }
        ExprKind::Extract(high, low, value) => {
            let value = part(value);
            quote! { semantics::extract(#high, #low, #value) }
        }
        ExprKind::Concat(parts) => {
            let width = parts[1].width;
            let (high, low) = (part(&parts[0]), part(&parts[1]));
            quote! { semantics::concat(#width, #high, #low) }
        }
        ExprKind::Convert(name, value) => {
            let (name, to, from, value) = (ident(name), expr.width, value.width, part(value));
            quote! { semantics::#name(#from, #to, #value) }
        }
    }
}
