//! The words as symbols, in one arena, merged where they lie. Long words are linked lists.

use super::linked::Linked;
use super::pairs::{Pair, pair};
use crate::TrainError;

/// Numbers in front of the symbols of a word: their number, and the count in two halves.
pub(super) const HEAD: usize = 3;

/// Words of so many symbols and more are linked lists, so that no merge looks through all of it.
pub(super) const LONG: usize = 1024;

/// In the number of a word that is linked; the rest is its place among these.
const IS_LINKED: u32 = 1 << 31;

/// Words of two symbols and more. A word is known by the place of its head.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) arena: Vec<u32>,
    pub(super) linked: Vec<Linked>,
    long: usize,
}

impl Words {
    /// No words. Those of `long` symbols and more will be linked.
    pub(super) fn new(long: usize) -> Self {
        Self { arena: Vec::new(), linked: Vec::new(), long }
    }

    /// Appends a word.
    pub(super) fn push(&mut self, symbols: &[u32], count: u64) -> Result<(), TrainError> {
        if symbols.len() >= self.long {
            if symbols.len() > u32::MAX as usize / 2 || self.linked.len() >= IS_LINKED as usize {
                return Err(TrainError::TooMuch("a word has more than 2 billion units"));
            }
            self.linked.push(Linked::new(symbols, count));
            return Ok(());
        }
        if self.arena.len() + HEAD + symbols.len() > IS_LINKED as usize {
            return Err(TrainError::TooMuch("the words have more than 2 billion units"));
        }
        self.arena.push(symbols.len() as u32);
        self.arena.push(count as u32);
        self.arena.push((count >> 32) as u32);
        self.arena.extend_from_slice(symbols);
        Ok(())
    }

    /// Calls `each` with every word, its symbols and its count, in the order of their numbers. To be used
    /// before anything is merged: then words follow each other.
    pub(super) fn for_each(&self, mut each: impl FnMut(u32, &[u32], u64)) {
        let mut at = 0;
        while let Some(&[len, low, high]) = self.arena.get(at..at + HEAD) {
            let start = at + HEAD;
            let symbols = &self.arena[start..start + len as usize];
            each(at as u32, symbols, u64::from(low) | u64::from(high) << 32);
            at = start + len as usize;
        }
        for (number, word) in (IS_LINKED..).zip(&self.linked) {
            each(number, word.symbols(), word.count());
        }
    }

    /// Words in order, those in the arena and those that are linked.
    pub(super) fn apart(words: &[u32]) -> (&[u32], &[u32]) {
        words.split_at(words.partition_point(|word| word & IS_LINKED == 0))
    }

    /// Merges a pair in a word that is linked.
    pub(super) fn merge_linked(
        &mut self,
        word: u32,
        (left, right): (u32, u32),
        new: u32,
        changes: &mut impl Changes,
    ) {
        if let Some(word) = self.linked.get_mut((word & !IS_LINKED) as usize) {
            word.merge((left, right), new, changes);
        }
    }
}

/// The pairs of a word, some thousand at a time, so that room can be made for them.
pub(super) fn pairs(symbols: &[u32], mut each: impl FnMut(&mut dyn Iterator<Item = Pair>, usize)) {
    const SOME: usize = 1 << 12;
    for from in (0..symbols.len().saturating_sub(1)).step_by(SOME) {
        let some = &symbols[from..symbols.len().min(from + SOME + 1)];
        each(&mut some.windows(2).map(|two| pair(two[0], two[1])), some.len());
    }
}

/// Where merging changes what stands side by side.
pub(super) trait Changes {
    /// `left` stood before the pair, and now stands before the new symbol.
    fn before(&mut self, left: u32, count: u64);
    /// `right` stood behind it.
    fn behind(&mut self, right: u32, count: u64);
    /// So many symbols are gone.
    fn gone(&mut self, symbols: u64);
}

/// Merges a pair in the word at the beginning of `arena`, from left to right.
#[inline]
pub(super) fn merge(
    arena: &mut [u32],
    (left, right): (u32, u32),
    new: u32,
    changes: &mut impl Changes,
) {
    let Some((&mut [ref mut len, low, high], rest)) = arena.split_first_chunk_mut::<HEAD>() else {
        return;
    };
    let symbols = &mut rest[..*len as usize];
    let is_pair = |two: &[u32]| two[0] == left && two[1] == right;
    let Some(first) = symbols.windows(2).position(is_pair) else {
        return;
    };
    let count = u64::from(low) | u64::from(high) << 32;
    let (mut from, mut to) = (first, first);
    while from < symbols.len() {
        if symbols[from] == left && symbols.get(from + 1) == Some(&right) {
            if to > 0 {
                changes.before(symbols[to - 1], count);
            }
            if let Some(&next) = symbols.get(from + 2) {
                changes.behind(next, count);
            }
            symbols[to] = new;
            from += 2;
        } else {
            symbols[to] = symbols[from];
            from += 1;
        }
        to += 1;
    }
    changes.gone((u64::from(*len) - to as u64).saturating_mul(count));
    *len = to as u32;
}
