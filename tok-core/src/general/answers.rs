//! Ids of words of raw text, where nothing else is asked for: as [`Words`](super::words::Words), but small.
//!
//! A word of up to 15 bytes and up to four ids take half a line of 64 bytes, one of up to 31 bytes and
//! eight ids a line, and all others of up to 63 bytes and 32 ids three lines: scripts that a vocabulary hardly
//! knows have an id for each char or byte. A word has two places, side by side.

use alloc::vec::Vec;
use core::hint::select_unpredictable;

/// Most bytes of a word.
pub(super) const WORD_MAX: usize = 63;

/// Longest word of the second table.
pub(super) const LONG_MAX: usize = 31;

/// Longest word of the first table.
pub(super) const SHORT_MAX: usize = 15;

/// Most ids of an answer.
pub(super) const IDS_MAX: usize = 32;

/// The count stands above the first id.
const COUNT: u32 = 24;
const ID: u32 = (1 << COUNT) - 1;

const K1: u64 = 0x9E37_79B9_7F4A_7C15;
const K2: u64 = 0xD6E8_FEB8_6659_FD93;

/// The lowest bytes, by their number.
static MASKS: [u128; 16] = {
    let mut masks = [0; 16];
    let mut len = 1;
    while len < 16 {
        masks[len] = masks[len - 1] << 8 | 0xFF;
        len += 1;
    }
    masks
};

#[inline(always)]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    product as u64 ^ (product >> 64) as u64
}

#[inline(always)]
const fn hash(key: u128) -> u64 {
    fold(key as u64 ^ K1, (key >> 64) as u64 ^ K2)
}

/// The first `len` bytes of `text` with the length on top; `len <= 15`.
#[inline(always)]
fn short_key(text: &[u8], len: usize) -> u128 {
    let bytes = match text.first_chunk::<16>() {
        Some(chunk) => u128::from_le_bytes(*chunk) & MASKS[len & SHORT_MAX],
        None => padded(text, len),
    };
    bytes | (len as u128) << 120
}

#[cold]
fn padded(text: &[u8], len: usize) -> u128 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(text.iter().take(len)) {
        *to = *from;
    }
    u128::from_le_bytes(bytes)
}

/// The first `len` bytes of `text` with the length on top; `15 < len <= 31`.
#[inline(always)]
fn long_key(text: &[u8], len: usize) -> [u128; 2] {
    let low = text.first_chunk::<16>().map_or(0, |chunk| u128::from_le_bytes(*chunk));
    let rest = text.get(16..).unwrap_or_default();
    [low, short_key(rest, len.saturating_sub(16)) | 1 << 127]
}

/// The first `len` bytes of `text` with the length on top; `len <= 63`.
#[inline]
fn wide_key(text: &[u8], len: usize) -> [u128; 4] {
    let mut bytes = [0u8; 64];
    if let (Some(to), Some(from)) = (bytes.get_mut(..len), text.get(..len)) {
        to.copy_from_slice(from);
    }
    bytes[63] = len as u8;
    let mut key = [0; 4];
    for (to, from) in key.iter_mut().zip(bytes.as_chunks::<16>().0) {
        *to = u128::from_le_bytes(*from);
    }
    key
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(64))]
struct Wide {
    key: [u128; 4],
    ids: [u32; IDS_MAX],
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct Short {
    key: u128,
    ids: [u32; 4],
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(64))]
struct ShortLine([Short; 2]);

#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(64))]
struct Long {
    key: [u128; 2],
    ids: [u32; 8],
}

/// Ids in the room of an entry: those behind the count are zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids<const N: usize> {
    ids: [u32; N],
}

impl<const N: usize> Ids<N> {
    /// `None` if there are too many, or one is too large.
    fn new(ids: &[u32]) -> Option<Self> {
        let mut all = [0; N];
        all.get_mut(..ids.len())?.copy_from_slice(ids);
        if all.iter().any(|&id| id > ID) {
            return None;
        }
        all[0] |= (ids.len() as u32) << COUNT;
        Some(Self { ids: all })
    }

    /// All of them, and how many count.
    #[inline(always)]
    pub(super) fn get(mut self) -> ([u32; N], usize) {
        let count = self.ids[0] >> COUNT;
        self.ids[0] &= ID;
        (self.ids, count as usize)
    }
}

/// Answers of one tokenizer. Their lines begin few, and grow with what is kept.
#[derive(Debug, Default)]
pub(super) struct Answers {
    short: Vec<ShortLine>,
    /// Pairs begin at even places.
    long: Vec<Long>,
    wide: Vec<Wide>,
    kept: [usize; 3],
}

impl Answers {
    /// The ids of the word that is the first `len` bytes of `text`; `len <= 15`.
    #[inline(always)]
    pub(super) fn short(&self, text: &[u8], len: usize) -> Option<Ids<4>> {
        let key = short_key(text, len);
        // The length is a power of two, or 0.
        let at = hash(key) as usize & self.short.len().wrapping_sub(1);
        let ShortLine([first, second]) = self.short.get(at)?;
        // Which of both it is, is as good as random.
        let entry = select_unpredictable(first.key == key, first, second);
        (entry.key == key).then_some(Ids { ids: entry.ids })
    }

    /// The same for `15 < len <= 31`.
    #[inline(always)]
    pub(super) fn long(&self, text: &[u8], len: usize) -> Option<Ids<8>> {
        let key = long_key(text, len);
        let at = self.long_place(key);
        let [first, second] = self.long.get(at..)?.first_chunk::<2>()?;
        let entry = select_unpredictable(first.key == key, first, second);
        (entry.key == key).then_some(Ids { ids: entry.ids })
    }

    /// The same for `len <= 63`, where the others have none.
    #[inline]
    pub(super) fn wide(&self, text: &[u8], len: usize) -> Option<Ids<IDS_MAX>> {
        let key = wide_key(text, len);
        let at = self.wide_place(key);
        let entries = self.wide.get(at..)?.first_chunk::<2>()?;
        let entry = entries.iter().find(|entry| entry.key == key)?;
        Some(Ids { ids: entry.ids })
    }

    #[inline(always)]
    fn wide_place(&self, key: [u128; 4]) -> usize {
        let hash = key.into_iter().fold(0, |before, part| hash(part ^ u128::from(before)));
        hash as usize & self.wide.len().wrapping_sub(1) & !1
    }

    #[inline(always)]
    fn long_place(&self, [low, high]: [u128; 2]) -> usize {
        let hash = hash(low ^ u128::from(hash(high)));
        hash as usize & self.long.len().wrapping_sub(1) & !1
    }

    /// Keeps an answer, in up to `limit` bytes for all.
    #[inline(never)]
    pub(super) fn put(&mut self, word: &[u8], ids: &[u32], limit: usize) {
        let limit = limit / 3;
        match (word.len(), ids.len()) {
            (1..=SHORT_MAX, 0..=4) => {
                let Some(Ids { ids }) = Ids::new(ids) else { return };
                self.grow_short(limit);
                self.put_short(Short { key: short_key(word, word.len()), ids });
            }
            (16..=LONG_MAX, 0..=8) => {
                let Some(Ids { ids }) = Ids::new(ids) else { return };
                self.grow_long(limit);
                self.put_long(Long { key: long_key(word, word.len()), ids });
            }
            (1..=WORD_MAX, 0..=IDS_MAX) => {
                let Some(Ids { ids }) = Ids::new(ids) else { return };
                self.grow_wide(limit);
                self.put_wide(Wide { key: wide_key(word, word.len()), ids });
            }
            _ => {}
        }
    }

    fn put_wide(&mut self, entry: Wide) {
        let at = self.wide_place(entry.key);
        if let Some([first, second]) = self.wide.get_mut(at..).and_then(<[_]>::first_chunk_mut) {
            (*second, *first) = (*first, entry);
            self.kept[2] += 1;
        }
    }

    fn grow_wide(&mut self, limit: usize) {
        let line = size_of::<Wide>();
        let Some(len) = wanted(self.wide.len(), self.kept[2], line, limit) else { return };
        let old = core::mem::replace(&mut self.wide, alloc::vec![Wide::default(); len]);
        self.kept[2] = 0;
        for entry in old.into_iter().filter(|entry| entry.key != [0; 4]) {
            self.put_wide(entry);
        }
    }

    /// A new word takes the first place, and what was there moves to the second.
    fn put_short(&mut self, entry: Short) {
        let at = hash(entry.key) as usize & self.short.len().wrapping_sub(1);
        if let Some(ShortLine([first, second])) = self.short.get_mut(at) {
            (*second, *first) = (*first, entry);
            self.kept[0] += 1;
        }
    }

    fn put_long(&mut self, entry: Long) {
        let at = self.long_place(entry.key);
        if let Some([first, second]) = self.long.get_mut(at..).and_then(<[_]>::first_chunk_mut) {
            (*second, *first) = (*first, entry);
            self.kept[1] += 1;
        }
    }

    fn grow_short(&mut self, limit: usize) {
        let Some(len) = wanted(self.short.len(), self.kept[0], 64, limit) else { return };
        let old = core::mem::replace(&mut self.short, alloc::vec![ShortLine::default(); len]);
        self.kept[0] = 0;
        for ShortLine([first, second]) in old {
            for entry in [second, first].into_iter().filter(|entry| entry.key != 0) {
                self.put_short(entry);
            }
        }
    }

    fn grow_long(&mut self, limit: usize) {
        let Some(len) = wanted(self.long.len(), self.kept[1], 64, limit) else { return };
        let old = core::mem::replace(&mut self.long, alloc::vec![Long::default(); len]);
        self.kept[1] = 0;
        for entry in old.into_iter().filter(|entry| entry.key != [0; 2]) {
            self.put_long(entry);
        }
    }
}

/// Lines for a table, where they have to change: as many again as were kept, by fours.
fn wanted(len: usize, kept: usize, line: usize, limit: usize) -> Option<usize> {
    let wanted = match len {
        0 => 256,
        _ if kept > len / 2 => 4 * len,
        _ => return None,
    };
    let largest = (limit / line).checked_ilog2().map_or(0, |bits| 1 << bits);
    let wanted = wanted.min(largest);
    (wanted > len && wanted >= 2).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_and_nothing_else() {
        let mut answers = Answers::default();
        let text = b"a text of several words, and of one-that-is-a-little-longer than those";
        fn all<const N: usize>(ids: Ids<N>) -> Vec<u32> {
            let (ids, count) = ids.get();
            ids[..count].to_vec()
        }
        let get = |answers: &Answers, text: &[u8], len: usize| match len {
            0..16 => answers.short(text, len).map(all),
            16..32 => answers.long(text, len).map(all),
            _ => None,
        };
        let get = |answers: &Answers, text: &[u8], len: usize| {
            get(answers, text, len).or_else(|| answers.wide(text, len).map(all))
        };
        for len in 1..=WORD_MAX {
            assert_eq!(get(&answers, text, len), None, "{len}");
            let ids = &[7, len as u32, 9, ID].repeat(8)[..len % 33];
            answers.put(&text[..len], ids, 1 << 20);
            for whole in [&text[..], &text[..len]] {
                assert_eq!(get(&answers, whole, len).as_deref(), Some(ids), "{len}");
            }
        }
        // Too many, too large, too long.
        answers.put(b"many", &[1; 33], 1 << 20);
        answers.put(b"large", &[ID + 1], 1 << 20);
        answers.put(&text[..64], &[1], 1 << 20);
        assert_eq!(get(&answers, b"many", 4), None);
        assert_eq!(get(&answers, b"large", 5), None);
        // Zeros behind a word are not the same word.
        answers.put(b"x\0", &[3], 1 << 20);
        assert_eq!(get(&answers, b"x", 1), None);
    }

    #[test]
    fn it_grows_up_to_its_limit() {
        let mut answers = Answers::default();
        for number in 0..20_000u32 {
            let word = alloc::format!("{number}");
            answers.put(word.as_bytes(), &[number], 3 << 17);
            answers.put(alloc::format!("{number:020}").as_bytes(), &[number], 3 << 17);
            answers.put(alloc::format!("{number:040}").as_bytes(), &[number], 3 << 17);
        }
        let lens = (answers.short.len(), answers.long.len(), answers.wide.len());
        assert_eq!(lens, (2048, 2048, 512));
        let mut none = Answers::default();
        none.put(b"a", &[1], 64);
        assert!(none.short(b"a", 1).is_none());
    }
}
