//! Text to symbols, before any merge.

use super::{
    CharBpe, Joins, flag,
    merge::{SHORT, Symbol},
    own_part, param,
};
use crate::{
    blob::{lookup::NONE, u32_at},
    model::ModelError,
};
use alloc::vec::Vec;

/// Symbols that stand for their own text, side by side.
#[derive(Debug)]
pub(super) struct Few {
    pub(super) symbols: [u32; SHORT],
    /// Where each ends, in bytes.
    pub(super) ends: [u16; SHORT],
    pub(super) count: usize,
    /// A bit for each that no merge joins with the one before it.
    pub(super) begins: u64,
}

impl Default for Few {
    fn default() -> Self {
        Self { symbols: [0; SHORT], ends: [0; SHORT], count: 0, begins: 0 }
    }
}

impl Few {
    /// Where the last run of this text begins that begins with a char; 0 if there is one only.
    pub(super) fn last_run(&self, text: &str) -> usize {
        let is_run =
            |at: &usize| self.begins >> at & 1 != 0 && text.is_char_boundary(self.start(*at));
        (1..self.count).rev().find(is_run).unwrap_or_default()
    }

    /// Where the symbol with this number begins.
    #[inline]
    pub(super) fn start(&self, number: usize) -> usize {
        let before = number.checked_sub(1).and_then(|before| self.ends.get(before));
        before.map_or(0, |&end| end.into())
    }
}

impl CharBpe<'_> {
    /// The symbols of a piece, with the number of bytes that the reference counts for each.
    pub(super) fn symbols(
        &self,
        text: &str,
        strict: bool,
        out: &mut Vec<Symbol>,
    ) -> Result<(), ModelError> {
        out.clear();
        if self.is_marked() {
            return self.marked_symbols(text, strict, out);
        }
        let plain = self.chars(0);
        let mut unknown = None;
        for (at, c) in text.char_indices() {
            let symbol = Symbol::new(plain.get(c), c.len_utf8() as u32);
            if symbol.symbol != NONE && unknown.is_none() {
                out.push(symbol);
            } else {
                self.push(symbol, &mut unknown, [b"", b""], (text, at, strict), out)?;
            }
        }
        out.extend(unknown);
        Ok(())
    }

    /// Whether chars have something in front or behind.
    pub(super) fn is_marked(&self) -> bool {
        let is_there = |part| !self.parts.bytes(part).is_empty();
        is_there(own_part::PREFIX) || is_there(own_part::SUFFIX)
    }

    fn marked_symbols(
        &self,
        text: &str,
        strict: bool,
        out: &mut Vec<Symbol>,
    ) -> Result<(), ModelError> {
        let prefix = self.parts.bytes(own_part::PREFIX);
        let suffix = self.parts.bytes(own_part::SUFFIX);
        let mut unknown = None;
        for (at, c) in text.char_indices() {
            let len = c.len_utf8();
            let with_prefix = at > 0 && !prefix.is_empty();
            let with_suffix = at + len == text.len() && !suffix.is_empty();
            let around =
                [if with_prefix { prefix } else { b"" }, if with_suffix { suffix } else { b"" }];
            let chars = self.chars(usize::from(with_prefix) + 2 * usize::from(with_suffix));
            let symbol = Symbol::new(chars.get(c), len as u32);
            self.push(symbol, &mut unknown, around, (text, at, strict), out)?;
        }
        out.extend(unknown);
        Ok(())
    }

    /// Adds the symbol of the char at `at`, or what stands for it; `unknown` is an unknown token that waits for
    /// what follows.
    fn push(
        &self,
        symbol: Symbol,
        unknown: &mut Option<Symbol>,
        [before, behind]: [&[u8]; 2],
        (text, at, strict): (&str, usize, bool),
        out: &mut Vec<Symbol>,
    ) -> Result<(), ModelError> {
        if symbol.symbol != NONE {
            out.extend(unknown.take());
            out.push(symbol);
            return Ok(());
        }
        let written = text.as_bytes().get(at..at + symbol.len as usize).unwrap_or_default();
        if self.has(flag::BYTE_FALLBACK) && self.fall_back([before, written, behind], out) {
            // An unknown token that waits comes after the bytes, as in the reference.
            return Ok(());
        }
        if !self.has(flag::HAS_UNK) {
            return match written.first() {
                Some(&byte) if strict => Err(ModelError::NoToken { at, byte }),
                _ => Ok(()),
            };
        }
        let unk = match self.parts.param(param::UNK) {
            NONE => return Err(ModelError::Unknown { at }),
            unk => unk,
        };
        match unknown {
            Some(waiting) if self.has(flag::FUSE_UNK) => waiting.len += symbol.len,
            waiting => {
                out.extend(waiting.take());
                *waiting = Some(Symbol::new(unk, symbol.len));
            }
        }
        Ok(())
    }

    /// The symbols of the front of a piece whose chars have nothing in front or behind: as many as there is room for.
    /// `None` where a char has none, and its bytes neither.
    #[inline(always)]
    pub(super) fn few_symbols(&self, text: &str, few: &mut Few) -> Option<()> {
        let chars = self.chars(0);
        let joins = Joins(self.parts.bytes(own_part::JOINS));
        // The first one begins a run, whatever the filter says of it.
        let (mut count, mut end, mut last, mut begins) = (0, 0, NONE, 1);
        for c in text.chars() {
            let len = c.len_utf8();
            let symbol = chars.get(c);
            if symbol == NONE {
                let symbols = self.byte_symbols(text.as_bytes().get(end..end + len)?)?;
                if count + len > SHORT {
                    break;
                }
                for symbol in symbols.into_iter().take(len) {
                    end += 1;
                    few.symbols[count % SHORT] = symbol;
                    few.ends[count % SHORT] = end as u16;
                    begins |= u64::from(!joins.may_join(last, symbol)) << (count % SHORT);
                    last = symbol;
                    count += 1;
                }
                continue;
            }
            // The same for most chars, of which each is one: a loop for both takes 4 % more instructions in all.
            if count >= SHORT {
                break;
            }
            end += len;
            few.symbols[count] = symbol;
            few.ends[count] = end as u16;
            begins |= u64::from(!joins.may_join(last, symbol)) << count;
            last = symbol;
            count += 1;
        }
        (few.count, few.begins) = (count, begins);
        Some(())
    }

    /// The symbols of a char's bytes, where bytes stand for chars and all of these have one.
    fn byte_symbols(&self, bytes: &[u8]) -> Option<[u32; 4]> {
        let mut symbols = [NONE; 4];
        for (symbol, &byte) in symbols.iter_mut().zip(bytes) {
            *symbol = Some(self.byte_symbol(byte)).filter(|&symbol| symbol != NONE)?;
        }
        self.has(flag::BYTE_FALLBACK).then_some(symbols)
    }

    /// Byte tokens for the bytes of a char, if all of them have one.
    fn fall_back(&self, parts: [&[u8]; 3], out: &mut Vec<Symbol>) -> bool {
        let before = out.len();
        for &byte in parts.into_iter().flatten() {
            match self.byte_symbol(byte) {
                NONE => {
                    out.truncate(before);
                    return false;
                }
                symbol => out.push(Symbol::new(symbol, 1)),
            }
        }
        true
    }

    fn byte_symbol(&self, byte: u8) -> u32 {
        u32::from_le_bytes(self.tables.byte_symbols[usize::from(byte)])
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
