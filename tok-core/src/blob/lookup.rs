//! Where entries are placed and found: one function for both.
//!
//! Level 0 holds pre-tokens of up to 15 bytes, three to a cache line: three 16-byte keys, three
//! values, and in the last four bytes a *link*. A key is hashed to one line of the head. What does
//! not fit there lies in a group of cold lines that belongs to this head line alone; the link says
//! where the group starts, how many lines it has, and which seed spreads the keys so that no line
//! holds more than three. So a hot hit reads one line, any other hit two, and a miss no more.
//!
//! Pre-tokens of 16 to 31 bytes have their own tier: a pilot (u16) for each group of keys, chosen
//! when baked so that every key has a line of its own.
//!
//! Nothing here trusts the contents: an index is reduced to the section's length or checked.

use super::tables::{Line, Tables, u32_at};

/// Longest key of the first tier.
pub const SHORT_MAX: usize = 15;
/// Longest key of the second tier.
pub const LONG_MAX: usize = 31;
/// Keys in a line of the first tier.
pub const KEYS_PER_LINE: usize = 3;
/// No answer.
pub const NONE: u32 = u32::MAX;

/// What a key's value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value(pub u32);

impl Value {
    const MANY: u32 = 1 << 31;
    /// Ids above this cannot be held.
    pub const MAX_ID: u32 = Self::MANY - 1;
    /// Most ids in one answer.
    pub const MAX_COUNT: usize = 0x7E;
    /// Answers start below this.
    pub const MAX_START: usize = (1 << 24) - 1;

    /// One id, which is at most [`Value::MAX_ID`].
    pub const fn one(id: u32) -> Self {
        Self(id & Self::MAX_ID)
    }

    /// `count` ids from `start` in the answers.
    pub const fn many(start: usize, count: usize) -> Self {
        Self(Self::MANY | (count as u32 & 0x7F) << 24 | start as u32 & 0x00FF_FFFF)
    }

    /// The id, if there is just one.
    #[inline(always)]
    pub const fn as_one(self) -> Option<u32> {
        if self.0 & Self::MANY == 0 { Some(self.0) } else { None }
    }

    /// Start and count in the answers, when it is not just one id.
    #[inline(always)]
    pub const fn span(self) -> (usize, usize) {
        ((self.0 & 0x00FF_FFFF) as usize, (self.0 >> 24 & 0x7F) as usize)
    }
}

const K1: u64 = 0x9E37_79B9_7F4A_7C15;
const K2: u64 = 0xD6E8_FEB8_6659_FD93;

#[inline(always)]
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    product as u64 ^ (product >> 64) as u64
}

/// A pre-token of up to 15 bytes: its bytes, zeros, and its length in the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub u128);

/// What stands for the length of a pre-token that is longer than any key.
const TOO_LONG: usize = 16;

/// The lowest bytes, by their number up to 15.
static MASKS: [u128; 32] = {
    let mut masks = [0; 32];
    let mut len = 1;
    while len < 16 {
        masks[len] = masks[len - 1] << 8 | 0xFF;
        len += 1;
    }
    masks
};

impl Key {
    /// The key of `bytes`; `None` above 15 bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut key = [0; 16];
        key.get_mut(..SHORT_MAX)?.get_mut(..bytes.len())?.copy_from_slice(bytes);
        key[15] = bytes.len() as u8;
        Some(Self(u128::from_le_bytes(key)))
    }

    /// The key of `text[start..start + len]`, `len <= 15`, read with one load where `text` goes
    /// on far enough. `None` if it is out of range.
    #[inline(always)]
    pub fn load(text: &[u8], start: usize, len: usize) -> Option<Self> {
        debug_assert!(len <= SHORT_MAX);
        if let Some((block, _)) = text.get(start..)?.split_first_chunk::<16>() {
            let bytes = u128::from_le_bytes(*block) & MASKS[len & 31];
            return Some(Self(bytes | (len as u128) << 120));
        }
        Self::new(text.get(start..start + len)?)
    }

    /// As [`Key::load`] for any length, with one read, where `text` goes on for 16 bytes: with more
    /// than 15 bytes, a key that no entry has.
    #[inline(always)]
    pub fn load_wide(block: &[u8; 16], len: usize) -> Self {
        let len = if len > SHORT_MAX { TOO_LONG } else { len };
        // The mask of TOO_LONG is that of no bytes.
        let bytes = u128::from_le_bytes(*block) & MASKS[len & 31];
        Self(bytes | (len as u128) << 120)
    }

    /// Its hash.
    #[inline(always)]
    pub const fn hash(self) -> u64 {
        fold(self.0 as u64 ^ K1, (self.0 >> 64) as u64 ^ K2)
    }
}

/// `hash` reduced to `0..len`.
#[inline(always)]
pub const fn reduce(hash: u64, len: usize) -> usize {
    ((hash as u128 * len as u128) >> 64) as usize
}

/// Another hash of a key, for a seed.
#[inline(always)]
const fn reseed(hash: u64, seed: u32) -> u64 {
    ((hash as u32 ^ seed.wrapping_mul(0x9E37_79B9)) as u64).wrapping_mul(K2 | 1) << 7
}

/// Where a head line's other keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link(pub u32);

impl Link {
    /// Most lines in a group.
    pub const MAX_LINES: usize = 63;
    /// Seeds to try.
    pub const SEEDS: u32 = 32;
    /// Groups start below this.
    pub const MAX_START: usize = 1 << 21;

    /// A group of `lines` lines from `start`, spread by `seed`.
    pub const fn new(start: usize, lines: usize, seed: u32) -> Self {
        Self((start as u32) << 11 | (lines as u32 & 63) << 5 | seed & 31)
    }

    /// The line of the key with this hash: an index into the cold lines; `None` if there are none.
    #[inline(always)]
    pub const fn line(self, hash: u64) -> Option<usize> {
        let lines = (self.0 >> 5 & 63) as usize;
        if lines == 0 {
            return None;
        }
        Some((self.0 >> 11) as usize + Self::offset(hash, self.0 & 31, lines))
    }

    /// The line within a group of `lines`.
    #[inline(always)]
    pub const fn offset(hash: u64, seed: u32, lines: usize) -> usize {
        reduce(reseed(hash, seed), lines)
    }
}

#[inline(always)]
fn part<const N: usize>(line: &Line, at: usize) -> [u8; N] {
    // The callers' constants are within the line, so this folds away.
    match line.get(at..).and_then(|rest| rest.first_chunk::<N>()) {
        Some(bytes) => *bytes,
        None => [0; N],
    }
}

/// The value of `key` in `line`.
#[inline(always)]
pub fn pick(line: &Line, key: Key) -> u32 {
    let (keys, _) = line.as_chunks::<16>();
    let (values, _) = line.as_chunks::<4>();
    // At most one slot holds the key, and NONE is all ones. Without a branch: which slot it is,
    // and whether it is one, is as good as random.
    let mut found = NONE;
    for slot in 0..KEYS_PER_LINE {
        let rest = u128::from_le_bytes(keys[slot]) ^ key.0;
        let other = (rest as u64 | (rest >> 64) as u64) != 0;
        found &= u32::from_le_bytes(values[12 + slot]) | u32::from(other).wrapping_neg();
    }
    found
}

/// The link of a head line.
#[inline(always)]
pub fn link(line: &Line) -> Link {
    Link(u32::from_le_bytes(part(line, 60)))
}

/// The line of the head to which a hash belongs, `head_len > 0`.
#[inline(always)]
pub const fn head_line(hash: u64, head_len: usize) -> usize {
    reduce(hash, head_len)
}

/// The value of a key in the head; NONE if it is not there.
#[inline(always)]
pub fn find_hot(head: &[Line], key: Key, hash: u64) -> u32 {
    match head.get(head_line(hash, head.len())) {
        Some(line) => pick(line, key),
        None => NONE,
    }
}

/// The answer for a pre-token of up to 15 bytes.
#[inline]
pub fn find_short(tables: &Tables<'_>, key: Key, hash: u64) -> Option<Value> {
    let line = tables.head.get(head_line(hash, tables.head.len()))?;
    let value = pick(line, key);
    if value != NONE {
        return Some(Value(value));
    }
    find_cold(tables, key, hash)
}

/// The answer for a pre-token that is not in the head.
#[inline]
pub fn find_cold(tables: &Tables<'_>, key: Key, hash: u64) -> Option<Value> {
    let head = tables.head.get(head_line(hash, tables.head.len()))?;
    let value = pick(tables.cold.get(link(head).line(hash)?)?, key);
    (value != NONE).then_some(Value(value))
}

/// A pre-token of 16 to 31 bytes: its bytes, zeros, and its length in the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongKey(pub [u8; 32]);

impl LongKey {
    /// The key of `bytes`; `None` outside 16 to 31 bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() <= SHORT_MAX {
            return None;
        }
        let mut key = [0; 32];
        key.get_mut(..LONG_MAX)?.get_mut(..bytes.len())?.copy_from_slice(bytes);
        key[31] = bytes.len() as u8;
        Some(Self(key))
    }

    /// Its hash.
    #[inline]
    pub fn hash(&self) -> u64 {
        let word = |i: usize| {
            let (words, _) = self.0.as_chunks::<8>();
            u64::from_le_bytes(words.get(i).copied().unwrap_or_default())
        };
        fold(fold(word(0) ^ K1, word(1) ^ K2) ^ word(2), word(3) ^ K1)
    }
}

/// The pilot's index for a hash, `pilots > 0`.
#[inline]
pub const fn pilot_index(hash: u64, pilots: usize) -> usize {
    reduce(hash, pilots)
}

/// The line for a hash and its pilot, `lines > 0`.
#[inline]
pub const fn long_line(hash: u64, pilot: u16, lines: usize) -> usize {
    reduce(reseed(hash, pilot as u32), lines)
}

/// The answer for a pre-token of 16 to 31 bytes.
#[inline]
pub fn find_long(tables: &Tables<'_>, key: &LongKey, hash: u64) -> Option<Value> {
    if tables.long.is_empty() {
        return None;
    }
    let pilot = tables.long_pilots.get(pilot_index(hash, tables.long_pilots.len()))?;
    let line = tables.long.get(long_line(hash, u16::from_le_bytes(*pilot), tables.long.len()))?;
    let same = part::<32>(line, 0) == key.0;
    same.then(|| Value(u32::from_le_bytes(part(line, 32))))
}

/// A hash of bytes of any length.
#[inline]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut state = K1 ^ bytes.len() as u64;
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), K2);
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    fold(state ^ u64::from_le_bytes(last), K1 | 1)
}

/// The slots of the index where a hash may lie, in the order in which they are tried.
#[inline]
pub fn index_slots(hash: u64, len: usize) -> impl Iterator<Item = usize> {
    let start = reduce(hash, len);
    (start..len).chain(0..start)
}

/// The id of the token with these bytes, vocabulary entries before added tokens.
pub fn find_id(tables: &Tables<'_>, bytes: &[u8]) -> Option<u32> {
    for slot in index_slots(hash_bytes(bytes), tables.index.len()) {
        let id = u32_at(tables.index, slot)?;
        if id == NONE {
            return None;
        }
        if tables.token(id) == Some(bytes) {
            return Some(id);
        }
    }
    None
}

/// A pair of symbols and what they merge to, in one word.
///
/// 21 bits each for left, right and product, and a low bit that says the slot is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairEntry(pub u64);

impl PairEntry {
    /// Symbols are below this.
    pub const MAX_SYMBOLS: usize = 1 << 21;
    /// Entries in a line.
    pub const PER_LINE: usize = 8;
    /// Lines that are tried.
    pub const MAX_LINES: usize = 4;

    /// The entry for `left` + `right` = `merged`, all below [`PairEntry::MAX_SYMBOLS`].
    pub const fn new(left: u32, right: u32, merged: u32) -> Self {
        Self(Self::key(left, right) | (merged as u64) << 1 | 1)
    }

    #[inline(always)]
    const fn key(left: u32, right: u32) -> u64 {
        (left as u64) << 43 | (right as u64) << 22
    }

    /// The first line to try for a pair, `lines > 0`.
    #[inline(always)]
    pub const fn line(left: u32, right: u32, lines: usize) -> usize {
        reduce((Self::key(left, right) >> 22 ^ (left as u64) << 43).wrapping_mul(K1), lines)
    }
}

/// What a pair of symbols merges to, or [`NONE`].
#[inline(always)]
pub fn find_pair(lines: &[Line], left: u32, right: u32) -> u32 {
    let wanted = PairEntry::key(left, right) | 1;
    if lines.is_empty() {
        return NONE;
    }
    let mut at = PairEntry::line(left, right, lines.len());
    for _ in 0..PairEntry::MAX_LINES {
        let Some(line) = lines.get(at) else { return NONE };
        let mut found = NONE;
        let mut last = 0;
        for entry in line.as_chunks::<8>().0 {
            last = u64::from_le_bytes(*entry);
            // Equal keys leave the product; a free slot leaves an odd difference.
            let rest = last ^ wanted;
            if rest < 1 << 22 && rest & 1 == 0 {
                found = (rest >> 1) as u32;
            }
        }
        // A line is filled from its start, so a free last slot ends the search.
        if found != NONE || last == 0 {
            return found;
        }
        at = if at + 1 == lines.len() { 0 } else { at + 1 };
    }
    NONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_however_it_is_loaded() {
        let text = b"the quick brown fox jumps over the lazy dog";
        for start in 0..text.len() {
            for len in 1..=15.min(text.len() - start) {
                let key = Key::new(&text[start..start + len]);
                assert!(key.is_some());
                assert_eq!(Key::load(text, start, len), key);
            }
        }
        assert_eq!(Key::new(&text[..16]), None);
        assert_eq!(Key::load(text, 40, 15), None);
    }

    #[test]
    fn values_keep_what_they_are_given() {
        assert_eq!(Value::one(7).as_one(), Some(7));
        assert_eq!(Value::many(5, 3).as_one(), None);
        assert_eq!(Value::many(0x00AB_CDEF, 0x7E).span(), (0x00AB_CDEF, 0x7E));
    }

    #[test]
    fn a_link_leads_into_its_group() {
        for seed in 0..Link::SEEDS {
            for hash in [0, 1, u64::MAX, 0x1234_5678_9ABC_DEF0] {
                let line = Link::new(1000, 17, seed).line(hash);
                assert!(line.is_some_and(|line| (1000..1017).contains(&line)), "{line:?}");
            }
        }
        assert_eq!(Link::new(5, 0, 0).line(1), None);
    }

    #[test]
    fn pairs_are_found_in_the_line_and_after_a_full_one() {
        let mut lines = [[0u8; 64]; 2];
        let put = |lines: &mut [Line; 2], line: usize, slot: usize, entry: PairEntry| {
            lines[line][8 * slot..8 * slot + 8].copy_from_slice(&entry.0.to_le_bytes());
        };
        let home = PairEntry::line(3, 4, 2);
        for slot in 0..8 {
            put(&mut lines, home, slot, PairEntry::new(100 + slot as u32, 7, 50 + slot as u32));
        }
        put(&mut lines, 1 - home, 0, PairEntry::new(3, 4, 77));
        assert_eq!(find_pair(&lines, 3, 4), 77);
        assert_eq!(find_pair(&lines, 3, 5), NONE);
        assert_eq!(find_pair(&lines, 0, 0), NONE);
    }
}
