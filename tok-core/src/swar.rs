//! Eight bytes at a time in a word.

const LOW: u64 = 0x0101_0101_0101_0101;
/// The upper bit of each byte.
pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;

/// A byte in all places.
#[inline(always)]
pub(crate) const fn all(byte: u8) -> u64 {
    LOW * byte as u64
}

/// A bit on top of each zero byte; of those behind the first one there may be more.
#[inline(always)]
pub(crate) const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}
