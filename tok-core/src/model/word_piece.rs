//! WordPiece: the longest token first, then the longest that continues the word, in linear time.
//!
//! Words that are a token are found in level 0. Others run through two tries, one of all tokens and
//! one of what continues a word. Where a trie cannot go on, the *failure link* of its node says what
//! to do, and bake has found that out: which tokens the text so far begins with ("pops"), and the
//! node where the rest of it stands in the second trie. So no byte is looked at twice.

use super::{ModelError, Parts, Token, find_word, param, trie::Trie};
use crate::blob::{
    Tables, U32s,
    lookup::{LONG_MAX, NONE},
    u32_at,
};
use alloc::vec::Vec;

/// Numbers of parameters.
pub mod own_param {
    use super::param::OWN;
    /// Words with more chars are unknown.
    pub const MAX_CHARS: usize = OWN;
    /// The base of all tokens' trie.
    pub const FIRST: usize = OWN + 1;
    /// The base of the trie of what continues a word.
    pub const REST: usize = OWN + 2;
}

/// Numbers of parts.
pub mod own_part {
    use super::super::part::OWN;
    /// Cells of the tries.
    pub const CELLS: usize = OWN;
    /// For each cell: the cell where the rest stands ([`ROOT`](super::ROOT), or NONE: the word is
    /// unknown), first pop, number of pops.
    pub const LINKS: usize = OWN + 1;
    /// Id and length of each pop.
    pub const POPS: usize = OWN + 2;
}

/// In place of a cell: the root of the second trie.
pub const ROOT: u32 = NONE - 1;

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct WordPiece<'a> {
    pub(super) tables: &'a Tables<'a>,
    pub(super) parts: Parts<'a>,
}

/// The failure link of a node.
#[derive(Debug, Clone, Copy)]
struct Link {
    rest: u32,
    first: u32,
    count: u32,
}

impl WordPiece<'_> {
    pub(super) fn tokenize(&self, word: &str, out: &mut Vec<Token>) -> Result<(), ModelError> {
        let max = self.parts.param(own_param::MAX_CHARS) as usize;
        // A word has no more chars than bytes.
        if word.len() <= max || word.chars().count() <= max {
            if word.len() <= LONG_MAX
                && let Some(id) = find_word(self.tables, &self.parts, word.as_bytes())
            {
                out.push(Token { id, start: 0, end: word.len() as u32 });
                return Ok(());
            }
            let before = out.len();
            if self.split(word.as_bytes(), out).is_some() {
                return Ok(());
            }
            out.truncate(before);
        }
        match self.parts.param(param::UNK) {
            NONE => Err(ModelError::Unknown { at: 0 }),
            id => {
                out.push(Token { id, start: 0, end: word.len() as u32 });
                Ok(())
            }
        }
    }

    /// Appends the tokens of a word; `None` if it is unknown.
    fn split(&self, word: &[u8], out: &mut Vec<Token>) -> Option<()> {
        let trie = Trie::new(self.parts.bytes(own_part::CELLS));
        let links = self.parts.u32s(own_part::LINKS);
        let pops = self.parts.u32s(own_part::POPS);
        let rest = self.parts.param(own_param::REST);
        let cells = self.parts.bytes(own_part::CELLS).as_chunks::<8>().0;
        let base_of = |cell: u32| match cell {
            ROOT => Some(rest),
            _ => Some(u64::from_le_bytes(*cells.get(cell as usize)?) as u32 >> 8),
        };
        // A pop stands for at least one byte, and the places of tokens never go back.
        let mut end = 0u32;
        let mut pop = |link: Link, out: &mut Vec<Token>| {
            for number in link.first..link.first.checked_add(link.count)? {
                let at = 2 * number as usize;
                let (id, len) = (u32_at(pops, at)?, u32_at(pops, at + 1)?);
                let start = end;
                end =
                    start.checked_add(len).filter(|&end| len > 0 && end as usize <= word.len())?;
                out.push(Token { id, start, end });
            }
            Some(link.rest)
        };
        let (mut at, mut base) = (NONE, self.parts.param(own_param::FIRST));
        for &byte in word {
            let node = loop {
                if let Some(node) = trie.step(base, byte) {
                    break node;
                }
                let link = link(links, at)?;
                // Without pops the walk would not end in a damaged table.
                at = pop(link, out).filter(|_| link.count > 0)?;
                base = base_of(at)?;
            };
            (at, base) = (node.cell, node.base);
        }
        while at != ROOT {
            let link = link(links, at)?;
            at = pop(link, out).filter(|_| link.count > 0)?;
        }
        Some(())
    }
}

/// The link of a cell; `None` for roots, and where there is no way on.
#[inline]
fn link(links: U32s<'_>, cell: u32) -> Option<Link> {
    let at = (cell as usize).checked_mul(3)?;
    let rest = u32_at(links, at)?;
    (rest != NONE).then_some(Link {
        rest,
        first: u32_at(links, at + 1)?,
        count: u32_at(links, at + 2)?,
    })
}
