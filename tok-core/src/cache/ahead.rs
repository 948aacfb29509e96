//! Lines that are asked for while a pre-token takes long, so that they are near when it is done.

use super::{Cache, Word, place};
use crate::{
    blob::lookup::{LONG_MAX, LongKey, SHORT_MAX},
    kernel,
};

/// Of so many pre-tokens.
const COUNT: usize = 8;

/// How many pre-tokens of a batch have not been asked for.
#[derive(Debug)]
pub(crate) struct Ahead(usize);

impl Ahead {
    /// None has been.
    pub(crate) const NONE: Self = Self(usize::MAX);

    /// Asks for the first of the pre-tokens of `text` that end at `rest`, which begin at `from`.
    #[inline]
    pub(crate) fn ask(&mut self, cache: &Cache<'_>, text: &[u8], from: usize, rest: &[usize]) {
        let next = rest.get(..COUNT).unwrap_or(rest);
        let (asked, others) = next.split_at(rest.len().saturating_sub(self.0).min(next.len()));
        cache.ask(text, asked.last().copied().unwrap_or(from), others);
        self.0 = rest.len() - next.len();
    }
}

impl Cache<'_> {
    /// Asks for the lines of the pre-tokens of `text` that end at `ends`, the first of which begins at `from`.
    #[inline]
    fn ask(&self, text: &[u8], mut from: usize, ends: &[usize]) {
        for &end in ends {
            let rest = text.get(core::mem::replace(&mut from, end)..).unwrap_or_default();
            let len = end.wrapping_sub(text.len() - rest.len());
            let at = match (rest.first_chunk::<16>(), rest.get(..len)) {
                (Some(block), _) if len <= SHORT_MAX => {
                    Word::load(block, len).place(self.lines.len())
                }
                (_, Some(word)) if len <= LONG_MAX => match LongKey::new(word) {
                    Some(key) => place(key.hash(), self.lines.len()),
                    None => continue,
                },
                _ => continue,
            };
            if let Some(line) = self.lines.get(at) {
                kernel::ask(line);
            }
        }
    }
}
