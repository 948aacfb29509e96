//! Byte-level BPE: the symbols are bytes, whatever chars the vocabulary writes them with.

use super::{
    ModelError, Random, Scratch, Token,
    bpe::{Pairs, SHORT, TablePairs, merge_long, merge_short, words_for},
    words::find_value,
};
use crate::{
    blob::{
        Tables, flags,
        lookup::{self, LONG_MAX, NONE, Value},
    },
    byte_level::Counted,
};
use alloc::{collections::BinaryHeap, vec::Vec};
use core::cmp::Reverse;

/// The model. Its tables are those of the specialised engine.
#[derive(Debug, Clone, Copy)]
pub struct ByteBpe<'a> {
    pub(super) tables: &'a Tables<'a>,
}

impl ByteBpe<'_> {
    /// As [`Model::tokenize`](super::Model::tokenize), for any bytes.
    ///
    /// # Errors
    ///
    /// [`ModelError`].
    pub fn tokenize(
        &self,
        piece: &[u8],
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        let from = out.len();
        let one = |id: u32| Token { id, start: 0, end: 0 };
        if scratch.strict {
            self.refuse(piece, scratch.dropout.is_some_and(|dropout| dropout > 0.0))?;
        }
        if let Some(dropout) = scratch.dropout.filter(|dropout| *dropout > 0.0) {
            self.merge_some(piece, dropout, &mut scratch.random, |id| out.push(one(id)))?;
            self.place(piece, out.get_mut(from..).unwrap_or_default());
            return Ok(());
        }
        match self.whole(piece).map(|value| (value.as_one(), value.span())) {
            _ if piece.is_empty() => return Ok(()),
            Some((Some(id), _)) => {
                out.push(Token { id, start: 0, end: piece.len() as u32 });
                return Ok(());
            }
            Some((None, (first, count))) => {
                let ids = self.tables.answers.get(first..first + count).unwrap_or_default();
                out.extend(ids.iter().map(|id| one(u32::from_le_bytes(*id))));
            }
            None => self.merge(piece, scratch, |id| out.push(one(id)))?,
        }
        self.place(piece, out.get_mut(from..).unwrap_or_default());
        Ok(())
    }

    /// An error for a byte without a token, unless the pre-token is in the vocabulary and not merged.
    #[cold]
    fn refuse(&self, piece: &[u8], drops_out: bool) -> Result<(), ModelError> {
        let byte = |byte| TablePairs(self.tables).byte(byte);
        let Some(at) = piece.iter().position(|&b| byte(b) == NONE) else { return Ok(()) };
        let is_whole = !drops_out
            && self.tables.has(flags::IGNORE_MERGES)
            && self.whole(piece).is_some_and(|value| value.as_one().is_some());
        if is_whole { Ok(()) } else { Err(ModelError::NoToken { at, byte: piece[at] }) }
    }

    /// The baked answer for a pre-token.
    #[inline]
    pub(super) fn whole(&self, piece: &[u8]) -> Option<Value> {
        if piece.len() <= LONG_MAX {
            return find_value(self.tables, piece);
        }
        if piece.len() > self.tables.max_whole_len {
            return None;
        }
        let id = lookup::find_id(self.tables, piece)?;
        let flags = self.tables.token_flags(id);
        let counts = flags.is_model()
            && !flags.is_raw()
            && (self.tables.has(flags::IGNORE_MERGES) || !flags.is_unreachable());
        counts.then_some(Value::one(id))
    }

    fn merge(
        &self,
        piece: &[u8],
        scratch: &mut Scratch,
        mut push: impl FnMut(u32),
    ) -> Result<(), ModelError> {
        let pairs = TablePairs(self.tables);
        if self.tables.has(flags::MISSING_BYTES | flags::TIKTOKEN)
            && let Some(at) = piece.iter().position(|&byte| pairs.byte(byte) == NONE)
        {
            return Err(ModelError::Unknown { at });
        }
        if piece.len() <= SHORT {
            let mut symbols = [0; SHORT];
            let count = merge_short(&pairs, piece, &mut symbols);
            symbols[..count].iter().for_each(|&symbol| push(pairs.id(symbol)));
            return Ok(());
        }
        let len_of = |symbol| {
            let id = self.tables.symbol_id(symbol);
            self.tables.token(id).map_or(0, <[u8]>::len)
        };
        if piece.len() >= u32::MAX as usize {
            return Err(ModelError::TooLong);
        }
        let needed = words_for(piece.len());
        if scratch.words.len() < needed {
            scratch.words.resize(needed, [0; 8]);
        }
        let count = merge_long(&pairs, piece, len_of, &mut scratch.words).unwrap_or(0);
        let words = scratch.words.get(..count).unwrap_or_default();
        words.iter().for_each(|word| push(pairs.id(u64::from_ne_bytes(*word) as u32)));
        Ok(())
    }

    /// Merges, but each merge is put off with the probability `dropout` until the next one that is not.
    fn merge_some(
        &self,
        piece: &[u8],
        dropout: f32,
        random: &mut Random,
        mut push: impl FnMut(u32),
    ) -> Result<(), ModelError> {
        let pairs = TablePairs(self.tables);
        if u32::try_from(piece.len()).is_err() {
            return Err(ModelError::TooLong);
        }
        if self.tables.has(flags::TIKTOKEN)
            && let Some(at) = piece.iter().position(|&byte| pairs.byte(byte) == NONE)
        {
            return Err(ModelError::Unknown { at });
        }
        // Symbols, NONE where one has become part of another, and their neighbours.
        let known = piece.iter().map(|&byte| pairs.byte(byte)).filter(|&symbol| symbol != NONE);
        let mut symbols: Vec<u32> = known.collect();
        let len = symbols.len();
        let mut previous: Vec<u32> = (0..len as u32).map(|at| at.wrapping_sub(1)).collect();
        let mut next: Vec<u32> = (1..=len as u32).collect();
        let symbol = |symbols: &[u32], at: u32| symbols.get(at as usize).copied().unwrap_or(NONE);
        let pair = |symbols: &[u32], left: u32, right: u32| {
            let (left, right) = (symbol(symbols, left), symbol(symbols, right));
            if left == NONE || right == NONE { NONE } else { pairs.rank(left, right) }
        };
        // Symbols are numbered by rank, so what a merge makes is its rank.
        let mut queue: BinaryHeap<Reverse<(u32, u32)>> = (1..len as u32)
            .map(|right| Reverse((pair(&symbols, right - 1, right), right - 1)))
            .filter(|Reverse((product, _))| *product != NONE)
            .collect();
        let mut skipped = Vec::new();
        while let Some(Reverse((product, at))) = queue.pop() {
            if random.unit_f32() < dropout {
                skipped.push(Reverse((product, at)));
                continue;
            }
            queue.extend(skipped.drain(..));
            let (left, right) = (at as usize, next[at as usize]);
            if pair(&symbols, at, right) != product {
                continue;
            }
            let after = next[right as usize];
            (symbols[left], symbols[right as usize]) = (product, NONE);
            next[left] = after;
            if let Some(previous) = previous.get_mut(after as usize) {
                *previous = at;
            }
            for (a, b) in [(previous[left], at), (at, after)] {
                let product = pair(&symbols, a, b);
                if product != NONE {
                    queue.push(Reverse((product, a)));
                }
            }
        }
        symbols.iter().filter(|&&symbol| symbol != NONE).for_each(|&symbol| push(pairs.id(symbol)));
        Ok(())
    }

    /// Sets the places of tokens that follow each other.
    fn place(&self, piece: &[u8], tokens: &mut [Token]) {
        let mut at = 0u32;
        for token in &mut *tokens {
            let len = self.tables.token(token.id).map_or(0, <[u8]>::len) as u32;
            (token.start, token.end) = (at, at.saturating_add(len).min(piece.len() as u32));
            at = token.end;
        }
        let pairs = TablePairs(self.tables);
        if !self.tables.has(flags::MISSING_BYTES)
            || piece.iter().all(|&byte| pairs.byte(byte) != NONE)
        {
            return;
        }
        let known = piece.iter().copied().filter(|&byte| pairs.byte(byte) != NONE);
        let mut counted = Counted::new(piece, known);
        for token in tokens {
            let (start, end) = counted.token((token.end - token.start) as usize);
            (token.start, token.end) = (start as u32, end as u32);
        }
    }
}
