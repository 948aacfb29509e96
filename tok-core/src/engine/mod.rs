//! The encode loop, and the choice of an engine for a blob.
//!
//! An engine is the loop compiled for one pre-tokenizer and one normalizer. [`Engine::of`] is a
//! `const fn`: in a `static` it is evaluated while the program compiles, so that the linker keeps
//! the chosen engine only.

mod merged;
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
use progress::{Chunk, Margin, Walk};
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

/// Bytes in front of an added token that its flags look at.
const CONTEXT: usize = 8;

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
        cursor.outer.open(tables, raw.as_ref(), request.special, text, None)?;
        let limit = cursor.outer.limit;
        while cursor.outer.done < limit {
            let chunk = match cursor.chunk {
                Some(chunk) => chunk,
                None => next_chunk::<NFC, _>(tables, text, limit, cursor, sink),
            };
            let Chunk { start, end, goes_on, rewritten, mut walk, .. } = chunk;
            let margin = goes_on.then(|| Margin::of(tables, normalized.as_ref()));
            let mut len = end - start;
            let result = if NFC && rewritten {
                let (original, from) = (&text[start..end], sink.taken());
                len = normalizer::write_nfc(original, workspace.memory)
                    .map_err(|bytes| Stop::Scratch { bytes, at: start })?;
                let (memory, rest) = workspace.memory.split_at_mut(len);
                let mut rest = Workspace {
                    memory: rest,
                    kernel: workspace.kernel,
                    cache: workspace.cache.reborrow(),
                };
                let result = stage.run(memory, margin, &mut walk, &mut rest, sink);
                normalizer::align_nfc(original, start, sink.spans_mut(from));
                result.map_err(|stop| {
                    stop.moved(len, |at| start + normalizer::original_place(original, at))
                })
            } else {
                stage.run(&text[..end], margin, &mut walk, workspace, sink)
            };
            let chunk = Chunk { walk, ..chunk };
            cursor.chunk = Some(chunk);
            result?;
            cursor.chunk = None;
            if NFC && goes_on {
                let context = if normalized.is_some() { CONTEXT } else { 0 };
                let prefixes = tables.has(flags::PREFIX_SPACE);
                go_on(text, chunk, len, context, prefixes, cursor, sink);
            } else {
                (cursor.next, cursor.window, cursor.reached) = (None, CHUNK, end);
                cursor.cut = end < limit;
                cursor.outer.done = end;
            }
        }
        cursor.cut = false;
        if !cursor.outer.close(sink)? {
            return Ok(());
        }
    }
}

/// The chunk behind the last one: all that there is, up to a place where a pre-token ends whatever
/// stands around, or else as far as more is not needed to rewrite it.
fn next_chunk<const NFC: bool, K: Sink>(
    tables: &Tables<'_>,
    text: &[u8],
    limit: usize,
    cursor: &mut Cursor,
    sink: &K,
) -> Chunk {
    let (start, mut walk) = cursor.next.unwrap_or_else(|| {
        let mut walk = Walk::at(0);
        walk.prefixed = cursor.cut;
        (cursor.outer.done, walk)
    });
    if cursor.next.is_none() {
        cursor.mark = cursor.made(sink);
    }
    let window = cursor.window.max(CHUNK);
    let from = start.max(cursor.reached).saturating_add(window);
    let (mut end, mut goes_on) = (limit, false);
    if NFC && from < limit {
        let near = &text[..limit.min(from.saturating_add(window))];
        let cut = tables.has(flags::SAFE_CUT).then(|| pre_tokenizer::safe_cut(near, from));
        end = cut.flatten().unwrap_or_else(|| normalizer::anew_from(&text[..limit], from));
        goes_on = cut.flatten().is_none() && end < limit;
    }
    let rewritten = NFC && !normalizer::is_nfc(&text[start..end]);
    if !rewritten {
        walk = walk.moved(start);
        walk.origin = cursor.outer.start;
    }
    Chunk { start, end, goes_on, rewritten, from: walk.done, walk }
}

/// Sets the cursor to what is left of a chunk that goes on. `len` is what the chunk has become, of which the
/// next one has to hold some `context` before what is left.
#[cold]
fn go_on<K: Sink>(
    text: &[u8],
    chunk: Chunk,
    len: usize,
    context: usize,
    prefixes: bool,
    cursor: &mut Cursor,
    sink: &K,
) {
    let Chunk { start, end, rewritten, from, walk, .. } = chunk;
    // Twice as long each time that it was too short to know anything.
    cursor.window = match walk.done > from {
        true => CHUNK,
        false => cursor.window.max(CHUNK).saturating_mul(2),
    };
    let walk = if rewritten { walk } else { walk.rebased(start) };
    let target = walk.done.saturating_sub(context);
    let (place, at) = normalizer::anew_before(&text[start..end], len, target);
    let walk = walk.rebased(at);
    cursor.reached = end;
    cursor.next = Some((start + place, walk));
    // What is left could be a text of its own; but where a prefix space is due, only the token in front says so.
    if walk.done == 0 && !(prefixes && walk.follows && !walk.prefixed) {
        (cursor.outer.done, cursor.mark) = (start + place, cursor.made(sink));
    }
}
