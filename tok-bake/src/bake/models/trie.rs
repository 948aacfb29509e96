//! Placing tries into cells.

use comptok_core::{
    blob::lookup::NONE,
    model::trie::{Cell, LEAF, MAX_BASE, cell},
};
use std::collections::VecDeque;
use std::ops::Range;

use super::super::BakeError;

/// Cells in a block: the children of a node lie in one.
const BLOCK: usize = 256;

/// Blocks in which places are looked for; older ones are left with the holes they have. With more of them
/// tries are a little smaller, and baking takes longer.
const OPEN_BLOCKS: usize = 4;

/// A node as it was placed. Parents come before their children.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    /// Its cell.
    pub(super) cell: u32,
    /// Its parent's number; `None` below a root.
    pub(super) parent: Option<u32>,
    /// The byte that leads to it.
    pub(super) label: u8,
    /// What is known of the text that ends here; NONE for nothing.
    pub(super) value: u32,
}

/// Cells while they are being filled.
pub(super) struct Builder {
    cells: Vec<Cell>,
    taken: Vec<bool>,
    /// Bases in use, by number.
    bases: Vec<bool>,
    /// Free cells of the open blocks in a ring; entry `BLOCK * blocks` would be its head.
    next: Vec<u32>,
    previous: Vec<u32>,
    head: u32,
}

impl Builder {
    pub(super) fn new() -> Self {
        let mut builder = Self {
            cells: Vec::new(),
            taken: Vec::new(),
            bases: Vec::new(),
            next: Vec::new(),
            previous: Vec::new(),
            head: NONE,
        };
        builder.grow();
        builder.bases[LEAF as usize] = true;
        builder
    }

    /// Adds a trie of `keys`, which are sorted and different; returns the base of its root and its
    /// nodes, level by level.
    pub(super) fn add(&mut self, keys: &[(&[u8], u32)]) -> Result<(u32, Vec<Placed>), BakeError> {
        let mut placed: Vec<Placed> = Vec::new();
        let mut root = LEAF;
        // Keys of a node, its depth, and its number.
        let mut queue: VecDeque<(Range<usize>, usize, Option<u32>)> = VecDeque::new();
        let first = keys.iter().take_while(|(key, _)| key.is_empty()).count();
        queue.push_back((first..keys.len(), 0, None));
        let (mut labels, mut ranges) = (Vec::new(), Vec::new());
        while let Some((range, depth, parent)) = queue.pop_front() {
            labels.clear();
            ranges.clear();
            let mut start = range.start;
            while start < range.end {
                let byte = keys[start].0[depth];
                let mut end = start + 1;
                while end < range.end && keys[end].0[depth] == byte {
                    end += 1;
                }
                labels.push(byte);
                ranges.push(start..end);
                start = end;
            }
            if labels.is_empty() {
                continue;
            }
            let base = self.place(&labels)?;
            match parent {
                None => root = base,
                Some(parent) => {
                    let Placed { cell: at, label, value, .. } = placed[parent as usize];
                    self.cells[at as usize] = cell(label, base, value);
                }
            }
            for (&label, range) in labels.iter().zip(&ranges) {
                let (key, value) = keys[range.start];
                let ends = key.len() == depth + 1;
                let value = if ends { value } else { NONE };
                let at = base ^ u32::from(label);
                self.cells[at as usize] = cell(label, LEAF, value);
                let number = placed.len() as u32;
                placed.push(Placed { cell: at, parent, label, value });
                let inside = range.start + usize::from(ends)..range.end;
                if !inside.is_empty() {
                    queue.push_back((inside, depth + 1, Some(number)));
                }
            }
        }
        Ok((root, placed))
    }

    /// The bytes of all cells.
    pub(super) fn finish(mut self) -> Vec<u8> {
        for at in 0..self.cells.len() {
            if !self.taken[at] {
                // A block with free cells has a base that no node uses.
                let label = (0..=255u8).find(|&label| !self.bases[at ^ usize::from(label)]);
                self.cells[at] = cell(label.unwrap_or_default(), LEAF, NONE);
            }
        }
        self.cells.concat()
    }

    /// The child of a node.
    pub(super) fn step(&self, base: u32, byte: u8) -> Option<u32> {
        let at = base ^ u32::from(byte);
        let found = *self.taken.get(at as usize)? && self.cells[at as usize][0] == byte;
        found.then_some(at)
    }

    /// The base of the node at a cell.
    pub(super) fn base(&self, at: u32) -> u32 {
        u64::from_le_bytes(self.cells[at as usize]) as u32 >> 8
    }

    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Takes cells for children with these labels, and returns their base.
    fn place(&mut self, labels: &[u8]) -> Result<u32, BakeError> {
        let base = match self.find(labels) {
            Some(base) => base,
            None => {
                let base = self.cells.len() as u32;
                if base + BLOCK as u32 >= MAX_BASE {
                    return Err(BakeError::unsupported("a vocabulary of this size"));
                }
                self.grow();
                base
            }
        };
        self.bases[base as usize] = true;
        for &label in labels {
            self.take(base ^ u32::from(label));
        }
        Ok(base)
    }

    fn find(&self, labels: &[u8]) -> Option<u32> {
        let mut at = self.head;
        while at != NONE {
            let base = at ^ u32::from(labels[0]);
            let fits = !self.bases[base as usize]
                && labels[1..].iter().all(|&label| !self.taken[(base ^ u32::from(label)) as usize]);
            if fits {
                return Some(base);
            }
            at = self.next[at as usize];
            if at == self.head {
                break;
            }
        }
        None
    }

    fn take(&mut self, at: u32) {
        self.taken[at as usize] = true;
        self.unlink(at);
    }

    fn unlink(&mut self, at: u32) {
        let (previous, next) = (self.previous[at as usize], self.next[at as usize]);
        if next == NONE {
            return;
        }
        if next == at {
            self.head = NONE;
        } else {
            self.next[previous as usize] = next;
            self.previous[next as usize] = previous;
            if self.head == at {
                self.head = next;
            }
        }
        (self.next[at as usize], self.previous[at as usize]) = (NONE, NONE);
    }

    /// Adds a block and closes an old one.
    fn grow(&mut self) {
        let start = self.cells.len();
        if let Some(old) = (start / BLOCK).checked_sub(OPEN_BLOCKS) {
            for at in old * BLOCK..(old + 1) * BLOCK {
                self.unlink(at as u32);
            }
        }
        let end = start + BLOCK;
        self.cells.resize(end, [0; 8]);
        self.taken.resize(end, false);
        self.bases.resize(end, false);
        self.next.resize(end, NONE);
        self.previous.resize(end, NONE);
        for at in start as u32..end as u32 {
            match self.head {
                NONE => {
                    self.head = at;
                    (self.next[at as usize], self.previous[at as usize]) = (at, at);
                }
                head => {
                    let last = self.previous[head as usize];
                    self.next[last as usize] = at;
                    self.previous[at as usize] = last;
                    self.next[at as usize] = head;
                    self.previous[head as usize] = at;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::model::trie::Trie;

    #[test]
    fn every_key_is_found_and_nothing_else() {
        let mut random = 1u64;
        let mut next = move |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        let draw = |next: &mut dyn FnMut(u64) -> u64, count: u64| {
            let mut keys: Vec<Vec<u8>> = (0..count)
                .map(|_| {
                    let few = next(2) == 0;
                    (0..1 + next(6)).map(|_| next(if few { 3 } else { 256 }) as u8).collect()
                })
                .collect();
            keys.sort();
            keys.dedup();
            keys
        };
        let sets = [draw(&mut next, 3000), draw(&mut next, 40), Vec::new()];
        let mut builder = Builder::new();
        let mut roots = Vec::new();
        for keys in &sets {
            let keys: Vec<(&[u8], u32)> = keys.iter().map(|key| &**key).zip(0u32..).collect();
            roots.push(builder.add(&keys).expect("they fit").0);
        }
        let cells = builder.finish();
        let trie = Trie::new(&cells);
        for (keys, &root) in sets.iter().zip(&roots) {
            let mut others = draw(&mut next, 3000);
            others.extend(keys.iter().cloned());
            for key in &others {
                let mut found = Some((root, NONE));
                for &byte in key {
                    found = found
                        .and_then(|(base, _)| trie.step(base, byte))
                        .map(|node| (node.base, node.value));
                }
                let value = found.map_or(NONE, |(_, value)| value);
                let wanted = keys.binary_search(key).map_or(NONE, |at| at as u32);
                assert_eq!(value, wanted, "{key:?}");
            }
        }
    }
}
