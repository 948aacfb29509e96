//! Unigram: of all ways to cut a text into pieces the one with the best sum of scores.
//!
//! The sums are those of the reference, added in its order and compared as it does, so that ties
//! fall the same way. Where no piece crosses the place before ▁, the search is done stretch by
//! stretch and the sum so far is carried on, which takes less memory and gives the same sums.

pub(in crate::model) mod lattice;

use lattice::Lattice;

use super::{
    ModelError, Parts, Scratch, Token, char_bpe, param,
    trie::{Node, Trie},
    words::find_value,
};
use crate::blob::{Tables, lookup::NONE};
use alloc::vec::Vec;

/// Bits of [`param::FLAGS`].
pub mod flag {
    /// Unknown text becomes byte tokens.
    pub const BYTE_FALLBACK: u32 = 1;
    /// No piece crosses the place between ▁ and another char before it.
    pub const CUT: u32 = 2;
}

/// Numbers of parameters.
pub mod own_param {
    use super::param::OWN;
    /// The base of the pieces' trie.
    pub const ROOT: usize = OWN;
}

/// Numbers of parts.
pub mod own_part {
    use super::super::part::OWN;
    /// Cells of the trie; values are ids.
    pub const CELLS: usize = OWN;
    /// The score of each id, f64, and behind them that of an unknown char.
    pub const SCORES: usize = OWN + 1;
}

#[cfg(feature = "std")]
/// How to sample from the ways to cut a piece, instead of taking the best.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sampling {
    /// From how many of the best; `None` or 0 for all ways.
    pub nbest_size: Option<usize>,
    /// How much the scores count: 0 gives every way the same chance.
    pub alpha: f64,
}

/// How near sums may be that other sums in front of them can put in another order. A word of 4096 bytes, of which each
/// becomes 63, has sums below 2^23, whose 2^18 steps are rounded by 2^-30 each: by less than 2^-11 in two ways.
pub const NEAR: f64 = 1.0 / 1024.0;

/// The best way to a place in the text.
#[derive(Debug, Clone, Copy)]
struct Best {
    score: f64,
    /// Where its last piece begins; NONE if there is no way yet.
    start: u32,
    id: u32,
}

/// What the search works in.
#[derive(Debug, Default)]
pub(in crate::model) struct Memory {
    best: Vec<Best>,
    /// Pieces of a way: end and id.
    path: Vec<(u32, u32)>,
    lattice: Lattice,
    /// Two ways to a place had sums that were near to each other.
    is_near: bool,
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Unigram<'a> {
    pub(super) tables: &'a Tables<'a>,
    pub(super) parts: Parts<'a>,
}

/// The tables of the search.
#[derive(Clone, Copy)]
struct Search<'a> {
    trie: Trie<'a>,
    root: u32,
    scores: &'a [[u8; 8]],
    unk: u32,
}

impl Search<'_> {
    #[inline(always)]
    fn score(&self, id: u32) -> Option<f64> {
        self.scores.get(id as usize).map(|bytes| f64::from_le_bytes(*bytes))
    }

    fn unk_score(&self) -> f64 {
        self.scores.last().map_or(0.0, |bytes| f64::from_le_bytes(*bytes))
    }

    /// The pieces at the front of `text`: bytes and id, the shortest first.
    #[inline(always)]
    fn pieces(&self, text: &[u8], mut each: impl FnMut(usize, u32)) {
        let mut base = self.root;
        for (at, &byte) in text.iter().enumerate() {
            let Some(node) = self.trie.step(base, byte) else { return };
            if node.value != NONE {
                each(at + 1, node.value);
            }
            base = node.base;
        }
    }
}

/// Bytes of the char that begins with `byte`.
#[inline(always)]
const fn char_len(byte: u8) -> usize {
    match byte {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

impl<'a> Unigram<'a> {
    pub(super) fn tokenize(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        if piece.is_empty() {
            return Ok(());
        }
        let text = piece.as_bytes();
        #[cfg(feature = "std")]
        if let Some(sampling) = scratch.sampling.filter(|sampling| sampling.alpha != 0.0) {
            return self.sample(text, sampling, scratch, out);
        }
        if let Some(id) = self.whole(text) {
            out.push(Token { id, start: 0, end: text.len() as u32 });
            return Ok(());
        }
        let search = self.search();
        let cuts = self.parts.param(param::FLAGS) & flag::CUT != 0;
        let memory = &mut scratch.unigram;
        let mut writer = Writer { model: self, text, out, unknown: None };
        let (mut start, mut sum) = (0, 0.0);
        while start < text.len() {
            let end = match cuts {
                true => start + char_bpe::first_part(text.get(start..).unwrap_or_default(), 0),
                false => text.len(),
            };
            let stretch = text.get(start..end).unwrap_or_default();
            sum = search.viterbi::<false>(stretch, start, sum, memory)?;
            let mut at = start as u32;
            for &(end, id) in memory.path.iter().rev() {
                let end = start as u32 + end;
                writer.push(id, at, end);
                at = end;
            }
            start = end;
        }
        writer.flush();
        Ok(())
    }

    fn search(&self) -> Search<'a> {
        Search {
            trie: Trie::new(self.parts.bytes(own_part::CELLS)),
            root: self.parts.param(own_param::ROOT),
            scores: self.parts.bytes(own_part::SCORES).as_chunks().0,
            unk: self.parts.param(param::UNK),
        }
    }

    /// As [`Model::tokenize`](super::Model::tokenize), but only by searching: for bake, to find out
    /// which pieces are their own best way.
    ///
    /// # Errors
    ///
    /// [`ModelError`].
    pub fn searched(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<(), ModelError> {
        let text = piece.as_bytes();
        self.search().viterbi::<false>(text, 0, 0.0, &mut scratch.unigram)?;
        self.write_path(text, scratch, out);
        Ok(())
    }

    /// The tokens of what stands behind another part of a word, which no piece reaches into; false if they are not
    /// the same whatever that part is.
    pub(crate) fn tokenize_inside(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        out: &mut Vec<Token>,
    ) -> Result<bool, ModelError> {
        let text = piece.as_bytes();
        scratch.unigram.is_near = false;
        self.search().viterbi::<true>(text, 0, 0.0, &mut scratch.unigram)?;
        self.write_path(text, scratch, out);
        Ok(!scratch.unigram.is_near)
    }

    fn write_path(&self, text: &[u8], scratch: &Scratch, out: &mut Vec<Token>) {
        let mut writer = Writer { model: self, text, out, unknown: None };
        let mut at = 0;
        for &(end, id) in scratch.unigram.path.iter().rev() {
            writer.push(id, at, end);
            at = end;
        }
        writer.flush();
    }

    /// The piece that is its own best way, where that was baked.
    #[inline]
    fn whole(&self, text: &[u8]) -> Option<u32> {
        find_value(self.tables, text)?.as_one()
    }

    /// The id of the last piece with this text.
    fn id_of(&self, text: &[u8]) -> Option<u32> {
        let Search { trie, root, .. } = self.search();
        let mut last = None;
        for &byte in text {
            last = Some(trie.step(last.map_or(root, |node: Node| node.base), byte)?);
        }
        last.map(|node| node.value).filter(|&id| id != NONE)
    }
}

impl Search<'_> {
    /// Finds the best way through `text`, which begins at `from` in the piece and whose ways begin
    /// with the sum `sum`; leaves it in the path, from its end, and returns its sum. `INSIDE`: looks whether sums are
    /// near to each other.
    fn viterbi<const INSIDE: bool>(
        &self,
        text: &[u8],
        from: usize,
        sum: f64,
        memory: &mut Memory,
    ) -> Result<f64, ModelError> {
        let Memory { best, path, is_near, .. } = memory;
        best.clear();
        best.resize(text.len() + 1, Best { score: 0.0, start: NONE, id: 0 });
        if let Some(first) = best.first_mut() {
            first.score = sum;
        }
        let unk_score = self.unk_score();
        let mut start = 0;
        while let Some(&byte) = text.get(start) {
            let before = best.get(start).map_or(0.0, |best| best.score);
            let len = char_len(byte).min(text.len() - start);
            let mut has_single = false;
            let mut offer = |len: usize, score: f64, id: u32| {
                let Some(best) = best.get_mut(start + len) else { return false };
                let is_first = best.start == NONE;
                if INSIDE {
                    *is_near |= !is_first && (score - best.score).abs() < NEAR;
                }
                let is_better = is_first || score > best.score;
                if is_better {
                    *best = Best { score, start: start as u32, id };
                }
                is_better
            };
            self.pieces(&text[start..], |bytes, id| {
                let Some(score) = self.score(id) else { return };
                offer(bytes, score + before, id);
                has_single |= bytes == len;
            });
            if !has_single && offer(len, unk_score + before, self.unk) && self.unk == NONE {
                return Err(ModelError::Unknown { at: from + start });
            }
            start += len;
        }
        path.clear();
        let mut end = text.len() as u32;
        while end > 0
            && let Some(best) = best.get(end as usize).filter(|best| best.start < end)
        {
            path.push((end, best.id));
            end = best.start;
        }
        Ok(best.last().map_or(sum, |best| best.score))
    }
}

/// Writes the pieces of a way. Neighbouring unknown ones become one, whose text may be a piece again,
/// or bytes.
struct Writer<'w, 'a> {
    model: &'w Unigram<'a>,
    text: &'w [u8],
    out: &'w mut Vec<Token>,
    unknown: Option<(u32, u32)>,
}

impl Writer<'_, '_> {
    #[inline]
    fn push(&mut self, id: u32, start: u32, end: u32) {
        if id == self.model.parts.param(param::UNK) {
            let first = self.unknown.map_or(start, |(first, _)| first);
            self.unknown = Some((first, end));
            return;
        }
        if self.unknown.is_some() {
            self.flush();
        }
        self.out.push(Token { id, start, end });
    }

    fn flush(&mut self) {
        let Some((start, end)) = self.unknown.take() else { return };
        let text = self.text.get(start as usize..end as usize).unwrap_or_default();
        if let Some(id) = self.model.id_of(text) {
            self.out.push(Token { id, start, end });
            return;
        }
        let unk = self.model.parts.param(param::UNK);
        if self.model.parts.param(param::FLAGS) & flag::BYTE_FALLBACK != 0 {
            let before = self.out.len();
            let byte_id =
                |byte: u8| u32::from_le_bytes(self.model.tables.byte_symbols[usize::from(byte)]);
            self.out.extend(text.iter().map(|&byte| Token { id: byte_id(byte), start, end }));
            if self.out.iter().skip(before).all(|token| token.id != NONE) {
                return;
            }
            self.out.truncate(before);
        }
        self.out.push(Token { id: unk, start, end });
    }
}
