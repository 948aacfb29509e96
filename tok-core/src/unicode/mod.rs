//! Unicode data of the versions that the reference libraries use, and what is computed with it.

pub mod class;
mod classes;
pub mod nfc;
mod nfc_tables;
pub(crate) mod utf8;
mod word;
mod word_ranges;

pub use word::{ends_with_word, leading_space, starts_with_word, trim_end_space};
