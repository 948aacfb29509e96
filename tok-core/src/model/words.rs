//! The vocabulary by text: level 0 for up to 31 bytes, the index of all tokens above.

use super::{Parts, part};
use crate::blob::{
    Tables,
    lookup::{self, Key, LONG_MAX, LongKey, NONE, Value},
    u32_at,
};
use core::cmp::Ordering;

/// What level 0 holds for a text of up to 31 bytes.
#[inline]
pub(crate) fn find_value(tables: &Tables<'_>, text: &[u8]) -> Option<Value> {
    if let Some(key) = LongKey::new(text) {
        return lookup::find_long(tables, &key, key.hash());
    }
    let value = lookup::find_short(tables, Key::new(text)?);
    (value != NONE).then_some(Value(value))
}

/// The id of the vocabulary entry that is `text`. No entry is empty.
#[inline]
pub fn find_word(tables: &Tables<'_>, parts: &Parts<'_>, text: &[u8]) -> Option<u32> {
    if text.len() <= LONG_MAX {
        return find_value(tables, text)?.as_one();
    }
    find_longer(tables, parts, text)
}

#[cold]
fn find_longer(tables: &Tables<'_>, parts: &Parts<'_>, text: &[u8]) -> Option<u32> {
    if text.len() > tables.max_whole_len {
        return None;
    }
    find_extra(parts, text)
        .or_else(|| lookup::find_id(tables, text).filter(|&id| tables.token_flags(id).is_model()))
}

/// The id of a text that the index does not lead to, or not to this id.
pub(super) fn find_extra(parts: &Parts<'_>, text: &[u8]) -> Option<u32> {
    let (ends, bytes) = (parts.u32s(part::EXTRA_ENDS), parts.bytes(part::EXTRA_BYTES));
    let (mut low, mut high) = (0, ends.len());
    while low < high {
        let middle = low.midpoint(high);
        let start = match middle {
            0 => 0,
            _ => u32_at(ends, middle - 1)? as usize,
        };
        match bytes.get(start..u32_at(ends, middle)? as usize)?.cmp(text) {
            Ordering::Equal => return u32_at(parts.u32s(part::EXTRA_IDS), middle),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    None
}
