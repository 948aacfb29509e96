//! The vocabulary by text.

use comptok_core::{blob::lookup::Value, model::part};

use super::super::{BakeError, Tokens, image::Image, level0};
use super::section::Writer;

/// Writes level 0 for `words`, text and id, the hottest first.
pub(super) fn write_level0<'w>(
    image: &mut Image,
    words: impl Iterator<Item = (&'w [u8], u32)>,
) -> Result<(), BakeError> {
    let words: Vec<_> = words
        .filter(|(text, _)| !text.is_empty())
        .map(|(text, id)| (text, Value::one(id)))
        .collect();
    level0::write_words(image, &words)
}

/// The texts whose ids decode to another text.
pub(super) fn hidden<'w>(
    words: impl Iterator<Item = (&'w [u8], u32)>,
    tokens: &Tokens,
) -> Vec<(&'w [u8], u32)> {
    words.filter(|&(text, id)| tokens.get(id) != Some(text)).collect()
}

/// Writes texts that the index of tokens does not lead to, or not to this id.
pub(super) fn write_extra(
    section: &mut Writer,
    mut extra: Vec<(&[u8], u32)>,
) -> Result<(), BakeError> {
    extra.sort_unstable();
    let (mut ends, mut bytes, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (text, id) in extra {
        bytes.extend_from_slice(text);
        ends.push(bytes.len() as u32);
        ids.push(id);
    }
    section.u32s(part::EXTRA_ENDS, &ends)?;
    section.bytes(part::EXTRA_BYTES, &bytes)?;
    section.u32s(part::EXTRA_IDS, &ids)
}
