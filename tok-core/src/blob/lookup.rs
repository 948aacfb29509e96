//! Where entries are placed and found: one function for both.
//!
//! Level 0 holds pre-tokens of up to 7 bytes, five to a cache line: five 8-byte keys, five values,
//! and in the last four bytes a *link*; and in lines of their own those of 8 to 15 bytes, three to a
//! line, with keys of 16 bytes. A key is hashed to one line of the head. What does not fit there
//! lies in a group of cold lines that belongs to this head line alone; the link says where the group
//! starts, how many lines it has, and which seed spreads the keys so that no line holds more than it can. So a hot hit reads one line, any other hit two, and a miss no more. In front of both
//! stands a filter that knows most of what is not there.
//!
//! Pre-tokens of 16 to 31 bytes have their own tier: a pilot (u16) for each group of keys, chosen
//! when baked so that every key has a line of its own.
//!
//! Nothing here trusts the contents: an index is reduced to the section's length or checked.

use core::hint::select_unpredictable;

use super::tables::{Line, Tables, u32_at};

/// Longest key of the first tier.
pub const TINY_MAX: usize = 7;
/// Longest key of the second tier.
pub const SHORT_MAX: usize = 15;
/// Longest key of the third tier.
pub const LONG_MAX: usize = 31;
/// Keys in a line of the first tier.
pub const TINY_PER_LINE: usize = 5;
/// Keys in a line of the second tier.
pub const SHORT_PER_LINE: usize = 3;
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
pub(crate) const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    product as u64 ^ (product >> 64) as u64
}

/// A pre-token of up to 7 bytes: its bytes, zeros, and its length in the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TinyKey(pub u64);

/// Up to seven bytes as a number, the first one lowest.
#[inline(always)]
pub(crate) fn small(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let at = |i: usize| bytes.get(i).map_or(0, |&byte| u64::from(byte));
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(low), Some(last)) => {
            // The two overlap where there are fewer than eight bytes, in the same bits.
            let last = u64::from(u32::from_le_bytes(*last));
            u64::from(u32::from_le_bytes(*low)) | last << ((8 * (len - 4) as u32) & 63)
        }
        _ => at(0) | at(1) << 8 | at(2) << 16,
    }
}

impl TinyKey {
    /// The key of `bytes`; `None` above 7 bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > TINY_MAX {
            return None;
        }
        Some(Self(small(bytes) | (bytes.len() as u64) << 56))
    }

    /// Its hash.
    #[inline(always)]
    pub const fn hash(self) -> u64 {
        let product = self.0.wrapping_mul(K1);
        product ^ product >> 32
    }
}

/// A pre-token of up to 15 bytes: its bytes, zeros, and its length in the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(pub u128);

impl Key {
    /// The key of `bytes`; `None` above 15 bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let len = bytes.len();
        let value = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(low), Some(last)) if len <= SHORT_MAX => {
                // Of the last eight bytes, those that are not among the first.
                let high = u64::from_le_bytes(*last).checked_shr(8 * (16 - len as u32));
                u128::from(u64::from_le_bytes(*low)) | u128::from(high.unwrap_or(0)) << 64
            }
            (None, _) => u128::from(small(bytes)),
            _ => return None,
        };
        Some(Self(value | (len as u128) << 120))
    }

    /// As a key of the first tier, if it is one.
    #[inline(always)]
    pub const fn tiny(self) -> Option<TinyKey> {
        let len = (self.0 >> 120) as u64;
        if len > TINY_MAX as u64 { None } else { Some(TinyKey(self.0 as u64 | len << 56)) }
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

/// The value of a key in a line of the first tier.
#[inline(always)]
pub fn pick_tiny(line: &Line, key: TinyKey) -> u32 {
    let (keys, _) = line.as_chunks::<8>();
    let (words, _) = line.as_chunks::<4>();
    // Without a branch: which slot it is, and whether it is one, is as good as random. A bit for
    // each slot, and one more.
    let mut hits = 1 << TINY_PER_LINE;
    for (i, candidate) in keys[..TINY_PER_LINE].iter().enumerate() {
        hits |= u32::from(u64::from_le_bytes(*candidate) == key.0) << i;
    }
    let slot = hits.trailing_zeros() as usize;
    let value = u32::from_le_bytes(words[(2 * TINY_PER_LINE + slot) & 15]);
    select_unpredictable(slot == TINY_PER_LINE, NONE, value)
}

/// The value of a key in a line of the second tier.
#[inline(always)]
pub fn pick_short(line: &Line, key: Key) -> u32 {
    let (keys, _) = line.as_chunks::<16>();
    let (values, _) = line.as_chunks::<4>();
    let mut found = NONE;
    for slot in 0..SHORT_PER_LINE {
        let rest = u128::from_le_bytes(keys[slot]) ^ key.0;
        let other = (rest as u64 | (rest >> 64) as u64) != 0;
        found = select_unpredictable(other, found, u32::from_le_bytes(values[12 + slot]));
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

/// Bits of the filter for each key of up to 15 bytes.
pub const FILTER_BITS: usize = 10;

/// A hash of which the upper bits are good, from the two words of a key: for the filter, and for level 1,
/// which has made it already when the filter is asked.
#[inline(always)]
pub(crate) const fn mix(low: u64, high: u64) -> u64 {
    (low ^ high.rotate_left(29)).wrapping_mul(K1)
}

/// The block of a key in the filter, of `blocks`, and its bits there.
#[inline(always)]
pub const fn filter_bits(key: Key, blocks: usize) -> (usize, u64) {
    let hash = mix(key.0 as u64, (key.0 >> 64) as u64);
    // Below those that choose the block.
    let bits = 1 << (hash >> 42 & 63) | 1 << (hash >> 36 & 63) | 1 << (hash >> 30 & 63);
    (reduce(hash, blocks), bits)
}

/// Whether a pre-token of up to 15 bytes may be in level 0. Most that are not are known here, from a table
/// that stays near, and not from two lines that mostly are not.
#[inline(always)]
fn may_be_short(tables: &Tables<'_>, key: Key) -> bool {
    let (block, bits) = filter_bits(key, tables.short_filter.len());
    let block = tables.short_filter.get(block);
    block.is_some_and(|block| u64::from_le_bytes(*block) & bits == bits)
}

/// The value of a pre-token of up to 15 bytes; NONE if it has none.
#[inline]
pub fn find_short(tables: &Tables<'_>, key: Key) -> u32 {
    if !may_be_short(tables, key) {
        return NONE;
    }
    find_tier(tables, key, tables.tiny_cold, tables.short_cold)
}

/// The value of a pre-token of up to 15 bytes in the head of its tier; NONE if it is not there.
#[inline]
pub fn find_head(tables: &Tables<'_>, key: Key) -> u32 {
    find_tier(tables, key, &[], &[])
}

#[inline(always)]
fn find_tier(tables: &Tables<'_>, key: Key, tiny_cold: &[Line], short_cold: &[Line]) -> u32 {
    match key.tiny() {
        Some(key) => find_in(tables.tiny_head, tiny_cold, key.hash(), |line| pick_tiny(line, key)),
        None => find_in(tables.short_head, short_cold, key.hash(), |line| pick_short(line, key)),
    }
}

/// What `pick` finds in the head line of a hash, or else in the cold line to which that one leads.
#[inline(always)]
fn find_in(head: &[Line], cold: &[Line], hash: u64, pick: impl Fn(&Line) -> u32) -> u32 {
    let Some(line) = head.get(head_line(hash, head.len())) else { return NONE };
    let found = pick(line);
    if found != NONE {
        return found;
    }
    link(line).line(hash).and_then(|at| cold.get(at)).map_or(NONE, pick)
}

/// A pre-token of 16 to 31 bytes: its bytes, zeros, and its length in the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongKey(pub [u8; 32]);

impl LongKey {
    /// The key of `bytes`; `None` outside 16 to 31 bytes.
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LONG_MAX {
            return None;
        }
        // The first sixteen bytes, and the last, of which those that are not among the first count.
        let low = bytes.first_chunk::<16>()?;
        let last = u128::from_le_bytes(*bytes.last_chunk::<16>()?);
        let high = last.checked_shr(8 * (32 - bytes.len() as u32)).unwrap_or(0);
        let high = high | (bytes.len() as u128) << 120;
        let mut key = [0; 32];
        key[..16].copy_from_slice(low);
        key[16..].copy_from_slice(&high.to_le_bytes());
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

/// Bytes of the filter for vocabulary entries of more than 31 bytes.
pub const WHOLE_FILTER: usize = 1024;

/// The byte and the bit of a text of more than 31 bytes in their filter.
#[inline(always)]
pub fn whole_bit(text: &[u8]) -> (usize, u32) {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let first = word(text.first_chunk()) ^ (text.len() as u64).wrapping_mul(K1);
    let bit = reduce(fold(first ^ K1, word(text.last_chunk()) ^ K2), 8 * WHOLE_FILTER);
    (bit >> 3, bit as u32 & 7)
}

/// Whether a text of more than 31 bytes may be a vocabulary entry that is an answer.
#[inline]
pub fn may_be_whole(tables: &Tables<'_>, text: &[u8]) -> bool {
    let (byte, bit) = whole_bit(text);
    tables.whole_filter.get(byte).is_some_and(|&byte| byte >> bit & 1 != 0)
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

    /// The entry for `left` + `right` = `merged`, all below [`PairEntry::MAX_SYMBOLS`].
    pub const fn new(left: u32, right: u32, merged: u32) -> Self {
        Self(Self::key(left, right) | (merged as u64) << 1 | 1)
    }

    #[inline(always)]
    const fn key(left: u32, right: u32) -> u64 {
        (left as u64) << 43 | (right as u64) << 22
    }

    /// The hash of a pair.
    #[inline(always)]
    pub const fn hash(left: u32, right: u32) -> u64 {
        let product = ((left as u64) << 32 | right as u64).wrapping_mul(K1);
        (product ^ product >> 29).wrapping_mul(K2 | 1)
    }

    /// The pilot of a hash, of `pilots`.
    #[inline(always)]
    pub const fn pilot(hash: u64, pilots: usize) -> usize {
        reduce(hash, pilots)
    }

    /// The only slot for a hash, of `slots`, with its pilot.
    #[inline(always)]
    pub const fn slot(hash: u64, pilot: u8, slots: usize) -> usize {
        // Other bits than those that chose the pilot.
        let spread = (hash as u32).wrapping_mul(2 * pilot as u32 + 1);
        ((spread as u64 * slots as u64) >> 32) as usize
    }
}

/// What a pair of symbols merges to, or [`NONE`].
///
/// Most pairs that are asked for merge to nothing, the others to anything: every pair has one slot, so
/// that there is nothing to predict.
#[inline(always)]
pub fn find_pair(tables: &Tables<'_>, left: u32, right: u32) -> u32 {
    let hash = PairEntry::hash(left, right);
    let (pilots, pairs) = (tables.pair_pilots, tables.pairs);
    let Some(&pilot) = pilots.get(PairEntry::pilot(hash, pilots.len())) else { return NONE };
    let Some(entry) = pairs.get(PairEntry::slot(hash, pilot, pairs.len())) else { return NONE };
    // Equal keys leave the product; a free slot leaves an odd difference.
    let rest = u64::from_le_bytes(*entry) ^ (PairEntry::key(left, right) | 1);
    select_unpredictable(rest < 1 << 22 && rest & 1 == 0, (rest >> 1) as u32, NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_bytes_zeros_and_their_number() {
        let text = b"the quick brown fox jumps over the lazy dog";
        for start in 0..text.len() {
            for len in 1..=15.min(text.len() - start) {
                let piece = &text[start..start + len];
                let mut bytes = [0; 16];
                bytes[..len].copy_from_slice(piece);
                bytes[15] = len as u8;
                assert_eq!(Key::new(piece), Some(Key(u128::from_le_bytes(bytes))));
            }
        }
        assert_eq!(Key::new(&text[..16]), None);
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
}
