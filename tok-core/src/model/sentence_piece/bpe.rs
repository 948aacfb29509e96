//! The library's BPE: of all neighbours whose text is a piece, those with the best score merge
//! first, and of equal ones the leftmost.

use super::{Memory as All, Piece, SentencePiece, WHOLE, flag, piece_type};
use crate::model::Random;
use alloc::{
    collections::{BTreeMap, BinaryHeap},
    vec::Vec,
};
use core::cmp::Reverse;

/// Most symbols for the quadratic loop.
const SHORT: usize = 32;

/// A stretch of the normalized text; empty when it has become part of another.
#[derive(Debug, Clone, Copy)]
struct Symbol {
    start: u32,
    end: u32,
    /// User-defined: merges with nothing.
    frozen: bool,
    previous: u32,
    next: u32,
}

/// How often the library takes a piece apart; what is unused then stays as it is.
const MAX_DEPTH: u32 = 100;

/// No neighbour.
const NONE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(super) struct Memory {
    symbols: Vec<Symbol>,
    /// Score, the left symbol, length of both.
    queue: BinaryHeap<(u32, Reverse<u32>, u32)>,
    /// For unused pieces: the length of the left part when they were last made.
    parts: BTreeMap<u32, u32>,
    /// Pieces to be taken apart, and how often they were.
    stack: Vec<(Piece, u32)>,
}

/// Scores as integers in the same order.
fn key(score: f32) -> u32 {
    // Adding 0 makes -0 equal to 0.
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

impl SentencePiece<'_> {
    /// With a dropout, each merge is left out with that probability.
    pub(super) fn bpe(&self, memory: &mut All, mut dropout: Option<(f32, &mut Random)>) {
        let All { text, pieces, merging, .. } = memory;
        if dropout.is_some() {
            if !text.is_empty() {
                self.merge(text, 0, text.len(), merging, &mut dropout, pieces);
            }
            return;
        }
        let mut start = 0;
        while start < text.len() {
            let end = self.cut(text, start);
            match self.find(&text[start..end]) {
                Some(id) if id & WHOLE != 0 => {
                    let id = id & !WHOLE;
                    pieces.push(Piece { start: start as u32, end: end as u32, id });
                }
                _ => self.merge(text, start, end, merging, &mut None, pieces),
            }
            start = end;
        }
    }

    /// Merges one stretch, without the answers that were baked: for bake.
    pub fn merged(&self, text: &str) -> Option<u32> {
        let (mut memory, mut pieces) = (Memory::default(), Vec::new());
        self.merge(text.as_bytes(), 0, text.len(), &mut memory, &mut None, &mut pieces);
        match pieces[..] {
            [piece] => Some(piece.id),
            _ => None,
        }
    }

    fn merge(
        &self,
        text: &[u8],
        start: usize,
        end: usize,
        memory: &mut Memory,
        dropout: &mut Option<(f32, &mut Random)>,
        pieces: &mut Vec<Piece>,
    ) {
        let symbols = &mut memory.symbols;
        symbols.clear();
        let mut at = start;
        while at < end {
            let (len, frozen) = self.symbol(&text[at..]);
            let stop = (at + len).min(end);
            let number = symbols.len() as u32;
            symbols.push(Symbol {
                start: at as u32,
                end: stop as u32,
                frozen,
                previous: number.checked_sub(1).unwrap_or(NONE),
                next: if stop < end { number + 1 } else { NONE },
            });
            at = stop;
        }
        if symbols.len() <= SHORT && !self.has(flag::UNUSED) && dropout.is_none() {
            self.merge_short(text, symbols);
        } else {
            self.merge_long(text, memory, dropout);
        }
        for symbol in memory.symbols.iter().filter(|symbol| symbol.start < symbol.end) {
            let Symbol { start, end, .. } = *symbol;
            let id = self.id_of(&text[start as usize..end as usize]);
            let piece = Piece { start, end, id };
            self.take_apart(piece, text, &memory.parts, &mut memory.stack, pieces);
        }
    }

    /// The score of the piece that two neighbours make.
    fn pair(&self, text: &[u8], left: Symbol, right: Symbol) -> Option<(u32, u32)> {
        if left.frozen || right.frozen {
            return None;
        }
        let id = self.find(&text[left.start as usize..right.end as usize])? & !WHOLE;
        Some((key(self.score(id)), id))
    }

    fn merge_short(&self, text: &[u8], symbols: &mut Vec<Symbol>) {
        // Scores are one higher here, and 0 is none.
        let mut scores = [0u64; SHORT];
        let score =
            |left, right| self.pair(text, left, right).map_or(0, |(score, _)| u64::from(score) + 1);
        for (slot, pair) in scores.iter_mut().zip(symbols.windows(2)) {
            *slot = score(pair[0], pair[1]);
        }
        loop {
            let (mut at, mut best) = (0, 0);
            for (i, &score) in scores[..symbols.len()].iter().enumerate() {
                if score > best {
                    (at, best) = (i, score);
                }
            }
            if best == 0 {
                return;
            }
            symbols[at].end = symbols[at + 1].end;
            let len = symbols.len();
            symbols.remove(at + 1);
            scores.copy_within(at + 1..len, at);
            scores[len - 1] = 0;
            let len = len - 1;
            scores[at] = if at + 1 < len { score(symbols[at], symbols[at + 1]) } else { 0 };
            if at > 0 {
                scores[at - 1] = score(symbols[at - 1], symbols[at]);
            }
        }
    }

    fn merge_long(
        &self,
        text: &[u8],
        memory: &mut Memory,
        dropout: &mut Option<(f32, &mut Random)>,
    ) {
        let Memory { symbols, queue, parts, .. } = memory;
        queue.clear();
        let mut offer = |symbols: &[Symbol], left: u32, right: u32, queue: &mut BinaryHeap<_>| {
            let (Some(&a), Some(&b)) = (symbols.get(left as usize), symbols.get(right as usize))
            else {
                return;
            };
            if let Some((score, id)) = self.pair(text, a, b) {
                queue.push((score, Reverse(left), b.end - a.start));
                if self.type_of(id) == piece_type::UNUSED {
                    parts.insert(id, a.end - a.start);
                }
            }
        };
        for right in 1..symbols.len() as u32 {
            offer(symbols, right - 1, right, queue);
        }
        while let Some((_, Reverse(left), len)) = queue.pop() {
            if let Some((dropout, random)) = dropout
                && random.unit_f32() < *dropout
            {
                continue;
            }
            let Some(&Symbol { start, next, previous, end, .. }) = symbols.get(left as usize)
            else {
                continue;
            };
            let Some(&right) = symbols.get(next as usize).filter(|_| start < end) else { continue };
            // An entry is stale unless the two are still as long as they were.
            if right.end - start != len {
                continue;
            }
            symbols[left as usize].end = right.end;
            symbols[left as usize].next = right.next;
            symbols[next as usize].end = right.start;
            if let Some(after) = symbols.get_mut(right.next as usize) {
                after.previous = left;
            }
            offer(symbols, previous, left, queue);
            offer(symbols, left, right.next, queue);
        }
    }

    /// Writes a piece, or the parts of which an unused one was made. What no merge made is unknown then.
    fn take_apart(
        &self,
        piece: Piece,
        text: &[u8],
        parts: &BTreeMap<u32, u32>,
        stack: &mut Vec<(Piece, u32)>,
        pieces: &mut Vec<Piece>,
    ) {
        stack.clear();
        stack.push((piece, 0));
        while let Some((piece, depth)) = stack.pop() {
            let Piece { start, end, id } = piece;
            if depth > MAX_DEPTH || self.type_of(id) != piece_type::UNUSED {
                pieces.push(piece);
                continue;
            }
            let middle = parts.get(&id).map(|len| start + len);
            let Some(middle) = middle.filter(|middle| (start + 1..end).contains(middle)) else {
                pieces.push(Piece { start, end, id: self.unknown() });
                continue;
            };
            let part = |start: u32, end: u32| {
                let id = self.id_of(&text[start as usize..end as usize]);
                Piece { start, end, id }
            };
            stack.push((part(middle, end), depth + 1));
            stack.push((part(start, middle), depth + 1));
        }
    }
}
