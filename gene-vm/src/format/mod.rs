//! Source text out of values and out of other source text.

mod indent;
mod print;
mod spelling;

pub use indent::format_source;
pub use print::{Style, forms};
