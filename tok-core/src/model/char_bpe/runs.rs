//! Ids of a word run by run: what no merge joins has the same ids beside anything.

use super::{CharBpe, SPACE, first_part};
use crate::model::{ModelError, Scratch};
use alloc::vec::Vec;

/// Longest run that is asked about.
const RUN_MAX: usize = 63;
/// So few symbols are merged sooner than looked up.
const FEW: usize = 3;

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

    /// The ids of a part, run by run.
    fn part_ids(
        &self,
        part: &str,
        scratch: &mut Scratch,
        known: &mut impl Runs,
        ids: &mut Vec<u32>,
    ) -> Result<(), ModelError> {
        let (merges, is_marked) = (self.merges(), self.is_marked());
        let mut rest = part;
        while !rest.is_empty() {
            let few = &mut scratch.merging.few;
            if is_marked || self.few_symbols(rest, few).is_none() {
                return self.any_ids(rest, scratch, ids);
            }
            let is_end = few.start(few.count) == rest.len();
            // The last run may go on.
            let last = if is_end { few.count } else { few.last_run(rest) };
            if last == 0 {
                return self.any_ids(rest, scratch, ids);
            }
            let mut begins = few.begins;
            while begins != 0 {
                let from = begins.trailing_zeros() as usize;
                begins &= begins - 1;
                let to = if begins == 0 { few.count } else { begins.trailing_zeros() as usize };
                if from >= last {
                    break;
                }
                let run = few.symbols.get(from..to).unwrap_or_default();
                if let [symbol] = run {
                    ids.push(self.tables.symbol_id(*symbol));
                    continue;
                }
                let merge = |ids: &mut Vec<u32>| {
                    merges.each_merged(run, |symbol| ids.push(self.tables.symbol_id(symbol)));
                };
                let (start, end) = (few.start(from), few.start(to));
                // All of a part that is no answer is about to be kept as a whole.
                if run.len() <= FEW || end - start == part.len() {
                    merge(ids);
                    continue;
                }
                let text = rest.get(start..end).unwrap_or_default();
                let mut key = [0; RUN_MAX];
                // A word that ends so goes on in the next one, and is not known as it is.
                let goes_on = |c: char| c.is_whitespace() || c == '▁';
                let key = raw(text.as_bytes(), &mut key).filter(|_| !text.ends_with(goes_on));
                if key.is_some_and(|key| known.find(key, ids)) {
                    continue;
                }
                let before = ids.len();
                merge(ids);
                if let Some(key) = key {
                    known.keep(key, ids.get(before..).unwrap_or_default());
                }
            }
            rest = rest.get(few.start(last)..).unwrap_or_default();
        }
        Ok(())
    }

    /// The ids of any part.
    fn any_ids(
        &self,
        part: &str,
        scratch: &mut Scratch,
        ids: &mut Vec<u32>,
    ) -> Result<(), ModelError> {
        let merging = &mut scratch.merging;
        self.symbols(part, scratch.strict, &mut merging.symbols)?;
        self.each_run(merging, |symbols| {
            ids.extend(symbols.iter().map(|symbol| self.tables.symbol_id(symbol.symbol)));
        });
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
