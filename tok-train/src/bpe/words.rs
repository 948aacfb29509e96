//! The words as symbols, in one arena, merged where they lie.

use crate::TrainError;

/// Numbers in front of the symbols of a word: their number, and the count in two halves.
pub(super) const HEAD: usize = 3;

/// Words of two symbols and more. A word is known by the place of its head.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) arena: Vec<u32>,
}

impl Words {
    /// Appends a word.
    pub(super) fn push(&mut self, symbols: &[u32], count: u64) -> Result<(), TrainError> {
        if self.arena.len() + HEAD + symbols.len() > u32::MAX as usize {
            return Err(TrainError::TooMuch("the words have more than 4 billion units"));
        }
        self.arena.push(symbols.len() as u32);
        self.arena.push(count as u32);
        self.arena.push((count >> 32) as u32);
        self.arena.extend_from_slice(symbols);
        Ok(())
    }

    /// Calls `each` with every word, its symbols and its count. To be used before anything is merged:
    /// then words follow each other.
    pub(super) fn for_each(&self, mut each: impl FnMut(u32, &[u32], u64)) {
        let mut at = 0;
        while let Some(&[len, low, high]) = self.arena.get(at..at + HEAD) {
            let start = at + HEAD;
            let symbols = &self.arena[start..start + len as usize];
            each(at as u32, symbols, u64::from(low) | u64::from(high) << 32);
            at = start + len as usize;
        }
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
