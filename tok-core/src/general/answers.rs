//! Ids of words of raw text, where nothing else is asked for: as [`Words`](super::words::Words), but small.
//!
//! Most are in the same kind of cache as those of the other engines. What has no room there, up to 63 bytes and
//! 32 ids, takes three lines in a table of its own, where a word has two places side by side: scripts that a
//! vocabulary hardly knows have an id for each char or byte.

use crate::{
    blob::{
        Line,
        lookup::{Key, LONG_MAX, LongKey, SHORT_MAX, fold, small},
    },
    cache::{Cache, LONG_IDS, SHORT_IDS, Word},
};
use alloc::vec::Vec;

/// Most bytes of a word.
pub(super) const WORD_MAX: usize = 63;

/// Most ids of an answer.
pub(super) const IDS_MAX: usize = 32;

/// Bytes of the first cache; it grows by fours with what is kept.
const FIRST: usize = 32 << 10;

/// A word of up to 63 bytes: its bytes, zeros, and its length in the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
struct WideKey([u64; 8]);

impl WideKey {
    /// The key of a word that is short enough.
    #[inline]
    fn new(word: &[u8]) -> Option<Self> {
        if word.len() > WORD_MAX {
            return None;
        }
        let (whole, rest) = word.as_chunks::<8>();
        let mut key = [0; 8];
        for (to, from) in key.iter_mut().zip(whole) {
            *to = u64::from_le_bytes(*from);
        }
        *key.get_mut(whole.len())? = small(rest);
        key[7] |= (word.len() as u64) << 56;
        Some(Self(key))
    }

    #[inline]
    fn hash(&self) -> u64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        let halves = [fold(a, b ^ MIX), fold(c, d ^ MIX), fold(e ^ MIX, f), fold(g ^ MIX, h)];
        halves.into_iter().fold(MIX, |hash, half| (hash ^ half).wrapping_mul(MIX))
    }
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// An answer of the last table.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Wide {
    key: WideKey,
    ids: [u32; IDS_MAX],
}

impl Wide {
    const EMPTY: Self = Self { key: WideKey([0; 8]), ids: [0; IDS_MAX] };
}

/// The count stands above the first id.
const COUNT: u32 = 24;
const ID: u32 = (1 << COUNT) - 1;

/// Answers of one tokenizer.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Lines of the cache, and up to 63 bytes in front of them.
    bytes: Vec<u8>,
    /// Answers kept since it has its size.
    kept: usize,
    /// Two places for each word.
    wide: Vec<[Wide; 2]>,
    /// A byte of the hash of each, 0 where there is none: most words that are asked for are not there, and
    /// these are near.
    tags: Vec<[u8; 2]>,
    wide_kept: usize,
}

/// The tag for a hash, and the place of its pair among `len` ones, a power of two or 0.
#[inline]
fn tagged(hash: u64, len: usize) -> (u8, usize) {
    ((hash >> 24) as u8 | 1, (hash >> 32) as usize & len.wrapping_sub(1))
}

impl Answers {
    /// The cache of words of up to 31 bytes.
    #[inline(always)]
    pub(super) fn cache(&mut self) -> Cache<'_> {
        Cache::new(lines(&mut self.bytes)).counting(&mut self.kept)
    }

    /// Hands the ids of a word to `put`, if they are kept, and gives what it says; false if they are not.
    #[inline(never)]
    pub(super) fn find(&mut self, word: &[u8], put: &mut dyn FnMut(&[u32]) -> bool) -> bool {
        if let Some(key) = Key::new(word) {
            if let Some(answer) = self.cache().short(Word::of(key)) {
                let (ids, count) = answer.ids();
                return put(&ids[..count]);
            }
        } else if let Some(key) = LongKey::new(word)
            && let (ids, count @ 1..) = self.cache().long(&key, key.hash())
        {
            return put(&ids[..count]);
        }
        let Some(key) = WideKey::new(word) else { return false };
        let (tag, at) = tagged(key.hash(), self.wide.len());
        let Some(tags) = self.tags.get(at).filter(|tags| tags.contains(&tag)) else { return false };
        let pair = self.wide.get(at).into_iter().flatten().zip(tags);
        let same = |(entry, other): &(&Wide, &u8)| **other == tag && entry.key == key;
        let Some((entry, _)) = pair.into_iter().find(same) else { return false };
        let mut ids = entry.ids;
        let count = (ids[0] >> COUNT) as usize;
        ids[0] &= ID;
        put(ids.get(..count).unwrap_or_default())
    }

    /// Keeps an answer, in about `limit` bytes for all.
    #[inline(never)]
    pub(super) fn put(&mut self, word: &[u8], ids: &[u32], limit: usize) {
        let fits = |most| ids.len() <= most && ids.iter().all(|&id| id < 1 << 20);
        match word.len() {
            0 => {}
            1..=SHORT_MAX if fits(SHORT_IDS) => {
                self.grow(limit / 4 * 3);
                let Some(key) = Key::new(word) else { return };
                match ids {
                    [] => self.cache().keep_none(Word::of(key)),
                    _ => self.cache().keep_short(Word::of(key), ids.iter().copied()),
                }
            }
            16..=LONG_MAX if fits(LONG_IDS) && !ids.is_empty() => {
                self.grow(limit / 4 * 3);
                let Some(key) = LongKey::new(word) else { return };
                self.cache().keep_long(&key, key.hash(), ids.iter().copied());
            }
            _ => {
                let mut all = [0; IDS_MAX];
                let (Some(key), Some(to)) = (WideKey::new(word), all.get_mut(..ids.len())) else {
                    return;
                };
                to.copy_from_slice(ids);
                if all.iter().any(|&id| id > ID) {
                    return;
                }
                all[0] |= (ids.len() as u32) << COUNT;
                self.grow_wide(limit / 4);
                self.put_wide(Wide { key, ids: all });
            }
        }
    }

    /// A new word takes the first place, and what was there moves to the second.
    fn put_wide(&mut self, entry: Wide) {
        let (tag, at) = tagged(entry.key.hash(), self.wide.len());
        if let (Some(pair), Some(tags)) = (self.wide.get_mut(at), self.tags.get_mut(at)) {
            *pair = [entry, pair[0]];
            *tags = [tag, tags[0]];
            self.wide_kept += 1;
        }
    }

    fn grow(&mut self, limit: usize) {
        // A line holds two answers at most.
        if self.kept <= self.bytes.len() / 64 && !self.bytes.is_empty() {
            return;
        }
        self.kept = 0;
        let bytes = FIRST.max(4 * self.bytes.len()).min(limit);
        if bytes <= self.bytes.len() || bytes < 1024 {
            return;
        }
        let mut old = core::mem::replace(&mut self.bytes, alloc::vec![0; bytes]);
        Cache::new(lines(&mut self.bytes)).take_over(lines(&mut old));
    }

    fn grow_wide(&mut self, limit: usize) {
        let wanted = match self.wide.len() {
            0 => 128,
            len if self.wide_kept > len => 4 * len,
            _ => return,
        };
        let largest = (limit / size_of::<[Wide; 2]>()).checked_ilog2().map_or(0, |bits| 1 << bits);
        let wanted = wanted.min(largest);
        if wanted <= self.wide.len() {
            return;
        }
        let old = core::mem::replace(&mut self.wide, alloc::vec![[Wide::EMPTY; 2]; wanted]);
        self.tags = alloc::vec![[0; 2]; wanted];
        self.wide_kept = 0;
        for entry in old.into_iter().flatten().filter(|entry| entry.key != Wide::EMPTY.key) {
            self.put_wide(entry);
        }
    }
}

/// The lines in `bytes` that are lines of the processor's cache too.
#[inline(always)]
fn lines(bytes: &mut [u8]) -> &mut [Line] {
    let start = bytes.as_ptr().align_offset(64).min(bytes.len());
    bytes.get_mut(start..).unwrap_or_default().as_chunks_mut().0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(answers: &mut Answers, word: &[u8]) -> Option<Vec<u32>> {
        let mut found = None;
        let is_kept = answers.find(word, &mut |ids| {
            found = Some(ids.to_vec());
            true
        });
        assert_eq!(is_kept, found.is_some());
        found
    }

    #[test]
    fn what_is_kept_is_found_and_nothing_else() {
        let mut answers = Answers::default();
        let text = b"a text of several words, and of one-that-is-a-little-longer than those";
        for len in 1..=WORD_MAX {
            assert_eq!(get(&mut answers, &text[..len]), None, "{len}");
            let ids = &[7, len as u32, 9, ID].repeat(8)[..len % 33];
            answers.put(&text[..len], ids, 1 << 20);
            assert_eq!(get(&mut answers, &text[..len]).as_deref(), Some(ids), "{len}");
        }
        for count in 0..=IDS_MAX {
            let ids = Vec::from_iter(0..count as u32);
            for len in [3, 15, 16, 31, 32, 63] {
                let word = [b'a' + count as u8; 63];
                answers.put(&word[..len], &ids, 1 << 20);
                assert_eq!(get(&mut answers, &word[..len]).as_ref(), Some(&ids), "{len} {count}");
            }
        }
        // Too many, too large, too long.
        answers.put(b"many", &[1; 33], 1 << 20);
        answers.put(b"large", &[ID + 1], 1 << 20);
        answers.put(&text[..64], &[1], 1 << 20);
        assert_eq!(get(&mut answers, b"many"), None);
        assert_eq!(get(&mut answers, b"large"), None);
        assert_eq!(get(&mut answers, &text[..64]), None);
        // Zeros behind a word are not the same word.
        answers.put(b"x\0", &[3], 1 << 20);
        assert_eq!(get(&mut answers, b"x"), None);
    }

    #[test]
    fn it_grows_up_to_its_limit() {
        let mut answers = Answers::default();
        for number in 0..20_000u32 {
            let word = alloc::format!("{number}");
            answers.put(word.as_bytes(), &[number], 1 << 18);
            answers.put(alloc::format!("{number:020}").as_bytes(), &[number], 1 << 18);
            answers.put(alloc::format!("{number:040}").as_bytes(), &[number], 1 << 18);
        }
        assert_eq!((answers.bytes.len(), answers.wide.len()), (3 << 16, 128));
        let mut none = Answers::default();
        none.put(b"a", &[1], 64);
        assert_eq!(get(&mut none, b"a"), None);
    }
}
