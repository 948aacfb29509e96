//! The vocabulary by text.

use comptok_core::{blob::lookup::LONG_MAX, model::part};

use super::super::{BakeError, Tokens, image::Image, level0};
use super::section::Writer;

/// Writes level 0 for `words`, text and id, the hottest first, and what is too long for it.
pub(super) fn write<'w>(
    image: &mut Image,
    section: &mut Writer,
    words: impl Iterator<Item = (&'w [u8], u32)> + Clone,
    tokens: &Tokens,
) -> Result<(), BakeError> {
    level0::write_words(image, words.clone())?;
    let mut extra: Vec<(&[u8], u32)> =
        words.filter(|&(text, id)| text.len() > LONG_MAX && tokens.get(id) != Some(text)).collect();
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
