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
    let (mut index, mut written) = (0, 0);
    loop {
        let (ids_done, bytes) =
            copy_usual(tables, &ids[index..], mask, out.get_mut(written..).unwrap_or_default());
        (index, written) = (index + ids_done, written + bytes);
        let stop = |stop| Copied { ids: index, bytes: written, stop };
        // One id that is unusual.
        let Some(&id) = ids.get(index) else { return stop(None) };
        let token = match tables.token_flags(id).0 & mask {
            TokenFlags::PRESENT => tables.token(id),
            _ => None,
        };
        match token {
            Some(token) => match out.get_mut(written..written + token.len()) {
                Some(to) => {
                    to.copy_from_slice(token);
                    written += token.len();
                }
                None => return stop(Some(Stop::Full { needed: token.len() })),
            },
            None if SKIPS => {}
            None => return stop(Some(Stop::Unknown)),
        }
        index += 1;
    }
}

/// Copies up to the first id that does not count or is the first of all, whose token is long or among
/// the last, or for which `out` has less than [`STEP`] bytes. Returns the number of ids, and of bytes.
#[inline(always)]
fn copy_usual(tables: &Tables<'_>, ids: &[u32], mask: u8, out: &mut [u8]) -> (usize, usize) {
    // Of one length, so that one check is enough. The first token has no end before it.
    let (flags, ends) = (tables.token_flags, tables.token_ends);
    let len = flags.len().min(ends.len()).saturating_sub(1);
    let (Some(flags), Some(starts)) = (flags.get(1..len + 1), ends.get(..len)) else {
        return (0, 0);
    };
    let Some(ends) = ends.get(1..len + 1) else { return (0, 0) };
    let room = out.len();
    let (mut rest, mut done) = (out, 0);
    for &id in ids {
        let before = (id as usize).wrapping_sub(1);
        if before >= len {
            break;
        }
        let start = u32::from_le_bytes(starts[before]);
        let size = u32::from_le_bytes(ends[before]).wrapping_sub(start) as usize;
        let start = start as usize;
        if size > STEP || flags[before] & mask != TokenFlags::PRESENT {
            break;
        }
        // A copy of known length: else the length of each token is a branch that cannot be predicted.
        let from =
            tables.token_bytes.get(start..start + STEP).and_then(<[u8]>::first_chunk::<STEP>);
        let Some((from, to)) = from.zip(rest.first_chunk_mut::<STEP>()) else { break };
        *to = *from;
        rest = &mut rest[size..];
        done += 1;
    }
    (done, room - rest.len())
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
