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
        let mut words: [u64; BLOCK / 64] =
            std::array::from_fn(|word| self.0[word ^ usize::from(with >> 6)]);
        for (step, kept) in KEPT.iter().enumerate() {
            // Without a branch, which would be mispredicted every other time.
            let asked = 0u64.wrapping_sub(u64::from(with >> step & 1));
            for bits in &mut words {
                let moved = *bits >> (1 << step) & kept | (*bits & kept) << (1 << step);
                *bits ^= (*bits ^ moved) & asked;
            }
        }
        Self(words)
    }

    fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    fn is_empty(&self) -> bool {
        self.0 == [0; BLOCK / 64]
    }

    /// The lowest member that will do.
    #[inline(always)]
    fn find(&self, will_do: impl Fn(u8) -> bool) -> Option<u8> {
        for (word, &bits) in self.0.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let member = (64 * word) as u8 + bits.trailing_zeros() as u8;
                if will_do(member) {
                    return Some(member);
                }
                bits &= bits - 1;
            }
        }
        None
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
    free_len: u16,
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
        let first = keys.iter().take_while(|(key, _)| key.is_empty()).count();
        let mut placed = nodes(keys.get(first..).unwrap_or_default());
        let (mut root, mut labels, mut start) = (LEAF, Vec::new(), 0);
        while let Some(&Placed { parent, .. }) = placed.get(start) {
            // The children of a node stand together.
            let children = placed[start..].iter().take_while(|node| node.parent == parent);
            labels.clear();
            labels.extend(children.map(|node| node.label));
            let base = self.place(&labels)?;
            match parent {
                None => root = base,
                Some(parent) => {
                    let Placed { cell: at, label, value, .. } = placed[parent as usize];
                    self.cells[at as usize] = cell(label, base, value);
                }
            }
            let end = start + labels.len();
            for node in &mut placed[start..end] {
                node.cell = base ^ u32::from(node.label);
                self.cells[node.cell as usize] = cell(node.label, LEAF, node.value);
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

    /// A base for which the cells of all labels are free.
    fn find(&self, labels: &[u8]) -> Option<u32> {
        let closed = self.blocks.len().saturating_sub(OPEN_BLOCKS);
        let (first, others) = labels.split_first()?;
        let open = self.blocks.iter().enumerate().skip(closed);
        let of = |number: usize, place: u8| (number * BLOCK) as u32 + u32::from(place ^ first);
        if others.is_empty() {
            // Single labels fill the holes that are left, the oldest first.
            return open.filter(|(_, block)| block.free_len > 0).find_map(|(number, block)| {
                let place = block.free.find(|place| block.bases.has(place ^ first));
                place.map(|place| of(number, place))
            });
        }
        // There is most room in the newest block.
        open.rev().filter(|(_, block)| usize::from(block.free_len) >= labels.len()).find_map(
            |(number, block)| {
                let mut places = block.free.and(block.bases.moved(*first));
                for label in others {
                    if places.is_empty() {
                        return None;
                    }
                    places = places.and(block.free.moved(first ^ label));
                }
                places.first().map(|place| of(number, place))
            },
        )
    }

    /// Adds a block.
    fn grow(&mut self) {
        self.cells.resize(self.cells.len() + BLOCK, [0; 8]);
        let all = Bits([u64::MAX; BLOCK / 64]);
        self.blocks.push(Block { free: all, free_len: BLOCK as u16, bases: all });
    }
}

/// Keys in order, for [`Builder::add`]: by text, then by value.
pub(super) fn sorted<'k>(keys: impl Iterator<Item = (&'k [u8], u32)>) -> Vec<(&'k [u8], u32)> {
    let keys: Vec<(&[u8], u32)> = keys.collect();
    // First by the first eight bytes, as a number, then those that have the same.
    let number = |text: &[u8]| {
        let len = text.len().min(8);
        let mut first = [0; 8];
        first[..len].copy_from_slice(&text[..len]);
        u64::from_be_bytes(first)
    };
    let mut order: Vec<u128> = (0u32..)
        .zip(&keys)
        .map(|(at, (text, _))| u128::from(number(text)) << 32 | u128::from(at))
        .collect();
    order.sort_unstable();
    let mut sorted: Vec<(&[u8], u32)> = order.iter().map(|&at| keys[at as u32 as usize]).collect();
    let mut start = 0;
    for run in order.chunk_by(|one, other| one >> 32 == other >> 32) {
        sorted[start..start + run.len()].sort_unstable();
        start += run.len();
    }
    sorted
}

/// The nodes of a trie of keys, level by level, without their cells.
fn nodes(keys: &[(&[u8], u32)]) -> Vec<Placed> {
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
    let mut nodes = vec![Placed { cell: 0, parent: None, label: 0, value: NONE }; len as usize];
    // The number of the last node of each level.
    let mut path: Vec<u32> = vec![0; levels.len()];
    for (&(key, value), &shared) in keys.iter().zip(&shared) {
        let shared = shared as usize;
        let mut parent = shared.checked_sub(1).map(|level| path[level]);
        let ways = levels.iter_mut().zip(&mut path).zip(key).skip(shared);
        for ((level, last), &label) in ways {
            nodes[*level as usize] = Placed { cell: 0, parent, label, value: NONE };
            *last = *level;
            parent = Some(*level);
            *level += 1;
        }
        if let Some(node) = parent {
            nodes[node as usize].value = value;
        }
    }
    nodes
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
        assert_eq!(sorted(keys.into_iter()), wanted);
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
