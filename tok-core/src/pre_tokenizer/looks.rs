//! The pre-tokenizer for patterns that look around in ways that no automaton over the text alone can follow:
//! look-ahead, look-behind, boundaries of words, and matches of nothing.
//!
//! ```text
//! image   magic, version, looks, those ahead, 9 × (offset, length)
//!         ─► main, search and reverse (absent: length 0), a table for each look
//! table   as in [`super::dfa`]
//! ```
//! Whether a look holds is found for all places of a text in one pass, from its end for those ahead, from its
//! beginning for the others. Each place has a *mark* then, a bit for each look, and automata read the marks between
//! the chars: a mark is one or two bytes that UTF-8 does not have. A look may depend on the looks before it, so it is
//! an automaton that reads marks, too. *main* matches at a place. *search* and *reverse* find the end of the next match
//! and its beginning, for patterns where to try one place after the other could take quadratic time.
//!
//! The image is checked where it is read: a damaged one gives wrong answers, but every walk ends. Time is in
//! proportion to the text, as far as [`super::dfa`] says so.

use super::dfa::{Table, read};

/// First bytes of an image.
pub const MAGIC: [u8; 4] = *b"ctLK";
/// Changes whenever the layout or its meaning does.
pub const VERSION: u32 = 1;
/// The most looks of a pattern.
pub const MAX_LOOKS: usize = 6;
/// Length of the image's header.
pub const HEADER_LEN: usize = 16 + (3 + MAX_LOOKS) * 8;
/// A byte of a mark has this and three bits.
pub const MARK: u8 = 0xF8;
/// Up to here a mark is one byte.
pub const NARROW: usize = 3;

/// A checked view of a baked pattern.
#[derive(Debug, Clone, Copy)]
pub struct Looks<'a> {
    main: Table<'a>,
    search: Option<(Table<'a>, Table<'a>)>,
    /// Whether it looks ahead, and its table.
    looks: [Option<(bool, Table<'a>)>; MAX_LOOKS],
    is_wide: bool,
}

impl<'a> Looks<'a> {
    /// Reads the header of an image, in constant time. `None` if it is no image or of another version.
    pub fn parse(image: &'a [u8]) -> Option<Self> {
        let (header, _) = image.split_first_chunk::<HEADER_LEN>()?;
        let (magic, fields) = header.split_first_chunk::<4>()?;
        if *magic != MAGIC || read(fields, 0)? != VERSION as usize {
            return None;
        }
        let (count, ahead) = (read(fields, 4)?, read(fields, 8)?);
        // A table that is there must be a sound one.
        let table = |number: usize| {
            let start = read(fields, 12 + number * 8)?;
            let end = start.checked_add(read(fields, 12 + number * 8 + 4)?)?;
            match image.get(start..end)? {
                [] => Some(None),
                bytes => Table::parse(bytes).map(Some),
            }
        };
        let mut looks = [None; MAX_LOOKS];
        for (number, look) in looks.get_mut(..count)?.iter_mut().enumerate() {
            *look = Some((ahead >> number & 1 == 1, table(3 + number)??));
        }
        let search = match (table(1)?, table(2)?) {
            (Some(search), Some(reverse)) => Some((search, reverse)),
            (None, None) => None,
            _ => return None,
        };
        Some(Self { main: table(0)??, search, looks, is_wide: count > NARROW })
    }

    /// Calls `each` with the parts of `text` in order, and whether the pattern matches them. They cover the text, and an
    /// empty one has none. As with Oniguruma's iterator, a match of nothing does not follow a match immediately.
    ///
    /// `marks` has one byte for each byte of the text and one more; what is in it does not matter. With fewer, the
    /// text is one part.
    pub fn find(&self, text: &str, marks: &mut [u8], mut each: impl FnMut(usize, usize, bool)) {
        if text.is_empty() {
            return;
        }
        let mut end_of_last = 0;
        if let Some(marks) = marks.get_mut(..=text.len()) {
            self.mark(text, marks);
            let mut at = 0;
            let mut last_match = None;
            let mut barren = Stretch::default();
            while at <= text.len() {
                let found = self.next_match(text, marks, at, &mut barren);
                let Some((start, end)) = found else { break };
                if start == end && last_match == Some(end) {
                    at += char_len(text, at);
                    continue;
                }
                if end_of_last < start {
                    each(end_of_last, start, false);
                }
                each(start, end, true);
                (at, end_of_last, last_match) = (end, end, Some(end));
            }
        }
        if end_of_last < text.len() {
            each(end_of_last, text.len(), false);
        }
    }

    /// Sets the bits of each place.
    fn mark(&self, text: &str, marks: &mut [u8]) {
        marks.fill(0);
        for (number, (ahead, table)) in self.looks.iter().flatten().enumerate() {
            let mut state = table.start();
            let mut at = if *ahead { text.len() } else { 0 };
            loop {
                state = self.after_mark(table, state, marks[at], *ahead);
                marks[at] |= u8::from(table.accepts(state)) << number;
                let Some((next, after)) = step(table, state, text, at, *ahead) else { break };
                (at, state) = (next, after);
            }
        }
    }

    /// The first match from `from` on.
    fn next_match(
        &self,
        text: &str,
        marks: &[u8],
        from: usize,
        barren: &mut Stretch,
    ) -> Option<(usize, usize)> {
        let mut match_at = |start| Some((start, self.match_at(text, marks, start, barren)?));
        let mut places = (from..=text.len()).filter(|at| text.is_char_boundary(*at));
        let Some((search, reverse)) = &self.search else { return places.find_map(match_at) };
        if let Some(found) = match_at(places.next()?) {
            return Some(found);
        }
        let next = places.next()?;
        let end = self.walk(search, text, marks, (next, text.len()), false)?;
        let start = self.walk(reverse, text, marks, (end, next), true);
        Some((start.unwrap_or(end), end))
    }

    /// The end of the match that begins at `start`. A pattern that looks far ahead to take little, as `\s*\n|\s{9}`
    /// does where there are many spaces, would take quadratic time: so it is remembered where that was in vain.
    fn match_at(
        &self,
        text: &str,
        marks: &[u8],
        start: usize,
        barren: &mut Stretch,
    ) -> Option<usize> {
        let (mut state, mut at, mut found) = (self.main.start(), start, None);
        let (mut here, mut long) = (Stretch::default(), Stretch::default());
        loop {
            state = self.after_mark(&self.main, state, marks[at], false);
            if self.main.accepts(state) {
                found = Some(at);
            }
            if state != here.state {
                here = Stretch { state, from: at, to: at };
            } else if at - here.from >= LONG_STRETCH {
                long = Stretch { to: at, ..here };
            }
            if state == 0 || barren.has(state, at) {
                break;
            }
            let Some((next, after)) = step(&self.main, state, text, at, false) else { break };
            (at, state) = (next, after);
        }
        if found < Some(long.from) && long.state != 0 {
            *barren = long;
        }
        found
    }

    /// The last place where `table` accepts on its way.
    fn walk(
        &self,
        table: &Table<'_>,
        text: &str,
        marks: &[u8],
        (from, to): (usize, usize),
        back: bool,
    ) -> Option<usize> {
        let (mut state, mut at, mut found) = (table.start(), from, None);
        loop {
            state = self.after_mark(table, state, marks[at], back);
            if table.accepts(state) {
                found = Some(at);
            }
            if state == 0 || at == to {
                return found;
            }
            let Some((next, after)) = step(table, state, text, at, back) else { return found };
            (at, state) = (next, after);
        }
    }

    #[inline]
    fn after_mark(&self, table: &Table<'_>, state: usize, mark: u8, back: bool) -> usize {
        let (low, high) = (MARK | mark & 7, MARK | mark >> 3 & 7);
        match (self.is_wide, back) {
            (false, _) => table.next(state, low),
            (true, false) => table.next(table.next(state, low), high),
            (true, true) => table.next(table.next(state, high), low),
        }
    }
}

/// Places where an automaton is in the same state.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    state: usize,
    from: usize,
    to: usize,
}

impl Stretch {
    #[inline]
    fn has(&self, state: usize, at: usize) -> bool {
        state == self.state && (self.from..=self.to).contains(&at)
    }
}

/// From how many bytes on a stretch is worth remembering.
const LONG_STRETCH: usize = 64;

/// The place and the state behind the next char, in front of the last one if it goes `back`.
#[inline]
fn step(
    table: &Table<'_>,
    state: usize,
    text: &str,
    at: usize,
    back: bool,
) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if back {
        let start = (0..at).rev().find(|start| text.is_char_boundary(*start))?;
        let state = bytes[start..at].iter().rfold(state, |state, byte| table.next(state, *byte));
        return Some((start, state));
    }
    let end = at + char_len(text, at);
    let char = bytes.get(at..end)?;
    Some((end, char.iter().fold(state, |state, byte| table.next(state, *byte))))
}

/// The length of the char at `at`; 1 at the end.
fn char_len(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}
