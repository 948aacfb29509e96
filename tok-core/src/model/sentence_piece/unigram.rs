//! The library's Unigram: as HuggingFace's, but user-defined pieces have a score that always wins.
//!
//! Scores and their sums are f32, as in 0.2.3, so that the same ways are ties.

use super::{Memory, Piece, SentencePiece, char_len, own_param, param, piece_type};
use crate::blob::lookup::NONE;
use alloc::vec::Vec;

/// The best way to a place in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Best {
    score: f32,
    /// Where its last piece begins; NONE if there is no way yet.
    start: u32,
    id: u32,
}

impl SentencePiece<'_> {
    pub(super) fn unigram(&self, memory: &mut Memory) {
        let Memory { text, pieces, best, .. } = memory;
        let (mut start, mut sum) = (0, 0.0);
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
    }

    /// Finds the best way through a stretch, whose ways begin with a sum, and its sum.
    fn best(&self, text: &[u8], sum: f32, best: &mut Vec<Best>) -> f32 {
        best.clear();
        best.resize(text.len() + 1, Best { score: 0.0, start: NONE, id: 0 });
        best[0].score = sum;
        let (trie, root) = (self.trie(), self.parts.param(own_param::ROOT));
        let unk = self.parts.param(param::UNK);
        let unk_score = f32::from_bits(self.parts.param(own_param::UNK_SCORE));
        let max_score = f32::from_bits(self.parts.param(own_param::MAX_SCORE));
        let mut start = 0;
        while start < text.len() {
            let before = best[start].score;
            let len = char_len(&text[start..]);
            let mut has_single = false;
            let mut base = root;
            let mut offer = |end: usize, sum: f32, id: u32| {
                if let Some(best) = best.get_mut(end)
                    && (best.start == NONE || sum > best.score)
                {
                    *best = Best { score: sum, start: start as u32, id };
                }
            };
            for (at, &byte) in (start..).zip(&text[start..]) {
                let Some(node) = trie.step(base, byte) else { break };
                base = node.base;
                if node.value == NONE {
                    continue;
                }
                let (end, id) = (at + 1, node.value);
                let score = match self.type_of(id) {
                    piece_type::UNUSED => continue,
                    piece_type::USER_DEFINED => (end - start) as f32 * max_score + before,
                    _ => self.score(id) + before,
                };
                offer(end, score, id);
                has_single |= end - start == len;
            }
            if !has_single {
                offer(start + len, unk_score + before, unk);
            }
            start += len;
        }
        best[text.len()].score
    }
}
