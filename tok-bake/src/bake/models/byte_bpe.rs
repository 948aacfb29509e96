//! Byte-level BPE: the tables of the specialised engine.

use comptok_core::blob::{TokenFlags, flags, lookup::NONE};

use super::super::{BakeError, bpe, image::Image, level0, tables, texts::Texts};
use super::Baked;
use crate::byte_level;
use crate::spec::{Bpe, Family, Spec};

/// Whether every byte has a token.
pub(super) fn has_all_bytes(model: &Bpe) -> bool {
    let mut seen = [false; 256];
    for (token, _) in model.vocab.iter() {
        let text = std::str::from_utf8(token).unwrap_or_default();
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && let Some(byte) = byte_level::byte_of(c)
        {
            seen[usize::from(byte)] = true;
        }
    }
    seen.iter().all(|&seen| seen)
}

pub(super) fn write(image: &mut Image, spec: &Spec, model: &Bpe) -> Result<Baked, BakeError> {
    let texts = Texts::of(&model.vocab, model.alphabet);
    let mut tokens = texts.tokens(&model.vocab)?;
    let symbols = bpe::symbols(model, &texts)?;
    for (entry, (_, id)) in model.vocab.iter().enumerate() {
        if symbols.of_entry[entry] == NONE {
            tokens.flags[id as usize] |= TokenFlags::UNREACHABLE;
        }
    }
    let mut header = 0;
    let mut set = |condition: bool, flag: u32| header |= if condition { flag } else { 0 };
    set(model.ignore_merges, flags::IGNORE_MERGES);
    set(spec.family == Family::Tiktoken, flags::TIKTOKEN);
    set(symbols.bytes.contains(&NONE), flags::MISSING_BYTES);
    tables::pairs(image, &symbols)?;
    image.identify_pairs(&symbols.pairs);
    let words = level0::Words { model, texts: &texts, symbols: &symbols, keeps_whole: &|_| true };
    words.write(image)?;
    Ok(Baked { tokens, byte_level: true, flags: header, warnings: Vec::new() })
}
