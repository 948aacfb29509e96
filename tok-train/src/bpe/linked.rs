//! Long words: symbols that are linked, and where each pair stands. A merge takes time for each place of its
//! pair, not for the length of the word.

use super::pairs::{PairCounts, pair};
use super::words::{Changes, pairs};

const NONE: u32 = u32::MAX;

/// A word. Places are those of its first symbols; a merged symbol stays at the place of the left one.
#[derive(Debug)]
pub(super) struct Linked {
    count: u64,
    /// `NONE` where a symbol has gone.
    symbols: Vec<u32>,
    before: Vec<u32>,
    behind: Vec<u32>,
    /// Numbers of pairs, from 1 on.
    numbers: PairCounts,
    /// For each pair the places where it has stood. It may stand there no more; it stands nowhere else.
    places: Vec<Vec<u32>>,
}

impl Linked {
    pub(super) fn new(symbols: &[u32], count: u64) -> Self {
        let len = symbols.len() as u32;
        let mut word = Self {
            count,
            symbols: symbols.to_vec(),
            before: (0..len).map(|at| at.wrapping_sub(1)).collect(),
            behind: (1..=len).map(|at| if at == len { NONE } else { at }).collect(),
            numbers: PairCounts::new(),
            places: Vec::new(),
        };
        let mut at = 0;
        pairs(symbols, |some, _| {
            for pair in some {
                word.put(pair, at);
                at += 1;
            }
        });
        word
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// All symbols, before anything is merged.
    pub(super) fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    fn put(&mut self, pair: u64, at: u32) {
        self.numbers.reserve(1);
        let slot = self.numbers.add(pair, 0);
        if self.numbers.at(slot) == 0 {
            self.places.push(Vec::new());
            self.numbers.add(pair, self.places.len() as i64);
        }
        let number = self.numbers.at(slot) as usize - 1;
        self.places[number].push(at);
    }

    /// Merges a pair, from left to right.
    pub(super) fn merge(
        &mut self,
        (left, right): (u32, u32),
        new: u32,
        changes: &mut impl Changes,
    ) {
        let Some(number) = (self.numbers.get(pair(left, right)) as usize).checked_sub(1) else {
            return;
        };
        let mut places = std::mem::take(&mut self.places[number]);
        // Some were put there when the pair came back.
        places.sort_unstable();
        places.dedup();
        let mut gone = 0u64;
        for at in places {
            let next = self.behind[at as usize];
            let is_pair = self.symbols[at as usize] == left
                && next != NONE
                && self.symbols[next as usize] == right;
            if !is_pair {
                continue;
            }
            let before = self.before[at as usize];
            if before != NONE {
                let symbol = self.symbols[before as usize];
                changes.before(symbol, self.count);
                self.put(pair(symbol, new), before);
            }
            let behind = self.behind[next as usize];
            if behind != NONE {
                let symbol = self.symbols[behind as usize];
                changes.behind(symbol, self.count);
                self.put(pair(new, symbol), at);
                self.before[behind as usize] = at;
            }
            self.symbols[at as usize] = new;
            self.symbols[next as usize] = NONE;
            self.behind[at as usize] = behind;
            gone += 1;
        }
        changes.gone(gone.saturating_mul(self.count));
    }
}
