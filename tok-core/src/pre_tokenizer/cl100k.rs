//! cl100k's pattern, and those that differ from it in the digits, the marks or the white space.

use super::blocks::{self, Blocks, Classes, Kinds, Starts, WideMarks};
use super::parts::{PREFIX, REST, Space, after_blank, contraction, digits, has, newlines, run};
use super::{Scanner, fill_by_blocks};
use crate::unicode::class::{Set, decode};

/// `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cl100k;

/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
///
/// Differs from [`Cl100k`] in white space that ends the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Llama3;

/// [`Llama3`] with `\p{N}` for `\p{N}{1,3}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qwen2;

/// [`Qwen2`] with `[\p{L}\p{M}]` for `\p{L}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qwen3_5;

/// What the patterns differ in.
struct Rules {
    /// The chars of a word.
    word: Set,
    /// `[^\s…]` without words and numbers.
    rest: Set,
    /// Numbers in a row.
    digits: usize,
    /// Whether `\s++$` comes before the newlines.
    final_first: bool,
}

const CL100K: Rules = Rules { word: Set::LETTERS, rest: REST, digits: 3, final_first: true };
const LLAMA3: Rules = Rules { final_first: false, ..CL100K };
const QWEN2: Rules = Rules { digits: 1, ..LLAMA3 };
const QWEN3_5: Rules =
    Rules { word: Set::LETTERS.or(Set::MARKS), rest: REST.and(Set::MARKS.not()), ..QWEN2 };

#[inline(always)]
fn end(rules: &Rules, text: &[u8], start: usize) -> usize {
    let (class, len) = decode(text, start);
    // A mark that begins a word of Qwen3.5 may be its prefix too: the word ends in the same place.
    if rules.word.contains(class) {
        return run(text, start + len, rules.word);
    }
    if Set::NUMBERS.contains(class) {
        return digits(text, start, len, rules.digits);
    }
    let contraction = contraction(text, start, true);
    if contraction > 0 {
        return start + contraction;
    }
    if PREFIX.contains(class) && has(text, start + len, rules.word) {
        return run(text, start + len, rules.word);
    }
    if let Some(at) = after_blank(text, start, class, rules.rest) {
        return newlines(text, run(text, at, rules.rest), false);
    }
    let space = Space::at(text, start);
    let final_run = space.end == text.len();
    if rules.final_first && final_run { space.end } else { space.after_line(final_run) }
}

impl Scanner for Cl100k {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(&CL100K, text, start)
    }

    fill_by_blocks!();
}

impl Scanner for Llama3 {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(&LLAMA3, text, start)
    }

    fill_by_blocks!();
}

impl Scanner for Qwen2 {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(&QWEN2, text, start)
    }

    fill_by_blocks!();
}

impl Scanner for Qwen3_5 {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        end(&QWEN3_5, text, start)
    }

    fill_by_blocks!();
}

impl Blocks for Cl100k {
    const KINDS: Kinds = Kinds::new(WideMarks::Signs);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::cl100k::<3>(classes)
    }
}

impl Blocks for Llama3 {
    const KINDS: Kinds = Kinds::new(WideMarks::Signs);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::cl100k::<3>(classes)
    }
}

impl Blocks for Qwen2 {
    const KINDS: Kinds = Kinds::new(WideMarks::Signs);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::cl100k::<1>(classes)
    }
}

impl Blocks for Qwen3_5 {
    const KINDS: Kinds = Kinds::new(WideMarks::Letters);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::cl100k::<1>(classes)
    }
}
