//! Normalizers: rewrite text before it is cut.

use crate::{sink::Span, unicode::nfc};

pub(crate) use crate::unicode::nfc::anew_from;
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

/// Marks an end that is one of the original.
const DONE: usize = 1 << (usize::BITS - 1);

/// Turns spans of the NFC of `original` into spans of `original`, and adds `base`.
///
/// Starts are in ascending order, and ends nearly so. Where a character was rewritten, a span that touches it
/// covers all that it was made of.
pub fn align_nfc(original: &[u8], base: usize, spans: &mut [Span]) {
    if spans.is_empty() {
        return;
    }
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
        // Tokens may begin in white space that the one before them has swallowed: their ends come before its end.
        for (span, number) in spans.get_mut(ends..).unwrap_or_default().iter_mut().zip(ends..) {
            if span.end <= next {
                let end = if same { range.start + span.end.saturating_sub(at) } else { range.end };
                span.end = (base + end) | DONE;
            } else if span.end < DONE && number >= starts {
                break;
            }
        }
        while let Some(span) = spans.get_mut(ends)
            && span.end >= DONE
        {
            span.end &= !DONE;
            ends += 1;
        }
        at = next;
    });
    for span in spans.get_mut(starts..).unwrap_or_default() {
        span.start = base + original.len();
    }
    for span in spans.get_mut(ends..).unwrap_or_default() {
        span.end = if span.end < DONE { base + original.len() } else { span.end & !DONE };
    }
}

/// The place in `original` from which byte `at` of its NFC comes.
pub fn original_place(original: &[u8], at: usize) -> usize {
    let mut span = [Span { start: at, end: at, ..Span::default() }];
    align_nfc(original, 0, &mut span);
    span[0].start
}

/// The last place in `original`, a char that touches nothing before it or the end, whose normal form
/// begins at or before byte `target` of all that `original` becomes, which is `len` bytes: the place,
/// and where its normal form begins.
///
/// Takes time in proportion to what is behind `target`.
pub(crate) fn anew_before(original: &[u8], len: usize, target: usize) -> (usize, usize) {
    let len_of = |from: usize| {
        let mut len = 0;
        nfc::normalize(&original[from..], |_, bytes| len += bytes.len());
        len
    };
    // A place before it, then the last one.
    let mut back = (len - target).saturating_add(64);
    let (from, mut at) = loop {
        let from = nfc::stable_len(&original[..original.len().saturating_sub(back)]);
        let at = if from == 0 { 0 } else { len - len_of(from) };
        if at <= target {
            break (from, at);
        }
        back = back.saturating_mul(2);
    };
    let mut last = (from, at);
    nfc::normalize(&original[from..], |range, bytes| {
        let start = from + range.start;
        if at <= target && !range.is_empty() && nfc::begins_anew(original, start) {
            last = (start, at);
        }
        if at < target && target < at + bytes.len() && original[from..].get(range) == Some(bytes) {
            // Inside a part that stays as it is.
            let inside = target - at;
            let place = match nfc::begins_anew(bytes, inside) {
                true => inside,
                false => nfc::stable_len(&bytes[..inside]),
            };
            if place > 0 {
                last = (start + place, at + place);
            }
        }
        at += bytes.len();
    });
    if target == len { (original.len(), len) } else { last }
}
