//! o200k's pattern, Mistral's and Kimi's, where a word ends where lower case is followed by upper case.

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

/// `[\p{Han}]+|`, then [`O200k`] with `&&[^\p{Han}]` in each class of letters, and with `[\r\n]*` for
/// `[\r\n/]*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kimi;

/// What the patterns differ in.
struct Rules {
    /// Chars that make words of their own.
    alone: Set,
    /// What has no case: both halves of a word take it.
    neutral: Set,
    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
    first: Set,
    /// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
    second: Set,
    /// Numbers in a row.
    digits: usize,
    contractions: bool,
    /// Whether slashes go with newlines.
    slash: bool,
}

impl Rules {
    /// `letters` is what a word may have.
    const fn new(letters: Set) -> Self {
        let neutral = Set::of(&[Class::LETTER, Class::MARK]).and(letters);
        Self {
            alone: Set::NONE,
            neutral,
            first: Set::of(&[Class::UPPER]).and(letters).or(neutral),
            second: Set::of(&[Class::LOWER]).and(letters).or(neutral),
            digits: 3,
            contractions: true,
            slash: true,
        }
    }
}

const O200K: Rules = Rules::new(Set::ANY);
const TEKKEN: Rules = Rules { digits: 1, contractions: false, ..O200K };
const KIMI: Rules = Rules { alone: Set::HAN, slash: false, ..Rules::new(Set::HAN.not()) };

/// The end of `PREFIX?FIRST*SECOND+|PREFIX?FIRST+SECOND*`, after a char at `start` of this class
/// and length; `start` if neither matches.
#[inline(always)]
fn word(rules: &Rules, text: &[u8], start: usize, class: Class, len: usize) -> usize {
    let first = if PREFIX.contains(class) { start + len } else { start };
    // FIRST* takes all it can; SECOND+ needs one char at least.
    let (mut at, mut neutral) = (first, first);
    loop {
        let (class, len) = decode(text, at);
        if rules.first.contains(class) {
            at += len;
            if rules.neutral.contains(class) {
                neutral = at;
            }
        } else if rules.second.contains(class) {
            return run(text, at + len, rules.second);
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
fn end(rules: &Rules, text: &[u8], start: usize) -> usize {
    let (class, len) = decode(text, start);
    if rules.alone.contains(class) {
        return run(text, start + len, rules.alone);
    }
    let word = word(rules, text, start, class, len);
    if word > start {
        return if rules.contractions { word + contraction(text, word, true) } else { word };
    }
    if Set::NUMBERS.contains(class) {
        return digits(text, start, len, rules.digits);
    }
    if let Some(at) = after_blank(text, start, class, REST) {
        return newlines(text, run(text, at, REST), rules.slash);
    }
    let space = Space::at(text, start);
    space.after_line(space.end == text.len())
}

impl Scanner for O200k {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(&O200K, text, start)
    }

    fill_by_blocks!();
}

impl Scanner for Tekken {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(&TEKKEN, text, start)
    }

    fill_by_blocks!();
}

impl Scanner for Kimi {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(&KIMI, text, start)
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

impl Blocks for Kimi {
    const KINDS: Kinds = Kinds::new(WideMarks::AfterLetters).in_doubt(Set::HAN);

    // A slash that follows a newline is in doubt there, and found char by char here: rare enough.
    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::o200k::<3, true>(classes)
    }
}
