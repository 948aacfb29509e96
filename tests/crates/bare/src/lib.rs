//! `no_std`, without `alloc`, with comptok under another name, and strict about itself.
#![no_std]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub)]

/// A tokenizer in a library.
pub static TOKENIZER: renamed::Tokenizer = renamed::include_tokenizer!("words.json");

/// A shadow of the standard library, which the expansion must not meet.
pub mod core {}

/// As in an edition before 2021.
pub fn local() -> renamed::Tokenizer {
    mod u8 {}
    renamed::include_tokenizer!("words.json")
}
