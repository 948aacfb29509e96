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
    if bytes.len() > FEW {
        merge_many(pairs, bytes, symbols)
    } else {
        merge_few(pairs, bytes, symbols)
    }
}

/// More symbols than this are left where they are.
const FEW: usize = 16;

#[inline]
fn merge_few<P: Pairs>(pairs: &P, bytes: &[u8], symbols: &mut [u32; SHORT]) -> usize {
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

/// No pair, as a key.
const NO_KEY: i32 = i32::MAX;

/// As [`merge_few`], but symbols stay at their places: what is live is a bit set, and a key tells rank
/// and place of a pair, so that the least key is the pair to merge.
fn merge_many<P: Pairs>(pairs: &P, bytes: &[u8], symbols: &mut [u32; SHORT]) -> usize {
    // Ranks are below 2^21, so keys are positive.
    let key =
        |rank: u32, at: usize| if rank == NONE { NO_KEY } else { (rank << 6 | at as u32) as i32 };
    let mut keys = [NO_KEY; SHORT];
    let mut len = 0;
    let mut before = None;
    for &byte in bytes.iter().take(SHORT) {
        let symbol = pairs.byte(byte);
        if symbol == NONE {
            continue;
        }
        if let Some(before) = before {
            keys[len - 1] = key(pairs.byte_rank(before, byte), len - 1);
        }
        symbols[len] = symbol;
        before = Some(byte);
        len += 1;
    }
    let mut live = if len == SHORT { u64::MAX } else { (1 << len) - 1 };
    loop {
        let least = keys.iter().fold(NO_KEY, |least, &key| least.min(key));
        if least == NO_KEY {
            break;
        }
        let (rank, at) = (least as u32 >> 6, least as usize & 63);
        // A pair has a right neighbour.
        let behind = |at: usize, live: u64| live & !1 << at;
        let right = behind(at, live).trailing_zeros() as usize & 63;
        live &= !(1 << right);
        keys[right] = NO_KEY;
        let symbol = pairs.product(rank);
        symbols[at] = symbol;
        let next = behind(at, live);
        keys[at] = match next {
            0 => NO_KEY,
            _ => key(pairs.rank(symbol, symbols[next.trailing_zeros() as usize & 63]), at),
        };
        let previous = live & !(u64::MAX << at);
        if previous != 0 {
            let left = 63 - previous.leading_zeros() as usize;
            keys[left] = key(pairs.rank(symbols[left], symbol), left);
        }
    }
    let mut count = 0;
    while live != 0 {
        symbols[count] = symbols[live.trailing_zeros() as usize & 63];
        live &= live - 1;
        count += 1;
    }
    count
}
