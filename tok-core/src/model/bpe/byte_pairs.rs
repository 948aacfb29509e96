//! Two ASCII bytes: what they merge to, and what merges before them.
//!
//! Two neighbours are *quiet* (as in [`chars`](super::chars)) when nothing that ends with the byte before them
//! merges with the first of them before they do, and nothing that begins with the byte behind them
//! with the second. Then merging may begin with what they merge to. For that it takes four numbers for
//! each two bytes, and half of all merges are done before the first rank is compared.

use crate::blob::lookup::NONE;

/// The table of all pairs, by the left byte and the right one.
pub type BytePairs = [[u8; 8]; 1 << 14];

/// What is known of two ASCII bytes that stand next to each other.
///
/// Four products, u16 each: what the two merge to; the same if they may be quiet; the lowest of all
/// symbols that end with the left byte, and the right byte; the lowest of the left byte, and all that
/// begin with the right byte. [`BytePair::NO`] where there is none, [`BytePair::LARGE`] where it is no u16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BytePair(u64);

impl BytePair {
    /// In place of a product: there is none.
    pub const NO: u16 = 0xFFFF;
    /// In place of a product: it has to be looked up.
    pub const LARGE: u16 = 0xFFFE;

    /// Nothing merges.
    pub const NONE: Self = Self::new(Self::NO, Self::NO, Self::NO, Self::NO);

    /// From its four products.
    pub const fn new(product: u16, quiet: u16, left_end: u16, right_begin: u16) -> Self {
        let [product, quiet] = [product as u64, quiet as u64];
        Self(product | quiet << 16 | (left_end as u64) << 32 | (right_begin as u64) << 48)
    }

    /// As it is stored.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// The entry for two bytes below 128.
    #[inline(always)]
    pub fn of(pairs: &BytePairs, left: u8, right: u8) -> Self {
        Self(u64::from_le_bytes(pairs[usize::from(left & 0x7F) << 7 | usize::from(right & 0x7F)]))
    }

    /// What they merge to, or [`NONE`]; unless it [is large](Self::is_large).
    #[inline(always)]
    pub const fn product(self) -> u32 {
        let product = self.0 as u16;
        if product == Self::NO { NONE } else { product as u32 }
    }

    /// Whether the product has to be looked up.
    #[inline(always)]
    pub const fn is_large(self) -> bool {
        self.0 as u16 == Self::LARGE
    }

    /// Whether they merge, as far as is known here.
    #[inline(always)]
    pub const fn merges(self) -> bool {
        self.0 as u16 != Self::NO
    }

    /// Whether they are quiet between the two pairs that share a byte with them, [`NONE`](Self::NONE) where
    /// there is no byte.
    #[inline(always)]
    pub const fn is_quiet(self, before: Self, behind: Self) -> bool {
        let quiet = (self.0 >> 16) as u16;
        quiet < (before.0 >> 32) as u16 && quiet < (behind.0 >> 48) as u16
    }
}
