//! What the steps make of a text, for callers that ask for it: the normalized text, where its chars come
//! from, its parts.

use super::{normalize, split, steps::Pipeline, text::Text};
use crate::{blob::Tables, model::Model, unicode::nfc};
use alloc::{borrow::Cow, string::String, vec::Vec};

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
