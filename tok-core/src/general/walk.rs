//! Steps that are one walk through the chars of most words.

use super::{
    bert,
    chars::{Chars, Place},
    metaspace,
    steps::{Normalizer, Pipeline},
    words::WordToken,
};
use crate::model::{self, Model, Token};
use alloc::{string::String, vec::Vec};

/// Tokens of a word.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub(super) tokens: Vec<WordToken>,
    /// Some are shown with the text that they stand for.
    pub(super) has_sources: bool,
    /// The texts of all parts, and for each token its range there.
    texts: String,
    ranges: Vec<(usize, usize)>,
}

impl Placed {
    fn clear(&mut self) {
        self.tokens.clear();
        self.texts.clear();
        self.ranges.clear();
        self.has_sources = false;
    }

    /// The text that a token stands for.
    pub(super) fn source(&self, number: usize) -> &str {
        let (start, end) = self.ranges.get(number).copied().unwrap_or_default();
        self.texts.get(start..end).unwrap_or_default()
    }
}

/// The steps.
#[derive(Debug, Clone, Copy)]
pub(super) enum Walk<'t> {
    Bert(Normalizer<'t>),
    Metaspace(metaspace::Steps<'t>),
}

impl<'t> Walk<'t> {
    /// The steps of a pipeline, if they are of that kind.
    pub(super) fn of(pipeline: &Pipeline<'t>) -> Option<Self> {
        match bert::of(pipeline) {
            Some(step) => Some(Self::Bert(step)),
            None => metaspace::of(pipeline).map(Self::Metaspace),
        }
    }

    /// Whether the model gets the word itself, but for its spaces.
    pub(super) fn only_spaces(&self) -> bool {
        matches!(self, Self::Metaspace(metaspace::Steps::Spaces))
    }

    /// Calls `put` with what the model gets of a word, as [`Chars::split`] does; the word does not begin a text of
    /// which the beginning is not as the other words.
    pub(super) fn split<const PLACES: bool, E>(
        &self,
        pipeline: &Pipeline<'_>,
        chars: &mut Chars,
        word: &str,
        put: impl FnMut(&str, &[Place]) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        match self {
            Self::Bert(step) => chars.split::<PLACES, E>("", word, |c| bert::learn(step, c), put),
            Self::Metaspace(steps) => steps.split::<PLACES, E>(pipeline, chars, word, put),
        }
    }

    /// Writes the tokens of a word with their places, and gives the number of its parts; `None` where that is left
    /// to the steps.
    pub(super) fn tokens(
        &self,
        pipeline: &Pipeline<'_>,
        chars: &mut Chars,
        word: &str,
        (model, scratch): (&Model<'_>, &mut model::Scratch),
        tokens: &mut Vec<Token>,
        out: &mut Placed,
    ) -> Option<u32> {
        out.clear();
        // Places and parts are counted in bytes.
        if word.len() > usize::from(u8::MAX) {
            return None;
        }
        let mut parts = 0;
        let walked = self.split::<true, ()>(pipeline, chars, word, |part, places| {
            tokens.clear();
            model.tokenize(part, scratch, tokens).map_err(|_| ())?;
            let base = out.texts.len();
            out.texts.push_str(part);
            for token in &*tokens {
                let (from, to) = (token.start as usize, token.end as usize);
                // The others have places of their own.
                let last = to.checked_sub(1).filter(|&last| last >= from).ok_or(())?;
                let (Some(first), Some(last)) = (places.get(from), places.get(last)) else {
                    return Err(());
                };
                out.has_sources |= model.shows_source(token.id);
                out.ranges.push((base + from, base + to));
                out.tokens.push(WordToken {
                    id: token.id,
                    start: first.0 as u8,
                    end: last.1 as u8,
                    word: parts as u8,
                });
            }
            parts += 1;
            Ok(())
        });
        (walked == Some(Ok(()))).then_some(parts)
    }
}
