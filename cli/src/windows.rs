//! Long texts in parts, cut where it makes no difference.

use std::io::{self, Read};

use comptok::Tokenizer;
use comptok_core::added_tokens::{AddedFlags, added, added_len};
use comptok_core::blob::{Tables, flags};
use comptok_core::pre_tokenizer::safe_cut;

/// Where a tokenizer lets a text be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cuts {
    /// Nowhere: a long text is read whole.
    Never,
    /// At every [`safe_cut`].
    Anywhere,
    /// Where the part behind the cut begins with a space, since anything else would get one.
    BeforeSpace,
}

impl Cuts {
    pub(crate) fn of(tokenizer: &Tokenizer) -> Self {
        let tables = Tables::new(tokenizer.as_bytes(), tokenizer.header());
        let spoils = |index| {
            let token = added(&tables, index);
            token.is_none_or(|token| spoils_cuts(token.content, token.flags))
        };
        if !tables.has(flags::SAFE_CUT) || (0..added_len(&tables)).any(spoils) {
            Self::Never
        } else if tables.has(flags::PREFIX_SPACE) {
            Self::BeforeSpace
        } else {
            Self::Anywhere
        }
    }

    /// The last of those cuts in `text` that come first when it is searched from far, farther and
    /// farther behind. Text before `from` is known to have none.
    fn find(self, text: &[u8], from: usize) -> Option<usize> {
        let mut back = 256;
        loop {
            let start = text.len().saturating_sub(back).max(from);
            if let Some(cut) = self.first(text, start) {
                return Some(cut);
            }
            if start <= from {
                return None;
            }
            back = back.saturating_mul(4);
        }
    }

    fn first(self, text: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let cut = match self {
                Self::Never => return None,
                Self::Anywhere | Self::BeforeSpace => safe_cut(text, from)?,
            };
            if self == Self::Anywhere || text.get(cut) == Some(&b' ') {
                return Some(cut);
            }
            from = cut + 1;
        }
    }
}

/// Whether an added token may match across a cut, or match because of what is on the other side.
///
/// A char that is not ASCII counts as a letter: normalized, it may be one.
fn spoils_cuts(content: &[u8], token: AddedFlags) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let has = |flag| token.0 & flag != 0;
    let across = content.windows(2).any(|pair| is_letter(&pair[0]) && is_space(&pair[1]));
    let looks_left = has(AddedFlags::SINGLE_WORD) && content.first().is_some_and(is_space);
    let looks_right = has(AddedFlags::RSTRIP) && content.last().is_some_and(is_letter);
    across || looks_left || looks_right
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A part of a text. The ids of the parts, one after the other, are the ids of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'w> {
    pub(crate) text: &'w [u8],
    /// Bytes of the text before it.
    pub(crate) start: u64,
    /// Newlines before it.
    pub(crate) newlines: u64,
}

impl Window<'_> {
    /// The line of a byte in it, from 1.
    pub(crate) fn line(&self, at: usize) -> u64 {
        1 + self.newlines + newlines(self.text.get(..at).unwrap_or(self.text))
    }
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// A text in parts of about the wanted size: longer where there is no place to cut.
pub(crate) struct Windows<R> {
    reader: R,
    cuts: Cuts,
    size: usize,
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer that have been given out.
    given: usize,
    start: u64,
    newlines: u64,
    ended: bool,
}

impl<R: Read> Windows<R> {
    pub(crate) fn new(reader: R, cuts: Cuts, size: usize) -> Self {
        Self {
            reader,
            cuts,
            size,
            buffer: Vec::new(),
            given: 0,
            start: 0,
            newlines: 0,
            ended: false,
        }
    }

    pub(crate) fn next(&mut self) -> io::Result<Option<Window<'_>>> {
        self.start += self.given as u64;
        self.newlines += newlines(&self.buffer[..self.given]);
        self.buffer.drain(..self.given);
        let mut wanted = self.size;
        let mut searched = 0;
        self.given = loop {
            self.fill(wanted)?;
            if self.ended {
                break self.buffer.len();
            }
            if let Some(cut) = self.cuts.find(&self.buffer, searched) {
                break cut;
            }
            // Places are found from both their sides, and the last byte has but one.
            searched = self.buffer.len();
            wanted = wanted.saturating_mul(2);
        };
        let text = &self.buffer[..self.given];
        let window = Window { text, start: self.start, newlines: self.newlines };
        Ok((!text.is_empty()).then_some(window))
    }

    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let missing = wanted.saturating_sub(self.buffer.len()) as u64;
        if missing > 0 && !self.ended {
            let read = self.reader.by_ref().take(missing).read_to_end(&mut self.buffer)?;
            self.ended = (read as u64) < missing;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &[u8], cuts: Cuts, size: usize) -> Vec<String> {
        let mut windows = Windows::new(text, cuts, size);
        let mut parts = Vec::new();
        while let Some(window) = windows.next().expect("a slice can be read") {
            assert_eq!(window.start, parts.iter().map(String::len).sum::<usize>() as u64);
            assert_eq!(window.newlines, newlines(&text[..window.start as usize]));
            parts.push(String::from_utf8_lossy(window.text).into_owned());
        }
        parts
    }

    #[test]
    fn a_text_is_cut_before_white_space_only() {
        let text = b"one two\tthree, four\n five";
        let wanted = ["one", " two", "\tthree, four", "\n five"];
        assert_eq!(parts(text, Cuts::Anywhere, 1), wanted);
        assert_eq!(parts(text, Cuts::BeforeSpace, 1), ["one", " two\tthree, four\n five"]);
        assert_eq!(parts(text, Cuts::Never, 1), ["one two\tthree, four\n five"]);
        assert_eq!(parts(b"", Cuts::Anywhere, 1), [""; 0]);
    }

    #[test]
    fn no_window_is_lost_or_changed() {
        let text = "a b\nc  d \n\n12 3 é à ü b ".repeat(10);
        for size in 1..80 {
            for cuts in [Cuts::Never, Cuts::Anywhere, Cuts::BeforeSpace] {
                let parts = parts(text.as_bytes(), cuts, size);
                assert_eq!(parts.concat(), text);
                assert_eq!(parts.len() > 1, cuts != Cuts::Never, "{cuts:?} {size}");
            }
        }
    }

    #[test]
    fn tokens_that_reach_over_a_cut_are_noticed() {
        let flags = |bits| AddedFlags(bits);
        for content in ["<|end|>", "a", " a", "  ", "\n", "<a b>", "a. b"] {
            let across = content == "<a b>";
            assert_eq!(spoils_cuts(content.as_bytes(), flags(0)), across, "{content:?}");
        }
        assert!(spoils_cuts("\u{212A} b".as_bytes(), flags(0)));
        assert!(spoils_cuts(b" a", flags(AddedFlags::SINGLE_WORD)));
        assert!(!spoils_cuts(b"a", flags(AddedFlags::SINGLE_WORD)));
        assert!(spoils_cuts(b"<a", flags(AddedFlags::RSTRIP)));
        assert!(!spoils_cuts(b"<a>", flags(AddedFlags::RSTRIP | AddedFlags::LSTRIP)));
    }
}
