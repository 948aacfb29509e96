//! Words of a text for a model of SentencePiece, which does everything on its own.

use super::{
    answers,
    cuts::{Cuts, cut},
    seen::{Buffer, Seen, Sum, Unknown},
};
use crate::{
    engine::Stop,
    model::{self, Answer, NEAR, Token, Words},
};
use alloc::vec::Vec;

/// The sum of the scores of all pieces so far, as the search would have added them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scores<'t> {
    sum: f32,
    scores: &'t [[u8; 4]],
    /// The piece for an unknown char, of which neighbours are one token.
    unknown: u32,
}

impl<'t> Scores<'t> {
    pub(super) fn of(words: &Words<'t>) -> Self {
        Self { sum: 0.0, scores: words.scores(), unknown: words.unknown() }
    }

    #[inline(always)]
    fn score(&self, id: u32) -> f32 {
        self.scores.get(id as usize).map_or(0.0, |bytes| f32::from_le_bytes(*bytes))
    }
}

impl Sum for Scores<'_> {
    #[inline(always)]
    fn add<const N: usize>(&mut self, ids: [u32; N], count: usize) -> bool {
        let (mut sum, mut is_known) = (self.sum, sum_is_near(self.sum));
        for (i, id) in ids.into_iter().enumerate() {
            is_known &= (i >= count) | (id != self.unknown);
            sum += if i < count { self.score(id) } else { 0.0 };
        }
        if is_known {
            self.sum = sum;
        }
        is_known
    }

    fn put(&mut self, ids: &[u32], buffer: &mut Buffer<'_>) -> bool {
        if !sum_is_near(self.sum) {
            return false;
        }
        let (unk, mut is_joined) = (self.unknown, false);
        let mut before = None;
        for &id in ids {
            self.sum += self.score(id);
            is_joined |= id == unk && before == Some(unk);
            before = Some(id);
        }
        if is_joined {
            for run in ids.chunk_by(|a, b| [*a, *b] == [unk; 2]) {
                buffer.put(run.get(..1).unwrap_or_default());
            }
        } else {
            buffer.put(ids);
        }
        true
    }
}

#[inline(always)]
fn sum_is_near(sum: f32) -> bool {
    sum.abs() <= NEAR
}

/// The way of words that are not known.
pub(super) struct Sentences<'s, 't, S> {
    words: Words<'t>,
    marks: u32,
    scratch: &'s mut model::Scratch,
    tokens: &'s mut Vec<Token>,
    ids: Vec<u32>,
    sum: S,
}

/// The sums of a model, which are 0 where it has none.
pub(super) trait Sums: Sum {
    fn at(self, sum: f32) -> Self;
    fn get(&self) -> f32;
}

impl Sums for () {
    fn at(self, _: f32) -> Self {}
    fn get(&self) -> f32 {
        0.0
    }
}

impl Sums for Scores<'_> {
    fn at(self, sum: f32) -> Self {
        Self { sum, ..self }
    }
    fn get(&self) -> f32 {
        self.sum
    }
}

impl<'s, 't, S: Sums> Sentences<'s, 't, S> {
    pub(super) fn new(
        words: Words<'t>,
        marks: u32,
        sum: S,
        scratch: &'s mut model::Scratch,
        tokens: &'s mut Vec<Token>,
    ) -> Self {
        Self { words, marks, scratch, tokens, ids: Vec::new(), sum }
    }
}

impl<S: Sums> Unknown for Sentences<'_, '_, S> {
    type Sum = S;

    fn cuts(&self) -> u16 {
        cut::SPACE | cut::FIRST | cut::STRICT | cut::MODEL
    }

    fn cutter(&self) -> Cuts {
        Cuts::new(self.cuts(), self.marks)
    }

    fn begin(&mut self) {
        self.sum = self.sum.at(0.0);
    }

    #[inline(always)]
    fn sum(&mut self) -> &mut S {
        &mut self.sum
    }

    #[inline(never)]
    fn word(
        &mut self,
        stretch: &str,
        _: usize,
        (at, first_end): (usize, usize),
        seen: &mut Seen,
        buffer: &mut Buffer<'_>,
    ) -> Result<usize, Stop> {
        let Self { words, scratch, tokens, ids, sum, .. } = self;
        let mut to = first_end;
        let is_open = loop {
            let word = stretch.get(at..to).unwrap_or_default();
            let ends = [at == 0, to == stretch.len()];
            let is_open = words.normalize(word, ends, &mut seen.alone, scratch);
            if !is_open || to == stretch.len() {
                break is_open;
            }
            // Twice as much, so that a text without a place to cut is not normalized again and again.
            let mut from = (to + (to - at)).min(stretch.len());
            while !stretch.is_char_boundary(from) {
                from += 1;
            }
            to = match from == stretch.len() {
                true => from,
                false => Cuts::new(cut::SPACE, 0).end(stretch, from),
            };
        };
        let mut value = sum.get();
        let answer = words.encode(scratch, tokens, &mut value);
        ids.clear();
        ids.extend(tokens.iter().map(|token| token.id));
        if answer == Answer::Pieces {
            sum.put(ids, buffer);
        } else {
            *sum = sum.at(value);
            buffer.put(ids);
        }
        let word = stretch.as_bytes().get(at..to).unwrap_or_default();
        let is_alone = at > 0 && to == first_end && !is_open;
        if is_alone && answer != Answer::Here && word.len() <= answers::WORD_MAX {
            seen.answers.put(word, ids, seen.limit);
        }
        Ok(to)
    }
}
