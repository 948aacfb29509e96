//! Bytes that are not text.

use crate::engine::{Request, Stop};
use alloc::{string::String, vec::Vec};
use core::str::Utf8Error;

/// The bytes as text, or where they are none.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Result<&str, Utf8Error> {
    #[cfg(feature = "std")]
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        return Ok(text);
    }
    core::str::from_utf8(bytes)
}

/// The error of a strict encode: a byte that is part of no char has no token.
pub(super) fn refuse(request: &Request<'_>, error: Utf8Error) -> Result<(), Stop> {
    let at = error.valid_up_to();
    match request.text.get(at) {
        Some(&byte) if request.strict => Err(Stop::NoToken { byte, at }),
        _ => Ok(()),
    }
}

/// Text with U+FFFD for each byte that is not part of UTF-8, and pairs of places, in it and in the
/// original, from where on both go on alike.
pub(super) fn replace(bytes: &[u8]) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut places, mut at) = (String::new(), Vec::new(), 0);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        at += chunk.valid().len();
        for _ in chunk.invalid() {
            places.push((text.len(), at));
            text.push('\u{FFFD}');
            at += 1;
            places.push((text.len(), at));
        }
    }
    (text, places)
}

/// The place in the original of one in the text.
pub(super) fn original(places: &[(usize, usize)], at: usize) -> usize {
    let next = places.partition_point(|place| place.0 <= at);
    match next.checked_sub(1).and_then(|last| places.get(last)) {
        Some(&(text, original)) => original + (at - text),
        None => at,
    }
}
