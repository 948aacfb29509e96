//! Where a text can be cut so that its parts can be encoded on their own, at the same time.

use super::Kind;
use crate::{
    added_tokens::{self, AddedFlags},
    blob::{Header, Tables, flags},
    engine::MODEL_BPE,
    normalizer,
    unicode::class::{Class, Set, decode},
};

/// The places where texts of one tokenizer may be cut: the ids of the parts are those of the whole.
///
/// A place is one of these, whatever stands farther away:
///
/// 1. a space behind a char that is no white space;
/// 2. a letter behind one CR or LF that is behind a char that is no white space;
/// 3. `、`, `。` or `，` behind a Chinese or Japanese letter.
///
/// At each, a pre-token of every [`Scanner`](super::Scanner) ends. White space is inside a pre-token
/// only if white space is in front of it, or if it is a newline behind signs; no word begins with a
/// newline; no word has such a sign. None looks back, so the part behind it is cut as before. And what is
/// in front of it is cut as before too: the only pre-token that looks beyond its end without a char in
/// between is white space, and of that there is none (1, 3), or a single newline, which ends there in
/// either case (2). NFC changes the chars on neither side, nor puts them together.
///
/// Added tokens are looked for in the parts, so there are no cuts if one might be on both sides of a
/// cut, or might match, or take white space, because of what is on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cuts {
    /// The part behind a cut begins with a space; else it would get one.
    before_space: bool,
}

impl Cuts {
    /// The places for a tokenizer; `None` if none are known.
    pub fn of(tables: &Tables<'_>, header: &Header) -> Option<Self> {
        // The steps in the pipeline, if there are, come after the ids; the general engine has no scanner.
        let known = header.model == MODEL_BPE
            && matches!(header.normalizer, normalizer::NONE | normalizer::NFC)
            && Kind::from_code(header.pre_tokenizer).is_some();
        let fits = |index| {
            let token = added_tokens::added(tables, index);
            token.is_some_and(|token| !spoils(token.content, token.flags))
        };
        (known && (0..added_tokens::added_len(tables)).all(fits))
            .then(|| Self { before_space: tables.has(flags::PREFIX_SPACE) })
    }

    /// The first place at or after `from`, which is inside the text.
    pub fn first(self, text: &[u8], from: usize) -> Option<usize> {
        let from = from.max(1);
        let mut pairs = text.get(from - 1..)?.windows(2).zip(from..);
        pairs.find_map(|(pair, at)| {
            let is_cut = match pair {
                [before, b' '] if before.is_ascii() => !is_space(*before),
                [_, b' '] => before(text, at).is_some_and(|class| !Set::SPACES.contains(class)),
                _ if self.before_space => false,
                [b'\r' | b'\n', _] => {
                    Set::LETTERS.contains(decode(text, at).0)
                        && before(text, at - 1).is_some_and(|class| !Set::SPACES.contains(class))
                }
                [0x80..=0xBF, 0xE3 | 0xEF] => {
                    is_sign(&text[at..])
                        && matches!(at.checked_sub(3).map(|at| text[at]), Some(0xE3..=0xE9))
                        && before(text, at).is_some_and(|class| Set::LETTERS.contains(class))
                }
                _ => false,
            };
            is_cut.then_some(at)
        })
    }
}

fn is_space(byte: u8) -> bool {
    Set::SPACES.contains(decode(&[byte], 0).0)
}

/// `、`, `。` or `，`.
fn is_sign(text: &[u8]) -> bool {
    matches!(text, [0xE3, 0x80, 0x81 | 0x82, ..] | [0xEF, 0xBC, 0x8C, ..])
}

/// The class of the char that ends at `at`; `None` if there is none, or bytes that are no char.
fn before(text: &[u8], at: usize) -> Option<Class> {
    let lens = if text.get(at.checked_sub(1)?)? < &0x80 { 1..=1 } else { 2..=4 };
    lens.into_iter().find_map(|len| {
        let (class, found) = decode(text, at.checked_sub(len)?);
        (found == len).then_some(class)
    })
}

/// Whether an added token may match across a cut, or match or swallow white space because of what is on
/// the other side.
fn spoils(content: &[u8], flags: AddedFlags) -> bool {
    let has = |flag| flags.0 & flag != 0;
    // As much of a cut's surroundings as the token holds; the rest is taken to fit.
    let across = (1..content.len()).any(|at| {
        let (before, behind) = (content[at - 1], &content[at..]);
        match behind {
            [b' ', ..] => !is_space(before),
            [first, ..] if matches!(before, b'\r' | b'\n') => !is_space(*first),
            _ => is_sign(behind),
        }
    });
    let plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let looks_around =
        has(AddedFlags::SINGLE_WORD) && !(plain(content.first()) && plain(content.last()));
    let takes_left = has(AddedFlags::LSTRIP)
        && content.first().is_none_or(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    across || looks_around || takes_left || has(AddedFlags::RSTRIP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text is cut into these parts.
    fn check(before_space: bool, parts: &[&str], text: &str) {
        let cuts = Cuts { before_space };
        let mut start = 0;
        for part in parts {
            let end = cuts.first(text.as_bytes(), start + 1).unwrap_or(text.len());
            assert_eq!(&text[start..end], *part, "{text:?}");
            start = end;
        }
        assert_eq!(start, text.len(), "{text:?}");
    }

    #[test]
    fn texts_are_cut_at_the_places_that_are_named() {
        let text = "one two,  three\nfour \nfive\n\nsix\n7";
        check(false, &["one", " two,", "  three\n", "four", " \nfive\n\nsix\n7"], text);
        check(true, &["one", " two,", "  three\nfour", " \nfive\n\nsix\n7"], text);
        check(false, &["中文", "，和", "、한국어、日本語", "。"], "中文，和、한국어、日本語。");
        check(false, &["é", " \u{3000} я\n"], "é \u{3000} я\n");
        check(false, &[""], "");
    }

    #[test]
    fn bytes_that_are_no_chars_are_left_together() {
        let cuts = Cuts { before_space: false };
        assert_eq!(cuts.first(b"\xFF \xC3 \xE4\xB8 \x80 a", 0), None);
        assert_eq!(cuts.first(b"\xC3\xA9 ", 0), Some(2));
        assert_eq!(cuts.first(b"a ", 2), None);
        assert_eq!(cuts.first(b"a ", 7), None);
    }

    #[test]
    fn tokens_that_reach_over_a_cut_are_noticed() {
        let flags = AddedFlags;
        for content in ["<|end|>", "a", " a", "  ", "\n", "\n\n", "\n \t", "中文", "。", "a\n"] {
            assert!(!spoils(content.as_bytes(), flags(0)), "{content:?}");
        }
        for content in ["<a b>", "a. b", "\u{212A} b", "\nb", "\r\u{3042}", "中。", "\n<"] {
            assert!(spoils(content.as_bytes(), flags(0)), "{content:?}");
        }
        for (content, wanted) in [("<a>", false), (" a", true), ("a\n", true), ("中", true)] {
            assert_eq!(spoils(content.as_bytes(), flags(AddedFlags::SINGLE_WORD)), wanted);
        }
        for (content, wanted) in [("<a>", false), ("a", true), ("中", true)] {
            assert_eq!(spoils(content.as_bytes(), flags(AddedFlags::LSTRIP)), wanted);
        }
        assert!(spoils(b"<a>", flags(AddedFlags::RSTRIP)));
    }
}
