//! The pre-tokenizer for patterns that nobody wrote a scanner for: a deterministic automaton, baked into
//! one position-independent little-endian image.
//!
//! ```text
//! image   magic, version, 4 × (offset, length)     ─► main, rest, search, reverse (absent: length 0)
//! table   class of each byte, sizes, 3 start states, codes of the accepting states, transitions
//! ```
//! *main* matches at a place. It takes `\s+(?!\S)` for `\s+`, and its code says when that is what matched:
//! the walker then gives the last space back, and if it was the only one asks *rest*, which holds the
//! alternatives after that one. *search* and *reverse* find the next match, its end and then its
//! beginning, for patterns where to try one place after the other could take quadratic time.
//!
//! Text may be any bytes: one that is not part of a UTF-8 char counts as an unassigned char. Places are those
//! of chars, and so are the ends of parts.
//!
//! The image is checked where it is read: a damaged one gives wrong answers, but every walk ends.
//!
//! Time is in proportion to the text, unless the pattern itself looks far ahead at every place, only to take
//! little: `a|[ab]*c` on a long run of `a`. That is quadratic in the engines too.

use crate::unicode::utf8::{INVALID, decode};
use core::ops::Range;

/// First bytes of an image.
pub const MAGIC: [u8; 4] = *b"ctDF";
/// Changes whenever the layout or its meaning does.
pub const VERSION: u32 = 1;
/// Length of the image's header.
pub const HEADER_LEN: usize = 8 + 4 * 8;
/// Length of a table's header: classes, then states, classes, first accepting state, bytes per state,
/// three start states.
pub const TABLE_HEADER_LEN: usize = 256 + 7 * 4;

/// An alternative matches here.
pub const MATCH: u8 = 1;
/// `\s+(?!\S)`, taken for `\s+`, matches here.
pub const SPACE_TAIL: u8 = 2;
/// Place in a state's code of what holds before a newline. The lowest bits are for other bytes.
pub const BEFORE_NEWLINE: u32 = 2;
/// Place in a state's code of what holds at the end of the text.
pub const AT_END: u32 = 4;

/// Which part of a text comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Where it begins.
    pub start: usize,
    /// Where it ends, after `start`.
    pub end: usize,
    /// Whether the pattern matched it; else it lies between two matches.
    pub is_match: bool,
    /// Whether it could be another one if more text followed.
    pub touches_end: bool,
    /// Text from here on had no part in it.
    pub reach: usize,
}

impl Split {
    /// Its place in the text.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// A checked view of a baked pattern.
#[derive(Debug, Clone, Copy)]
pub struct Dfa<'a> {
    main: Table<'a>,
    rest: Option<Table<'a>>,
    search: Option<(Table<'a>, Table<'a>)>,
}

impl<'a> Dfa<'a> {
    /// Reads the header of an image, in constant time. `None` if it is no image or of another version.
    pub fn parse(image: &'a [u8]) -> Option<Self> {
        let (magic, after) = image.split_first_chunk::<4>()?;
        let (version, sections) = after.split_first_chunk::<4>()?;
        if *magic != MAGIC || u32::from_le_bytes(*version) != VERSION {
            return None;
        }
        let section = |number: usize| {
            let start = read(sections, number * 8)?;
            image.get(start..start.checked_add(read(sections, number * 8 + 4)?)?)
        };
        // A table that is there must be a sound one.
        let table = |number| match section(number)? {
            [] => Some(None),
            bytes => Table::parse(bytes).map(Some),
        };
        let search = match (table(2)?, table(3)?) {
            (Some(search), Some(reverse)) => Some((search, reverse)),
            (None, None) => None,
            _ => return None,
        };
        Some(Self { main: table(0)??, rest: table(1)?, search })
    }

    /// The part of `text` that begins at `start`: a match, or what lies before the next match. `None` at
    /// the end of the text.
    ///
    /// What is before `start` has no influence. A caller that drops or keeps what the pattern does not
    /// match goes by [`Split::is_match`].
    pub fn split_at(&self, text: &[u8], start: usize) -> Option<Split> {
        if start >= text.len() {
            return None;
        }
        let here = self.match_at(text, start);
        if let Some(end) = here.end {
            let Found { touches_end, reach, .. } = here;
            return Some(Split { start, end, is_match: true, touches_end, reach });
        }
        let Found { mut touches_end, mut reach, .. } = here;
        let next = start + decode(text, start).map_or(1, |(_, len)| len);
        let end = match &self.search {
            Some((search, reverse)) => {
                let found = search.walk(text, next);
                touches_end |= found.touches_end;
                reach = reach.max(found.reach);
                found.end.map(|end| reverse.walk_back(text, next, end))
            }
            None => {
                let mut at = next;
                loop {
                    let Some((_, len)) = decode(text, at) else { break None };
                    let there = self.match_at(text, at);
                    touches_end |= there.touches_end;
                    reach = reach.max(there.reach);
                    if there.end.is_some() {
                        break Some(at);
                    }
                    at += len;
                }
            }
        };
        touches_end |= end.is_none();
        Some(Split { start, end: end.unwrap_or(text.len()), is_match: false, touches_end, reach })
    }

    /// All parts of `text`.
    pub fn splits<'s>(&'s self, text: &'s [u8]) -> impl Iterator<Item = Split> + 's {
        let mut at = 0;
        core::iter::from_fn(move || {
            let split = self.split_at(text, at)?;
            at = split.end;
            Some(split)
        })
    }

    /// The match that begins at `start`.
    #[inline]
    fn match_at(&self, text: &[u8], start: usize) -> Found {
        let mut found = self.main.walk(text, start);
        let Some(end) = found.end.filter(|end| found.code == SPACE_TAIL && *end < text.len())
        else {
            return found;
        };
        // The run of white space ends before something else, so the pattern leaves its last char.
        let back = char_start(text, end);
        found.end = Some(back).filter(|back| *back > start);
        if let (None, Some(rest)) = (found.end, &self.rest) {
            let other = rest.walk(text, start);
            found.end = other.end;
            found.touches_end |= other.touches_end;
            found.reach = found.reach.max(other.reach);
        }
        found
    }
}

/// Where a match ends.
#[derive(Debug, Clone, Copy)]
struct Found {
    end: Option<usize>,
    code: u8,
    /// The walk came to the end of the text.
    touches_end: bool,
    /// What is beyond was not looked at.
    reach: usize,
}

/// One automaton. State 0 is the dead one, and the accepting states come last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    classes: &'a [u8; 256],
    class_count: usize,
    first_accepting: usize,
    starts: [usize; 3],
    codes: &'a [u8],
    transitions: Transitions<'a>,
}

/// The next states, a row of one per class for each state.
#[derive(Debug, Clone, Copy)]
enum Transitions<'a> {
    Narrow(&'a [[u8; 2]]),
    Wide(&'a [[u8; 4]]),
}

impl<'a> Table<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (classes, after) = bytes.split_first_chunk::<256>()?;
        let field = |number: usize| read(after, number * 4);
        let (states, class_count, first_accepting) = (field(0)?, field(1)?, field(2)?);
        let codes_end = TABLE_HEADER_LEN.checked_add(states.checked_sub(first_accepting)?)?;
        let codes = bytes.get(TABLE_HEADER_LEN..codes_end)?;
        let rows = bytes.get(codes_end..)?;
        let width = field(3)?;
        if rows.len() != states.checked_mul(class_count)?.checked_mul(width)? {
            return None;
        }
        let transitions = match width {
            2 => Transitions::Narrow(rows.as_chunks().0),
            4 => Transitions::Wide(rows.as_chunks().0),
            _ => return None,
        };
        let starts = [field(4)?, field(5)?, field(6)?];
        Some(Self { classes, class_count, first_accepting, starts, codes, transitions })
    }

    /// Where it begins.
    #[inline]
    pub(super) fn start(&self) -> usize {
        self.starts[0]
    }

    /// Whether it accepts in `state`, whatever comes next.
    #[inline]
    pub(super) fn accepts(&self, state: usize) -> bool {
        state >= self.first_accepting && self.code(state, None) != 0
    }

    /// The state after `state` and `byte`.
    #[inline]
    pub(super) fn next(&self, state: usize, byte: u8) -> usize {
        let class = usize::from(self.classes[usize::from(byte)]);
        // It wraps only if the image is damaged, on 32 bits.
        let at = state.wrapping_mul(self.class_count).wrapping_add(class);
        match self.transitions {
            Transitions::Narrow(rows) => {
                rows.get(at).map_or(0, |id| u16::from_le_bytes(*id).into())
            }
            Transitions::Wide(rows) => {
                rows.get(at).map_or(0, |id| u32::from_le_bytes(*id) as usize)
            }
        }
    }

    /// What holds in `state` before `next`, the end of the text if that is `None`.
    #[inline]
    fn code(&self, state: usize, next: Option<u8>) -> u8 {
        let Some(index) = state.checked_sub(self.first_accepting) else { return 0 };
        let shift = match next {
            None => AT_END,
            Some(b'\n') => BEFORE_NEWLINE,
            Some(_) => 0,
        };
        self.codes.get(index).map_or(0, |codes| codes >> shift & 3)
    }

    /// The state after the char at `at`, and its length.
    #[inline]
    fn step(&self, state: usize, text: &[u8], at: usize) -> (usize, usize) {
        let Some(&byte) = text.get(at) else { return (0, 1) };
        if byte.is_ascii() {
            return (self.next(state, byte), 1);
        }
        let (bytes, len) = match decode(text, at) {
            Some((c, len)) if c < INVALID => (text.get(at..at + len).unwrap_or_default(), len),
            _ => (STAND_IN, 1),
        };
        (bytes.iter().fold(state, |state, byte| self.next(state, *byte)), len)
    }

    /// The last place after `start` where the automaton, begun at `start`, accepts.
    #[inline]
    fn walk(&self, text: &[u8], start: usize) -> Found {
        let mut state = self.starts[0];
        let mut found = Found { end: None, code: 0, touches_end: false, reach: text.len() };
        let mut at = start;
        while at < text.len() {
            let len;
            (state, len) = self.step(state, text, at);
            at += len;
            if state == 0 {
                // The last bytes may be the beginning of a char.
                found.touches_end = at + 3 > text.len() && at > cut_char(text);
                // A byte that is no char may have been the beginning of one.
                found.reach = at + 3;
                return found;
            }
            if state >= self.first_accepting {
                let code = self.code(state, text.get(at).copied());
                if code != 0 {
                    (found.end, found.code) = (Some(at), code);
                }
            }
        }
        found.touches_end = true;
        found
    }

    /// The first place, not before `first`, from where the automaton, begun at `end` and going back,
    /// accepts; one byte before `end` if there is none.
    fn walk_back(&self, text: &[u8], first: usize, end: usize) -> usize {
        let mut state = match text.get(end) {
            None => self.starts[0],
            Some(b'\n') => self.starts[1],
            Some(_) => self.starts[2],
        };
        let mut found = end.saturating_sub(1);
        let mut at = end;
        while at > first {
            let start = char_start(text, at);
            let bytes = match decode(text, start) {
                Some((c, _)) if c < INVALID => text.get(start..at).unwrap_or_default(),
                _ => STAND_IN,
            };
            state = bytes.iter().rfold(state, |state, byte| self.next(state, *byte));
            at = start;
            if state == 0 {
                break;
            }
            if self.code(state, None) != 0 {
                found = at;
            }
        }
        found.max(first)
    }
}

/// What the automaton sees in place of a byte that is not part of a char: the UTF-8 of U+FDD0, which will
/// never be assigned.
const STAND_IN: &[u8] = b"\xEF\xB7\x90";

/// Where the char begins that the end of `text` cuts; its length if there is none.
fn cut_char(text: &[u8]) -> usize {
    let mut starts = (1..=3).filter_map(|len| text.len().checked_sub(len));
    let is_cut = |start: &usize| {
        let tail = text.get(*start..).unwrap_or_default();
        core::str::from_utf8(tail).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
    };
    starts.find(is_cut).unwrap_or(text.len())
}

/// The start of the char, or of the lone byte, that ends at `end` > 0.
fn char_start(text: &[u8], end: usize) -> usize {
    let mut starts = (1..=4).filter_map(|len| end.checked_sub(len)).rev();
    let is_start = |start: &usize| decode(text, *start).is_some_and(|(_, len)| start + len == end);
    starts.find(is_start).unwrap_or(end - 1)
}

/// The u32 at `at`.
pub(super) fn read(bytes: &[u8], at: usize) -> Option<usize> {
    let value = u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    usize::try_from(value).ok()
}
