//! Answers for words of raw text: where a pipeline may be cut, the same word always has the same tokens.
//!
//! Two tables, for words of up to 15 and up to 31 bytes, each entry in lines of 64 bytes: the word, whole,
//! and its tokens with their places from its beginning. A word has two places, side by side; a new one takes
//! the first, and what was there moves to the second.

use crate::kernel;
use alloc::vec::Vec;

/// A token of a word: its id, and its place and the number of its part, counted from the word's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordToken {
    pub(super) id: u32,
    pub(super) start: u8,
    pub(super) end: u8,
    pub(super) word: u8,
}

impl WordToken {
    #[inline(always)]
    fn pack(self) -> u64 {
        let [a, b, c, d] = self.id.to_le_bytes();
        u64::from_le_bytes([a, b, c, d, self.start, self.end, self.word, 0])
    }

    #[inline(always)]
    pub(super) fn unpack(packed: u64) -> Self {
        let [a, b, c, d, start, end, word, _] = packed.to_le_bytes();
        Self { id: u32::from_le_bytes([a, b, c, d]), start, end, word }
    }
}

/// The word in whole words of the processor, zeros behind it, its length on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key<const N: usize>([u64; N]);

impl<const N: usize> Key<N> {
    /// The first `len` bytes of `text`; `len` is less than 8 N.
    #[inline(always)]
    pub(super) fn new(text: &[u8], len: usize) -> Self {
        let mut key = [0u64; N];
        // Text that goes on is read whole; what is too much is masked.
        let (words, _) = text.as_chunks::<8>();
        if let Some(words) = words.first_chunk::<N>() {
            for (i, (slot, word)) in key.iter_mut().zip(words).enumerate() {
                let left = len.saturating_sub(8 * i).min(8);
                let mask = if left == 0 { 0 } else { u64::MAX >> (64 - 8 * left) };
                *slot = u64::from_le_bytes(*word) & mask;
            }
        } else {
            for (slot, part) in key.iter_mut().zip(text.get(..len).unwrap_or_default().chunks(8)) {
                let mut bytes = [0; 8];
                bytes[..part.len()].copy_from_slice(part);
                *slot = u64::from_le_bytes(bytes);
            }
        }
        key[N - 1] |= (len as u64) << 56;
        Self(key)
    }

    #[inline(always)]
    fn hash(self) -> u64 {
        let mut hash = 0u64;
        for word in self.0 {
            let product = u128::from(word ^ hash) * 0x9E37_79B9_7F4A_7C15;
            hash = (product >> 64) as u64 ^ product as u64;
        }
        hash
    }
}

/// Lines of a table: `K` words for the key, one for the head, `T` tokens.
#[derive(Debug)]
struct Table<const K: usize, const T: usize> {
    slots: Vec<([u64; K], u64, [u64; T])>,
    kept: usize,
}

/// Bits of a head.
const COUNT: u64 = 0xFF;
const PLACED: u64 = 1 << 8;
const IN_USE: u64 = 1 << 9;
/// Parts of the word, from this bit on.
const PARTS: u32 = 16;

impl<const K: usize, const T: usize> Default for Table<K, T> {
    fn default() -> Self {
        Self { slots: Vec::new(), kept: 0 }
    }
}

impl<const K: usize, const T: usize> Table<K, T> {
    #[inline(always)]
    fn place(&self, key: Key<K>) -> usize {
        // The length is a power of two, or 0; pairs of slots begin at even ones.
        key.hash() as usize & self.slots.len().wrapping_sub(1) & !1
    }

    #[inline(always)]
    fn get(&self, key: Key<K>, placed: bool) -> Option<(&[u64], u32)> {
        let wanted = if placed { PLACED | IN_USE } else { IN_USE };
        let at = self.place(key);
        let is = |slot: &&([u64; K], u64, [u64; T])| slot.0 == key.0 && slot.1 & wanted == wanted;
        let [first, second] = self.slots.get(at..)?.first_chunk::<2>()?;
        let (_, head, tokens) = Some(first).filter(is).or(Some(second).filter(is))?;
        let tokens = tokens.get(..(head & COUNT) as usize)?;
        Some((tokens, (head >> PARTS) as u32))
    }

    /// Asks for both places of a word.
    #[inline(always)]
    fn ask(&self, key: Key<K>) {
        if let Some([first, second]) =
            self.slots.get(self.place(key)..).and_then(<[_]>::first_chunk)
        {
            kernel::ask(first);
            kernel::ask(second);
        }
    }

    fn put(&mut self, key: Key<K>, tokens: &[WordToken], parts: u32, placed: bool, limit: usize) {
        if tokens.len() > T {
            return;
        }
        self.grow(limit);
        let at = self.place(key);
        if let Some([slot, second]) = self.slots.get_mut(at..).and_then(<[_]>::first_chunk_mut) {
            // The same word without places is in the way of no other.
            if slot.0 != key.0 {
                *second = *slot;
            }
            let mut packed = [0; T];
            for (slot, token) in packed.iter_mut().zip(tokens) {
                *slot = token.pack();
            }
            let placed = if placed { PLACED } else { 0 };
            let head = tokens.len() as u64 | u64::from(parts) << PARTS | placed | IN_USE;
            *slot = (key.0, head, packed);
            self.kept += 1;
        }
    }

    /// Begins with few lines, and grows when as many were kept as there are.
    fn grow(&mut self, limit: usize) {
        let line = 8 * (K + 1 + T);
        let wanted = match self.slots.len() {
            0 => 256,
            len if self.kept > len / 2 => 4 * len,
            _ => return,
        };
        self.kept = 0;
        if wanted.saturating_mul(line) > limit {
            return;
        }
        let empty = ([0; K], 0, [0; T]);
        let old = core::mem::replace(&mut self.slots, alloc::vec![empty; wanted]);
        for slot in old.into_iter().filter(|slot| slot.1 & IN_USE != 0) {
            let at = self.place(Key(slot.0));
            self.slots.swap(at, at + 1);
            self.slots[at] = slot;
        }
    }
}

/// Answers of one tokenizer.
#[derive(Debug)]
pub(super) struct Words {
    short: Table<2, 5>,
    long: Table<4, 11>,
    owner: [u8; 32],
    /// Bytes that the tables may take.
    pub(super) limit: usize,
}

impl Default for Words {
    fn default() -> Self {
        Self { short: Table::default(), long: Table::default(), owner: [0; 32], limit: 4 << 20 }
    }
}

/// Most bytes of a word.
pub(super) const WORD_MAX: usize = 31;

impl Words {
    /// Forgets the answers of another tokenizer.
    pub(super) fn own(&mut self, owner: &[u8; 32]) {
        if self.owner != *owner {
            (self.short, self.long, self.owner) = (Table::default(), Table::default(), *owner);
        }
    }

    /// The tokens, packed, of the word that is the first `len` bytes of `text`, and how many parts it has.
    #[inline(always)]
    pub(super) fn get(&self, text: &[u8], len: usize, placed: bool) -> Option<(&[u64], u32)> {
        match len {
            0..16 => self.short.get(Key::new(text, len), placed),
            16..=WORD_MAX => self.long.get(Key::new(text, len), placed),
            _ => None,
        }
    }

    /// Asks for what is known of the word that is the first `len` bytes of `text`: somebody will soon.
    #[inline(always)]
    pub(super) fn ask(&self, text: &[u8], len: usize) {
        match len {
            0..16 => self.short.ask(Key::new(text, len)),
            16..=WORD_MAX => self.long.ask(Key::new(text, len)),
            _ => {}
        }
    }

    /// Keeps an answer.
    pub(super) fn put(&mut self, word: &[u8], tokens: &[WordToken], parts: u32, placed: bool) {
        match word.len() {
            0..16 => {
                self.short.put(Key::new(word, word.len()), tokens, parts, placed, self.limit / 2)
            }
            16..=WORD_MAX => {
                self.long.put(Key::new(word, word.len()), tokens, parts, placed, self.limit / 2);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_and_nothing_else() {
        let mut words = Words::default();
        let text = b"a text of several words, and of one-that-is-a-little-longer";
        let token = |id| WordToken { id, start: 1, end: 3, word: 2 };
        for len in 1..=40 {
            let word = &text[..len];
            assert_eq!(words.get(text, len, false), None);
            words.put(word, &[token(len as u32), token(7)], 3, len % 2 == 0);
        }
        let mut found = 0;
        for len in 1..=40 {
            for whole in [&text[..], &text[..len]] {
                if let Some((tokens, parts)) = words.get(whole, len, false) {
                    let ids: Vec<_> =
                        tokens.iter().map(|token| WordToken::unpack(*token)).collect();
                    assert_eq!((ids, parts), (alloc::vec![token(len as u32), token(7)], 3));
                    assert_eq!(words.get(whole, len, true).is_some(), len % 2 == 0);
                    found += 1;
                }
            }
        }
        // All but those that share a place.
        assert!((40..=62).contains(&found), "{found}");
        words.own(&[1; 32]);
        assert_eq!(words.get(text, 3, false), None);
    }

    #[test]
    fn it_grows_up_to_its_limit() {
        let mut words = Words { limit: 1 << 17, ..Words::default() };
        let token = WordToken { id: 1, start: 0, end: 1, word: 0 };
        for number in 0..20_000u32 {
            words.put(alloc::format!("{number}").as_bytes(), &[token], 1, true);
        }
        assert_eq!(words.short.slots.len(), 1024);
    }
}
