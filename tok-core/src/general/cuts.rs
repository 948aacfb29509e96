//! Where raw text may be cut: bake has proven that both sides give the tokens of the whole.

use crate::{
    Kernel,
    unicode::{graphemes, sets},
};

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

/// What a block of 64 bytes leaves to the next one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carry {
    /// The last byte is a space; one beyond ASCII.
    blank: u64,
    wide: u64,
    /// Cuts behind a char that goes on there.
    cuts: u64,
}

impl Cuts {
    /// The cuts in the 64 bytes from `base` on, a bit for each byte that begins a word (the first byte of the
    /// text is left out, or not). Blocks follow one another.
    #[inline(always)]
    pub(super) fn block(self, kernel: Kernel, text: &str, base: usize, carry: &mut Carry) -> u64 {
        let rest = text.as_bytes().get(base..).unwrap_or_default();
        let masks = match rest.first_chunk::<64>() {
            Some(block) => kernel.masks(block),
            None => kernel.masks(&padded(rest)),
        };
        let mut cuts = masks.blank & !(masks.blank << 1 | carry.blank) | carry.cuts;
        carry.cuts = 0;
        if self.newline && masks.newline != 0 {
            cuts |= lines(text.as_bytes(), base, masks.newline);
        }
        if (masks.wide | carry.wide) != 0 {
            if self.clusters {
                cuts = joined(text, base, cuts, masks.wide << 1 | carry.wide);
            }
            if self.chinese {
                cuts |= chinese(text, base, masks.wide, carry);
            }
        }
        carry.blank = masks.blank >> 63;
        carry.wide = masks.wide >> 63;
        cuts
    }
}

/// Zeros cut nothing.
#[cold]
fn padded(rest: &[u8]) -> [u8; 64] {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    block
}

/// Cuts before line feeds.
#[inline]
fn lines(text: &[u8], base: usize, mut newlines: u64) -> u64 {
    let mut cuts = 0;
    while newlines != 0 {
        let bit = newlines.trailing_zeros();
        newlines &= newlines - 1;
        let at = base + bit as usize;
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        if text.get(at) == Some(&b'\n') && before != Some(&b'\r') {
            cuts |= 1 << bit;
        }
    }
    cuts
}

/// Leaves out cuts behind a char beyond ASCII that joins with the space.
#[inline]
fn joined(text: &str, base: usize, mut cuts: u64, behind_wide: u64) -> u64 {
    let mut asked = cuts & behind_wide;
    while asked != 0 {
        let bit = asked.trailing_zeros();
        asked &= asked - 1;
        let before = text.get(..base + bit as usize).unwrap_or_default().chars().next_back();
        // Below U+0600, and from there up to the supplementary planes, nothing joins with what follows.
        let may = |c: char| matches!(c, '\u{600}'..'\u{2000}' | '\u{10000}'..);
        if before.is_some_and(|c| may(c) && graphemes::joins(c, ' ', false)) {
            cuts &= !(1 << bit);
        }
    }
    cuts
}

/// Cuts around Chinese characters.
#[inline]
fn chinese(text: &str, base: usize, wide: u64, carry: &mut Carry) -> u64 {
    let bytes = text.as_bytes();
    let block = bytes.get(base..).unwrap_or_default();
    let block = block.get(..64).unwrap_or(block);
    // U+3000 and up. Most other text has none.
    if !block.iter().fold(false, |any, &byte| any | (byte >= 0xE3)) {
        return 0;
    }
    let (mut cuts, mut rest) = (0u64, wide);
    while rest != 0 {
        let bit = rest.trailing_zeros();
        rest &= rest - 1;
        let at = base + bit as usize;
        if bytes.get(at).is_none_or(|&byte| byte < 0xE3) {
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { continue };
        if is_chinese(c) {
            cuts |= 1 << bit;
            let behind = 1u128 << (bit as usize + c.len_utf8());
            cuts |= behind as u64;
            carry.cuts |= (behind >> 64) as u64;
        }
    }
    cuts
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
    fn blocks_cut_as_words_do() {
        let part = "some words, \n\r\n  naïve été  中文 x中 \u{600} y\u{600} \u{110BD} z 漢字かな交じり文 \u{20000}\u{20001}! ";
        let kernel = Kernel::detect();
        for flags in 0..8 {
            let cuts =
                Cuts { newline: flags & 1 != 0, chinese: flags & 2 != 0, clusters: flags & 4 != 0 };
            for skip in 0..70 {
                let text = "-".repeat(skip) + &part.repeat(3);
                let (mut wanted, mut at) = (Vec::new(), 0);
                while at < text.len() {
                    at = cuts.slow_end(&text, at);
                    wanted.push(at);
                }
                let (mut found, mut carry) = (Vec::new(), Carry::default());
                for base in (0..text.len()).step_by(64) {
                    let block = cuts.block(kernel, &text, base, &mut carry);
                    found.extend((0..64).filter(|bit| block >> bit & 1 != 0).map(|bit| base + bit));
                }
                found.retain(|&at| at > 0 && at < text.len());
                found.push(text.len());
                assert_eq!(found, wanted, "{flags}, {skip}");
            }
        }
    }

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
