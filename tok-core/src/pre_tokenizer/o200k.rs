//! o200k's pattern and Mistral's, where a word ends where lower case is followed by upper case.

use super::blocks::{self, Blocks, Classes, Kinds, Starts, WideMarks};
use super::parts::{PREFIX, REST, Space, after_blank, contraction, digits, newlines, run};
use super::{Scanner, fill_by_blocks};
use crate::unicode::class::{Class, Set, decode};

/// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct O200k;

/// [`O200k`] without the contractions, with `\p{N}` for `\p{N}{1,3}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tekken;

/// What has no case: both halves of a word take it.
const NEUTRAL: Set = Set::of(&[Class::LETTER, Class::MARK]);

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
const FIRST: Set = Set::of(&[Class::UPPER]).or(NEUTRAL);

/// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
const SECOND: Set = Set::of(&[Class::LOWER]).or(NEUTRAL);

/// The end of `PREFIX?FIRST*SECOND+|PREFIX?FIRST+SECOND*`, after a char at `start` of this class
/// and length; `start` if neither matches.
#[inline(always)]
fn word(text: &[u8], start: usize, class: Class, len: usize) -> usize {
    let first = if PREFIX.contains(class) { start + len } else { start };
    // FIRST* takes all it can; SECOND+ needs one char at least.
    let (mut at, mut neutral) = (first, first);
    loop {
        let (class, len) = decode(text, at);
        if FIRST.contains(class) {
            at += len;
            if NEUTRAL.contains(class) {
                neutral = at;
            }
        } else if SECOND.contains(class) {
            return run(text, at + len, SECOND);
        } else {
            break;
        }
    }
    // Nothing follows that only SECOND takes, so FIRST* gives back to the last char that both take.
    // The upper case letters behind it, which are read again, are the next word as a whole.
    if neutral > first {
        neutral
    } else if Set::MARKS.contains(class) {
        // No such char, unless the prefix is not taken as one: it is a mark.
        start + len
    } else if at > first {
        at
    } else {
        start
    }
}

#[inline(always)]
fn end(text: &[u8], start: usize, most_digits: usize, contractions: bool) -> usize {
    let (class, len) = decode(text, start);
    let word = word(text, start, class, len);
    if word > start {
        return if contractions { word + contraction(text, word, true) } else { word };
    }
    if Set::NUMBERS.contains(class) {
        return digits(text, start, len, most_digits);
    }
    if let Some(at) = after_blank(text, start, class, REST) {
        return newlines(text, run(text, at, REST), true);
    }
    let space = Space::at(text, start);
    space.after_line(space.end == text.len())
}

impl Scanner for O200k {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(text, start, 3, true)
    }

    fill_by_blocks!();
}

impl Scanner for Tekken {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(text, start, 1, false)
    }

    fill_by_blocks!();
}

impl Blocks for O200k {
    const KINDS: Kinds = Kinds::new(WideMarks::AfterLetters);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::o200k::<3, true>(classes)
    }
}

impl Blocks for Tekken {
    const KINDS: Kinds = Kinds::new(WideMarks::AfterLetters);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::o200k::<1, false>(classes)
    }
}
