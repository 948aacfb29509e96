//! Byte-pair encoding.
//!
//! Symbols are numbered so that merges come in the order of the symbols they make: the 256 byte
//! symbols first, then one for each token that merges can make, by rank. That is enough, because a
//! token can only ever be made by one pair: whatever surrounds it, the merges inside it run as they
//! run in the token alone. The table of pairs therefore holds one entry for each such token, and
//! "lowest rank" is "lowest symbol".

mod bits;
pub mod byte_pairs;
pub mod chars;
mod heap;
mod long;
mod merge;
mod pairs;
pub mod seams;

pub use bits::merge_bits;
#[cfg(feature = "alloc")]
pub(super) use bits::merge_symbols;
pub use byte_pairs::BytePair;
pub use chars::Begin;
pub use heap::merge_heap;
pub use long::{merge_long, words_for};
pub use merge::{SHORT, merge_short};
pub use pairs::{Pairs, TablePairs};

/// A word of lent memory: a native-endian u64.
pub type Word = [u8; 8];
