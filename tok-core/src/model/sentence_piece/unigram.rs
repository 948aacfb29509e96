//! The library's Unigram: as HuggingFace's, but user-defined pieces have a score that always wins.
//!
//! Scores and their sums are f32, as in 0.2.3, so that the same ways are ties; sums that have become large
//! begin at 0 again, as they do there.

use super::{Memory, Piece, SentencePiece, char_len, kind, own_param, param, piece_type};
#[cfg(feature = "std")]
use crate::model::{Random, unigram::Sampling};
use crate::{
    blob::lookup::NONE,
    model::{Scratch, Token, trie::Trie, unigram::lattice::Pieces},
};
use alloc::vec::Vec;

/// The best way to a place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Best {
    score: f32,
    /// Where its last piece begins; NONE if there is no way yet.
    start: u32,
    id: u32,
}

/// What a user-defined piece has in the lattice for each char after the first.
const USER_DEFINED_CHAR: f32 = 0.1;

/// The nodes of the lattice as the library fills it. The score of a user-defined piece goes by its chars
/// there, and by its bytes in the search for the best way.
struct Nodes<'m, 'a>(&'m SentencePiece<'a>);

impl Pieces for Nodes<'_, '_> {
    const SINGLE: bool = true;

    fn each(&self, text: &[u8], mut each: impl FnMut(usize, u32, f64)) {
        let Self(model) = self;
        let (trie, mut base) = (model.trie(), model.parts.param(own_param::ROOT));
        for (at, &byte) in text.iter().enumerate() {
            let Some(node) = trie.step(base, byte) else { return };
            base = node.base;
            let score = match model.type_of(node.value) {
                _ if node.value == NONE => continue,
                piece_type::UNUSED => continue,
                piece_type::USER_DEFINED => {
                    let piece = text.get(..=at).unwrap_or_default();
                    let chars = piece.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
                    USER_DEFINED_CHAR * (chars as f32 - 1.0)
                }
                _ => model.score(node.value),
            };
            each(at + 1, node.value, score.into());
        }
    }

    fn unknown(&self) -> (u32, f64) {
        let score = f32::from_bits(self.0.parts.param(own_param::UNK_SCORE));
        (self.0.parts.param(param::UNK), score.into())
    }
}

/// Beyond this, on either side of 0, sums begin anew.
pub(super) const LARGE: f32 = 100_000.0;

impl SentencePiece<'_> {
    /// The tokens of the `count` best ways to cut a text, the best first, and their scores; `None` if
    /// the model is no Unigram.
    pub fn nbest(
        &self,
        text: &str,
        count: usize,
        scratch: &mut Scratch,
    ) -> Option<Vec<(Vec<Token>, f64)>> {
        if self.parts.param(own_param::KIND) != kind::UNIGRAM {
            return None;
        }
        let memory = &mut scratch.sentence_piece;
        self.normalize(text, &mut memory.text, &mut memory.places);
        if memory.text.is_empty() || memory.text.len() >= NONE as usize {
            return Some(Vec::new());
        }
        memory.lattice.fill(&Nodes(self), &memory.text);
        let ways = memory.lattice.best_ways(count);
        let mut all = Vec::with_capacity(ways.len());
        for way in &ways {
            let mut tokens = Vec::new();
            memory.take(way);
            self.write(memory, &mut tokens);
            all.push((tokens, memory.lattice.score(way)));
        }
        Some(all)
    }

    /// Draws a way instead of taking the best.
    #[cfg(feature = "std")]
    pub(super) fn sample(&self, memory: &mut Memory, sampling: Sampling, random: &mut Random) {
        if !memory.text.is_empty() {
            memory.lattice.fill(&Nodes(self), &memory.text);
            let way = memory.lattice.draw(sampling, random);
            memory.take(&way);
        }
    }

    /// Finds the best way through the text, whose ways begin with a sum, and its sum.
    pub(super) fn unigram(&self, memory: &mut Memory, mut sum: f32) -> f32 {
        let Memory { text, pieces, best, .. } = memory;
        let mut start = 0;
        while start < text.len() {
            let end = self.cut(text, start);
            sum = self.best(&text[start..end], sum, best);
            let from = pieces.len();
            let mut at = end - start;
            while at > 0
                && let Some(last) = best.get(at).filter(|last| (last.start as usize) < at)
            {
                let place = |at: usize| (start + at) as u32;
                pieces.push(Piece {
                    start: place(last.start as usize),
                    end: place(at),
                    id: last.id,
                });
                at = last.start as usize;
            }
            pieces[from..].reverse();
            start = end;
        }
        sum
    }

    /// Finds the best way through a stretch, whose ways begin with a sum, and its sum.
    fn best(&self, text: &[u8], sum: f32, best: &mut Vec<Best>) -> f32 {
        best.clear();
        best.resize(text.len() + 1, Best { score: 0.0, start: NONE, id: 0 });
        best[0].score = sum;
        let steps = Steps::of(self);
        let (mut start, mut reached) = (0, 0);
        while start < text.len() {
            let mut before = best[start].score;
            if before.abs() > LARGE {
                // Nodes that are not reached are not compared.
                let open = best.get_mut(start..=start.max(reached)).unwrap_or_default();
                open.iter_mut().for_each(|best| best.score -= before);
                before = 0.0;
            }
            start += steps.from(text, start, |end, score, id| {
                let sum = score + before;
                reached = reached.max(end);
                if let Some(best) = best.get_mut(end)
                    && (best.start == NONE || sum > best.score)
                {
                    *best = Best { score: sum, start: start as u32, id };
                }
            });
        }
        best[text.len()].score
    }
}

/// What a search asks for the pieces from a place on.
pub(super) struct Steps<'a> {
    types: &'a [u8],
    scores: &'a [[u8; 4]],
    trie: Trie<'a>,
    root: u32,
    /// The piece for an unknown char.
    pub(super) unk: u32,
    unk_score: f32,
}

impl<'a> Steps<'a> {
    pub(super) fn of(model: &SentencePiece<'a>) -> Self {
        let number = |of| model.parts.param(of);
        Self {
            types: model.types(),
            scores: model.scores(),
            trie: model.trie(),
            root: number(own_param::ROOT),
            unk: number(param::UNK),
            unk_score: f32::from_bits(number(own_param::UNK_SCORE)),
        }
    }

    /// Offers the end, the score and the id of each piece that `text[start..]` begins with, and of an unknown
    /// char where its first char is none; returns the length of that char.
    #[inline(always)]
    pub(super) fn from(
        &self,
        text: &[u8],
        start: usize,
        mut offer: impl FnMut(usize, f32, u32),
    ) -> usize {
        let len = char_len(&text[start..]);
        let (mut has_single, mut base) = (false, self.root);
        for (at, &byte) in (start..).zip(&text[start..]) {
            let Some(node) = self.trie.step(base, byte) else { break };
            base = node.base;
            if node.value == NONE {
                continue;
            }
            let (end, id) = (at + 1, node.value);
            if self.types.get(id as usize) == Some(&piece_type::UNUSED) {
                continue;
            }
            let score = self.scores.get(id as usize);
            offer(end, score.map_or(0.0, |bytes| f32::from_le_bytes(*bytes)), id);
            has_single |= end - start == len;
        }
        if !has_single {
            offer(start + len, self.unk_score, self.unk);
        }
        len
    }
}

impl Memory {
    /// Makes a way of the lattice the pieces.
    fn take(&mut self, way: &[u32]) {
        self.pieces.clear();
        let pieces = self.lattice.pieces(way);
        self.pieces.extend(pieces.map(|(start, end, id)| Piece { start, end, id }));
    }
}
