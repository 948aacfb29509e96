//! From ids back to bytes.

use crate::blob::{Tables, TokenFlags};

/// Bytes that are copied whatever a token's length: nearly all tokens are shorter.
const STEP: usize = 16;

/// Why a copy ended before the last id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The id has no token.
    Unknown,
    /// There is no room for the bytes of the next token.
    Full {
        /// How many it has.
        needed: usize,
    },
}

/// Which ids are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// None; one without a token is an error.
    Nothing,
    /// Those without a token.
    Unknown,
    /// Those without a token, and special tokens.
    UnknownAndSpecial,
}

/// How far a copy came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Ids that are done.
    pub ids: usize,
    /// Bytes that are written.
    pub bytes: usize,
    /// Why there are not more; `None` after the last id.
    pub stop: Option<Stop>,
}

/// Writes the bytes of `ids` to the front of `out`. What is behind them there may be overwritten.
pub fn copy(tables: &Tables<'_>, ids: &[u32], skip: Skip, out: &mut [u8]) -> Copied {
    match skip {
        Skip::Nothing => copy_ids::<false>(tables, ids, TokenFlags::PRESENT, out),
        Skip::Unknown => copy_ids::<true>(tables, ids, TokenFlags::PRESENT, out),
        Skip::UnknownAndSpecial => {
            copy_ids::<true>(tables, ids, TokenFlags::PRESENT | TokenFlags::SPECIAL, out)
        }
    }
}

/// An id counts if of the flags in `mask` it has [`TokenFlags::PRESENT`] only.
#[inline(always)]
fn copy_ids<const SKIPS: bool>(
    tables: &Tables<'_>,
    ids: &[u32],
    mask: u8,
    out: &mut [u8],
) -> Copied {
    // Of one length, so that one check is enough.
    let len = tables.token_flags.len().min(tables.token_ends.len());
    let (flags, ends) = (&tables.token_flags[..len], &tables.token_ends[..len]);
    let mut written = 0;
    for (index, &id) in ids.iter().enumerate() {
        let at = id as usize;
        let stop = |stop| Copied { ids: index, bytes: written, stop: Some(stop) };
        let known = flags.get(at).zip(ends.get(at));
        let Some((_, end)) = known.filter(|(flags, _)| *flags & mask == TokenFlags::PRESENT) else {
            if SKIPS {
                continue;
            }
            return stop(Stop::Unknown);
        };
        // A copy of known length: else the length of each token is a branch that cannot be predicted.
        if let Some(start) = ends.get(at.wrapping_sub(1)) {
            let start = u32::from_le_bytes(*start) as usize;
            let end = u32::from_le_bytes(*end) as usize;
            let len = end.wrapping_sub(start);
            if len <= STEP
                && let Some(from) =
                    tables.token_bytes.get(start..).and_then(<[u8]>::first_chunk::<STEP>)
                && let Some(to) = out.get_mut(written..).and_then(<[u8]>::first_chunk_mut::<STEP>)
            {
                *to = *from;
                written += len;
                continue;
            }
        }
        match tables.token(id) {
            Some(token) => match out.get_mut(written..written + token.len()) {
                Some(to) => {
                    to.copy_from_slice(token);
                    written += token.len();
                }
                None => return stop(Stop::Full { needed: token.len() }),
            },
            // A damaged blob.
            None if SKIPS => {}
            None => return stop(Stop::Unknown),
        }
    }
    Copied { ids: ids.len(), bytes: written, stop: None }
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
