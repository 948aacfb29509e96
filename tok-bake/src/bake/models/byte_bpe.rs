//! Byte-level BPE: the tables of the specialised engine.

use comptok_core::blob::{TokenFlags, flags, lookup::NONE};

use super::super::{BakeError, Tokens, bpe, image::Image, level0, tables};
use super::Baked;
use crate::byte_level;
use crate::spec::{Alphabet, Bpe, Family, Spec};

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
    let mut tokens = Tokens { bytes: Vec::new(), flags: Vec::new() };
    let mut texts = Vec::with_capacity(model.vocab.len());
    for (token, id) in model.vocab.iter() {
        let mapped = match model.alphabet {
            Alphabet::Chars => std::str::from_utf8(token).ok().and_then(byte_level::to_bytes),
            Alphabet::Bytes => Some(token.to_vec()),
        };
        let raw = if mapped.is_none() { TokenFlags::RAW } else { 0 };
        tokens.set(id, mapped.as_deref().unwrap_or(token), TokenFlags::MODEL | raw)?;
        texts.push(mapped);
    }
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
    let words = level0::Words { model, texts: &texts, symbols: &symbols, keeps_whole: &|_| true };
    words.write(image)?;
    Ok(Baked { tokens, byte_level: true, flags: header, warnings: Vec::new() })
}
