//! Merging a few symbols, with bits for what is left of them.

use super::{
    BytePair, Pairs, SHORT,
    seams::{is_wide, merge_groups},
};
use crate::blob::lookup::NONE;
use core::hint::select_unpredictable;

/// The bits below `at`, which is less than 64.
#[inline(always)]
const fn below(at: usize) -> u64 {
    (1 << at) - 1
}

/// The bits below `at`, which is 64 at most.
#[inline(always)]
const fn all_below(at: usize) -> u64 {
    if at == 64 { !0 } else { below(at) }
}

/// What merging begins with.
struct Start {
    /// A bit for each place where a symbol begins.
    begins: u64,
    /// A bit for each that merges with the next.
    live: u64,
    /// How many there are; of ASCII, whose symbols stand where their first bytes do, how many bytes.
    len: usize,
}

/// Writes the symbols that merging begins with, and the rank of each and the next; `None` if they are
/// too many.
#[inline(always)]
fn fill<P: Pairs>(
    pairs: &P,
    bytes: &[u8],
    symbols: &mut [u32; SHORT],
    ranks: &mut [u32; SHORT],
) -> Option<Start> {
    if let Some(start) = fill_ascii(pairs, bytes, symbols, ranks) {
        return Some(start);
    }
    let (mut len, mut live) = (0usize, 0u64);
    // `rank`: of the symbol before it and this one, if it is known.
    let mut push = |symbol: u32, rank: Option<u32>| {
        let slot = symbols.get_mut(len)?;
        *slot = symbol;
        if let Some(before) = len.checked_sub(1) {
            let rank = rank.unwrap_or_else(|| pairs.rank(symbols[before], symbol));
            ranks[before] = rank;
            live |= u64::from(rank != NONE) << before;
        }
        len += 1;
        Some(())
    };
    // `left`: the byte that the last symbol is, if it is one.
    let (mut at, mut left) = (0, None);
    while let Some(&byte) = bytes.get(at) {
        if (byte >= 0xC2 || at == 0 && byte == b' ')
            && let Some(begin) = pairs.begin(bytes, at)
        {
            at += begin.len;
            left = None;
            if begin.more.is_empty() {
                push(begin.symbol, None)?;
            }
            // Those of one character do not merge with each other.
            let mut rank = None;
            for symbol in begin.more {
                push(u32::from_le_bytes(*symbol), rank)?;
                rank = Some(NONE);
            }
            continue;
        }
        at += 1;
        let symbol = pairs.byte(byte);
        if symbol != NONE {
            push(symbol, left.map(|left| pairs.byte_rank(left, byte)))?;
            left = Some(byte);
        }
    }
    Some(Start { begins: all_below(len), live, len })
}

/// As [`fill`], for ASCII, where each byte has a symbol. Two bytes that are [quiet](BytePair) are one symbol.
#[inline(always)]
fn fill_ascii<P: Pairs>(
    pairs: &P,
    bytes: &[u8],
    symbols: &mut [u32; SHORT],
    ranks: &mut [u32; SHORT],
) -> Option<Start> {
    let table = pairs.byte_pairs()?;
    let len = bytes.len();
    if !(2..=SHORT).contains(&len) || !is_ascii(bytes) {
        return None;
    }
    let (mut quiet, mut live, mut unknown) = (0u64, 0u64, false);
    let (mut before, mut here) = (BytePair::NONE, BytePair::of(table, bytes[0], bytes[1]));
    let slots = symbols.iter_mut().zip(ranks.iter_mut());
    for (at, (&byte, (symbol, rank))) in bytes.iter().zip(slots).enumerate() {
        let next = match bytes.get(at + 2) {
            Some(&next) => BytePair::of(table, bytes[at + 1], next),
            None => BytePair::NONE,
        };
        let is_quiet = here.is_quiet(before, next);
        unknown |= here.is_large();
        *symbol = select_unpredictable(is_quiet, here.product(), pairs.byte(byte));
        *rank = here.product();
        quiet |= u64::from(is_quiet) << at;
        live |= u64::from(here.merges()) << at;
        (before, here) = (here, next);
    }
    if unknown {
        return None;
    }
    let begins = all_below(len) & !(quiet << 1);
    // Those that have other neighbours now.
    let mut asked = (quiet | quiet >> 1) & begins;
    live &= begins & !asked;
    while asked != 0 {
        let at = asked.trailing_zeros() as usize;
        asked &= asked - 1;
        let next = at + 1 + (quiet >> at & 1) as usize;
        if next < len {
            let rank = pairs.rank(symbols[at], symbols[next % SHORT]);
            ranks[at] = rank;
            live |= u64::from(rank != NONE) << at;
        }
    }
    Some(Start { begins, live, len })
}

/// Whether all bytes are ASCII; for the lengths of words without a branch for each byte.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    let (first, last) = (bytes.first_chunk(), bytes.last_chunk());
    if let (Some(first), Some(last), ..=16) = (first, last, bytes.len()) {
        return (u64::from_le_bytes(*first) | u64::from_le_bytes(*last)) & HIGH_BITS == 0;
    }
    let (first, last) = (bytes.first_chunk(), bytes.last_chunk());
    if let (Some(first), Some(last), ..=8) = (first, last, bytes.len()) {
        return u64::from(u32::from_le_bytes(*first) | u32::from_le_bytes(*last)) & HIGH_BITS == 0;
    }
    bytes.is_ascii()
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// As [`merge_short`](super::merge_short), in fewer steps; `None` if it would begin with more than
/// [`SHORT`] symbols, which [`SHORT`] bytes never do.
///
/// Merging begins with [characters](super::chars) and with [pairs of bytes](BytePair) where it may. A symbol
/// stays where it begins. One mask has a bit for each place where a symbol begins, another for each place
/// where one merges with its right neighbour: only these are looked at for the lowest rank, and nothing
/// is moved. Wide characters are merged in [groups](super::seams), where it is known between which no merge crosses.
#[inline]
pub fn merge_bits<P: Pairs>(pairs: &P, bytes: &[u8], symbols: &mut [u32; SHORT]) -> Option<usize> {
    match pairs.seams() {
        Some(seams) if is_wide(bytes) => merge_groups(pairs, seams, bytes, symbols),
        _ => merge_all(pairs, bytes, symbols),
    }
}

/// As [`merge_bits`], all at once. Out of line: what wide characters need is not to be in the way of words.
#[inline(never)]
pub(super) fn merge_group<P: Pairs>(
    pairs: &P,
    bytes: &[u8],
    symbols: &mut [u32; SHORT],
) -> Option<usize> {
    merge_all(pairs, bytes, symbols)
}

#[inline(always)]
fn merge_all<P: Pairs>(pairs: &P, bytes: &[u8], symbols: &mut [u32; SHORT]) -> Option<usize> {
    let (mut begins, _) = merge_places(pairs, bytes, symbols)?;
    // Those that are left, in order.
    let mut count = 0;
    while begins != 0 {
        symbols[count & 63] = symbols[begins.trailing_zeros() as usize];
        begins &= begins - 1;
        count += 1;
    }
    Some(count)
}

/// As [`merge_bits`], but leaves the symbols where they begin. Returns these places, and how many there
/// were to begin with.
#[inline(always)]
pub(super) fn merge_places<P: Pairs>(
    pairs: &P,
    bytes: &[u8],
    symbols: &mut [u32; SHORT],
) -> Option<(u64, usize)> {
    let mut ranks = [NONE; SHORT];
    let Start { begins, live, len } = fill(pairs, bytes, symbols, &mut ranks)?;
    let begins = if live.count_ones() > MANY {
        let buckets = Buckets::new(&ranks, live);
        run(pairs, symbols, &mut ranks, begins, buckets)
    } else {
        run(pairs, symbols, &mut ranks, begins, Few(live))
    };
    Some((begins, len))
}

/// More pairs than this are kept in [`Buckets`].
const MANY: u32 = 12;

/// The places that merge with their right neighbour, by rank.
trait Queue {
    /// The place of the lowest rank, of equal ones the first.
    fn lowest<const N: usize>(&self, ranks: &[u32; N]) -> Option<usize>;

    /// Takes a place out, if it is there.
    fn remove(&mut self, at: usize);

    /// Puts a place in that is not there, unless its rank is [`NONE`].
    fn insert(&mut self, at: usize, rank: u32);
}

/// A few places: all are looked at.
struct Few(u64);

/// The lowest of some places, which are not none.
#[inline(always)]
fn lowest_of<const N: usize>(places: u64, ranks: &[u32; N]) -> usize {
    let mut at = places.trailing_zeros() as usize % N;
    let mut lowest = ranks[at];
    let mut rest = places & places.wrapping_sub(1);
    while rest != 0 {
        let next = rest.trailing_zeros() as usize % N;
        let rank = ranks[next];
        at = select_unpredictable(rank < lowest, next, at);
        lowest = select_unpredictable(rank < lowest, rank, lowest);
        rest &= rest - 1;
    }
    at
}

impl Queue for Few {
    #[inline(always)]
    fn lowest<const N: usize>(&self, ranks: &[u32; N]) -> Option<usize> {
        (self.0 != 0).then(|| lowest_of(self.0, ranks))
    }

    #[inline(always)]
    fn remove(&mut self, at: usize) {
        self.0 &= !(1 << at);
    }

    #[inline(always)]
    fn insert(&mut self, at: usize, rank: u32) {
        self.0 |= u64::from(rank != NONE) << at;
    }
}

/// Many places, those of similar ranks in one bucket: only the first bucket is looked at. Places that do
/// not merge are in a bucket of their own, which spares branches that nothing predicts.
struct Buckets {
    places: [u64; 64],
    /// The bucket of each place.
    of: [u8; SHORT],
    /// Buckets that have places.
    filled: u64,
}

impl Buckets {
    const NO_MERGE: usize = 63;

    #[inline(always)]
    fn new<const N: usize>(ranks: &[u32; N], mut live: u64) -> Self {
        let mut buckets = Self { places: [0; 64], of: [Self::NO_MERGE as u8; SHORT], filled: 0 };
        while live != 0 {
            let at = live.trailing_zeros() as usize % N;
            live &= live - 1;
            buckets.insert(at, ranks[at]);
        }
        buckets
    }

    /// The bucket of a rank: four for each power of two, from 64 on. It does not fall as the rank grows,
    /// and none that is a symbol comes to [`NO_MERGE`](Self::NO_MERGE).
    #[inline(always)]
    fn bucket(rank: u32) -> usize {
        // The exponent and two bits behind it.
        let of = |number: f32| number.to_bits() >> 21;
        of(rank as f32).saturating_sub(of(64.0)).min(Self::NO_MERGE as u32) as usize
    }
}

impl Queue for Buckets {
    #[inline(always)]
    fn lowest<const N: usize>(&self, ranks: &[u32; N]) -> Option<usize> {
        let filled = self.filled & below(Self::NO_MERGE);
        let places = *self.places.get(filled.trailing_zeros() as usize)?;
        Some(lowest_of(places, ranks))
    }

    #[inline(always)]
    fn remove(&mut self, at: usize) {
        let bucket = usize::from(self.of[at] & 63);
        let places = self.places[bucket] & !(1 << at);
        self.places[bucket] = places;
        self.filled &= !(u64::from(places == 0) << bucket);
    }

    #[inline(always)]
    fn insert(&mut self, at: usize, rank: u32) {
        let bucket = Self::bucket(rank);
        self.of[at] = bucket as u8;
        self.places[bucket] |= 1 << at;
        self.filled |= 1 << bucket;
    }
}

/// Merges the first `len` symbols and leaves them where they begin; returns these places. `N` is a power of two, and
/// no less than `len`.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(in crate::model) fn merge_symbols<P: Pairs, const N: usize>(
    pairs: &P,
    symbols: &mut [u32; N],
    len: usize,
) -> u64 {
    const { assert!(N.is_power_of_two() && N <= SHORT) };
    let (mut ranks, mut live) = ([NONE; N], 0u64);
    for at in 1..len.min(N) {
        let rank = pairs.rank(symbols[at - 1], symbols[at]);
        ranks[at - 1] = rank;
        live |= u64::from(rank != NONE) << (at - 1);
    }
    let begins = all_below(len.min(N));
    if N > MANY as usize && live.count_ones() > MANY {
        let buckets = Buckets::new(&ranks, live);
        run(pairs, symbols, &mut ranks, begins, buckets)
    } else {
        run(pairs, symbols, &mut ranks, begins, Few(live))
    }
}

/// Merges until no two neighbours merge; returns where symbols begin then.
#[inline(always)]
fn run<P: Pairs, const N: usize>(
    pairs: &P,
    symbols: &mut [u32; N],
    ranks: &mut [u32; N],
    mut begins: u64,
    mut queue: impl Queue,
) -> u64 {
    while let Some(at) = queue.lowest(ranks) {
        let product = pairs.product(ranks[at]);
        queue.remove(at);
        // What begins behind `at`; a place in the queue has such a neighbour.
        let behind = begins & !below(at) & !(1 << at);
        let right = behind & behind.wrapping_neg();
        queue.remove(right.trailing_zeros() as usize & 63);
        begins &= !right;
        symbols[at] = product;
        let behind = behind & !right;
        if behind != 0 {
            let next = behind.trailing_zeros() as usize % N;
            let rank = pairs.rank(product, symbols[next]);
            ranks[at] = rank;
            queue.insert(at, rank);
        }
        let before = begins & below(at);
        if before != 0 {
            let left = (63 - before.leading_zeros() as usize) % N;
            let rank = pairs.rank(symbols[left], product);
            queue.remove(left);
            ranks[left] = rank;
            queue.insert(left, rank);
        }
    }
    begins
}
