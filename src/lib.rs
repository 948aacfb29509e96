//! comptok bakes a tokenizer into the program that uses it.
//!
//! A [`Tokenizer`] is a baked vocabulary (a *blob*) and the engine that runs on it. It comes from a
//! file while the crate compiles, from a `.ctok` file, or from any supported tokenizer file at run
//! time, and behaves the same in each case: the ids are those of HuggingFace `tokenizers` and of
//! `tiktoken`, to the last one.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "rayon")]
mod batch;
#[cfg(feature = "alloc")]
mod cut;
#[cfg(feature = "alloc")]
mod decode;
mod encode;
#[cfg(feature = "alloc")]
mod encoding;
mod error;
#[cfg(feature = "alloc")]
mod full;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "load")]
pub mod load;
mod macros;
#[cfg(feature = "mmap")]
mod mmap;
#[cfg(feature = "alloc")]
mod post_process;
#[cfg(feature = "alloc")]
mod sampling;
mod scratch;
mod storage;
#[cfg(feature = "alloc")]
mod texts;
mod tokenizer;
mod tokens;
#[cfg(feature = "train")]
pub mod train;
pub mod vocab;

#[cfg(feature = "rayon")]
pub use batch::{BatchError, Threads};
#[cfg(feature = "alloc")]
pub use decode::DecodeStream;
pub use encode::Options;
#[cfg(feature = "alloc")]
pub use encoding::Encoding;
pub use error::{DecodeError, EncodeError, TokenName};
#[cfg(feature = "alloc")]
pub use full::{FullError, FullOptions, Input, Offsets, Setting, Text, TruncationError};
#[cfg(feature = "hub")]
pub use hub::Hub;
#[cfg(feature = "mmap")]
pub use mmap::MapError;
#[cfg(feature = "alloc")]
pub use sampling::Sampler;
pub use scratch::Scratch;
pub use tokenizer::{AddedToken, TokenId, Tokenizer};
pub use tokens::Tokens;

#[cfg(feature = "alloc")]
pub use comptok_core::settings::{
    Direction, Padding, PaddingStrategy, Truncation, TruncationStrategy,
};
pub use comptok_core::{
    added_tokens::{Others, Special},
    blob::{FormatError, Header},
    kernel::{Kernel, Tier},
    sink::Span,
};

/// For the public macros. Not part of the API.
#[doc(hidden)]
pub mod __private {
    /// Bytes that begin on a cache line.
    #[repr(C, align(64))]
    pub struct Aligned<T: ?Sized>(pub T);

    #[cfg(feature = "macros")]
    pub use comptok_macros::include_tokenizer;

    /// What `include_tokenizer!` expands to in an editor, which wants a type and no data.
    pub const fn in_editor() -> crate::Tokenizer {
        panic!("this was expanded for an editor and cannot run")
    }
}
