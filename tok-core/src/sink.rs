//! What an encode writes.

use crate::{
    blob::{Tables, flags},
    byte_level::Counted,
};

/// Takes tokens.
pub trait Sink: Default {
    /// How many more tokens it takes.
    fn room(&self) -> usize;

    /// How many it has taken.
    fn taken(&self) -> usize;

    /// Takes the only token of the pre-token `start..end`. There is room.
    fn one(&mut self, id: u32, start: usize, end: usize);

    /// Takes the tokens of the pre-token `text`, which starts at `start`. There is room.
    fn many(
        &mut self,
        tables: &Tables<'_>,
        ids: impl Iterator<Item = u32>,
        start: usize,
        text: &[u8],
    );

    /// Takes the first `count` of `ids`, as [`many`](Self::many) does, where there is room for all of
    /// them; `false` if there is not.
    #[inline(always)]
    fn few<const N: usize>(
        &mut self,
        tables: &Tables<'_>,
        ids: [u32; N],
        count: usize,
        start: usize,
        text: &[u8],
    ) -> bool {
        let room = self.room() >= N;
        if room {
            self.many(tables, ids.into_iter().take(count), start, text);
        }
        room
    }

    /// The spans taken since `from` tokens were there, if this sink takes spans. They are in
    /// rewritten text when it is the engine that asks, which then moves them.
    fn spans_mut(&mut self, from: usize) -> &mut [Span];
}

/// Writes ids.
#[derive(Debug, Default)]
pub struct IdSink<'o> {
    /// What is not written yet.
    rest: &'o mut [u32],
    /// How many there were.
    all: usize,
}

impl<'o> IdSink<'o> {
    /// Writes to `ids`, from the front.
    pub const fn new(ids: &'o mut [u32]) -> Self {
        Self { all: ids.len(), rest: ids }
    }
}

impl Sink for IdSink<'_> {
    #[inline(always)]
    fn room(&self) -> usize {
        self.rest.len()
    }

    #[inline(always)]
    fn taken(&self) -> usize {
        self.all - self.rest.len()
    }

    #[inline(always)]
    fn one(&mut self, id: u32, _: usize, _: usize) {
        if let Some((slot, rest)) = core::mem::take(&mut self.rest).split_first_mut() {
            *slot = id;
            self.rest = rest;
        }
    }

    #[inline(always)]
    fn few<const N: usize>(
        &mut self,
        _: &Tables<'_>,
        ids: [u32; N],
        count: usize,
        _: usize,
        _: &[u8],
    ) -> bool {
        // All of them, whatever their number: what is too much is written over.
        let Some(slots) = self.rest.first_chunk_mut::<N>() else { return false };
        *slots = ids;
        self.rest = &mut core::mem::take(&mut self.rest)[count.min(N)..];
        true
    }

    #[inline(always)]
    fn many(&mut self, _: &Tables<'_>, ids: impl Iterator<Item = u32>, _: usize, _: &[u8]) {
        for id in ids {
            self.one(id, 0, 0);
        }
    }

    fn spans_mut(&mut self, _: usize) -> &mut [Span] {
        &mut []
    }
}

/// Counts, up to a limit.
#[derive(Debug, Default)]
pub struct CountSink {
    len: usize,
    limit: usize,
}

impl CountSink {
    /// Takes up to `limit` tokens.
    pub const fn new(limit: usize) -> Self {
        Self { len: 0, limit }
    }

    /// Takes up to `limit` in all from now on; no fewer than it has.
    pub fn limit(&mut self, limit: usize) {
        self.limit = limit.max(self.len);
    }
}

impl Sink for CountSink {
    #[inline(always)]
    fn room(&self) -> usize {
        self.limit - self.len
    }

    #[inline(always)]
    fn taken(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn one(&mut self, _: u32, _: usize, _: usize) {
        self.len += 1;
    }

    #[inline(always)]
    fn many(&mut self, _: &Tables<'_>, ids: impl Iterator<Item = u32>, _: usize, _: &[u8]) {
        self.len += ids.count();
    }

    #[inline(always)]
    fn few<const N: usize>(
        &mut self,
        _: &Tables<'_>,
        _: [u32; N],
        count: usize,
        _: usize,
        _: &[u8],
    ) -> bool {
        if self.room() < N {
            return false;
        }
        self.len += count;
        true
    }

    fn spans_mut(&mut self, _: usize) -> &mut [Span] {
        &mut []
    }
}

/// An id and the bytes of the text that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The id.
    pub id: u32,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Number of the pre-token or added token that it belongs to.
    pub word: u32,
}

/// Writes ids and where they come from.
#[derive(Debug, Default)]
pub struct SpanSink<'o> {
    spans: &'o mut [Span],
    len: usize,
    word: u32,
    /// Bytes without a token are counted as the reference counts them.
    counted: bool,
}

impl<'o> SpanSink<'o> {
    /// Writes to `spans`, from the front.
    pub const fn new(spans: &'o mut [Span]) -> Self {
        Self { spans, len: 0, word: 0, counted: false }
    }

    /// The same. Where bytes have no token, spans are those of the reference, which lie before the text that they
    /// stand for.
    pub const fn as_reference(self) -> Self {
        Self { counted: true, ..self }
    }

    /// The same, for text of which `words` pre-tokens and added tokens are done.
    pub const fn from_word(self, words: u32) -> Self {
        Self { word: words, ..self }
    }

    /// How many pre-tokens and added tokens are done.
    pub const fn words(&self) -> u32 {
        self.word
    }

    /// Takes a span as it is. There is room.
    pub fn span(&mut self, span: Span) {
        if let Some(slot) = self.spans.get_mut(self.len) {
            *slot = span;
            self.len += 1;
        }
    }
}

impl Sink for SpanSink<'_> {
    fn room(&self) -> usize {
        self.spans.len() - self.len
    }

    fn taken(&self) -> usize {
        self.len
    }

    fn one(&mut self, id: u32, start: usize, end: usize) {
        self.span(Span { id, start, end, word: self.word });
        self.word += 1;
    }

    fn many(
        &mut self,
        tables: &Tables<'_>,
        ids: impl Iterator<Item = u32>,
        start: usize,
        text: &[u8],
    ) {
        let known = |byte: u8| tables.byte_symbols[usize::from(byte)] != [0xFF; 4];
        let all_known = |bytes: &[u8]| bytes.iter().all(|&byte| known(byte));
        let token = |id: u32| tables.token(id).unwrap_or_default();
        let word = self.word;
        self.word += 1;
        let mut ids = ids.peekable();
        if !tables.has(flags::MISSING_BYTES) {
            let mut at = 0;
            while let Some(id) = ids.next() {
                // What is left is the last one: how long it is stands far away.
                let end = match ids.peek() {
                    Some(_) => text.len().min(at + token(id).len()),
                    None => text.len(),
                };
                self.span(Span { id, start: start + at, end: start + end, word });
                at = end;
            }
            return;
        }
        let misses = !all_known(text);
        // What has such bytes is no product of merges, but the whole.
        if misses && let Some(id) = ids.next_if(|&id| !all_known(token(id))) {
            self.span(Span { id, start, end: start + text.len(), word });
        }
        if misses && self.counted {
            let mut counted = Counted::new(text, text.iter().copied().filter(|&byte| known(byte)));
            for id in ids {
                let (from, to) = counted.token(token(id).len());
                self.span(Span { id, start: start + from, end: start + to, word });
            }
            return;
        }
        let mut at = 0;
        for id in ids {
            // A token stands for as many bytes as it has, bytes without a token not counted.
            let skipped = text[at..].iter().position(|&byte| known(byte)).unwrap_or(0);
            let first = at + skipped;
            let mut left = token(id).len();
            at = first;
            while left > 0 && at < text.len() {
                left -= usize::from(known(text[at]));
                at += 1;
            }
            self.span(Span { id, start: start + first, end: start + at, word });
        }
    }

    fn spans_mut(&mut self, from: usize) -> &mut [Span] {
        self.spans.get_mut(from..self.len).unwrap_or_default()
    }
}
