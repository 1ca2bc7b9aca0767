//! stub
use crate::ast::Item;
use crate::compile::Program;
use crate::diagnostic::Errors;
use crate::source::Sources;
use crate::terms::Term;
use crate::types::{Type, TypeEnv, TypeId};
use proc_macro2::TokenStream;
/// stub
#[derive(Debug, Default)]
pub struct Machine {}
/// stub
pub fn build(_items: &[Item], _types: &TypeEnv, _errors: &mut Errors) -> Machine {
    Machine {}
}
impl Machine {
    /// stub
    pub fn terms(&self, _types: &TypeEnv) -> Vec<Term> {
        Vec::new()
    }
    /// stub
    pub fn check_constant(
        &self,
        _types: &TypeEnv,
        _ty: TypeId,
        _value: i128,
    ) -> Result<(), String> {
        Ok(())
    }
    /// stub
    pub fn generate(&self, _p: &Program, _s: &Sources) -> TokenStream {
        TokenStream::new()
    }
    /// stub
    pub fn generate_constructor(&self, _p: &Program, _inst: usize, _to: bool) -> TokenStream {
        TokenStream::new()
    }
    /// stub
    pub fn context_methods(&self) -> TokenStream {
        TokenStream::new()
    }
    /// stub
    pub fn immediate_constant(&self, _ty: &Type, _value: i128) -> Option<TokenStream> {
        None
    }
}
