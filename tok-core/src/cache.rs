//! Level 1: answers of several ids that were merged before, in memory the caller keeps.
//!
//! What level 0 does not know is merged once and then found here, as long as nothing else takes its
//! place. Keys are compared whole. The cache belongs to one tokenizer at a time.

use core::hint::select_unpredictable;

use crate::{
    blob::{
        Line,
        lookup::{Key, LongKey},
    },
    kernel::prefetch,
};

/// Ids in an answer of the first tier, for pre-tokens of up to 15 bytes.
pub const SHORT_IDS: usize = 6;
/// Ids in an answer of the second tier, for 16 to 31 bytes.
pub const LONG_IDS: usize = 12;

/// Bits of an id. Three ids are in a word, and the number of all of them in the upper bits of the
/// first word.
const ID_BITS: u32 = 20;
const ID_MASK: u64 = (1 << ID_BITS) - 1;
const COUNT_SHIFT: u32 = 3 * ID_BITS;

/// Lent memory for answers.
#[derive(Debug, Default)]
pub struct Cache<'c> {
    /// Two answers each: 16 bytes of key, two words of ids.
    short: &'c mut [Line],
    /// One answer each: 32 bytes of key, four words of ids.
    long: &'c mut [Line],
    /// How many answers have been kept, those included that others have replaced.
    kept: Option<&'c mut usize>,
}

/// The line for a hash of which the tables use the upper bits.
#[inline(always)]
fn place(hash: u64, len: usize) -> usize {
    ((u64::from(hash as u32) * len as u64) >> 32) as usize
}

/// The ids in `words`, three each.
#[inline(always)]
fn unpack<const WORDS: usize, const IDS: usize>(words: [u64; WORDS]) -> [u32; IDS] {
    let mut ids = [0; IDS];
    for (i, id) in ids.iter_mut().enumerate() {
        *id = (words[i / 3] >> (ID_BITS * (i as u32 % 3)) & ID_MASK) as u32;
    }
    ids
}

impl<'c> Cache<'c> {
    /// A cache in `lines`, which are all zero or were left by a cache of the same tokenizer in the
    /// same lines.
    pub fn new(lines: &'c mut [Line]) -> Self {
        let (long, short) = lines.split_at_mut(lines.len() / 4);
        Self { short, long, kept: None }
    }

    /// The same, which adds to `kept` for each answer that it keeps.
    #[must_use]
    pub fn counting(self, kept: &'c mut usize) -> Self {
        Self { kept: Some(kept), ..self }
    }

    /// Keeps the answers of a smaller cache of the same tokenizer.
    pub fn take_over(&mut self, lines: &[Line]) {
        let (long, short) = lines.split_at(lines.len() / 4);
        let word = |line: &Line, i: usize| u64::from_le_bytes(line.as_chunks::<8>().0[i]);
        for line in short {
            // The newer answer is the first.
            for at in [6, 2] {
                let key = u128::from_le_bytes(line.as_chunks::<16>().0[at / 2 - 1]);
                let words = [word(line, at), word(line, at + 1)];
                if words[0] >> COUNT_SHIFT != 0 {
                    self.put_short(Key(key), Key(key).hash(), words);
                }
            }
        }
        for line in long {
            let mut key = [0; 32];
            key.copy_from_slice(&line[..32]);
            let words = [word(line, 4), word(line, 5), word(line, 6), word(line, 7)];
            if words[0] >> COUNT_SHIFT != 0 {
                self.put_long(&LongKey(key), LongKey(key).hash(), words);
            }
        }
    }

    /// The same cache for a while.
    pub(crate) fn reborrow(&mut self) -> Cache<'_> {
        Cache { short: self.short, long: self.long, kept: self.kept.as_deref_mut() }
    }

    /// Prepares to look for a pre-token of up to 15 bytes.
    #[inline(always)]
    pub(crate) fn prefetch_short(&self, hash: u64) {
        if let Some(line) = self.short.get(place(hash, self.short.len())) {
            prefetch(line);
        }
    }

    /// The ids of a pre-token of up to 15 bytes, and how many they are: 0 if they are not here.
    #[inline(always)]
    pub fn short(&self, key: Key, hash: u64) -> ([u32; SHORT_IDS], usize) {
        let Some(line) = self.short.get(place(hash, self.short.len())) else {
            return ([0; SHORT_IDS], 0);
        };
        let (keys, _) = line.as_chunks::<16>();
        let (words, _) = line.as_chunks::<8>();
        // The second answer, unless it is the first, and whether it is that: without a branch.
        let same = |at: usize| u128::from_le_bytes(keys[at]) == key.0;
        let at = select_unpredictable(same(0), 2, 6);
        let word = |i: usize| u64::from_le_bytes(words[at + i]);
        let (first, found) = (word(0), same(0) | same(2));
        let count = select_unpredictable(found, (first >> COUNT_SHIFT) as usize, 0);
        (unpack([first, word(1)]), count.min(SHORT_IDS))
    }

    /// The ids of a pre-token of 16 to 31 bytes, and how many they are: 0 if they are not here.
    #[inline(always)]
    pub fn long(&self, key: &LongKey, hash: u64) -> ([u32; LONG_IDS], usize) {
        match self.long.get(place(hash, self.long.len())) {
            Some(line) if line[..32] == key.0 => {
                let (words, _) = line.as_chunks::<8>();
                let word = |i: usize| u64::from_le_bytes(words[4 + i]);
                let count = (word(0) >> COUNT_SHIFT) as usize;
                (unpack([word(0), word(1), word(2), word(3)]), count.min(LONG_IDS))
            }
            _ => ([0; LONG_IDS], 0),
        }
    }

    /// Keeps the ids of a pre-token of up to 15 bytes, if they are few.
    pub fn keep_short(&mut self, key: Key, hash: u64, ids: impl ExactSizeIterator<Item = u32>) {
        if let Some(words) = pack::<2, SHORT_IDS>(ids) {
            self.put_short(key, hash, words);
        }
    }

    fn put_short(&mut self, key: Key, hash: u64, words: [u64; 2]) {
        let len = self.short.len();
        if let Some(line) = self.short.get_mut(place(hash, len)) {
            // The older answer gives way.
            line.copy_within(..32, 32);
            line[..16].copy_from_slice(&key.0.to_le_bytes());
            write(&mut line[16..32], &words);
            self.count();
        }
    }

    /// Keeps the ids of a pre-token of 16 to 31 bytes, if they are few.
    pub fn keep_long(&mut self, key: &LongKey, hash: u64, ids: impl ExactSizeIterator<Item = u32>) {
        if let Some(words) = pack::<4, LONG_IDS>(ids) {
            self.put_long(key, hash, words);
        }
    }

    fn put_long(&mut self, key: &LongKey, hash: u64, words: [u64; 4]) {
        let len = self.long.len();
        if let Some(line) = self.long.get_mut(place(hash, len)) {
            line[..32].copy_from_slice(&key.0);
            write(&mut line[32..], &words);
            self.count();
        }
    }

    fn count(&mut self) {
        if let Some(kept) = &mut self.kept {
            **kept = kept.saturating_add(1);
        }
    }
}

/// Ids in words; `None` if they are more than `IDS`, or too large.
#[inline]
fn pack<const WORDS: usize, const IDS: usize>(
    ids: impl ExactSizeIterator<Item = u32>,
) -> Option<[u64; WORDS]> {
    let count = ids.len();
    if count > IDS {
        return None;
    }
    let mut words = [0; WORDS];
    for (i, id) in ids.enumerate() {
        if u64::from(id) > ID_MASK {
            return None;
        }
        words[i / 3] |= u64::from(id) << (ID_BITS * (i as u32 % 3));
    }
    words[0] |= (count as u64) << COUNT_SHIFT;
    Some(words)
}

#[inline]
fn write(to: &mut [u8], words: &[u64]) {
    for (to, word) in to.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_until_two_others_take_its_place() {
        let mut lines = [[0; 64]; 4];
        let mut cache = Cache::new(&mut lines);
        let key = |i: u128| Key(i << 100 | 5);
        let ids = [7u32, 1 << 19, 3, 4, 5, (1 << 20) - 1];
        for count in 1..=6 {
            cache.keep_short(key(1), 1, ids[..count].iter().copied());
            let (found, len) = cache.short(key(1), 1);
            assert_eq!(&found[..len], &ids[..count]);
        }
        assert_eq!(cache.short(key(2), 1).1, 0);
        cache.keep_short(key(2), 1, [9].into_iter());
        assert_eq!(cache.short(key(1), 1).1, 6);
        assert_eq!(cache.short(key(2), 1), ([9, 0, 0, 0, 0, 0], 1));
        cache.keep_short(key(3), 1, [8].into_iter());
        assert_eq!(cache.short(key(1), 1).1, 0);
        // Too many, or too large.
        cache.keep_short(key(4), 1, [1; 7].into_iter());
        cache.keep_short(key(4), 1, [1 << 20].into_iter());
        assert_eq!(cache.short(key(4), 1).1, 0);

        let long = LongKey([3; 32]);
        cache.keep_long(&long, 9, (0..12).map(|i| i * 80_000));
        let (found, len) = cache.long(&long, 9);
        assert_eq!(len, 12);
        assert!(found.iter().zip(0..).all(|(&id, i)| id == i * 80_000));
        assert_eq!(cache.long(&LongKey([4; 32]), 9).1, 0);
        assert_eq!(Cache::default().short(key(1), 1).1, 0);
    }
}
