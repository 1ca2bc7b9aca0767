//! Runtime functions that compiled code may call.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::names::{camel, ident, prefixed, snake};
use super::types::{param_type, rust_type};
use crate::check::Target;
use crate::compile::Program;
use crate::source::Sources;
use crate::terms::{Constructor, Helper};
use crate::types::TypeId;

/// The table of helpers, the check of their signatures, and their constructors.
pub(super) fn generate(program: &Program, sources: &Sources) -> TokenStream {
    let helpers = &program.terms.helpers;
    if helpers.is_empty() {
        return TokenStream::new();
    }
    let variants: Vec<_> = helpers
        .iter()
        .map(|helper| ident(&camel(&helper.name)))
        .collect();
    let docs = helpers.iter().map(|helper| match helper.doc.as_str() {
        "" => format!(
            "`{}`, declared at {}.",
            helper.name,
            sources.place(helper.span)
        ),
        doc => format!("{doc}\n\nDeclared at {}.", sources.place(helper.span)),
    });
    let classes: BTreeSet<TypeId> = helpers.iter().flat_map(used_classes).collect();
    let class_ids = classes.iter().map(|&ty| class(program, ty));
    let infos = helpers.iter().map(|helper| {
        let Helper {
            name,
            alloc,
            raise,
            reenter,
            ..
        } = helper;
        let args = helper.args.iter().map(|&ty| class(program, ty));
        let result = class(program, helper.ret);
        quote! {
            HelperInfo {
                name: #name,
                args: &[#(ClassId::#args),*],
                result: ClassId::#result,
                may_allocate: #alloc,
                may_raise: #raise,
                may_reenter: #reenter,
            },
        }
    });
    let addresses = helpers.iter().zip(&variants).map(|(helper, variant)| {
        let function = function(program, helper);
        quote! { HelperId::#variant => { #function function as *const () as usize } }
    });
    let invocations = helpers.iter().zip(&variants).map(|(helper, variant)| {
        let function = function(program, helper);
        let args = helper.args.iter().enumerate().map(|(index, &ty)| {
            let ty = rust_type(program, ty);
            quote! { <#ty as HelperClass>::of_word(words[#index]) }
        });
        let ret = rust_type(program, helper.ret);
        quote! {
            HelperId::#variant => {
                #function
                // SAFETY: what the caller promises.
                <#ret as HelperClass>::into_word(unsafe { function(#(#args),*) })
            }
        }
    });
    let count = helpers.len();
    let constructors = called(program)
        .into_iter()
        .map(|index| constructor(program, &helpers[index], &variants[index]));
    quote! {
        /// A runtime function that compiled code may call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum HelperId { #(#[doc = #docs] #variants),* }

        /// A class of arguments and results of helpers, by its name in rules.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ClassId { #(#class_ids),* }

        /// What is known of a helper.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct HelperInfo {
            /// Its name in rules.
            pub name: &'static str,
            /// The classes of its arguments.
            pub args: &'static [ClassId],
            /// The class of its result.
            pub result: ClassId,
            /// Whether it may allocate, so that the collector may run.
            pub may_allocate: bool,
            /// Whether it may raise an exception.
            pub may_raise: bool,
            /// Whether it may call compiled code.
            pub may_reenter: bool,
        }

        impl HelperInfo {
            /// Whether the collector or others may look at the frame during the call.
            pub const fn is_safepoint(&self) -> bool { self.may_allocate || self.may_reenter }
        }

        /// A class of arguments and results of helpers.
        pub trait HelperClass {
            /// The type that values of the class have in Rust functions.
            type Native;

            /// What a machine word says, for a machine that is simulated.
            fn of_word(word: u64) -> Self::Native;

            /// A value as a machine word.
            fn into_word(value: Self::Native) -> u64;
        }

        impl HelperClass for () {
            type Native = ();
            fn of_word(_: u64) {}
            fn into_word((): ()) -> u64 { 0 }
        }

        /// All helpers; `HelperId`s index them.
        pub static HELPERS: [HelperInfo; #count] = [#(#infos)*];

        impl HelperId {
            /// All helpers.
            pub const ALL: [HelperId; #count] = [#(HelperId::#variants),*];

            /// What is known of the helper.
            pub fn info(self) -> &'static HelperInfo { &HELPERS[self as usize] }

            /// The address of the Rust function.
            pub fn address(self) -> usize { match self { #(#addresses)* } }

            /// Calls the Rust function as simulated code does.
            ///
            /// # Safety
            /// The words are arguments of its classes, and it may be called with them.
            ///
            /// # Panics
            /// There are fewer words than arguments.
            pub unsafe fn invoke(self, words: &[u64]) -> u64 { match self { #(#invocations)* } }
        }

        #(#constructors)*
    }
}

/// The helpers that rules call. The others are for Rust code to call, and need nothing from the context.
fn called(program: &Program) -> BTreeSet<usize> {
    let references = program.checked.references.iter();
    references
        .filter_map(|(_, target)| match target {
            Target::Term(term) => match program.terms.get(*term).constructor() {
                Some(Constructor::Helper(index)) => Some(*index),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// What calls of helpers in rules need from the context of rules.
pub(super) fn context_methods(program: &Program) -> TokenStream {
    let called = called(program);
    if called.is_empty() {
        return TokenStream::new();
    }
    let helpers = || called.iter().map(|&index| &program.terms.helpers[index]);
    let args: BTreeSet<TypeId> = helpers()
        .flat_map(|helper| helper.args.iter().copied())
        .collect();
    let results: BTreeSet<TypeId> = helpers().map(|helper| helper.ret).collect();
    let passes = args.into_iter().map(|ty| {
        let (name, doc) = (
            method(program, "pass", ty),
            format!("Passes an argument of class `{}`.", program.types.name(ty)),
        );
        let ty = param_type(program, ty);
        quote! { #[doc = #doc] fn #name(&mut self, index: usize, value: #ty); }
    });
    let takes = results.into_iter().map(|ty| {
        let (name, doc) = (
            method(program, "take", ty),
            format!("Takes a result of class `{}`.", program.types.name(ty)),
        );
        let ty = rust_type(program, ty);
        quote! { #[doc = #doc] fn #name(&mut self, helper: HelperId) -> #ty; }
    });
    quote! {
        /// Begins the call of a helper; its arguments follow in order.
        fn begin_call(&mut self, helper: HelperId);
        #(#passes)*
        /// Calls the helper, with a safepoint and a check for an exception where its effects
        /// need them.
        fn call(&mut self, helper: HelperId);
        #(#takes)*
    }
}

/// The classes that a helper has to do with.
fn used_classes(helper: &Helper) -> impl Iterator<Item = TypeId> + '_ {
    helper.args.iter().copied().chain([helper.ret])
}

/// The variant of `ClassId` for a type.
fn class(program: &Program, ty: TypeId) -> proc_macro2::Ident {
    ident(&camel(program.types.name(ty)))
}

/// The Rust function, as the type that it must have: each class of values decides its own type there.
fn function(program: &Program, helper: &Helper) -> TokenStream {
    let native = |ty| {
        let ty = rust_type(program, ty);
        quote! { <#ty as HelperClass>::Native }
    };
    let path: TokenStream = helper.path.parse().unwrap_or_default();
    let args = helper.args.iter().map(|&ty| native(ty));
    let ret = native(helper.ret);
    quote! { let function: unsafe extern "C" fn(#(#args),*) -> #ret = #path; }
}

fn constructor(program: &Program, helper: &Helper, variant: &proc_macro2::Ident) -> TokenStream {
    let name = prefixed("constructor_", &helper.name);
    let names: Vec<_> = (0..helper.args.len())
        .map(|index| format_ident!("arg{index}"))
        .collect();
    let params = names.iter().zip(&helper.args).map(|(name, &ty)| {
        let ty = param_type(program, ty);
        quote! { #name: #ty }
    });
    let passes = names
        .iter()
        .enumerate()
        .zip(&helper.args)
        .map(|((index, name), &ty)| {
            let pass = method(program, "pass", ty);
            quote! { ctx.#pass(#index, #name); }
        });
    let ret = rust_type(program, helper.ret);
    let take = method(program, "take", helper.ret);
    let doc = format!("Calls the helper `{}`.", helper.name);
    quote! {
        #[doc = #doc]
        pub fn #name<C: Context>(ctx: &mut C, #(#params),*) -> #ret {
            ctx.begin_call(HelperId::#variant);
            #(#passes)*
            ctx.call(HelperId::#variant);
            ctx.#take(HelperId::#variant)
        }
    }
}

fn method(program: &Program, verb: &str, ty: TypeId) -> proc_macro2::Ident {
    format_ident!("{verb}_{}", snake(program.types.name(ty)))
}
