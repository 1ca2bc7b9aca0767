//! The reader: from source text to values.
//!
//! `gene.pest` is the grammar. A [scanner](scan) cuts the text into tokens, a [builder](build) makes values of
//! them with a stack of its own, so that nesting is bounded by memory only.
//!
//! # How forms are represented
//!
//! | Source | Value |
//! |---|---|
//! | `[…]` `{…}` `(…)` | [`Array`](crate::object::Array), [`Map`](crate::object::Map), [`Gene`](crate::object::Gene) |
//! | `#[…]` `#{…}` `#(…)` | the same, `sealed` in the header |
//! | `{{k v}}` `#{{k v}}` | a Gene with the head `#HashMap` and the entries as children, sealed or not: [`sym::HASH_MAP`](crate::symbol::sym::HASH_MAP) |
//! | `#"a#{b}"` | the Gene `(#Str "a" b)` |
//! | `` `x `` | [`Quote`](crate::object::Quote) |
//! | `%x`, `%_x` | [`Unquote`](crate::object::Unquote) |
//! | `a/b` | [`ComplexSymbol`](crate::object::ComplexSymbol), cut at each unescaped `/`, also inside of `<p/q>`; `/`, `/=` and `./` alone are plain symbols |
//! | `name...` and `...` | symbols of that spelling |
//! | `^... m`, `^...1 m` | properties with the keys `...`, `...1` |
//! | `_` | the symbol; `nil`, `void`, `true`, `false`, `not_found` are the values |
//!
//! Genes, arrays and maps carry the [position](crate::source::Pos) of their opening bracket in the header's `aux`.

mod build;
mod error;
mod grammar;
pub mod lex;
mod literal;
mod name;
mod scan;
mod text;
mod token;

#[cfg(test)]
mod agreement;

pub(crate) use scan::is_token_end;

use crate::source::Pos;
use crate::value::Value;
use crate::vm::Vm;

/// A text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub pos: Pos,
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// Reads all forms of a text. The values are not rooted: no safepoint may pass before they are.
pub fn read_all(vm: &mut Vm, source_name: &str, text: &str) -> Result<Vec<Value>, ReadError> {
    let first = vm.sources.add(source_name, text);
    read(vm, text, first, false)
}

/// Reads the first form of a text; what follows is ignored. The text is not kept, as programs may read
/// any number of them: the forms have no positions.
pub fn read_first(vm: &mut Vm, text: &str) -> Result<Value, ReadError> {
    let forms = read(vm, text, Pos::NONE, true)?;
    Ok(forms[0])
}

fn read(vm: &mut Vm, text: &str, first: Pos, only_first: bool) -> Result<Vec<Value>, ReadError> {
    let mut builder = build::Builder::new(&mut vm.heap, text, first);
    builder.read(only_first).map_err(|error| ReadError {
        message: error.message,
        pos: first.offset(error.offset),
    })
}
