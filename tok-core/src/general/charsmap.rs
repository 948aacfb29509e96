//! SentencePiece's precompiled table of replacements: a double-array trie over bytes and the texts that
//! its values point to, each ended by a zero byte.

use alloc::vec::Vec;

use crate::{
    blob::{U32s, u32_at},
    unicode::graphemes,
};

/// A checked view of a table.
#[derive(Debug, Clone, Copy)]
pub struct Charsmap<'a> {
    units: U32s<'a>,
    texts: &'a [u8],
}

/// From a unit's place to its children.
const fn offset(unit: u32) -> usize {
    ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize
}

impl<'a> Charsmap<'a> {
    /// Most bytes that a char may become. Real tables stay below 64.
    pub const MAX_TEXT: usize = 1024;

    /// Reads the table's header; `None` if its parts are not there.
    pub fn new(table: &'a [u8]) -> Option<Self> {
        let (len, rest) = table.split_first_chunk::<4>()?;
        let units_len = u32::from_le_bytes(*len) as usize / 4 * 4;
        let (units, texts) = rest.split_at_checked(units_len)?;
        Some(Self { units: units.as_chunks().0, texts })
    }

    /// No path is longer, unless it comes back to a node, which only a damaged table has.
    fn longest_path(&self) -> usize {
        self.units.len()
    }

    /// The text for the shortest beginning of `chunk` that is in the table.
    pub fn find(&self, chunk: &str) -> Option<&'a str> {
        let mut at = offset(u32_at(self.units, 0)?);
        let bytes = chunk.as_bytes().iter().take_while(|byte| **byte != 0);
        for &byte in bytes.take(self.longest_path()) {
            at ^= usize::from(byte);
            let unit = u32_at(self.units, at)?;
            if unit & (1 << 31 | 0xFF) != u32::from(byte) {
                return None;
            }
            at ^= offset(unit);
            if unit >> 8 & 1 != 0 {
                let start = (u32_at(self.units, at)? & 0x7FFF_FFFF) as usize;
                let text = self.texts.get(start..)?.split(|byte| *byte == 0).next()?;
                return core::str::from_utf8(text).ok();
            }
        }
        None
    }

    /// Whether an entry begins with `text`, or the text with an entry.
    pub(crate) fn begins(&self, text: &str) -> bool {
        let Some(root) = u32_at(self.units, 0) else { return false };
        let mut at = offset(root);
        for &byte in text.as_bytes() {
            at ^= usize::from(byte);
            let unit = u32_at(self.units, at).unwrap_or_default();
            if unit & (1 << 31 | 0xFF) != u32::from(byte) {
                return false;
            }
            at ^= offset(unit);
            if unit >> 8 & 1 != 0 {
                return true;
            }
        }
        (1..=u8::MAX).any(|byte| {
            let unit = u32_at(self.units, at ^ usize::from(byte)).unwrap_or_default();
            unit & (1 << 31 | 0xFF) == u32::from(byte)
        })
    }

    /// Whether no entry has a space in it: no node is reached by one.
    pub fn has_no_space(&self) -> bool {
        self.nodes()[usize::from(b' ')] == 0
    }

    /// The chars, sorted, with which texts begin that entries make of an ASCII letter and what follows it. `None`
    /// unless a letter alone stays one, stands only at the beginning of entries, and begins none that becomes text
    /// without a letter or a char beyond ASCII, that is no space, in front, in tables that
    /// are no larger or deeper than real ones. `nodes` are [its own](Self::nodes).
    pub fn letters_become(&self, nodes: &[u32; 128]) -> Option<Vec<char>> {
        let stays = |letter: u8| match self.longest(&[letter]) {
            None => true,
            Some((_, becomes)) => matches!(becomes, [other] if other.is_ascii_alphabetic()),
        };
        let root = u32_at(self.units, 0).map_or(0, offset);
        let (mut left, mut firsts) = (1 << 14, Vec::new());
        for letter in (b'A'..=b'Z').chain(b'a'..=b'z') {
            let node = self.child(root, letter);
            if !stays(letter) || nodes[usize::from(letter)] > u32::from(node.is_some()) {
                return None;
            }
            if let Some(node) = node {
                self.words(node, 8, &mut left, &mut firsts)?;
            }
        }
        firsts.sort_unstable();
        firsts.dedup();
        Some(firsts)
    }

    /// Whether no entry begins with a char that belongs to the cluster of what follows it.
    pub fn keeps_clusters_apart(&self) -> bool {
        let mut utf8 = [0; 4];
        graphemes::prepended().all(|c| !self.begins(c.encode_utf8(&mut utf8)))
    }

    /// Most bytes that an entry becomes.
    pub fn longest_text(&self) -> usize {
        self.texts.split(|byte| *byte == 0).map(<[u8]>::len).max().unwrap_or(0)
    }

    /// How many nodes are reached by each ASCII char. What is no node looks like one too, so all are walked from the
    /// root, each once.
    pub fn nodes(&self) -> [u32; 128] {
        const NONE: u32 = u32::MAX;
        let units = || self.units.iter().map(|unit| u32::from_le_bytes(*unit)).enumerate();
        // The units that would be children of each place, in lists.
        let mut first = alloc::vec![NONE; self.units.len().next_multiple_of(256)];
        let mut next = alloc::vec![NONE; self.units.len()];
        for (at, unit) in units().filter(|(_, unit)| unit & 0xFF != 0 && unit >> 31 == 0) {
            let base = at ^ (unit & 0xFF) as usize;
            next[at] = core::mem::replace(&mut first[base], at as u32);
        }
        let (mut nodes, mut bases) = ([0; 128], Vec::new());
        bases.extend(u32_at(self.units, 0).map(offset));
        while let Some(base) = bases.pop() {
            let mut at = first.get_mut(base).map_or(NONE, |first| core::mem::replace(first, NONE));
            while let Some(unit) = u32_at(self.units, at as usize) {
                if let Some(nodes) = nodes.get_mut((unit & 0xFF) as usize) {
                    *nodes += 1;
                }
                bases.push(at as usize ^ offset(unit));
                at = next[at as usize];
            }
        }
        nodes
    }

    /// The unit that a byte leads to, and where its children are.
    fn child(&self, at: usize, byte: u8) -> Option<(u32, usize)> {
        let at = at ^ usize::from(byte);
        let unit = u32_at(self.units, at)?;
        (unit & (1 << 31 | 0xFF) == u32::from(byte)).then_some((unit, at ^ offset(unit)))
    }

    /// Collects the first chars of the text of a node and of all below it, which is to begin as that of a word does;
    /// `left` nodes are looked at.
    fn words(
        &self,
        (unit, at): (u32, usize),
        depth: u32,
        left: &mut usize,
        firsts: &mut Vec<char>,
    ) -> Option<()> {
        *left = left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        if unit >> 8 & 1 != 0 {
            let start = u32_at(self.units, at)? & 0x7FFF_FFFF;
            let text = self.texts.get(start as usize..).unwrap_or_default();
            let text = text.get(..4).unwrap_or(text).utf8_chunks().next().map_or("", |c| c.valid());
            let is_word = |c: &char| {
                c.is_ascii_alphabetic() || !c.is_ascii() && !c.is_whitespace() && *c != '▁'
            };
            firsts.push(text.chars().next().filter(is_word)?);
        }
        (1..=u8::MAX).try_for_each(|byte| match self.child(at, byte) {
            Some(node) => self.words(node, depth, left, firsts),
            None => Some(()),
        })
    }

    /// Where a walk along `text` ends, if entries go on there; 0 if none does, as the root is nowhere behind itself.
    pub(crate) fn end_of(&self, text: &[u8]) -> u32 {
        let root = u32_at(self.units, 0).map_or(0, offset);
        let end = text.iter().try_fold(root, |at, &byte| Some(self.child(at, byte)?.1));
        end.and_then(|end| u32::try_from(end).ok()).unwrap_or_default()
    }

    /// Whether an entry goes on with a byte behind such an end.
    #[inline(always)]
    pub(crate) fn goes_on(&self, end: u32, byte: u8) -> bool {
        end != 0 && self.child(end as usize, byte).is_some()
    }

    /// The longest beginning of `rest` that is in the table: its length, and the text for it.
    pub(crate) fn longest(&self, rest: &[u8]) -> Option<(usize, &'a [u8])> {
        let mut at = offset(u32_at(self.units, 0)?);
        let mut found = None;
        for (place, &byte) in rest.iter().enumerate().take(self.longest_path()) {
            at ^= usize::from(byte);
            let unit = u32_at(self.units, at).unwrap_or_default();
            if unit & (1 << 31 | 0xFF) != u32::from(byte) {
                break;
            }
            at ^= offset(unit);
            if unit >> 8 & 1 != 0 {
                found = Some((place + 1, at));
            }
        }
        let (len, at) = found?;
        let start = (u32_at(self.units, at)? & 0x7FFF_FFFF) as usize;
        let text = self.texts.get(start..)?;
        let end = text.iter().take(Self::MAX_TEXT).take_while(|byte| **byte != 0).count();
        Some((len, text.get(..end)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Random;

    #[test]
    fn nodes_are_counted_once_whatever_the_units_say() {
        let mut random = Random::new(1);
        for round in 0..4 {
            let len = 1u32 << 20;
            let mut table = (4 * len).to_le_bytes().to_vec();
            for at in 0..len {
                // All children of one place, of each other, or anything.
                let unit = match round {
                    0 => ((at ^ 256) << 10) | (1 + at % 255),
                    1 => at % 256,
                    _ => random.next_u64() as u32,
                };
                table.extend(unit.to_le_bytes());
            }
            let map = Charsmap::new(&table).expect("a table");
            let nodes = map.nodes();
            assert!(nodes.iter().sum::<u32>() <= len);
            let _ = map.letters_become(&nodes);
        }
    }
}
