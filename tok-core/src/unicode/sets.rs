//! What normalizers and pre-tokenizers ask of a char.

use super::code_points::{ACCENTS, BERT_MARKS, BERT_REMOVED, LOWER, NUMERIC, PUNCTUATION, UPPER};

/// Whether `c` is in a set of ranges, given as first and last code points in turn.
pub(super) fn contains(bounds: &[u32], c: char) -> bool {
    // A hit on a bound is inside, and so is what has an odd number of bounds below it.
    match bounds.binary_search(&u32::from(c)) {
        Ok(_) => true,
        Err(below) => below % 2 == 1,
    }
}

/// What BERT's `clean_text` removes.
pub(crate) fn is_bert_removed(c: char) -> bool {
    match c {
        ' '..='~' | '\t' | '\n' | '\r' => false,
        _ => contains(&BERT_REMOVED, c),
    }
}

/// What BERT sets between spaces.
pub(crate) fn is_bert_chinese(c: char) -> bool {
    // One of the blocks begins later than Unicode's: the reference has a slip of a digit.
    matches!(u32::from(c),
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x2_A6DF
        | 0x2_A700..=0x2_B73F | 0x2_B740..=0x2_B81F | 0x2_B920..=0x2_CEAF | 0x2_F800..=0x2_FA1F)
}

/// What BERT's `strip_accents` removes.
pub(crate) fn is_bert_mark(c: char) -> bool {
    c >= '\u{300}' && contains(&BERT_MARKS, c)
}

/// What StripAccents removes.
pub(crate) fn is_accent(c: char) -> bool {
    c >= '\u{300}' && contains(&ACCENTS, c)
}

/// What Punctuation and BERT cut at.
pub(crate) fn is_punctuation(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_punctuation() } else { contains(&PUNCTUATION, c) }
}

/// What Digits cuts at.
pub(crate) fn is_numeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { contains(&NUMERIC, c) }
}

/// What Nmt removes.
pub(crate) fn is_nmt_removed(c: char) -> bool {
    matches!(u32::from(c), 1..=8 | 0xB | 0xE..=0x1F | 0x7F | 0x8F | 0x9F)
}

/// What Nmt takes for a space.
pub(crate) fn is_nmt_space(c: char) -> bool {
    matches!(
        u32::from(c),
        9 | 0xA | 0xC | 0xD | 0x1680 | 0x200B..=0x200F | 0x2028 | 0x2029 | 0x2581 | 0xFEFF | 0xFFFD
    )
}

/// The lower case of `c`, and a char that follows it (for one char only, U+0130).
pub(crate) fn lower(c: char) -> (char, Option<char>) {
    if c.is_ascii() {
        return (c.to_ascii_lowercase(), None);
    }
    if c == '\u{130}' {
        return ('i', Some('\u{307}'));
    }
    let found = UPPER.binary_search(&u32::from(c)).ok().and_then(|at| LOWER.get(at));
    (found.and_then(|&code| char::from_u32(code)).unwrap_or(c), None)
}
