//! Models: what turns a pre-token into ids.

pub mod bpe;

#[cfg(feature = "alloc")]
mod any;
#[cfg(feature = "alloc")]
mod byte_bpe;
#[cfg(feature = "alloc")]
pub mod char_bpe;
mod joins;
mod parts;
mod random;
#[cfg(feature = "alloc")]
pub mod sentence_piece;
pub mod trie;
#[cfg(feature = "alloc")]
pub mod unigram;
#[cfg(feature = "alloc")]
mod word_level;
#[cfg(feature = "alloc")]
pub mod word_piece;
mod words;

#[cfg(feature = "alloc")]
pub use any::{Model, Scratch};
#[cfg(feature = "alloc")]
pub use byte_bpe::ByteBpe;
pub use joins::Joins;
pub use parts::{HEAD_WORDS, PART_MAX, Parts, param, part};
pub use random::Random;
#[cfg(feature = "alloc")]
pub(crate) use sentence_piece::{Alone, Answer, Effect, NEAR, Words};
#[cfg(feature = "alloc")]
pub use word_level::WordLevel;
#[cfg(feature = "alloc")]
use words::find_extra;
pub use words::find_word;

/// Model codes of the header.
///
/// Byte-level BPE ([`MODEL_BPE`](crate::engine::MODEL_BPE)) has no tables in
/// [`Section::Model`](crate::blob::Section::Model), the others begin there with their code.
pub mod code {
    pub use crate::engine::MODEL_BPE;
    /// BPE whose symbols are chars.
    pub const CHAR_BPE: u32 = 2;
    /// WordPiece.
    pub const WORD_PIECE: u32 = 3;
    /// Unigram.
    pub const UNIGRAM: u32 = 4;
    /// WordLevel.
    pub const WORD_LEVEL: u32 = 5;
    /// A model of SentencePiece.
    pub const SENTENCE_PIECE: u32 = 6;
}

/// One token of a pre-token, from the models of the general engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// The first byte of the pre-token that it stands for.
    ///
    /// The reference counts: where it drops a char without a token, the tokens behind it are one
    /// char too far to the left, and where a suffix falls back to bytes, they may end behind the
    /// pre-token.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// Why a model has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelError {
    /// Text that no token stands for, in a model without an unknown token.
    Unknown {
        /// Where it begins in the pre-token.
        at: usize,
    },
    /// In a strict encode, text that no token stands for and that is left out otherwise.
    NoToken {
        /// Where it begins in the pre-token.
        at: usize,
        /// Its first byte.
        byte: u8,
    },
    /// A pre-token of 4 GiB or more.
    TooLong,
}
