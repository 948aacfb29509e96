//! Ids back to text, as the library does it.

use super::{SPACE, SentencePiece, WHOLE, flag, own_part, piece_type};
use crate::blob::lookup::{self, NONE};
use alloc::{borrow::Cow, string::String, vec::Vec};

/// What an id does to the text of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It has no text, but ends a run of bytes.
    Ends,
    /// It is one of a run of bytes.
    Byte(u8),
    /// It has no text at the very beginning, and no effect either.
    LeadingSpace,
    /// It has a text, which ends in U+FFFD or does not.
    Text { broken: bool },
}

impl SentencePiece<'_> {
    /// What an id does; `None` where a table rewrites decoded text.
    pub(crate) fn effect(&self, id: u32) -> Option<Effect> {
        if self.has(flag::DENORMALIZE) {
            return None;
        }
        let piece = self.tables.token(id)?;
        Some(match self.type_of(id) {
            piece_type::BYTE => Effect::Byte(self.byte_of(id)?),
            piece_type::CONTROL => Effect::Ends,
            piece_type::UNKNOWN => {
                let text = self.parts.bytes(own_part::UNK_SURFACE);
                match text.is_empty() {
                    true => Effect::Ends,
                    false => Effect::Text { broken: text.ends_with("\u{FFFD}".as_bytes()) },
                }
            }
            _ if piece.is_empty() => Effect::Ends,
            _ if piece == SPACE && self.has(flag::REMOVE_SPACES) => Effect::LeadingSpace,
            _ => {
                let end = piece.get(piece.len().saturating_sub(4)..).unwrap_or_default();
                let last = end.utf8_chunks().last();
                let broken = |chunk: core::str::Utf8Chunk<'_>| {
                    !chunk.invalid().is_empty() || chunk.valid().ends_with('\u{FFFD}')
                };
                Effect::Text { broken: last.is_some_and(broken) }
            }
        })
    }

    /// The text of ids. Control pieces stand for nothing, and ids without a piece are left out.
    pub fn decode(&self, ids: impl Iterator<Item = u32>) -> String {
        self.decode_each(ids.filter_map(|id| Some((id, self.tables.token(id)?, None))))
    }

    /// The text of pieces. One that the model does not have stands for itself.
    pub fn decode_pieces<'p>(&self, pieces: impl Iterator<Item = &'p str>) -> String {
        let unk = self.unknown();
        let name = self.tables.token(unk).unwrap_or_default();
        self.decode_each(pieces.map(|piece| {
            let piece = piece.as_bytes();
            let id = self.id_named(piece);
            (id, piece, (id == unk && piece != name).then_some(piece))
        }))
    }

    /// The id of any piece by its text, also of one that text cannot become; that of the unknown piece where
    /// there is none.
    fn id_named(&self, piece: &[u8]) -> u32 {
        let reserved = || match piece.len() <= self.tables.max_whole_len {
            true => lookup::find_id(self.tables, piece),
            false => None,
        };
        self.find(piece).map(|id| id & !WHOLE).or_else(reserved).unwrap_or(self.unknown())
    }

    /// Pieces with their ids, and for unknown text that text.
    fn decode_each<'p>(
        &self,
        pieces: impl Iterator<Item = (u32, &'p [u8], Option<&'p [u8]>)>,
    ) -> String {
        let mut out: Vec<u8> = Vec::new();
        let (mut bytes, mut at_start, mut had_space) = (Vec::new(), true, false);
        let drops_space = self.has(flag::DUMMY_PREFIX) || self.has(flag::REMOVE_SPACES);
        for (id, piece, unknown) in pieces {
            let kind = self.type_of(id);
            if kind == piece_type::BYTE {
                if let Some(byte) = self.byte_of(id) {
                    bytes.push(byte);
                }
                continue;
            }
            write_bytes(&mut bytes, &mut out);
            at_start &= !had_space && out.is_empty();
            had_space = false;
            match kind {
                piece_type::CONTROL => {}
                piece_type::UNKNOWN if unknown.is_none() => {
                    out.extend_from_slice(self.parts.bytes(own_part::UNK_SURFACE));
                }
                _ => {
                    let mut piece = piece;
                    if at_start
                        && drops_space
                        && let Some(rest) = piece.strip_prefix(SPACE)
                    {
                        piece = rest;
                        had_space = !self.has(flag::REMOVE_SPACES);
                    }
                    push_with_spaces(piece, &mut out);
                }
            }
        }
        write_bytes(&mut bytes, &mut out);
        let text = match String::from_utf8_lossy(&out) {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text,
        };
        if !self.has(flag::DENORMALIZE) {
            return text;
        }
        String::from_utf8_lossy(&self.denormalize(&text)).into_owned()
    }

    /// The byte that a byte piece stands for.
    fn byte_of(&self, id: u32) -> Option<u8> {
        let ids = self.tables.byte_symbols.iter();
        let place = ids.map(|bytes| u32::from_le_bytes(*bytes)).position(|byte| byte == id);
        place.filter(|_| id != NONE).map(|byte| byte as u8)
    }
}

/// A piece with spaces for ▁.
fn push_with_spaces(piece: &[u8], out: &mut Vec<u8>) {
    let mut rest = piece;
    while let Some((byte, after)) = rest.split_first() {
        match rest.strip_prefix(SPACE) {
            Some(after) => {
                out.push(b' ');
                rest = after;
            }
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
}

/// A run of bytes; each that does not belong to a char becomes U+FFFD.
fn write_bytes(bytes: &mut Vec<u8>, out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
    bytes.clear();
}
