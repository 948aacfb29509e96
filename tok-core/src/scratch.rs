//! Memory the caller keeps.

use crate::{Cache, Kernel};

/// Memory that an encode works in, lent for one call.
///
/// Most text needs none. A pre-token that is long, or text that the normalizer changes, does; where
/// there is too little, the encode stops with [`Stop::Scratch`](crate::Stop::Scratch), which says
/// how much is needed, and can go on from there with more.
#[derive(Debug)]
pub struct Workspace<'w> {
    /// Any bytes; their contents are overwritten.
    pub memory: &'w mut [u8],
    /// What the processor can do.
    pub kernel: Kernel,
    /// Answers of earlier calls of the same tokenizer.
    pub cache: Cache<'w>,
}
