//! Where raw text may be cut: bake has proven that both sides give the tokens of the whole.

use crate::{
    Kernel,
    kernel::{Letters, Masks},
    swar,
    unicode::{graphemes, sets},
};

/// Bits of [`Settings::cuts`](super::steps::Settings::cuts); 0 where nothing is proven.
pub mod cut {
    /// Before a space that follows another char.
    pub const SPACE: u16 = 1;
    /// Before a line feed that follows anything but a carriage return.
    pub const NEWLINE: u16 = 2;
    /// On both sides of a Chinese character, as BERT counts them.
    pub const CHINESE: u16 = 4;
    /// Only where the left side, normalized, ends neither in white space nor in ▁.
    pub const STRICT: u16 = 8;
    /// Only where the model cuts before ▁ too.
    pub const MODEL: u16 = 16;
    /// The beginning of a text is not as the other words.
    pub const FIRST: u16 = 32;
    /// Only where the char before does not join with the space.
    pub const CLUSTERS: u16 = 64;
    /// On both sides of punctuation, as BERT counts it.
    pub const PUNCTUATION: u16 = 128;
    /// Before a line feed that follows an ASCII letter or digit.
    pub const LINE: u16 = 256;
    /// Before spaces only behind ASCII letters, digits and punctuation.
    pub const ASCII: u16 = 512;
    /// Where letters and marks are cut off from each other, parts end and begin.
    pub const MARKS: u16 = 1024;
}

/// What separates words.
pub(super) const BREAKS: [char; 2] = [' ', '\n'];

/// Whether no word of 4096 bytes and more has a mark to be cut at: where sums of scores are near to each other, what
/// stands between a space and a mark is encoded anew.
pub(super) fn has_short_words(text: &str) -> bool {
    // With the first byte of the next one.
    let mut parts =
        (0..text.len()).step_by(2047).filter_map(|at| text.as_bytes().get(at..at + 2048));
    let is_cut = |two: &[u8]| {
        let [left, right] = [two[0], two[1]].map(|byte| MARKS[usize::from(byte)]);
        (left | right) & LETTER != 0 && (left | right) as u32 != 0
    };
    let has_break = |part: &[u8]| part.iter().any(|byte| matches!(byte, b' ' | b'\n'));
    parts.all(|part| has_break(part) || !part.windows(2).any(is_cut))
}

/// The bit of an ASCII punctuation mark; 0 for what is none.
pub const fn mark(byte: u8) -> u32 {
    match byte {
        b'!'..=b'/' => 1 << (byte - b'!'),
        b':'..=b'@' => 1 << (byte - b':' + 15),
        b'['..=b'`' => 1 << (byte - b'[' + 22),
        b'{'..=b'~' => 1 << (byte - b'{' + 28),
        _ => 0,
    }
}

/// What a byte is to marks: the bit of one, or these.
static MARKS: [u64; 256] = {
    let mut marks = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        marks[byte] = match b {
            b' ' => BLANK,
            b'\n' | 0x80.. => OTHER,
            b'\t' | 0x0B..=b'\r' => OTHER_BLANK,
            _ if b.is_ascii_alphabetic() => LETTER,
            _ => mark(b) as u64,
        };
        byte += 1;
    }
    marks
};
const LETTER: u64 = 1 << 32;
const BLANK: u64 = 1 << 33;
/// To be looked at.
const OTHER: u64 = 1 << 34;
/// White space but for spaces and line feeds.
const OTHER_BLANK: u64 = 1 << 35;

/// Finds the words of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cuts {
    /// At line feeds; behind ASCII letters and digits only.
    newline: bool,
    lines: bool,
    chinese: bool,
    clusters: bool,
    punctuation: bool,
    /// Bits of [`mark`].
    marks: u32,
    /// Those behind which a space is no cut.
    open: u32,
    /// ASCII white space belongs together, so that spaces and line feeds behind some are no cuts.
    blanks: bool,
    /// A space is a cut behind ASCII letters, digits and marks only.
    ascii: bool,
}

/// What a byte is to punctuation: part of a word, or looked at.
static INSIDE: [bool; 256] = {
    let mut inside = [true; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        inside[byte] = b < 0x80 && !b.is_ascii_punctuation() && b != b' ' && b != b'\n';
        byte += 1;
    }
    inside
};

impl Cuts {
    pub(super) const fn new(cuts: u16, marks: u32) -> Self {
        Self {
            marks,
            open: 0,
            blanks: false,
            ascii: cuts & cut::ASCII != 0,
            newline: cuts & cut::NEWLINE != 0,
            lines: cuts & cut::LINE != 0,
            chinese: cuts & cut::CHINESE != 0,
            clusters: cuts & cut::CLUSTERS != 0,
            punctuation: cuts & cut::PUNCTUATION != 0,
        }
    }

    /// The same for all steps: no cuts at spaces behind the marks of `open`, which tokens join with them. Where a cut
    /// behind white space is none anyway, what is on both sides is one word, which may be known.
    pub(super) const fn for_steps(cuts: u16, marks: u32, open: u32) -> Self {
        Self { open, blanks: cuts & cut::STRICT != 0, ..Self::new(cuts, marks) }
    }

    /// Whether a space behind this byte is no cut.
    #[inline(always)]
    fn is_open(self, before: u8) -> bool {
        self.open != 0 && self.open & mark(before) != 0
            || self.blanks && matches!(before, b'\t'..=b'\r')
            || self.ascii && !before.is_ascii_graphic()
    }

    /// As `is_open`, for a char.
    #[inline]
    fn is_open_char(self, before: char) -> bool {
        u8::try_from(before).map_or(self.ascii, |before| self.is_open(before))
    }

    /// Where the word that begins at `start` ends.
    #[inline(always)]
    pub(super) fn end(self, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        if self.punctuation {
            return self.end_of_part(text, start);
        }
        if self.marks != 0 {
            return self.end_at_marks(text, start);
        }
        // Most words are short, and most of those plain. The first char never ends a word.
        if let Some(rest) = bytes.get(start..)
            && let Some(head) = rest.first_chunk::<16>()
            && head[0] < 0x80
        {
            let (words, _) = head.as_chunks::<8>();
            let mut skip = u64::MAX << 8;
            for (i, word) in words.iter().enumerate() {
                let word = u64::from_le_bytes(*word);
                let mut stops = swar::zeros(word ^ swar::all(b' ')) | word & swar::HIGH;
                let at_lines = if self.newline || self.lines { u64::MAX } else { 0 };
                stops |= swar::zeros(word ^ swar::all(b'\n')) & at_lines;
                stops &= skip;
                if stops != 0 {
                    let at = 8 * i + stops.trailing_zeros() as usize / 8;
                    // A run of spaces belongs to one word, and a char that is not plain is looked at.
                    let before = head[at - 1];
                    let is_plain = before != b' '
                        && before != b'\r'
                        && !self.is_open(before)
                        && (!self.lines || head[at] == b' ' || before.is_ascii_alphanumeric());
                    if head[at] < 0x80 && is_plain {
                        return start + at;
                    }
                    break;
                }
                skip = u64::MAX;
            }
        }
        self.slow_end(text, start)
    }

    /// As `end`, where there are cuts at punctuation: most words are plain there too.
    #[inline]
    fn end_of_part(self, text: &str, start: usize) -> usize {
        let bytes = text.as_bytes();
        if let Some((&first, rest)) = bytes.get(start..).and_then(<[u8]>::split_first)
            && first < 0x80
            && !first.is_ascii_punctuation()
        {
            let plain = rest.iter().position(|&byte| !INSIDE[usize::from(byte)]);
            let Some(plain) = plain else { return text.len() };
            let at = start + 1 + plain;
            let before = bytes[at - 1];
            if bytes[at] < 0x80 && before != b' ' && before != b'\r' {
                return at;
            }
        }
        self.slow_end(text, start)
    }

    /// As `end`, where there are cuts between marks and letters: byte by byte, as long as it is plain.
    #[inline]
    fn end_at_marks(self, text: &str, start: usize) -> usize {
        let mut bytes = text.as_bytes().get(start..).unwrap_or_default().iter().zip(start..);
        let Some((&first, _)) = bytes.next() else { return text.len() };
        let (mut before, mut last) = (MARKS[usize::from(first)], first);
        for (&byte, at) in bytes {
            let this = MARKS[usize::from(byte)];
            if (before | this) & OTHER != 0 {
                return self.slow_end(text, start);
            }
            let is_mark = |what: u64| what & u64::from(self.marks) != 0;
            let is_open = before & u64::from(self.open) != 0
                || self.blanks && before & OTHER_BLANK != 0
                || self.ascii && !last.is_ascii_graphic();
            let cuts = this & !before & BLANK != 0 && !is_open
                || before & LETTER != 0 && is_mark(this)
                || this & LETTER != 0 && is_mark(before);
            if cuts {
                return at;
            }
            (before, last) = (this, byte);
        }
        text.len()
    }

    /// As `end`, char by char.
    fn slow_end(self, text: &str, start: usize) -> usize {
        let rest = text.get(start..).unwrap_or_default();
        let mut chars = rest.char_indices();
        let Some((_, mut before)) = chars.next() else { return text.len() };
        if self.stands_alone(before) {
            return start + before.len_utf8();
        }
        for (at, c) in chars {
            let cuts = match c {
                ' ' => {
                    before != ' '
                        && !self.is_open_char(before)
                        && !(self.clusters && graphemes::joins(before, ' ', false))
                }
                '\n' if self.lines => before.is_ascii_alphanumeric(),
                '\n' => {
                    self.newline
                        && before != '\r'
                        && !(self.blanks && matches!(before, ' ' | '\t'..='\r'))
                }
                c => self.stands_alone(c) || self.are_apart(before, c),
            };
            if cuts {
                return start + at;
            }
            before = c;
        }
        text.len()
    }

    /// Whether one is an ASCII letter and the other a mark that is cut off from it.
    #[inline]
    fn are_apart(self, before: char, c: char) -> bool {
        let cuts = |c: char| u8::try_from(c).is_ok_and(|byte| self.marks & mark(byte) != 0);
        before.is_ascii_alphabetic() && cuts(c) || cuts(before) && c.is_ascii_alphabetic()
    }

    /// Of the marks in a block, those that are cut off from letters.
    #[inline(always)]
    fn cutting(self, block: &[u8], marks: u64) -> u64 {
        if self.marks == u32::MAX { marks } else { among(block, marks, self.marks) }
    }

    /// Whether there are cuts on both sides of a char.
    #[inline]
    fn stands_alone(self, c: char) -> bool {
        self.chinese && is_chinese(c) || self.punctuation && is_punctuation(c)
    }
}

/// The ends of the words of a text, one after the other.
#[derive(Debug)]
pub(super) struct Ends<'t> {
    cuts: Cuts,
    kernel: Kernel,
    text: &'t str,
    /// What lies before it has been looked at.
    base: usize,
    carry: Carry,
}

impl<'t> Ends<'t> {
    pub(super) fn new(cuts: Cuts, kernel: Kernel, text: &'t str) -> Self {
        Self { cuts, kernel, text, base: 0, carry: Carry::default() }
    }

    /// Writes the next ends, at least one unless there are none, and gives their number. The first may be
    /// 0, which ends nothing. There must be room for more than 64.
    #[inline(always)]
    pub(super) fn fill(&mut self, ends: &mut [usize]) -> usize {
        let mut count = 0;
        while count + 65 <= ends.len() && self.base < self.text.len() {
            if !self.kernel.has_masks() {
                self.base = self.cuts.end(self.text, self.base);
                ends[count] = self.base;
                count += 1;
                continue;
            }
            let mut cuts = self.cuts.block(self.kernel, self.text, self.base, &mut self.carry);
            for end in ends[count..].iter_mut().take(cuts.count_ones() as usize) {
                *end = self.base + cuts.trailing_zeros() as usize;
                cuts &= cuts.wrapping_sub(1);
                count += 1;
            }
            self.base += 64;
            if self.base >= self.text.len() {
                ends[count] = self.text.len();
                count += 1;
            }
        }
        count
    }
}

/// What a block of 64 bytes leaves to the next one.
#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    /// The last byte is a space; one beyond ASCII.
    blank: u64,
    wide: u64,
    /// So is ASCII punctuation.
    punctuation: u64,
    /// So is a mark that is cut off from letters; an ASCII letter.
    mark: u64,
    letter: u64,
    /// So is a mark behind which a space is no cut.
    open: u64,
    /// So is other ASCII white space; an ASCII letter or digit.
    blanks: u64,
    word: u64,
    /// So is an ASCII letter, digit or mark.
    graphic: u64,
    /// Cuts behind a char that goes on there.
    cuts: u64,
}

impl Cuts {
    /// The cuts in the 64 bytes from `base` on, a bit for each byte that begins a word (the first byte of the
    /// text is left out, or not). Blocks follow one another.
    #[inline(always)]
    fn block(self, kernel: Kernel, text: &str, base: usize, carry: &mut Carry) -> u64 {
        let rest = text.as_bytes().get(base..).unwrap_or_default();
        let at_end;
        let block = match rest.first_chunk::<64>() {
            Some(block) => block,
            None => {
                at_end = padded(rest);
                &at_end
            }
        };
        let masks = kernel.masks(block);
        let mut cuts = masks.blank & !(masks.blank << 1 | carry.blank);
        if self.ascii {
            let graphic = masks.lower | masks.upper | masks.digit | punctuation(rest, &masks);
            cuts &= graphic << 1 | carry.graphic;
            carry.graphic = graphic >> 63;
        }
        cuts |= core::mem::take(&mut carry.cuts);
        if self.blanks {
            let blanks = masks.tab | masks.newline;
            cuts &= !(blanks << 1 | carry.blanks);
            carry.blanks = blanks >> 63;
        }
        if self.open != 0 {
            let open = among(rest, punctuation(rest, &masks), self.open);
            cuts &= !(open << 1 | carry.open);
            carry.open = open >> 63;
        }
        if self.punctuation {
            let marks = punctuation(rest, &masks);
            cuts |= marks | marks << 1 | carry.punctuation;
            carry.punctuation = marks >> 63;
        }
        if self.marks != 0 {
            let letters = masks.lower | masks.upper;
            let marks = self.cutting(rest, punctuation(rest, &masks));
            cuts |= marks & (letters << 1 | carry.letter) | letters & (marks << 1 | carry.mark);
            (carry.mark, carry.letter) = (marks >> 63, letters >> 63);
        }
        if self.newline && masks.newline != 0 {
            cuts |= lines(text.as_bytes(), base, masks.newline, self.blanks);
        }
        if self.lines {
            let words = masks.lower | masks.upper | masks.digit;
            cuts |= line_feeds(block, masks.newline) & (words << 1 | carry.word);
            carry.word = words >> 63;
        }
        if (masks.wide | carry.wide) != 0 {
            if self.clusters {
                cuts = joined(text, base, cuts, masks.wide << 1 | carry.wide);
            }
            if self.chinese || self.punctuation {
                cuts |= self.alone(kernel, (text, base), block, masks.wide, carry);
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
fn lines(text: &[u8], base: usize, mut newlines: u64, blanks: bool) -> u64 {
    let mut cuts = 0;
    while newlines != 0 {
        let bit = newlines.trailing_zeros();
        newlines &= newlines - 1;
        let at = base + bit as usize;
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let is_blank = |before: &u8| matches!(before, b' ' | b'\t'..=b'\r');
        let joins = match blanks {
            true => before.is_some_and(is_blank),
            false => before == Some(&b'\r'),
        };
        if text.get(at) == Some(&b'\n') && !joins {
            cuts |= 1 << bit;
        }
    }
    cuts
}

/// Of line ends, the line feeds.
#[inline]
fn line_feeds(block: &[u8; 64], newlines: u64) -> u64 {
    let mut feeds = newlines;
    let mut rest = newlines;
    while rest != 0 {
        let bit = rest.trailing_zeros();
        rest &= rest - 1;
        feeds &= !(u64::from(block[bit as usize] != b'\n') << bit);
    }
    feeds
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

/// Of the marks in a block, those of a set.
#[inline(always)]
fn among(block: &[u8], mut marks: u64, set: u32) -> u64 {
    let mut rest = marks;
    while rest != 0 {
        let bit = rest.trailing_zeros();
        rest &= rest - 1;
        let byte = block.get(bit as usize).copied().unwrap_or_default();
        marks &= !(u64::from(set & mark(byte) == 0) << bit);
    }
    marks
}

/// ASCII punctuation in a block.
#[inline(always)]
fn punctuation(block: &[u8], masks: &Masks) -> u64 {
    let Masks { lower, upper, digit, blank, tab, newline, wide, .. } = *masks;
    let mut marks = !(lower | upper | digit | blank | tab | newline | wide);
    // What else is there are control characters, which are rare, and what lies behind the text.
    let is_plain = |byte: u8| byte >= 0x20 && byte != 0x7F || matches!(byte, b'\t'..=b'\r');
    let odd = block
        .first_chunk::<64>()
        .is_none_or(|block| !block.iter().fold(true, |all, &byte| all & is_plain(byte)));
    if odd {
        let mut rest = marks;
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            if block.get(bit as usize).is_none_or(|byte| !byte.is_ascii_punctuation()) {
                marks &= !(1 << bit);
            }
        }
    }
    marks
}

impl Cuts {
    /// Cuts around chars beyond ASCII that stand alone, in a block of `text` at `base`.
    #[inline]
    fn alone(
        self,
        kernel: Kernel,
        (text, base): (&str, usize),
        block: &[u8; 64],
        wide: u64,
        carry: &mut Carry,
    ) -> u64 {
        let bytes = text.as_bytes();
        // U+2000 and up. Most other text has none.
        if !block.iter().fold(false, |any, &byte| any | (byte >= 0xE2)) {
            return 0;
        }
        let (mut cuts, mut rest) = (0u64, wide);
        if wide.count_ones() >= Letters::MANY {
            let letters = kernel.letters(block);
            // Of letters, only Chinese ones may stand alone. They have three bytes.
            if self.chinese {
                let heads = letters.han & letters.heads;
                cuts = heads | heads << 3;
                carry.cuts |= heads >> 61;
            }
            rest &= !letters.all();
        }
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            let at = base + bit as usize;
            if bytes.get(at).is_none_or(|&byte| byte < 0xE2) {
                continue;
            }
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { continue };
            if self.stands_alone(c) {
                cuts |= 1 << bit;
                let behind = 1u128 << (bit as usize + c.len_utf8());
                cuts |= behind as u64;
                carry.cuts |= (behind >> 64) as u64;
            }
        }
        cuts
    }
}

#[inline]
fn is_chinese(c: char) -> bool {
    c >= '\u{3400}' && sets::is_bert_chinese(c)
}

/// Of the punctuation beyond ASCII, the blocks that have most of it.
#[inline]
pub(super) fn is_punctuation(c: char) -> bool {
    match c {
        ..'\u{80}' => c.is_ascii_punctuation(),
        '\u{2010}'..'\u{2070}' | '\u{3000}'..'\u{3040}' | '\u{FF00}'..'\u{FF70}' => {
            sets::is_punctuation(c)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Tier;
    use alloc::vec::Vec;

    #[test]
    fn long_words_with_marks_are_found_wherever_they_stand() {
        for skip in 0..4200 {
            let long = |inside: &str| "x".repeat(skip) + inside + &"x".repeat(8400 - skip);
            assert!(has_short_words(&long("")));
            assert!(!has_short_words(&long(",")), "{skip}");
            assert!(has_short_words(&"a, ".repeat(skip)));
        }
    }

    #[test]
    fn blocks_cut_as_words_do() {
        let part = "some words, 'x\u{1}' ,  y- \t \n\t\n a\n  b \r \u{7F}-(x…“y”)、「は」\u{300}ｱ！ \u{0}~' \n\r\n  naïve été  中文 x中 \u{600} y\u{600} \u{110BD} z 漢字かな交じり文 \u{20000}\u{20001}! ";
        let kernels = Tier::ALL.into_iter().filter_map(Kernel::of);
        let kernels: Vec<Kernel> = kernels.filter(|kernel| kernel.has_masks()).collect();
        let some = mark(b'(') | mark(b'\'');
        let all = (0..256).flat_map(|flags| [0, u32::MAX, some].map(|marks| (flags, marks)));
        for ((flags, marks), kernel) in all.flat_map(|all| kernels.iter().map(move |&k| (all, k))) {
            let cuts = Cuts {
                newline: flags & 65 == 1,
                lines: flags & 64 != 0,
                chinese: flags & 2 != 0,
                clusters: flags & 4 != 0,
                punctuation: flags & 8 != 0,
                marks,
                open: if flags & 16 != 0 { mark(b',') | mark(b'-') } else { 0 },
                blanks: flags & 32 != 0,
                ascii: flags & 128 != 0,
            };
            for skip in (0..70).step_by(if cuts.ascii { 9 } else { 1 }) {
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
    fn ends_are_the_same_with_every_kernel() {
        let part = "some words, 'x\u{1}' (x…“y”)、「は」 \n\r\n  naïve 中文 x中 and_so-on ";
        let ascii = cut::SPACE | cut::ASCII;
        for flags in [cut::SPACE, cut::SPACE | cut::NEWLINE, cut::SPACE | cut::LINE, ascii, 0xFF] {
            let cuts = Cuts::new(flags, if flags == 0xFF { u32::MAX } else { 0 });
            for len in [0, 1, 63, 64, 65, 128, 1000] {
                let text: alloc::string::String = part.chars().cycle().take(len).collect();
                let all = |kernel: Kernel| {
                    let (mut found, mut ends) = (Ends::new(cuts, kernel, &text), [0; 136]);
                    let mut all = Vec::new();
                    while let count @ 1.. = found.fill(&mut ends) {
                        all.extend(ends[..count].iter().copied().filter(|&end| end > 0));
                    }
                    all.dedup();
                    all
                };
                for kernel in Tier::ALL.into_iter().filter_map(Kernel::of) {
                    assert_eq!(all(kernel), all(Kernel::SCALAR), "{flags} {len} {kernel:?}");
                }
            }
        }
    }

    #[test]
    fn plain_words_and_others() {
        let all = Cuts::new(cut::SPACE | cut::NEWLINE | cut::CHINESE, 0);
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
        assert_eq!(cut(Cuts::new(cut::SPACE, 0), "a\nb 中c d"), ["a\nb", " 中c", " d"]);
        let parts = Cuts::new(cut::SPACE | cut::PUNCTUATION, 0);
        assert_eq!(cut(parts, "\"don't\", she"), ["\"", "don", "'", "t", "\"", ",", " she"]);
        let marks = Cuts::new(cut::SPACE, u32::MAX);
        let text = "\"don't\", (1.5) é! she's";
        assert_eq!(
            cut(marks, text),
            ["\"", "don", "'", "t", "\",", " (1.5)", " é!", " she", "'", "s"]
        );
        let clusters = Cuts::new(cut::SPACE | cut::CLUSTERS, 0);
        assert_eq!(cut(clusters, "a\u{600} b c"), ["a\u{600} b", " c"]);
        // The fast way and the slow one agree.
        let text = "some words,\t of\n which\t\n a few (it's 2) are long: antidisestablishmentarianism\n\nnaïve, 中文 end";
        let parts = Cuts::new(cut::SPACE | cut::NEWLINE | cut::PUNCTUATION, 0);
        let some = Cuts::new(cut::SPACE | cut::NEWLINE, mark(b'(') | mark(b'\''));
        let open = Cuts::for_steps(cut::SPACE, 0, mark(b',') | mark(b')'));
        assert_eq!(cut(open, "a, b  c,  d e) "), ["a, b", "  c,  d", " e) "]);
        let both = Cuts::for_steps(cut::SPACE, u32::MAX, mark(b','));
        assert_eq!(cut(both, "a, b c"), ["a", ", b", " c"]);
        let strict = cut::SPACE | cut::STRICT;
        let blanks = Cuts::for_steps(strict | cut::NEWLINE | cut::CHINESE, 0, 0);
        assert_eq!(cut(blanks, "a b\n  c\t d \ne"), ["a", " b", "\n  c\t d", " \ne"]);
        let lines = Cuts::for_steps(strict, u32::MAX, 0);
        let (odd, plus) = (strict | cut::NEWLINE | cut::ASCII, mark(b'+') | mark(b'='));
        let ascii = Cuts::for_steps(odd, 0, plus);
        let words = ["a", " b,", " 1", " = x", " é c", "\n d… \u{7F} e"];
        assert_eq!(cut(ascii, "a b, 1 = x é c\n d… \u{7F} e"), words);
        let plain = Cuts::new(cut::SPACE, 0);
        let code = Cuts::for_steps(odd, !plus, plus);
        assert_eq!(cut(code, "a_b= 1 c\u{7F} d"), ["a", "_", "b= 1", " c\u{7F} d"]);
        for cuts in [all, plain, parts, marks, some, open, both, blanks, lines, ascii, code] {
            for (at, _) in text.char_indices() {
                assert_eq!(cuts.end(text, at), cuts.slow_end(text, at), "{at}");
            }
        }
    }
}
