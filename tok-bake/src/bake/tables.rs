//! Tables for merging and for decoding.

use comptok_core::blob::{
    Section, field,
    lookup::{NONE, hash_bytes, index_slots},
};

use super::{
    BakeError, Tokens,
    bpe::Symbols,
    byte_pairs,
    image::{Image, le_bytes},
    pairs,
};

/// Vocabularies with fewer symbols do without the table of byte pairs, which is 128 KiB.
const DENSE_FROM: usize = 4096;

pub(super) fn pairs(image: &mut Image, symbols: &Symbols) -> Result<(), BakeError> {
    let first = symbols.byte_len() as u32;
    image.set(field::SYMBOLS, symbols.ids.len() as u32);
    // Ranks are ids, mostly: then only those of bytes have to be looked up.
    let others = (0..).zip(&symbols.ids).filter(|(symbol, id)| symbol != *id);
    let known = others.map(|(symbol, _)| symbol as usize + 1).last().unwrap_or(0);
    image.section(Section::Symbols, le_bytes(&symbols.ids[..known]));
    image.section(Section::ByteSymbols, le_bytes(&symbols.bytes));

    // Where a byte has no symbol, its neighbours become neighbours.
    if symbols.ids.len() >= DENSE_FROM && !symbols.bytes.contains(&NONE) {
        image.section(Section::BytePairs, byte_pairs::table(symbols));
    }
    pairs::write(image, &symbols.pairs, first)
}

pub(super) fn decode(image: &mut Image, tokens: &Tokens) -> Result<(), BakeError> {
    let mut ends: Vec<[u8; 4]> = Vec::with_capacity(tokens.flags.len());
    let mut bytes = Vec::with_capacity(tokens.bytes.len());
    for token in tokens.iter() {
        bytes.extend_from_slice(token.unwrap_or_default());
        let end = u32::try_from(bytes.len());
        let end = end.map_err(|_| BakeError::unsupported("4 GiB of tokens"))?;
        ends.push(end.to_le_bytes());
    }
    let present = tokens.iter().flatten().count();
    image.set(field::ID_LIMIT, tokens.id_limit());
    image.set(field::VOCAB_SIZE, present as u32);
    image.section(Section::TokenEnds, ends.into_flattened());
    image.section(Section::TokenBytes, bytes);
    image.section(Section::TokenFlags, tokens.flags.clone());
    image.section(Section::Index, le_bytes(&index(tokens, present)));
    Ok(())
}

/// Where several ids have the same bytes, the model's is found, and of those the lowest.
fn index(tokens: &Tokens, present: usize) -> Vec<u32> {
    use comptok_core::blob::TokenFlags;
    let mut slots = vec![NONE; present * 2 + 1];
    let is_model = |id: u32| TokenFlags(tokens.flags[id as usize]).is_model();
    for model in [true, false] {
        for id in (0..tokens.id_limit()).filter(|&id| is_model(id) == model) {
            let Some(token) = tokens.get(id) else { continue };
            for slot in index_slots(hash_bytes(token), slots.len()) {
                if slots[slot] == NONE {
                    slots[slot] = id;
                    break;
                }
                if tokens.get(slots[slot]) == Some(token) {
                    break;
                }
            }
        }
    }
    slots
}
