//! The general engine: it interprets the steps of a blob, for what no specialised engine does.
//!
//! ```text
//! text ─► added tokens ─► each stretch between: normalizers ─► added tokens ─► pre-tokenizers ─► model
//! ```
//! Everything is read in place. A stretch is one text, which steps that change something rewrite as a
//! whole; its parts are ranges of it. See [`steps`] for how the blob holds the steps, `run` for the way to
//! the parts, `tokens` for that from the parts to tokens.

mod answers;
mod bert;
mod chars;
mod charsmap;
mod cuts;
mod decode;
mod ends;
mod invalid;
mod matches;
mod metaspace;
mod nbest;
mod normalize;
mod normalized;
mod run;
mod scripts;
mod seen;
mod sentences;
mod split;
pub mod steps;
mod tail;
mod text;
mod tokens;
mod unknown;
mod walk;
mod words;

pub use charsmap::Charsmap;
pub use cuts::{cut, mark};
pub use decode::{decode_tokens, token_text};
pub use nbest::{Way, nbest};
pub use normalized::{Normalized, normalized, normalized_text, parts};
pub use tail::{Next, Tail, next};

use crate::{
    Kernel,
    blob::Tables,
    engine::{Cursor, Engine, Request, Stop},
    model::{self, Model, Token},
    scratch::Workspace,
    sink::{CountSink, IdSink, Sink, Span, SpanSink},
};
use alloc::{string::String, vec::Vec};
use run::{Piece, Run, each_added};
use seen::Seen;
use steps::Pipeline;
use text::Split;
use tokens::stop;
use walk::Placed;
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
    /// The kernel, in place of the best one for the processor.
    pub kernel: Option<Kernel>,
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
    decode: decode::decode_ids,
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
    walk(tables, request, aligned, memory, &mut emit)
        .map_err(|stop| if aligned { stop } else { placed(tables, request, stop) })
}

/// Takes the text through all steps. Unless `aligned`, errors do not know their places.
fn walk(
    tables: &Tables<'_>,
    request: &Request<'_>,
    aligned: bool,
    memory: &mut Memory,
    emit: &mut impl FnMut(Found<'_>),
) -> Result<(), Stop> {
    if u32::try_from(request.text.len()).is_err() {
        return Err(Stop::TooLong { at: 0 });
    }
    memory.model.strict = request.strict;
    match invalid::text(request.text) {
        Ok(text) => tokens::run(tables, text, request.special, aligned, memory, emit),
        Err(error) => {
            invalid::refuse(request, error)?;
            let (text, places) = invalid::replace(request.text);
            let original = |at| invalid::original(&places, at);
            tokens::run(tables, &text, request.special, aligned, memory, &mut |found| {
                let (start, end) = (original(found.start), original(found.end));
                emit(Found { start, end, ..found });
            })
            .map_err(|stop| stop.moved(0, original))
        }
    }
}

/// The same error with the place in the text. The text is encoded once more for that, with everything that
/// is known of where its bytes come from.
#[cold]
fn placed(tables: &Tables<'_>, request: &Request<'_>, stop: Stop) -> Stop {
    let again = walk(tables, request, true, &mut Memory::default(), &mut |_| ());
    match again {
        // What happens by chance may not happen again.
        Err(found) if core::mem::discriminant(&found) == core::mem::discriminant(&stop) => found,
        _ => stop,
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
    memory.model.strict = request.strict;
    if memory.seen.is_some()
        && u32::try_from(request.text.len()).is_ok()
        && let (Some(model), Some(pipeline)) =
            (Model::parse(tables), Pipeline::parse(tables.pipeline))
        && (request.text.len() <= SENTENCES_MAX || !matches!(model, Model::SentencePiece(_)))
        && may_cut(tables, &pipeline, &model, memory)
    {
        let replaced;
        let text = match invalid::text(request.text) {
            Ok(text) => text,
            Err(error) => {
                invalid::refuse(request, error)?;
                replaced = invalid::replace(request.text);
                &replaced.0
            }
        };
        return seen::ids(tables, &pipeline, &model, text, request.special, memory, out)
            .map_err(|stop| placed(tables, request, stop));
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
        && (tables.normalized_matcher.is_empty() || pipeline.normalizers().next().is_none())
        && !memory.model.is_by_chance()
        && !(memory.model.strict && model.drops())
        && (cuts & cut::MODEL == 0 || model.cuts())
        && (model.open() == 0 || pipeline.normalizers().all(|step| step.writes_only_spaces()))
}
