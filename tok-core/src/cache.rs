//! Level 1: answers for pre-tokens that came before, in memory the caller keeps.
//!
//! The words of a text come again and again. What level 0 or the merges said about one is kept here,
//! ready to be written, as long as nothing else takes its place. Keys are compared whole. The cache
//! belongs to one tokenizer at a time.

#[cfg(feature = "alloc")]
mod ahead;

#[cfg(feature = "alloc")]
pub(crate) use ahead::Ahead;

use crate::blob::{
    Line,
    lookup::{self, Key, LONG_MAX, LongKey, SHORT_MAX},
};

/// Ids in an answer of the first tier, for pre-tokens of up to 15 bytes.
pub const SHORT_IDS: usize = 6;
/// Ids in an answer of the second tier, for 16 to 31 bytes.
pub const LONG_IDS: usize = 12;
/// Ids in an answer that stands as it is written.
const PLAIN_IDS: usize = 3;

/// Bits of a packed id. Three ids are in a word, and the number of all of them in the upper bits.
const ID_BITS: u32 = 20;
const ID_MASK: u64 = (1 << ID_BITS) - 1;
const COUNT_SHIFT: u32 = 3 * ID_BITS;

/// Lent memory for answers.
#[derive(Debug, Default)]
pub struct Cache<'c> {
    /// Two answers of the first tier each, with 16 bytes of key and two words of ids, or one of the second,
    /// with 32 bytes of key and four words of ids.
    lines: &'c mut [Line],
    /// How many answers have been kept, those included that others have replaced.
    kept: Option<&'c mut usize>,
}

/// What is kept for a pre-token of up to 15 bytes: up to three ids as they are, or up to six packed.
/// The upper bits of the second word say how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer([u64; 2]);

impl Answer {
    /// The answer with these ids; `None` if they are too many, too large, or none.
    #[inline]
    fn new(ids: impl ExactSizeIterator<Item = u32>) -> Option<Self> {
        let count = ids.len();
        if count == 0 {
            return None;
        }
        if count > PLAIN_IDS {
            let [first, second] = pack::<2, SHORT_IDS>(ids)?;
            return Some(Self([first, second | (count as u64) << COUNT_SHIFT]));
        }
        let mut plain = [0u32; 4];
        for (to, id) in plain.iter_mut().zip(ids) {
            *to = id;
        }
        let word = |i: usize| u64::from(plain[i]) | u64::from(plain[i + 1]) << 32;
        Some(Self([word(0), word(2) | (count as u64) << COUNT_SHIFT]))
    }

    /// How many ids it has.
    #[inline(always)]
    pub const fn count(self) -> usize {
        (self.0[1] >> COUNT_SHIFT) as usize
    }

    /// Whether the ids are [`plain`](Self::plain).
    #[inline(always)]
    pub const fn is_plain(self) -> bool {
        self.count() <= PLAIN_IDS
    }

    /// Up to three ids and what is no id.
    #[inline(always)]
    pub const fn plain(self) -> [u32; 4] {
        let [first, second] = self.0;
        [first as u32, (first >> 32) as u32, second as u32, (second >> 32) as u32]
    }

    /// All ids, the first so many of these.
    #[inline]
    pub fn ids(self) -> ([u32; SHORT_IDS], usize) {
        let [a, b, c, _] = self.plain();
        let ids = if self.is_plain() { [a, b, c, 0, 0, 0] } else { unpack(self.0) };
        (ids, self.count().min(SHORT_IDS))
    }
}

/// A pre-token of up to 15 bytes, in two words: its bytes, zeros, and its length in the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word([u64; 2]);

/// The bytes of a word that count, and its length where it stands, by the length.
static SHAPES: [[u64; 4]; 16] = {
    let mut shapes = [[0; 4]; 16];
    let mut len = 1;
    while len < 16 {
        let [low, high, ..] = shapes[len - 1];
        shapes[len] = [low << 8 | 0xFF, high << 8 | low >> 56, (len as u64) << 56, 0];
        len += 1;
    }
    shapes
};

impl Word {
    /// The word of a key.
    pub const fn of(key: Key) -> Self {
        Self([key.0 as u64, (key.0 >> 64) as u64])
    }

    /// The key of the word.
    #[inline(always)]
    pub const fn key(self) -> Key {
        Key(self.0[0] as u128 | (self.0[1] as u128) << 64)
    }

    /// The first `len` bytes of `block`, `len <= 15`.
    #[inline(always)]
    pub fn load(block: &[u8; 16], len: usize) -> Self {
        let (words, _) = block.as_chunks::<8>();
        let [low, high, length, _] = SHAPES[len & SHORT_MAX];
        let [first, second] = [0, 1].map(|i| u64::from_le_bytes(words[i]));
        Self([first & low, second & high | length])
    }

    /// The line for it, of `lines`.
    #[inline(always)]
    fn place(self, lines: usize) -> usize {
        let [low, high] = self.0;
        lookup::reduce(lookup::mix(low, high), lines)
    }
}

/// Of so many answers, one takes the place of one that stays.
const TURN: usize = 32;

/// The line for a hash of which the tables use the upper bits.
#[inline(always)]
fn place(hash: u64, len: usize) -> usize {
    ((u64::from(hash as u32) * len as u64) >> 32) as usize
}

/// A key of the second tier as it stands in a line, and back: its length where that of a short key would
/// be, so that neither is ever taken for the other.
#[inline(always)]
fn swap(mut key: [u8; 32]) -> [u8; 32] {
    key.swap(SHORT_MAX, LONG_MAX);
    key
}

/// The upper bits of the second word of ids in the second tier, which stands where a short key has its length.
const NO_KEY: u64 = 0xF << COUNT_SHIFT;

/// Whether a line holds an answer of the second tier.
#[inline(always)]
const fn is_long(line: &Line) -> bool {
    line[SHORT_MAX] as usize > SHORT_MAX
}

/// Two words of a line.
fn pair(line: &Line, at: usize) -> [u64; 2] {
    let (words, _) = line.as_chunks::<8>();
    [at, at + 1].map(|i| u64::from_le_bytes(words[i]))
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
        Self { lines, kept: None }
    }

    /// The same, which adds to `kept` for each answer that it keeps.
    #[must_use]
    pub fn counting(self, kept: &'c mut usize) -> Self {
        Self { kept: Some(kept), ..self }
    }

    /// Keeps the answers of a smaller cache of the same tokenizer.
    pub fn take_over(&mut self, lines: &[Line]) {
        for line in lines {
            if is_long(line) {
                let mut key = [0; 32];
                key.copy_from_slice(&line[..32]);
                let key = LongKey(swap(key));
                let ([a, b], [c, d]) = (pair(line, 4), pair(line, 6));
                self.put_long(&key, key.hash(), [a, b, c, d]);
                continue;
            }
            // The newer answer is the first.
            for at in [4, 0] {
                let answer = Answer(pair(line, at + 2));
                if answer.count() != 0 {
                    self.put_short(Word(pair(line, at)), answer);
                }
            }
        }
    }

    /// The same cache for a while.
    pub(crate) fn reborrow(&mut self) -> Cache<'_> {
        Cache { lines: self.lines, kept: self.kept.as_deref_mut() }
    }

    /// What is kept for a pre-token of up to 15 bytes.
    #[inline(always)]
    pub fn short(&self, word: Word) -> Option<Answer> {
        let line = self.lines.get(word.place(self.lines.len()))?;
        let (words, _) = line.as_chunks::<8>();
        let at = |i: usize| u64::from_le_bytes(words[i]);
        let other = |i: usize| (at(i) ^ word.0[0]) | (at(i + 1) ^ word.0[1]);
        let (first, second) = (other(0), other(4));
        // Which of the two it is, is as good as random: no branch.
        if first.min(second) != 0 {
            return None;
        }
        let i = 2 + 4 * usize::from(first != 0);
        Some(Answer([at(i), at(i + 1)]))
    }

    /// The ids of a pre-token of 16 to 31 bytes, and how many they are: 0 if they are not here.
    #[inline(always)]
    pub fn long(&self, key: &LongKey, hash: u64) -> ([u32; LONG_IDS], usize) {
        match self.lines.get(place(hash, self.lines.len())) {
            Some(line) if line[..32] == swap(key.0) => {
                let (words, _) = line.as_chunks::<8>();
                let word = |i: usize| u64::from_le_bytes(words[4 + i]);
                let count = (word(0) >> COUNT_SHIFT) as usize;
                (unpack([word(0), word(1), word(2), word(3)]), count.min(LONG_IDS))
            }
            _ => ([0; LONG_IDS], 0),
        }
    }

    /// Keeps the ids of a pre-token of up to 15 bytes, if they are few.
    pub fn keep_short(&mut self, word: Word, ids: impl ExactSizeIterator<Item = u32>) {
        if let Some(answer) = Answer::new(ids) {
            self.put_short(word, answer);
        }
    }

    /// Keeps that a text of up to 15 bytes has no ids.
    pub fn keep_none(&mut self, word: Word) {
        self.put_short(word, Answer::default());
    }

    fn put_short(&mut self, word: Word, answer: Answer) {
        let place = word.place(self.lines.len());
        if let Some(line) = self.lines.get_mut(place) {
            if is_long(line) {
                line.fill(0);
            }
            // What came first stays: it is frequent, most likely. Now and then it has to go.
            let first = Answer(pair(line, 2)).count() == 0;
            let turn = self.kept.as_deref().is_none_or(|kept| kept % TURN == 0);
            let at = if first || turn { 0 } else { 32 };
            if turn {
                line.copy_within(..32, 32);
            }
            write(&mut line[at..at + 16], &word.0);
            write(&mut line[at + 16..at + 32], &answer.0);
            self.count();
        }
    }

    /// Keeps the ids of a pre-token of 16 to 31 bytes, if they are few.
    pub fn keep_long(&mut self, key: &LongKey, hash: u64, ids: impl ExactSizeIterator<Item = u32>) {
        let count = ids.len() as u64;
        if let Some(mut words) = pack::<4, LONG_IDS>(ids) {
            words[0] |= count << COUNT_SHIFT;
            // What may look like the length of a short key is none.
            words[1] |= NO_KEY;
            self.put_long(key, hash, words);
        }
    }

    fn put_long(&mut self, key: &LongKey, hash: u64, words: [u64; 4]) {
        let len = self.lines.len();
        if let Some(line) = self.lines.get_mut(place(hash, len)) {
            line[..32].copy_from_slice(&swap(key.0));
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
    if ids.len() > IDS {
        return None;
    }
    let mut words = [0; WORDS];
    for (i, id) in ids.enumerate() {
        if u64::from(id) > ID_MASK {
            return None;
        }
        words[i / 3] |= u64::from(id) << (ID_BITS * (i as u32 % 3));
    }
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
    extern crate std;

    use std::vec::Vec;

    use super::*;

    #[test]
    fn what_is_kept_is_found_until_two_others_take_its_place() {
        let mut lines = [[0; 64]; 2];
        let mut cache = Cache::new(&mut lines[..1]);
        let word = |i: u128| Word::of(Key(i << 100 | 5));
        let found = |cache: &Cache<'_>, i| {
            cache.short(word(i)).map(|answer| {
                let (ids, count) = answer.ids();
                Vec::from(&ids[..count])
            })
        };
        let ids = [7u32, 1 << 19, 3, 4, 5, (1 << 20) - 1];
        for count in 1..=6 {
            cache.keep_short(word(1), ids[..count].iter().copied());
            assert_eq!(found(&cache, 1).as_deref(), Some(&ids[..count]));
            assert_eq!(cache.short(word(1)).map(|answer| answer.is_plain()), Some(count <= 3));
        }
        assert_eq!(found(&cache, 2), None);
        cache.keep_short(word(2), [9].into_iter());
        assert_eq!(found(&cache, 1).as_deref(), Some(&ids[..]));
        assert_eq!(found(&cache, 2), Some(Vec::from([9])));
        // Up to three ids may be as large as they like.
        let large = [u32::MAX, 8, u32::MAX - 1];
        cache.keep_short(word(3), large.into_iter());
        assert_eq!(found(&cache, 1), None);
        assert_eq!(found(&cache, 3), Some(Vec::from(large)));
        // None, too many, or too large.
        cache.keep_short(word(4), [].into_iter());
        cache.keep_short(word(4), [1; 7].into_iter());
        cache.keep_short(word(4), [1 << 20; 4].into_iter());
        assert_eq!(found(&cache, 4), None);
        assert_eq!(Cache::default().short(word(1)), None);
    }

    #[test]
    fn a_larger_cache_takes_answers_over() {
        let (mut small, mut large) = ([[0; 64]; 4], [[0; 64]; 64]);
        let word = |i: u128| Word::of(Key(i << 100 | 5));
        let mut cache = Cache::new(&mut small);
        for i in 0..6 {
            cache.keep_short(word(i), [i as u32; 3].into_iter());
        }
        let kept: Vec<u128> = (0..6).filter(|&i| cache.short(word(i)).is_some()).collect();
        assert!(kept.contains(&5) && kept.len() <= 6);
        let mut cache = Cache::new(&mut large);
        cache.take_over(&small);
        for i in kept {
            assert_eq!(cache.short(word(i)).map(|answer| answer.ids().0[0]), Some(i as u32));
        }
    }

    #[test]
    fn a_word_is_the_bytes_that_count() {
        let block: [u8; 16] = core::array::from_fn(|i| i as u8 | 0xC0);
        for len in 0..16 {
            let wanted = Key::new(&block[..len]).map(Word::of);
            assert_eq!(Some(Word::load(&block, len)), wanted);
        }
    }

    #[test]
    fn long_words() {
        let mut lines = [[0; 64]; 4];
        let mut cache = Cache::new(&mut lines);
        let long = LongKey([3; 32]);
        cache.keep_long(&long, 9, (0..12).map(|i| i * 80_000));
        let (found, len) = cache.long(&long, 9);
        assert_eq!(len, 12);
        assert!(found.iter().zip(0..).all(|(&id, i)| id == i * 80_000));
        assert_eq!(cache.long(&LongKey([4; 32]), 9).1, 0);
    }

    #[test]
    fn words_of_both_tiers_are_never_taken_for_each_other() {
        let mut state = 3u64;
        let mut below = move |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % limit
        };
        let (mut lines, mut kept) = ([[0; 64]; 3], 0);
        let mut cache = Cache::new(&mut lines).counting(&mut kept);
        let (mut short, mut long) = (0, 0);
        for _ in 0..200_000 {
            // Bytes that look like lengths, zeros, and all ones, as in the answers; few words in all.
            let mut text = std::vec![[0, 15, 16, 0xFF][below(4) as usize]; 1 + below(31) as usize];
            if let Some(byte) = text.get_mut(below(32) as usize) {
                *byte = below(32) as u8;
            }
            let id =
                text.iter().fold(text.len() as u32, |id, &byte| id * 31 % 65_521 + u32::from(byte));
            let ids = std::vec![id; 1 + id as usize % 6];
            if let Some(key) = Key::new(&text) {
                if let Some(answer) = cache.short(Word::of(key)) {
                    let (found, count) = answer.ids();
                    assert_eq!(found[..count], ids);
                    short += 1;
                }
                cache.keep_short(Word::of(key), ids.iter().copied());
            } else if let Some(key) = LongKey::new(&text) {
                let hash = key.hash();
                let (found, count) = cache.long(&key, hash);
                if count > 0 {
                    assert_eq!(found[..count], ids);
                    long += 1;
                }
                cache.keep_long(&key, hash, ids.iter().copied());
                assert_eq!(cache.long(&key, hash).1, ids.len());
            }
        }
        assert!(short > 1000 && long > 10, "{short} and {long} found");
    }
}
