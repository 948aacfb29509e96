//! From ids back to bytes.

use crate::blob::Tables;

/// The bytes of `ids`, one token after the other.
///
/// With `skip_special`, special tokens are left out. An id without a token yields `None`.
pub fn tokens<'a>(
    tables: Tables<'a>,
    ids: &[u32],
    skip_special: bool,
) -> impl Iterator<Item = Option<&'a [u8]>> {
    ids.iter()
        .filter(move |&&id| !(skip_special && tables.token_flags(id).is_special()))
        .map(move |&id| tables.token(id))
}

/// How many bytes at the end of `bytes` are the beginning of a character that more bytes could
/// complete.
pub fn incomplete_suffix(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        if byte & 0xC0 == 0x80 {
            continue;
        }
        let tail = &bytes[bytes.len() - back..];
        return match core::str::from_utf8(tail) {
            Err(error) if error.error_len().is_none() => back,
            _ => 0,
        };
    }
    0
}
