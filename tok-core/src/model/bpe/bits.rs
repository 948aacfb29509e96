//! Merging a few symbols, with bits for what is left of them.

use super::{Pairs, SHORT};
use crate::blob::lookup::NONE;
use core::hint::select_unpredictable;

/// The bits below `at`, which is less than 64.
#[inline(always)]
const fn below(at: usize) -> u64 {
    (1 << at) - 1
}

/// As [`merge_short`](super::merge_short), in fewer steps.
///
/// A symbol stays where it begins. One mask has a bit for each place where a symbol begins, another
/// for each place where one merges with its right neighbour: only these are looked at for the
/// lowest rank, and nothing is moved.
#[inline]
pub fn merge_bits<P: Pairs>(pairs: &P, bytes: &[u8], symbols: &mut [u32; SHORT]) -> usize {
    let mut ranks = [NONE; SHORT];
    let (mut len, mut live) = (0, 0u64);
    let mut before = None;
    for (&byte, slot) in bytes.iter().zip(0..SHORT) {
        debug_assert!(len <= slot);
        let symbol = pairs.byte(byte);
        if symbol == NONE {
            continue;
        }
        if let Some(before) = before {
            let rank = pairs.byte_rank(before, byte);
            ranks[(len - 1) & 63] = rank;
            live |= u64::from(rank != NONE) << (len - 1);
        }
        symbols[len & 63] = symbol;
        before = Some(byte);
        len += 1;
    }
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
    count
}
