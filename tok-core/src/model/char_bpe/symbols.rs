//! Text to symbols, before any merge.

use super::{CharBpe, flag, merge::Symbol, own_part, param};
use crate::{
    blob::{lookup::NONE, u32_at},
    model::ModelError,
};
use alloc::vec::Vec;

impl CharBpe<'_> {
    /// The symbols of a piece, with the number of bytes that the reference counts for each.
    pub(super) fn symbols(
        &self,
        text: &str,
        strict: bool,
        out: &mut Vec<Symbol>,
    ) -> Result<(), ModelError> {
        out.clear();
        let plain = self.chars(0);
        let prefix = self.parts.bytes(own_part::PREFIX);
        let suffix = self.parts.bytes(own_part::SUFFIX);
        let marked = !prefix.is_empty() || !suffix.is_empty();
        let mut unknown: Option<Symbol> = None;
        for (at, c) in text.char_indices() {
            let len = c.len_utf8();
            let (mut before, mut behind) = (&b""[..], &b""[..]);
            let symbol = if marked {
                let end = at + len == text.len();
                let with_prefix = at > 0 && !prefix.is_empty();
                let with_suffix = end && !suffix.is_empty();
                before = if with_prefix { prefix } else { before };
                behind = if with_suffix { suffix } else { behind };
                self.chars(usize::from(with_prefix) + 2 * usize::from(with_suffix)).get(c)
            } else {
                plain.get(c)
            };
            if symbol != NONE {
                out.extend(unknown.take());
                out.push(Symbol::new(symbol, len as u32));
                continue;
            }
            let mut utf8 = [0; 4];
            let written = c.encode_utf8(&mut utf8).as_bytes();
            if self.has(flag::BYTE_FALLBACK) && self.fall_back([before, written, behind], out) {
                // An unknown token that waits comes after the bytes, as in the reference.
                continue;
            }
            if !self.has(flag::HAS_UNK) {
                if strict {
                    return Err(ModelError::NoToken { at, byte: text.as_bytes()[at] });
                }
                continue;
            }
            let unk = match self.parts.param(param::UNK) {
                NONE => return Err(ModelError::Unknown { at }),
                unk => unk,
            };
            match &mut unknown {
                Some(symbol) if self.has(flag::FUSE_UNK) => symbol.len += len as u32,
                waiting => {
                    out.extend(waiting.take());
                    *waiting = Some(Symbol::new(unk, len as u32));
                }
            }
        }
        out.extend(unknown);
        Ok(())
    }

    /// Byte tokens for the bytes of a char, if all of them have one.
    fn fall_back(&self, parts: [&[u8]; 3], out: &mut Vec<Symbol>) -> bool {
        let before = out.len();
        for &byte in parts.into_iter().flatten() {
            match u32::from_le_bytes(self.tables.byte_symbols[usize::from(byte)]) {
                NONE => {
                    out.truncate(before);
                    return false;
                }
                symbol => out.push(Symbol::new(symbol, 1)),
            }
        }
        true
    }

    /// The table of chars, with the prefix (1) and the suffix (2).
    fn chars(&self, marks: usize) -> Chars<'_> {
        Chars {
            blocks: self.parts.bytes(own_part::BLOCKS + 2 * marks).as_chunks().0,
            pages: self.parts.u32s(own_part::PAGES + 2 * marks),
        }
    }
}

/// Symbols of single chars: pages of 64, equal pages once.
#[derive(Clone, Copy)]
struct Chars<'a> {
    blocks: &'a [[u8; 2]],
    pages: &'a [[u8; 4]],
}

impl Chars<'_> {
    #[inline]
    fn get(&self, c: char) -> u32 {
        let code = c as usize;
        let page = match self.blocks.get(code >> 6) {
            Some(page) => u16::from_le_bytes(*page) as usize,
            None => return NONE,
        };
        u32_at(self.pages, page << 6 | code & 63).unwrap_or(NONE)
    }
}
