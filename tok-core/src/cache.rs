//! Level 1: answers of more than one id that were merged before, in memory the caller keeps.
//!
//! What level 0 does not know is merged once and then found here, as long as nothing else takes its
//! place. Keys are compared whole. The cache belongs to one tokenizer at a time.

use crate::blob::{
    Line,
    lookup::{Key, LongKey},
};

/// Ids in an answer of the first tier, for pre-tokens of up to 15 bytes.
pub const SHORT_IDS: usize = 3;
/// Ids in an answer of the second tier, for 16 to 31 bytes.
pub const LONG_IDS: usize = 7;

/// Lent memory for answers.
#[derive(Debug, Default)]
pub struct Cache<'c> {
    /// Two answers each: 16 bytes of key, three ids, their number.
    short: &'c mut [Line],
    /// One answer each: 32 bytes of key, seven ids, their number.
    long: &'c mut [Line],
}

/// The line for a hash of which the tables use the upper bits.
#[inline(always)]
fn place(hash: u64, len: usize) -> usize {
    ((u64::from(hash as u32) * len as u64) >> 32) as usize
}

#[inline(always)]
fn count(bytes: &[u8; 4], most: usize) -> usize {
    (u32::from_le_bytes(*bytes) as usize).min(most)
}

impl<'c> Cache<'c> {
    /// A cache in `lines`, which are all zero or were left by a cache of the same tokenizer in the
    /// same lines.
    pub fn new(lines: &'c mut [Line]) -> Self {
        let (short, long) = lines.split_at_mut(lines.len() / 2);
        Self { short, long }
    }

    /// The same cache for a while.
    pub(crate) fn reborrow(&mut self) -> Cache<'_> {
        Cache { short: self.short, long: self.long }
    }

    /// The ids of a pre-token of up to 15 bytes, and how many they are: 0 if they are not here.
    #[inline(always)]
    pub fn short(&self, key: Key, hash: u64) -> ([u32; SHORT_IDS], usize) {
        let Some(line) = self.short.get(place(hash, self.short.len())) else {
            return ([0; SHORT_IDS], 0);
        };
        let (keys, _) = line.as_chunks::<16>();
        let (words, _) = line.as_chunks::<4>();
        // The second answer, unless it is the first, and whether it is that: without a branch.
        let same = |at: usize| u128::from_le_bytes(keys[at]) == key.0;
        let at = if same(0) { 4 } else { 12 };
        let word = |i: usize| u32::from_le_bytes(words[at + i]);
        let found = same(0) | same(2);
        let count = if found { word(3) } else { 0 };
        ([word(0), word(1), word(2)], (count as usize).min(SHORT_IDS))
    }

    /// The ids of a pre-token of 16 to 31 bytes.
    #[inline]
    pub fn long(&self, key: &LongKey, hash: u64) -> Option<&[[u8; 4]]> {
        let line = self.long.get(place(hash, self.long.len()))?;
        if line[..32] != key.0 {
            return None;
        }
        let (words, _) = line.as_chunks::<4>();
        words.get(8..8 + count(&words[15], LONG_IDS))
    }

    /// Keeps the ids of a pre-token of up to 15 bytes, if they are few.
    pub fn keep_short(&mut self, key: Key, hash: u64, ids: impl ExactSizeIterator<Item = u32>) {
        let len = self.short.len();
        if ids.len() > SHORT_IDS || len == 0 {
            return;
        }
        let line = &mut self.short[place(hash, len)];
        // The older answer gives way.
        line.copy_within(..32, 32);
        line[..16].copy_from_slice(&key.0.to_le_bytes());
        write(&mut line[16..32], ids);
    }

    /// Keeps the ids of a pre-token of 16 to 31 bytes, if they are few.
    pub fn keep_long(&mut self, key: &LongKey, hash: u64, ids: impl ExactSizeIterator<Item = u32>) {
        let len = self.long.len();
        if ids.len() > LONG_IDS || len == 0 {
            return;
        }
        let line = &mut self.long[place(hash, len)];
        line[..32].copy_from_slice(&key.0);
        write(&mut line[32..], ids);
    }
}

/// Ids, and in the last word their number.
fn write(to: &mut [u8], ids: impl ExactSizeIterator<Item = u32>) {
    let (words, _) = to.as_chunks_mut::<4>();
    if let Some((last, words)) = words.split_last_mut() {
        *last = (ids.len() as u32).to_le_bytes();
        for (word, id) in words.iter_mut().zip(ids) {
            *word = id.to_le_bytes();
        }
    }
}
