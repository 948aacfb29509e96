//! Merging a few symbols, with bits for what is left of them.

use super::{Pairs, SHORT};
use crate::blob::lookup::NONE;
use core::hint::select_unpredictable;

/// The bits below `at`, which is less than 64.
#[inline(always)]
const fn below(at: usize) -> u64 {
    (1 << at) - 1
}

/// The symbols that merging begins with, and their ranks.
struct Symbols<'s, P> {
    pairs: &'s P,
    symbols: &'s mut [u32; SHORT],
    /// The rank of each and the next.
    ranks: [u32; SHORT],
    len: usize,
    /// Those that merge with the next.
    live: u64,
    /// The byte that the last one is, if it is one.
    byte: Option<u8>,
}

impl<P: Pairs> Symbols<'_, P> {
    /// Whether there was room.
    #[inline(always)]
    fn push(&mut self, symbol: u32, byte: Option<u8>) -> bool {
        if self.len == SHORT {
            return false;
        }
        if self.len > 0 {
            let at = self.len - 1;
            let rank = match (self.byte, byte) {
                (Some(left), Some(right)) => self.pairs.byte_rank(left, right),
                _ => self.pairs.rank(self.symbols[at], symbol),
            };
            self.ranks[at] = rank;
            self.live |= u64::from(rank != NONE) << at;
        }
        self.symbols[self.len] = symbol;
        self.byte = byte;
        self.len += 1;
        true
    }

    /// Whether there was room for what `bytes` begin with.
    #[inline(always)]
    fn fill(&mut self, bytes: &[u8]) -> bool {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if (byte >= 0xC2 || at == 0 && byte == b' ')
                && let Some(begin) = self.pairs.begin(bytes, at)
            {
                at += begin.len;
                if begin.more.is_empty() {
                    if !self.push(begin.symbol, None) {
                        return false;
                    }
                    continue;
                }
                if !begin.more.iter().all(|symbol| self.push(u32::from_le_bytes(*symbol), None)) {
                    return false;
                }
                continue;
            }
            at += 1;
            let symbol = self.pairs.byte(byte);
            if symbol != NONE && !self.push(symbol, Some(byte)) {
                return false;
            }
        }
        true
    }
}

/// As [`merge_short`](super::merge_short), in fewer steps; `None` if it would begin with more than
/// [`SHORT`] symbols, which [`SHORT`] bytes never do.
///
/// Merging begins with [characters](super::chars) where it may. A symbol stays where it begins. One mask
/// has a bit for each place where a symbol begins, another for each place where one merges with its right
/// neighbour: only these are looked at for the lowest rank, and nothing is moved.
#[inline]
pub fn merge_bits<P: Pairs>(pairs: &P, bytes: &[u8], symbols: &mut [u32; SHORT]) -> Option<usize> {
    let mut filled = Symbols { pairs, symbols, ranks: [NONE; SHORT], len: 0, live: 0, byte: None };
    if !filled.fill(bytes) {
        return None;
    }
    let Symbols { symbols, mut ranks, len, mut live, .. } = filled;
    let mut begins = if len == 64 { !0 } else { below(len) };
    while live != 0 {
        let mut rest = live;
        let mut at = rest.trailing_zeros() as usize;
        let mut lowest = ranks[at];
        rest &= rest - 1;
        while rest != 0 {
            let next = rest.trailing_zeros() as usize;
            let rank = ranks[next];
            at = select_unpredictable(rank < lowest, next, at);
            lowest = select_unpredictable(rank < lowest, rank, lowest);
            rest &= rest - 1;
        }
        // What begins behind `at`; a live place has such a neighbour.
        let behind = begins & !below(at) & !(1 << at);
        let right = behind & behind.wrapping_neg();
        begins &= !right;
        live &= !right & !(1 << at);
        let product = pairs.product(lowest);
        symbols[at] = product;
        let behind = behind & !right;
        if behind != 0 {
            let next = behind.trailing_zeros() as usize;
            let rank = pairs.rank(product, symbols[next]);
            ranks[at] = rank;
            live |= u64::from(rank != NONE) << at;
        }
        let before = begins & below(at);
        if before != 0 {
            let left = 63 - before.leading_zeros() as usize;
            let rank = pairs.rank(symbols[left], product);
            ranks[left] = rank;
            live = live & !(1 << left) | u64::from(rank != NONE) << left;
        }
    }
    // Those that are left, in order.
    let mut count = 0;
    while begins != 0 {
        symbols[count & 63] = symbols[begins.trailing_zeros() as usize];
        begins &= begins - 1;
        count += 1;
    }
    Some(count)
}
