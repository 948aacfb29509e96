//! Characters that merge on their own: where merging may begin with more than bytes.
//!
//! A stretch of text is *quiet* when no merge across either of its ends comes before the last merge
//! within it. Up to that one, what stands left and right of it and it itself merge as if the others
//! were not there: so it may be replaced by what it merges to alone, and the result is the same.
//! Baking finds for every character after which bytes and before which bytes it is quiet, where it
//! can, and the same for a space and a character at the beginning. Then merging begins
//! with fewer symbols, and looks fewer pairs up.

use super::seams::Wide;
use crate::blob::{Tables, U32s, u32_at};

/// Pages of 64 characters: those of two bytes, of three, and of four up to U+1FFFF.
pub const PAGES: usize = FOUR + 1024;
pub(super) const THREE: usize = 32;
pub(super) const FOUR: usize = THREE + 1024;

/// What a character merges to: how many symbols, which, and between which bytes.
///
/// `count` in bits 21 and 22: 0 if merging has to begin with its bytes, of which none merge if `value` is the
/// [largest](Self::BYTES). `value` in the bits below: the
/// symbol if it is one, else where the symbols stand. `sides` in the bits above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CharEntry(pub u32);

impl CharEntry {
    /// `value` is below this.
    pub const MAX_VALUE: usize = 1 << 21;
    /// Most symbols.
    pub const MAX_COUNT: usize = 3;
    /// `sides` is below this.
    pub const MAX_SIDES: usize = 1 << 9;

    /// The entry of a character of which no two bytes merge.
    pub const BYTES: Self = Self(0x1F_FFFF);

    /// An entry, from numbers that are below their limits.
    pub const fn new(count: usize, value: u32, sides: usize) -> Self {
        Self((sides as u32) << 23 | (count as u32 & 3) << 21 | value & 0x1F_FFFF)
    }
}

/// The bytes after which a character is not quiet, and those before which it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sides {
    /// A bit for each of the bytes 80 to BF.
    pub left: u64,
    /// A bit for each of C0 to FF. No character begins with C0 or C1: these bits stand for all bytes
    /// below 80, C0 for those after the character, C1 for those before it.
    pub right: u64,
}

impl Sides {
    /// Bytes below 80 after the character.
    pub const ASCII_AFTER: u64 = 1;
    /// Bytes below 80 before it.
    pub const ASCII_BEFORE: u64 = 2;
    /// Not quiet next to anything.
    pub const NEVER: Self = Self { left: !0, right: !0 };

    /// In 16 bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.left) | u128::from(self.right) << 64).to_le_bytes()
    }

    #[inline(always)]
    fn from_bytes(bytes: [u8; 16]) -> Self {
        let both = u128::from_le_bytes(bytes);
        Self { left: both as u64, right: (both >> 64) as u64 }
    }

    #[inline(always)]
    fn quiet_after(self, before: Option<&u8>) -> bool {
        match before {
            None => true,
            Some(&byte) if byte < 0x80 => self.right & Self::ASCII_BEFORE == 0,
            Some(&byte) => byte < 0xC0 && self.left >> (byte & 63) & 1 == 0,
        }
    }

    #[inline(always)]
    fn quiet_before(self, after: Option<&u8>) -> bool {
        match after {
            None => true,
            Some(&byte) if byte < 0x80 => self.right & Self::ASCII_AFTER == 0,
            Some(&byte) => byte >= 0xC2 && self.right >> (byte & 63) & 1 == 0,
        }
    }
}

/// The page of the character at `at`, its place there, and how many bytes it has; `None` for ASCII, for what
/// has no page, and for bytes that are no character.
///
/// Bytes that are not UTF-8 but look like it, longer than they had to be or surrogates, lead to pages
/// that no character has.
#[inline(always)]
pub fn page_of(bytes: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    // Most chars that have a page have two or three bytes, and text behind them.
    if let Some(&four) = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>) {
        let word = u32::from_le_bytes(four);
        let tail = |place: u32| (word >> (8 * place) & 0x3F) as usize;
        if word & 0xC0_C0F0 == 0x80_80E0 {
            return Some((THREE + ((word as usize & 15) << 6 | tail(1)), tail(2), 3));
        }
        if word & 0xC0E0 == 0x80C0 && word & 0x1E != 0 {
            return Some((word as usize & 31, tail(1), 2));
        }
    }
    let tail = |i: usize| match bytes.get(at + i) {
        Some(&byte) if byte & 0xC0 == 0x80 => Some(usize::from(byte & 63)),
        _ => None,
    };
    let lead = *bytes.get(at)?;
    let low = usize::from(lead & 15);
    match lead {
        0xC2..=0xDF => Some((usize::from(lead & 31), tail(1)?, 2)),
        0xE0..=0xEF => Some((THREE + (low << 6 | tail(1)?), tail(2)?, 3)),
        0xF0 if tail(1)? >> 4 == 1 => Some((FOUR + ((tail(1)? & 15) << 6 | tail(2)?), tail(3)?, 4)),
        _ => None,
    }
}

/// What to begin with in place of some bytes.
#[derive(Debug, Clone, Copy)]
pub struct Begin<'a> {
    /// One symbol if there are no `more`.
    pub symbol: u32,
    /// The symbols, where there are several.
    pub more: U32s<'a>,
    /// How many bytes.
    pub len: usize,
}

/// What a character merges to alone.
#[derive(Debug, Clone, Copy)]
pub enum Alone<'a> {
    /// A symbol.
    One(u32),
    /// Several.
    More(U32s<'a>),
    /// Its bytes.
    Bytes,
}

/// The entry of a character.
#[inline(always)]
fn entry_of(tables: &Tables<'_>, char: Wide) -> Option<u32> {
    let page = usize::from(u16::from_le_bytes(*tables.char_pages.get(2 * char.page())?));
    u32_at(tables.chars, page * 64 + char.place())
}

/// What a character merges to alone, if that is known.
#[inline(always)]
pub(super) fn alone<'a>(tables: &Tables<'a>, char: Wide) -> Option<Alone<'a>> {
    let entry = entry_of(tables, char)?;
    let (count, value) = ((entry >> 21 & 3) as usize, entry & 0x1F_FFFF);
    match count {
        0 if entry == CharEntry::BYTES.0 => Some(Alone::Bytes),
        0 => None,
        1 => Some(Alone::One(value)),
        _ => Some(Alone::More(tables.char_parts.get(value as usize..value as usize + count)?)),
    }
}

/// The symbols of two neighbours, if each of them is quiet and one.
#[inline(always)]
pub(super) fn two(tables: &Tables<'_>, left: Wide, right: Wide) -> Option<[u32; 2]> {
    let both = [entry_of(tables, left)?, entry_of(tables, right)?];
    if both.iter().any(|entry| entry >> 21 & 3 != 1) {
        return None;
    }
    let sides =
        |entry: u32| Some(Sides::from_bytes(*tables.char_sides.get((entry >> 23) as usize)?));
    let is_quiet = sides(both[0])?.quiet_before(Some(&right.lead()))
        && sides(both[1])?.quiet_after(Some(&left.last()));
    is_quiet.then_some(both.map(|entry| entry & 0x1F_FFFF))
}

/// What the character at `at` merges to, if it is quiet there; with a space before it, if `at` is at
/// the space, which is the first byte.
#[inline(always)]
pub fn begin<'a>(tables: &Tables<'a>, bytes: &[u8], at: usize) -> Option<Begin<'a>> {
    let spaced = usize::from(at == 0 && bytes.first() == Some(&b' '));
    let (page, place, len) = page_of(bytes, at + spaced)?;
    let page = usize::from(u16::from_le_bytes(*tables.char_pages.get(2 * page + spaced)?));
    let entry = u32_at(tables.chars, page * 64 + place)?;
    let (count, value) = ((entry >> 21 & 3) as usize, entry & 0x1F_FFFF);
    let more = match count {
        0 => return None,
        1 => &[],
        _ => tables.char_parts.get(value as usize..value as usize + count)?,
    };
    let begin = Begin { symbol: value, more, len: len + spaced };
    let sides = Sides::from_bytes(*tables.char_sides.get((entry >> 23) as usize)?);
    let before = at.checked_sub(1).and_then(|at| bytes.get(at));
    if !sides.quiet_after(before) || !sides.quiet_before(bytes.get(at + begin.len)) {
        return None;
    }
    Some(begin)
}
