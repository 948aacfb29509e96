//! DeepSeek-V3's three splits, one after the other.
//!
//! The first isolates numbers, the second runs of kana and common ideographs, and the third cuts
//! what is left of each, seeing nothing beyond. It is the only pattern here that misses chars: what
//! is missed between two matches is a pre-token.

use super::blocks::{self, Blocks, Classes, Kinds, Starts, WideMarks, is_apart};
use super::parts::{Space, digits};
use super::{Scanner, fill_by_blocks};
use crate::unicode::class::{Class, Set, decode};

/// `\p{N}{1,3}`, then `[一-龥぀-ゟ゠-ヿ]+`, then
/// ``[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+``
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeepseekV3;

/// `[\p{L}\p{M}]`
const WORD: Set = Set::LETTERS.or(Set::MARKS);

/// `[\p{P}\p{S}]`
const SIGNS: Set = Set::PUNCTUATION.or(Set::SYMBOLS);

/// `[^\r\n\p{L}\p{P}\p{S}]`
const PREFIX: Set = Set::NEWLINES.or(Set::LETTERS).or(SIGNS).not();

/// What no alternative begins with, other than as a prefix.
const MISSED: Set = Set::of(&[Class::OTHER]);

/// Which of the second split's pieces a char is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Cjk,
    Other,
}

impl Piece {
    /// The piece of a char that is `len` bytes long.
    #[inline(always)]
    fn of(text: &[u8], at: usize, len: usize) -> Self {
        match text.get(at..) {
            Some(rest) if is_apart(rest, len) => Self::Cjk,
            _ => Self::Other,
        }
    }

    /// [`decode`], but the text ends where the piece does.
    #[inline(always)]
    fn decode(self, text: &[u8], at: usize) -> (Class, usize) {
        let (class, len) = decode(text, at);
        if Set::NUMBERS.contains(class) || Self::of(text, at, len) != self {
            return (Class::END, 0);
        }
        (class, len)
    }

    /// The end of the chars in `set` from `at` on, and the start of the last one.
    #[inline(always)]
    fn run(self, text: &[u8], mut at: usize, set: Set) -> (usize, usize) {
        let mut last = at;
        loop {
            let (class, len) = self.decode(text, at);
            if !set.contains(class) {
                return (at, last);
            }
            last = at;
            at += len;
        }
    }
}

impl Scanner for DeepseekV3 {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        let (class, len) = decode(text, start);
        if Set::NUMBERS.contains(class) {
            return digits(text, start, len, 3);
        }
        let piece = Piece::of(text, start, len);
        let second = start + len;
        if WORD.contains(class) {
            return piece.run(text, second, WORD).0;
        }
        let byte = |at| text.get(at).copied().unwrap_or_default();
        if byte(start).is_ascii_punctuation() && byte(second).is_ascii_alphabetic() {
            let tail = text.get(second..).unwrap_or_default();
            return second + tail.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        }
        let (next, next_len) = piece.decode(text, second);
        if PREFIX.contains(class) && WORD.contains(next) {
            return piece.run(text, second + next_len, WORD).0;
        }
        if SIGNS.contains(class) || byte(start) == b' ' && SIGNS.contains(next) {
            let end = piece.run(text, second, SIGNS).0;
            return piece.run(text, end, Set::NEWLINES).0;
        }
        if Set::SPACES.contains(class) {
            let space = Space::at(text, start);
            return space.after_line(piece.decode(text, space.end).0 == Class::END);
        }
        // Missed up to the next match, which may have the last of these chars as its prefix.
        let (end, last) = piece.run(text, second, MISSED);
        if end > second && WORD.contains(piece.decode(text, end).0) { last } else { end }
    }

    fill_by_blocks!();
}

impl Blocks for DeepseekV3 {
    const KINDS: Kinds = Kinds::new(WideMarks::Letters).in_doubt(MISSED).apart();

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::deepseek_v3(classes)
    }
}
