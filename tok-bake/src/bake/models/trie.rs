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

/// A bit for each cell of a block.
#[derive(Debug, Clone, Copy)]
struct Bits([u64; BLOCK / 64]);

impl Bits {
    fn has(&self, at: u8) -> bool {
        self.0[usize::from(at >> 6)] >> (at & 63) & 1 == 1
    }

    fn flip(&mut self, at: u8) {
        self.0[usize::from(at >> 6)] ^= 1 << (at & 63);
    }

    /// The set whose members are those of this one, each XOR `with`.
    fn moved(&self, with: u8) -> Self {
        const KEPT: [u64; 6] = [
            0x5555_5555_5555_5555,
            0x3333_3333_3333_3333,
            0x0F0F_0F0F_0F0F_0F0F,
            0x00FF_00FF_00FF_00FF,
            0x0000_FFFF_0000_FFFF,
            0x0000_0000_FFFF_FFFF,
        ];
        Self(std::array::from_fn(|word| {
            let mut bits = self.0[word ^ usize::from(with >> 6)];
            for (step, kept) in KEPT.iter().enumerate() {
                if with >> step & 1 == 1 {
                    bits = bits >> (1 << step) & kept | (bits & kept) << (1 << step);
                }
            }
            bits
        }))
    }

    fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    fn is_empty(&self) -> bool {
        self.0 == [0; BLOCK / 64]
    }

    /// The lowest member.
    fn first(&self) -> Option<u8> {
        let word = self.0.iter().position(|&bits| bits != 0)?;
        Some((64 * word) as u8 + self.0[word].trailing_zeros() as u8)
    }
}

/// What is left of a block.
struct Block {
    /// Cells that no node has.
    free: Bits,
    /// Bases that no node has.
    bases: Bits,
}

/// Cells while they are being filled.
pub(super) struct Builder {
    cells: Vec<Cell>,
    blocks: Vec<Block>,
}

impl Builder {
    pub(super) fn new() -> Self {
        let mut builder = Self { cells: Vec::new(), blocks: Vec::new() };
        builder.grow();
        builder.blocks[0].bases.flip(LEAF as u8);
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
        // How many bytes a key begins with that the key before it has too: where it is more than the depth of
        // a node, the two go the same way, and neither of them has to be looked at.
        let shared: Vec<u32> = (0..keys.len())
            .map(|at| match at.checked_sub(1) {
                Some(before) => {
                    let two = keys[before].0.iter().zip(keys[at].0);
                    two.take_while(|(one, other)| one == other).count() as u32
                }
                None => 0,
            })
            .collect();
        let (mut labels, mut ranges) = (Vec::new(), Vec::new());
        while let Some((range, depth, parent)) = queue.pop_front() {
            labels.clear();
            ranges.clear();
            let mut start = range.start;
            while start < range.end {
                let byte = keys[start].0[depth];
                let mut end = start + 1;
                while end < range.end && shared[end] as usize > depth {
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
        for (block, cells) in self.blocks.iter().zip(self.cells.chunks_exact_mut(BLOCK)) {
            for at in (0..=255u8).filter(|&at| block.free.has(at)) {
                // A block with free cells has a base that no node uses.
                let label = (0..=255u8).find(|&label| block.bases.has(at ^ label));
                cells[usize::from(at)] = cell(label.unwrap_or_default(), LEAF, NONE);
            }
        }
        self.cells.into_flattened()
    }

    /// The child of a node.
    pub(super) fn step(&self, base: u32, byte: u8) -> Option<u32> {
        let at = base ^ u32::from(byte);
        let (block, place) = split(at);
        let found = !self.blocks.get(block)?.free.has(place) && self.cells[at as usize][0] == byte;
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
        let (block, base_place) = split(base);
        let block = &mut self.blocks[block];
        block.bases.flip(base_place);
        for &label in labels {
            block.free.flip(base_place ^ label);
        }
        Ok(base)
    }

    /// The base that puts the first label in the lowest free cell for which the others are free too.
    fn find(&self, labels: &[u8]) -> Option<u32> {
        let closed = self.blocks.len().saturating_sub(OPEN_BLOCKS);
        let (first, others) = labels.split_first()?;
        for (number, block) in self.blocks.iter().enumerate().skip(closed) {
            let mut places = block.free.and(block.bases.moved(*first));
            for label in others {
                if places.is_empty() {
                    break;
                }
                places = places.and(block.free.moved(first ^ label));
            }
            if let Some(place) = places.first() {
                return Some((number * BLOCK) as u32 + u32::from(place ^ first));
            }
        }
        None
    }

    /// Adds a block.
    fn grow(&mut self) {
        self.cells.resize(self.cells.len() + BLOCK, [0; 8]);
        let all = Bits([u64::MAX; BLOCK / 64]);
        self.blocks.push(Block { free: all, bases: all });
    }
}

/// The block of a cell, and its place there.
fn split(at: u32) -> (usize, u8) {
    (at as usize / BLOCK, at as u8)
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
