//! Token → entry lookup that is cheap in unoptimized builds.

use std::hash::{BuildHasher, Hasher, RandomState};

use super::Vocab;

/// Slots of a table for so many entries: two thirds of them taken at most, since a table that is twice as
/// large costs more than the probes that it saves.
pub(crate) fn slots_for(entries: usize) -> usize {
    (entries + entries / 2).next_power_of_two().max(16)
}

/// Finds entries of a [`Vocab`] by their bytes.
///
/// Host code runs at opt-level 0, where the standard `HashMap` spends microseconds on an insertion.
/// This is one flat table of fixed-size slots that point into the vocabulary's own arena.
#[derive(Debug, Clone)]
pub struct VocabIndex {
    /// High half: hash; low half: entry + 1, or 0 for a free slot.
    slots: Vec<u64>,
    seed: u64,
}

impl VocabIndex {
    /// Indexes `vocab`, and returns the entries whose bytes an earlier entry has too, as (earlier,
    /// later); the index finds the earlier one.
    pub fn new(vocab: &Vocab) -> (Self, Vec<(usize, usize)>) {
        let mut index = Self { slots: vec![0; slots_for(vocab.len())], seed: random_seed() };
        let mut duplicates = Vec::new();
        for (entry, (token, _)) in vocab.iter().enumerate() {
            let hash = index.hash(token);
            match index.find(vocab, token, hash) {
                Ok(earlier) => duplicates.push((earlier, entry)),
                Err(slot) => index.slots[slot] = hash << 32 | (entry as u64 + 1),
            }
        }
        (index, duplicates)
    }

    /// The entry of `vocab` whose bytes are `token`. `vocab` is the one this index was made from.
    pub fn get(&self, vocab: &Vocab, token: &[u8]) -> Option<usize> {
        self.find(vocab, token, self.hash(token)).ok()
    }

    /// As [`get`](Self::get), for a token that is likely to be the entry of the last call or the one
    /// behind it.
    pub(crate) fn get_near(&self, vocab: &Vocab, token: &[u8], last: &mut usize) -> Option<usize> {
        let found = near(vocab, token, last);
        found.or_else(|| self.get(vocab, token).inspect(|&entry| *last = entry))
    }

    /// The id that `vocab` gives to `token`. `vocab` is the one this index was made from.
    pub fn id(&self, vocab: &Vocab, token: &[u8]) -> Option<u32> {
        vocab.get(self.get(vocab, token)?).map(|(_, id)| id)
    }

    /// The entry, or the free slot where it would be.
    fn find(&self, vocab: &Vocab, token: &[u8], hash: u64) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        // The high bits choose the slot: they depend on every bit of the product.
        let mut at = (hash >> 32) as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            if (slot >> 32) as u32 == hash as u32 {
                let entry = (slot as u32 - 1) as usize;
                if vocab.get(entry).is_some_and(|(bytes, _)| same(bytes, token)) {
                    return Ok(entry);
                }
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn hash(&self, token: &[u8]) -> u64 {
        // Whole words, and at the end the last 8 bytes once more, or all there are.
        let mut hash = self.seed ^ token.len() as u64;
        if let Some(last) = token.last_chunk::<8>() {
            let (words, _) = token.as_chunks::<8>();
            for word in words {
                hash = mix(hash ^ u64::from_le_bytes(*word), self.seed);
            }
            return mix(hash ^ u64::from_le_bytes(*last), self.seed);
        }
        let word = match (token.first_chunk::<4>(), token.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            _ => token.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)),
        };
        mix(hash ^ word, self.seed)
    }
}

/// Whether two texts are equal, without a call for those of a few bytes.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if let (Some(a), Some(b)) = (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        return a == b
            && match (one.last_chunk::<8>(), other.last_chunk::<8>()) {
                (Some(a), Some(b)) if one.len() <= 16 => a == b,
                _ => one == other,
            };
    }
    match (one.first_chunk::<4>(), other.first_chunk::<4>()) {
        (Some(a), Some(b)) => a == b && one.last_chunk::<4>() == other.last_chunk::<4>(),
        _ => one.iter().eq(other),
    }
}

/// The entry behind the last one, or the last one, if it is this token.
fn near(vocab: &Vocab, token: &[u8], last: &mut usize) -> Option<usize> {
    let is_here = |entry: &usize| vocab.get(*entry).is_some_and(|(bytes, _)| same(bytes, token));
    let entry = [*last + 1, *last].into_iter().find(is_here)?;
    *last = entry;
    Some(entry)
}

/// Finds pairs of ids, such as merges.
#[derive(Debug, Clone)]
pub(crate) struct PairIndex {
    /// Pair and value + 1; 0 for a free slot.
    slots: Vec<(u64, u32)>,
    seed: u64,
}

impl PairIndex {
    /// An index with room for `len` pairs.
    pub(crate) fn with_capacity(len: usize) -> Self {
        Self { slots: vec![(0, 0); slots_for(len)], seed: random_seed() }
    }

    /// Gives `pair` the value, and returns the one it had. At most as many pairs as there was room
    /// made for.
    pub(crate) fn insert(&mut self, (a, b): (u32, u32), value: u32) -> Option<u32> {
        let key = (a as u64) << 32 | b as u64;
        let mask = self.slots.len() - 1;
        let mut at = (mix(key ^ self.seed, self.seed) >> 32) as usize & mask;
        loop {
            let slot = &mut self.slots[at];
            if slot.1 == 0 {
                *slot = (key, value + 1);
                return None;
            }
            if slot.0 == key {
                let old = slot.1 - 1;
                slot.1 = value + 1;
                return Some(old);
            }
            at = (at + 1) & mask;
        }
    }
}

/// Finds merges that are listed again: those of one product follow each other in a chain, which is no
/// longer than the product has places where it can be cut. Products come nearly in the order of entries,
/// so this is faster than a table of pairs.
#[derive(Debug, Clone)]
pub(crate) struct MergeChains {
    /// By product: its last merge + 1; 0 if it has none yet.
    last: Vec<u32>,
    /// By merge: the one before it with the same product + 1.
    before: Vec<u32>,
}

impl MergeChains {
    /// For so many tokens and merges.
    pub(crate) fn new(tokens: usize, merges: usize) -> Self {
        Self { last: vec![0; tokens], before: Vec::with_capacity(merges) }
    }

    /// Appends a merge to those that `pairs` has, and returns the last equal one if there is one, which is
    /// then no longer in its chain.
    pub(crate) fn push(
        &mut self,
        pairs: &[(u32, u32)],
        pair: (u32, u32),
        product: usize,
    ) -> Option<usize> {
        let first = self.last[product];
        self.last[product] = pairs.len() as u32 + 1;
        self.before.push(first);
        let mut link = pairs.len();
        while let Some(at) = (self.before[link] as usize).checked_sub(1) {
            if pairs[at] == pair {
                self.before[link] = self.before[at];
                return Some(at);
            }
            link = at;
        }
        None
    }
}

/// A multiplication whose two halves are folded together.
pub(crate) fn mix(a: u64, seed: u64) -> u64 {
    let product = u128::from(a) * u128::from(seed);
    (product >> 64) as u64 ^ product as u64
}

/// Random, so that nobody can prepare a file whose tokens all collide. Nothing but the time of a
/// lookup depends on it.
pub(crate) fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish() | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_entry_and_nothing_else() {
        let mut vocab = Vocab::default();
        for n in 0..5000u32 {
            vocab.push(&b"abcdefghijklmnopqrstuvwx"[..n as usize % 25], u32::MAX);
            vocab.push(format!("{}{n}", "x".repeat(n as usize % 19)).as_bytes(), n);
        }
        let (index, duplicates) = VocabIndex::new(&vocab);
        assert_eq!(duplicates.len(), 5000 - 25);
        assert_eq!(duplicates.first(), Some(&(0, 50)));
        for n in 0..5000u32 {
            let token = format!("{}{n}", "x".repeat(n as usize % 19));
            assert_eq!(index.id(&vocab, token.as_bytes()), Some(n));
            assert_eq!(index.id(&vocab, format!("{token} ").as_bytes()), None);
        }
        assert_eq!(index.get(&vocab, b""), Some(0));
        assert_eq!(VocabIndex::new(&Vocab::default()).0.get(&Vocab::default(), b""), None);
    }

    #[test]
    fn merges_that_are_listed_again_are_found() {
        let (mut chains, mut index) = (MergeChains::new(7, 0), PairIndex::with_capacity(1000));
        let mut pairs = Vec::new();
        for n in 0..1000u32 {
            let pair = (n * n % 13, n % 3);
            let before = chains.push(&pairs, pair, (pair.0 % 7) as usize);
            assert_eq!(before, index.insert(pair, n).map(|before| before as usize));
            pairs.push(pair);
        }
    }

    #[test]
    fn a_pair_keeps_its_last_value() {
        let mut pairs = PairIndex::with_capacity(1000);
        for n in 0..1000 {
            assert_eq!(pairs.insert((n % 31, n), n), None);
        }
        assert_eq!(pairs.insert((0, 0), 7), Some(0));
        assert_eq!(pairs.insert((0, 0), 8), Some(7));
        assert_eq!(pairs.insert((1, 0), 9), None);
    }
}
