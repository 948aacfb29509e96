//! Errors of encoding and decoding.

use crate::TokenId;
use core::fmt;

/// The text of a token, cut to a short length, for messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenName {
    len: u8,
    cut: bool,
    bytes: [u8; Self::MAX],
}

impl TokenName {
    const MAX: usize = 48;

    pub(crate) fn new(text: &[u8]) -> Self {
        let text = core::str::from_utf8(text).unwrap_or_default();
        let len = text.floor_char_boundary_up_to(Self::MAX);
        let mut bytes = [0; Self::MAX];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self { len: len as u8, cut: len < text.len(), bytes }
    }

    /// The text, or the beginning of it.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// `str::floor_char_boundary` is newer than the oldest compiler we build with.
trait FloorBoundary {
    fn floor_char_boundary_up_to(&self, max: usize) -> usize;
}

impl FloorBoundary for str {
    fn floor_char_boundary_up_to(&self, max: usize) -> usize {
        let max = max.min(self.len());
        (0..=max).rev().find(|&at| self.is_char_boundary(at)).unwrap_or(0)
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.as_str(), if self.cut { "…" } else { "" })
    }
}

impl fmt::Debug for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why text could not be encoded. Offsets are bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A special token that the caller forbids stands in the text.
    Forbidden {
        /// The token.
        token: TokenName,
        /// Where it stands.
        at: usize,
    },
    /// A byte that no token of the vocabulary covers, or that is not part of UTF-8 text.
    NoToken {
        /// The byte.
        byte: u8,
        /// Where it stands.
        at: usize,
    },
    /// The slice for the ids is full.
    Full {
        /// Ids that were written.
        written: usize,
        /// Bytes of the text that they stand for. Encoding the rest, as
        /// [`Options::continued`](crate::Options::continued), gives the other ids.
        consumed: usize,
    },
    /// Lent memory is too small.
    Scratch {
        /// Bytes that are needed in all.
        needed: usize,
        /// Where in the text.
        at: usize,
    },
    /// A pre-token of 4 GiB or more.
    TooLong {
        /// Where it begins.
        at: usize,
    },
    /// Text that no token stands for, in a model without an unknown token.
    Unknown {
        /// Where it stands.
        at: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden { token, at } => {
                write!(f, "special token {token} at byte {at} is forbidden here")
            }
            Self::NoToken { byte, at } => {
                write!(f, "byte 0x{byte:02X} at {at} has no token in this vocabulary")
            }
            Self::Full { written, consumed } => {
                write!(f, "no room for more than {written} ids, which cover {consumed} bytes")
            }
            Self::Scratch { needed, at } => {
                write!(f, "text at byte {at} needs {needed} bytes of scratch memory")
            }
            Self::TooLong { at } => write!(f, "pre-token at byte {at} is 4 GiB or longer"),
            Self::Unknown { at } => {
                write!(f, "text at byte {at} has no token, and the model has no unknown token")
            }
        }
    }
}

impl core::error::Error for EncodeError {}

/// Why ids could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// An id without a token.
    UnknownId {
        /// The id.
        id: TokenId,
        /// Its place among the ids.
        index: usize,
    },
    /// The bytes are not UTF-8.
    Utf8 {
        /// The first byte that is not, in the decoded bytes.
        at: usize,
    },
    /// An id changes text that the stream has handed out already.
    Rewritten {
        /// The id.
        id: TokenId,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownId { id, index } => write!(f, "id {id} (at index {index}) has no token"),
            Self::Rewritten { id } => write!(f, "id {id} changes the text of the ids before it"),
            Self::Utf8 { at } => write!(f, "decoded bytes are not UTF-8 from byte {at} on"),
        }
    }
}

impl core::error::Error for DecodeError {}
