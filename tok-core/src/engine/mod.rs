//! The encode loop, and the choice of an engine for a blob.
//!
//! An engine is the loop compiled for one pre-tokenizer and one normalizer. [`Engine::of`] is a
//! `const fn`: in a `static` it is evaluated while the program compiles, so that the linker keeps
//! the chosen engine only.

mod progress;
mod splitter;
mod stage;
mod words;

use crate::{
    Workspace,
    added_tokens::{Matcher, Special},
    blob::{FormatError, Header, Tables, flags},
    normalizer, pre_tokenizer,
    sink::{CountSink, IdSink, Sink, SpanSink},
};
use progress::Walk;
pub use progress::{Cursor, Request, Stop};
pub use splitter::{PRE_TOKENIZER_DFA, PRE_TOKENIZER_GENERAL};
use splitter::{Splitter, pick};
use stage::Stage;

macro_rules! Run {
    ($sink:ty) => {
        fn(
            &Tables<'_>,
            &Request<'_>,
            &mut Cursor,
            &mut Workspace<'_>,
            &mut $sink,
        ) -> Result<(), Stop>
    };
}

/// The encode loop for one kind of tokenizer.
#[derive(Clone, Copy)]
pub struct Engine {
    /// A name for people.
    pub name: &'static str,
    pub(crate) ids: Run!(IdSink<'_>),
    pub(crate) count: Run!(CountSink),
    pub(crate) spans: Run!(SpanSink<'_>),
    /// The functions of the general engine, if this is it.
    #[cfg(feature = "alloc")]
    pub general: Option<&'static crate::general::General>,
}

impl core::fmt::Debug for Engine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Engine").field("name", &self.name).finish()
    }
}

impl Engine {
    /// The engine for a blob.
    ///
    /// # Errors
    ///
    /// [`FormatError::UnknownEngine`] if this build has none.
    pub const fn of(header: &Header) -> Result<&'static Engine, FormatError> {
        let unknown = Err(FormatError::UnknownEngine { pre_tokenizer: header.pre_tokenizer });
        #[cfg(feature = "alloc")]
        if header.pre_tokenizer == PRE_TOKENIZER_GENERAL {
            return Ok(&crate::general::ENGINE);
        }
        if header.model != MODEL_BPE {
            return unknown;
        }
        let found = match header.normalizer {
            normalizer::NONE => pick::<false>(header.pre_tokenizer),
            normalizer::NFC => pick::<true>(header.pre_tokenizer),
            _ => None,
        };
        match found {
            Some(engine) => Ok(engine),
            None => unknown,
        }
    }

    /// Writes ids.
    ///
    /// # Errors
    ///
    /// See [`Stop`].
    #[inline]
    pub fn ids(
        &self,
        tables: &Tables<'_>,
        request: &Request<'_>,
        cursor: &mut Cursor,
        workspace: &mut Workspace<'_>,
        sink: &mut IdSink<'_>,
    ) -> Result<(), Stop> {
        (self.ids)(tables, request, cursor, workspace, sink)
    }

    /// Counts.
    ///
    /// # Errors
    ///
    /// See [`Stop`].
    #[inline]
    pub fn count(
        &self,
        tables: &Tables<'_>,
        request: &Request<'_>,
        cursor: &mut Cursor,
        workspace: &mut Workspace<'_>,
        sink: &mut CountSink,
    ) -> Result<(), Stop> {
        (self.count)(tables, request, cursor, workspace, sink)
    }

    /// Writes ids and where they come from.
    ///
    /// # Errors
    ///
    /// See [`Stop`].
    #[inline]
    pub fn spans(
        &self,
        tables: &Tables<'_>,
        request: &Request<'_>,
        cursor: &mut Cursor,
        workspace: &mut Workspace<'_>,
        sink: &mut SpanSink<'_>,
    ) -> Result<(), Stop> {
        (self.spans)(tables, request, cursor, workspace, sink)
    }
}

/// The model code of byte-pair encoding.
pub const MODEL_BPE: u32 = 1;

const fn engine<P: Splitter, const NFC: bool>() -> Engine {
    Engine {
        name: P::NAME,
        ids: |t, r, c, w, s| encode::<P, NFC, _>(t, r, c, w, s),
        count: |t, r, c, w, s| encode::<P, NFC, _>(t, r, c, w, s),
        spans: |t, r, c, w, s| encode::<P, NFC, _>(t, r, c, w, s),
        #[cfg(feature = "alloc")]
        general: None,
    }
}

/// Rewritten text is handled in chunks of about this many bytes.
const CHUNK: usize = 4096;

fn encode<P: Splitter, const NFC: bool, K: Sink>(
    tables: &Tables<'_>,
    request: &Request<'_>,
    cursor: &mut Cursor,
    workspace: &mut Workspace<'_>,
    sink: &mut K,
) -> Result<(), Stop> {
    let text = request.text;
    let none = tables.has(flags::ALL_SPECIAL) && matches!(request.special, Special::AsText);
    let matcher = |section| if none { None } else { Matcher::new(section) };
    let raw = matcher(tables.raw_matcher);
    let normalized = matcher(tables.normalized_matcher);
    let stage = Stage::<P>::new(tables, request, normalized.as_ref());
    loop {
        cursor.outer.open(tables, raw.as_ref(), request.special, text)?;
        let limit = cursor.outer.limit;
        while cursor.outer.done < limit {
            let start = cursor.outer.done;
            let (end, mut inner) = match cursor.chunk {
                Some(chunk) => chunk,
                None => {
                    let end = if NFC { chunk_end(tables, text, start, limit) } else { limit };
                    cursor.rewritten = NFC && !normalizer::is_nfc(&text[start..end]);
                    cursor.mark = sink.taken();
                    let mut inner = Walk::at(if cursor.rewritten { 0 } else { start });
                    inner.prefixed = cursor.cut;
                    (end, inner)
                }
            };
            let result = if NFC && cursor.rewritten {
                let (original, from) = (&text[start..end], sink.taken());
                let len = normalizer::write_nfc(original, workspace.memory)
                    .map_err(|bytes| Stop::Scratch { bytes, at: start })?;
                let (chunk, rest) = workspace.memory.split_at_mut(len);
                let mut rest = Workspace {
                    memory: rest,
                    kernel: workspace.kernel,
                    cache: workspace.cache.reborrow(),
                };
                let result = stage.run(chunk, &mut inner, &mut rest, sink);
                normalizer::align_nfc(original, start, sink.spans_mut(from));
                result.map_err(|stop| {
                    stop.moved(len, |at| start + normalizer::original_place(original, at))
                })
            } else {
                stage.run(&text[..end], &mut inner, workspace, sink)
            };
            cursor.chunk = Some((end, inner));
            result?;
            cursor.chunk = None;
            cursor.cut = end < limit;
            cursor.outer.done = end;
        }
        cursor.cut = false;
        if !cursor.outer.close(sink)? {
            return Ok(());
        }
    }
}

/// Where to end a chunk that begins at `start`: where a pre-token ends whatever stands around, some
/// way on, or at `limit`.
fn chunk_end(tables: &Tables<'_>, text: &[u8], start: usize, limit: usize) -> usize {
    if !tables.has(flags::SAFE_CUT) || limit - start <= CHUNK {
        return limit;
    }
    pre_tokenizer::safe_cut(&text[..limit], start + CHUNK).unwrap_or(limit)
}
