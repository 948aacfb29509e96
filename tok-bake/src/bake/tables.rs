//! Tables for merging and for decoding.

use comptok_core::blob::{
    Section, field,
    lookup::{NONE, PairEntry, hash_bytes, index_slots},
};

use super::{
    BakeError, Tokens,
    bpe::Symbols,
    image::{Image, le_bytes},
};

/// Vocabularies with fewer symbols do without the table of byte pairs, which is 256 KiB.
const DENSE_FROM: usize = 4096;

pub(super) fn pairs(image: &mut Image, symbols: &Symbols) -> Result<(), BakeError> {
    let first = symbols.byte_len() as u32;
    image.set(field::SYMBOLS, symbols.ids.len() as u32);
    image.section(Section::Symbols, le_bytes(&symbols.ids));
    image.section(Section::ByteSymbols, le_bytes(&symbols.bytes));

    if symbols.ids.len() >= DENSE_FROM {
        let mut dense = vec![NONE; 1 << 16];
        let mut byte_of = vec![None; symbols.ids.len()];
        for (byte, &symbol) in symbols.bytes.iter().enumerate() {
            if symbol != NONE {
                byte_of[symbol as usize] = Some(byte);
            }
        }
        for (i, &(left, right)) in symbols.pairs.iter().enumerate() {
            if let (Some(left), Some(right)) = (byte_of[left as usize], byte_of[right as usize]) {
                dense[left << 8 | right] = first + i as u32;
            }
        }
        image.section(Section::BytePairs, le_bytes(&dense));
    }

    hashed_pairs(image, &symbols.pairs, first)
}

/// Writes pairs of symbols; the value of a pair is its place in the list, counted from `first`.
pub(super) fn hashed_pairs(
    image: &mut Image,
    pairs: &[(u32, u32)],
    first: u32,
) -> Result<(), BakeError> {
    // Full lines are rare at this load; where a pair finds no line in reach, more lines are taken.
    let mut lines = pairs.len() / 5 + 1;
    loop {
        if let Some(bytes) = hash_pairs(pairs, first, lines) {
            image.section(Section::Pairs, bytes);
            return Ok(());
        }
        lines += lines / 4 + 1;
        if lines > pairs.len() * 4 + 64 {
            return Err(BakeError::new("internal error while baking: pairs find no place"));
        }
    }
}

fn hash_pairs(pairs: &[(u32, u32)], first: u32, lines: usize) -> Option<Vec<u8>> {
    let mut filled = vec![0u8; lines];
    let mut bytes = vec![0u8; 64 * lines];
    for (i, &(left, right)) in pairs.iter().enumerate() {
        let entry = PairEntry::new(left, right, first + i as u32);
        let home = PairEntry::line(left, right, lines);
        let line = (0..PairEntry::MAX_LINES.min(lines))
            .map(|step| (home + step) % lines)
            .find(|&line| usize::from(filled[line]) < PairEntry::PER_LINE)?;
        let at = 64 * line + 8 * usize::from(filled[line]);
        bytes[at..at + 8].copy_from_slice(&entry.0.to_le_bytes());
        filled[line] += 1;
    }
    Some(bytes)
}

pub(super) fn decode(image: &mut Image, tokens: &Tokens) -> Result<(), BakeError> {
    let (mut ends, mut bytes) = (Vec::with_capacity(tokens.bytes.len()), Vec::new());
    for token in &tokens.bytes {
        bytes.extend_from_slice(token.as_deref().unwrap_or_default());
        let end = u32::try_from(bytes.len());
        ends.push(end.map_err(|_| BakeError::unsupported("4 GiB of tokens"))?);
    }
    let present = tokens.bytes.iter().filter(|token| token.is_some()).count();
    image.set(field::ID_LIMIT, tokens.bytes.len() as u32);
    image.set(field::VOCAB_SIZE, present as u32);
    image.section(Section::TokenEnds, le_bytes(&ends));
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
        for id in (0..tokens.bytes.len() as u32).filter(|&id| is_model(id) == model) {
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
