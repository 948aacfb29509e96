//! GPT-2's pattern, and tiktoken's spelling of it.

use super::blocks::{self, Blocks, Classes, Kinds, Starts, WideMarks};
use super::parts::{REST, Space, contraction, run};
use super::{Scanner, fill_by_blocks};
use crate::unicode::class::{Set, decode};

/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gpt2;

/// `'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`
///
/// Finds what [`Gpt2`] finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct R50k;

impl Scanner for Gpt2 {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        let contraction = contraction(text, start, false);
        if contraction > 0 {
            return start + contraction;
        }
        // The three classes exclude each other, and the blank before them is the same.
        let mut at = start;
        let (mut class, mut len) = decode(text, at);
        if text.get(start) == Some(&b' ') {
            at += 1;
            (class, len) = decode(text, at);
        }
        for set in [Set::LETTERS, Set::NUMBERS, REST] {
            if set.contains(class) {
                return run(text, at + len, set);
            }
        }
        let space = Space::at(text, start);
        space.before_word(space.end == text.len())
    }

    fill_by_blocks!();
}

impl Scanner for R50k {
    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        // `\s++$` takes a run that ends the text, as `\s+(?!\S)` would; the last `\s` is reached
        // with a run of one char only.
        Gpt2.end(text, start)
    }

    fill_by_blocks!();
}

impl Blocks for Gpt2 {
    const KINDS: Kinds = Kinds::new(WideMarks::Signs);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::gpt2(classes)
    }
}

impl Blocks for R50k {
    const KINDS: Kinds = Gpt2::KINDS;

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        Gpt2::starts(classes)
    }
}
