//! Models: what turns a pre-token into ids.

pub mod bpe;

/// One token of a pre-token, from the models of the general engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// The first byte of the pre-token that it stands for.
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
}
