//! BPE whose symbols are chars, with everything that the reference's files can say.
//!
//! A vocabulary entry is a symbol, numbered in the order of ids. The table of pairs gives a rank,
//! and another table what the merge of that rank makes. Text of SentencePiece's kind, one piece
//! with ▁ for spaces, is cut before each ▁ that follows another char, if bake has proven that no
//! merge crosses such a place; what lies between has its own entry in level 0, or is merged.

mod merge;
mod runs;
mod symbols;

pub(super) use merge::Memory;
pub(crate) use runs::Runs;

use super::{Joins, ModelError, Parts, Scratch, Token, find_word, param, words::find_value};
use crate::{
    blob::{Tables, lookup::NONE},
    general::mark,
    swar,
};
use alloc::vec::Vec;

/// Bits of [`param::FLAGS`].
pub mod flag {
    /// Neighbouring unknown chars are one unknown token.
    pub const FUSE_UNK: u32 = 1;
    /// Chars without a token become byte tokens.
    pub const BYTE_FALLBACK: u32 = 2;
    /// A piece that is in the vocabulary is emitted whole.
    pub const IGNORE_MERGES: u32 = 4;
    /// No merge crosses the place between ▁ and another char before it, but for some marks.
    pub const CUT: u32 = 8;
    /// There is an unknown token, though perhaps not in the vocabulary.
    pub const HAS_UNK: u32 = 16;
}

/// Numbers of parameters; [`param::UNK`] is a symbol here.
pub mod own_param {
    use super::param::OWN;
    /// Probability with which a merge is left out, the bits of an f32.
    pub const DROPOUT: usize = OWN;
    /// The ASCII punctuation that merges join with ▁ behind it: bits of [`mark`](crate::general::mark).
    pub const OPEN: usize = OWN + 1;
}

/// Numbers of parts.
pub mod own_part {
    use super::super::part::OWN;
    /// The symbol that the merge of each rank makes, u32.
    pub const PRODUCTS: usize = OWN;
    /// What stands in front of chars that do not begin a piece.
    pub const PREFIX: usize = OWN + 1;
    /// What stands behind the char that ends a piece.
    pub const SUFFIX: usize = OWN + 2;
    /// Symbols of chars: number of the page for each 64 chars, u16. This and [`PAGES`] are there
    /// four times: +2 with the prefix, +4 with the suffix.
    pub const BLOCKS: usize = OWN + 3;
    /// Pages of 64 symbols, u32.
    pub const PAGES: usize = OWN + 4;
    /// The filter of [`Joins`](crate::model::Joins).
    pub const JOINS: usize = OWN + 11;
}

/// SentencePiece's space.
pub const SPACE: &[u8; 3] = &[0xE2, 0x96, 0x81];

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct CharBpe<'a> {
    pub(super) tables: &'a Tables<'a>,
    pub(super) parts: Parts<'a>,
}

impl CharBpe<'_> {
    pub(super) fn tokenize(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        if piece.is_empty() {
            return Ok(());
        }
        let dropout = match scratch.dropout {
            Some(dropout) => dropout,
            None => f32::from_bits(self.parts.param(own_param::DROPOUT)),
        };
        if dropout > 0.0 {
            let mut at = 0;
            return self.merge(piece, Some(dropout), scratch, &mut at, out);
        }
        if self.has(flag::IGNORE_MERGES)
            && let Some(id) = find_word(self.tables, &self.parts, piece.as_bytes())
        {
            out.push(Token { id, start: 0, end: piece.len() as u32 });
            return Ok(());
        }
        let mut at = 0;
        if !self.has(flag::CUT) {
            return self.part(piece, scratch, &mut at, out);
        }
        let mut rest = piece;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(first_part(rest.as_bytes(), self.open()));
            self.part(part, scratch, &mut at, out)?;
            rest = after;
        }
        Ok(())
    }

    /// As [`Model::tokenize`](super::Model::tokenize), but only by merging: for bake, to find out
    /// which pieces become one token.
    ///
    /// # Errors
    ///
    /// [`ModelError`].
    pub fn merged(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        self.merge(piece, None, scratch, &mut 0, out)
    }

    /// Whether text may be cut before ▁ where that follows another char.
    pub(crate) fn cuts(&self) -> bool {
        let dropout = f32::from_bits(self.parts.param(own_param::DROPOUT));
        self.has(flag::CUT) && !self.has(flag::IGNORE_MERGES) && dropout <= 0.0
    }

    /// Whether there may be chars without a token, which are left out.
    pub(super) fn drops(&self) -> bool {
        let falls_back = self.has(flag::BYTE_FALLBACK)
            && self.tables.byte_symbols.iter().all(|symbol| *symbol != NONE.to_le_bytes());
        !self.has(flag::HAS_UNK) && !falls_back
    }

    /// The marks behind which it may not.
    pub(super) fn open(&self) -> u32 {
        self.parts.param(own_param::OPEN)
    }

    fn has(&self, flag: u32) -> bool {
        self.parts.param(param::FLAGS) & flag != 0
    }

    /// A stretch that no merge crosses.
    #[inline]
    fn part(
        &self,
        text: &str,
        scratch: &mut Scratch,
        at: &mut u32,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        match self.whole(text.as_bytes()) {
            Some(id) => {
                let start = *at;
                *at += text.len() as u32;
                out.push(Token { id, start, end: *at });
                Ok(())
            }
            None => self.merge(text, None, scratch, at, out),
        }
    }

    /// The token that is the answer for a piece, where that was baked.
    #[inline]
    fn whole(&self, text: &[u8]) -> Option<u32> {
        find_value(self.tables, text)?.as_one()
    }

    fn merge(
        &self,
        text: &str,
        dropout: Option<f32>,
        scratch: &mut Scratch,
        at: &mut u32,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        let Scratch { merging, random, strict, .. } = scratch;
        self.symbols(text, *strict, &mut merging.symbols)?;
        if let Some(dropout) = dropout {
            self.merges().run(merging, Some((dropout, random)));
            self.emit(&merging.symbols, at, out);
        } else {
            self.each_run(merging, |symbols| self.emit(symbols, at, out));
        }
        Ok(())
    }

    fn merges(&self) -> merge::Merges<'_> {
        merge::Merges { tables: self.tables, products: self.parts.u32s(own_part::PRODUCTS) }
    }

    /// Merges the symbols in `merging`, and hands them to `each`: those of each run that no merge joins with another.
    fn each_run(&self, merging: &mut Memory, mut each: impl FnMut(&[merge::Symbol])) {
        let joins = Joins(self.parts.bytes(own_part::JOINS));
        let merges = self.merges();
        let mut first = core::mem::take(&mut merging.first);
        core::mem::swap(&mut first, &mut merging.symbols);
        for run in first.chunk_by(|a, b| joins.may_join(a.symbol, b.symbol)) {
            if run.len() == 1 {
                each(run);
                continue;
            }
            merging.symbols.clear();
            merging.symbols.extend_from_slice(run);
            merges.run(merging, None);
            each(&merging.symbols);
        }
        merging.first = first;
    }

    #[inline]
    fn emit(&self, symbols: &[merge::Symbol], at: &mut u32, out: &mut Vec<Token>) {
        for symbol in symbols {
            let id = self.tables.symbol_id(symbol.symbol);
            let start = *at;
            // A suffix that falls back to bytes counts too; saturated, no sum leaves u32.
            *at = start.saturating_add(symbol.len);
            out.push(Token { id, start, end: *at });
        }
    }
}

/// Where to cut first: before the first ▁ that another char precedes, if that is none of the marks of `open`.
#[inline]
pub(super) fn first_part(bytes: &[u8], open: u32) -> usize {
    let mut rest = after_spaces(bytes);
    // ▁ is E2 96 81. Its first byte is rare in most text.
    while let Some(found) = swar::find(rest, SPACE[0]) {
        let before = bytes.len() - rest.len() + found;
        rest = rest.get(found..).unwrap_or_default();
        if rest.first_chunk() != Some(SPACE) {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let last = before.checked_sub(1).and_then(|last| bytes.get(last)).copied();
        if open == 0 || last.is_none_or(|last| open & mark(last) == 0) {
            return before;
        }
        rest = after_spaces(rest);
    }
    bytes.len()
}

/// What comes behind each ▁ at the beginning.
#[inline]
fn after_spaces(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes.strip_prefix(SPACE) {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{first_part, mark};

    #[test]
    fn cuts_before_a_space_that_follows_something_else() {
        for (text, end) in [
            ("▁a▁b", 4),
            ("a▁b", 1),
            ("▁▁▁a", 10),
            ("▁▁", 6),
            ("", 0),
            ("a●▁", 4),
            ("●", 3),
            ("ab", 2),
        ] {
            assert_eq!(first_part(text.as_bytes(), 0), end, "{text}");
            assert_eq!(first_part(text.as_bytes(), mark(b'>')), end, "{text}");
        }
        for (text, end) in [("a>▁b▁c", 6), (">▁▁b", 8), (">▁<▁", 5), ("a!▁", 2), ("▁>▁▁", 10)]
        {
            assert_eq!(first_part(text.as_bytes(), mark(b'>') | mark(b'/')), end, "{text}");
        }
    }
}
