//! What merging needs to know of a vocabulary.

use super::{
    byte_pairs::{BytePair, BytePairs},
    chars::{self, Alone, Begin},
    seams::{Seams, Wide},
};
use crate::blob::{
    Tables,
    lookup::{self, NONE},
};

/// Which neighbours merge, and in which order.
pub trait Pairs {
    /// The rank of merging `left` and `right`, lower first; [`NONE`] if they do not merge.
    fn rank(&self, left: u32, right: u32) -> u32;

    /// The symbol that the merge of this rank makes.
    fn product(&self, rank: u32) -> u32;

    /// The symbol of a byte; [`NONE`] if it has none.
    fn byte(&self, byte: u8) -> u32;

    /// As `rank`, for the symbols of two bytes.
    #[inline(always)]
    fn byte_rank(&self, left: u8, right: u8) -> u32 {
        if let Some(table) = self.byte_pairs()
            && (left | right).is_ascii()
        {
            let pair = BytePair::of(table, left, right);
            if !pair.is_large() {
                return pair.product();
            }
        }
        let (left, right) = (self.byte(left), self.byte(right));
        if left == NONE || right == NONE { NONE } else { self.rank(left, right) }
    }

    /// What is known of each two ASCII bytes.
    #[inline(always)]
    fn byte_pairs(&self) -> Option<&BytePairs> {
        None
    }

    /// What merging may begin with in place of the bytes at `at`, which are a character or the space at
    /// the beginning and a character; `None` if it is to begin with the byte.
    #[inline(always)]
    fn begin<'b>(&'b self, _bytes: &[u8], _at: usize) -> Option<Begin<'b>> {
        None
    }

    /// What is known of places that no merge crosses.
    #[inline(always)]
    fn seams(&self) -> Option<Seams<'_>> {
        None
    }

    /// What a character merges to alone, if that is known.
    #[inline(always)]
    fn alone(&self, _char: Wide) -> Option<Alone<'_>> {
        None
    }

    /// What merging two neighbours may begin with, if that is a symbol for each.
    #[inline(always)]
    fn two(&self, _left: Wide, _right: Wide) -> Option<[u32; 2]> {
        None
    }
}

/// The pairs of a blob: a symbol is its own rank.
#[derive(Clone, Copy)]
pub struct TablePairs<'t, 'a>(pub &'t Tables<'a>);

impl Pairs for TablePairs<'_, '_> {
    #[inline(always)]
    fn rank(&self, left: u32, right: u32) -> u32 {
        lookup::find_pair(self.0, left, right)
    }

    #[inline(always)]
    fn product(&self, rank: u32) -> u32 {
        rank
    }

    #[inline(always)]
    fn byte(&self, byte: u8) -> u32 {
        u32::from_le_bytes(self.0.byte_symbols[usize::from(byte)])
    }

    #[inline(always)]
    fn byte_pairs(&self) -> Option<&BytePairs> {
        self.0.byte_pairs
    }

    #[inline(always)]
    fn begin<'b>(&'b self, bytes: &[u8], at: usize) -> Option<Begin<'b>> {
        chars::begin(self.0, bytes, at)
    }

    #[inline(always)]
    fn seams(&self) -> Option<Seams<'_>> {
        Seams::of(self.0)
    }

    #[inline(always)]
    fn alone(&self, char: Wide) -> Option<Alone<'_>> {
        chars::alone(self.0, char)
    }

    #[inline(always)]
    fn two(&self, left: Wide, right: Wide) -> Option<[u32; 2]> {
        chars::two(self.0, left, right)
    }
}

impl TablePairs<'_, '_> {
    /// The id of a symbol.
    #[inline(always)]
    pub fn id(&self, symbol: u32) -> u32 {
        self.0.symbol_id(symbol)
    }
}
