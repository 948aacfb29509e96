//! Text that steps rewrite, and where each byte of it comes from.
//!
//! The alignments are those of the reference: each byte of the rewritten text has a range of the
//! original. They are kept only when asked for, and cost nothing as long as each char stays as long
//! as it was: then a byte comes from the char at its own place.

use alloc::{borrow::Cow, string::String, vec::Vec};

/// Where the bytes of a text come from.
#[derive(Debug, Clone)]
enum Origin {
    /// Nobody asks for more than where the text begins.
    Unknown(u32),
    /// Each char stands where it stood, this many bytes further on.
    Same(u32),
    /// Start and end for each byte.
    Ranges(Vec<(u32, u32)>),
}

/// A stretch of text between added tokens, on its way through the steps.
#[derive(Debug, Clone)]
pub(crate) struct Text<'t> {
    text: Cow<'t, str>,
    origin: Origin,
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where in the original text it began when it was cut off.
    pub(crate) place: u32,
    /// Added tokens of the stretch that stand before it.
    pub(crate) group: u32,
}

impl<'t> Text<'t> {
    /// The original text from `start` on; with `aligned`, what becomes of it is traced.
    pub(crate) fn new(text: &'t str, start: u32, aligned: bool) -> Self {
        let origin = if aligned { Origin::Same(start) } else { Origin::Unknown(start) };
        Self { text: Cow::Borrowed(text), origin }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether anybody asks where its bytes come from.
    pub(crate) fn is_traced(&self) -> bool {
        !matches!(self.origin, Origin::Unknown(_))
    }

    /// Replaces a text that nobody traces.
    pub(crate) fn replace(&mut self, new: String) {
        self.text = Cow::Owned(new);
    }

    /// The text alone.
    pub(crate) fn into_str(self) -> Cow<'t, str> {
        self.text
    }

    /// The range of the original text that the bytes `start..end` come from; `None` where they are not
    /// in the text, or nobody asked.
    pub(crate) fn original(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        if start >= end || end > self.text.len() {
            return None;
        }
        match &self.origin {
            Origin::Unknown(_) => None,
            Origin::Same(base) => {
                let (mut first, mut last) = (start, end);
                while !self.text.is_char_boundary(first) {
                    first -= 1;
                }
                while !self.text.is_char_boundary(last) {
                    last += 1;
                }
                Some((*base as usize + first, *base as usize + last))
            }
            Origin::Ranges(ranges) => {
                Some((ranges.get(start)?.0 as usize, ranges.get(end - 1)?.1 as usize))
            }
        }
    }

    /// Where in the original text the part from `start` on begins.
    pub(crate) fn place(&self, start: usize) -> u32 {
        match &self.origin {
            Origin::Unknown(start) => *start,
            Origin::Same(base) => base.saturating_add(start as u32),
            Origin::Ranges(ranges) => ranges.get(start).map_or(0, |range| range.0),
        }
    }

    /// The places of all bytes, and that of the end.
    pub(crate) fn places(&self, end: usize) -> Vec<u32> {
        (0..self.text.len()).map(|at| self.place(at)).chain([end as u32]).collect()
    }

    /// The part `start..end`, after `group` added tokens.
    pub(crate) fn split(&self, start: usize, end: usize, group: u32) -> Split {
        Split { start, end, place: self.place(start), group }
    }

    /// Begins to rewrite this text.
    pub(crate) fn rewrite(&self) -> Rewriter<'_> {
        let ranges = match &self.origin {
            Origin::Ranges(_) => Some(Vec::with_capacity(self.text.len())),
            _ => None,
        };
        Rewriter {
            old: self,
            at: 0,
            first: 0,
            place: self.place(0),
            out: String::with_capacity(self.text.len() + self.text.len() / 8 + 16),
            ranges,
        }
    }

    /// Replaces the text by what a rewriter of it wrote.
    pub(crate) fn set(&mut self, new: Rewritten) {
        self.text = Cow::Owned(new.text);
        if let Some(ranges) = new.ranges {
            self.origin = Origin::Ranges(ranges);
        }
    }
}

/// What a rewriter wrote.
#[derive(Debug)]
pub(crate) struct Rewritten {
    text: String,
    /// `None` if the origin is as it was.
    ranges: Option<Vec<(u32, u32)>>,
}

/// Writes a new text while it walks through an old one.
///
/// Each method says what becomes of the next chars of the old text; what is written gets the range of
/// the char that it stands for.
#[derive(Debug)]
pub(crate) struct Rewriter<'a> {
    old: &'a Text<'a>,
    /// The old text before this is done.
    at: usize,
    /// The beginning of the part that is being rewritten, and its place in the original text.
    first: usize,
    place: u32,
    out: String,
    /// For each byte of `out`; `None` as long as nothing has moved.
    ranges: Option<Vec<(u32, u32)>>,
}

impl Rewriter<'_> {
    /// Goes on at a part of the old text; what lies between is dropped.
    pub(crate) fn begin(&mut self, split: &Split) {
        (self.at, self.first, self.place) = (split.start, split.start, split.place);
    }

    /// Bytes written.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether ranges have to be written, the next char being `len` bytes long in the new text.
    #[inline]
    fn traces(&mut self, len: usize, old_len: usize) -> bool {
        match self.old.origin {
            Origin::Unknown(_) => false,
            Origin::Ranges(_) => true,
            Origin::Same(base) => {
                if self.ranges.is_none() {
                    if self.at == self.out.len() && len == old_len {
                        return false;
                    }
                    self.ranges = Some(trace(&self.out, base));
                }
                true
            }
        }
    }

    /// The range of the old byte at `at`.
    fn range(&self, at: usize) -> (u32, u32) {
        let text = &self.old.text;
        match &self.old.origin {
            Origin::Unknown(_) => (0, 0),
            Origin::Same(base) => match self.old.original(at, at + 1) {
                Some((start, end)) => (start as u32, end as u32),
                None => (base + text.len() as u32, base + text.len() as u32),
            },
            Origin::Ranges(ranges) => {
                ranges.get(at).or(ranges.last()).copied().unwrap_or((self.place, self.place))
            }
        }
    }

    /// Copies the next `len` bytes, whole chars.
    #[inline]
    pub(crate) fn keep(&mut self, len: usize) {
        let end = (self.at + len).min(self.old.text.len());
        if self.traces(len, len) {
            let base = match self.old.origin {
                Origin::Same(base) => base,
                _ => 0,
            };
            match (&self.old.origin, &mut self.ranges) {
                (Origin::Ranges(old), Some(new)) => {
                    new.extend_from_slice(old.get(self.at..end).unwrap_or_default());
                }
                (_, Some(new)) => {
                    let part = self.old.text.get(self.at..end).unwrap_or_default();
                    extend_trace(new, part, base + self.at as u32);
                }
                _ => {}
            }
        }
        self.out.push_str(self.old.text.get(self.at..end).unwrap_or_default());
        self.at = end;
    }

    /// The length of the next char; 0 at the end.
    #[inline]
    fn next_len(&self) -> usize {
        let rest = self.old.text.get(self.at..).unwrap_or_default();
        rest.chars().next().map_or(0, char::len_utf8)
    }

    /// Writes `c` for the next char.
    #[inline]
    pub(crate) fn put(&mut self, c: char) {
        let old_len = self.next_len();
        if self.traces(c.len_utf8(), old_len) {
            let range = self.range(self.at);
            if let Some(ranges) = &mut self.ranges {
                ranges.extend(core::iter::repeat_n(range, c.len_utf8()));
            }
        }
        self.out.push(c);
        self.at += old_len;
    }

    /// Writes `c` and stays: it belongs to the char before.
    #[inline]
    pub(crate) fn insert(&mut self, c: char) {
        if self.traces(c.len_utf8(), 0) {
            let range = match self.at > self.first {
                true => self.range(self.at - 1),
                false => (self.place, self.place),
            };
            if let Some(ranges) = &mut self.ranges {
                ranges.extend(core::iter::repeat_n(range, c.len_utf8()));
            }
        }
        self.out.push(c);
    }

    /// Drops the next `len` bytes, whole chars.
    #[inline]
    pub(crate) fn skip(&mut self, len: usize) {
        self.at = (self.at + len).min(self.old.text.len());
    }

    /// Drops the next `count` chars.
    pub(crate) fn skip_chars(&mut self, count: usize) {
        let rest = self.old.text.get(self.at..).unwrap_or_default();
        self.at += rest.chars().take(count).map(char::len_utf8).sum::<usize>();
    }

    /// Writes `c` with the reference's count of a change: 1 for a char that is new, 0 for one in place of
    /// the next, −n for one in place of the next with n more dropped.
    #[inline]
    pub(crate) fn push(&mut self, c: char, change: isize) {
        if change > 0 {
            self.insert(c);
        } else {
            self.put(c);
            if change < 0 {
                self.skip_chars(change.unsigned_abs());
            }
        }
    }

    /// What was written.
    pub(crate) fn finish(mut self) -> Rewritten {
        // Same chars in the same places, but fewer of them, still are where they were.
        if matches!(self.old.origin, Origin::Unknown(_)) {
            self.ranges = None;
        }
        Rewritten { text: self.out, ranges: self.ranges }
    }
}

/// Ranges of the bytes of `text`, which stands at `base`.
fn trace(text: &str, base: u32) -> Vec<(u32, u32)> {
    let mut ranges = Vec::with_capacity(text.len() + text.len() / 4 + 16);
    extend_trace(&mut ranges, text, base);
    ranges
}

fn extend_trace(ranges: &mut Vec<(u32, u32)>, text: &str, base: u32) {
    for (at, c) in text.char_indices() {
        let (start, len) = (base + at as u32, c.len_utf8());
        ranges.extend(core::iter::repeat_n((start, start + len as u32), len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chars_that_keep_their_length_stay_where_they_are() {
        let mut text = Text::new("AÉ z", 7, true);
        let mut rewriter = text.rewrite();
        rewriter.put('a');
        rewriter.put('é');
        rewriter.keep(2);
        let new = rewriter.finish();
        assert!(new.ranges.is_none());
        text.set(new);
        assert_eq!(text.as_str(), "aé z");
        assert_eq!(text.original(1, 2), Some((8, 10)));
        assert_eq!(text.original(2, 4), Some((8, 11)));
        assert_eq!(text.original(2, 9), None);
    }

    #[test]
    fn what_moves_keeps_the_range_it_came_from() {
        let mut text = Text::new("ab中c", 10, true);
        let mut rewriter = text.rewrite();
        rewriter.keep(1);
        rewriter.skip(1);
        rewriter.put(' ');
        rewriter.insert('中');
        rewriter.keep(1);
        text.set(rewriter.finish());
        assert_eq!(text.as_str(), "a 中c");
        assert_eq!(text.original(0, 1), Some((10, 11)));
        assert_eq!(text.original(1, 5), Some((12, 15)));
        assert_eq!(text.original(5, 6), Some((15, 16)));
        // In front of everything there is nothing to belong to.
        let mut rewriter = text.rewrite();
        rewriter.insert('x');
        rewriter.keep(6);
        text.set(rewriter.finish());
        assert_eq!(text.original(0, 1), Some((10, 10)));
        assert_eq!(text.original(0, 2), Some((10, 11)));
    }
}
