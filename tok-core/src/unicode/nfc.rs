//! Normalization form C, exactly as HuggingFace tokenizers has it: Unicode 9.
//!
//! Nearly all text is in NFC already, so the work is to see that quickly: stretches that surely are
//! pass through as they are. Only between a char that cannot touch what is before it and the next such
//! char are chars decomposed, ordered and composed, and that needs no memory beyond a few words.

use super::nfc_tables::{BLOCKS, COMPOSED, INDEX, PAIRS, PARTS, QUIET};
use super::utf8::{INVALID, decode};
use core::ops::Range;

/// Values from here on point to a decomposition.
pub(super) const DECOMPOSES: u16 = 0x200;
/// Set in a value if the decomposition's char may stay as it is.
const STAYS: u16 = 0x8000;
/// Set in a value below `DECOMPOSES` if the char may compose with one before it.
const MAYBE_VALUE: u16 = 0x100;

// A part is a char of a decomposition: its code point in the low bits, its combining class in the
// high ones, flags between them.
pub(super) const CHAR: u32 = (1 << 21) - 1;
/// The last part of its decomposition.
const LAST: u32 = 1 << 22;
/// Not the first part: the reference's alignments give it no text of its own.
pub(super) const INSERTED: u32 = 1 << 22;
/// May compose with a char before it.
const MAYBE: u32 = 1 << 23;
pub(super) const CLASS_SHIFT: u32 = 24;

/// The most parts a char has.
const MAX_PARTS: usize = 4;
/// Runs of marks up to this length are ordered at hand, longer ones class by class.
const SHORT_RUN: usize = 32;

/// Whether `text` is surely in NFC.
///
/// `false` may also mean that only [`normalize`] can tell. Bytes that are not UTF-8 count as inert
/// chars.
///
/// ```
/// use comptok_core::unicode::nfc::is_nfc;
/// assert!(is_nfc("déjà vu".as_bytes()));
/// assert!(!is_nfc("de\u{301}ja\u{300} vu".as_bytes()));
/// ```
pub fn is_nfc(text: &[u8]) -> bool {
    stretch_end(text, 0) == text.len()
}

/// Calls `emit` with consecutive ranges of `text`, which tile it, and what each becomes in NFC.
///
/// A range is either a stretch that stays as it is (the bytes are those of `text`), or the chars that
/// the reference's alignments give to one char of the result. Such a range is empty for a char that a
/// decomposition inserts. Bytes that are not UTF-8 pass unchanged and interact with nothing.
///
/// Takes time in proportion to the text, whatever it holds, and no memory.
///
/// ```
/// # extern crate std;
/// use comptok_core::unicode::nfc::normalize;
/// let mut out = std::vec::Vec::new();
/// normalize("cafe\u{301}".as_bytes(), |_range, bytes| out.extend_from_slice(bytes));
/// assert_eq!(out, "café".as_bytes());
/// ```
pub fn normalize(text: &[u8], emit: impl FnMut(Range<usize>, &[u8])) {
    let mut writer = Writer { text, at: 0, composee: None, emit };
    while writer.at < text.len() {
        let end = stretch_end(text, writer.at);
        if end > writer.at {
            (writer.emit)(writer.at..end, text.get(writer.at..end).unwrap_or_default());
            writer.at = end;
        }
        if end < text.len() {
            writer.segment(end);
        }
    }
}

/// The length of the longest prefix of `text` whose normal form does not depend on what follows it,
/// other text after `text` included.
///
/// A caller that sees the text in pieces normalizes this much and keeps the rest for later.
pub fn stable_len(text: &[u8]) -> usize {
    let mut end = text.len();
    // The first pass may meet a char that the end of the text cuts: it can become anything.
    let mut may_be_cut = true;
    while end > 0 {
        let start = char_start(text, end);
        let cut = may_be_cut && is_cut(text.get(start..).unwrap_or_default());
        may_be_cut = false;
        if !cut && let Some((c, _)) = decode(text, start) {
            let (parts, _) = parts(c);
            if is_plain_starter(parts[0]) {
                return start;
            }
        }
        end = start;
    }
    0
}

/// Whether the char that begins at `at` never touches what is before it.
pub fn begins_anew(text: &[u8], at: usize) -> bool {
    decode(text, at).is_some_and(|(c, _)| is_plain_starter(parts(c).0[0]))
}

/// The first place at or after `from` where a char begins that never touches what is before it; the
/// length of `text` if there is none.
pub fn anew_from(text: &[u8], from: usize) -> usize {
    // A char has at most three bytes that do not begin one.
    let rest = text.get(from..).unwrap_or_default().iter().take(3);
    let mut at = from + rest.take_while(|byte| (0x80..0xC0).contains(*byte)).count();
    while let Some((c, len)) = decode(text, at) {
        if is_plain_starter(parts(c).0[0]) {
            break;
        }
        at += len;
    }
    at
}

/// Where the stretch from `start` ends that is NFC whatever comes after it. `start` must be such an
/// end, or 0.
fn stretch_end(text: &[u8], start: usize) -> usize {
    // The last char that cannot touch what is before it.
    let mut boundary = start;
    let mut at = start;
    let mut last_class = 0;
    loop {
        let ascii = ascii_len(text.get(at..).unwrap_or_default());
        if ascii > 0 {
            at += ascii;
            boundary = at - 1;
            last_class = 0;
        }
        if let Some(len) = quiet_len(text, at) {
            boundary = at;
            last_class = 0;
            at += len;
            continue;
        }
        let Some((c, len)) = decode(text, at) else { return text.len() };
        match value(c) {
            0 | STAYS.. => {
                boundary = at;
                last_class = 0;
            }
            class @ 1..MAYBE_VALUE => {
                if class < last_class {
                    return boundary;
                }
                last_class = class;
            }
            value @ DECOMPOSES.. if is_plain_starter(first_part(value)) => return at,
            _ => return boundary,
        }
        at += len;
    }
}

/// The length of the ASCII bytes that `text` begins with.
fn ascii_len(text: &[u8]) -> usize {
    let (blocks, _) = text.as_chunks::<32>();
    // A fold without an early exit is what the compiler turns into vector instructions.
    let whole = blocks.iter().take_while(|block| block.iter().fold(0, |or, b| or | b) < 0x80);
    let at = whole.count() * 32;
    at + text.iter().skip(at).take_while(|byte| byte.is_ascii()).count()
}

/// The length of the char at `at` if its first bytes tell that it and the 63 others like it stay as they
/// are after any other: most chars of two and three bytes.
fn quiet_len(text: &[u8], at: usize) -> Option<usize> {
    let (block, len) = match *text.get(at..)? {
        [lead @ 0xC2..=0xDF, 0x80..=0xBF, ..] => (usize::from(lead & 0x1F), 2),
        // What is no char here, a surrogate, does nothing either.
        [lead @ 0xE1..=0xEF, second @ 0x80..=0xBF, 0x80..=0xBF, ..] => {
            (usize::from(lead & 0xF) << 6 | usize::from(second & 0x3F), 3)
        }
        _ => return None,
    };
    INDEX.get(block).is_some_and(|number| *number < QUIET).then_some(len)
}

/// The start of the char, or of the lone byte, that ends at `end` > 0.
fn char_start(text: &[u8], end: usize) -> usize {
    for len in 2..=4 {
        if let Some(start) = end.checked_sub(len)
            && text.get(start).is_some_and(|byte| *byte >= 0xC0)
        {
            return match decode(text.get(..end).unwrap_or_default(), start) {
                Some((_, decoded)) if decoded == len => start,
                _ if end == text.len() && is_cut(text.get(start..).unwrap_or_default()) => start,
                _ => end - 1,
            };
        }
    }
    end - 1
}

/// Whether `tail` is the beginning of a char whose end is missing.
fn is_cut(tail: &[u8]) -> bool {
    core::str::from_utf8(tail).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
}

/// The table's value of a code point.
pub(super) fn value(c: u32) -> u16 {
    let Some(&block) = INDEX.get(c as usize >> 6) else { return 0 };
    BLOCKS.get(usize::from(block) << 6 | c as usize & 63).copied().unwrap_or(0)
}

/// The first part of what a value of `DECOMPOSES` or more points to.
fn first_part(value: u16) -> u32 {
    PARTS.get(part_index(value)).copied().unwrap_or(0)
}

fn part_index(value: u16) -> usize {
    usize::from(value & !STAYS) - usize::from(DECOMPOSES)
}

fn is_plain_starter(part: u32) -> bool {
    part >> CLASS_SHIFT == 0 && part & MAYBE == 0
}

/// The full decomposition of a char: the parts and how many they are, one at least.
pub(super) fn parts(c: u32) -> ([u32; MAX_PARTS], usize) {
    let mut parts = [0; MAX_PARTS];
    let value = value(c);
    if value >= DECOMPOSES {
        let stored = PARTS.get(part_index(value)..).unwrap_or_default();
        let mut len = 0;
        for (part, &stored) in parts.iter_mut().zip(stored) {
            *part = stored & !LAST | if len > 0 { INSERTED } else { 0 };
            len += 1;
            if stored & LAST != 0 {
                break;
            }
        }
        return (parts, len);
    }
    if let Some(index) = c.checked_sub(hangul::S).filter(|index| *index < hangul::S_COUNT) {
        parts[0] = hangul::L + index / (hangul::V_COUNT * hangul::T_COUNT);
        parts[1] = (hangul::V + index / hangul::T_COUNT % hangul::V_COUNT) | MAYBE | INSERTED;
        parts[2] = (hangul::T + index % hangul::T_COUNT) | MAYBE | INSERTED;
        return (parts, if index % hangul::T_COUNT == 0 { 2 } else { 3 });
    }
    let maybe = if value & MAYBE_VALUE != 0 { MAYBE } else { 0 };
    parts[0] = u32::from(value & 0xFF) << CLASS_SHIFT | maybe | c;
    (parts, 1)
}

/// The arithmetic of Korean syllables, chapter 3.12 of the Unicode standard.
mod hangul {
    pub(super) const S: u32 = 0xAC00;
    pub(super) const L: u32 = 0x1100;
    pub(super) const V: u32 = 0x1161;
    /// One below the first trailing consonant.
    pub(super) const T: u32 = 0x11A7;
    pub(super) const L_COUNT: u32 = 19;
    pub(super) const V_COUNT: u32 = 21;
    pub(super) const T_COUNT: u32 = 28;
    pub(super) const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

    /// A leading consonant and a vowel, or a syllable without trailing consonant and one.
    pub(super) fn compose(first: u32, second: u32) -> Option<u32> {
        let leading = first.wrapping_sub(L);
        let vowel = second.wrapping_sub(V);
        if leading < L_COUNT && vowel < V_COUNT {
            return Some(S + (leading * V_COUNT + vowel) * T_COUNT);
        }
        let syllable = first.wrapping_sub(S);
        let trailing = second.wrapping_sub(T);
        (syllable < S_COUNT && syllable.is_multiple_of(T_COUNT) && (1..T_COUNT).contains(&trailing))
            .then(|| first + trailing)
    }
}

/// What two chars compose to.
pub(super) fn compose(first: u32, second: u32) -> Option<u32> {
    hangul::compose(first, second).or_else(|| {
        let pair = u64::from(first) << 32 | u64::from(second);
        COMPOSED.get(PAIRS.binary_search(&pair).ok()?).copied()
    })
}

/// A char of the result, and how many chars of the text the reference's alignments give to it.
#[derive(Clone, Copy)]
struct Written {
    char: u32,
    source_len: usize,
}

impl Written {
    fn of(part: u32) -> Self {
        Self { char: part & CHAR, source_len: usize::from(part & INSERTED == 0) }
    }

    /// Composes `part` into this char if the two compose.
    fn absorb(&mut self, part: u32) -> bool {
        if part & MAYBE == 0 {
            return false;
        }
        let other = Self::of(part);
        let Some(composed) = compose(self.char, other.char) else { return false };
        self.char = composed;
        self.source_len += other.source_len;
        true
    }
}

struct Writer<'t, E> {
    text: &'t [u8],
    /// The text before this is emitted.
    at: usize,
    /// The starter that following chars may compose with.
    composee: Option<Written>,
    emit: E,
}

impl<E: FnMut(Range<usize>, &[u8])> Writer<'_, E> {
    /// Normalizes from `start` up to the next char that cannot touch what is before it.
    fn segment(&mut self, start: usize) {
        let (mut marks, mut len) = ([0u32; SHORT_RUN], 0);
        // The char that the marks at hand begin in or after.
        let mut run = start;
        let mut at = start;
        'chars: while let Some((c, size)) = decode(self.text, at) {
            if at > start && matches!(value(c), 0 | STAYS..) {
                break;
            }
            let (parts, count) = parts(c);
            for &part in parts.iter().take(count) {
                if part >> CLASS_SHIFT == 0 {
                    self.settle(marks.get_mut(..len).unwrap_or_default());
                    len = 0;
                    run = at;
                    self.starter(part);
                } else if let Some(slot) = marks.get_mut(len) {
                    *slot = part;
                    len += 1;
                } else {
                    at = self.long_run(run);
                    len = 0;
                    continue 'chars;
                }
            }
            at += size;
        }
        self.settle(marks.get_mut(..len).unwrap_or_default());
        self.put_composee();
    }

    /// Takes a char of combining class 0 that directly follows the composee.
    fn starter(&mut self, part: u32) {
        if let Some(composee) = &mut self.composee
            && composee.absorb(part)
        {
            return;
        }
        self.put_composee();
        self.composee = Some(Written::of(part));
    }

    /// Orders a run of marks and composes them with the composee; if some remain, emits both.
    fn settle(&mut self, marks: &mut [u32]) {
        // An insertion sort, which keeps the order within a class; the run is short.
        for sorted in 1..marks.len() {
            let mut at = sorted;
            while at > 0 && marks[at - 1] >> CLASS_SHIFT > marks[at] >> CLASS_SHIFT {
                marks.swap(at - 1, at);
                at -= 1;
            }
        }
        let mut kept = 0;
        let mut last_class = 0;
        for at in 0..marks.len() {
            let (mark, class) = (marks[at], marks[at] >> CLASS_SHIFT);
            // A mark composes unless one that stays, of the same class, stands between.
            if last_class < class && self.composee.as_mut().is_some_and(|c| c.absorb(mark)) {
                continue;
            }
            last_class = class;
            marks[kept] = mark;
            kept += 1;
        }
        if kept > 0 {
            self.put_composee();
            for &mark in &marks[..kept] {
                self.put(Written::of(mark));
            }
        }
    }

    /// Emits the composee and a run of marks of any length; the run begins in or after the char at
    /// `start`. Returns where the run ends.
    ///
    /// Takes a pass over the run for each of its classes, of which Unicode has 55, so that ordering
    /// needs no memory.
    fn long_run(&mut self, start: usize) -> usize {
        let (run, end) = run_of_marks(self.text, start);
        let (mut present, mut may_compose) = ([false; 256], [false; 256]);
        for c in run.chars() {
            let (parts, count) = parts(u32::from(c));
            for part in parts.iter().take(count) {
                let class = (part >> CLASS_SHIFT) as usize & 0xFF;
                present[class] = true;
                may_compose[class] |= part & MAYBE != 0;
            }
        }
        // How many marks of each class, its first ones, are in the composee.
        let mut absorbed = [0usize; 256];
        if let Some(mut composee) = self.composee.take() {
            for class in (1..256).filter(|class| may_compose[*class]) {
                for_each_of_class(run, class, |part| {
                    let absorbs = composee.absorb(part);
                    absorbed[class] += usize::from(absorbs);
                    absorbs
                });
            }
            self.put(composee);
        }
        for class in (1..256).filter(|class| present[*class]) {
            let mut skip = absorbed[class];
            for_each_of_class(run, class, |part| {
                match skip {
                    0 => self.put(Written::of(part)),
                    _ => skip -= 1,
                }
                true
            });
        }
        end
    }

    fn put_composee(&mut self) {
        if let Some(composee) = self.composee.take() {
            self.put(composee);
        }
    }

    /// Emits a char with the next `source_len` chars of the text.
    fn put(&mut self, written: Written) {
        let start = self.at;
        for _ in 0..written.source_len {
            self.at += decode(self.text, self.at).map_or(0, |(_, len)| len);
        }
        let mut bytes = [0; 4];
        let bytes = match char::from_u32(written.char) {
            Some(c) => c.encode_utf8(&mut bytes).as_bytes(),
            None => {
                bytes[0] = (written.char & 0xFF) as u8;
                &bytes[..1]
            }
        };
        (self.emit)(start..self.at, bytes);
    }
}

/// The run of marks in `text` that begins in or after the char at `start`, and where it ends: at the
/// next char after that one that has a part of class 0.
fn run_of_marks(text: &[u8], start: usize) -> (&str, usize) {
    let mut begin = start;
    let mut at = start;
    while let Some((c, len)) = decode(text, at) {
        // Class 0 comes first in a decomposition.
        if at > start && parts(c).0[0] >> CLASS_SHIFT == 0 {
            break;
        }
        at += len;
        // A lone byte can begin it, for marks that follow one.
        if c >= INVALID {
            begin = at;
        }
    }
    (core::str::from_utf8(text.get(begin..at).unwrap_or_default()).unwrap_or_default(), at)
}

/// Calls `f` with each part of class `class` in a run of marks, until it returns `false`.
fn for_each_of_class(run: &str, class: usize, mut f: impl FnMut(u32) -> bool) {
    for c in run.chars().map(u32::from) {
        let value = value(c);
        if value < DECOMPOSES && usize::from(value & 0xFF) != class {
            continue;
        }
        let (parts, count) = parts(c);
        for &part in parts.iter().take(count) {
            if (part >> CLASS_SHIFT) as usize == class && !f(part) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn nfc(text: &[u8]) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        normalize(text, |range, bytes| {
            assert_eq!(range.start, at, "ranges tile the text");
            at = range.end;
            out.extend_from_slice(bytes);
        });
        assert_eq!(at, text.len());
        out
    }

    #[test]
    fn composes_orders_and_leaves_alone() {
        for (text, want) in [
            ("", ""),
            (
                "plain ASCII text, rather a long one, 0123456789",
                "plain ASCII text, rather a long one, 0123456789",
            ),
            ("e\u{301}", "é"),
            ("xe\u{316}\u{301}y", "xé\u{316}y"),
            ("é\u{323}", "ẹ\u{301}"),
            ("\u{301}\u{316}a", "\u{316}\u{301}a"),
            ("\u{1112}\u{1161}\u{11AB}", "한"),
            ("하\u{11AB}", "한"),
            ("한\u{11AB}", "한\u{11AB}"),
            ("\u{212B}\u{344}", "Å\u{308}\u{301}"),
            ("\u{958}", "\u{915}\u{93C}"),
        ] {
            assert_eq!(nfc(text.as_bytes()), want.as_bytes(), "{text:?}");
            assert_eq!(
                is_nfc(text.as_bytes()),
                text == want && !text.contains('\u{11AB}'),
                "{text:?}"
            );
        }
    }

    #[test]
    fn quiet_blocks_come_first() {
        let quiet = |block: &[u16; 64]| block.iter().all(|value| matches!(value, 0 | STAYS..));
        let (blocks, _) = BLOCKS.as_chunks::<64>();
        assert!(blocks.iter().enumerate().all(|(number, b)| quiet(b) == (number < QUIET.into())));
    }

    #[test]
    fn invalid_bytes_are_inert() {
        assert_eq!(nfc(b"e\xFF\xCC\x81\xE2\x82"), b"e\xFF\xCC\x81\xE2\x82");
        assert_eq!(nfc(b"e\xCC\x81\xCC"), b"\xC3\xA9\xCC");
        assert_eq!(
            nfc(b"\xC1\x81\xED\xA0\x80\xF4\x90\x80\x80"),
            b"\xC1\x81\xED\xA0\x80\xF4\x90\x80\x80"
        );
        assert_eq!(nfc(b"\xFF\xCC\x81\xCC\x96"), b"\xFF\xCC\x96\xCC\x81");
    }

    #[test]
    fn emits_what_the_reference_aligns() {
        let mut calls = Vec::new();
        normalize("ab\u{344}c한\u{11AB}".as_bytes(), |range, bytes| {
            calls.push((range, std::string::String::from_utf8_lossy(bytes).into_owned()));
        });
        let calls: Vec<_> = calls.iter().map(|(range, text)| (range.clone(), &**text)).collect();
        assert_eq!(
            calls,
            [
                (0..1, "a"),
                (1..2, "b"),
                (2..4, "\u{308}"),
                (4..4, "\u{301}"),
                (4..5, "c"),
                (5..8, "한"),
                (8..11, "\u{11AB}"),
            ]
        );
    }

    #[test]
    fn the_stable_prefix_ends_before_the_last_starter() {
        for (text, want) in [
            (&b""[..], 0),
            (b"abc", 2),
            (b"ab\xCC\x81", 1),
            (b"ab\xCC", 1),
            (b"ab\xFF", 2),
            (b"\xCC\x81", 0),
            ("a하\u{11AB}".as_bytes(), 1),
            ("a\u{212B}".as_bytes(), 1),
        ] {
            assert_eq!(stable_len(text), want, "{text:?}");
        }
    }
}
