//! The layout of [`Section::Model`](crate::blob::Section::Model): a head of u32 words, then the
//! parts.
//!
//! The head begins with the model's [code](super::code), then come its parameters, then offset and
//! length of each part. Nothing in it is trusted: a part that does not fit is empty.

use crate::blob::{U32s, u32_at};

/// Words in the head.
pub const HEAD_WORDS: usize = 64;

/// Most parts.
pub const PART_MAX: usize = 20;

/// The word where offset and length of the first part stand.
const FIRST_PART: usize = HEAD_WORDS - 2 * PART_MAX;

/// Numbers of parameters, the words of the head.
pub mod param {
    /// The model's code.
    pub const CODE: usize = 0;
    /// Bits of what the model's file says.
    pub const FLAGS: usize = 1;
    /// Id of the unknown token; `u32::MAX` if there is none.
    pub const UNK: usize = 2;
    /// The first number that only one model has.
    pub const OWN: usize = 3;
}

/// Numbers of parts.
pub mod part {
    /// Ends in [`EXTRA_BYTES`] of the texts that the index of tokens does not
    /// lead to, or not to the right id, sorted.
    pub const EXTRA_ENDS: usize = 0;
    /// Those texts.
    pub const EXTRA_BYTES: usize = 1;
    /// Their ids.
    pub const EXTRA_IDS: usize = 2;
    /// The first number that only one model has.
    pub const OWN: usize = 3;
}

/// A view of the section.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    head: &'a [[u8; 4]; HEAD_WORDS],
    section: &'a [u8],
}

impl<'a> Parts<'a> {
    /// The view; `None` if there is no head.
    pub fn new(section: &'a [u8]) -> Option<Self> {
        Some(Self { head: section.as_chunks::<4>().0.first_chunk()?, section })
    }

    /// A parameter.
    pub fn param(&self, number: usize) -> u32 {
        u32_at(self.head, number).unwrap_or_default()
    }

    /// A part; empty if it is not there.
    pub fn bytes(&self, number: usize) -> &'a [u8] {
        let word = |at: usize| u32_at(self.head, FIRST_PART + at).unwrap_or_default() as usize;
        let start = word(2 * number);
        start
            .checked_add(word(2 * number + 1))
            .and_then(|end| self.section.get(start..end))
            .unwrap_or_default()
    }

    /// A part that holds u32 values.
    pub fn u32s(&self, number: usize) -> U32s<'a> {
        self.bytes(number).as_chunks().0
    }

    /// Where offset and length of a part stand, in words; for writing.
    pub const fn place(number: usize) -> usize {
        FIRST_PART + 2 * number
    }
}
