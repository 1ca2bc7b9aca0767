//! The bytecode compiler: from forms to [`crate::code::Code`].

pub mod environment;
mod side;

pub use environment::Environment;
pub use side::{EnumVariant, Error, PatternElement, SideEntry};
