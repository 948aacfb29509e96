//! Word characters and white space at the ends of text, for the flags of added tokens.

use super::{
    class::{Set, decode},
    word_ranges::WORD_RANGES,
};

/// Whether `c` is `\w` in the regex crate, which is what the reference asks.
pub(crate) fn is_word(c: char) -> bool {
    // First and last code points alternate, so an odd number of bounds below `c`, or a hit on one,
    // means that it is inside.
    match WORD_RANGES.binary_search(&u32::from(c)) {
        Ok(_) => true,
        Err(below) => below % 2 == 1,
    }
}

/// The last char of `text`, if it ends in one.
fn last_char(text: &[u8]) -> Option<char> {
    (1..=text.len().min(4)).find_map(|len| {
        let tail = text.get(text.len() - len..)?;
        core::str::from_utf8(tail).ok()?.chars().next()
    })
}

/// The first char of `text`, if it begins with one.
fn first_char(text: &[u8]) -> Option<char> {
    (1..=text.len().min(4))
        .find_map(|len| core::str::from_utf8(text.get(..len)?).ok()?.chars().next())
}

/// Whether `text` ends with a word character.
pub fn ends_with_word(text: &[u8]) -> bool {
    last_char(text).is_some_and(is_word)
}

/// Whether `text` begins with a word character.
pub fn starts_with_word(text: &[u8]) -> bool {
    first_char(text).is_some_and(is_word)
}

/// Where the white space at the end of `text` begins.
pub fn trim_end_space(text: &[u8]) -> usize {
    let mut end = text.len();
    while let Some(c) = last_char(&text[..end])
        && c.is_whitespace()
    {
        end -= c.len_utf8();
    }
    end
}

/// The length of the white space at the beginning of `text`.
pub fn leading_space(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let (class, len) = decode(text, at);
        if !Set::SPACES.contains(class) {
            return at;
        }
        at += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_text() {
        assert!(ends_with_word("né".as_bytes()) && !ends_with_word(b"n-") && !ends_with_word(b""));
        assert!(starts_with_word("中 ".as_bytes()) && !starts_with_word(b" a"));
        assert!(!ends_with_word(b"a\xFF") && !starts_with_word(b"\xFFa"));
        assert!(is_word('_') && is_word('\u{200D}') && !is_word('²'));
        assert_eq!(trim_end_space("a \u{3000}\n".as_bytes()), 1);
        assert_eq!(leading_space("\u{A0} \tb ".as_bytes()), 4);
    }

    #[test]
    fn white_space_is_the_same_for_both_directions() {
        let mut buffer = [0; 4];
        for c in '\0'..=char::MAX {
            let text = c.encode_utf8(&mut buffer).as_bytes();
            assert_eq!(leading_space(text) == text.len(), trim_end_space(text) == 0, "{c:?}");
        }
    }
}
