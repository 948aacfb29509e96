//! The lazy iterator.

use crate::{EncodeError, Options, Scratch, Tokenizer};
use comptok_core::{
    Cursor, Request, Stop, Workspace,
    blob::Tables,
    sink::{CountSink, Sink, Span, SpanSink},
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
    /// Room for spans, where it is not the scratch's.
    spans: Option<&'t mut [Span]>,
    cursor: Cursor,
    /// The text goes on where another part of it ended.
    continued: bool,
    /// Pre-tokens and added tokens that are done.
    words: u32,
    /// Spans that are made and not yet taken.
    ready: core::ops::Range<usize>,
    /// Where the chunk of rewritten text begins that the last refill did not finish.
    stopped: Option<usize>,
    end: Option<Result<(), EncodeError>>,
}

/// Spans that a chunk of rewritten text has, as a rule, at most.
const CHUNK: usize = 8192;

/// A scratch, whatever the lifetime of its memory.
trait Lent: core::fmt::Debug {
    /// Room for spans, and the rest.
    fn parts(&mut self, tokenizer: &Tokenizer, len: usize) -> (&mut [Span], Workspace<'_>);
    fn spans(&self) -> &[Span];
    fn grow(&mut self, bytes: usize) -> bool;
    /// Makes room for so many spans.
    fn grow_spans(&mut self, len: usize) -> bool;
}

impl Lent for Scratch<'_> {
    fn parts(&mut self, tokenizer: &Tokenizer, len: usize) -> (&mut [Span], Workspace<'_>) {
        let (spans, workspace) = self.split(tokenizer, len);
        (spans, workspace)
    }

    fn spans(&self) -> &[Span] {
        Scratch::spans(self)
    }

    fn grow(&mut self, bytes: usize) -> bool {
        Scratch::grow(self, bytes)
    }

    fn grow_spans(&mut self, len: usize) -> bool {
        Scratch::grow_spans(self, len)
    }
}

impl<'t> Tokens<'t> {
    pub(crate) fn new(
        tokenizer: &'t Tokenizer,
        text: &'t [u8],
        options: Options<'t>,
        scratch: &'t mut Scratch<'_>,
        spans: Option<&'t mut [Span]>,
    ) -> Self {
        let Options { special, strict, continued } = options;
        Self {
            continued,
            words: 0,
            tokenizer,
            tables: tokenizer.tables(),
            request: Request { text, special, strict },
            scratch,
            spans,
            cursor: options.cursor(),
            ready: 0..0,
            stopped: None,
            end: None,
        }
    }

    fn refill(&mut self) {
        let (own, mut workspace) = self.scratch.parts(self.tokenizer, self.request.text.len());
        let spans = match &mut self.spans {
            Some(spans) => &mut **spans,
            None => own,
        };
        let room = spans.len();
        let mut sink = SpanSink::new(spans).from_word(self.words);
        let result = self.tokenizer.engine.spans(
            &self.tables,
            &self.request,
            &mut self.cursor,
            &mut workspace,
            &mut sink,
        );
        self.ready = 0..sink.taken();
        self.words = sink.words();
        let (consumed, _) = self.tokenizer.consumed(&self.cursor, &sink);
        self.cursor.took(sink.taken());
        match result {
            Ok(()) => self.end = Some(Ok(())),
            Err(stop @ Stop::Full { needed }) => {
                // Rewritten text is rewritten again each time: few chunks are to need it once, and only
                // those without a place to end may need it more often.
                let again = self.cursor.is_rewriting()
                    && (room < CHUNK || self.stopped.replace(consumed) == Some(consumed));
                let more = match self.ready.is_empty() {
                    true => needed.max(2 * room).max(64),
                    false if again => CHUNK.max(2 * room),
                    false => 0,
                };
                let grown = more > 0 && self.spans.is_none() && self.scratch.grow_spans(more);
                if self.ready.is_empty() && !grown {
                    let (_, mut workspace) =
                        self.scratch.parts(self.tokenizer, self.request.text.len());
                    let begin =
                        if self.continued { Cursor::continued() } else { Cursor::default() };
                    let (consumed, written) = self.tokenizer.stopped(
                        &self.request,
                        begin,
                        &self.cursor,
                        &CountSink::new(0),
                        &mut workspace,
                    );
                    self.end = Some(Err(self.tokenizer.error(stop, written, consumed)));
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
                let spans = match &self.spans {
                    Some(spans) => spans,
                    None => self.scratch.spans(),
                };
                return spans.get(at).copied().map(Ok);
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
