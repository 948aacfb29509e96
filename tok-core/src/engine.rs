//! The encode loop, and the choice of an engine for a blob.
//!
//! An engine is the loop compiled for one pre-tokenizer and one normalizer. [`Engine::of`] is a
//! `const fn`: in a `static` it is evaluated while the program compiles, so that the linker keeps
//! the chosen engine only.

use core::marker::PhantomData;

use crate::{
    Cache, Kernel, Workspace,
    added_tokens::{self, Found, Matcher, Special},
    blob::{
        FormatError, Header, Tables, flags,
        lookup::{self, Key, LONG_MAX, LongKey, NONE, SHORT_MAX, TINY_MAX, TinyKey, Value},
        u32_at,
    },
    model::bpe::{Pairs, SHORT, TablePairs, merge_bits, merge_long, words_for},
    normalizer,
    pre_tokenizer::{
        self, Cl100k, Clip, DeepseekV3, Gpt2, Kimi, Kind, Llama3, O200k, Qwen2, Qwen3_5, R50k,
        Scanner, Tekken, dfa::Dfa,
    },
    sink::{CountSink, IdSink, Sink, SpanSink},
};

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

/// What to encode, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The text.
    pub text: &'r [u8],
    /// What to do with special tokens in it.
    pub special: Special<'r>,
    /// A byte without a token is an error also where the reference drops it.
    pub strict: bool,
}

/// Why an encode stopped before the end of the text.
///
/// After `Full` and `Scratch` it can go on with the same cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The sink is full. The next pre-token needs room for this many tokens.
    Full {
        /// Tokens.
        needed: usize,
    },
    /// The workspace is too small.
    Scratch {
        /// Bytes that it needs in all.
        bytes: usize,
        /// Where in the text.
        at: usize,
    },
    /// A special token that the caller forbids.
    Forbidden {
        /// Index of the added token.
        token: u32,
        /// Where it stands.
        at: usize,
    },
    /// A byte without a token.
    NoToken {
        /// The byte.
        byte: u8,
        /// Where it stands (in rewritten text: where the character begins that it comes from).
        at: usize,
    },
    /// A pre-token of 4 GiB or more.
    TooLong {
        /// Where it begins.
        at: usize,
    },
    /// Text that no token stands for, in a model without an unknown token.
    Unknown {
        /// Where it stands.
        at: usize,
    },
}

/// Progress through one text, or through one chunk of it.
#[derive(Debug, Clone, Copy, Default)]
struct Walk {
    /// Everything before this is done.
    done: usize,
    /// Where the search for added tokens goes on.
    search: usize,
    /// The stretch up to here has no added token; known while `open`.
    limit: usize,
    open: bool,
    /// The added token at the end of the stretch.
    found: Option<Found>,
    /// The stretch has had its prefix space.
    prefixed: bool,
}

impl Walk {
    fn at(start: usize) -> Self {
        Self { done: start, search: start, ..Self::default() }
    }

    /// Finds the end of the stretch that begins at `done`.
    #[inline]
    fn open(
        &mut self,
        tables: &Tables<'_>,
        matcher: Option<&Matcher<'_>>,
        special: Special<'_>,
        text: &[u8],
    ) -> Result<(), Stop> {
        if self.open {
            return Ok(());
        }
        self.found = match matcher {
            None => None,
            Some(matcher) => {
                added_tokens::next_match(tables, matcher, special, text, self.search, self.done)
                    .map_err(|found| Stop::Forbidden { token: found.token, at: found.at })?
            }
        };
        self.limit = self.found.map_or(text.len(), |found| found.start.max(self.done));
        self.open = true;
        Ok(())
    }

    /// Writes the added token at the end of the stretch; `false` if the text ends there.
    #[inline]
    fn close<K: Sink>(&mut self, sink: &mut K) -> Result<bool, Stop> {
        let Some(found) = self.found else { return Ok(false) };
        if sink.room() == 0 {
            return Err(Stop::Full { needed: 1 });
        }
        sink.one(found.id, found.start, found.end);
        *self = Self::at(found.end);
        self.search = found.search;
        Ok(true)
    }
}

/// Where an encode stands. Belongs to one text and one tokenizer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor {
    outer: Walk,
    /// The chunk's end in the text, and progress through it.
    chunk: Option<(usize, Walk)>,
    rewritten: bool,
    /// The stretch has been cut before this chunk.
    cut: bool,
    /// What the sink held when the chunk began.
    mark: usize,
}

impl Cursor {
    /// The beginning of a text that goes on where another part of it ended: no prefix space.
    pub fn continued() -> Self {
        Self { cut: true, ..Self::default() }
    }

    /// Whether going on means rewriting a stretch of text again.
    pub fn is_rewriting(&self) -> bool {
        self.rewritten && self.chunk.is_some()
    }

    /// How far the text is done, and how many of the tokens in the sink belong to that. Encoding
    /// the rest of the text gives the other tokens.
    pub fn consumed<K: Sink>(&self, sink: &K) -> (usize, usize) {
        match self.chunk {
            Some((_, inner)) if !self.rewritten => (inner.done, sink.taken()),
            Some(_) => (self.outer.done, self.mark),
            None => (self.outer.done, sink.taken()),
        }
    }
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

/// The pre-tokenizer stage as the loop sees it.
trait Splitter {
    /// Pre-tokens may be marked as dropped.
    const DROPS: bool;
    const NAME: &'static str;

    /// As [`Scanner::fill_with`]; with `DROPS`, the top bit of an end says that the pre-token is
    /// dropped.
    fn fill(
        tables: &Tables<'_>,
        kernel: Kernel,
        text: &[u8],
        start: usize,
        ends: &mut [usize],
    ) -> usize;
}

/// A pattern written out by hand.
struct Hand<S>(S);

/// The pre-tokenizer code of a baked automaton.
pub const PRE_TOKENIZER_DFA: u32 = 64;

/// The pre-tokenizer code of steps that the general engine interprets.
pub const PRE_TOKENIZER_GENERAL: u32 = 65;

/// A pattern that became an automaton when it was baked.
struct Baked;

impl Splitter for Baked {
    const DROPS: bool = true;
    const NAME: &'static str = "dfa";

    fn fill(
        tables: &Tables<'_>,
        _: Kernel,
        text: &[u8],
        start: usize,
        ends: &mut [usize],
    ) -> usize {
        let Some(dfa) = Dfa::parse(tables.dfa) else { return 0 };
        let (mut at, mut count) = (start, 0);
        while let Some(slot) = ends.get_mut(count)
            && let Some(split) = dfa.split_at(text, at)
        {
            let flag = if split.is_match { flags::DROPS_MATCHES } else { flags::DROPS_GAPS };
            *slot = split.end | if tables.has(flag) { DROPPED } else { 0 };
            (at, count) = (split.end, count + 1);
        }
        count
    }
}

macro_rules! hand {
    ($($kind:ident),*) => {
        $(impl Splitter for Hand<$kind> {
            const DROPS: bool = <$kind as Scanner>::HAS_GAPS;
            const NAME: &'static str = Kind::$kind.name();

            #[inline(always)]
            fn fill(
                tables: &Tables<'_>,
                kernel: Kernel,
                text: &[u8],
                start: usize,
                ends: &mut [usize],
            ) -> usize {
                let count = $kind.fill_with(kernel, text, start, ends);
                if Self::DROPS {
                    let mut start = start;
                    for end in ends.iter_mut().take(count) {
                        let is_gap = $kind.is_gap(text, start);
                        start = *end;
                        let flag = if is_gap { flags::DROPS_GAPS } else { flags::DROPS_MATCHES };
                        *end |= if tables.has(flag) { DROPPED } else { 0 };
                    }
                }
                count
            }
        })*

        const fn pick<const NFC: bool>(code: u32) -> Option<&'static Engine> {
            if code == PRE_TOKENIZER_DFA {
                return Some(const { &engine::<Baked, NFC>() });
            }
            match Kind::from_code(code) {
                $(Some(Kind::$kind) => {
                    // A static is compiled in this crate. A promoted constant's functions would be
                    // compiled again wherever an engine is chosen: 1 to 2 s of a release build of
                    // every crate that includes a tokenizer.
                    static PLAIN: Engine = engine::<Hand<$kind>, false>();
                    static WITH_NFC: Engine = engine::<Hand<$kind>, true>();
                    Some(if NFC { &WITH_NFC } else { &PLAIN })
                })*
                None => None,
            }
        }
    };
}

hand!(Gpt2, R50k, Cl100k, Llama3, Qwen2, Qwen3_5, O200k, Tekken, DeepseekV3, Kimi, Clip);

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

/// Pre-tokens that are looked up together: a block's and some more.
const BATCH: usize = 136;

const DROPPED: usize = 1 << (usize::BITS - 1);

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
    let stage = Stage { tables, request, matcher: normalized.as_ref(), splitter: PhantomData::<P> };
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

impl Stop {
    /// The same for a caller whose text is elsewhere and that keeps `before` bytes of memory for itself.
    fn moved(self, before: usize, map: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Self::Full { needed } => Self::Full { needed },
            Self::Scratch { bytes, at } => {
                Self::Scratch { bytes: bytes.saturating_add(before), at: map(at) }
            }
            Self::Forbidden { token, at } => Self::Forbidden { token, at: map(at) },
            Self::NoToken { byte, at } => Self::NoToken { byte, at: map(at) },
            Self::TooLong { at } => Self::TooLong { at: map(at) },
            Self::Unknown { at } => Self::Unknown { at: map(at) },
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

/// Everything that stays the same while a chunk is encoded.
struct Stage<'s, 't, P> {
    tables: &'s Tables<'t>,
    request: &'s Request<'s>,
    matcher: Option<&'s Matcher<'t>>,
    splitter: PhantomData<P>,
}

impl<P: Splitter> Stage<'_, '_, P> {
    /// Encodes normalized text from `walk.done` on.
    fn run<K: Sink>(
        &self,
        text: &[u8],
        walk: &mut Walk,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        loop {
            walk.open(self.tables, self.matcher, self.request.special, text)?;
            let limit = walk.limit;
            if self.tables.has(flags::PREFIX_SPACE) && !walk.prefixed && walk.done < limit {
                self.prefix(text, walk, workspace, sink)?;
            }
            self.pieces(text, limit, &mut walk.done, workspace, sink)?;
            if !walk.close(sink)? {
                return Ok(());
            }
        }
    }

    /// Encodes the first pre-token of a stretch with a space in front of it.
    #[cold]
    fn prefix<K: Sink>(
        &self,
        text: &[u8],
        walk: &mut Walk,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let (start, limit) = (walk.done, walk.limit);
        if text[start] == b' ' {
            walk.prefixed = true;
            return Ok(());
        }
        let end = match self.tables.has(flags::SAFE_CUT) {
            true => pre_tokenizer::safe_cut(&text[..limit], start).unwrap_or(limit),
            false => limit,
        };
        let needed = end - start + 1;
        if workspace.memory.len() < needed {
            return Err(Stop::Scratch { bytes: needed, at: start });
        }
        let (copy, rest) = workspace.memory.split_at_mut(needed);
        copy[0] = b' ';
        copy[1..].copy_from_slice(&text[start..end]);
        // A fill that finds nothing leaves the whole copy.
        let mut ends = [needed];
        P::fill(self.tables, workspace.kernel, copy, 0, &mut ends);
        let first = ends[0] & !DROPPED;
        let from = sink.taken();
        let mut done = 0;
        let mut rest =
            Workspace { memory: rest, kernel: workspace.kernel, cache: Cache::default() };
        let result = self.pieces(copy, first, &mut done, &mut rest, sink);
        let original = |at: usize| start + at.saturating_sub(1);
        for span in sink.spans_mut(from) {
            (span.start, span.end) = (original(span.start), original(span.end));
        }
        result.map_err(|stop| stop.moved(needed, original))?;
        walk.done = start + first.saturating_sub(1);
        walk.prefixed = true;
        Ok(())
    }

    /// Encodes `text[*done..limit]`, which holds no added token.
    #[inline]
    fn pieces<K: Sink>(
        &self,
        text: &[u8],
        limit: usize,
        done: &mut usize,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let (mut ends, mut hot) = ([0; BATCH], [NONE; BATCH]);
        let stretch = &text[..limit];
        while *done < limit {
            let count = P::fill(self.tables, workspace.kernel, stretch, *done, &mut ends);
            let ends = ends.get(..count).unwrap_or_default();
            if count == 0 {
                *done = limit;
            }
            // All hot answers first: the loads do not depend on each other, so the processor has
            // several cache misses under way at once.
            self.hot_answers(text, *done, ends, &mut hot);
            self.prefetch(text, *done, ends, &hot, &workspace.cache);
            for (&hot, &end) in hot.iter().zip(ends) {
                let start = *done;
                // No answer is all ones, which is not one id either.
                if let Some(id) = Value(hot).as_one()
                    && sink.room() > 0
                {
                    sink.one(id, start, end);
                    *done = end;
                    continue;
                }
                if P::DROPS && end & DROPPED != 0 {
                    *done = end & !DROPPED;
                    continue;
                }
                let piece = stretch.get(start..end).unwrap_or_default();
                if hot == NONE
                    && piece.len() <= SHORT_MAX
                    && let Some(key) = Key::load(text, start, piece.len())
                {
                    let hash = key.hash();
                    let (ids, count) = workspace.cache.short(key, hash);
                    if count > 0 && count <= sink.room() {
                        sink.few(self.tables, ids, count, start, piece);
                    } else {
                        self.short(key, hash, piece, start, workspace, sink)?;
                    }
                } else {
                    self.other(hot, piece, start, workspace, sink)?;
                }
                *done = end;
            }
        }
        Ok(())
    }

    /// The answers in the heads for pre-tokens that follow each other; NONE for others.
    #[inline(always)]
    fn hot_answers(&self, text: &[u8], from: usize, ends: &[usize], hot: &mut [u32; BATCH]) {
        let mut longer = [0u8; BATCH];
        let (mut start, mut count) = (from, 0);
        for (i, (hot, &end)) in hot.iter_mut().zip(ends).enumerate() {
            if P::DROPS && end & DROPPED != 0 {
                *hot = NONE;
                start = end & !DROPPED;
                continue;
            }
            let len = end.wrapping_sub(start);
            let key = match text.get(start..).and_then(<[u8]>::first_chunk::<8>) {
                Some(block) => TinyKey::load(block, len),
                None => text.get(start..end).and_then(TinyKey::new).unwrap_or(TinyKey(0)),
            };
            *hot = lookup::tiny_head(self.tables, key, key.hash());
            // Longer ones afterwards: a branch here would often be mispredicted.
            longer[count] = i as u8;
            count += usize::from(len > TINY_MAX);
            start = end;
        }
        for &i in &longer[..count] {
            let i = usize::from(i);
            let start = if i == 0 { from } else { ends[i - 1] & !DROPPED };
            let len = ends[i].wrapping_sub(start);
            if len <= SHORT_MAX
                && let Some(key) = Key::load(text, start, len)
            {
                hot[i] = lookup::short_head(self.tables, key, key.hash());
            }
        }
    }

    /// Asks for what will be read for the pre-tokens that are not in the heads: one after the other
    /// they would wait for memory each.
    #[inline(always)]
    fn prefetch(
        &self,
        text: &[u8],
        from: usize,
        ends: &[usize],
        hot: &[u32; BATCH],
        cache: &Cache<'_>,
    ) {
        let (mut missing, mut count) = ([0u8; BATCH], 0);
        for (i, &hot) in hot.iter().enumerate().take(ends.len()) {
            missing[count & 127] = i as u8;
            count += usize::from(hot == NONE);
        }
        for &i in missing.iter().take(count.min(128)) {
            let i = usize::from(i);
            let start = if i == 0 { from } else { ends[i - 1] & !DROPPED };
            let len = (ends[i] & !DROPPED).wrapping_sub(start);
            if len <= SHORT_MAX
                && let Some(key) = Key::load(text, start, len)
            {
                cache.prefetch_short(key.hash());
                lookup::prefetch_cold(self.tables, &text[start..start + len]);
            }
        }
    }

    /// Encodes a pre-token of up to 15 bytes that is neither in the head nor in the cache.
    #[inline(never)]
    fn short<K: Sink>(
        &self,
        key: Key,
        hash: u64,
        piece: &[u8],
        start: usize,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        let value = Value(lookup::find_cold(self.tables, piece));
        if value.0 != NONE {
            return self.write(value, piece, start, sink);
        }
        let mut symbols = [0; SHORT];
        let symbols = self.merged(piece, start, &mut symbols)?;
        if self.caches() {
            workspace.cache.keep_short(key, hash, symbols.iter().map(|&symbol| self.id(symbol)));
        }
        self.write_symbols(symbols, piece, start, sink)
    }

    /// Encodes a pre-token with an answer of several ids, or one of more than 15 bytes.
    #[inline(never)]
    fn other<K: Sink>(
        &self,
        hot: u32,
        piece: &[u8],
        start: usize,
        workspace: &mut Workspace<'_>,
        sink: &mut K,
    ) -> Result<(), Stop> {
        if hot != NONE {
            return self.write(Value(hot), piece, start, sink);
        }
        if piece.len() <= LONG_MAX
            && let Some(key) = LongKey::new(piece)
        {
            let hash = key.hash();
            let (ids, count) = workspace.cache.long(&key, hash);
            if count > 0 && count <= sink.room() {
                sink.few(self.tables, ids, count, start, piece);
                return Ok(());
            }
            if let Some(value) = lookup::find_long(self.tables, &key, hash) {
                return self.write(value, piece, start, sink);
            }
            let mut symbols = [0; SHORT];
            let symbols = self.merged(piece, start, &mut symbols)?;
            if self.caches() {
                workspace.cache.keep_long(&key, hash, symbols.iter().map(|&s| self.id(s)));
            }
            return self.write_symbols(symbols, piece, start, sink);
        }
        match self.whole_long(piece) {
            Some(value) => self.write(value, piece, start, sink),
            None => self.merge(piece, start, workspace, sink),
        }
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

    /// Merges a short pre-token.
    #[inline]
    fn merged<'m>(
        &self,
        piece: &[u8],
        start: usize,
        symbols: &'m mut [u32; SHORT],
    ) -> Result<&'m [u32], Stop> {
        self.check_bytes(piece, start)?;
        let count = merge_bits(&TablePairs(self.tables), piece, symbols);
        let symbols = &symbols[..count];
        if self.tables.has(flags::MISSING_BYTES) {
            self.all_have_tokens(symbols.iter().map(|&symbol| self.id(symbol)), piece, start)?;
        }
        Ok(symbols)
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
    fn write_symbols<K: Sink>(
        &self,
        symbols: &[u32],
        piece: &[u8],
        start: usize,
        sink: &mut K,
    ) -> Result<(), Stop> {
        if sink.room() < symbols.len() {
            return Err(Stop::Full { needed: symbols.len() });
        }
        sink.many(self.tables, symbols.iter().map(|&symbol| self.id(symbol)), start, piece);
        Ok(())
    }

    #[inline]
    fn write_ids<K: Sink>(
        &self,
        ids: &[[u8; 4]],
        piece: &[u8],
        start: usize,
        sink: &mut K,
    ) -> Result<(), Stop> {
        if sink.room() < ids.len() {
            return Err(Stop::Full { needed: ids.len() });
        }
        sink.many(self.tables, ids.iter().map(|id| u32::from_le_bytes(*id)), start, piece);
        Ok(())
    }

    /// The baked answer for a pre-token of more than 31 bytes.
    fn whole_long(&self, piece: &[u8]) -> Option<Value> {
        if piece.len() > self.tables.max_whole_len {
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
        if let Some(id) = value.as_one() {
            if sink.room() == 0 {
                return Err(Stop::Full { needed: 1 });
            }
            sink.one(id, start, start + piece.len());
            return Ok(());
        }
        let (first, count) = value.span();
        let ids = self.tables.answers.get(first..first + count).unwrap_or_default();
        self.write_ids(ids, piece, start, sink)
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
        if piece.len() <= SHORT {
            let mut symbols = [0; SHORT];
            let symbols = self.merged(piece, start, &mut symbols)?;
            return self.write_symbols(symbols, piece, start, sink);
        }
        self.check_bytes(piece, start)?;
        if piece.len() >= u32::MAX as usize {
            return Err(Stop::TooLong { at: start });
        }
        let len_of = |symbol| {
            let id = u32_at(self.tables.symbols, symbol as usize).unwrap_or(NONE);
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
