//! SentencePiece's precompiled table of replacements: a double-array trie over bytes and the texts that
//! its values point to, each ended by a zero byte.

use crate::blob::{U32s, u32_at};

/// A checked view of a table.
#[derive(Debug, Clone, Copy)]
pub struct Charsmap<'a> {
    units: U32s<'a>,
    texts: &'a [u8],
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
        let offset = |unit: u32| ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize;
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
        let offset = |unit: u32| ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize;
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
        self.units.iter().all(|unit| u32::from_le_bytes(*unit) & (1 << 31 | 0xFF) != 0x20)
    }

    /// Whether an ASCII letter stays one.
    pub fn keeps_letters(&self) -> bool {
        let stays = |letter: u8| match self.longest(&[letter]) {
            None => true,
            Some((_, becomes)) => matches!(becomes, [other] if other.is_ascii_alphabetic()),
        };
        (b'A'..=b'Z').chain(b'a'..=b'z').all(stays)
    }

    /// Whether an ASCII char stays as it is, and no entry reaches from it to an ASCII letter or from one to it, as
    /// far as its tables tell: no node but one below the root is reached by it.
    pub fn keeps_apart(&self, mark: u8) -> bool {
        let begins = |text: &[u8]| core::str::from_utf8(text).is_ok_and(|text| self.begins(text));
        let is = |unit: &&[u8; 4]| u32::from_le_bytes(**unit) & (1 << 31 | 0xFF) == u32::from(mark);
        let nodes = self.units.iter().filter(is).count();
        let mut letters = (b'A'..=b'Z').chain(b'a'..=b'z');
        self.longest(&[mark]).is_none()
            && nodes <= usize::from(begins(&[mark]))
            && !letters.any(|letter| begins(&[mark, letter]))
    }

    /// The longest beginning of `rest` that is in the table: its length, and the text for it.
    pub(crate) fn longest(&self, rest: &[u8]) -> Option<(usize, &'a [u8])> {
        let offset = |unit: u32| ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize;
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
