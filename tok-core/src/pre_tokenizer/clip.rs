//! CLIP's pattern, which leaves white space unmatched.

use super::blocks::{self, Blocks, Classes, Kinds, Starts, WideMarks};
use super::parts::{REST, contraction, run};
use super::{Scanner, fill_by_blocks};
use crate::unicode::class::{Set, decode};

/// `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
///
/// What it does not match is white space; a run of it counts as a pre-token here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clip;

impl Scanner for Clip {
    const HAS_GAPS: bool = true;

    #[inline]
    fn end(self, text: &[u8], start: usize) -> usize {
        let (class, len) = decode(text, start);
        if Set::LETTERS.contains(class) {
            return run(text, start + len, Set::LETTERS);
        }
        if Set::NUMBERS.contains(class) {
            return start + len;
        }
        if Set::SPACES.contains(class) {
            return run(text, start + len, Set::SPACES);
        }
        let rest = text.get(start..).unwrap_or_default();
        for token in ["<|startoftext|>", "<|endoftext|>"] {
            if rest.starts_with(token.as_bytes()) {
                return start + token.len();
            }
        }
        match contraction(text, start, false) {
            0 => run(text, start + len, REST),
            contraction => start + contraction,
        }
    }

    #[inline(always)]
    fn is_gap(self, text: &[u8], start: usize) -> bool {
        Set::SPACES.contains(decode(text, start).0)
    }

    fill_by_blocks!();
}

impl Blocks for Clip {
    const KINDS: Kinds = Kinds::new(WideMarks::Signs);

    #[inline(always)]
    fn starts(classes: &Classes<'_>) -> Starts {
        blocks::clip(classes)
    }
}
