//! Which neighbours among the first symbols a merge may ever join.
//!
//! A merge that crosses the place between two first symbols has both of them in its product, side by
//! side. Bake gathers such pairs from all merges, in a filter: where a pair is not in it, text is cut.

/// The filter: a bit for each pair, and some for no pair. Empty: nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Joins<'a>(pub &'a [u8]);

impl Joins<'_> {
    /// The bit of a pair in a filter of `len` bytes, a power of two.
    #[inline(always)]
    pub const fn bit(len: usize, left: u32, right: u32) -> usize {
        let pair = (left as u64) << 32 | right as u64;
        let hash = pair.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let hash = (hash ^ hash >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (hash >> 32) as usize & (8 * len).wrapping_sub(1)
    }

    /// Whether two neighbours may become parts of one token.
    #[inline(always)]
    pub fn may_join(self, left: u32, right: u32) -> bool {
        let bit = Self::bit(self.0.len(), left, right);
        self.0.get(bit >> 3).is_none_or(|byte| byte >> (bit & 7) & 1 != 0)
    }
}
