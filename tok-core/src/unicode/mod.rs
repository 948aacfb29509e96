//! Unicode data of the versions that the reference libraries use, and what is computed with it.

pub mod class;
mod classes;
#[cfg(feature = "alloc")]
mod code_points;
#[cfg(feature = "alloc")]
pub(crate) mod forms;
#[cfg(feature = "alloc")]
pub(crate) mod graphemes;
pub mod nfc;
mod nfc_tables;
#[cfg(feature = "alloc")]
pub(crate) mod scripts;
#[cfg(feature = "alloc")]
pub(crate) mod sets;
pub(crate) mod utf8;
mod word;
mod word_ranges;

#[cfg(feature = "alloc")]
pub(crate) use word::is_word;
pub use word::{ends_with_word, leading_space, starts_with_word, trim_end_space};
