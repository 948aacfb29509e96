//! Where raw text may be cut: bake has proven that both sides give the tokens of the whole.

use crate::unicode::{graphemes, sets};

/// Bits of [`Settings::cuts`](super::steps::Settings::cuts); 0 where nothing is proven.
pub mod cut {
    /// Before a space that follows another char.
    pub const SPACE: u8 = 1;
    /// Before a line feed that follows anything but a carriage return.
    pub const NEWLINE: u8 = 2;
    /// On both sides of a Chinese character, as BERT counts them.
    pub const CHINESE: u8 = 4;
    /// Only where the left side, normalized, ends neither in white space nor in ▁.
    pub const STRICT: u8 = 8;
    /// Only where the model cuts before ▁ too.
    pub const MODEL: u8 = 16;
    /// The beginning of a text is not as the other words.
    pub const FIRST: u8 = 32;
    /// Only where the char before does not join with the space.
    pub const CLUSTERS: u8 = 64;
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// A bit on top of each zero byte; of those behind the first one there may be more.
#[inline(always)]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// Finds the words of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cuts {
    newline: bool,
    chinese: bool,
    clusters: bool,
}

impl Cuts {
    pub(super) const fn new(cuts: u8) -> Self {
        Self {
            newline: cuts & cut::NEWLINE != 0,
            chinese: cuts & cut::CHINESE != 0,
            clusters: cuts & cut::CLUSTERS != 0,
        }
    }

    /// Where the word that begins at `start` ends.
    #[inline(always)]
    pub(super) fn end(self, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        // Most words are short, and most of those plain. The first char never ends a word.
        if let Some(rest) = bytes.get(start..)
            && let Some(head) = rest.first_chunk::<16>()
            && head[0] < 0x80
        {
            let (words, _) = head.as_chunks::<8>();
            let mut skip = u64::MAX << 8;
            for (i, word) in words.iter().enumerate() {
                let word = u64::from_le_bytes(*word);
                let mut stops = zeros(word ^ (LOW * 0x20)) | word & HIGH;
                stops |= zeros(word ^ (LOW * 0x0A)) & if self.newline { u64::MAX } else { 0 };
                stops &= skip;
                if stops != 0 {
                    let at = 8 * i + stops.trailing_zeros() as usize / 8;
                    // A run of spaces belongs to one word, and a char that is not plain is looked at.
                    let before = head[at - 1];
                    if head[at] < 0x80 && before != b' ' && before != b'\r' {
                        return start + at;
                    }
                    break;
                }
                skip = u64::MAX;
            }
        }
        self.slow_end(text, start)
    }

    /// As `end`, char by char.
    fn slow_end(self, text: &str, start: usize) -> usize {
        let rest = text.get(start..).unwrap_or_default();
        let mut chars = rest.char_indices();
        let Some((_, mut before)) = chars.next() else { return text.len() };
        if self.chinese && is_chinese(before) {
            return start + before.len_utf8();
        }
        for (at, c) in chars {
            let cuts = match c {
                ' ' => before != ' ' && !(self.clusters && graphemes::joins(before, ' ', false)),
                '\n' => self.newline && before != '\r',
                c => self.chinese && is_chinese(c),
            };
            if cuts {
                return start + at;
            }
            before = c;
        }
        text.len()
    }
}

#[inline]
fn is_chinese(c: char) -> bool {
    c >= '\u{3400}' && sets::is_bert_chinese(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn plain_words_and_others() {
        let all = Cuts::new(cut::SPACE | cut::NEWLINE | cut::CHINESE);
        let cut = |cuts: Cuts, text: &'static str| {
            let (mut words, mut at) = (Vec::new(), 0);
            while at < text.len() {
                let end = cuts.end(text, at);
                words.push(&text[at..end]);
                at = end;
            }
            words
        };
        for (text, wanted) in [
            ("a few words", &["a", " few", " words"][..]),
            ("  run  of spaces ", &["  run", "  of", " spaces", " "]),
            (
                "x\ny\r\nz and some more of it",
                &["x", "\ny\r\nz", " and", " some", " more", " of", " it"],
            ),
            ("né d'été 中文ab", &["né", " d'été", " ", "中", "文", "ab"]),
        ] {
            assert_eq!(cut(all, text), wanted);
        }
        assert_eq!(cut(Cuts::new(cut::SPACE), "a\nb 中c d"), ["a\nb", " 中c", " d"]);
        let clusters = Cuts::new(cut::SPACE | cut::CLUSTERS);
        assert_eq!(cut(clusters, "a\u{600} b c"), ["a\u{600} b", " c"]);
        // The fast way and the slow one agree.
        let text =
            "some words, of which a few are long: antidisestablishmentarianism\n\nnaïve 中文 end";
        for cuts in [all, Cuts::new(cut::SPACE)] {
            for (at, _) in text.char_indices() {
                assert_eq!(cuts.end(text, at), cuts.slow_end(text, at), "{at}");
            }
        }
    }
}
