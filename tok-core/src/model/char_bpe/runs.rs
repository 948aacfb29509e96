//! Ids of a word run by run: what no merge joins has the same ids beside anything.

use super::{CharBpe, Joins, SPACE, first_part, merge, own_part};
use crate::model::{ModelError, Scratch, param};
use alloc::vec::Vec;

/// Longest run that is asked about.
const RUN_MAX: usize = 63;

/// Knows the ids of texts: of words with a space in front, as they stand in the raw text, and of what lies within.
pub(crate) trait Runs {
    /// Appends the ids of a text, if they are known.
    fn find(&mut self, text: &[u8], ids: &mut Vec<u32>) -> bool;
    /// They are these.
    fn keep(&mut self, text: &[u8], ids: &[u32]);
}

impl CharBpe<'_> {
    /// Appends the ids of a piece. Merges nothing that is known.
    pub(crate) fn ids(
        &self,
        piece: &str,
        scratch: &mut Scratch,
        known: &mut impl Runs,
        ids: &mut Vec<u32>,
    ) -> Result<(), ModelError> {
        let mut rest = piece;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(first_part(rest.as_bytes(), self.open()));
            match self.whole(part.as_bytes()) {
                Some(id) => ids.push(id),
                None => self.part_ids(part, scratch, known, ids)?,
            }
            rest = after;
        }
        Ok(())
    }

    fn part_ids(
        &self,
        part: &str,
        scratch: &mut Scratch,
        known: &mut impl Runs,
        ids: &mut Vec<u32>,
    ) -> Result<(), ModelError> {
        let merging = &mut scratch.merging;
        self.symbols(part, scratch.strict, &mut merging.symbols)?;
        let merges =
            merge::Merges { tables: self.tables, products: self.parts.u32s(own_part::PRODUCTS) };
        let joins = Joins(self.parts.bytes(own_part::JOINS));
        let mut first = core::mem::take(&mut merging.first);
        core::mem::swap(&mut first, &mut merging.symbols);
        let (mut at, mut key) = (0, [0; RUN_MAX]);
        // Where chars are dropped, or stand for others, what a symbol stands for is not known.
        let unk = self.parts.param(param::UNK);
        let len: usize = first.iter().map(|symbol| symbol.len as usize).sum();
        let is_marked = [own_part::PREFIX, own_part::SUFFIX]
            .iter()
            .any(|&part| !self.parts.bytes(part).is_empty());
        let is_plain =
            len == part.len() && !is_marked && first.iter().all(|symbol| symbol.symbol != unk);
        for run in first.chunk_by(|a, b| joins.may_join(a.symbol, b.symbol)) {
            if let [symbol] = run {
                at += symbol.len as usize;
                ids.push(self.tables.symbol_id(symbol.symbol));
                continue;
            }
            let start = at;
            at += run.iter().map(|symbol| symbol.len as usize).sum::<usize>();
            // All of a part that is no answer is about to be kept as a whole.
            let asks = is_plain && run.len() < first.len();
            // A word that ends so goes on in the next one, and is not known as it is.
            let goes_on = |c: char| c.is_whitespace() || c == '▁';
            let text = part.get(start..at).filter(|text| asks && !text.ends_with(goes_on));
            let key = text.and_then(|text| raw(text.as_bytes(), &mut key));
            if key.is_some_and(|key| known.find(key, ids)) {
                continue;
            }
            merging.symbols.clear();
            merging.symbols.extend_from_slice(run);
            merges.run(merging, None);
            let from = ids.len();
            ids.extend(merging.symbols.iter().map(|symbol| self.tables.symbol_id(symbol.symbol)));
            if let Some(key) = key {
                known.keep(key, ids.get(from..).unwrap_or_default());
            }
        }
        merging.first = first;
        Ok(())
    }
}

/// A text with a space for a ▁ in front; `None` if it is too long, or of no known length.
#[inline]
fn raw<'k>(text: &[u8], room: &'k mut [u8; RUN_MAX]) -> Option<&'k [u8]> {
    let (space, rest) = match text.strip_prefix(SPACE) {
        Some(rest) => (1, rest),
        None => (0, text),
    };
    let key = room.get_mut(..space + rest.len()).filter(|key| !key.is_empty())?;
    key.fill(b' ');
    key.get_mut(space..)?.copy_from_slice(rest);
    Some(key)
}
