//! Gives others what it has from comptok.

pub use comptok::{Tokenizer, include_baked, include_tokenizer};
