//! The general engine: it interprets the steps of a blob, for what no specialised engine does.
//!
//! ```text
//! text ─► added tokens ─► each stretch between: normalizers ─► added tokens ─► pre-tokenizers ─► model
//! ```
//! Everything is read in place. A stretch is one text, which steps that change something rewrite as a
//! whole; its parts are ranges of it. See [`steps`] for how the blob holds the steps.

mod answers;
mod bert;
mod chars;
mod charsmap;
mod cuts;
mod decode;
mod matches;
mod metaspace;
mod normalize;
mod scripts;
mod seen;
mod sentences;
mod split;
pub mod steps;
mod tail;
mod text;
mod unknown;
mod walk;
mod words;

pub use charsmap::Charsmap;
pub use cuts::cut;
pub use tail::{Next, Tail, next};

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
use cuts::Cuts;
use seen::Seen;
use steps::{Normalizer, Pipeline};
use text::{Split, Text};
use walk::{Placed, Walk};
use words::{WordToken, Words};

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

/// Memory of the general engine, kept by the caller. Any tokenizer can use it after any other.
#[derive(Debug, Default)]
pub struct Memory {
    splits: Vec<Split>,
    parts: split::Parts,
    /// Memory of the model, and what it is to do by chance.
    pub model: model::Scratch,
    tokens: Vec<Token>,
    /// Answers for words, if there is an owner.
    words: Option<Words>,
    seen: Option<Seen>,
    answer: Vec<WordToken>,
    placed: Placed,
}

impl Memory {
    /// Lets answers for words be kept in up to about `limit` bytes, for the tokenizer with this fingerprint;
    /// those of another one are forgotten.
    pub fn own(&mut self, owner: &[u8; 32], limit: usize) {
        if limit == 0 {
            (self.words, self.seen) = (None, None);
            return;
        }
        let seen = self.seen.get_or_insert_default();
        seen.limit = limit;
        seen.own(owner);
        let words = self.words.get_or_insert_default();
        words.limit = limit;
        words.own(owner);
    }
}

/// What the model, or nobody, has to do with a piece of text.
enum Piece<'p, 't> {
    /// An added token.
    Added(Found<'p>),
    /// A part of a text that the steps have made, and its number.
    Part(&'p Text<'t>, &'p Split, u32),
}

/// Hands each token to a function; with the switch tokens say where they come from.
pub type Each =
    fn(&Tables<'_>, &Request<'_>, bool, &mut Memory, &mut dyn FnMut(Found<'_>)) -> Result<(), Stop>;

/// Hands ids to a function, in parts.
pub type Hand =
    fn(&Tables<'_>, &Request<'_>, &mut Memory, &mut dyn FnMut(&[u32])) -> Result<(), Stop>;

/// The engine's functions. Where an [`Engine`] has them, callers that can take all tokens at once do
/// so; the others are there for slices and iterators.
#[derive(Debug, Clone, Copy)]
pub struct General {
    /// Calls the function with each token. With the switch they say where they come from.
    pub each: Each,
    /// The text of ids; those without a token are left out, and with the switch special ones.
    pub decode: fn(&Tables<'_>, &[u32], bool) -> String,
    /// Hands on ids, in parts.
    pub ids: Hand,
}

static FUNCTIONS: General = General {
    each: |tables, request, aligned, memory, emit| {
        encode_in(tables, request, aligned, memory, emit)
    },
    decode: decode_ids,
    ids: ids_in,
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
        encode(tables, request, true, |found| {
            let Found { id, start, end, word, .. } = found;
            spans.push(Span { id, start, end, word });
        })?;
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
    emit: impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    encode_in(tables, request, aligned, &mut Memory::default(), emit)
}

/// As [`encode`], in the caller's memory.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_in(
    tables: &Tables<'_>,
    request: &Request<'_>,
    aligned: bool,
    memory: &mut Memory,
    mut emit: impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    if u32::try_from(request.text.len()).is_err() {
        return Err(Stop::TooLong { at: 0 });
    }
    match core::str::from_utf8(request.text) {
        Ok(text) => run(tables, text, request.special, aligned, memory, &mut emit),
        Err(_) => {
            let (text, places) = replace_invalid(request.text);
            run(tables, &text, request.special, aligned, memory, &mut |found| {
                let (start, end) = (original(&places, found.start), original(&places, found.end));
                emit(Found { start, end, ..found });
            })
        }
    }
}

/// Longest text that a model of SentencePiece takes word by word: it counts the bytes of all of it, which its
/// normalizer makes longer.
const SENTENCES_MAX: usize = 1 << 27;

/// Hands on the ids, in parts.
fn ids_in(
    tables: &Tables<'_>,
    request: &Request<'_>,
    memory: &mut Memory,
    out: &mut dyn FnMut(&[u32]),
) -> Result<(), Stop> {
    if memory.seen.is_some()
        && u32::try_from(request.text.len()).is_ok()
        && let (Some(model), Some(pipeline)) =
            (Model::parse(tables), Pipeline::parse(tables.pipeline))
        && (request.text.len() <= SENTENCES_MAX || !matches!(model, Model::SentencePiece(_)))
        && may_cut(tables, &pipeline, &model, memory)
    {
        let replaced;
        let text = match core::str::from_utf8(request.text) {
            Ok(text) => text,
            Err(_) => {
                replaced = replace_invalid(request.text);
                &replaced.0
            }
        };
        return seen::ids(tables, &pipeline, &model, text, request.special, memory, out);
    }
    encode_in(tables, request, false, memory, |found| out(&[found.id]))
}

/// Whether words have the tokens that they have in the whole text.
fn may_cut(
    tables: &Tables<'_>,
    pipeline: &Pipeline<'_>,
    model: &Model<'_>,
    memory: &Memory,
) -> bool {
    let cuts = pipeline.settings.cuts;
    cuts != 0
        && tables.normalized_matcher.is_empty()
        && !memory.model.is_by_chance()
        && (cuts & cut::MODEL == 0 || model.cuts())
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

/// The rules of one encode.
struct Run<'r, 't> {
    tables: &'r Tables<'t>,
    pipeline: Pipeline<'t>,
    special: Special<'r>,
    normalized: Option<Matcher<'t>>,
    aligned: bool,
    splits: Vec<Split>,
    parts: split::Parts,
    word: u32,
}

fn run(
    tables: &Tables<'_>,
    text: &str,
    special: Special<'_>,
    aligned: bool,
    memory: &mut Memory,
    emit: &mut impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    let (Some(model), Some(pipeline)) = (Model::parse(tables), Pipeline::parse(tables.pipeline))
    else {
        return Ok(());
    };
    if memory.words.is_some()
        && !matches!(model, Model::SentencePiece(_))
        && may_cut(tables, &pipeline, &model, memory)
    {
        return by_words(tables, &pipeline, &model, text, special, aligned, memory, emit);
    }
    let Memory { splits, parts, model: scratch, tokens, .. } = memory;
    pieces(tables, text, special, aligned, (splits, parts), &mut |piece| match piece {
        Piece::Added(found) => {
            emit(found);
            Ok(())
        }
        Piece::Part(text, split, word) => {
            tokens.clear();
            let part = text.as_str().get(split.start..split.end).unwrap_or_default();
            model.tokenize(part, scratch, tokens).map_err(|error| stop(error, text, split))?;
            let source = |number| model.source(scratch, number);
            place(text, split, word, tokens, aligned, &source, emit);
            Ok(())
        }
    })
}

/// As [`run`], word by word: most words have been seen before.
#[expect(clippy::too_many_arguments, reason = "what one encode has")]
fn by_words(
    tables: &Tables<'_>,
    pipeline: &Pipeline<'_>,
    model: &Model<'_>,
    text: &str,
    special: Special<'_>,
    aligned: bool,
    memory: &mut Memory,
    emit: &mut impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    let Memory { splits, parts, model: scratch, tokens, words, answer, placed, seen, .. } = memory;
    let Some(words) = words else { return Ok(()) };
    let chars = &mut seen.get_or_insert_default().chars;
    let walk = Walk::of(pipeline);
    let settings = &pipeline.settings;
    let mut run = Run {
        tables,
        pipeline: *pipeline,
        special,
        normalized: None,
        aligned: aligned || settings.asks_place,
        splits: core::mem::take(splits),
        parts: core::mem::take(parts),
        word: 0,
    };
    let cutter = Cuts::new(settings.cuts);
    let (is_strict, first_differs) =
        (settings.cuts & cut::STRICT != 0, settings.cuts & cut::FIRST != 0);
    let one_part = settings.cuts & cut::MODEL != 0;
    let raw = Matcher::new(tables.raw_matcher);
    let result = each_match(tables, raw.as_ref(), special, text.as_bytes(), |found, start, end| {
        if let Some(found) = found {
            let (source, word) = (text.get(start..end).unwrap_or_default(), run.word);
            emit(Found { id: found.id, start, end, word, source, added: true });
            run.word += 1;
            return Ok(());
        }
        let stretch = text.get(start..end).unwrap_or_default();
        let forgets = aligned && normalize::forgets(pipeline.normalizers(), stretch);
        let (mut at, number, mut parts_seen) = (0, run.word, 0);
        while at < stretch.len() {
            // Where the model cuts, all is one part.
            if one_part {
                (run.word, parts_seen) = (number, parts_seen.max(run.word - number));
            }
            let mut to = if forgets { stretch.len() } else { cutter.end(stretch, at) };
            let is_first = at == 0 && (first_differs || forgets);
            let rest = stretch.as_bytes().get(at..).unwrap_or_default();
            if !is_first && let Some((tokens, parts)) = words.get(rest, to - at, aligned) {
                let base = start + at;
                for token in tokens {
                    let WordToken { id, start, end, word } = WordToken::unpack(*token);
                    let (start, end) = match aligned {
                        true => (base + usize::from(start), base + usize::from(end)),
                        false => (0, 0),
                    };
                    let word = run.word + u32::from(word);
                    emit(Found { id, start, end, word, source: "", added: false });
                }
                run.word += parts;
                at = to;
                continue;
            }
            let (mut cut, mut is_open) = (at, false);
            if is_strict {
                is_open = run.is_open(&stretch[cut..to]);
                while is_open && to < stretch.len() {
                    cut = to;
                    to = cutter.end(stretch, to);
                    is_open = run.is_open(&stretch[cut..to]);
                }
            }
            let (word, base) = (&stretch[at..to], start + at);
            let before = run.word;
            let walked = walk.filter(|_| !is_first).and_then(|walk| {
                walk.tokens(pipeline, chars, word, (model, scratch), tokens, placed)
            });
            if let Some(parts) = walked {
                for (number, &token) in placed.tokens.iter().enumerate() {
                    let (mut start, mut end) = (0, 0);
                    if aligned {
                        start = base + usize::from(token.start);
                        end = base + usize::from(token.end);
                    }
                    let (id, word) = (token.id, before + u32::from(token.word));
                    let source = placed.source(number);
                    emit(Found { id, start, end, word, source, added: false });
                }
                run.word += parts;
                let keeps = cut == at && !is_open && !placed.has_sources;
                if keeps && word.len() <= words::WORD_MAX {
                    words.put(word.as_bytes(), &placed.tokens, parts, true);
                }
                at = to;
                continue;
            }
            answer.clear();
            // What stands at the end may go on elsewhere.
            let mut keeps = !is_first && cut == at && !is_open && word.len() <= words::WORD_MAX;
            run.stretch(word, base, at > 0, &mut |piece| {
                let Piece::Part(text, split, number) = piece else { return Ok(()) };
                tokens.clear();
                let part = text.as_str().get(split.start..split.end).unwrap_or_default();
                model.tokenize(part, scratch, tokens).map_err(|error| stop(error, text, split))?;
                let source = |number| model.source(scratch, number);
                let odd = place(text, split, number, tokens, aligned, &source, &mut |found| {
                    let fits = !aligned || found.start >= base && found.end <= base + word.len();
                    keeps &= fits && !model.shows_source(found.id);
                    let place = |at: usize| if aligned { at.wrapping_sub(base) as u8 } else { 0 };
                    answer.push(WordToken {
                        id: found.id,
                        start: place(found.start),
                        end: place(found.end),
                        word: (number - before) as u8,
                    });
                    emit(found);
                });
                keeps &= !odd;
                Ok(())
            })?;
            // A word of so many bytes has no more parts than a byte counts.
            if keeps && run.word - before <= 0xFF {
                words.put(word.as_bytes(), answer, run.word - before, aligned);
            }
            at = to;
        }
        if one_part {
            run.word = number + parts_seen.max(run.word - number).min(1);
        }
        Ok(())
    });
    (*splits, *parts) = (run.splits, run.parts);
    result
}

/// Where the model has no answer.
fn stop(error: ModelError, text: &Text<'_>, split: &Split) -> Stop {
    match error {
        ModelError::Unknown { at } => {
            let from = split.start + at;
            let place = text.original(from, from + 1).map_or(0, |range| range.0);
            Stop::Unknown { at: place }
        }
        ModelError::TooLong => Stop::TooLong { at: split.place as usize },
    }
}

/// Emits the tokens of one part; says whether the place of one is the model's own, which does not move with
/// the part.
fn place<'s>(
    text: &Text<'_>,
    split: &Split,
    word: u32,
    tokens: &[Token],
    aligned: bool,
    source: &dyn Fn(usize) -> Option<&'s str>,
    emit: &mut impl FnMut(Found<'_>),
) -> bool {
    let mut odd = false;
    let part = text.as_str().get(split.start..split.end).unwrap_or_default();
    for (number, token) in tokens.iter().enumerate() {
        let (from, to) = (token.start as usize, token.end as usize);
        let place = split.place as usize;
        // What lies outside of the part, or goes backwards, is left as the model says it.
        let (start, end) = match () {
            () if !aligned => (0, 0),
            () if from == to => (place + from, place + to),
            () if to > part.len() => {
                odd = true;
                (from, to)
            }
            () => text.original(split.start + from, split.start + to).unwrap_or_else(|| {
                odd = true;
                (from, to)
            }),
        };
        let source = source(number).or(part.get(from..to)).unwrap_or_default();
        emit(Found { id: token.id, start, end, word, source, added: false });
    }
    odd
}

/// The ids of a way to cut a text, and the sum of its scores.
pub type Way = (Vec<u32>, f64);

/// The `count` best ways to cut a text, the best first, with their scores. A model that weighs nothing
/// has one, with score 0.
///
/// # Errors
///
/// As [`encode`].
pub fn nbest(
    tables: &Tables<'_>,
    text: &str,
    special: Special<'_>,
    count: usize,
    memory: &mut Memory,
) -> Result<Vec<Way>, Stop> {
    let mut ways: Vec<Way> = Vec::new();
    let Some(model) = Model::parse(tables).filter(|_| count > 0) else { return Ok(ways) };
    if u32::try_from(text.len()).is_err() {
        return Err(Stop::TooLong { at: 0 });
    }
    ways.push((Vec::new(), 0.0));
    let Memory { splits, parts, model: scratch, tokens, .. } = memory;
    pieces(tables, text, special, true, (splits, parts), &mut |piece| match piece {
        Piece::Added(found) => {
            ways.iter_mut().for_each(|(ids, _)| ids.push(found.id));
            Ok(())
        }
        Piece::Part(text, split, _) => {
            let part = text.as_str().get(split.start..split.end).unwrap_or_default();
            let more = match model.nbest(part, count, scratch) {
                Some(more) => more,
                None => {
                    tokens.clear();
                    model
                        .tokenize(part, scratch, tokens)
                        .map_err(|error| stop(error, text, split))?;
                    [(tokens.clone(), 0.0)].into()
                }
            };
            if !more.is_empty() {
                ways = combine(&ways, &more, count);
            }
            Ok(())
        }
    })?;
    Ok(ways)
}

/// The best of all pairs of a way to a place and a way on from it; both lists have the best first.
fn combine(ways: &[Way], more: &[(Vec<Token>, f64)], count: usize) -> Vec<Way> {
    // A pair before which there are `count` better ones cannot be among the best.
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (i, (_, first)) in ways.iter().enumerate() {
        let rest = more.iter().take(count.div_ceil(i + 1));
        pairs.extend(rest.enumerate().map(|(j, (_, second))| (first + second, i, j)));
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    pairs.truncate(count);
    let join = |(score, i, j): (f64, usize, usize)| {
        let more = more[j].0.iter().map(|token| token.id);
        (ways[i].0.iter().copied().chain(more).collect(), score)
    };
    pairs.into_iter().map(join).collect()
}

/// What takes the pieces of a text.
type Take<'f> = &'f mut dyn FnMut(Piece<'_, '_>) -> Result<(), Stop>;

/// Takes a text through all steps before the model.
fn pieces(
    tables: &Tables<'_>,
    text: &str,
    special: Special<'_>,
    aligned: bool,
    (splits, parts): (&mut Vec<Split>, &mut split::Parts),
    take: Take<'_>,
) -> Result<(), Stop> {
    let Some(pipeline) = Pipeline::parse(tables.pipeline) else { return Ok(()) };
    let aligned = aligned || pipeline.settings.asks_place;
    let raw = Matcher::new(tables.raw_matcher);
    let normalized = Matcher::new(tables.normalized_matcher);
    let lent = (core::mem::take(splits), core::mem::take(parts));
    let (own, cuts) = lent;
    let mut run =
        Run { tables, pipeline, special, normalized, aligned, splits: own, parts: cuts, word: 0 };
    let result = each_match(tables, raw.as_ref(), special, text.as_bytes(), |found, start, end| {
        match found {
            Some(found) => {
                let source = text.get(start..end).unwrap_or_default();
                let word = run.word;
                run.word += 1;
                take(Piece::Added(Found { id: found.id, start, end, word, source, added: true }))
            }
            // A match that swallows white space ends where a char does, so nothing is cut.
            None => run.stretch(text.get(start..end).unwrap_or_default(), start, false, take),
        }
    });
    (*splits, *parts) = (run.splits, run.parts);
    result
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
            added_tokens::next_match(tables, matcher, special, text, 0, search, done)
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
    /// Whether a part of a text, normalized, ends in what may belong together with what follows.
    fn is_open(&self, raw: &str) -> bool {
        let mut text = Text::new(raw, 0, false);
        self.normalize(&mut text, true);
        text.as_str().chars().next_back().is_none_or(|c| c.is_whitespace() || c == '▁')
    }

    /// Applies the normalizers. What goes on in the middle gets nothing in front.
    fn normalize(&self, text: &mut Text<'_>, goes_on: bool) {
        for step in self.pipeline.normalizers() {
            if !(goes_on && matches!(step, Normalizer::Prepend(_))) {
                normalize::apply(&step, text);
            }
        }
    }

    /// Takes the stretch `raw`, which begins at `start`, through the steps; with `goes_on`, it is a part of
    /// one, and not the first.
    fn stretch(
        &mut self,
        raw: &str,
        start: usize,
        goes_on: bool,
        take: Take<'_>,
    ) -> Result<(), Stop> {
        let mut text = Text::new(raw, start as u32, self.aligned);
        self.normalize(&mut text, goes_on);
        let mut splits = core::mem::take(&mut self.splits);
        splits.clear();
        let mut added: Vec<(u32, usize, usize, String)> = Vec::new();
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
                        added.push((found.id, start, end, source.into()));
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
            split::apply(&step, &mut text, &mut splits, &mut self.parts);
        }
        let mut written = 0;
        for split in &splits {
            let before = added.get(written..split.group as usize).unwrap_or_default();
            self.added(before, take)?;
            written = written.max(split.group as usize);
            take(Piece::Part(&text, split, self.word))?;
            self.word += 1;
        }
        self.added(added.get(written..).unwrap_or_default(), take)?;
        self.splits = splits;
        Ok(())
    }

    fn added(
        &mut self,
        tokens: &[(u32, usize, usize, String)],
        take: Take<'_>,
    ) -> Result<(), Stop> {
        for (id, start, end, source) in tokens {
            let (id, start, end) = (*id, *start, *end);
            take(Piece::Added(Found { id, start, end, word: self.word, source, added: true }))?;
            self.word += 1;
        }
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

/// The text of tokens, written as the vocabulary writes them.
pub fn decode_tokens<'t>(tables: &Tables<'_>, tokens: impl Iterator<Item = &'t str>) -> String {
    if let Some(Model::SentencePiece(model)) = Model::parse(tables) {
        return model.decode_pieces(tokens);
    }
    match Pipeline::parse(tables.pipeline) {
        Some(pipeline) => decode::decode(&pipeline, tokens.map(Cow::Borrowed).collect()),
        None => String::new(),
    }
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

/// The normalized form of a stretch, and for each char of it, and its end, the char of `text` where it
/// comes from.
pub fn normalized_text(tables: &Tables<'_>, text: &str) -> (String, Vec<usize>) {
    let bytes: (String, Vec<u32>) = match (Model::parse(tables), Pipeline::parse(tables.pipeline)) {
        (Some(Model::SentencePiece(model)), _) => model.normalized_with_places(text),
        (_, Some(pipeline)) => {
            let mut body = Text::new(text, 0, true);
            for step in pipeline.normalizers() {
                normalize::apply(&step, &mut body);
            }
            (body.as_str().into(), body.places(text.len()))
        }
        _ => (text.into(), (0..=text.len() as u32).collect()),
    };
    in_chars(text, bytes.0, &bytes.1)
}

/// Places of bytes as those of chars.
fn in_chars(text: &str, normalized: String, places: &[u32]) -> (String, Vec<usize>) {
    let mut chars = alloc::vec![0; text.len() + 1];
    for (number, (at, c)) in text.char_indices().enumerate() {
        chars[at..at + c.len_utf8()].fill(number);
    }
    chars[text.len()] = text.chars().count();
    let starts = normalized.char_indices().map(|(at, _)| at).chain([normalized.len()]);
    let char_of = |at: usize| {
        let place = places.get(at).map_or(text.len(), |place| *place as usize);
        chars.get(place).copied().unwrap_or_default()
    };
    let offsets = starts.map(char_of).collect();
    (normalized, offsets)
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

    /// The normalized form of `text`, all of it, and for each char of it and its end the char of `text`
    /// where it comes from.
    pub fn with_places(&self, text: &str) -> (String, Vec<usize>) {
        in_chars(text, self.0.as_str().into(), &self.0.places(text.len()))
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
