//! Normalizers: rewrite text before it is cut.

use crate::{sink::Span, unicode::nfc};

pub use crate::unicode::nfc::is_nfc;

/// The code of no normalizer.
pub const NONE: u32 = 0;
/// The code of Unicode NFC.
pub const NFC: u32 = 1;

/// Writes the NFC of `text` to the front of `memory` and returns its length.
///
/// # Errors
///
/// The length, if `memory` is shorter.
pub fn write_nfc(text: &[u8], memory: &mut [u8]) -> Result<usize, usize> {
    let mut len = 0;
    nfc::normalize(text, |_, bytes| {
        if let Some(to) = memory.get_mut(len..len + bytes.len()) {
            to.copy_from_slice(bytes);
        }
        len += bytes.len();
    });
    if len <= memory.len() { Ok(len) } else { Err(len) }
}

/// Turns spans of the NFC of `original` into spans of `original`, and adds `base`.
///
/// Starts and ends are in ascending order. Where a character was rewritten, a span that touches it
/// covers all that it was made of.
pub fn align_nfc(original: &[u8], base: usize, spans: &mut [Span]) {
    let (mut at, mut starts, mut ends) = (0, 0, 0);
    nfc::normalize(original, |range, bytes| {
        let next = at + bytes.len();
        let same = original.get(range.clone()) == Some(bytes);
        while let Some(span) = spans.get_mut(starts)
            && span.start < next
        {
            span.start = base + range.start + if same { span.start.saturating_sub(at) } else { 0 };
            starts += 1;
        }
        while let Some(span) = spans.get_mut(ends)
            && span.end <= next
        {
            let end = if same { range.start + span.end.saturating_sub(at) } else { range.end };
            span.end = base + end;
            ends += 1;
        }
        at = next;
    });
    for span in spans.get_mut(starts..).unwrap_or_default() {
        span.start = base + original.len();
    }
    for span in spans.get_mut(ends..).unwrap_or_default() {
        span.end = base + original.len();
    }
}

/// The place in `original` from which byte `at` of its NFC comes.
pub fn original_place(original: &[u8], at: usize) -> usize {
    let mut span = [Span { start: at, end: at, ..Span::default() }];
    align_nfc(original, 0, &mut span);
    span[0].start
}
