//! Whether decoded text ends in U+FFFD, without decoding it: what a stream of ids asks at each of them.

use alloc::{borrow::Cow, string::String, vec, vec::Vec};

use super::{
    decode::{apply, fallback_byte},
    steps::{Decoder, Pattern, Pipeline},
    token_text,
};
use crate::{
    blob::Tables,
    byte_level,
    model::{Effect, Model},
};

const BROKEN: char = '\u{FFFD}';

/// Bytes at the end that decide how text ends.
const LOOK: usize = 8;

/// Ids that are looked at for so many bytes.
const MAX_IDS: usize = 64;

/// What a new id of a stream is, where that can be told without decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It changes neither the text nor what later ids do to it.
    Nothing,
    /// As `Nothing`, if it takes the place of the id before it.
    Replaces,
    /// Anything.
    Some,
}

/// What `id` is behind `ids`. `is_empty`: those have no text.
pub fn next(tables: &Tables<'_>, ids: &[u32], is_empty: bool, id: u32, skip_special: bool) -> Next {
    if skip_special && tables.token_flags(id).is_special() {
        return Next::Nothing;
    }
    let Some(&last) = ids.last() else { return Next::Some };
    let (Some(pipeline), Some(model)) = (Pipeline::parse(tables.pipeline), Model::parse(tables))
    else {
        return Next::Some;
    };
    if let Model::SentencePiece(model) = model {
        return match (model.effect(last), model.effect(id)) {
            (Some(Effect::Ends), Some(Effect::Ends)) => Next::Nothing,
            (Some(_), Some(Effect::LeadingSpace)) if is_empty => Next::Nothing,
            _ => Next::Some,
        };
    }
    let Some(step @ Decoder::Ctc { .. }) = pipeline.decoders().next() else { return Next::Some };
    let text = |id: u32| token_text(tables, &model, id);
    let (Some(last), Some(new)) = (text(last), text(id)) else { return Next::Some };
    if last == new {
        return Next::Nothing;
    }
    let is_empty = |token: Cow<'_, str>| apply(&step, vec![token]).is_empty();
    if is_empty(last) && is_empty(new) { Next::Replaces } else { Next::Some }
}

/// What is known of a stream of ids.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    /// Bytes of a char that is not complete, at the end of a run of byte tokens.
    pending: Vec<u8>,
    /// That run is no text, whatever follows in it.
    broken: bool,
    /// What was said of the last id.
    said: bool,
}

impl Tail {
    /// Takes the last of `ids`, and says whether their text is known to end in U+FFFD. `false` says nothing.
    pub fn push(&mut self, tables: &Tables<'_>, ids: &[u32], skip_special: bool) -> bool {
        let broken = self.look(tables, ids, skip_special);
        self.said = broken;
        broken
    }

    fn look(&mut self, tables: &Tables<'_>, ids: &[u32], skip_special: bool) -> bool {
        let shown = |id: u32| !(skip_special && tables.token_flags(id).is_special());
        let Some(&id) = ids.last().filter(|&&id| shown(id)) else { return false };
        let (Some(pipeline), Some(model)) =
            (Pipeline::parse(tables.pipeline), Model::parse(tables))
        else {
            return false;
        };
        if let Model::SentencePiece(model) = model {
            return match model.effect(id) {
                None => false,
                Some(Effect::Byte(byte)) => self.take_byte(byte),
                Some(Effect::Text { broken }) => {
                    *self = Self::default();
                    broken
                }
                // The text is what it was.
                Some(Effect::Ends) => {
                    let said = self.said;
                    *self = Self::default();
                    said
                }
                Some(Effect::LeadingSpace) => {
                    *self = Self::default();
                    false
                }
            };
        }
        let Some(token) = token_text(tables, &model, id) else { return false };
        if !pipeline.settings.decodes {
            return token.ends_with(BROKEN);
        }
        let steps: Vec<Decoder<'_>> = pipeline.decoders().collect();
        if let Some(fallback) = steps.iter().position(|step| matches!(step, Decoder::ByteFallback))
        {
            let (before, after) = steps.split_at(fallback);
            let alone = |step: &Decoder<'_>| {
                matches!(step, Decoder::Replace { .. } | Decoder::Strip { .. })
            };
            if before.iter().all(alone) && after.iter().all(keeps) {
                let mut tokens = vec![token.clone()];
                for step in before {
                    tokens = apply(step, tokens);
                }
                return self.take(tokens.first().map_or("", |token| token));
            }
        }
        if !steps.iter().all(keeps) {
            return false;
        }
        if let Some(step @ Decoder::Ctc { .. }) = steps.first()
            && apply(step, vec![token.clone()]).is_empty()
        {
            return self.said;
        }
        token.ends_with(BROKEN)
            || matches!(steps.first(), Some(Decoder::ByteLevel))
                && ends_broken(
                    ids.iter()
                        .rev()
                        .filter(|&&id| shown(id))
                        .map(|&id| token_text(tables, &model, id).unwrap_or_default()),
                )
    }

    /// A byte as SentencePiece takes it: what is no char becomes U+FFFD for each byte, and the next char
    /// begins behind it.
    fn take_byte(&mut self, byte: u8) -> bool {
        self.pending.push(byte);
        let mut broken = false;
        let mut kept = 0;
        for chunk in self.pending.utf8_chunks() {
            kept += chunk.valid().len();
            broken = !chunk.invalid().is_empty() || chunk.valid().ends_with(BROKEN);
            // What may go on stays.
            let goes_on = core::str::from_utf8(chunk.invalid())
                .is_err_and(|error| error.error_len().is_none());
            kept += if goes_on { 0 } else { chunk.invalid().len() };
        }
        self.pending.drain(..kept.min(self.pending.len()));
        broken
    }

    /// A token as ByteFallback gets it.
    fn take(&mut self, token: &str) -> bool {
        let Some(byte) = fallback_byte(token) else {
            *self = Self::default();
            return token.ends_with(BROKEN);
        };
        if !self.broken {
            self.pending.push(byte);
            match core::str::from_utf8(&self.pending) {
                Ok(_) => self.pending.clear(),
                Err(error) => self.broken = error.error_len().is_some(),
            }
        }
        // A run that is no text yet is written as if it never were.
        self.broken || !self.pending.is_empty()
    }
}

/// Whether a step leaves U+FFFD at the end of the last token alone.
fn keeps(step: &Decoder<'_>) -> bool {
    match *step {
        Decoder::ByteLevel | Decoder::ByteFallback | Decoder::Fuse => true,
        Decoder::WordPiece { prefix, .. } => !prefix.contains(BROKEN),
        Decoder::Metaspace { replacement, .. } => replacement != BROKEN,
        Decoder::Bpe { suffix } => !suffix.is_empty() && !suffix.contains(BROKEN),
        Decoder::Replace { pattern: Pattern::Literal(text), .. } => {
            !text.is_empty() && !text.contains(BROKEN)
        }
        Decoder::Strip { content, .. } => content != BROKEN,
        Decoder::Ctc { pad, delimiter, .. } => {
            // An empty text is found everywhere.
            [pad, delimiter].iter().all(|text| !text.is_empty() && !text.contains(BROKEN))
        }
        Decoder::Replace { .. } => false,
    }
}

/// Whether the bytes of byte-level tokens, the last one first, end in none of a char.
fn ends_broken<'t>(tokens: impl Iterator<Item = Cow<'t, str>>) -> bool {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut len = 0;
    let mut all = true;
    for (count, token) in tokens.enumerate() {
        if len >= LOOK {
            break;
        }
        if count == MAX_IDS {
            all = false;
            break;
        }
        let bytes: Option<Vec<u8>> = token.chars().map(byte_level::byte_of).collect();
        let bytes = bytes.unwrap_or_else(|| String::from(&*token).into_bytes());
        len += bytes.len();
        parts.push(bytes);
    }
    let bytes: Vec<u8> = parts.into_iter().rev().flatten().collect();
    let look = &bytes[bytes.len().saturating_sub(LOOK)..];
    let last = look.utf8_chunks().last();
    (all || len >= LOOK)
        && last.is_some_and(|chunk| !chunk.invalid().is_empty() || chunk.valid().ends_with(BROKEN))
}
