//! Letters beyond ASCII, 64 bytes at once.

use super::{Ranges, plain};

/// Letters of scripts in which whole rows of 64 code points are letters of one kind: Chinese, Japanese and
/// Korean, Cyrillic, Arabic, Hebrew, Greek, Thai. Not all of them, but nothing else.
///
/// Bit `i` stands for byte `i`, and all bytes of a char have its bit. A char that the block cuts off has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Letters {
    /// Upper case letters.
    pub upper: u64,
    /// Lower case letters.
    pub lower: u64,
    /// Chinese characters, from U+4E00 to U+9F7F, of `\p{Han}`.
    pub han: u64,
    /// From U+3041 to U+30FF.
    pub kana: u64,
    /// Other letters without case.
    pub other: u64,
    /// The first bytes of all these.
    pub heads: u64,
}

impl Letters {
    /// In blocks with fewer bytes from 0x80 on it takes less to look at each char.
    pub const MANY: u32 = 16;

    /// The specification: one byte after the other.
    pub fn plain(block: &[u8; 64]) -> Self {
        Self::of(plain(block))
    }

    /// All of them.
    #[inline(always)]
    pub const fn all(&self) -> u64 {
        self.upper | self.lower | self.han | self.kana | self.other
    }
}

impl Ranges for Letters {
    #[inline(always)]
    fn of(within: impl Fn(u8, u8) -> u64) -> Self {
        let is = |byte| within(byte, byte);
        let second = |from, to| within(from, to) >> 1;
        let third = |from, to| within(from, to) >> 2;
        let tail = within(0x80, 0xBF);
        let mut letters = Self::default();
        // Chars of two bytes, up to U+065F.
        if within(0xCE, 0xD9) != 0 {
            let (greek, more_greek, cyrillic, more_cyrillic) =
                (is(0xCE), is(0xCF), is(0xD0), is(0xD1));
            let (hebrew, arabic, more_arabic) = (is(0xD7), is(0xD8), is(0xD9));
            let upper = cyrillic & second(0x80, 0xAF);
            let lower = greek & second(0xAC, 0xBF)
                | more_greek & second(0x80, 0x8E)
                | cyrillic & second(0xB0, 0xBF)
                | more_cyrillic & second(0x80, 0x9F);
            let other = hebrew & second(0x90, 0xAA)
                | arabic & second(0xA0, 0xBF)
                | more_arabic & second(0x80, 0x8A);
            let both = |heads: u64| heads | heads << 1;
            letters.upper = both(upper);
            letters.lower = both(lower);
            letters.other = both(other);
            letters.heads = upper | lower | other;
        }
        // Chars of three bytes.
        let first = within(0xE0, 0xED);
        if first != 0 {
            let whole = first & tail >> 1 & tail >> 2;
            let han =
                within(0xE5, 0xE8) | is(0xE4) & second(0xB8, 0xBF) | is(0xE9) & second(0x80, 0xBD);
            let kana = is(0xE3)
                & (second(0x81, 0x81) & third(0x81, 0xBF)
                    | second(0x82, 0x82) & (third(0x80, 0x96) | third(0xA1, 0xBF))
                    | second(0x83, 0x83) & (third(0x80, 0xBA) | third(0xBC, 0xBF)));
            let hangul =
                within(0xEB, 0xEC) | is(0xEA) & second(0xB0, 0xBF) | is(0xED) & second(0x80, 0x9D);
            let thai = is(0xE0) & second(0xB8, 0xB8) & (third(0x81, 0xB0) | third(0xB2, 0xB3));
            let all = |heads: u64| (heads & whole) * 7;
            letters.han = all(han);
            letters.kana = all(kana);
            letters.other |= all(hangul | thai);
            letters.heads |= (han | kana | hangul | thai) & whole;
        }
        letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unicode::class::{Class, Set};

    #[test]
    fn letters_are_what_their_classes_say() {
        let mut found = 0;
        for c in '\u{80}'..=char::MAX {
            let mut block = [b' '; 64];
            let len = c.encode_utf8(&mut block[3..]).len();
            let letters = Letters::plain(&block);
            if letters == Letters::default() {
                continue;
            }
            found += 1;
            let class = Class::of(c.into());
            let is = |set: Class| Set::of(&[set]).contains(class);
            let Letters { upper, lower, han, kana, other, heads } = letters;
            assert_eq!((letters.all(), heads), (((1 << len) - 1) << 3, 1 << 3), "{c:?}");
            assert_eq!((upper != 0, lower != 0), (is(Class::UPPER), is(Class::LOWER)), "{c:?}");
            assert_eq!((han | kana | other) != 0, is(Class::LETTER), "{c:?}");
            assert_eq!(han != 0, Set::HAN.contains(class), "{c:?}");
            assert_eq!(kana != 0, ('\u{3041}'..='\u{30FF}').contains(&c), "{c:?}");
        }
        assert!(found > 30_000, "{found}");
    }
}
