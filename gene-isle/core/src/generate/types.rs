//! The types that rule files define.

use proc_macro2::TokenStream;
use quote::quote;

use super::names::ident;
use crate::compile::Program;
use crate::source::Sources;
use crate::types::{Fields, Type, TypeId, TypeKind};

pub(super) fn generate(program: &Program, sources: &Sources) -> TokenStream {
    let own = program.types.types.iter().filter(|ty| !ty.is_extern);
    own.map(|ty| definition(program, ty, sources)).collect()
}

fn definition(program: &Program, ty: &Type, sources: &Sources) -> TokenStream {
    let name = ident(&ty.name);
    let debug = (!ty.nodebug).then(|| quote! { , Debug });
    let place = ty.span.map_or(String::new(), |span| {
        format!("Defined at {}.", sources.place(span))
    });
    let doc = if ty.doc.is_empty() {
        place
    } else {
        format!("{}\n\n{place}", ty.doc)
    };
    match &ty.kind {
        TypeKind::Enum(variants) => {
            let copied = !ty.by_reference();
            let derive = if copied {
                quote! { #[derive(Clone, Copy, PartialEq, Eq #debug)] }
            } else {
                quote! { #[derive(Clone #debug)] }
            };
            let variants = variants.iter().map(|variant| {
                let name = ident(&variant.name);
                let doc = format!("`{}.{}`", ty.name, variant.name);
                let fields = fields(program, &variant.fields, None);
                quote! { #[doc = #doc] #name #fields, }
            });
            quote! { #[doc = #doc] #derive pub enum #name { #(#variants)* } }
        }
        TypeKind::Struct(content) => {
            let public = quote! { pub };
            let fields = fields(program, content, Some(&public));
            let end = (!matches!(content, Fields::Named(_))).then(|| quote! { ; });
            quote! { #[doc = #doc] #[derive(Clone #debug)] pub struct #name #fields #end }
        }
        _ => TokenStream::new(),
    }
}

fn fields(program: &Program, fields: &Fields, public: Option<&TokenStream>) -> TokenStream {
    match fields {
        Fields::Unit => TokenStream::new(),
        Fields::Named(fields) => {
            let fields = fields.iter().map(|(name, ty)| {
                let doc = format!("`{name}`");
                let (name, ty) = (ident(name), rust_type(program, *ty));
                quote! { #[doc = #doc] #public #name: #ty, }
            });
            quote! { { #(#fields)* } }
        }
        Fields::Tuple(types) => {
            let types = types.iter().map(|&ty| rust_type(program, ty));
            quote! { ( #(#public #types),* ) }
        }
    }
}

/// The Rust type for values of a type.
pub(crate) fn rust_type(program: &Program, ty: TypeId) -> TokenStream {
    let ty = program.types.get(ty);
    match &ty.kind {
        TypeKind::Primitive(name) if name == "Unit" && ty.span.is_none() => quote! { () },
        TypeKind::Primitive(name) => super::names::path(name),
        _ => super::names::path(&ty.name),
    }
}

/// The Rust type for parameters of a type.
pub(crate) fn param_type(program: &Program, ty: TypeId) -> TokenStream {
    let rust = rust_type(program, ty);
    if program.types.get(ty).by_reference() {
        quote! { &#rust }
    } else {
        rust
    }
}
