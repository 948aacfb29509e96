//! The lazy iterator.

use crate::{EncodeError, Options, Scratch, Tokenizer};
use comptok_core::{
    Cursor, Request, Stop, Workspace,
    blob::Tables,
    sink::{Sink, Span, SpanSink},
};

/// Ids with the bytes that they stand for, made as they are asked for.
///
/// After an error there is nothing more.
#[derive(Debug)]
pub struct Tokens<'t> {
    tokenizer: &'t Tokenizer,
    tables: Tables<'t>,
    request: Request<'t>,
    scratch: &'t mut dyn Lent,
    cursor: Cursor,
    /// Spans that are made and not yet taken.
    ready: core::ops::Range<usize>,
    end: Option<Result<(), EncodeError>>,
}

/// A scratch, whatever the lifetime of its memory.
trait Lent: core::fmt::Debug {
    fn parts(
        &mut self,
        tokenizer: &Tokenizer,
        len: usize,
    ) -> (&mut alloc::vec::Vec<Span>, Workspace<'_>);
    fn spans(&self) -> &[Span];
    fn grow(&mut self, bytes: usize) -> bool;
}

impl Lent for Scratch<'_> {
    fn parts(
        &mut self,
        tokenizer: &Tokenizer,
        len: usize,
    ) -> (&mut alloc::vec::Vec<Span>, Workspace<'_>) {
        self.split(tokenizer, len)
    }

    fn spans(&self) -> &[Span] {
        &self.spans
    }

    fn grow(&mut self, bytes: usize) -> bool {
        Scratch::grow(self, bytes)
    }
}

impl<'t> Tokens<'t> {
    pub(crate) fn new(
        tokenizer: &'t Tokenizer,
        text: &'t [u8],
        options: Options<'t>,
        scratch: &'t mut Scratch<'_>,
    ) -> Self {
        let Options { special, strict } = options;
        Self {
            tokenizer,
            tables: tokenizer.tables(),
            request: Request { text, special, strict },
            scratch,
            cursor: Cursor::default(),
            ready: 0..0,
            end: None,
        }
    }

    fn refill(&mut self) {
        let (spans, mut workspace) = self.scratch.parts(self.tokenizer, self.request.text.len());
        if spans.is_empty() {
            spans.resize(64, Span::default());
        }
        let mut sink = SpanSink::new(spans);
        let result = self.tokenizer.engine.spans(
            &self.tables,
            &self.request,
            &mut self.cursor,
            &mut workspace,
            &mut sink,
        );
        self.ready = 0..sink.taken();
        match result {
            Ok(()) => self.end = Some(Ok(())),
            Err(Stop::Full { needed }) => {
                // Rewritten text is rewritten again each time, so then the room doubles.
                if self.ready.is_empty() || self.cursor.is_rewriting() {
                    let more = needed.max(2 * spans.len());
                    if self.ready.is_empty() {
                        spans.clear();
                    }
                    spans.resize(more, Span::default());
                }
            }
            Err(Stop::Scratch { bytes, .. }) if self.scratch.grow(bytes) => {}
            Err(stop) => self.end = Some(Err(self.tokenizer.error(stop, 0, 0))),
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Span, EncodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(at) = self.ready.next() {
                return self.scratch.spans().get(at).copied().map(Ok);
            }
            match self.end.take() {
                Some(Err(error)) => {
                    self.end = Some(Ok(()));
                    return Some(Err(error));
                }
                Some(Ok(())) => {
                    self.end = Some(Ok(()));
                    return None;
                }
                None => self.refill(),
            }
        }
    }
}
