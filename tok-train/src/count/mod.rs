//! Counting pre-tokens.

mod counts;
mod file;
mod run;
mod source;
mod table;

pub use counts::Counts;
pub use file::{CountsFile, write_counts};
pub use run::{Counter, InvalidUtf8, Memory};
pub use source::{Chain, Chunk, Lines, Source, Texts};
pub(crate) use table::PADDING;
