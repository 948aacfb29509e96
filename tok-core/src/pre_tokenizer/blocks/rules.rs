//! The patterns as shifts and additions of masks.

use super::{Classes, Starts, below};

/// The first bit of each run.
#[inline(always)]
const fn first(mask: u64) -> u64 {
    mask & !(mask << 1)
}

/// GPT-2's pattern.
#[inline(always)]
pub(in super::super) fn gpt2(c: &Classes<'_>) -> Starts {
    let (letters, white) = (c.letters(), c.white());
    // White space: the run, and its last char, when something follows.
    let last = white & !(white >> 1) & !c.open_bit();
    // A blank goes with what follows it.
    let other = (first(letters) | first(c.digit) | first(c.sign)) & !(c.blank << 1);
    let mut starts = first(white) | last | other | 1;
    let mut limit = c.edge;
    let mut quotes = c.quote & starts & below(limit);
    while quotes != 0 {
        let at = quotes.trailing_zeros();
        quotes &= quotes - 1;
        match c.contraction(at, false) {
            Some(0) => {}
            Some(len) => {
                starts &= !(below(at + len) & !below(at + 1));
                starts |= letters & at_bit(at + len);
            }
            None => {
                limit = limit.min(at + 1);
                break;
            }
        }
    }
    Starts { starts, limit }
}

/// The bit of byte `at`; none beyond the block.
#[inline(always)]
const fn at_bit(at: u32) -> u64 {
    if at >= 64 { 0 } else { 1 << at }
}

/// What [`cl100k`] and [`o200k`] share: starts of words, signs and white space, where letters
/// are split nowhere, and the limit.
#[inline(always)]
fn shared(c: &Classes<'_>) -> Starts {
    let (letters, white) = (c.letters(), c.white());
    let words = first(letters);
    // Signs begin a pre-token, unless a blank before them does.
    let signs = first(c.sign) & !(c.blank << 1);
    // A single sign, as white space, goes with the word behind it: `after` is one past the first
    // char of the signs. The addition carries through the rest of that char.
    let after = ((signs << 1).wrapping_add(c.tail)) & !c.tail;
    let words = words & !(c.space << 1 | after);
    // Newlines go with signs before them, and with white space.
    let lines = c.newline & !((white | c.sign) << 1);
    // White space without newlines: the run, and its last char, when something follows.
    let spaces = first(c.space);
    let last = c.space & !(white >> 1) & !c.open_bit();
    let mut limit = c.edge;
    // White space between newlines has no start. Whether it is between newlines: the addition
    // carries from the first bit of a run to the one behind its last.
    let between = spaces & (c.newline << 1);
    if between != 0 {
        let behind = c.space.wrapping_add(between) & !c.space;
        let edge = if c.open { at_bit(c.edge) } else { 0 };
        // A run to the end of the block carries out of it.
        let lost = if c.open && c.edge == 64 && last_run_is(c.space, between) { 64 } else { 65 };
        let bad = behind & (c.newline | edge);
        let end = if bad != 0 { bad.trailing_zeros() } else { lost };
        if end <= 64 {
            limit = limit.min(63 - (between & below(end)).leading_zeros());
        }
    }
    Starts { starts: words | signs | lines | spaces | last | 1, limit }
}

/// Whether the run of `space` that reaches bit 63 begins with a bit of `firsts`.
#[inline(always)]
const fn last_run_is(space: u64, firsts: u64) -> bool {
    let ones = space.leading_ones();
    ones > 0 && ones < 64 && firsts >> (64 - ones) & 1 != 0 || ones == 64 && firsts & 1 != 0
}

/// The starts of digits in groups of `most`.
#[inline(always)]
const fn digits(digit: u64, most: usize) -> u64 {
    if most == 1 {
        return digit;
    }
    let mut starts = first(digit);
    let four = digit & digit << 1 & digit << 2 & digit << 3;
    let mut next = starts << 3 & four;
    while next != 0 {
        starts |= next;
        next = next << 3 & four;
    }
    starts
}

/// The pattern of cl100k and those like it, digits in groups of `DIGITS` (1 or 3).
#[inline(always)]
pub(in super::super) fn cl100k<const DIGITS: usize>(c: &Classes<'_>) -> Starts {
    let Starts { mut starts, mut limit } = shared(c);
    starts |= digits(c.digit, DIGITS);
    let mut quotes = c.quote & starts & below(limit);
    while quotes != 0 {
        let at = quotes.trailing_zeros();
        quotes &= quotes - 1;
        match c.contraction(at, true) {
            Some(0) => {}
            Some(len) => starts |= c.letters() & at_bit(at + len),
            None => {
                limit = limit.min(at + 1);
                break;
            }
        }
    }
    Starts { starts, limit }
}

/// The pattern of o200k and those like it.
#[inline(always)]
pub(in super::super) fn o200k<const DIGITS: usize, const CONTRACTIONS: bool>(
    c: &Classes<'_>,
) -> Starts {
    let Starts { mut starts, mut limit } = shared(c);
    starts |= digits(c.digit, DIGITS);
    // A word ends between lower and upper case. Behind a letter without case it depends.
    starts |= c.upper & c.lower << 1;
    // Slashes go with newlines that go with signs.
    let doubt = c.upper & c.neutral << 1 | c.slash & c.newline << 1;
    if doubt != 0 {
        limit = limit.min(doubt.trailing_zeros());
    }
    if CONTRACTIONS {
        let letters = c.letters();
        let mut quotes = c.quote & letters << 1 & below(limit);
        let mut done = 0;
        while quotes != 0 {
            let at = quotes.trailing_zeros();
            quotes &= quotes - 1;
            // A word has one contraction.
            if at < done {
                continue;
            }
            match c.contraction(at, true) {
                Some(0) => {}
                Some(len) => {
                    done = at + len + 1;
                    starts &= !(below(at + len) & !below(at));
                    starts |= letters & at_bit(at + len);
                }
                None => {
                    limit = limit.min(at);
                    break;
                }
            }
        }
    }
    Starts { starts, limit }
}
