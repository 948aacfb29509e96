//! The general engine: it interprets the steps of a blob, for what no specialised engine does.
//!
//! ```text
//! text ─► added tokens ─► each stretch between: normalizers ─► added tokens ─► pre-tokenizers ─► model
//! ```
//! Everything is read in place. A stretch is one text, which steps that change something rewrite as a
//! whole; its parts are ranges of it. See [`steps`] for how the blob holds the steps.

mod charsmap;
mod decode;
mod matches;
mod normalize;
mod scripts;
mod split;
pub mod steps;
mod text;

pub use charsmap::Charsmap;

use crate::{
    added_tokens::{self, Matcher, Special},
    blob::Tables,
    engine::{Cursor, Engine, Request, Stop},
    model::{self, Model, ModelError, Token},
    scratch::Workspace,
    sink::{CountSink, IdSink, Sink, Span, SpanSink},
    unicode::nfc,
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use steps::Pipeline;
use text::{Split, Text};

/// One token, as the general engine finds it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'f> {
    /// The id.
    pub id: u32,
    /// First byte of the text that it stands for; 0 if nobody asked.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Number of the part of the text that it belongs to.
    pub word: u32,
    /// The text that it stands for, after the steps.
    pub source: &'f str,
    /// An added token.
    pub added: bool,
}

/// Memory of the general engine.
#[derive(Debug, Default)]
struct Memory {
    splits: Vec<Split>,
    parts: split::Parts,
    model: model::Scratch,
    tokens: Vec<Token>,
}

/// Hands each token to a function.
pub type Each =
    fn(&Tables<'_>, &Request<'_>, aligned: bool, &mut dyn FnMut(Found<'_>)) -> Result<(), Stop>;

/// The engine's functions. Where an [`Engine`] has them, callers that can take all tokens at once do
/// so; the others are there for slices and iterators.
#[derive(Debug, Clone, Copy)]
pub struct General {
    /// Appends spans. With `aligned` they say where they come from.
    pub spans: fn(&Tables<'_>, &Request<'_>, aligned: bool, &mut Vec<Span>) -> Result<(), Stop>,
    /// Calls the function with each token. With `aligned` they say where they come from.
    pub each: Each,
    /// The text of ids; those without a token are left out, and with the switch special ones.
    pub decode: fn(&Tables<'_>, &[u32], bool) -> String,
    /// Appends ids.
    pub ids: fn(&Tables<'_>, &Request<'_>, &mut Vec<u32>) -> Result<(), Stop>,
}

static FUNCTIONS: General = General {
    spans: |tables, request, aligned, spans| {
        encode(tables, request, aligned, |found| {
            let Found { id, start, end, word, .. } = found;
            spans.push(Span { id, start, end, word });
        })
    },
    each: |tables, request, aligned, emit| encode(tables, request, aligned, emit),
    decode: decode_ids,
    ids: |tables, request, ids| encode(tables, request, false, |found| ids.push(found.id)),
};

/// The general engine.
pub(crate) static ENGINE: Engine = Engine {
    name: "general",
    ids: |tables, request, _: &mut Cursor, _: &mut Workspace<'_>, sink: &mut IdSink<'_>| {
        let mut ids = Vec::new();
        encode(tables, request, false, |found| ids.push(found.id))?;
        if ids.len() > sink.room() {
            return Err(Stop::Full { needed: ids.len() });
        }
        ids.into_iter().for_each(|id| sink.one(id, 0, 0));
        Ok(())
    },
    count: |tables, request, _: &mut Cursor, _: &mut Workspace<'_>, sink: &mut CountSink| {
        let mut count = 0;
        encode(tables, request, false, |_| count += 1)?;
        if count > sink.room() {
            return Err(Stop::Full { needed: count });
        }
        (0..count).for_each(|_| sink.one(0, 0, 0));
        Ok(())
    },
    spans: |tables, request, _: &mut Cursor, _: &mut Workspace<'_>, sink: &mut SpanSink<'_>| {
        let mut spans = Vec::new();
        (FUNCTIONS.spans)(tables, request, true, &mut spans)?;
        if spans.len() > sink.room() {
            return Err(Stop::Full { needed: spans.len() });
        }
        spans.into_iter().for_each(|span| sink.span(span));
        Ok(())
    },
    general: Some(&FUNCTIONS),
};

/// Calls `emit` with each token of the text, in order. With `aligned`, tokens say where they come from.
///
/// A byte that is not part of UTF-8 counts as U+FFFD.
///
/// # Errors
///
/// [`Stop::Forbidden`], [`Stop::Unknown`] and [`Stop::TooLong`]. Tokens before it have been emitted.
pub fn encode(
    tables: &Tables<'_>,
    request: &Request<'_>,
    aligned: bool,
    mut emit: impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    if u32::try_from(request.text.len()).is_err() {
        return Err(Stop::TooLong { at: 0 });
    }
    match core::str::from_utf8(request.text) {
        Ok(text) => run(tables, text, request.special, aligned, &mut emit),
        Err(_) => {
            let (text, places) = replace_invalid(request.text);
            run(tables, &text, request.special, aligned, &mut |found| {
                let (start, end) = (original(&places, found.start), original(&places, found.end));
                emit(Found { start, end, ..found });
            })
        }
    }
}

/// Text with U+FFFD for each byte that is not part of UTF-8, and pairs of places, in it and in the
/// original, from where on both go on alike.
fn replace_invalid(bytes: &[u8]) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut places, mut at) = (String::new(), Vec::new(), 0);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        at += chunk.valid().len();
        for _ in chunk.invalid() {
            places.push((text.len(), at));
            text.push('\u{FFFD}');
            at += 1;
            places.push((text.len(), at));
        }
    }
    (text, places)
}

fn original(places: &[(usize, usize)], at: usize) -> usize {
    let next = places.partition_point(|place| place.0 <= at);
    match next.checked_sub(1).and_then(|last| places.get(last)) {
        Some(&(text, original)) => original + (at - text),
        None => at,
    }
}

/// The rules and memory of one encode.
struct Run<'r, 't> {
    tables: &'r Tables<'t>,
    pipeline: Pipeline<'t>,
    model: Model<'r>,
    special: Special<'r>,
    normalized: Option<Matcher<'t>>,
    aligned: bool,
    memory: Memory,
    word: u32,
}

fn run(
    tables: &Tables<'_>,
    text: &str,
    special: Special<'_>,
    aligned: bool,
    emit: &mut impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    let (Some(pipeline), Some(model)) = (Pipeline::parse(tables.pipeline), Model::parse(tables))
    else {
        return Ok(());
    };
    let aligned = aligned || pipeline.settings.asks_place;
    let raw = Matcher::new(tables.raw_matcher);
    let normalized = Matcher::new(tables.normalized_matcher);
    let memory = Memory::default();
    let mut run = Run { tables, pipeline, model, special, normalized, aligned, memory, word: 0 };
    each_match(tables, raw.as_ref(), special, text.as_bytes(), |found, start, end| {
        match found {
            Some(found) => {
                let source = text.get(start..end).unwrap_or_default();
                emit(Found { id: found.id, start, end, word: run.word, source, added: true });
                run.word += 1;
                Ok(())
            }
            // A match that swallows white space ends where a char does, so nothing is cut.
            None => run.stretch(text.get(start..end).unwrap_or_default(), start, emit),
        }
    })
}

/// Calls `each` with added tokens and the stretches between them, which are not empty.
fn each_match(
    tables: &Tables<'_>,
    matcher: Option<&Matcher<'_>>,
    special: Special<'_>,
    text: &[u8],
    mut each: impl FnMut(Option<added_tokens::Found>, usize, usize) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (mut done, mut search) = (0, 0);
    if let Some(matcher) = matcher {
        while let Some(found) =
            added_tokens::next_match(tables, matcher, special, text, search, done)
                .map_err(|found| Stop::Forbidden { token: found.token, at: found.at })?
        {
            if done < found.start {
                each(None, done, found.start)?;
            }
            each(Some(found), found.start, found.end)?;
            (done, search) = (found.end, found.search);
        }
    }
    if done < text.len() {
        each(None, done, text.len())?;
    }
    Ok(())
}

impl Run<'_, '_> {
    /// Encodes the stretch `raw`, which begins at `start`.
    fn stretch(
        &mut self,
        raw: &str,
        start: usize,
        emit: &mut impl FnMut(Found<'_>),
    ) -> Result<(), Stop> {
        let mut text = Text::new(raw, start as u32, self.aligned);
        for step in self.pipeline.normalizers() {
            normalize::apply(&step, &mut text);
        }
        let mut splits = core::mem::take(&mut self.memory.splits);
        splits.clear();
        let mut added: Vec<(u32, usize, usize, Cow<'_, str>)> = Vec::new();
        let bytes = text.as_str().as_bytes();
        each_match(
            self.tables,
            self.normalized.as_ref(),
            self.special,
            bytes,
            |found, from, to| {
                match found {
                    Some(found) => {
                        let (start, end) = text.original(from, to).unwrap_or_default();
                        let source = text.as_str().get(from..to).unwrap_or_default();
                        added.push((found.id, start, end, Cow::Owned(source.into())));
                    }
                    None => splits.push(text.split(from, to, added.len() as u32)),
                }
                Ok(())
            },
        )
        .map_err(|stop| match stop {
            // Where in the stretch is not known to the caller, but where the stretch begins.
            Stop::Forbidden { token, .. } => Stop::Forbidden { token, at: start },
            other => other,
        })?;
        for step in self.pipeline.pre_tokenizers() {
            split::apply(&step, &mut text, &mut splits, &mut self.memory.parts);
        }
        let mut written = 0;
        for split in &splits {
            self.added(added.get(written..split.group as usize).unwrap_or_default(), emit);
            written = written.max(split.group as usize);
            self.part(&text, split, emit)?;
        }
        self.added(added.get(written..).unwrap_or_default(), emit);
        self.memory.splits = splits;
        Ok(())
    }

    fn added(
        &mut self,
        tokens: &[(u32, usize, usize, Cow<'_, str>)],
        emit: &mut impl FnMut(Found<'_>),
    ) {
        for (id, start, end, source) in tokens {
            let (id, start, end) = (*id, *start, *end);
            emit(Found { id, start, end, word: self.word, source, added: true });
            self.word += 1;
        }
    }

    /// Encodes one part.
    fn part(
        &mut self,
        text: &Text<'_>,
        split: &Split,
        emit: &mut impl FnMut(Found<'_>),
    ) -> Result<(), Stop> {
        let part = text.as_str().get(split.start..split.end).unwrap_or_default();
        let Memory { model: scratch, tokens, .. } = &mut self.memory;
        tokens.clear();
        self.model.tokenize(part, scratch, tokens).map_err(|error| match error {
            ModelError::Unknown { at } => {
                let from = split.start + at;
                let place = text.original(from, from + 1).map_or(0, |range| range.0);
                Stop::Unknown { at: place }
            }
            ModelError::TooLong => Stop::TooLong { at: split.place as usize },
        })?;
        for token in &self.memory.tokens {
            let (from, to) = (token.start as usize, token.end as usize);
            let place = split.place as usize;
            // What lies outside of the part, or goes backwards, is left as the model says it.
            let (start, end) = match () {
                () if !self.aligned => (0, 0),
                () if from == to => (place + from, place + to),
                () if to > part.len() => (from, to),
                () => text.original(split.start + from, split.start + to).unwrap_or((from, to)),
            };
            let source = part.get(from..to).unwrap_or_default();
            emit(Found { id: token.id, start, end, word: self.word, source, added: false });
        }
        self.word += 1;
        Ok(())
    }
}

fn decode_ids(tables: &Tables<'_>, ids: &[u32], skip_special: bool) -> String {
    if let Some(Model::SentencePiece(model)) = Model::parse(tables) {
        let skip = |id: u32| skip_special && tables.token_flags(id).is_special();
        return model.decode(ids.iter().copied().filter(|&id| !skip(id)));
    }
    let (Some(pipeline), Some(model)) = (Pipeline::parse(tables.pipeline), Model::parse(tables))
    else {
        return String::new();
    };
    let shown = ids.iter().filter(|&&id| !(skip_special && tables.token_flags(id).is_special()));
    let tokens = shown.filter_map(|&id| token_text(tables, &model, id)).collect();
    decode::decode(&pipeline, tokens)
}

/// The text that an id stands for: of an added token, what it matches, though the model may know the id
/// by another text.
pub fn token_text<'a>(tables: &Tables<'a>, model: &Model<'a>, id: u32) -> Option<Cow<'a, str>> {
    if tables.token_flags(id).is_added()
        && let Some(added) = added_tokens::by_id(tables, id)
    {
        return Some(String::from_utf8_lossy(added.content));
    }
    model.token_text(id)
}

/// The text that normalizers make of `text`: what the content of a normalized added token becomes.
pub fn normalized<'t>(pipeline: &Pipeline<'_>, text: &'t str) -> Cow<'t, str> {
    let mut body = Text::new(text, 0, false);
    for step in pipeline.normalizers() {
        normalize::apply(&step, &mut body);
    }
    body.into_str()
}

/// Calls `each` with every part that the normalizers and pre-tokenizers make of a text in which no added
/// token is looked for: what a trainer counts. It is told the text around the part, its start and its
/// end.
pub fn parts(pipeline: &Pipeline<'_>, text: &str, mut each: impl FnMut(&str, usize, usize)) {
    let mut text = Text::new(text, 0, pipeline.settings.asks_place);
    for step in pipeline.normalizers() {
        normalize::apply(&step, &mut text);
    }
    let mut splits = Vec::from([text.split(0, text.as_str().len(), 0)]);
    let mut memory = split::Parts::default();
    for step in pipeline.pre_tokenizers() {
        split::apply(&step, &mut text, &mut splits, &mut memory);
    }
    for split in splits.iter().filter(|split| split.start < split.end) {
        each(text.as_str(), split.start, split.end);
    }
}

/// A normalized text and where its bytes come from.
#[derive(Debug, Clone)]
pub struct Normalized<'t>(Text<'t>);

impl<'t> Normalized<'t> {
    /// The NFC of `text`, which begins at `start` of the original.
    pub fn nfc(text: &'t str, start: u32) -> Self {
        let mut body = Text::new(text, start, true);
        let mut new = body.rewrite();
        // Not the normalizer step: that one brings all normalizers into the program.
        nfc::normalize(text.as_bytes(), |range, bytes| {
            let (old, bytes) = (text.get(range).unwrap_or_default(), utf8(bytes));
            if old == bytes {
                new.keep(old.len());
            } else if let Some(c) = bytes.chars().next() {
                let dropped = old.chars().count().saturating_sub(1);
                new.push(c, if old.is_empty() { 1 } else { -(dropped as isize) });
            }
        });
        let new = new.finish();
        body.set(new);
        Self(body)
    }

    /// The normalized text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The range of the original that the bytes `start..end` come from.
    pub fn original(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        self.0.original(start, end)
    }
}

fn utf8(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
