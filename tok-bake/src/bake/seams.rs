//! Between which wide characters merges cross: see [`comptok_core::model::bpe::seams`].

use comptok_core::{
    blob::{Section, lookup::NONE},
    model::{
        Joins,
        bpe::seams::{MASKS, Seams, Wide},
    },
};
use std::collections::BTreeSet;

use super::{
    bpe::Symbols,
    image::{Image, le_bytes},
};

/// Characters that a part of one may belong to, if more the merge is known by bytes.
const FEW: usize = 64;

pub(super) fn write(image: &mut Image, symbols: &Symbols) {
    // Where a byte has no symbol, its neighbours become neighbours.
    if symbols.bytes.contains(&NONE) {
        return;
    }
    let mut masks = [0u32; MASKS / 4];
    let mut joins = BTreeSet::new();
    let ends = symbols.fold(Ends::of, Ends::join);
    for &(left, right) in &symbols.pairs {
        let (Some(left), Some(right)) = (ends[left as usize], ends[right as usize]) else {
            continue;
        };
        let (Some(last), Some(first)) = (left.last(), right.first()) else { continue };
        match (last.all(), first.all()) {
            (Some(lefts), Some(rights)) if lefts.len() * rights.len() <= FEW => {
                joins.extend(lefts.iter().flat_map(|&left| rights.iter().map(move |&r| (left, r))));
            }
            (lefts, rights) => {
                masks[usize::from(last.byte() & 63)] |= 1 << (first.byte() & 31);
                joins.insert((last.key(lefts), first.key(rights)));
            }
        }
    }
    // One bit of 64 is set where that stays near, else one of 16.
    let near = (8 * joins.len()).min(1 << 14);
    let len = near.max(2 * joins.len()).next_power_of_two().clamp(1 << 7, 1 << 18);
    let mut filter = vec![0u8; len];
    for (left, right) in joins {
        let bit = Joins::bit(len, left, right);
        filter[bit >> 3] |= 1 << (bit & 7);
    }
    let mut section = le_bytes(&masks);
    section.extend(filter);
    image.section(Section::CharSeams, section);
}

/// Up to four bytes at each end of a symbol.
#[derive(Clone, Copy)]
struct Ends {
    /// The first one is the lowest byte.
    head: u32,
    /// The last one is the lowest byte.
    tail: u32,
    /// Of both, up to 4.
    len: u32,
}

impl Ends {
    fn of(byte: u8) -> Self {
        Self { head: byte.into(), tail: byte.into(), len: 1 }
    }

    fn join(left: Self, right: Self) -> Self {
        let head = if left.len < 4 { left.head | right.head << (8 * left.len) } else { left.head };
        let tail =
            if right.len < 4 { right.tail | left.tail << (8 * right.len) } else { right.tail };
        Self { head, tail, len: (left.len + right.len).min(4) }
    }

    /// The wide character that the symbol ends with, or the last bytes of one that it is; `None` if
    /// no such character ends where it does.
    fn last(self) -> Option<Part> {
        let bytes = self.tail.to_be_bytes();
        let bytes = &bytes[4 - self.len as usize..];
        let tails = bytes.iter().rev().take_while(|byte| is_tail(**byte)).count();
        let start = match bytes.len().checked_sub(tails + 1) {
            Some(start) if wide_len(bytes[start]) == Some(tails + 1) => start,
            None if tails < 4 => 0,
            _ => return None,
        };
        Some(Part { bytes: to_array(&bytes[start..]), len: bytes.len() - start, is_end: true })
    }

    /// The wide character that the symbol begins with, or the first bytes of one that it is.
    fn first(self) -> Option<Part> {
        let bytes = self.head.to_le_bytes();
        let bytes = &bytes[..self.len as usize];
        let len = wide_len(bytes[0])?.min(bytes.len());
        let is_char = bytes[1..len].iter().all(|byte| is_tail(*byte));
        is_char.then(|| Part { bytes: to_array(&bytes[..len]), len, is_end: false })
    }
}

fn is_tail(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// How many bytes a wide character has that begins with this one.
fn wide_len(lead: u8) -> Option<usize> {
    match lead {
        0xE0..=0xEF => Some(3),
        0xF0..=0xF4 => Some(4),
        _ => None,
    }
}

fn to_array(bytes: &[u8]) -> [u8; 4] {
    let mut array = [0; 4];
    array[..bytes.len()].copy_from_slice(bytes);
    array
}

/// A wide character, or its first or last bytes.
#[derive(Clone, Copy)]
struct Part {
    bytes: [u8; 4],
    len: usize,
    is_end: bool,
}

impl Part {
    /// The byte that stands at the place that is crossed.
    fn byte(self) -> u8 {
        if self.is_end { self.bytes[self.len - 1] } else { self.bytes[0] }
    }

    /// What stands for it in the filter, if a number is not enough: its character's if there is but one, else its byte's.
    fn key(self, all: Option<Vec<u32>>) -> u32 {
        match all.as_deref() {
            Some(&[number]) => number,
            _ => Seams::byte(self.byte()),
        }
    }

    /// The numbers of all characters that it may belong to, if they are few. Those that have none are left out: next to them
    /// no place is ever a seam.
    fn all(self) -> Option<Vec<u32>> {
        let bytes = &self.bytes[..self.len];
        let number = |bytes: &[u8]| Wide::at(bytes, 0).map(Wide::number);
        let lead = wide_len(bytes[0]);
        if lead == Some(self.len) {
            return Some(number(bytes).into_iter().collect());
        }
        let tails = 0x80..=0xBFu8;
        match (self.is_end, lead, bytes) {
            // The last but one byte of a character is known, the last one is not.
            (false, Some(len), _) if len == self.len + 1 => {
                Some(tails.filter_map(|tail| number(&[bytes, &[tail]].concat())).collect())
            }
            // Two bytes of three are known, or three of four; three of four may also be two of them and one more.
            (true, _, [_, _]) => {
                let three = (0xE0..=0xEFu8).filter_map(|lead| number(&[&[lead], bytes].concat()));
                let four = tails.filter_map(|tail| number(&[&[0xF0, tail], bytes].concat()));
                Some(three.chain(four).collect())
            }
            (true, _, [_, _, _]) => Some(number(&[&[0xF0], bytes].concat()).into_iter().collect()),
            _ => None,
        }
    }
}
