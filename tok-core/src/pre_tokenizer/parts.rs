//! What the patterns share: runs, contractions, white space.

use crate::unicode::class::{Class, Set, decode};

/// The end of the chars in `set` from `at` on.
#[inline(always)]
pub(super) fn run(text: &[u8], mut at: usize, set: Set) -> usize {
    loop {
        let (class, len) = match text.get(at..) {
            Some([byte @ ..0x80, ..]) => (Class::of_ascii(*byte), 1),
            // All from U+5000 to U+8FFF are Chinese characters, and most of those that are used.
            Some([0xE5..=0xE8, 0x80..=0xBF, 0x80..=0xBF, ..]) => (Class::LETTER.to_han(), 3),
            _ => decode(text, at),
        };
        if !set.contains(class) {
            return at;
        }
        at += len;
    }
}

/// The end of `\p{N}{1,most}`, after a number at `start` that is `len` bytes long.
#[inline(always)]
pub(super) fn digits(text: &[u8], start: usize, len: usize, most: usize) -> usize {
    let mut at = start + len;
    for _ in 1..most {
        let (class, len) = decode(text, at);
        if !Set::NUMBERS.contains(class) {
            break;
        }
        at += len;
    }
    at
}

/// The end of `[\r\n]*`, or of `[\r\n/]*`.
#[inline(always)]
pub(super) fn newlines(text: &[u8], mut at: usize, slash: bool) -> usize {
    while let Some(&byte) = text.get(at)
        && (matches!(byte, b'\r' | b'\n') || slash && byte == b'/')
    {
        at += 1;
    }
    at
}

/// The length of `'(?:[sdmt]|ll|ve|re)` at `at`, or 0.
///
/// Ignoring case takes in U+017F (ſ), the only other char whose case folds to one of these letters.
#[inline(always)]
pub(super) fn contraction(text: &[u8], at: usize, ignore_case: bool) -> usize {
    match text.get(at) {
        Some(b'\'') => suffix(text.get(at + 1..).unwrap_or_default(), ignore_case),
        _ => 0,
    }
}

fn suffix(rest: &[u8], ignore_case: bool) -> usize {
    let fold = |byte: u8| if ignore_case { byte.to_ascii_lowercase() } else { byte };
    match *rest {
        [a, ..] if matches!(fold(a), b's' | b'd' | b'm' | b't') => 2,
        [a, b, ..] if matches!(&[fold(a), fold(b)], b"ll" | b"ve" | b"re") => 3,
        [0xC5, 0xBF, ..] if ignore_case => 3,
        _ => 0,
    }
}

/// A run of white space: `\s+`.
#[derive(Clone, Copy)]
pub(super) struct Space {
    start: usize,
    /// The end of the last CR or LF in it; `start` if there is none.
    line: usize,
    /// The start of its last char.
    last: usize,
    /// Its end.
    pub(super) end: usize,
}

impl Space {
    /// The run from `start` on.
    #[inline(always)]
    pub(super) fn at(text: &[u8], start: usize) -> Self {
        let mut space = Self { start, line: start, last: start, end: start };
        loop {
            let (class, len) = decode(text, space.end);
            if !Set::SPACES.contains(class) {
                return space;
            }
            space.last = space.end;
            space.end += len;
            if Set::NEWLINES.contains(class) {
                space.line = space.end;
            }
        }
    }

    /// Where `\s*[\r\n]+|\s+(?!\S)|\s+` ends, the same as with `\s*[\r\n]` and with `\s` at the end:
    /// after the last newline; else the last char is left over, unless it is alone or `final_run`.
    #[inline(always)]
    pub(super) fn after_line(self, final_run: bool) -> usize {
        if self.line > self.start { self.line } else { self.before_word(final_run) }
    }

    /// Where `\s+(?!\S)|\s+` ends. `final_run` tells that the text ends with the run.
    #[inline(always)]
    pub(super) fn before_word(self, final_run: bool) -> usize {
        if final_run || self.last == self.start { self.end } else { self.last }
    }
}

/// Whether the text has a char of `set` at `at`.
#[inline(always)]
pub(super) fn has(text: &[u8], at: usize, set: Set) -> bool {
    set.contains(decode(text, at).0)
}

/// `[^\r\n\p{L}\p{N}]`
pub(super) const PREFIX: Set = Set::NEWLINES.or(Set::LETTERS).or(Set::NUMBERS).not();

/// `[^\s\p{L}\p{N}]`
pub(super) const REST: Set = Set::SPACES.or(Set::LETTERS).or(Set::NUMBERS).not();

/// The start of what follows ` ?` in ` ?[…]+`, if a char of `set` does: `class` and `len` are those
/// of the char at `start`.
#[inline(always)]
pub(super) fn after_blank(text: &[u8], start: usize, class: Class, set: Set) -> Option<usize> {
    if set.contains(class) {
        return Some(start);
    }
    (text.get(start) == Some(&b' ') && has(text, start + 1, set)).then_some(start + 1)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::String;

    #[test]
    fn a_run_ends_where_a_char_is_not_in_the_set() {
        let sets = [Set::LETTERS, Set::LETTERS.and(Set::HAN.not()), Set::HAN, Set::NUMBERS, REST];
        for set in sets {
            for c in '\u{80}'..='\u{A000}' {
                let text = String::from_iter(['中', c, '中', c, 'x']);
                let text = text.as_bytes();
                let mut wanted = 0;
                while let (class, len @ 1..) = decode(text, wanted)
                    && set.contains(class)
                {
                    wanted += len;
                }
                assert_eq!(run(text, 0, set), wanted, "{c:?}");
            }
        }
        // Cut short, and broken.
        assert_eq!(run("中中".as_bytes().split_at(5).0, 0, Set::LETTERS), 3);
        assert_eq!(run(b"\xE5\x80A", 0, Set::LETTERS), 0);
    }
}
