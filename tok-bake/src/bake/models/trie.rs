//! Placing tries into cells.

use super::super::BakeError;
use comptok_core::{
    blob::lookup::NONE,
    model::trie::{Cell, LEAF, MAX_BASE, cell},
};

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
    /// Its parent's number and the byte that leads to it. There are many nodes, and each has a cell, of
    /// which there are fewer than `MAX_BASE`.
    way: u32,
    /// What is known of the text that ends here; NONE for nothing.
    pub(super) value: u32,
}

/// In place of the parent of a node below a root.
const NO_PARENT: u32 = MAX_BASE - 1;

impl Placed {
    fn new(parent: u32, label: u8) -> Self {
        Self { cell: 0, way: parent << 8 | u32::from(label), value: NONE }
    }

    /// Its parent's number; `None` below a root.
    pub(super) fn parent(self) -> Option<u32> {
        Some(self.way >> 8).filter(|&parent| parent != NO_PARENT)
    }

    /// The byte that leads to it.
    pub(super) fn label(self) -> u8 {
        self.way as u8
    }
}

/// A bit for each cell of a block.
#[derive(Debug, Clone, Copy)]
struct Bits([u64; BLOCK / 64]);

impl Bits {
    fn flip(&mut self, at: u8) {
        self.0[usize::from(at >> 6)] ^= 1 << (at & 63);
    }

    /// A word of the set whose members are those of this one, each XOR `with`.
    #[inline(always)]
    fn word_moved(&self, with: u8, word: usize) -> u64 {
        const KEPT: [u64; 6] = [
            0x5555_5555_5555_5555,
            0x3333_3333_3333_3333,
            0x0F0F_0F0F_0F0F_0F0F,
            0x00FF_00FF_00FF_00FF,
            0x0000_FFFF_0000_FFFF,
            0x0000_0000_FFFF_FFFF,
        ];
        let mut bits = self.0[word ^ usize::from(with >> 6)];
        for (step, kept) in KEPT.iter().enumerate() {
            // Without a branch, which would be mispredicted every other time.
            let asked = 0u64.wrapping_sub(u64::from(with >> step & 1));
            let moved = bits >> (1 << step) & kept | (bits & kept) << (1 << step);
            bits ^= (bits ^ moved) & asked;
        }
        bits
    }

    fn has(&self, at: u8) -> bool {
        self.0[usize::from(at >> 6)] >> (at & 63) & 1 == 1
    }
}

/// What is left of a block.
struct Block {
    /// Cells that no node has.
    free: Bits,
    free_len: u16,
    /// Bases that no node has.
    bases: Bits,
    /// Labels for which no free cell has a free base: there will be none again.
    over: Bits,
}

impl Block {
    /// The lowest free cell for the first label whose base is free, and where the cells of the other labels
    /// are free too.
    fn find(&self, first: u8, others: &[u8]) -> Option<u8> {
        if usize::from(self.free_len) <= others.len() || self.over.has(first) {
            return None;
        }
        (0..BLOCK / 64).find_map(|word| {
            let mut places = self.free.0[word] & self.bases.word_moved(first, word);
            for label in others {
                if places == 0 {
                    return None;
                }
                places &= self.free.word_moved(first ^ label, word);
            }
            (places != 0).then(|| (64 * word) as u8 + places.trailing_zeros() as u8)
        })
    }
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
        let first = keys.iter().take_while(|(key, _)| key.is_empty()).count();
        let mut placed = nodes(keys.get(first..).unwrap_or_default())?;
        let (mut root, mut labels, mut start) = (LEAF, Vec::new(), 0);
        while let Some(parent) = placed.get(start).map(|node| node.parent()) {
            // The children of a node stand together. Most nodes have one.
            let children = placed[start..].iter().take_while(|node| node.parent() == parent);
            labels.clear();
            labels.extend(children.map(|node| node.label()));
            let base = match labels[..] {
                [label] => self.place_one(label)?,
                _ => self.place(&labels)?,
            };
            match parent {
                None => root = base,
                Some(parent) => {
                    let node = placed[parent as usize];
                    self.cells[node.cell as usize] = cell(node.label(), base, node.value);
                }
            }
            let end = start + labels.len();
            for node in &mut placed[start..end] {
                node.cell = base ^ u32::from(node.label());
                self.cells[node.cell as usize] = cell(node.label(), LEAF, node.value);
            }
            start = end;
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

    /// Takes a cell for an only child with this label, and returns its base. Such children fill the holes
    /// that are left, the oldest first.
    #[inline]
    fn place_one(&mut self, label: u8) -> Result<u32, BakeError> {
        let closed = self.blocks.len().saturating_sub(OPEN_BLOCKS);
        for (number, block) in self.blocks.iter_mut().enumerate().skip(closed) {
            if block.free_len == 0 || block.over.has(label) {
                continue;
            }
            for word in 0..BLOCK / 64 {
                let places = block.free.0[word] & block.bases.word_moved(label, word);
                if places != 0 {
                    let place = (64 * word) as u8 + places.trailing_zeros() as u8;
                    block.free.flip(place);
                    block.bases.flip(place ^ label);
                    block.free_len -= 1;
                    return Ok((number * BLOCK) as u32 + u32::from(place ^ label));
                }
            }
            block.over.flip(label);
        }
        self.place(&[label])
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
        block.free_len -= labels.len() as u16;
        for &label in labels {
            block.free.flip(base_place ^ label);
        }
        Ok(base)
    }

    /// A base for which the cells of all labels are free. There is most room in the newest block.
    fn find(&self, labels: &[u8]) -> Option<u32> {
        let closed = self.blocks.len().saturating_sub(OPEN_BLOCKS);
        let (first, others) = labels.split_first()?;
        self.blocks.iter().enumerate().skip(closed).rev().find_map(|(number, block)| {
            let place = block.find(*first, others)?;
            Some((number * BLOCK) as u32 + u32::from(place ^ first))
        })
    }

    /// Adds a block.
    fn grow(&mut self) {
        self.cells.resize(self.cells.len() + BLOCK, [0; 8]);
        let all = Bits([u64::MAX; BLOCK / 64]);
        let over = Bits([0; BLOCK / 64]);
        self.blocks.push(Block { free: all, free_len: BLOCK as u16, bases: all, over });
    }
}

/// Keys in order, for [`Builder::add`]: by text, then by value. `key` gives those of the numbers below
/// `count`, and nothing for what is no key.
pub(super) fn sorted<'k>(
    count: usize,
    key: impl Fn(usize) -> Option<(&'k [u8], u32)>,
) -> Vec<(&'k [u8], u32)> {
    // First by the first eight bytes, as a number, then those that have the same.
    let number = |text: &[u8]| {
        let len = text.len().min(8);
        let mut first = [0; 8];
        first[..len].copy_from_slice(&text[..len]);
        u64::from_be_bytes(first)
    };
    let mut order: Vec<u128> = Vec::with_capacity(count);
    order.extend((0..count).filter_map(|at| {
        let (text, _) = key(at)?;
        Some(u128::from(number(text)) << 32 | at as u128)
    }));
    order.sort_unstable();
    let mut sorted: Vec<(&[u8], u32)> = Vec::with_capacity(order.len());
    sorted.extend(order.iter().filter_map(|&at| key(at as u32 as usize)));
    let mut start = 0;
    for run in order.chunk_by(|one, other| one >> 32 == other >> 32) {
        sorted[start..start + run.len()].sort_unstable();
        start += run.len();
    }
    sorted
}

/// The nodes of a trie of keys, level by level, without their cells.
fn nodes(keys: &[(&[u8], u32)]) -> Result<Vec<Placed>, BakeError> {
    // How many bytes a key begins with that the key before it has too: those nodes are there.
    let mut shared = Vec::with_capacity(keys.len());
    let mut before: &[u8] = &[];
    // How many nodes a level has, then where its next one goes.
    let mut levels: Vec<u32> = Vec::new();
    for &(key, _) in keys {
        let common = common_len(before, key);
        shared.push(common as u32);
        before = key;
        if levels.len() < key.len() {
            levels.resize(key.len(), 0);
        }
        for level in &mut levels[common..key.len()] {
            *level += 1;
        }
    }
    let mut len = 0;
    for level in &mut levels {
        let here = core::mem::replace(level, len);
        len += here;
    }
    if len >= NO_PARENT {
        return Err(BakeError::unsupported("a vocabulary of this size"));
    }
    let mut nodes = vec![Placed::new(NO_PARENT, 0); len as usize];
    // The number of the last node of each level.
    let mut path: Vec<u32> = vec![0; levels.len()];
    for (&(key, value), &shared) in keys.iter().zip(&shared) {
        let shared = shared as usize;
        let mut parent = shared.checked_sub(1).map_or(NO_PARENT, |level| path[level]);
        let ways = levels.iter_mut().zip(&mut path).zip(key).skip(shared);
        for ((level, last), &label) in ways {
            nodes[*level as usize] = Placed::new(parent, label);
            *last = *level;
            parent = *level;
            *level += 1;
        }
        if let Some(node) = nodes.get_mut(parent as usize) {
            node.value = value;
        }
    }
    Ok(nodes)
}

/// How many bytes two texts begin with alike.
fn common_len(one: &[u8], other: &[u8]) -> usize {
    let mut at = 0;
    while let (Some(a), Some(b)) = (one[at..].first_chunk::<8>(), other[at..].first_chunk::<8>()) {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return at + differ.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + one[at..].iter().zip(&other[at..]).take_while(|(one, other)| one == other).count()
}

/// The block of a cell, and its place there.
fn split(at: u32) -> (usize, u8) {
    (at as usize / BLOCK, at as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::model::{Random, trie::Trie};

    #[test]
    fn keys_are_sorted() {
        let texts =
            ["", "a", "a\0", "a\0\0", "abcdefgh", "abcdefghi", "abcdefgha", "abcdefgh\0", "b"];
        let keys: Vec<(&[u8], u32)> = (0..200u32)
            .map(|at| (texts[(at * 37 % 9) as usize].as_bytes(), at * 101 % 7))
            .collect();
        let mut wanted = keys.clone();
        wanted.sort_unstable();
        assert_eq!(sorted(keys.len(), |at| keys.get(at).copied()), wanted);
        wanted.retain(|(text, _)| !text.is_empty());
        let some = |at: usize| keys.get(at).copied().filter(|(text, _)| !text.is_empty());
        assert_eq!(sorted(keys.len(), some), wanted);
        assert_eq!(common_len(b"abcdefghijk", b"abcdefghijx"), 10);
        assert_eq!(common_len(b"abcdefghijk", b"abcdxfghijx"), 4);
        assert_eq!(common_len(b"abc", b"abcd"), 3);
    }

    #[test]
    fn every_key_is_found_and_nothing_else() {
        let mut random = Random::new(1);
        let mut next = |limit: u64| random.below(limit as usize) as u64;
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
