//! The class of a char, as the patterns of pre-tokenizers tell chars apart.
//!
//! The classes are disjoint, so that each `\p{…}` or `[^…]` of a pattern is a [`Set`] of them. The
//! data is that of the regex crate and oniguruma, which agree on all of it.

use super::classes::{BLOCKS, INDEX};

/// log2 of the code points in a block of the table.
const SHIFT: usize = 7;

/// What a char is.
///
/// Each class has a twin for the chars of `\p{Han}`, which are letters, marks, numbers, punctuation
/// and symbols: compare classes by asking a [`Set`], not with `==`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class(u8);

impl Class {
    /// None of the others: controls, format chars, private use, unassigned; and every byte that is
    /// not part of a UTF-8 char.
    pub const OTHER: Self = Self(0);
    /// Upper or title case letter, `[\p{Lu}\p{Lt}]`.
    pub const UPPER: Self = Self(1);
    /// Lower case letter, `\p{Ll}`.
    pub const LOWER: Self = Self(2);
    /// Modifier or other letter, `[\p{Lm}\p{Lo}]`.
    pub const LETTER: Self = Self(3);
    /// Mark, `\p{M}`.
    pub const MARK: Self = Self(4);
    /// Number, `\p{N}`.
    pub const NUMBER: Self = Self(5);
    /// White space other than CR and LF, `[\s&&[^\r\n]]`.
    pub const SPACE: Self = Self(6);
    /// CR or LF.
    pub const NEWLINE: Self = Self(7);
    /// Punctuation, `\p{P}`.
    pub const PUNCTUATION: Self = Self(8);
    /// Symbol, `\p{S}`.
    pub const SYMBOL: Self = Self(9);
    /// There is no char: the text has ended. In no set, negated ones included.
    pub const END: Self = Self(15);

    const HAN: u8 = 16;

    /// The class of a code point; `OTHER` if it is none.
    #[inline]
    pub fn of(code: u32) -> Self {
        let block = match INDEX.get(code as usize >> SHIFT) {
            Some(&block) => block as usize,
            None => return Self::OTHER,
        };
        let at = block << SHIFT | code as usize & ((1 << SHIFT) - 1);
        // Generated: block numbers are below the number of blocks.
        BLOCKS.get(at).map_or(Self::OTHER, |&class| Self(class))
    }

    /// The class of a byte below 0x80.
    #[inline(always)]
    pub(crate) const fn of_ascii(byte: u8) -> Self {
        Self(ASCII[(byte & 0x7F) as usize])
    }

    /// A number for tables.
    pub const fn to_byte(self) -> u8 {
        self.0
    }

    /// The class with that number; of other numbers, some class.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte & 31)
    }

    /// The same class with `\p{Han}`.
    pub const fn to_han(self) -> Self {
        Self(self.0 | Self::HAN)
    }
}

/// The first 128 classes: in one array of known length their lookup needs no check.
static ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let mut code = 0;
    while code < 128 {
        table[code] = BLOCKS[(INDEX[0] as usize) << SHIFT | code];
        code += 1;
    }
    table
};

/// A set of classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set(u32);

impl Set {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// All chars.
    pub const ANY: Self = Self::NONE.not();
    /// `\p{L}`
    pub const LETTERS: Self = Self::of(&[Class::UPPER, Class::LOWER, Class::LETTER]);
    /// `\p{M}`
    pub const MARKS: Self = Self::of(&[Class::MARK]);
    /// `\p{N}`
    pub const NUMBERS: Self = Self::of(&[Class::NUMBER]);
    /// `\s`
    pub const SPACES: Self = Self::of(&[Class::SPACE, Class::NEWLINE]);
    /// `[\r\n]`
    pub const NEWLINES: Self = Self::of(&[Class::NEWLINE]);
    /// `\p{P}`
    pub const PUNCTUATION: Self = Self::of(&[Class::PUNCTUATION]);
    /// `\p{S}`
    pub const SYMBOLS: Self = Self::of(&[Class::SYMBOL]);
    /// `\p{Han}`
    pub const HAN: Self = Self(0x7FFF_0000);

    /// The set of these classes, with their Han twins.
    pub const fn of(classes: &[Class]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < classes.len() {
            bits |= 0x1_0001 << (classes[i].0 & 15);
            i += 1;
        }
        Self(bits)
    }

    /// What is in either.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Every char that is not in the set.
    pub const fn not(self) -> Self {
        Self(!self.0 & 0x7FFF_7FFF)
    }

    /// Whether chars of `class` are in the set.
    #[inline(always)]
    pub const fn contains(self, class: Class) -> bool {
        self.0.wrapping_shr(class.0 as u32) & 1 != 0
    }
}

/// The class of the char at byte `at`, and its length in bytes.
///
/// A byte there that does not begin a char of strict UTF-8 is `OTHER` with length 1. At the end of
/// the text, or beyond, it is `END` with length 0.
#[inline(always)]
pub fn decode(text: &[u8], at: usize) -> (Class, usize) {
    match text.get(at) {
        Some(&byte) if byte < 0x80 => (Class::of_ascii(byte), 1),
        Some(_) => decode_wide(text, at),
        None => (Class::END, 0),
    }
}

/// [`decode`] for the bytes 0x80 and up, out of line: it would bloat every loop over ASCII.
#[inline(never)]
fn decode_wide(text: &[u8], at: usize) -> (Class, usize) {
    decode_inline(text, at)
}

/// [`decode`] for the bytes 0x80 and up.
#[inline(always)]
pub(crate) fn decode_inline(text: &[u8], at: usize) -> (Class, usize) {
    // Most chars have two or three bytes, and more text behind them.
    if let Some(&four) = text.get(at..).and_then(<[u8]>::first_chunk::<4>) {
        let word = u32::from_le_bytes(four);
        let tail = |place: u32| word >> (8 * place) & 0x3F;
        if word & 0xC0_C0F0 == 0x80_80E0 {
            let code = (word & 0xF) << 12 | tail(1) << 6 | tail(2);
            if code >= 0x800 && code & 0xF800 != 0xD800 {
                return (Class::of(code), 3);
            }
        } else if word & 0xC0E0 == 0x80C0 {
            let code = (word & 0x1F) << 6 | tail(1);
            if code >= 0x80 {
                return (Class::of(code), 2);
            }
        }
    }
    decode_any(text, at)
}

/// As [`decode_inline`], byte by byte.
#[inline(never)]
fn decode_any(text: &[u8], at: usize) -> (Class, usize) {
    let (code, len) = match text.get(at..).unwrap_or_default() {
        &[a @ 0xC2..=0xDF, b @ 0x80..=0xBF, ..] => (bits(a, 0x1F, 6) | bits(b, 0x3F, 0), 2),
        &[a @ 0xE0, b @ 0xA0..=0xBF, c @ 0x80..=0xBF, ..]
        | &[a @ (0xE1..=0xEC | 0xEE | 0xEF), b @ 0x80..=0xBF, c @ 0x80..=0xBF, ..]
        | &[a @ 0xED, b @ 0x80..=0x9F, c @ 0x80..=0xBF, ..] => {
            (bits(a, 0x0F, 12) | bits(b, 0x3F, 6) | bits(c, 0x3F, 0), 3)
        }
        &[a @ 0xF0, b @ 0x90..=0xBF, c @ 0x80..=0xBF, d @ 0x80..=0xBF, ..]
        | &[a @ 0xF1..=0xF3, b @ 0x80..=0xBF, c @ 0x80..=0xBF, d @ 0x80..=0xBF, ..]
        | &[a @ 0xF4, b @ 0x80..=0x8F, c @ 0x80..=0xBF, d @ 0x80..=0xBF, ..] => {
            (bits(a, 0x07, 18) | bits(b, 0x3F, 12) | bits(c, 0x3F, 6) | bits(d, 0x3F, 0), 4)
        }
        _ => return (Class::OTHER, 1),
    };
    (Class::of(code), len)
}

/// The bits of a UTF-8 byte, where they stand in the code point.
#[inline(always)]
fn bits(byte: u8, mask: u8, shift: u32) -> u32 {
    u32::from(byte & mask) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_their_complements_split_all_chars_but_not_the_end() {
        let set = Set::LETTERS.or(Set::SPACES);
        for number in 0..15 {
            for class in [Class(number), Class(number).to_han()] {
                assert_ne!(set.contains(class), set.not().contains(class));
                assert!(Set::ANY.contains(class) && !Set::NONE.contains(class));
                assert_eq!(Set::HAN.contains(class), class != Class(number));
            }
        }
        for set in [set, set.not(), Set::ANY, Set::HAN] {
            assert!(!set.contains(Class::END));
        }
    }

    #[test]
    fn every_char_decodes_to_its_own_class_and_length() {
        let mut buffer = [0; 4];
        for c in '\0'..=char::MAX {
            let text = c.encode_utf8(&mut buffer);
            assert_eq!(decode(text.as_bytes(), 0), (Class::of(c.into()), c.len_utf8()), "{c:?}");
        }
        assert_eq!(decode(b"a", 1), (Class::END, 0));
        assert_eq!(decode(b"a", 2), (Class::END, 0));
    }

    #[test]
    fn whatever_the_standard_library_rejects_is_one_byte() {
        // All of two bytes, and of four the lead with every second byte, then cut short or broken.
        for a in 0..=255u8 {
            for b in 0..=255u8 {
                for tail in [&[0x80, 0x80][..], &[0xBF, 0xBF], &[0x80, 0x41], &[0x41], &[0x80], &[]]
                {
                    let mut text = [0; 4];
                    text[..2].copy_from_slice(&[a, b]);
                    text[2..2 + tail.len()].copy_from_slice(tail);
                    let text = &text[..2 + tail.len()];
                    let valid = (1..=text.len().min(4))
                        .find(|&len| core::str::from_utf8(&text[..len]).is_ok());
                    let (class, len) = decode(text, 0);
                    assert_eq!(len, valid.unwrap_or(1), "{text:x?}");
                    if valid.is_none() {
                        assert_eq!(class, Class::OTHER, "{text:x?}");
                    }
                    if a >= 0x80 {
                        let followed = [text, b"...."].concat();
                        let (found, len) = decode(&followed, 0);
                        assert_eq!((found, len), decode_any(&followed, 0), "{followed:x?}");
                    }
                }
            }
        }
    }
}
