//! Pre-tokenizers: where the next pre-token ends.
//!
//! A [`Scanner`] is a pattern of some tokenizer family written out by hand. [`Kind`] names the
//! patterns that have one; [`dfa`] is for the others.

mod blocks;
mod cl100k;
mod clip;
mod cuts;
mod deepseek_v3;
pub mod dfa;
mod gpt2;
mod kind;
pub mod looks;
mod o200k;
mod parts;

pub use cl100k::{Cl100k, Llama3, Qwen2, Qwen3_5};
pub use clip::Clip;
pub use cuts::Cuts;
pub use deepseek_v3::DeepseekV3;
pub use gpt2::{Gpt2, R50k};
pub use kind::{Kind, Syntax};
pub use o200k::{Kimi, O200k, Tekken};

use crate::Kernel;

/// The first place at or after `from` where a pre-token of every [`Scanner`] ends, whatever stands
/// before and after: between a letter or digit and white space, all ASCII.
///
/// No pattern has a token in which white space follows a letter or digit, and none looks back, so
/// the text may be cut there and its parts scanned on their own.
pub fn safe_cut(text: &[u8], from: usize) -> Option<usize> {
    let from = from.max(1);
    let pairs = text.get(from - 1..)?.windows(2);
    let at = pairs.into_iter().position(|pair| {
        pair[0].is_ascii_alphanumeric() && matches!(pair[1], b' ' | b'\t' | b'\n' | b'\r')
    })?;
    Some(from + at)
}

/// As many pre-tokens, at most, follow one whose end depends on where the text ends.
///
/// A [`Scanner`] looks beyond the end of a pre-token no farther than: the char behind it, or the rest of a
/// contraction (up to three bytes, at most two pre-tokens); with white space, the rest of the run (at most
/// two pre-tokens: what follows the last newline, and of that the last char goes to the next word); in
/// [`O200k`] and [`Tekken`] upper case that it gives back, which is the next pre-token as a whole; in
/// [`DeepseekV3`] chars that nothing matches, and the char behind them. An end of the text that cuts a
/// char leaves bytes that are one pre-token at most.
pub const LOOKAHEAD: usize = 4;

/// Finds pre-tokens by hand-written rules.
///
/// Text may be any bytes. A byte that is not part of a UTF-8 char counts as an unassigned char of
/// one byte.
pub trait Scanner: Copy {
    /// Whether the pattern leaves text unmatched that a tokenizer may drop.
    const HAS_GAPS: bool = false;

    /// The end of the pre-token that starts at `start`, which must be less than `text.len()`.
    ///
    /// It is greater than `start`, at most `text.len()`, and on a char boundary if `start` is. It
    /// depends on `text[start..]` only. Scanning a text to its end takes linear time.
    fn end(self, text: &[u8], start: usize) -> usize;

    /// Whether the pattern leaves the pre-token that starts at `start` unmatched, with
    /// [`HAS_GAPS`](Self::HAS_GAPS).
    #[inline(always)]
    fn is_gap(self, text: &[u8], start: usize) -> bool {
        let _ = (text, start);
        false
    }

    /// Writes the ends of the pre-tokens that follow each other from `start` on, and returns how
    /// many were written: as many as `ends` can hold, or as the text has.
    #[inline]
    fn fill(self, text: &[u8], start: usize, ends: &mut [usize]) -> usize {
        let mut at = start;
        for (written, slot) in ends.iter_mut().enumerate() {
            if at >= text.len() {
                return written;
            }
            at = self.end(text, at);
            *slot = at;
        }
        ends.len()
    }

    /// [`Scanner::fill`] with a kernel: the same ends, as many as are convenient, but one at least.
    #[inline(always)]
    fn fill_with(self, kernel: Kernel, text: &[u8], start: usize, ends: &mut [usize]) -> usize {
        let _ = kernel;
        self.fill(text, start, ends)
    }
}

/// [`Scanner::fill_with`] for a scanner that has rules for blocks.
macro_rules! fill_by_blocks {
    () => {
        #[inline(always)]
        fn fill_with(
            self,
            kernel: crate::Kernel,
            text: &[u8],
            start: usize,
            ends: &mut [usize],
        ) -> usize {
            if kernel.has_masks() {
                super::blocks::fill(self, kernel, text, start, ends)
            } else {
                self.fill(text, start, ends)
            }
        }
    };
}
use fill_by_blocks;
