//! A trie over bytes, as an array of cells that is read in place.
//!
//! The children of a node are at its base XOR their byte. No two nodes have the same base, so a
//! cell belongs to a node if its label is the byte that led there; free cells have a label that
//! leads to them from no base in use.

/// A cell: label in 8 bits, base in 24, value in 32.
pub type Cell = [u8; 8];

/// Bases are below this.
pub const MAX_BASE: u32 = 1 << 24;

/// The base of nodes without children.
pub const LEAF: u32 = 0;

/// The bytes of a cell.
pub const fn cell(label: u8, base: u32, value: u32) -> Cell {
    (label as u64 | (base as u64 & 0xFF_FFFF) << 8 | (value as u64) << 32).to_le_bytes()
}

/// A node that a step led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its place among the cells.
    pub cell: u32,
    /// Where its children are.
    pub base: u32,
    /// What is known of the text that ends here.
    pub value: u32,
}

/// The cells of one or several tries.
#[derive(Debug, Clone, Copy)]
pub struct Trie<'a> {
    cells: &'a [Cell],
}

impl<'a> Trie<'a> {
    /// A view of cells.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { cells: bytes.as_chunks().0 }
    }

    /// The child of the node with this base for a byte.
    #[inline(always)]
    pub fn step(&self, base: u32, byte: u8) -> Option<Node> {
        let at = base ^ u32::from(byte);
        let word = u64::from_le_bytes(*self.cells.get(at as usize)?);
        if word as u8 != byte {
            return None;
        }
        Some(Node { cell: at, base: (word >> 8) as u32 & 0xFF_FFFF, value: (word >> 32) as u32 })
    }
    /// Whether the node with this base has children.
    pub fn has_children(&self, base: u32) -> bool {
        (0..=u8::MAX).any(|byte| self.step(base, byte).is_some())
    }
}
