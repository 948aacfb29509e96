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
    let starts = first(white) | last | other | 1;
    contracted(c, Starts { starts, limit: c.edge }, c.quote & starts)
}

/// Lets contractions begin at these quotes: what stands in them is no start, and letters behind them are one.
#[inline(always)]
fn contracted(c: &Classes<'_>, found: Starts, quotes: u64) -> Starts {
    let Starts { mut starts, mut limit } = found;
    let letters = c.letters();
    let mut quotes = quotes & below(limit);
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
    let limit = unless_between(c, spaces);
    Starts { starts: words | signs | lines | spaces | last | 1, limit }
}

/// Where white space begins that may be between newlines, or the edge: it has no start there. `spaces` are
/// the first bits of its runs.
#[inline(always)]
fn unless_between(c: &Classes<'_>, spaces: u64) -> u32 {
    let between = spaces & (c.newline << 1);
    if between == 0 {
        return c.edge;
    }
    // Whether it is between newlines: the addition carries from the first bit of a run to the one
    // behind its last.
    let behind = c.space.wrapping_add(between) & !c.space;
    let edge = if c.open { at_bit(c.edge) } else { 0 };
    // A run to the end of the block carries out of it.
    let lost = if c.open && c.edge == 64 && last_run_is(c.space, between) { 64 } else { 65 };
    let bad = behind & (c.newline | edge);
    let end = if bad != 0 { bad.trailing_zeros() } else { lost };
    match end {
        65 => c.edge,
        _ => c.edge.min(63 - (between & below(end)).leading_zeros()),
    }
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

/// DeepSeek-V3's three splits. The chars that are `apart` are a text of their own, and so is what stands
/// between two of them or digits: what looks beyond its end sees the end of the text there.
#[inline(always)]
pub(in super::super) fn deepseek_v3(c: &Classes<'_>) -> Starts {
    let (letters, white) = (c.letters() & !c.apart, c.white());
    let sign = c.sign & !c.apart;
    let apart = first(c.neutral & c.apart) | first(c.sign & c.apart);
    // Signs begin a pre-token, unless a blank before them does.
    let signs = first(sign) & !(c.blank << 1);
    // A single ASCII sign goes with the ASCII letters behind it, and no others.
    let ascii = c.letters() & !c.wide;
    let joined = (signs & !c.wide) << 1 & ascii;
    let others = ascii.wrapping_add(joined) & !ascii & letters;
    let words = first(letters) & !(c.space << 1 | joined) | others;
    // Newlines go with signs before them, and with white space.
    let lines = c.newline & !((white | sign) << 1);
    // White space without newlines: the run, and its last char, when something follows.
    let spaces = first(c.space);
    let last = c.space & !(white >> 1) & !((c.digit | c.apart) >> 1) & !c.open_bit();
    let mut limit = unless_between(c, spaces);
    // No alternative begins with a control.
    if c.block.iter().fold(false, |any, &byte| any | is_control(byte)) {
        limit = limit.min(position(c.block, |pair| is_control(pair[0])));
    }
    let starts = apart | words | signs | lines | spaces | last | digits(c.digit, 3) | 1;
    Starts { starts, limit }
}

/// Whether a byte is ASCII that is neither a letter, a digit, a sign nor white space.
#[inline(always)]
fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t'..=b'\r') || byte == 0x7F
}

/// CLIP's pattern, white space being pre-tokens.
#[inline(always)]
pub(in super::super) fn clip(c: &Classes<'_>) -> Starts {
    let letters = c.letters();
    let starts = first(letters) | first(c.sign) | first(c.white()) | c.digit | 1;
    let mut limit = c.edge;
    // Its special tokens are left to the specification, one past their start.
    if c.block.windows(2).fold(false, |any, pair| any | is_special(pair)) || c.block[63] == b'<' {
        limit = limit.min(1 + position(c.block, |pair| is_special(pair) || pair == b"<"));
    }
    contracted(c, Starts { starts, limit }, c.quote & first(c.sign))
}

/// Whether a special token may begin with these two bytes.
#[inline(always)]
fn is_special(pair: &[u8]) -> bool {
    pair == b"<|"
}

/// The first place where one byte, or two, are found; 64 if there is none.
#[cold]
#[inline(never)]
fn position(block: &[u8; 64], is: impl Fn(&[u8]) -> bool) -> u32 {
    let found = (0..64).find(|&at| is(&block[at..block.len().min(at + 2)]));
    found.unwrap_or(64) as u32
}
