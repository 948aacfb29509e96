//! Merging a few symbols: find the lowest rank, merge, repeat.

use super::Pairs;
use crate::blob::lookup::NONE;

/// Most symbols that [`merge_short`] takes.
pub const SHORT: usize = 64;

/// Merges the symbols of `bytes` in place and returns how many are left in `symbols`.
///
/// Bytes without a symbol are left out, and their neighbours become neighbours. `bytes` beyond
/// [`SHORT`] are not looked at. This is the textbook loop, the specification of every other merge;
/// it is quadratic, so it is for short input.
#[inline]
pub fn merge_short<P: Pairs>(pairs: &P, bytes: &[u8], symbols: &mut [u32; SHORT]) -> usize {
    // `ranks[i]` is the rank of merging `symbols[i]` with its right neighbour.
    let mut ranks = [NONE; SHORT];
    let mut len = 0;
    let mut before = None;
    for &byte in bytes.iter().take(SHORT) {
        let symbol = pairs.byte(byte);
        if symbol == NONE {
            continue;
        }
        if let Some(before) = before {
            ranks[len - 1] = pairs.byte_rank(before, byte);
        }
        symbols[len] = symbol;
        before = Some(byte);
        len += 1;
    }
    loop {
        let (mut at, mut lowest) = (0, NONE);
        for (i, &rank) in ranks[..len].iter().enumerate() {
            if rank < lowest {
                (at, lowest) = (i, rank);
            }
        }
        if lowest == NONE {
            return len;
        }
        // A rank below NONE has a right neighbour, so `at + 1 < len`.
        symbols[at] = pairs.product(lowest);
        symbols.copy_within(at + 2..len, at + 1);
        ranks.copy_within(at + 1..len, at);
        len -= 1;
        ranks[at] = if at + 1 < len { pairs.rank(symbols[at], symbols[at + 1]) } else { NONE };
        if at > 0 {
            ranks[at - 1] = pairs.rank(symbols[at - 1], symbols[at]);
        }
    }
}
