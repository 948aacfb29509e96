//! The end of each word, found for many words at a time.

use super::cuts::{Cuts, Ends};
use crate::Kernel;

/// Ends that are found together: a block's and some more.
pub(super) const BATCH: usize = 136;

/// So many words ahead one is asked for.
const AHEAD: usize = 8;

/// The ends of the words of a text.
#[derive(Debug)]
pub(super) struct WordEnds<'t> {
    text: &'t str,
    found: Ends<'t>,
    ends: [usize; BATCH],
    /// Of so many ends, those from `next` on are behind the word that was asked about.
    count: usize,
    next: usize,
}

impl<'t> WordEnds<'t> {
    pub(super) fn new(cutter: Cuts, kernel: Kernel, text: &'t str) -> Self {
        let found = Ends::new(cutter, kernel, text);
        Self { text, found, ends: [0; BATCH], count: 0, next: 0 }
    }

    /// Where the word ends that begins at `at`, which is behind all that were asked about.
    #[inline]
    pub(super) fn end(&mut self, at: usize) -> usize {
        loop {
            while let Some(&end) = self.ends[..self.count].get(self.next) {
                if end > at {
                    return end;
                }
                self.next += 1;
            }
            self.count = self.found.fill(&mut self.ends);
            self.next = 0;
            if self.count == 0 {
                return self.text.len();
            }
        }
    }

    /// A word some way behind the one that was asked about, if its place is known: its text and all behind it, and
    /// how long it is.
    #[inline]
    pub(super) fn ahead(&self) -> Option<(&'t [u8], usize)> {
        let ends = self.ends[..self.count].get(self.next + AHEAD - 1..)?;
        let &[from, end] = ends.first_chunk()?;
        Some((self.text.as_bytes().get(from..)?, end.saturating_sub(from)))
    }
}
