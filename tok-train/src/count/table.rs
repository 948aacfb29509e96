//! A table of words and how often they occur.
//!
//! Up to 15 bytes and the length make a key of 16 bytes, compared whole. Longer words are in an arena.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Bytes of a word that fit a key.
pub(super) const SHORT: usize = 15;

/// Bytes that must follow a text, so that 16 bytes can be loaded at each of its words.
pub(crate) const PADDING: usize = 16;

/// A number that nobody can foresee, so that nobody can prepare words that all collide. Nothing but time
/// depends on it.
pub(super) fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish() | 1
}

#[derive(Debug, Clone, Copy, Default)]
struct Short {
    /// The length is in the highest byte; never 0.
    key: [u64; 2],
    count: u64,
}

#[derive(Debug, Clone, Copy)]
struct Long {
    hash: u64,
    start: u64,
    len: u64,
    count: u64,
}

/// Keys that wait at a time.
const WAITING: usize = 64;

/// Words and counts.
///
/// Short words wait until there are some. The slot of each is read when it comes, and compared when its turn
/// comes: so the reads of all of them are under way together, and no jump waits for one.
#[derive(Debug)]
pub(super) struct Table {
    seed: u64,
    waiting: Vec<([u64; 2], u64)>,
    short: Vec<Short>,
    short_len: usize,
    /// Position in `long` + 1, or 0.
    slots: Vec<u32>,
    long: Vec<Long>,
    arena: Vec<u8>,
}

impl Table {
    /// An empty table. Tables with the same seed agree about partitions.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            waiting: Vec::with_capacity(WAITING),
            short: vec![Short::default(); 1 << 12],
            short_len: 0,
            slots: vec![0; 1 << 8],
            long: Vec::new(),
            arena: Vec::new(),
        }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Words in it.
    pub(super) fn len(&self) -> usize {
        self.short_len + self.long.len()
    }

    /// Bytes of memory in use.
    pub(super) fn memory(&self) -> usize {
        self.short.capacity() * size_of::<Short>()
            + self.slots.capacity() * 4
            + self.long.capacity() * size_of::<Long>()
            + self.arena.capacity()
    }

    /// Counts the word at `start..end` of `around`, which has [`PADDING`] more bytes. [`settle`](Self::settle)
    /// is to be called when there are no more.
    #[inline(always)]
    pub(super) fn add(&mut self, around: &[u8], start: usize, end: usize) {
        let len = end - start;
        if len <= SHORT
            && let Some(bytes) = around.get(start..start + 16)
        {
            let mut word = [0; 16];
            word.copy_from_slice(bytes);
            // Zero bytes shift everything out but the length.
            let mask = (1u128 << (8 * len)) - 1;
            let key = u128::from_le_bytes(word) & mask | (len as u128) << 120;
            self.wait([key as u64, (key >> 64) as u64]);
        } else {
            self.add_slow(&around[start..end], 1);
        }
    }

    #[inline(always)]
    fn wait(&mut self, key: [u64; 2]) {
        let hash = mix(key, self.seed);
        std::hint::black_box(self.short[hash as usize & (self.short.len() - 1)].key[1]);
        self.waiting.push((key, hash));
        if self.waiting.len() == WAITING {
            self.settle();
        }
    }

    /// Counts the words that wait.
    pub(super) fn settle(&mut self) {
        for at in 0..self.waiting.len() {
            let (key, hash) = self.waiting[at];
            self.add_short(key, hash, 1);
        }
        self.waiting.clear();
    }

    /// Counts a word, wherever it lies.
    pub(super) fn add_slow(&mut self, word: &[u8], count: u64) {
        if word.is_empty() {
            return;
        }
        if word.len() <= SHORT {
            let mut key = [0; 16];
            key[..word.len()].copy_from_slice(word);
            key[15] = word.len() as u8;
            let key = u128::from_le_bytes(key);
            let key = [key as u64, (key >> 64) as u64];
            self.add_short(key, mix(key, self.seed), count);
        } else {
            self.add_long(word, count);
        }
    }

    #[inline(always)]
    fn add_short(&mut self, key: [u64; 2], hash: u64, count: u64) {
        let at = self.find_short(key, hash);
        let slot = &mut self.short[at];
        if slot.key == key {
            slot.count += count;
        } else {
            *slot = Short { key, count };
            self.short_len += 1;
            if self.short_len * 8 > self.short.len() * 5 {
                self.grow_short();
            }
        }
    }

    /// The slot of a key, or the free one where it would be.
    #[inline(always)]
    fn find_short(&self, key: [u64; 2], hash: u64) -> usize {
        let mask = self.short.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = &self.short[at];
            if slot.key == key || slot.key[1] == 0 {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow_short(&mut self) {
        let larger = vec![Short::default(); self.short.len() * 2];
        for slot in std::mem::replace(&mut self.short, larger) {
            if slot.key[1] != 0 {
                let at = self.find_short(slot.key, mix(slot.key, self.seed));
                self.short[at] = slot;
            }
        }
    }

    #[inline(never)]
    fn add_long(&mut self, word: &[u8], count: u64) {
        let hash = hash_long(word, self.seed);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            let long = self.long[slot as usize - 1];
            if long.hash == hash && long_word(&self.arena, &long) == word {
                self.long[slot as usize - 1].count += count;
                return;
            }
            at = (at + 1) & mask;
        }
        let start = self.arena.len() as u64;
        self.arena.extend_from_slice(word);
        self.long.push(Long { hash, start, len: word.len() as u64, count });
        self.slots[at] = self.long.len() as u32;
        if self.long.len() * 8 > self.slots.len() * 5 {
            self.place_long(self.slots.len() * 2);
        }
    }

    /// Makes the index of long words anew.
    fn place_long(&mut self, slot_len: usize) {
        self.slots = vec![0; slot_len];
        for (long, number) in self.long.iter().zip(1..) {
            let mut at = long.hash as usize & (slot_len - 1);
            while self.slots[at] != 0 {
                at = (at + 1) & (slot_len - 1);
            }
            self.slots[at] = number;
        }
    }

    /// Calls `each` with all words, in no order, whose partition of `parts` is `part`.
    pub(super) fn for_each(&self, part: usize, parts: usize, mut each: impl FnMut(&[u8], u64)) {
        debug_assert!(self.waiting.is_empty(), "some words are not counted yet");
        // The low bits choose the slot, so the high ones choose the partition.
        let is_in =
            |hash: u64| parts <= 1 || ((u128::from(hash) * parts as u128) >> 64) as usize == part;
        for slot in &self.short {
            if slot.key[1] != 0 && (parts <= 1 || is_in(mix(slot.key, self.seed))) {
                let mut bytes = [0; 16];
                bytes[..8].copy_from_slice(&slot.key[0].to_le_bytes());
                bytes[8..].copy_from_slice(&slot.key[1].to_le_bytes());
                each(&bytes[..usize::from(bytes[15])], slot.count);
            }
        }
        for long in &self.long {
            if is_in(long.hash) {
                each(long_word(&self.arena, long), long.count);
            }
        }
    }

    /// The smallest count that is greater than `count`.
    pub(super) fn least_above(&self, count: u64) -> u64 {
        let mut least = u64::MAX;
        self.for_each(0, 1, |_, found| {
            if found > count {
                least = least.min(found);
            }
        });
        least
    }

    /// Forgets words that occur `most` times or less.
    pub(super) fn prune(&mut self, most: u64) {
        let mut kept = Self::new(self.seed);
        self.for_each(0, 1, |word, count| {
            if count > most {
                kept.add_slow(word, count);
            }
        });
        *self = kept;
    }
}

fn long_word<'a>(arena: &'a [u8], long: &Long) -> &'a [u8] {
    &arena[long.start as usize..(long.start + long.len) as usize]
}

/// Every bit of the result depends on every bit of the key.
#[inline(always)]
fn mix(key: [u64; 2], seed: u64) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product >> 64) as u64 ^ product as u64
    };
    let first = fold(key[0] ^ seed, key[1] ^ 0x9E37_79B9_7F4A_7C15);
    fold(first ^ key[1], seed)
}

fn hash_long(word: &[u8], seed: u64) -> u64 {
    let (blocks, rest) = word.as_chunks::<8>();
    let mut hash = seed ^ word.len() as u64;
    for block in blocks {
        hash = mix([hash, u64::from_le_bytes(*block)], seed);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix([hash, u64::from_le_bytes(last)], seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn words_of_all_lengths_are_counted() {
        let mut text: Vec<u8> = Vec::new();
        let mut places = Vec::new();
        for n in 0..30_000usize {
            let start = text.len();
            let len = 1 + n % 40;
            text.extend((0..len).map(|i| if n % 3 == 0 { 0 } else { (n % 97 * (i + 1)) as u8 }));
            places.push((start, text.len()));
        }
        let mut wanted: BTreeMap<&[u8], u64> = BTreeMap::new();
        let padded = [&text[..], &[0xFF; PADDING]].concat();
        for seed in [1, 77, random_seed()] {
            let mut table = Table::new(seed);
            wanted.clear();
            for (n, &(start, end)) in places.iter().enumerate() {
                if n % 2 == 0 {
                    table.add(&padded, start, end);
                } else {
                    table.add_slow(&text[start..end], 1);
                }
                *wanted.entry(&text[start..end]).or_default() += 1;
            }
            table.settle();
            assert_eq!(table.len(), wanted.len());
            let mut found: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
            for part in 0..3 {
                table.for_each(part, 3, |word, count| {
                    assert_eq!(found.insert(word.to_vec(), count), None);
                });
            }
            assert!(
                found
                    .iter()
                    .map(|(word, count)| (&**word, count))
                    .eq(wanted.iter().map(|(word, count)| (*word, count)))
            );
            table.prune(100);
            assert_eq!(table.len(), wanted.values().filter(|count| **count > 100).count());
        }
    }
}
