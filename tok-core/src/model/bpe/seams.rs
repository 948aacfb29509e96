//! Places between characters of three and four bytes that no merge ever crosses.
//!
//! A merge across such a place joins a symbol that ends with the character in front of it, or with its last
//! bytes, and one that begins with the character behind it, or with its first bytes. Bake gathers from
//! all merges which those are. Chinese, Japanese and emoji have few: text falls into groups of a character
//! or two, each of which merges as if it were alone.

use super::{
    Pairs, SHORT,
    bits::merge_group,
    chars::{self, Alone, page_of},
};
use crate::{
    blob::{Tables, lookup::NONE},
    model::Joins,
};
use core::num::NonZero;

/// Bytes of the masks in front of the filter.
pub const MASKS: usize = 256;

/// What bake knows of all merges.
#[derive(Debug, Clone, Copy)]
pub struct Seams<'a> {
    /// By the last byte in front of the place, a bit for each first byte behind it: where some merge knows no more of the
    /// character on one side.
    masks: &'a [u8; MASKS],
    /// The characters on both sides of merges, or their [bytes](Seams::byte).
    joins: Joins<'a>,
}

/// A character of three or four bytes that has a page: its number among all characters, of which the low six bits are
/// those of its last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wide(NonZero<u32>);

impl Wide {
    /// The one at `at`.
    #[inline(always)]
    pub fn at(bytes: &[u8], at: usize) -> Option<Self> {
        // Most have three bytes, and text behind them.
        if let Some(&four) = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>) {
            let word = u32::from_le_bytes(four);
            if word & 0xC0_C0F0 == 0x80_80E0 {
                let code = (word & 15) << 12 | (word >> 8 & 63) << 6 | word >> 16 & 63;
                return NonZero::new(Self::THREE + code).map(Self);
            }
            if four[0] < 0xE0 {
                return None;
            }
        }
        Self::any(bytes, at)
    }

    /// The first of three bytes.
    const THREE: u32 = (chars::THREE << 6) as u32;
    /// The first of four.
    const FOUR: u32 = (chars::FOUR << 6) as u32;

    /// As [`Wide::at`], for those that are rare.
    #[inline(never)]
    fn any(bytes: &[u8], at: usize) -> Option<Self> {
        let (page, place, len) = page_of(bytes, at)?;
        if len > 2 { NonZero::new((page << 6 | place) as u32).map(Self) } else { None }
    }

    /// The number.
    #[inline(always)]
    pub const fn number(self) -> u32 {
        self.0.get()
    }

    /// How many bytes.
    #[inline(always)]
    pub const fn byte_len(self) -> usize {
        if self.number() < Self::FOUR { 3 } else { 4 }
    }

    /// Its page.
    #[inline(always)]
    pub(super) const fn page(self) -> usize {
        (self.number() >> 6) as usize
    }

    /// Its place there.
    #[inline(always)]
    pub(super) const fn place(self) -> usize {
        (self.number() & 63) as usize
    }

    /// Its first byte.
    #[inline(always)]
    pub(super) const fn lead(self) -> u8 {
        // Four bytes begin with F0 where there are pages.
        let code = self.number() - Self::THREE;
        0xE0 + if code < 0x1_0000 { code >> 12 } else { 16 } as u8
    }

    /// Its last byte.
    #[inline(always)]
    pub(super) const fn last(self) -> u8 {
        0x80 | self.place() as u8
    }
}

/// How many bytes a character has, or one that is none of these.
#[inline(always)]
fn step(char: Option<Wide>) -> usize {
    char.map_or(1, Wide::byte_len)
}

impl<'a> Seams<'a> {
    /// Those of a blob; `None` if it has none.
    #[inline(always)]
    pub fn of(tables: &Tables<'a>) -> Option<Self> {
        let (masks, joins) = tables.char_seams.split_first_chunk()?;
        Some(Self { masks, joins: Joins(joins) })
    }

    /// Whether a merge may cross the place between two characters.
    #[inline(always)]
    fn may_join(&self, left: Wide, right: Wide) -> bool {
        let mask = u32::from_le_bytes(self.masks.as_chunks::<4>().0[left.place()]);
        self.joins.may_join(left.number(), right.number())
            || mask >> (right.lead() & 31) & 1 != 0 && self.may_join_parts(left, right)
    }

    /// As [`may_join`](Self::may_join), for merges of which one side may be a part of a character.
    #[cold]
    fn may_join_parts(&self, left: Wide, right: Wide) -> bool {
        let (last, lead) = (Self::byte(left.last()), Self::byte(right.lead()));
        [(left.number(), lead), (last, right.number()), (last, lead)]
            .iter()
            .any(|&(left, right)| self.joins.may_join(left, right))
    }

    /// What stands in the filter for all characters that end, or begin, with a byte.
    pub const fn byte(byte: u8) -> u32 {
        1 << 24 | (byte & 63) as u32
    }
}

/// Whether text may be mostly of wide characters, and is more than one of them.
#[inline(always)]
pub(super) fn is_wide(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, _, _, _, ..] if *first.max(second) >= 0xE0)
}

/// Bytes that merge on their own.
pub(super) struct Group<'b> {
    pub(super) bytes: &'b [u8],
    /// The wide characters that they are, if they are one or two.
    chars: Option<(Wide, Option<Wide>)>,
}

/// Calls `each` with the groups that a text falls into, one after the other, until it is `None`.
#[inline(always)]
pub(super) fn groups<'b>(
    seams: Seams<'_>,
    bytes: &'b [u8],
    mut each: impl FnMut(Group<'b>) -> Option<()>,
) -> Option<()> {
    let mut head = Wide::at(bytes, 0);
    let mut start = 0;
    while start < bytes.len() {
        let mut at = start + step(head);
        let (mut last, mut next) = (head, Wide::at(bytes, at));
        while at < bytes.len() {
            if let (Some(left), Some(right)) = (last, next)
                && !seams.may_join(left, right)
            {
                break;
            }
            last = next;
            at += step(next);
            next = Wide::at(bytes, at);
        }
        let group = bytes.get(start..at)?;
        let chars = match (head, last) {
            (Some(head), _) if head.byte_len() == group.len() => Some((head, None)),
            (Some(head), Some(last)) if head.byte_len() + last.byte_len() == group.len() => {
                Some((head, Some(last)))
            }
            _ => None,
        };
        each(Group { bytes: group, chars })?;
        (start, head) = (at, next);
    }
    Some(())
}

/// How many groups a text falls into.
pub fn count(seams: Seams<'_>, bytes: &[u8]) -> usize {
    let mut count = 0;
    let _ = groups(seams, bytes, |_| {
        count += 1;
        Some(())
    });
    count
}

impl Group<'_> {
    /// Gives `push` what a group of a character or two merges to; false if that is not known.
    #[inline(always)]
    pub(super) fn merge_few<P: Pairs>(
        &self,
        pairs: &P,
        mut push: impl FnMut(u32) -> Option<()>,
    ) -> Option<bool> {
        match self.chars {
            Some((char, None)) => match pairs.alone(char) {
                Some(Alone::One(symbol)) => push(symbol)?,
                Some(Alone::More(symbols)) => {
                    for symbol in symbols {
                        push(u32::from_le_bytes(*symbol))?;
                    }
                }
                Some(Alone::Bytes) => {
                    for &byte in self.bytes {
                        push(pairs.byte(byte))?;
                    }
                }
                None => return Some(false),
            },
            Some((left, Some(right))) => {
                let Some([left, right]) = pairs.two(left, right) else { return Some(false) };
                match pairs.rank(left, right) {
                    NONE => {
                        push(left)?;
                        push(right)?;
                    }
                    rank => push(pairs.product(rank))?,
                }
            }
            None => return Some(false),
        }
        Some(true)
    }
}

/// Merges text of few symbols group by group; `None` if they are more than `symbols` has room for.
#[inline(never)]
pub(super) fn merge_groups<P: Pairs>(
    pairs: &P,
    seams: Seams<'_>,
    bytes: &[u8],
    symbols: &mut [u32; SHORT],
) -> Option<usize> {
    let mut count = 0;
    groups(seams, bytes, |group| {
        let push = |symbol| {
            *symbols.get_mut(count)? = symbol;
            count += 1;
            Some(())
        };
        if !group.merge_few(pairs, push)? {
            let mut some = [0; SHORT];
            let len = merge_group(pairs, group.bytes, &mut some)?;
            symbols.get_mut(count..count + len)?.copy_from_slice(&some[..len]);
            count += len;
        }
        Some(())
    })?;
    Some(count)
}
