//! The masks of a block by class of char.

use super::below;
use crate::{
    kernel::{Kernel, Letters, Masks},
    unicode::class::{self, Class, Set},
};

/// What a pattern does with marks, `\p{M}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum WideMarks {
    /// As with signs: they are in `[^\s\p{L}\p{N}]`.
    Signs,
    /// As with letters.
    Letters,
    /// As with letters behind a letter; elsewhere it is in doubt.
    AfterLetters,
}

/// How chars beyond ASCII are told apart: what to do with each class.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Kinds {
    kinds: [Kind; 32],
    apart: bool,
}

/// A bit for each, so that bits tell kinds apart where nothing predicts which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind(u8);

impl Kind {
    const UPPER: Self = Self(1);
    const LOWER: Self = Self(2);
    const NEUTRAL: Self = Self(4);
    const SIGN: Self = Self(8);
    const MARK: Self = Self(16);
    const DOUBT: Self = Self(32);

    /// All bits of `span` if this is `kind`.
    #[inline(always)]
    const fn if_is(self, kind: Self, span: u64) -> u64 {
        span & ((self.0 & kind.0 != 0) as u64).wrapping_neg()
    }
}

impl Kinds {
    pub(in super::super) const fn new(marks: WideMarks) -> Self {
        const UPPER: Set = Set::of(&[Class::UPPER]);
        const LOWER: Set = Set::of(&[Class::LOWER]);
        const DOUBT: Set = Set::NUMBERS.or(Set::SPACES);
        let mut kinds = [Kind::SIGN; 32];
        let mut number = 0;
        while number < 32 {
            let class = Class::from_byte(number as u8);
            kinds[number] = if UPPER.contains(class) {
                Kind::UPPER
            } else if LOWER.contains(class) {
                Kind::LOWER
            } else if Set::LETTERS.contains(class) {
                Kind::NEUTRAL
            } else if DOUBT.contains(class) {
                Kind::DOUBT
            } else if Set::MARKS.contains(class) {
                match marks {
                    WideMarks::Signs => Kind::SIGN,
                    WideMarks::Letters => Kind::NEUTRAL,
                    WideMarks::AfterLetters => Kind::MARK,
                }
            } else {
                Kind::SIGN
            };
            number += 1;
        }
        Self { kinds, apart: false }
    }

    /// The same with the chars that [`is_apart`] in [`Classes::apart`] too.
    pub(in super::super) const fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// Of these letters those that are told apart as such.
    #[inline(always)]
    const fn kept(&self, mut letters: Letters) -> Letters {
        if self.kinds[Class::LETTER.to_han().to_byte() as usize].0 != Kind::NEUTRAL.0 {
            letters.heads &= !letters.han;
            letters.han = 0;
        }
        letters
    }

    /// The same with these chars in doubt.
    pub(in super::super) const fn in_doubt(mut self, chars: Set) -> Self {
        let mut number = 0;
        while number < 32 {
            if chars.contains(Class::from_byte(number as u8)) {
                self.kinds[number] = Kind::DOUBT;
            }
            number += 1;
        }
        self
    }
}

/// The bytes of a block by class. All bytes of a char have its class.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Classes<'b> {
    pub(in super::super) block: &'b [u8; 64],
    /// Upper and title case letters.
    pub(in super::super) upper: u64,
    /// Lower case letters.
    pub(in super::super) lower: u64,
    /// Letters without case, and what counts as such.
    pub(in super::super) neutral: u64,
    /// ASCII digits.
    pub(in super::super) digit: u64,
    /// ASCII white space but for newlines.
    pub(in super::super) space: u64,
    /// U+0020.
    pub(in super::super) blank: u64,
    pub(in super::super) newline: u64,
    pub(in super::super) quote: u64,
    pub(in super::super) slash: u64,
    /// All the rest, quotes and slashes too.
    pub(in super::super) sign: u64,
    /// The bytes of a char after its first.
    pub(in super::super) tail: u64,
    /// The bytes from 0x80 on.
    pub(in super::super) wide: u64,
    /// Chars that [`is_apart`], if the pattern wants to know.
    pub(in super::super) apart: u64,
    /// The first char in doubt, or `len`.
    pub(in super::super) edge: u32,
    /// Bytes of whole chars in the block.
    pub(in super::super) len: u32,
    /// What stands at `edge` is not known, and it matters.
    pub(in super::super) open: bool,
}

impl<'b> Classes<'b> {
    /// The classes of a block of ASCII of which `len` bytes are text and the rest white space, with text
    /// behind it.
    #[inline(always)]
    pub(super) fn ascii(masks: Masks, block: &'b [u8; 64], len: u32) -> Self {
        let text = below(len);
        let space = (masks.blank | masks.tab) & text;
        let known = masks.lower | masks.upper | masks.digit | masks.newline | masks.wide;
        Self {
            block,
            upper: masks.upper,
            lower: masks.lower,
            neutral: 0,
            digit: masks.digit,
            space,
            blank: masks.blank & text,
            newline: masks.newline,
            quote: masks.quote,
            slash: masks.slash,
            sign: text & !known & !space,
            tail: 0,
            wide: masks.wide,
            apart: 0,
            edge: len,
            len,
            open: true,
        }
    }

    /// The classes of a block of which `len` bytes are text and the rest white space. `at_end`:
    /// the text ends with it.
    #[inline(always)]
    pub(super) fn new(
        kinds: &Kinds,
        kernel: Kernel,
        masks: Masks,
        block: &'b [u8; 64],
        len: u32,
        at_end: bool,
    ) -> Self {
        let mut classes = Self::ascii(masks, block, len);
        if masks.wide != 0 {
            let letters = match masks.wide.count_ones() {
                0..Letters::MANY => Letters::default(),
                _ => kinds.kept(kernel.letters(block)),
            };
            if kinds.apart {
                classes.widen::<true>(kinds, masks.wide, letters, at_end);
            } else {
                classes.widen::<false>(kinds, masks.wide, letters, at_end);
            }
        }
        if at_end && classes.edge == classes.len {
            // White space at the end of the text is left to the specification.
            let last = 1u64 << (classes.len.max(1) - 1);
            classes.open = last & classes.white() != 0;
        }
        classes
    }

    /// Tells the chars beyond ASCII apart, of which these letters are known.
    #[inline(never)]
    fn widen<const APART: bool>(
        &mut self,
        kinds: &Kinds,
        wide: u64,
        letters: Letters,
        at_end: bool,
    ) {
        let Letters { mut upper, mut lower, han, kana, other, mut heads } = letters;
        let (mut neutral, mut apart) = (han | kana | other, han | kana);
        // The bytes that are left.
        let mut left = wide & !letters.all();
        while left != 0 {
            let at = left.trailing_zeros();
            let (class, len) = class::decode_inline(self.block, at as usize);
            // A char that is cut off by the block's end. (With the text's end it is not a char.)
            if len == 1 && !at_end && at > 60 && is_cut(&self.block[at as usize..]) {
                self.len = at;
                self.edge = at;
                break;
            }
            let span = ((1u64 << len) - 1) << at;
            let mut kind = kinds.kinds[usize::from(class.to_byte() & 31)];
            if kind.0 >= Kind::MARK.0 {
                let letters = self.letters() | upper | lower | neutral;
                if kind == Kind::DOUBT || (letters << 1) >> at & 1 == 0 {
                    self.edge = at;
                    break;
                }
                kind = Kind::NEUTRAL;
            }
            left &= !span;
            heads |= 1 << at;
            upper |= kind.if_is(Kind::UPPER, span);
            lower |= kind.if_is(Kind::LOWER, span);
            neutral |= kind.if_is(Kind::NEUTRAL, span);
            if APART && is_apart(&self.block[at as usize..], len) {
                apart |= span;
            }
        }
        let done = wide & !left & below(self.edge);
        self.upper |= upper & done;
        self.lower |= lower & done;
        self.neutral |= neutral & done;
        self.sign |= done & !(upper | lower | neutral);
        self.tail |= done & !heads;
        self.apart |= apart & done;
    }

    /// All letters.
    #[inline(always)]
    pub(in super::super) fn letters(&self) -> u64 {
        self.upper | self.lower | self.neutral
    }

    /// All white space.
    #[inline(always)]
    pub(in super::super) fn white(&self) -> u64 {
        self.space | self.newline
    }

    /// The bit before `edge`, if what stands at `edge` is not known.
    #[inline(always)]
    pub(in super::super) fn open_bit(&self) -> u64 {
        if self.open && self.edge > 0 { 1 << (self.edge - 1) } else { 0 }
    }

    /// What follows the quote at `at`: the length of a contraction with it, or 0; `None` if the
    /// block does not show it.
    #[inline(always)]
    pub(in super::super) fn contraction(&self, at: u32, ignore_case: bool) -> Option<u32> {
        let byte = |i: u32| self.block.get((at + i) as usize).copied();
        if self.open && at + 2 >= self.len {
            return None;
        }
        let case = if ignore_case { 0x20 } else { 0 };
        match (byte(1).unwrap_or(b' ') | case, byte(2).unwrap_or(b' ') | case) {
            (b's' | b'd' | b'm' | b't', _) => Some(2),
            (b'l', b'l') | (b'v', b'e') | (b'r', b'e') => Some(3),
            // U+017F is an s. (0xC5 with 0x20 set is 0xE5.)
            _ if ignore_case && byte(1) == Some(0xC5) => None,
            _ => Some(0),
        }
    }
}

/// Whether the char of `len` bytes that `rest` begins with is one of `[一-龥぀-ゟ゠-ヿ]`.
#[inline(always)]
pub(in super::super) fn is_apart(rest: &[u8], len: usize) -> bool {
    // U+3040..=U+30FF and U+4E00..=U+9FA5. UTF-8 sorts as code points do.
    match *rest {
        [a, b, c, ..] if len == 3 => matches!(
            u32::from_be_bytes([0, a, b, c]),
            0xE3_81_80..=0xE3_83_BF | 0xE4_B8_80..=0xE9_BE_A5
        ),
        _ => false,
    }
}

/// Whether `rest`, which is no char, is the beginning of one.
#[cold]
fn is_cut(rest: &[u8]) -> bool {
    match core::str::from_utf8(rest) {
        Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
        Ok(_) => false,
    }
}
