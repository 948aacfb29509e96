//! A text word by word, where bake proves that it may be cut before a space.
//!
//! Merging begins anew at each ▁ that follows another char, so a word has the same ids everywhere. Where no piece
//! reaches from a letter to punctuation, "word," is two words, so that "word" has its answer in both. The sums of
//! Unigram go on from word to word, though, and they are f32: where two ways through a word are nearly as
//! good, what came before decides. So ids of a word are kept where the best way is better than any other by more
//! than all that rounding can do; the others are searched with the sum so far, as in the whole text.

use super::{
    Memory, SentencePiece, flag, kind,
    normalize::{Alone, Part, Rules},
    own_param,
    unigram::{LARGE, Steps},
};
use crate::{
    blob::lookup::NONE,
    model::{Scratch, Token, param},
};
use alloc::vec::Vec;

/// A sum up to here stays below [`LARGE`] within any word whose ids are kept.
pub(crate) const NEAR: f32 = LARGE - 64.0 - SPAN as f32;
/// What the sums within such a word may be, counted from its beginning.
const SPAN: f64 = 1000.0;
/// What rounding one sum may change: half a unit in the last place of what is below 2^17.
const ROUNDING: f64 = 1.0 / 256.0;
/// More than what is left of f64's own rounding.
const REST: f64 = 1.0 / 65536.0;

/// A place in a word: the best way to it, and the best of those that get there by another piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    best: f64,
    second: f64,
    /// How often rounding may have changed the best, and any other.
    error: u32,
    others: u32,
    start: u32,
    id: u32,
}

impl Place {
    /// No way yet.
    const NONE: Self =
        Self { best: f64::MIN, second: f64::MIN, error: 0, others: 0, start: NONE, id: NONE };

    #[inline]
    fn offer(&mut self, way: Self) {
        let other = if way.best > self.best {
            core::mem::replace(self, Self { others: self.others, second: self.second, ..way })
        } else {
            way
        };
        self.second = self.second.max(other.best);
        self.others = self.others.max(other.error);
    }

    /// Whether the best stays the best, however the sums are rounded.
    #[inline]
    fn is_clear(&self) -> bool {
        self.best - self.second > f64::from(self.error + self.others) * ROUNDING + REST
    }

    /// How often rounding may have changed what is the best in the end.
    #[inline]
    fn errors(&self) -> u32 {
        if self.is_clear() { self.error } else { self.error.max(self.others) }
    }
}

/// What words are encoded with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    model: SentencePiece<'a>,
    rules: Rules<'a>,
    is_unigram: bool,
}

/// What is known of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has the same tokens everywhere.
    Same,
    /// It has the same pieces everywhere: neighbouring unknown ones are still to be joined, and all of them to
    /// be added up.
    Pieces,
    /// It has these tokens here.
    Here,
}

impl<'a> Words<'a> {
    pub(crate) fn of(model: &SentencePiece<'a>) -> Self {
        let is_unigram = model.parts.param(own_param::KIND) == kind::UNIGRAM;
        Self { model: *model, rules: Rules::of(model), is_unigram }
    }

    /// Whether ids have scores that are summed up.
    pub(crate) fn sums(&self) -> bool {
        self.is_unigram
    }

    /// What the search adds for each id.
    pub(crate) fn scores(&self) -> &'a [[u8; 4]] {
        self.model.scores()
    }

    /// The piece for an unknown char.
    pub(crate) fn unknown(&self) -> u32 {
        self.model.parts.param(param::UNK)
    }

    /// Normalizes a word; says whether it may belong together with what follows.
    pub(crate) fn normalize(
        &self,
        word: &str,
        ends: [bool; 2],
        alone: &mut Alone,
        scratch: &mut Scratch,
    ) -> bool {
        let Memory { text, places, .. } = &mut scratch.sentence_piece;
        let [is_first, is_last] = ends;
        self.rules.apply::<false>(word, Part { is_first, is_last }, Some(alone), text, places)
    }

    /// Gives the tokens, or pieces, of the word that was normalized. With tokens, the sum before it becomes the one
    /// behind it.
    pub(crate) fn encode(
        &self,
        scratch: &mut Scratch,
        tokens: &mut Vec<Token>,
        sum: &mut f32,
    ) -> Answer {
        let memory = &mut scratch.sentence_piece;
        memory.pieces.clear();
        tokens.clear();
        if !self.is_unigram {
            self.model.bpe(memory, None);
            self.write(memory, tokens);
            return Answer::Same;
        }
        if sum.abs() <= NEAR && self.model.clear_way(memory, tokens) {
            return Answer::Pieces;
        }
        tokens.clear();
        *sum = self.model.unigram(memory, *sum);
        self.write(memory, tokens);
        Answer::Here
    }

    fn write(&self, memory: &mut Memory, tokens: &mut Vec<Token>) {
        memory.places.clear();
        self.model.write(memory, tokens);
    }
}

impl SentencePiece<'_> {
    /// Whether text may be cut before a space, if its normalizer allows that.
    pub fn may_cut(&self) -> bool {
        let cuts = self.has(flag::CUT) && self.has(flag::ESCAPE_SPACES);
        let kind = self.parts.param(own_param::KIND);
        cuts && !self.has(flag::SPACE_AS_SUFFIX | flag::UNUSED)
            && (kind == kind::BPE || kind == kind::UNIGRAM)
    }

    /// Finds the way through a word that is the best whatever the sum before it, and
    /// whose pieces say what it adds up to; false if there is none.
    fn clear_way(&self, memory: &mut Memory, tokens: &mut Vec<Token>) -> bool {
        let Memory { text, ways, .. } = memory;
        // In a long word sums are large, and errors many.
        if text.len() > 256 || text.is_empty() {
            return false;
        }
        ways.clear();
        ways.resize(text.len() + 1, Place::NONE);
        ways[0].best = 0.0;
        let steps = Steps::of(self);
        // Of unknown chars that become bytes, what they were would not be known.
        let keeps_unknown = !self.has(flag::BYTE_FALLBACK);
        let mut start = 0;
        while start < text.len() {
            let (before, error) = (ways[start].best, ways[start].errors() + 1);
            if before.abs() > SPAN {
                return false;
            }
            start += steps.from(text, start, |end, score, id| {
                let best = before + f64::from(score);
                ways[end].offer(Place { best, error, start: start as u32, id, ..Place::NONE });
            });
        }
        if ways[text.len()].best.abs() > SPAN {
            return false;
        }
        let mut at = text.len();
        while at > 0 {
            let place = ways[at];
            let Place { start, id, .. } = place;
            if !place.is_clear() || start as usize >= at || id == steps.unk && !keeps_unknown {
                return false;
            }
            tokens.push(Token { id, start, end: at as u32 });
            at = start as usize;
        }
        tokens.reverse();
        true
    }
}
