//! Scanning 64 bytes at once.
//!
//! A block begins where a pre-token does. Its bytes become one mask for each class ([`Classes`]),
//! and a pattern's rules ([`Blocks::starts`]) make of them the mask of all pre-token starts, with
//! shifts and additions. A block has no memory of the one before: it ends with the last start that
//! is certain, and the next one begins there.
//!
//! What the rules cannot decide is *in doubt*: a start is used only if it lies before every doubt
//! and does not depend on bytes beyond the block. Where that leaves nothing, [`Scanner::end`], which
//! is the specification, finds one pre-token, and the next block begins behind it.

mod classes;
mod rules;

pub(super) use classes::{Classes, Kinds, WideMarks, is_apart};
pub(super) use rules::{cl100k, clip, deepseek_v3, gpt2, o200k};

use super::Scanner;
use crate::kernel::{Kernel, Masks};

/// What a pattern's rules say of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Starts {
    /// Where pre-tokens start.
    pub(super) starts: u64,
    /// Starts from this bit on are in doubt.
    pub(super) limit: u32,
}

/// A pattern as rules about blocks.
pub(super) trait Blocks: Scanner {
    /// How chars beyond ASCII are told apart.
    const KINDS: Kinds;

    /// The starts in a block. Bit 0 need not be set.
    fn starts(classes: &Classes<'_>) -> Starts;
}

/// The bits below `bit`, which may be 64.
#[inline(always)]
pub(super) const fn below(bit: u32) -> u64 {
    if bit >= 64 { !0 } else { (1 << bit) - 1 }
}

/// [`Scanner::fill`] by blocks.
#[inline(always)]
pub(super) fn fill<R: Blocks>(
    rules: R,
    kernel: Kernel,
    text: &[u8],
    start: usize,
    ends: &mut [usize],
) -> usize {
    let (mut at, mut count) = (start, 0);
    while at < text.len() {
        // A block has up to 64 pre-tokens. They are written eight at a time.
        let Some(room) = ends.get_mut(count..).and_then(<[usize]>::first_chunk_mut::<72>) else {
            if ends.len() >= 72 {
                break;
            }
            // The caller wants a few only.
            return count + rules.fill(text, at, &mut ends[count..]);
        };
        let (starts, closed) = block::<R>(kernel, text, at);
        // Each start is the end of the pre-token before it.
        let mut bits = starts & !1;
        let found = bits.count_ones() as usize;
        for eight in room.as_chunks_mut::<8>().0 {
            for slot in eight {
                *slot = at + bits.trailing_zeros() as usize;
                bits &= bits.wrapping_sub(1);
            }
            if bits == 0 {
                break;
            }
        }
        count += found;
        let last = match found {
            0 => at,
            _ => ends[count - 1],
        };
        if let Some(end) = closed {
            ends[count] = end;
            count += 1;
            at = end;
        } else if found == 0 {
            at = rules.end(text, at);
            ends[count] = at;
            count += 1;
        } else {
            at = last;
        }
    }
    count
}

/// The certain starts of the block at `at`, and the end of the text if the last pre-token ends
/// with it.
#[inline(always)]
fn block<R: Blocks>(kernel: Kernel, text: &[u8], at: usize) -> (u64, Option<usize>) {
    let rest = text.get(at..).unwrap_or_default();
    if rest.len() > 64
        && let Some(bytes) = rest.first_chunk()
    {
        let masks = kernel.masks(bytes);
        if masks.wide != 0 {
            return (wide_block::<R>(kernel, masks, bytes), None);
        }
        // Of most blocks so much is known that much of the rules is nothing.
        let classes = Classes::ascii(Masks { wide: 0, ..masks }, bytes, 64);
        return (certain(R::starts(&classes), &classes), None);
    }
    last_block::<R>(kernel, text, rest)
}

/// The starts that are certain.
#[inline(always)]
fn certain(Starts { starts, limit }: Starts, classes: &Classes<'_>) -> u64 {
    starts & below(limit.min(classes.len))
}

/// A whole block with other chars than ASCII, and text behind it.
#[inline(never)]
fn wide_block<R: Blocks>(kernel: Kernel, masks: Masks, bytes: &[u8; 64]) -> u64 {
    let classes = Classes::new(&R::KINDS, kernel, masks, bytes, 64, false);
    certain(R::starts(&classes), &classes)
}

/// The last block, which may be shorter.
#[cold]
#[inline(never)]
fn last_block<R: Blocks>(kernel: Kernel, text: &[u8], rest: &[u8]) -> (u64, Option<usize>) {
    let padded;
    let (bytes, len) = match rest.first_chunk::<64>() {
        Some(bytes) => (bytes, 64),
        None => {
            padded = padded_block(rest);
            (&padded, rest.len() as u32)
        }
    };
    let classes = Classes::new(&R::KINDS, kernel, kernel.masks(bytes), bytes, len, true);
    let found = R::starts(&classes);
    let closed = !classes.open && found.limit >= classes.len;
    (certain(found, &classes), closed.then_some(text.len()))
}

/// White space behind the end leaves open what the last white space of the text is; nothing else.
fn padded_block(rest: &[u8]) -> [u8; 64] {
    let mut block = [b' '; 64];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    block
}
