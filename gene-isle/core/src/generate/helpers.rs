//! stub
use crate::compile::Program;
use crate::source::Sources;
use proc_macro2::TokenStream;
pub(super) fn generate(_program: &Program, _sources: &Sources) -> TokenStream {
    TokenStream::new()
}
