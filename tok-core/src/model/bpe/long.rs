//! Merging a long pre-token in linear time: window by window, every seam proven.
//!
//! A sequence of tokens is the byte-pair encoding of its text exactly when each two neighbours are
//! the encoding of theirs. (Merges run by rank, then from left to right. Take the first merge of
//! the whole run that crosses a seam: up to there, the merges left and right of that seam are those
//! that the two neighbours alone would make, so the two alone would make this merge too.) So
//! windows are merged on their own, the tokens near a window's end are dropped because more text
//! may change them, and the next window begins after the last token kept. Only the seam has to be
//! checked. Where it does not hold, the token before it is taken back and merged again with what
//! follows. A bound on the work, with the heap over the whole pre-token behind it, covers
//! vocabularies for which that does not settle.

use super::{
    Pairs, SHORT, Word,
    bits::{merge_group, merge_places},
    merge_bits, merge_heap,
    seams::{Seams, groups, is_wide},
};
use crate::blob::lookup::NONE;
use core::ops::Range;

/// Bytes in a window for the heap, when tokens are long.
const WIDE: usize = 1024;

/// Words of memory that [`merge_long`] and [`merge_heap`] need for `len` bytes: one for each, and half as
/// many for the heap's queue, which is a small one otherwise.
pub const fn words_for(len: usize) -> usize {
    len.saturating_add(if len <= SHORT { len } else { len / 2 })
}

/// Merges the symbols of `bytes`; returns how many are left, in order, in `words` (each in the low
/// half of a [`Word`]).
///
/// `len_of` gives the number of bytes of a symbol. `words` needs [`words_for`] the length of
/// `bytes`, which has to be shorter than `u32::MAX`; else `None`.
pub fn merge_long<P: Pairs>(
    pairs: &P,
    bytes: &[u8],
    len_of: impl Fn(u32) -> usize,
    words: &mut [Word],
) -> Option<usize> {
    if words.len() < words_for(bytes.len()) || bytes.len() >= u32::MAX as usize {
        return None;
    }
    // Where there are seams, each byte has a symbol.
    let count = match pairs.seams() {
        Some(seams) if is_wide(bytes) => merge_wide(pairs, seams, bytes, &len_of, words),
        _ if bytes.iter().all(|&byte| pairs.byte(byte) != NONE) => {
            merge_windows(pairs, bytes, &len_of, words)
        }
        _ => None,
    };
    count.or_else(|| merge_heap(pairs, bytes, words))
}

/// As [`merge_long`], window by window; `None` if that does not settle.
fn merge_windows<P: Pairs>(
    pairs: &P,
    bytes: &[u8],
    len_of: impl Fn(u32) -> usize,
    words: &mut [Word],
) -> Option<usize> {
    let (stack, work) = words.split_at_mut_checked(bytes.len())?;
    let mut windows = Windows { pairs, bytes, len_of, stack, len: 0, work, proven: [NONE; 2] };
    windows.run()?;
    let len = windows.len;
    for entry in &mut words[..len] {
        *entry = (u64::from_ne_bytes(*entry) >> 32).to_ne_bytes();
    }
    Some(len)
}

/// Bytes of characters that may be few enough symbols to begin with: three each, mostly.
const MOST_FEW: usize = 3 * SHORT;

/// As [`merge_long`], group by group; `None` if one of them does not settle.
fn merge_wide<P: Pairs>(
    pairs: &P,
    seams: Seams<'_>,
    bytes: &[u8],
    len_of: impl Fn(u32) -> usize,
    words: &mut [Word],
) -> Option<usize> {
    let mut count = 0;
    groups(seams, bytes, |group| {
        let push = |symbol: u32| {
            *words.get_mut(count)? = u64::from(symbol).to_ne_bytes();
            count += 1;
            Some(())
        };
        if group.merge_few(pairs, push)? {
            return Some(());
        }
        // Symbols are no more than bytes, so the words behind them are enough for the rest.
        let rest = words.get_mut(count..)?;
        let mut symbols = [0; SHORT];
        let few = match group.bytes.len() {
            ..=MOST_FEW => merge_group(pairs, group.bytes, &mut symbols),
            _ => None,
        };
        count += match few {
            Some(len) => {
                for (word, &symbol) in rest.get_mut(..len)?.iter_mut().zip(&symbols) {
                    *word = u64::from(symbol).to_ne_bytes();
                }
                len
            }
            None => merge_windows(pairs, group.bytes, &len_of, rest)?,
        };
        Some(())
    })?;
    Some(count)
}

/// What was kept of a window.
#[derive(Clone, Copy)]
struct Kept {
    start: usize,
    size: usize,
    /// Its first token, and how many, on the stack.
    first: usize,
    len: usize,
}

/// The low half of a word.
const fn low(word: Word) -> u32 {
    u64::from_ne_bytes(word) as u32
}

struct Windows<'w, P, L> {
    pairs: &'w P,
    bytes: &'w [u8],
    len_of: L,
    /// Symbol and end of each token kept so far.
    stack: &'w mut [Word],
    len: usize,
    work: &'w mut [Word],
    /// The two symbols of the last seam that held; they hold wherever they meet.
    proven: [u32; 2],
}

impl<P: Pairs, L: Fn(u32) -> usize> Windows<'_, P, L> {
    /// Merges everything onto the stack; `None` if that did not settle.
    fn run(&mut self) -> Option<()> {
        let (mut wide, mut last) = (false, None);
        // Bytes that windows may cover in all. Windows overlap by a quarter at most.
        let mut budget = self.bytes.len().saturating_mul(8).saturating_add(16 * WIDE);
        loop {
            let (start, before) = (self.end(), self.len);
            let size = if wide { WIDE } else { SHORT };
            let end = self.bytes.len().min(start + size);
            budget = budget.checked_sub(end - start)?;
            let is_end = end == self.bytes.len();
            if !is_end && let Some(kept) = last.and_then(|last| self.repeat(last, start..end)) {
                last = Some(kept);
            } else {
                let longest = self.push_window(start, end)?;
                if longest > SHORT / 4 && !wide && !is_end {
                    (wide, self.len) = (true, before);
                    continue;
                }
                // Drop the tokens that more text may change, but keep one.
                let safe = match wide {
                    _ if is_end => end,
                    true => end - WIDE / 4,
                    false => end - SHORT / 8,
                };
                while self.len > before + 1 && self.end() > safe {
                    self.len -= 1;
                }
                last = Some(Kept { start, first: before, len: self.len - before, size });
                wide = wide && longest > SHORT / 4;
            }
            if before > 0 && !self.seam_holds(before)? {
                // Take the token before the seam back. A wider window sees more of what follows.
                (wide, last, self.len) = (true, None, before - 1);
            } else if is_end {
                return Some(());
            }
        }
    }

    /// Where the window holds the bytes of the one before, its tokens are those: runs of one letter,
    /// of spaces, of a few letters in turn.
    fn repeat(&mut self, last: Kept, window: Range<usize>) -> Option<Kept> {
        let before = self.bytes.get(last.start..last.start + last.size)?;
        if self.bytes.get(window.clone())? != before {
            return None;
        }
        let first = self.len;
        for i in last.first..last.first + last.len {
            // Ends move on by as much as the window did; they stay below 2^32, as all ends do.
            let moved =
                u64::from_ne_bytes(*self.stack.get(i)?) + (window.start - last.start) as u64;
            *self.stack.get_mut(self.len)? = moved.to_ne_bytes();
            self.len += 1;
        }
        Some(Kept { start: window.start, first, ..last })
    }

    /// Where the tokens kept so far end.
    fn end(&self) -> usize {
        match self.len {
            0 => 0,
            len => low(self.stack[len - 1]) as usize,
        }
    }

    /// Merges a window onto the stack; returns the bytes of its longest token.
    fn push_window(&mut self, start: usize, end: usize) -> Option<usize> {
        let window = self.bytes.get(start..end)?;
        let (mut at, mut longest) = (start, 0);
        let (stack, len) = (&mut *self.stack, &mut self.len);
        let mut push = |symbol: u32, bytes: usize| {
            at += bytes;
            longest = longest.max(bytes);
            // Lengths come from a table, and a damaged one must not lead out of the stack.
            if let Some(slot) = stack.get_mut(*len)
                && at <= end
                && bytes > 0
            {
                *slot = (u64::from(symbol) << 32 | at as u64).to_ne_bytes();
                *len += 1;
            }
        };
        if window.len() <= SHORT {
            let mut symbols = [0; SHORT];
            let (mut begins, count) = merge_places(self.pairs, window, &mut symbols)?;
            while begins != 0 {
                let place = begins.trailing_zeros() as usize;
                begins &= begins - 1;
                let symbol = symbols[place];
                // Where each byte is a symbol to begin with, a place is that of a byte.
                push(
                    symbol,
                    match count == window.len() {
                        true => (begins.trailing_zeros() as usize).min(count) - place,
                        false => (self.len_of)(symbol),
                    },
                );
            }
        } else {
            let count = merge_heap(self.pairs, window, self.work)?;
            for &word in self.work.get(..count)? {
                push(low(word), (self.len_of)(low(word)));
            }
        }
        (self.end() == end).then_some(longest)
    }

    /// Whether the tokens on both sides of `seam` (a place in the stack) stay two when they are
    /// merged together.
    fn seam_holds(&mut self, seam: usize) -> Option<bool> {
        let (left, right) = (*self.stack.get(seam - 1)?, *self.stack.get(seam)?);
        let wanted = [left, right].map(|word| (u64::from_ne_bytes(word) >> 32) as u32);
        if wanted == self.proven {
            return Some(true);
        }
        let start = match seam {
            1 => 0,
            _ => low(*self.stack.get(seam - 2)?) as usize,
        };
        let both = self.bytes.get(start..low(right) as usize)?;
        let holds = if both.len() <= SHORT {
            let mut symbols = [0; SHORT];
            let count = merge_bits(self.pairs, both, &mut symbols)?;
            symbols[..count] == wanted
        } else {
            let count = merge_heap(self.pairs, both, self.work)?;
            let found = self.work.get(..count)?;
            found.iter().map(|&word| low(word)).eq(wanted)
        };
        if holds {
            self.proven = wanted;
        }
        Some(holds)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::model::Random;
    use std::collections::HashMap;
    use std::vec::Vec;

    /// Pairs over a few letters, products numbered by rank.
    struct Few {
        pairs: HashMap<(u32, u32), u32>,
        lens: Vec<usize>,
    }

    impl Pairs for Few {
        fn rank(&self, left: u32, right: u32) -> u32 {
            self.pairs.get(&(left, right)).copied().unwrap_or(NONE)
        }
        fn product(&self, rank: u32) -> u32 {
            rank
        }
        fn byte(&self, byte: u8) -> u32 {
            if (b'a'..=b'd').contains(&byte) { u32::from(byte - b'a') } else { NONE }
        }
    }

    fn naive(pairs: &Few, bytes: &[u8]) -> Vec<u32> {
        let mut symbols: Vec<u32> =
            bytes.iter().map(|&byte| pairs.byte(byte)).filter(|&symbol| symbol != NONE).collect();
        loop {
            let ranks = symbols.windows(2).map(|pair| pairs.rank(pair[0], pair[1]));
            match ranks.enumerate().map(|(at, rank)| (rank, at)).min() {
                Some((rank, at)) if rank != NONE => {
                    symbols[at] = rank;
                    symbols.remove(at + 1);
                }
                _ => return symbols,
            }
        }
    }

    #[test]
    fn windows_heap_and_loop_agree() {
        let mut random = Random::new(1);
        let mut random = |limit| random.below(limit);
        for round in 0..32 {
            let mut few = Few { pairs: HashMap::new(), lens: [1; 4].to_vec() };
            // Vocabularies of long tokens as well as of short ones.
            let limit = if round % 3 == 0 { 400 } else { 12 };
            for _ in 0..200 {
                let symbol = few.lens.len() as u32;
                let (a, b) = (random(few.lens.len()), random(few.lens.len()));
                let len = few.lens[a] + few.lens[b];
                if len <= limit && !few.pairs.contains_key(&(a as u32, b as u32)) {
                    few.pairs.insert((a as u32, b as u32), symbol);
                    few.lens.push(len);
                }
            }
            for len in [1, 2, 3, 9, 17, 40, 63, 64, 65, 100, 500, 4000] {
                // The textbook loop is quadratic; a few long ones do.
                if len > 500 && round % 8 > 2 {
                    continue;
                }

                let letters = 1 + random(4);
                let holes = random(4) == 0;
                let first: Vec<u8> = (0..len).map(|_| b'a' + random(letters) as u8).collect();
                // Some with bytes that have no symbol, some that repeat themselves.
                let bytes: Vec<u8> = match round % 4 {
                    0 => first,
                    1 if holes => first.iter().map(|&b| if b == b'a' { b'x' } else { b }).collect(),
                    _ => first.iter().copied().take(1 + round % 7).cycle().take(len).collect(),
                };
                let expected = naive(&few, &bytes);
                let mut words = std::vec![[0; 8]; words_for(len)];
                let found = |words: &[Word], count: Option<usize>| -> Vec<u32> {
                    words[..count.unwrap_or(0)].iter().map(|&word| low(word)).collect()
                };
                let count = merge_heap(&few, &bytes, &mut words);
                assert_eq!(found(&words, count), expected, "heap, round {round}, {len} bytes");
                let len_of = |symbol: u32| few.lens[symbol as usize];
                let count = merge_long(&few, &bytes, len_of, &mut words);
                assert_eq!(found(&words, count), expected, "windows, round {round}, {len} bytes");
                if len <= SHORT {
                    let mut symbols = [0; SHORT];
                    let count = super::super::merge_short(&few, &bytes, &mut symbols);
                    assert_eq!(symbols[..count], expected, "loop, round {round}, {len} bytes");
                    let mut symbols = [0; SHORT];
                    let count = merge_bits(&few, &bytes, &mut symbols).unwrap_or(0);
                    assert_eq!(symbols[..count], expected, "bits, round {round}, {len} bytes");
                }
                assert_eq!(merge_long(&few, &bytes, len_of, &mut words[1..]), None);
            }
        }
    }
}
