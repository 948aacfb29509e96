//! SentencePiece's precompiled table of replacements: a double-array trie over bytes and the texts that
//! its values point to, each ended by a zero byte.

use crate::blob::{U32s, u32_at};

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

    /// The text for the shortest beginning of `chunk` that is in the table.
    pub fn find(&self, chunk: &str) -> Option<&'a str> {
        let mut at = offset(u32_at(self.units, 0)?);
        for &byte in chunk.as_bytes().iter().take_while(|byte| **byte != 0) {
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

    /// Whether no entry has a space in it, as far as its tables tell: no node is reached by one.
    pub fn has_no_space(&self) -> bool {
        self.leaves_alone(b' ')
    }

    /// Whether an ASCII letter stays one, stands only at the beginning of entries, and all that begin with one
    /// become text that begins with a letter or a char beyond ASCII that is no space: as far as the tables tell, and
    /// false where they are larger or deeper than real ones.
    pub fn keeps_letters(&self) -> bool {
        let stays = |letter: u8| match self.longest(&[letter]) {
            None => true,
            Some((_, becomes)) => matches!(becomes, [other] if other.is_ascii_alphabetic()),
        };
        let root = u32_at(self.units, 0).map_or(0, offset);
        let mut left = 1 << 14;
        (b'A'..=b'Z').chain(b'a'..=b'z').all(|letter| {
            let node = self.child(root, letter);
            stays(letter)
                && self.nodes(letter) <= usize::from(node.is_some())
                && node.is_none_or(|node| self.become_words(node, 8, &mut left))
        })
    }

    /// Whether no entry has this ASCII char, as far as its tables tell: no node is reached by it.
    pub fn leaves_alone(&self, byte: u8) -> bool {
        self.nodes(byte) == 0
    }

    /// How many nodes are reached by a byte.
    fn nodes(&self, byte: u8) -> usize {
        let is = |unit: &&[u8; 4]| u32::from_le_bytes(**unit) & (1 << 31 | 0xFF) == u32::from(byte);
        self.units.iter().filter(is).count()
    }

    /// The unit that a byte leads to, and where its children are.
    fn child(&self, at: usize, byte: u8) -> Option<(u32, usize)> {
        let at = at ^ usize::from(byte);
        let unit = u32_at(self.units, at)?;
        (unit & (1 << 31 | 0xFF) == u32::from(byte)).then_some((unit, at ^ offset(unit)))
    }

    /// Whether the text of a node and of all below it begins as that of a word does; `left` nodes are looked at.
    fn become_words(&self, (unit, at): (u32, usize), depth: u32, left: &mut usize) -> bool {
        if depth == 0 || *left == 0 {
            return false;
        }
        *left -= 1;
        let begins = |start: u32| {
            let text = self.texts.get((start & 0x7FFF_FFFF) as usize..).unwrap_or_default();
            let text = text.get(..4).unwrap_or(text).utf8_chunks().next().map_or("", |c| c.valid());
            let first = text.chars().next();
            first.is_some_and(|c| {
                c.is_ascii_alphabetic() || !c.is_ascii() && !c.is_whitespace() && c != '▁'
            })
        };
        (unit >> 8 & 1 == 0 || u32_at(self.units, at).is_some_and(begins))
            && (1..=u8::MAX).all(|byte| {
                self.child(at, byte).is_none_or(|node| self.become_words(node, depth - 1, left))
            })
    }

    /// The longest beginning of `rest` that is in the table: its length, and the text for it.
    pub(crate) fn longest(&self, rest: &[u8]) -> Option<(usize, &'a [u8])> {
        let mut at = offset(u32_at(self.units, 0)?);
        let mut found = None;
        for (place, &byte) in rest.iter().enumerate() {
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
