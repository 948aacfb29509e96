//! One pre-token that the cache does not answer at once.

use super::{Request, Stop};
use crate::{
    Workspace,
    blob::{
        Tables, flags,
        lookup::{self, Key, LongKey, NONE, SHORT_MAX, Value},
    },
    cache::Word,
    model::bpe::{Pairs, SHORT, TablePairs, merge_bits, merge_long, words_for},
    sink::Sink,
};

/// What pre-tokens are encoded with, the same for every pre-tokenizer.
pub(super) struct Words<'s, 't> {
    pub(super) tables: &'s Tables<'t>,
    pub(super) request: &'s Request<'s>,
}

impl Words<'_, '_> {
    /// Encodes a pre-token; `block` is it and what stands behind it, if that much does.
    #[inline(never)]
    pub(super) fn encode<K: Sink>(
        &self,
        piece: &[u8],
        block: Option<&[u8; 16]>,
        start: usize,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let word = match block {
            Some(block) if piece.len() <= SHORT_MAX => Some(Word::load(block, piece.len())),
            _ => Key::new(piece).map(Word::of),
        };
        if let Some(word) = word {
            return self.short(word, piece, start, workspace, sink);
        }
        if let Some(key) = LongKey::new(piece) {
            return self.long(&key, piece, start, workspace, sink);
        }
        match self.whole_long(piece) {
            Some(value) => self.write(value, piece, start, sink),
            None => self.merge(piece, start, workspace, sink),
        }
    }

    /// Encodes a text of up to 15 bytes.
    #[inline]
    fn short<K: Sink>(
        &self,
        word: Word,
        piece: &[u8],
        start: usize,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        if let Some(answer) = workspace.cache.short(word) {
            let (ids, count) = answer.ids();
            return self.write_ids(ids.into_iter().take(count), piece, start, sink);
        }
        let value = Value(lookup::find_short(self.tables, word.key()));
        if let Some(id) = value.as_one() {
            workspace.cache.keep_short(word, [id].into_iter());
            return self.write_ids([id].into_iter(), piece, start, sink);
        }
        if value.0 != NONE {
            let ids = self.answer(value);
            workspace.cache.keep_short(word, ids.clone());
            return self.write_ids(ids, piece, start, sink);
        }
        let mut symbols = [0; SHORT];
        let symbols = self.merged(piece, start, &mut symbols)?.unwrap_or_default();
        let ids = symbols.iter().map(|&symbol| self.id(symbol));
        if self.caches() {
            workspace.cache.keep_short(word, ids.clone());
        }
        self.write_ids(ids, piece, start, sink)
    }

    /// Encodes a text of 16 to 31 bytes.
    #[inline]
    fn long<K: Sink>(
        &self,
        key: &LongKey,
        piece: &[u8],
        start: usize,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let hash = key.hash();
        let (ids, count) = workspace.cache.long(key, hash);
        if count > 0 {
            if sink.few(self.tables, ids, count, start, piece) {
                return Ok(());
            }
            return self.write_ids(ids.into_iter().take(count), piece, start, sink);
        }
        if let Some(value) = lookup::find_long(self.tables, key, hash) {
            return self.write(value, piece, start, sink);
        }
        let mut symbols = [0; SHORT];
        let symbols = self.merged(piece, start, &mut symbols)?.unwrap_or_default();
        let ids = symbols.iter().map(|&symbol| self.id(symbol));
        if self.caches() {
            workspace.cache.keep_long(key, hash, ids.clone());
        }
        self.write_ids(ids, piece, start, sink)
    }

    /// Whether an answer is the same whatever the request says.
    #[inline(always)]
    fn caches(&self) -> bool {
        !self.tables.has(flags::MISSING_BYTES)
    }

    #[inline(always)]
    fn id(&self, symbol: u32) -> u32 {
        TablePairs(self.tables).id(symbol)
    }

    /// Merges a short pre-token; `None` if it begins with too many symbols.
    #[inline]
    fn merged<'m>(
        &self,
        piece: &[u8],
        start: usize,
        symbols: &'m mut [u32; SHORT],
    ) -> Result<Option<&'m [u32]>, Stop> {
        self.check_bytes(piece, start)?;
        let Some(count) = merge_bits(&TablePairs(self.tables), piece, symbols) else {
            return Ok(None);
        };
        let symbols = &symbols[..count];
        if self.tables.has(flags::MISSING_BYTES) {
            self.all_have_tokens(symbols.iter().map(|&symbol| self.id(symbol)), piece, start)?;
        }
        Ok(Some(symbols))
    }

    /// An error for a byte without a token, where it is one.
    #[inline(always)]
    fn check_bytes(&self, piece: &[u8], start: usize) -> Result<(), Stop> {
        if self.tables.has(flags::MISSING_BYTES)
            && (self.request.strict || self.tables.has(flags::TIKTOKEN))
            && let Some(at) =
                piece.iter().position(|&byte| TablePairs(self.tables).byte(byte) == NONE)
        {
            return Err(Stop::NoToken { byte: piece[at], at: start + at });
        }
        Ok(())
    }

    #[inline]
    fn write_ids<K: Sink>(
        &self,
        ids: impl ExactSizeIterator<Item = u32>,
        piece: &[u8],
        start: usize,
        sink: &mut K,
    ) -> Result<(), Stop> {
        if sink.room() < ids.len() {
            return Err(Stop::Full { needed: ids.len() });
        }
        sink.many(self.tables, ids, start, piece);
        Ok(())
    }

    /// The ids of a baked answer of several.
    #[inline]
    fn answer(&self, value: Value) -> impl ExactSizeIterator<Item = u32> + Clone {
        let (first, count) = value.span();
        let ids = self.tables.answers.get(first..first + count).unwrap_or_default();
        ids.iter().map(|id| u32::from_le_bytes(*id))
    }

    /// The baked answer for a pre-token of more than 31 bytes.
    fn whole_long(&self, piece: &[u8]) -> Option<Value> {
        if piece.len() > self.tables.max_whole_len || !lookup::may_be_whole(self.tables, piece) {
            return None;
        }
        let id = lookup::find_id(self.tables, piece)?;
        let flags = self.tables.token_flags(id);
        // Without `ignore_merges`, an entry that merges never make is not an answer.
        let counts =
            flags.is_model() && (self.tables.has(flags::IGNORE_MERGES) || !flags.is_unreachable());
        counts.then_some(Value::one(id))
    }

    #[inline(always)]
    fn write<K: Sink>(
        &self,
        value: Value,
        piece: &[u8],
        start: usize,
        sink: &mut K,
    ) -> Result<(), Stop> {
        match value.as_one() {
            Some(id) => self.write_ids([id].into_iter(), piece, start, sink),
            None => self.write_ids(self.answer(value), piece, start, sink),
        }
    }

    /// Merges a pre-token.
    fn merge<K: Sink>(
        &self,
        piece: &[u8],
        start: usize,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let pairs = TablePairs(self.tables);
        // Characters of three bytes are mostly one symbol to begin with.
        if piece.len() <= SHORT || piece.len() <= 3 * SHORT && piece[SHORT] >= 0x80 {
            let mut symbols = [0; SHORT];
            if let Some(symbols) = self.merged(piece, start, &mut symbols)? {
                let ids = symbols.iter().map(|&symbol| self.id(symbol));
                return self.write_ids(ids, piece, start, sink);
            }
        }
        self.check_bytes(piece, start)?;
        if piece.len() >= u32::MAX as usize {
            return Err(Stop::TooLong { at: start });
        }
        let len_of = |symbol| {
            let id = self.tables.symbol_id(symbol);
            // A byte without a token may have a symbol.
            if id == NONE { 1 } else { self.tables.token(id).map_or(0, <[u8]>::len) }
        };
        let words = workspace.memory.as_chunks_mut::<8>().0;
        let Some(count) = merge_long(&pairs, piece, len_of, words) else {
            return Err(Stop::Scratch {
                bytes: words_for(piece.len()).saturating_mul(8),
                at: start,
            });
        };
        if sink.room() < count {
            return Err(Stop::Full { needed: count });
        }
        let ids = words[..count].iter().map(|word| pairs.id(u64::from_ne_bytes(*word) as u32));
        if self.tables.has(flags::MISSING_BYTES) {
            self.all_have_tokens(ids.clone(), piece, start)?;
        }
        sink.many(self.tables, ids, start, piece);
        Ok(())
    }

    /// In rank files a byte may have a symbol, which merges, and no token.
    #[cold]
    fn all_have_tokens(
        &self,
        ids: impl Iterator<Item = u32>,
        piece: &[u8],
        start: usize,
    ) -> Result<(), Stop> {
        let mut at = 0;
        for id in ids {
            if id == NONE {
                let byte = piece.get(at).copied().unwrap_or_default();
                return Err(Stop::NoToken { byte, at: start + at });
            }
            at += self.tables.token(id).map_or(0, <[u8]>::len);
        }
        Ok(())
    }
}
