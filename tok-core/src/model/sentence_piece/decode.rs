//! Ids back to text, as the library does it.

use super::{SPACE, SentencePiece, flag, own_part, param, piece_type};
use crate::blob::lookup::NONE;
use alloc::{borrow::Cow, string::String, vec::Vec};

impl SentencePiece<'_> {
    /// The text of ids. Control pieces stand for nothing, and ids without a piece are left out.
    pub fn decode(&self, ids: impl Iterator<Item = u32>) -> String {
        self.decode_each(ids.filter_map(|id| Some((id, self.tables.token(id)?, None))))
    }

    /// The text of pieces. One that the model does not have stands for itself.
    pub fn decode_pieces<'p>(&self, pieces: impl Iterator<Item = &'p str>) -> String {
        let unk = self.parts.param(param::UNK);
        let name = self.tables.token(unk).unwrap_or_default();
        self.decode_each(pieces.map(|piece| {
            let piece = piece.as_bytes();
            let id = self.id_of(piece);
            (id, piece, (id == unk && piece != name).then_some(piece))
        }))
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
